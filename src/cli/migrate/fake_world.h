#pragma once
// For tests: a cluster and its hosts in memory. Orders change it as the controllers would; scripts of packages start
// and stop its processes.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/migrate/carry_out.h"

namespace pelorus::cli::migrate {

/// Members on `hosts`: one controller, agent and data node each, numbered; everything online, controller1 leads.
inline ClusterFacts facts_on(const std::vector<std::string>& hosts) {
  ClusterFacts facts;
  int number = 0;
  for (const auto& host : hosts) {
    ++number;
    const auto n = std::to_string(number);
    const auto server = "/opt/pelorus/server";
    const auto add = [&](const std::string& stem, NodeMode role, int port) {
      facts.members.push_back({.alias = stem + n,
                               .role = role,
                               .host = host,
                               .port = port,
                               .uuid = "uuid-" + stem + n,
                               .online = true,
                               .votes = role == NodeMode::kController,
                               .leads = role == NodeMode::kController && number == 1,
                               .draining = false,
                               .chunks = role == NodeMode::kDataNode ? 10 : 0,
                               .server = server});
    };
    add("controller", NodeMode::kController, 8900);
    add("agent", NodeMode::kAgent, 8901);
    add("node", NodeMode::kDataNode, 8902);
  }
  sort_members(facts.members);
  facts.data_bytes = 0;
  return facts;
}

/// The seed's first deployment: three packages on one host, one agent.
inline ClusterFacts pseudo_facts(const std::string& host) {
  ClusterFacts facts;
  for (int k = 1; k <= 3; ++k) {
    const auto n = std::to_string(k);
    facts.members.push_back({.alias = "controller" + n,
                             .role = NodeMode::kController,
                             .host = host,
                             .port = 9900 + k,
                             .uuid = "uuid-controller" + n,
                             .online = true,
                             .votes = true,
                             .leads = k == 2,
                             .server = "/home/dolphindb_" + n + "/server"});
    facts.members.push_back({.alias = "node" + n,
                             .role = NodeMode::kDataNode,
                             .host = host,
                             .port = 9906 + k,
                             .uuid = "uuid-node" + n,
                             .online = true,
                             .chunks = 10,
                             .server = "/home/dolphindb_1/server"});
    facts.nodes_settings += "node" + n + ".volumes=/ssd/ssd1/dolphindb_" + n + "/volumes\n";
  }
  facts.members.push_back({.alias = "agent1",
                           .role = NodeMode::kAgent,
                           .host = host,
                           .port = 9904,
                           .uuid = "uuid-agent1",
                           .online = true,
                           .server = "/home/dolphindb_1/server"});
  sort_members(facts.members);
  facts.data_bytes = 0;
  return facts;
}

/// What the controllers know, what runs where, what was ordered.
struct FakeWorld {
  explicit FakeWorld(const ClusterFacts& facts) : members(facts.members), settings(facts.nodes_settings) {
    for (auto& member : members) {
      if (member.online) running.insert(member.alias);
      member.server.clear();
    }
  }

  std::vector<Member> members;
  std::string settings;
  std::set<std::string> running;             // processes, by alias
  std::map<std::string, int> orders;         // "add_controller controller4" and how often
  std::map<std::string, std::string> files;  // "host:path"
  std::set<std::string> packages;            // "host:server"
  std::set<std::string> removed;             // "host:path", by rm -rf
  std::string fails;                         // the order that is refused
  bool differs = false;                      // content is not what it was
  int64_t version = 1;                       // of its chunk
  // Members that are carried from host to host; each "host:alias".
  bool is_carried = false;               // the cluster has no other life than that of its members
  std::set<std::string> copies, fenced;  // whole homes, and those that may not begin
  bool was_double = false;               // one began while it ran, or might have run, elsewhere
  std::vector<Member> kept;              // the controllers' state, set aside
  int64_t now_ms = 1'000'000;
  Replicas replicas;
  std::map<std::string, std::string> programs;  // version, by host

  Member* find(const std::string& alias) {
    for (auto& member : members) {
      if (member.alias == alias) return &member;
    }
    return nullptr;
  }
  int fewest_nodes = 1000, fewest_controllers = 1000;  // that were online at a time
  void count_living() {
    int controllers = 0, nodes = 0;
    for (const auto& member : members) {
      controllers += member.role == NodeMode::kController && member.online;
      nodes += member.role == NodeMode::kDataNode && member.online;
    }
    fewest_nodes = std::min(fewest_nodes, nodes);
    fewest_controllers = std::min(fewest_controllers, controllers);
  }
  /// A process of the member begins, with the programs of its host.
  void started(Member& member) {
    member.online = true;
    ++member.epoch;
    const auto found = programs.find(member.host);
    if (found != programs.end()) member.version = found->second;
  }
  int voters() const {
    return static_cast<int>(std::count_if(members.begin(), members.end(), [](const Member& m) { return m.votes; }));
  }
};

class FakeCluster final : public Cluster {
 public:
  explicit FakeCluster(FakeWorld& world) : world_(world) {}

  Result<std::vector<Member>> members() override {
    const auto lives = [](const Member& m) { return m.role == NodeMode::kController && m.online; };
    const auto living = std::count_if(world_.members.begin(), world_.members.end(), lives);
    if (world_.is_carried && living * 2 <= world_.voters()) return Error{ErrorCode::kUnavailable, "no majority"};
    for (auto& member : world_.members) {
      if (member.role == NodeMode::kController && member.online) member.votes = true;  // it has caught up
      if (!member.draining || member.chunks == 0) continue;
      for (auto& other : world_.members) {
        const bool takes =
            other.role == NodeMode::kDataNode && !other.draining && other.online && other.alias != member.alias;
        if (!takes || member.chunks == 0) continue;
        --member.chunks;
        ++other.chunks;
      }
    }
    return world_.members;
  }
  Status add_controller(const Addition& made) override { return add("add_controller", made); }
  Status move_member(const std::string& alias, const std::string& host, int port) override {
    TRY_DONE(ordered("move_member " + alias));
    auto* member = world_.find(alias);
    if (member == nullptr) return Error{ErrorCode::kNotFound, "There is no member " + alias};
    if (member->host == host && member->port == port) return {};
    if (member->online) return Error{ErrorCode::kConflict, alias + " is running"};
    member->host = host;
    member->port = port;
    return {};
  }
  Status add_agent(const Addition& made) override { return add("add_agent", made); }
  Status add_data_node(const Addition& made) override { return add("add_node", made); }
  Status remove_controller(const std::string& alias) override {
    TRY_DONE(ordered("remove_controller " + alias));
    return erase(alias);
  }
  Status remove_node(const std::string& alias, bool) override {
    TRY_DONE(ordered("remove_node " + alias));
    const auto* member = world_.find(alias);
    if (member != nullptr && member->online) return Error{ErrorCode::kConflict, alias + " is running"};
    if (member != nullptr && member->chunks > 0) return Error{ErrorCode::kConflict, alias + " holds chunks"};
    return erase(alias);
  }
  Status move_leader(const std::string& to) override {
    TRY_DONE(ordered("move_leader"));
    std::string heir = to;
    for (const auto& member : world_.members) {
      if (heir.empty() && member.votes && !member.leads) heir = member.alias;
    }
    for (auto& member : world_.members) member.leads = member.alias == heir;
    return {};
  }
  Status start_node(const std::string& alias) override { return set_online("start_node", alias, true); }
  Status stop_node(const std::string& alias) override { return set_online("stop_node", alias, false); }
  Status drain(const std::string& alias) override { return mark("drain", alias, true); }
  Status undrain(const std::string& alias) override { return mark("undrain", alias, false); }
  Status set_throttle(int64_t) override { return {}; }
  Result<bool> fill(const std::string&) override { return false; }
  Result<int64_t> copies_under_way() override { return 0; }
  Result<std::string> nodes_settings() override { return world_.settings; }
  Status save_nodes_settings(const std::string& text) override {
    TRY_DONE(ordered("save_settings"));
    world_.settings = text;
    return {};
  }
  Result<Replicas> replicas() override { return world_.replicas; }
  Result<int> feature_level() override { return 1; }
  Result<int> finalize() override { return 1; }
  Result<boost::json::object> state() override {
    TRY(const auto now, members());
    return boost::json::object{{"sections", boost::json::object()},
                               {"versions", boost::json::object{{"1", world_.version}}}};
  }
  Result<boost::json::object> report(const std::vector<std::string>& /*leaving*/) override {
    int64_t chunks = 0;
    for (const auto& member : world_.members) chunks += member.chunks;
    boost::json::object chunk{
        {"path", "/1"}, {"version", 1}, {"rows", chunks}, {"hash", world_.differs ? "other" : "same"}, {"problem", ""}};
    return boost::json::object{
        {"tables",
         boost::json::object{
             {"dfs://a/t", boost::json::object{{"rows", chunks}, {"chunks", boost::json::object{{"1", chunk}}}}}}},
        {"sections", boost::json::object()}};
  }

 private:
  Status ordered(const std::string& what) {
    if (what == world_.fails) return Error{ErrorCode::kScript, "refused by the test: " + what};
    ++world_.orders[what];
    return {};
  }
  Status add(const std::string& order, const Addition& made) {
    TRY_DONE(ordered(order + " " + made.alias));
    if (world_.find(made.alias) != nullptr) return Error{ErrorCode::kScript, made.alias + " exists already"};
    const bool runs = made.role == NodeMode::kController && world_.running.contains(made.alias);
    world_.members.push_back({.alias = made.alias,
                              .role = made.role,
                              .host = made.host,
                              .port = made.port,
                              .uuid = "new-" + made.alias,
                              .online = runs});
    sort_members(world_.members);
    return {};
  }
  Status erase(const std::string& alias) {
    const auto* member = world_.find(alias);
    if (member != nullptr && member->leads) return Error{ErrorCode::kConflict, alias + " leads"};
    std::erase_if(world_.members, [&](const Member& m) { return m.alias == alias; });
    return {};
  }
  Status set_online(const std::string& order, const std::string& alias, bool online) {
    TRY_DONE(ordered(order + " " + alias));
    auto* member = world_.find(alias);
    if (member == nullptr) return Error{ErrorCode::kNotFound, "There is no member " + alias};
    const bool has_agent = std::any_of(world_.members.begin(), world_.members.end(), [&](const Member& other) {
      return other.role == NodeMode::kAgent && other.online && other.host == member->host;
    });
    if (!has_agent) return Error{ErrorCode::kNotFound, "There is no agent on the host of " + alias};
    if (online && !member->online) world_.started(*member);
    member->online = online;
    world_.count_living();
    if (online) world_.running.insert(alias);
    return {};
  }
  Status mark(const std::string& order, const std::string& alias, bool draining) {
    TRY_DONE(ordered(order + " " + alias));
    auto* member = world_.find(alias);
    if (member == nullptr) return Error{ErrorCode::kNotFound, "There is no member " + alias};
    member->draining = draining;
    return {};
  }

  FakeWorld& world_;
};

using Names = std::vector<std::string>;

/// Why there is no plan.
inline Names codes_of(const PlanOutcome& outcome) {
  Names codes;
  for (const auto& note : outcome.refusals) codes.push_back(note.code);
  return codes;
}

inline Plan planned(const ClusterFacts& facts, const Target& target) {
  const auto outcome = make_plan(facts, target);
  EXPECT_EQ(codes_of(outcome), Names());
  return outcome.plan;
}

}  // namespace pelorus::cli::migrate
