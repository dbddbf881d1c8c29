#include "cli/migrate/live_cluster.h"

#include <algorithm>
#include <set>
#include <thread>

#include "cli/migrate/report.h"
#include "cli/value_json.h"
#include "config/key_values.h"

namespace pelorus::cli::migrate {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kGiveUp{30'000};
constexpr milliseconds kConnect{2'000};
constexpr milliseconds kRegistration{10'000};
constexpr milliseconds kPause{200};
constexpr milliseconds kLookSilence{90'000};  // orders that wait for a vote take up to a minute

/// What the report holds besides tables; a function that this version lacks is left out.
struct Section {
  std::string_view name;
  std::string_view script;
};
constexpr Section kSections[] = {
    {"users", "sort(getUserList())"},
    {"groups", "sort(getGroupList())"},
    {"rights", "getUserAccess()"},
    {"function views", "getFunctionViews()"},
    {"databases", "sort(getClusterDFSDatabases())"},
};

std::string text_at(const data::Table& table, std::string_view name, size_t row) {
  const int column = table.find(name);
  return column < 0 ? "" : table.column(static_cast<size_t>(column)).scalar_at(row).text();
}

int64_t number_at(const data::Table& table, std::string_view name, size_t row) {
  const int column = table.find(name);
  if (column < 0) return 0;
  const auto cell = table.column(static_cast<size_t>(column)).scalar_at(row);
  return cell.is_null() || cell.is_text() ? 0 : cell.as_int64();
}

std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string address_arguments(const Addition& made) {
  return literal(made.host) + "," + std::to_string(made.port) + "," + literal(made.alias);
}

/// ".../server" of ".../server/clusterDemo/data[/alias]", and of a single node's ".../server"; empty for any other
/// home.
std::string server_of(const std::string& home, NodeMode role) {
  if (role == NodeMode::kSingle) return home.ends_with("/server") ? home : "";
  const auto at = home.rfind("/clusterDemo/data");
  return at == std::string::npos ? "" : home.substr(0, at);
}

bool is_missing_function(const Error& error) {
  return error.code == ErrorCode::kScript && error.message.find("Cannot recognize") != std::string::npos;
}

bool keeps_items(const Member& member) {
  return member.online && (member.role == NodeMode::kDataNode || member.role == NodeMode::kSingle);
}

std::vector<std::string> texts_of(const data::Value& value) {
  std::vector<std::string> texts;
  if (!value.is_vector()) return texts;
  for (size_t i = 0; i < value.vector().size(); ++i) texts.push_back(value.vector().scalar_at(i).text());
  return texts;
}

/// Of "alias:version:corrupted:…": the alias, and whether the replica lacks something.
std::pair<std::string, bool> replica_of(std::string_view text) {
  const auto parts = config::split(text, ':');
  return {std::string(parts[0]), parts.size() < 3 || parts[2] != "0"};
}

}  // namespace

client::FailoverOptions LiveCluster::options() const {
  client::FailoverOptions options;
  options.connection.user = login_.user;
  options.connection.password = login_.password;
  options.connection.socket.connect = kConnect;
  options.connection.socket.silence = kLookSilence;
  options.give_up_after = kGiveUp;
  return options;
}

Result<data::Value> LiveCluster::ask(const std::string& script) {
  std::vector<client::Endpoint> sites;
  const auto add = [&](client::Endpoint site) {
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(std::move(site));
  };
  for (const bool leads : {true, false}) {
    for (const auto& member : seen_) {
      if (member.role == NodeMode::kController && member.online && member.leads == leads && !member.host.empty())
        add({member.host, member.port});
    }
  }
  if (sites.empty()) {
    add(login_.first);
    for (const auto& site : known_) add(site);
  }
  if (controllers_ == nullptr || sites != sites_) {
    sites_ = sites;
    controllers_ = std::make_unique<client::FailoverConnection>(sites_, options());
  }
  auto answer = controllers_->run(script);
  if (!answer.ok() && (answer.error().code == ErrorCode::kUnavailable || answer.error().code == ErrorCode::kTimeout)) {
    seen_.clear();  // the next call begins with all that are known
  }
  if (!answer.ok()) return answer.error();
  return answer->value_or(data::Value());
}

Status LiveCluster::order(const std::string& script, std::string_view already) {
  const auto answer = ask(script);
  if (answer.ok()) return {};
  const auto& message = answer.error().message;
  // A change that takes longer than its call is waited for by the step.
  if (message.find("is recorded and goes on") != std::string::npos) return {};
  if (!already.empty() && message.find(already) != std::string::npos) return {};
  return answer.error();
}

Result<std::vector<Member>> LiveCluster::members() {
  TRY(const auto answer, ask("getClusterMembers()"));
  if (!answer.is_plain_table() || answer.table().find("alias") < 0) {
    return Error{ErrorCode::kCorrupt, "getClusterMembers() gave no table of members but " + answer.type_text()};
  }
  const auto& table = answer.table();
  std::vector<Member> members;
  for (size_t row = 0; row < table.rows(); ++row) {
    Member member;
    member.alias = text_at(table, "alias", row);
    const auto role = config::parse_mode(text_at(table, "role", row));
    if (!role)
      return Error{ErrorCode::kCorrupt, "getClusterMembers() names an unknown role: " + text_at(table, "role", row)};
    member.role = *role;
    member.host = text_at(table, "host", row);
    if (member.role == NodeMode::kSingle) member.host = login_.first.host;  // it may call itself localhost
    member.port = static_cast<int>(number_at(table, "port", row));
    member.uuid = text_at(table, "nodeUuid", row);
    member.online = number_at(table, "state", row) == 1;
    member.votes = text_at(table, "vote", row) == "voter";
    member.leads = number_at(table, "isLeader", row) == 1;
    member.draining = number_at(table, "draining", row) == 1;
    member.chunks = number_at(table, "chunks", row);
    member.epoch = number_at(table, "epoch", row);
    member.lag = number_at(table, "lag", row);
    member.version = text_at(table, "version", row);
    member.oldest_level = static_cast<int>(number_at(table, "oldestLevel", row));
    member.newest_level = static_cast<int>(number_at(table, "newestLevel", row));
    members.push_back(std::move(member));
  }
  sort_members(members);
  seen_ = members;
  return members;
}

Status LiveCluster::add_controller(const Addition& made) {
  return order("addController(" + address_arguments(made) + ")", "already");
}
Status LiveCluster::remove_controller(const std::string& alias) {
  return order("removeController(" + literal(alias) + ")", "is no controller");
}
Status LiveCluster::move_leader(const std::string& to) {
  return order("transferLeader(" + (to.empty() ? "" : literal(to)) + ")", "");
}
Status LiveCluster::move_member(const std::string& alias, const std::string& host, int port) {
  return order("moveMember(" + literal(alias) + "," + literal(host) + "," + std::to_string(port) + ")", "");
}
Status LiveCluster::add_agent(const Addition& made) {
  return order("addAgentToController(" + address_arguments(made) + ")", "already");
}
Status LiveCluster::add_data_node(const Addition& made) {
  return order("addNode(" + address_arguments(made) + ")", "already");
}
Status LiveCluster::remove_node(const std::string& alias, bool force) {
  return order("removeNode(" + literal(alias) + (force ? ",true)" : ")"), "There is no member");
}
Status LiveCluster::start_node(const std::string& alias) {
  return order("startDataNode([" + literal(alias) + "])", "already");
}
Status LiveCluster::stop_node(const std::string& alias) { return order("stopDataNode([" + literal(alias) + "])", ""); }
Status LiveCluster::drain(const std::string& alias) { return order("drainNode(" + literal(alias) + ")", ""); }
Status LiveCluster::undrain(const std::string& alias) { return order("undrainNode(" + literal(alias) + ")", ""); }
Status LiveCluster::set_throttle(int64_t mb_per_second) {
  return order("setRecoveryThrottle(" + std::to_string(mb_per_second) + ")", "");
}

Result<bool> LiveCluster::fill(const std::string& alias) {
  TRY(const auto answer, ask("rebalanceChunksAmongDataNodes(true, 0.0)"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "rebalanceChunksAmongDataNodes() gave no table"};
  for (size_t row = 0; row < answer.table().rows(); ++row) {
    if (text_at(answer.table(), "destNode", row) == alias) return true;
  }
  return false;
}

Result<int64_t> LiveCluster::copies_under_way() {
  TRY(const auto answer, ask("getRecoveryTaskStatus()"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getRecoveryTaskStatus() gave no table"};
  return static_cast<int64_t>(answer.table().rows());
}

Result<Replicas> LiveCluster::replicas() {
  TRY(const auto now, members());
  TRY(const auto answer, ask("select replicas from getClusterChunksStatus()"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getClusterChunksStatus() gave no table"};
  Replicas found;
  for (size_t row = 0; row < answer.table().rows(); ++row) {
    std::vector<std::string> nodes;
    const auto text = text_at(answer.table(), "replicas", row);
    for (const auto item : config::split(text, ',')) {
      if (item.empty()) continue;
      auto [alias, is_stale] = replica_of(item);
      const auto* node = find_member(now, alias);
      if (is_stale || node == nullptr || !node->online) ++found.stale;
      nodes.push_back(std::move(alias));
    }
    std::sort(nodes.begin(), nodes.end());
    ++found.chunks[std::move(nodes)];
  }
  return found;
}

Result<int> LiveCluster::feature_level() {
  TRY(const auto answer, ask("getFeatureLevel()"));
  if (!answer.is_scalar()) return Error{ErrorCode::kCorrupt, "getFeatureLevel() gave no number"};
  return static_cast<int>(answer.scalar().as_int64());
}

Result<int> LiveCluster::finalize() {
  TRY(const auto answer, ask("finalizeUpgrade()"));
  if (!answer.is_scalar()) return Error{ErrorCode::kCorrupt, "finalizeUpgrade() gave no number"};
  return static_cast<int>(answer.scalar().as_int64());
}

Result<std::string> LiveCluster::nodes_settings() {
  TRY(const auto answer, ask("loadClusterNodesConfigs()"));
  std::string text;
  for (const auto& line : texts_of(answer)) text += line + "\n";
  return text;
}

Status LiveCluster::save_nodes_settings(const std::string& text) {
  std::string lines;
  for (const auto line : config::split(text, '\n')) {
    if (!line.empty()) lines += (lines.empty() ? "" : ",") + literal(line);
  }
  return order("saveClusterNodesConfigs([" + lines + "])", "");
}

Result<data::Value> LiveCluster::ask_data_node(const std::string& script) {
  std::vector<client::Endpoint> sites;
  for (const auto& member : seen_) {
    const bool has_data = member.role == NodeMode::kDataNode || member.role == NodeMode::kSingle;
    if (has_data && member.online && !member.draining) sites.push_back({member.host, member.port});
  }
  if (sites.empty()) return Error{ErrorCode::kUnavailable, "no data node is online"};
  if (data_nodes_ == nullptr || sites != data_sites_) {
    auto with = options();
    with.connection.socket.silence = milliseconds(0);  // hashing a large table takes its time
    data_sites_ = sites;
    data_nodes_ = std::make_unique<client::FailoverConnection>(data_sites_, with);
  }
  TRY(auto answer, data_nodes_->run(script));
  return std::move(answer).value_or(data::Value());
}

Result<json::object> LiveCluster::tables() {
  json::object tables;
  TRY(const auto names, ask_data_node("getClusterDFSTables()"));
  for (const auto& name : texts_of(names)) {
    const auto slash = name.rfind('/');
    if (slash == std::string::npos) continue;
    TRY(const auto hashes, ask_data_node("getReplicaHashes(" + literal(name.substr(0, slash)) + "," +
                                         literal(name.substr(slash + 1)) + ")"));
    if (!hashes.is_plain_table()) return Error{ErrorCode::kCorrupt, "getReplicaHashes() gave no table for " + name};
    tables[name] = table_report(hashes.table());
  }
  return tables;
}

Result<NodeItems> LiveCluster::items_of(const Member& member) const {
  NodeItems items;
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"exec jobId from getScheduledJobs()", &items.jobs},
      {"exec name from getStreamTables(1)", &items.streams},
      {"exec name from getStreamTables(2)", &items.memory_streams},
  };
  for (const auto& [script, names] : lists) {
    const auto answer = value_of_member(member, script);
    if (!answer.ok() && is_missing_function(answer.error())) continue;
    if (!answer.ok()) return answer.error();
    *names = texts_of(*answer);
  }
  return items;
}

Result<json::object> LiveCluster::sections() {
  json::object sections;
  for (const auto& section : kSections) {
    const auto answer = ask(std::string(section.script));
    if (!answer.ok() && is_missing_function(answer.error())) continue;
    if (!answer.ok()) return answer.error();
    sections[section.name] = json::parse(value_json(*answer));
  }
  return sections;
}

Result<json::object> LiveCluster::state() {
  TRY(auto all, sections());
  TRY(const auto answer, ask("select chunkId, version from getClusterChunksStatus()"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getClusterChunksStatus() gave no table"};
  json::object versions;
  for (size_t row = 0; row < answer.table().rows(); ++row)
    versions[text_at(answer.table(), "chunkId", row)] = number_at(answer.table(), "version", row);
  return json::object{{"sections", std::move(all)}, {"versions", std::move(versions)}};
}

Result<json::object> LiveCluster::report(const std::vector<std::string>& leaving) {
  TRY(const auto now, members());
  TRY(auto all, tables());
  TRY(auto sections, this->sections());
  std::set<std::string> jobs, streams;  // of all nodes together: their aliases may change
  for (const auto& member : now) {
    if (!keeps_items(member) || std::ranges::find(leaving, member.alias) != leaving.end()) continue;
    TRY(const auto items, items_of(member));
    for (const auto& name : items.jobs) jobs.insert(name);
    for (const auto& name : items.streams) streams.insert(name);
  }
  sections["scheduled jobs"] = json::array(jobs.begin(), jobs.end());
  sections["stream tables"] = json::array(streams.begin(), streams.end());
  const bool is_single = now.size() == 1 && now[0].role == NodeMode::kSingle;  // has no such settings
  TRY(const auto settings, is_single ? Result<std::string>(std::string()) : nodes_settings());
  config::Findings findings;
  json::object common;
  for (const auto& entry : config::parse_key_values(settings, "", findings).entries) {
    if (entry.qualifier.empty()) common[entry.key] = entry.value;  // lines of single nodes come and go with them
  }
  if (!is_single) sections["settings"] = std::move(common);
  return json::object{{"tables", std::move(all)}, {"sections", std::move(sections)}};
}

Result<data::Value> LiveCluster::value_of_member(const Member& member, const std::string& script) const {
  TRY(auto connection, client::Connection::open({member.host, member.port}, options().connection));
  TRY(auto answer, connection->run(script));
  return std::move(answer).value_or(data::Value());
}

Result<std::string> LiveCluster::ask_member(const Member& member, const std::string& script) const {
  TRY(const auto answer, value_of_member(member, script));
  return answer.is_text() ? answer.text() : std::string();
}

Result<std::map<std::string, std::vector<Directory>>> LiveCluster::directories_on(const std::vector<Member>& members,
                                                                                  const std::string& host) const {
  std::map<std::string, std::vector<Directory>> found;
  for (const auto& member : members_on(members, host)) {
    if (member.role == NodeMode::kAgent || member.role == NodeMode::kComputeNode) continue;
    TRY(const auto answer, value_of_member(member, "getVolumes()"));
    if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getVolumes() gave no table on " + member.alias};
    for (size_t row = 0; row < answer.table().rows(); ++row) {
      const auto setting = text_at(answer.table(), "setting", row);
      if (setting != "home") found[member.alias].push_back({setting, text_at(answer.table(), "path", row)});
    }
  }
  return found;
}

/// A leader that has just been elected presumes members alive before they have told it who they are.
Result<std::vector<Member>> LiveCluster::registered_members() {
  const auto deadline = std::chrono::steady_clock::now() + kRegistration;
  while (true) {
    TRY(auto found, members());
    const bool all_known = std::ranges::none_of(
        found, [](const Member& m) { return m.role == NodeMode::kController && m.online && m.uuid.empty(); });
    if (all_known || std::chrono::steady_clock::now() > deadline) return found;
    std::this_thread::sleep_for(kPause);
  }
}

Result<ClusterFacts> LiveCluster::facts() {
  ClusterFacts facts;
  TRY(facts.members, registered_members());
  if (facts.members.size() != 1 || facts.members[0].role != NodeMode::kSingle) {
    TRY(facts.nodes_settings, nodes_settings());
  }
  for (auto& member : facts.members) {
    if (!member.online) continue;
    const auto home = ask_member(member, "getHomeDir()");
    if (!home.ok() && home.error().code == ErrorCode::kDenied) return home.error();
    if (home.ok()) member.server = server_of(*home, member.role);
    auto items = keeps_items(member) ? items_of(member) : Result<NodeItems>(NodeItems());
    if (items.ok()) facts.items[member.alias] = std::move(*items);
    if (!member.leads || member.role != NodeMode::kController) continue;
    const auto factor = ask_member(member, "string(getConfig(`dfsReplicationFactor))");
    const auto level = ask_member(member, "string(getConfig(`dfsReplicaReliabilityLevel))");
    if (factor.ok() && !factor->empty()) facts.replication_factor = std::atoi(factor->c_str());
    if (level.ok() && !level->empty()) facts.reliability_level = std::atoi(level->c_str());
  }
  return facts;
}

}  // namespace pelorus::cli::migrate
