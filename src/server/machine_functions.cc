// What a node says of its machine: getMachineFacts and getVolumes.

#include <chrono>

#include "base/script_error.h"
#include "functions/declare.h"
#include "observe/machine.h"
#include "server/key_watch.h"
#include "server/script_engine.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;
using RaftStatus = std::function<std::optional<raft::LogStatus>()>;

/// Paths and limits of a machine are nobody's business who has not logged in.
void refuse_guests(CallContext& context, const char* function) {
  if (context.caller().user == "guest")
    throw ScriptError(std::string(function) + " => guests may not ask; log in first");
}

int64_t utc_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Value machine(const NodeEnvironment& environment, const RaftStatus& raft_status) {
  const auto facts = observe::machine_facts();
  data::Dictionary all(types::Type::kString, types::Type::kAny, true);
  const auto put = [&](const char* name, Value value) { all.set(types::Scalar::of_string(name), value); };
  put("alias", Value::of_string(environment.site.alias));
  put("utcTime", Value::of_long(utc_milliseconds()));
  put("listens", Value::of_string(listen_host(environment)));
  put("memoryTotal", Value::of_long(facts.memory_total_bytes));
  put("memoryAvailable", Value::of_long(facts.memory_available_bytes));
  put("swapTotal", Value::of_long(facts.swap_total_bytes));
  put("swapUsed", Value::of_long(facts.swap_used_bytes));
  put("openFilesMax", Value::of_long(facts.open_files_max));
  put("hugePages", Value::of_string(facts.huge_pages));
  const auto& settings = environment.settings();
  const auto first =
      settings.boolean("enableHTTPS") ? first_to_end(settings.path("keyPath")) : std::optional<CertificateEnd>();
  put("certificate", Value::of_string(first ? first->file : ""));
  put("certificateEnds", Value::of_long(first ? first->ends_s * 1000 : types::kNull<int64_t>));
  const auto status = raft_status ? raft_status() : std::nullopt;
  const auto position = [&](uint64_t index) {
    return Value::of_long(status ? static_cast<int64_t>(index) : types::kNull<int64_t>);
  };
  put("raftTerm", position(status ? status->term : 0));
  put("raftCommitted", position(status ? status->commit_index : 0));
  put("raftApplied", position(status ? status->applied_index : 0));
  return all;
}

/// Volumes and the other directories that the node's role writes.
std::vector<std::pair<std::string, std::string>> directories_of(const NodeEnvironment& environment) {
  const auto& settings = environment.settings();
  std::vector<std::pair<std::string, std::string>> all{{"home", environment.home.string()}};
  const auto add = [&](const char* name) {
    const auto path = settings.path(name);
    if (!path.empty()) all.emplace_back(name, path.string());
  };
  const bool is_single = environment.mode == config::NodeMode::kSingle;
  if (is_single || environment.mode == config::NodeMode::kController) add("dfsMetaDir");
  if (is_single || environment.mode == config::NodeMode::kDataNode) {
    for (const auto& volume : settings.paths("volumes")) all.emplace_back("volumes", volume.string());
    for (const char* name : {"chunkMetaDir", "redoLogDir", "TSDBRedoLogDir", "persistenceDir"}) add(name);
  }
  return all;
}

Value volumes(const NodeEnvironment& environment) {
  data::Table rows(data::Schema{{"setting", types::Type::kString},
                                {"path", types::Type::kString},
                                {"fileSystem", types::Type::kString},
                                {"capacity", types::Type::kLong},
                                {"free", types::Type::kLong},
                                {"exists", types::Type::kBool},
                                {"writable", types::Type::kBool}});
  for (const auto& [setting, path] : directories_of(environment)) {
    const auto facts = observe::directory_facts(path);
    const Value cells[] = {Value::of_string(setting),           Value::of_string(path),
                           Value::of_string(facts.file_system), Value::of_long(facts.capacity_bytes),
                           Value::of_long(facts.free_bytes),    Value::of_bool(facts.exists),
                           Value::of_bool(facts.writable)};
    for (size_t c = 0; c < std::size(cells); ++c) rows.edit_column(c).push_back(cells[c]);
  }
  return rows;
}

}  // namespace

void register_machine_functions(functions::Registry& registry, const NodeEnvironment& environment,
                                RaftStatus raft_status) {
  declare(registry, "node", functions::Nature::kWhole,
          {.name = "getMachineFacts",
           .parameters = "",
           .run =
               [&environment, raft_status](CallContext& context, std::span<Value>) {
                 refuse_guests(context, "getMachineFacts");
                 return machine(environment, raft_status);
               },
           .summary = "Returns the node's clock (milliseconds since 1970, UTC), memory, swap, limits (bytes), the "
                      "certificate of its that ends first and when (null: no TLS), and the position of a controller in "
                      "its Raft log.",
           .example = ""});
  declare(registry, "node", functions::Nature::kWhole,
          {.name = "getVolumes",
           .parameters = "",
           .run =
               [&environment](CallContext& context, std::span<Value>) {
                 refuse_guests(context, "getVolumes");
                 return volumes(environment);
               },
           .summary = "Returns the directories this node writes: the setting, the file system and its bytes.",
           .example = ""});
}

}  // namespace pelorus::server
