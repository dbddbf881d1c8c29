// haStreamTable getStreamingLeader getStreamingRaftGroups, and dropStreamTable's part in it.

#include <algorithm>

#include "base/script_error.h"
#include "exec/worker_session.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/column_rows.h"
#include "stream/engine_arguments.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "streams";

StreamGroup& group_argument(StreamServices& services, const Arguments& a, size_t i, std::string_view parameter) {
  const int64_t id = a.integer(i, parameter);
  if (auto* const group = services.groups.find(id)) return *group;
  if (services.groups.all().empty())
    throw ScriptError(std::string(a.function()) +
                      ": this node is in no stream group; set streamingHAMode=raft and "
                      "streamingRaftGroups=id:node:node:node in cluster.cfg and start its members again.");
  std::string known;
  for (const auto& group : services.groups.all()) known += (known.empty() ? "" : ", ") + std::to_string(group->id());
  throw ScriptError(std::string(a.function()) + ": this node is not in the stream group " + std::to_string(id) +
                    " but in " + known + ".");
}

void check(const Status& status) {
  if (!status.ok()) throw ScriptError(status.error().message);
}

/// Carries a call out where the group is led. True when that was another member.
bool runs_at_leader(StreamServices& services, CallContext& context, StreamGroup& group, std::string_view function,
                    std::span<const Value> args) {
  if (group.leads()) return false;
  const auto leader = group.leader();
  if (!leader.ok()) throw ScriptError(leader.error().message);
  if (*leader == services.alias) return false;
  const auto done = services.run_on(*leader, context.caller(), std::string(function), {args.begin(), args.end()});
  if (!done.ok()) throw ScriptError(done.error().message);
  return true;
}

/// The table as the sessions of this member see it, once this member has heard of it.
Value table_here(CallContext& context, const StreamGroup& group, const std::string& name) {
  for (int64_t waited = 0; waited < StreamGroup::kAnswerWait.count(); ++waited) {
    if (group.find(name) != nullptr) {
      if (auto found = context.shared_objects().find(name)) return *std::move(found);
    }
    context.sleep_ms(1);
  }
  throw ScriptError("haStreamTable: " + name + " is made, but this node has not heard of it yet.");
}

Value make_table(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("haStreamTable", args);
  auto& group = group_argument(services, a, 0, "raftGroup");
  const auto schema = schema_argument(a, 1, "table");
  const auto name = a.text(2, "tableName");
  if (name.empty()) a.refuse("tableName", "must not be empty.");
  if (a.integer(3, "cacheSize") <= 0) a.refuse("cacheSize", "must be positive.");
  std::vector<std::string> keys;
  if (is_given(a, 4)) keys = a.texts(4, "keyColumn");
  for (const auto& key : keys) {
    if (std::none_of(schema.begin(), schema.end(), [&](const auto& column) { return column.name == key; }))
      a.refuse("keyColumn", "must name columns of the table, which " + key + " does not.");
  }
  constexpr int64_t kMinutesDefault = 1440, kMinutesMax = 1'000'000'000;
  const int64_t minutes = a.integer_or(5, "retentionMinutes", kMinutesDefault);
  if (minutes <= 0 || minutes > kMinutesMax) a.refuse("retentionMinutes", "must be positive.");
  if (is_given(a, 6) && a.integer(6, "preCache") <= 0) a.refuse("preCache", "must be positive.");
  if (!runs_at_leader(services, context, group, "haStreamTable", args)) {
    if (const auto taken = context.shared_objects().find(name); taken && group.find(name) == nullptr)
      throw ScriptError("haStreamTable: a shared object named " + name + " exists already.");
    check(group.create(name, data::Table(schema), keys, minutes));
  }
  return table_here(context, group, name);
}

Value leader(StreamServices& services, CallContext&, std::span<Value> args) {
  const auto& group = group_argument(services, Arguments("getStreamingLeader", args), 0, "groupId");
  const auto leader = group.leader();
  if (!leader.ok()) throw ScriptError(leader.error().message);
  return Value::of_string(*leader);
}

/// With a second argument, which the members pass to the leader, another one than this node.
Value campaign(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("streamCampaignForLeader", args);
  auto& group = group_argument(services, a, 0, "groupId");
  if (!context.caller().is_admin)
    throw ScriptError(
        "<NoPrivilege>streamCampaignForLeader: only an administrator may move the leadership of a group.");
  const auto alias = is_given(a, 1) ? a.text(1, "alias") : services.alias;
  if (std::ranges::find(group.members(), alias) == group.members().end())
    a.refuse("alias", "must be a member of the group.");
  const auto leader = group.leader();
  if (leader.ok() && *leader == alias) return Value::null();
  const std::vector<Value> passed{Value::of_int(static_cast<int32_t>(group.id())), Value::of_string(alias)};
  if (!runs_at_leader(services, context, group, "streamCampaignForLeader", passed)) check(group.transfer(alias));
  return Value::null();
}

Value groups(StreamServices& services, CallContext&, std::span<Value>) {
  ColumnRows rows;
  rows.column("id", Type::kInt);
  rows.column("sites", Type::kString);
  for (const auto& group : services.groups.all()) {
    std::string sites;
    for (const auto& member : group->members()) sites += (sites.empty() ? "" : ",") + group->site_of(member);
    rows.add({Value::of_int(static_cast<int32_t>(group->id())), Value::of_string(sites)});
  }
  return rows.table();
}

}  // namespace

std::shared_ptr<HaStreamTable> ha_table_of(const Value& value) {
  return value.is_table_object() ? std::dynamic_pointer_cast<HaStreamTable>(exec::readable(value.table_object()))
                                 : nullptr;
}

void drop_ha_table(StreamServices& services, CallContext& context, const HaStreamTable& table,
                   std::span<const Value> args) {
  const auto* const access = exec::interpreter_of(context).surroundings().access;
  if (access != nullptr && !access->rights(context.caller(), table.name()).own)
    throw ScriptError("<NoPrivilege>No access to drop shared table [" + table.name() + "]: only an administrator may.");
  if (!runs_at_leader(services, context, table.group(), "dropStreamTable", args))
    check(table.group().drop(table.name()));
}

void register_ha_streams(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kCommand,
      {"haStreamTable",
       "raftGroup, table, tableName, cacheSize, [keyColumn], [retentionMinutes=1440], [preCache]",
       bound(make_table),
       "A stream table kept by every member of a group of data nodes (streamingRaftGroups), shared on each of them "
       "under its name. Rows are added at the leader and acknowledged once a majority has them on disk; another member "
       "answers <NotLeader> and the leader's site. Rows are kept in memory for retentionMinutes; with keyColumn rows "
       "whose key is there are ignored. cacheSize and preCache are taken for compatibility.",
       "try { haStreamTable(11, table(1:0, `a`b, [INT, INT]), `exampleHa, 1000) } catch(ex) { }",
       {}});
  row(Nature::kWhole, {"getStreamingLeader",
                       "groupId",
                       bound(leader),
                       "The alias of the node that leads a stream group this node belongs to.",
                       "try { getStreamingLeader(11) } catch(ex) { }",
                       {}});
  row(Nature::kCommand,
      {"streamCampaignForLeader",
       "groupId, [alias]",
       bound(campaign),
       "Makes this node, or the member of that alias, the leader of a stream group. For administrators.",
       "try { streamCampaignForLeader(11) } catch(ex) { }",
       {}});
  row(Nature::kWhole,
      {"getStreamingRaftGroups", "", bound(groups), "The stream groups this node belongs to and their members' sites.",
       "getStreamingRaftGroups().size() >= 0", "true"});
}

}  // namespace pelorus::stream
