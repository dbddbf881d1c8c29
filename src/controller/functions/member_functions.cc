#include <algorithm>
#include <chrono>

#include "config/site.h"
#include "controller/functions/cluster_call.h"
#include "controller/recover_replicas.h"
#include "functions/declare.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using types::Type;
using Kind = meta::MemberRequest::Kind;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kChangePatience{60};  // for a change of votes: catching up may take a while
constexpr std::chrono::seconds kTransferPatience{3};
constexpr std::chrono::seconds kStopPatience{6};  // until a stopped node no longer counts as running
constexpr int64_t kLookEvery_ms = 100;

meta::MembersReply members(const ClusterCall& call) { return call.ask<meta::MembersReply>(meta::kMembers); }

const meta::MemberStatus* find_in(const meta::MembersReply& reply, const std::string& alias) {
  const auto found = std::find_if(reply.members.begin(), reply.members.end(),
                                  [&](const auto& row) { return row.node.alias == alias; });
  return found == reply.members.end() ? nullptr : &*found;
}

std::string change(const ClusterCall& call, meta::MemberRequest request) {
  request.user = call.context().caller().user;
  return call.ask<meta::MemberAnswer>(meta::kChangeMember, request).leader;
}

/// Looks at the members until `reached`; false when the patience is over.
template <class Reached>
bool wait_until(const ClusterCall& call, std::chrono::seconds patience, Reached reached) {
  const auto give_up = steady_clock::now() + patience;
  while (!reached(members(call))) {
    if (steady_clock::now() > give_up) return false;
    call.context().sleep_ms(kLookEvery_ms);
  }
  return true;
}

[[noreturn]] void goes_on(const ClusterCall& call, const std::string& what) {
  call.fail({ErrorCode::kTimeout, what + " is recorded and goes on, but was not done within " +
                                      std::to_string(kChangePatience.count()) +
                                      " s; getClusterMembers() shows when it is."});
}

uint16_t port_of(const Arguments& args, size_t i) {
  const auto port = args.integer(i, "port");
  if (port < 1 || port > 65535) args.refuse("port", "must be between 1 and 65535");
  return static_cast<uint16_t>(port);
}

Value add_controller(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(2, "alias");
  if (!config::is_plain_alias(alias)) args.refuse("alias", "must be letters, digits, '_' or '-'");
  change(call, {.kind = Kind::kAddController,
                .user = {},
                .alias = alias,
                .host = args.text(0, "host"),
                .port = port_of(args, 1),
                .flag = args.flag_or(3, "promote", true)});
  return {};
}

Value promote(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(0, "alias");
  change(call, {.kind = Kind::kPromote, .user = {}, .alias = alias, .host = {}});
  const bool done = wait_until(call, kChangePatience, [&](const auto& reply) {
    const auto* row = find_in(reply, alias);
    return row != nullptr && row->vote == "voter";
  });
  if (!done) goes_on(call, "Promoting " + alias);
  return {};
}

Value demote(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(0, "alias");
  change(call, {.kind = Kind::kDemote, .user = {}, .alias = alias, .host = {}});
  const bool done = wait_until(call, kChangePatience, [&](const auto& reply) {
    const auto* row = find_in(reply, alias);
    return row == nullptr || row->vote != "voter";
  });
  if (!done) goes_on(call, "Demoting " + alias);
  return {};
}

Value remove_controller(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(0, "alias");
  change(call, {.kind = Kind::kRemoveController, .user = {}, .alias = alias, .host = {}});
  if (!wait_until(call, kChangePatience, [&](const auto& reply) { return find_in(reply, alias) == nullptr; })) {
    goes_on(call, "Removing " + alias);
  }
  return {};
}

Value transfer_leader(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text_or(0, "alias", "");
  const auto give_up = steady_clock::now() + kChangePatience;
  auto leader = members(call).leader;
  const auto before = leader;
  // Asked for again while nothing came of it: one that is still catching up does not take over.
  do {
    change(call, {.kind = Kind::kTransferLeader, .user = {}, .alias = alias, .host = {}});
    const bool done = wait_until(call, kTransferPatience, [&](const auto& reply) {
      leader = reply.leader;
      return alias.empty() ? leader != before : leader == alias;
    });
    if (done) return text_value(leader);
  } while (steady_clock::now() < give_up);
  call.fail(
      {ErrorCode::kTimeout, "The leadership was not handed over; " + leader + " leads. Its log says why; try again."});
}

Value drain(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(0, "alias");
  change(call, {.kind = Kind::kDrain, .user = {}, .alias = alias, .host = {}});
  if (!args.flag_or(1, "wait", false)) return {};
  while (true) {
    const auto reply = members(call);
    const auto* row = find_in(reply, alias);
    if (row == nullptr || !row->node.draining) {
      call.fail({ErrorCode::kConflict, "The node " + alias + " is no longer being drained; somebody took that back."});
    }
    if (row->chunks == 0) return {};
    call.context().sleep_ms(kLookEvery_ms);
  }
}

Value undrain(const ClusterCall& call, const Arguments& args) {
  change(call, {.kind = Kind::kUndrain, .user = {}, .alias = args.text(0, "alias"), .host = {}});
  return {};
}

Value drain_status(const ClusterCall& call) {
  TableRows rows(
      {{"node", Type::kString}, {"state", Type::kString}, {"chunksLeft", Type::kLong}, {"rowsLeft", Type::kLong}});
  for (const auto& row : members(call).members) {
    if (!row.node.draining) continue;
    rows.add({text_value(row.node.alias), text_value(row.chunks == 0 ? "drained" : "draining"),
              Value::of_long(static_cast<int64_t>(row.chunks)), Value::of_long(row.rows)});
  }
  return rows.take();
}

/// A node that was stopped a moment ago still counts as running until it has been silent for a while.
void wait_stopped(const ClusterCall& call, const std::string& alias) {
  (void)wait_until(call, kStopPatience, [&](const auto& reply) {
    const auto* row = find_in(reply, alias);
    return row == nullptr || !row->alive;
  });
}

Value remove_nodes(const ClusterCall& call, const Arguments& args) {
  const auto force = args.flag_or(1, "force", false);
  for (const auto& alias : args.texts(0, "alias")) {
    if (!force) wait_stopped(call, alias);
    change(call, {.kind = Kind::kRemoveNode, .user = {}, .alias = alias, .host = {}, .flag = force});
  }
  return {};
}

Value move_member(const ClusterCall& call, const Arguments& args) {
  const auto alias = args.text(0, "alias");
  const auto port = port_of(args, 2);
  wait_stopped(call, alias);
  change(call, {.kind = Kind::kReaddress, .user = {}, .alias = alias, .host = args.text(1, "host"), .port = port});
  return {};
}

Value cluster_members(const ClusterCall& call) {
  TableRows rows({{"alias", Type::kString},
                  {"role", Type::kString},
                  {"host", Type::kString},
                  {"port", Type::kInt},
                  {"nodeUuid", Type::kString},
                  {"state", Type::kInt},
                  {"vote", Type::kString},
                  {"isLeader", Type::kBool},
                  {"draining", Type::kBool},
                  {"chunks", Type::kInt},
                  {"epoch", Type::kLong},
                  {"lag", Type::kLong},
                  {"version", Type::kString},
                  {"oldestLevel", Type::kInt},
                  {"newestLevel", Type::kInt}});
  const auto reply = members(call);
  for (const auto& row : reply.members) {
    const auto& node = row.node;
    rows.add({text_value(node.alias), text_value(std::string(name_of(node.role))), text_value(node.host),
              Value::of_int(node.port), text_value(node.uuid.is_nil() ? "" : node.uuid.to_string()),
              Value::of_int(row.alive ? 1 : 0), text_value(row.vote.empty() ? "none" : row.vote),
              Value::of_bool(node.alias == reply.leader), Value::of_bool(node.draining),
              Value::of_int(static_cast<int32_t>(row.chunks)), Value::of_long(static_cast<int64_t>(node.epoch)),
              Value::of_long(static_cast<int64_t>(row.lag)), text_value(node.build.version),
              Value::of_int(static_cast<int32_t>(node.build.oldest_level)),
              Value::of_int(static_cast<int32_t>(node.build.newest_level))});
  }
  return rows.take();
}

Value finalize_upgrade(const ClusterCall& call, const Arguments& args) {
  const auto level = args.has(0) ? args.integer(0, "level") : 0;
  if (level < 0 || level > 1000000) args.refuse("level", "must be a feature level");
  change(call, {.kind = Kind::kRaiseLevel, .user = {}, .alias = {}, .host = {}, .level = static_cast<uint32_t>(level)});
  return Value::of_int(static_cast<int32_t>(members(call).level));
}

Value set_throttle(const ClusterCall& call, const Arguments& args) {
  const auto megabytes = args.integer(0, "mbPerSecond");
  if (megabytes < 0 || megabytes > 1000000) args.refuse("mbPerSecond", "must be between 0 (none) and 1000000");
  call.change(meta::PutRecord{
      .area = meta::kSettingsArea, .name = meta::kRecoveryThrottle, .value = std::to_string(megabytes)});
  return {};
}

Value suspend_recovery(const ClusterCall& call, const Arguments&) {
  call.change(meta::PutRecord{.area = meta::kSettingsArea, .name = kRecoverySuspended, .value = "true"});
  return {};
}

Value resume_recovery(const ClusterCall& call, const Arguments&) {
  call.change(meta::PutRecord{.area = meta::kSettingsArea, .name = kRecoverySuspended, .value = {}});
  return {};
}

}  // namespace

void register_member_functions(functions::Registry& registry, AskControllers ask) {
  const std::string_view family = "cluster";
  using Run = Value (*)(const ClusterCall&, const Arguments&);
  const auto command = [&](std::string_view name, std::string_view parameters, Run run, std::string_view summary,
                           Nature nature = Nature::kCommand) {
    declare(registry, family, nature,
            {.name = name,
             .parameters = parameters,
             .run =
                 [ask, name, run](CallContext& context, std::span<Value> args) {
                   const ClusterCall call(name, context, ask);
                   call.require_admin();
                   return run(call, {name, args});
                 },
             .summary = summary,
             .example = ""});
  };
  const auto table = [&](std::string_view name, Value (*run)(const ClusterCall&), std::string_view summary) {
    declare(registry, family, Nature::kWhole,
            {.name = name,
             .parameters = "",
             .run =
                 [ask, name, run](CallContext& context, std::span<Value>) {
                   return run({name, context, ask});
                 },
             .summary = summary,
             .example = ""});
  };
  command("addController", "host, port, alias, [promote=true]", add_controller,
          "Adds a controller: once its process runs it catches up as a learner and, with promote, becomes a voter.");
  command("promoteController", "alias", promote,
          "Makes a learner of the controllers' group a voter; returns when it votes.");
  command("demoteController", "alias", demote,
          "Takes a controller's vote; it goes on receiving the metadata. Returns when that is decided.");
  command("removeController", "alias", remove_controller,
          "Takes a controller out of the cluster; its process ends. Refused where the live voters left would be no "
          "majority.");
  command("transferLeader", "[alias]", transfer_leader, "Hands the leadership to a voter and returns who leads.",
          Nature::kWhole);
  command("drainNode", "alias, [wait=false]", drain,
          "Moves all replicas of a data node to others: copied first, then removed here. New chunks go elsewhere.");
  command("undrainNode", "alias", undrain, "Ends drainNode: the node takes chunks again and keeps those it still has.");
  table("getDrainStatus", drain_status,
        "Returns the data nodes being drained and the chunks and rows they still hold.");
  command("removeNode", "alias, [force=false]", remove_nodes,
          "Removes stopped data nodes that hold no chunks, compute nodes and agents; with force running ones, too.");
  command("moveMember", "alias, host, port", move_member,
          "Gives a stopped member another address, where it is started afterwards.");
  table("getClusterMembers", cluster_members,
        "Returns one row for every member: address, state, vote, leader, chunks, program.");
  command("finalizeUpgrade", "[level]", finalize_upgrade,
          "Raises the feature level of the cluster, by default to the highest that every member's program knows, and "
          "returns it. Older programs cannot come back afterwards.",
          Nature::kWhole);
  table(
      "getFeatureLevel",
      [](const ClusterCall& call) -> Value { return Value::of_int(static_cast<int32_t>(members(call).level)); },
      "Returns the feature level of the cluster: what its members may write and say to each other.");
  command("suspendRecovery", "", suspend_recovery,
          "Has no more replicas copied or moved until resumeRecovery; copies that run are finished.");
  command("resumeRecovery", "", resume_recovery, "Ends suspendRecovery: replicas that lack rows are copied again.");
  command("setRecoveryThrottle", "mbPerSecond", set_throttle,
          "Limits the copying of replicas to so many megabytes a second for each receiving node; 0: no limit.");
  table(
      "getRecoveryThrottle",
      [](const ClusterCall& call) -> Value {
        return Value::of_long(static_cast<int64_t>(members(call).copy_megabytes_per_second));
      },
      "Returns the limit of copying replicas in megabytes a second for each receiving node; 0: none.");
}

}  // namespace pelorus::controller
