// triggerTSDBCompaction getTSDBCompactionTaskStatus

#include <chrono>
#include <deque>
#include <mutex>

#include "datanode/chunk_call.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

constexpr size_t kTasksKept = 256;

struct CompactionTask {
  std::string volume;
  std::string chunk;
  std::string table;
  std::string files;  // before, with commas between
  int64_t begun_ns = 0;
  int64_t ended_ns = 0;
  std::string error;
};

int64_t now_ns() { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// The compactions this node was asked for, newest last. Thread-safe.
class CompactionTasks {
 public:
  void add(CompactionTask task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() > kTasksKept) tasks_.pop_front();
  }
  std::deque<CompactionTask> all() const {
    const std::lock_guard lock(mutex_);
    return tasks_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<CompactionTask> tasks_;  // guarded by mutex_
};

/// The registry keeps functions, not objects, and lives as long as the process serves.
CompactionTasks& tasks() {
  static CompactionTasks all;
  return all;
}

/// "dfs://db/table"; empty when the controllers cannot be asked.
std::string table_of(const ChunkCall& call, ChunkId id) {
  for (const auto& chunk : call.chunks()) {
    if (chunk.info.chunk == id && !chunk.table.empty()) return chunk.database + "/" + chunk.table;
  }
  return {};
}

Value trigger(const ChunkCall& call) {
  call.require_admin();
  const auto text = call.arguments().text(0, "chunkId");
  const auto chunk = call.chunk_id(text, "chunkId", "an id");
  const auto info = call.checked(call.store().info(chunk));
  if (!info.sort.sorts())
    call.fail({ErrorCode::kInvalid, "chunk " + text + " is not of a TSDB table; OLAP files are merged by themselves"});
  std::string files;
  for (const auto& file : call.checked(call.store().files(chunk))) files += (files.empty() ? "" : ",") + file.name;
  CompactionTask task{.volume = info.volume,
                      .chunk = text,
                      .table = table_of(call, chunk),
                      .files = std::move(files),
                      .begun_ns = now_ns()};
  auto done = call.store().flush(chunk);
  if (done.ok()) done = call.store().compact(chunk);
  task.ended_ns = now_ns();
  if (!done.ok()) task.error = done.error().message;
  tasks().add(std::move(task));
  call.checked(done);
  return {};
}

Value status(const ChunkCall& call) {
  call.require_login();
  TableRows rows({{"volume", Type::kString},
                  {"level", Type::kInt},
                  {"chunkId", Type::kString},
                  {"tableName", Type::kString},
                  {"files", Type::kString},
                  {"force", Type::kBool},
                  {"receivedTime", Type::kTimestamp},
                  {"startTime", Type::kTimestamp},
                  {"endTime", Type::kTimestamp},
                  {"errorMessage", Type::kString}});
  const auto all = tasks().all();
  const auto wanted = call.arguments().integer_or(0, "count", 0);
  if (wanted < 0) call.arguments().refuse("count", "must not be negative; 0 asks for all");
  const size_t first = wanted == 0 ? 0 : all.size() - std::min(all.size(), static_cast<size_t>(wanted));
  for (size_t i = first; i < all.size(); ++i) {
    const auto& task = all[i];
    // Files have no levels, and what was asked for begins at once.
    rows.add({text_value(task.volume), Value::of_int(0), text_value(task.chunk), text_value(task.table),
              text_value(task.files), Value::of_bool(true), functions::timestamp_value(task.begun_ns),
              functions::timestamp_value(task.begun_ns), functions::timestamp_value(task.ended_ns),
              text_value(task.error)});
  }
  return rows.take();
}

}  // namespace

void register_compaction_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("triggerTSDBCompaction", "chunkId, [level=0]", trigger,
      "Merges the files of a TSDB chunk of this data node into as few as their size allows, before it returns. Files "
      "have no levels: "
      "level is ignored.");
  row("getTSDBCompactionTaskStatus", "[count=0]", status,
      "Returns one row for each of the last compactions that triggerTSDBCompaction began on this data node.");
}

}  // namespace pelorus::datanode
