#include "cli/doctor/gather_live.h"

#include <chrono>
#include <thread>

#include "cli/config/in_effect.h"

namespace pelorus::cli::doctor {
namespace {

using client::Connection;
using data::Table;
using data::Value;
using std::chrono::milliseconds;

constexpr const char* kStockPassword = "123456";
constexpr milliseconds kConnectLimit{2000};
constexpr milliseconds kLoginLimit{5000};
constexpr milliseconds kAnswerLimit{12'000};  // a node waits 10 s for a leader

Result<Value> ask(Connection& connection, std::string_view script) {
  TRY(auto answer, connection.run(script));
  return answer.value_or(Value());
}

/// A cell as text; empty where the column is missing or null.
std::string text_at(const Table& table, size_t row, std::string_view name) {
  const int column = table.find(name);
  if (column < 0) return "";
  const auto cell = table.column(static_cast<size_t>(column)).at(row);
  return cell.is_text() ? cell.text() : "";
}

int64_t number_at(const Table& table, size_t row, std::string_view name) {
  const int column = table.find(name);
  if (column < 0) return 0;
  const auto cell = table.column(static_cast<size_t>(column)).scalar_at(row);
  return cell.is_null() || cell.is_text() ? 0 : static_cast<int64_t>(cell.as_double());
}

/// An entry of a dictionary of numbers; nothing when missing or null.
std::optional<int64_t> number_of(const Value& dictionary, std::string_view key) {
  const auto value = dictionary.dictionary().get(key);
  if (!value.is_scalar() || value.is_null() || value.is_text()) return std::nullopt;
  return static_cast<int64_t>(value.scalar().as_int64());
}

std::string text_of(const Value& dictionary, std::string_view key) {
  const auto value = dictionary.dictionary().get(key);
  return value.is_text() ? value.text() : "";
}

/// "alias:version:stale:resolving:time:,…" of getClusterChunksStatus.
std::vector<ReplicaFacts> replicas_of(const std::string& text) {
  std::vector<ReplicaFacts> replicas;
  for (const auto item : config::split(text, ',')) {
    const auto parts = config::split(item, ':');
    if (parts.size() < 3) continue;
    replicas.push_back({std::string(parts[0]), parts[2] == "1"});
  }
  return replicas;
}

int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void take_machine(const Value& facts, int64_t asked_ms, int64_t answered_ms, NodeFacts& node) {
  if (!facts.is_dictionary()) return;
  observe::MachineFacts machine;
  machine.memory_total_bytes = number_of(facts, "memoryTotal").value_or(0);
  machine.memory_available_bytes = number_of(facts, "memoryAvailable").value_or(0);
  machine.swap_total_bytes = number_of(facts, "swapTotal").value_or(0);
  machine.swap_used_bytes = number_of(facts, "swapUsed").value_or(0);
  machine.open_files_max = number_of(facts, "openFilesMax").value_or(0);
  machine.huge_pages = text_of(facts, "hugePages");
  node.machine = machine;
  node.listens = text_of(facts, "listens");
  node.certificate = text_of(facts, "certificate");
  if (const auto end_ms = number_of(facts, "certificateEnds")) node.certificate_end_s = *end_ms / 1000;
  node.raft_committed = number_of(facts, "raftCommitted");
  node.raft_applied = number_of(facts, "raftApplied");
  if (const auto clock = number_of(facts, "utcTime")) {
    node.clock_ahead_ms = *clock - (asked_ms + answered_ms) / 2;
    node.clock_doubt_ms = (answered_ms - asked_ms + 1) / 2;
  }
}

void take_volumes(const Value& volumes, NodeFacts& node) {
  if (!volumes.is_plain_table()) return;
  const auto& table = volumes.table();
  for (size_t row = 0; row < table.rows(); ++row) {
    PlaceFacts place;
    place.setting = text_at(table, row, "setting");
    place.directory.path = text_at(table, row, "path");
    place.directory.file_system = text_at(table, row, "fileSystem");
    place.directory.capacity_bytes = number_at(table, row, "capacity");
    place.directory.free_bytes = number_at(table, row, "free");
    place.directory.exists = number_at(table, row, "exists") == 1;
    place.directory.writable = number_at(table, row, "writable") == 1;
    node.places.push_back(std::move(place));
  }
}

/// A node that says "not now" or "not you" was reached.
bool was_reached(const Error& error) {
  return error.code == ErrorCode::kDenied || (error.code == ErrorCode::kUnavailable && error.message.starts_with('<'));
}

void ask_node(NodeFacts& node, const client::ConnectionOptions& options) {
  auto opened = Connection::open({node.row.host, node.row.port}, options);
  if (!opened.ok()) {
    node.has_answered = was_reached(opened.error());
    if (node.has_answered) return;
    node.failure = opened.error().message;
    node.is_silent = opened.error().code == ErrorCode::kTimeout;
    return;
  }
  node.has_answered = true;
  auto& connection = **opened;
  if (const auto version = ask(connection, "version()"); version.ok() && version->is_text())
    node.version = version->text();
  if (const auto settings = ask(connection, "getConfig()"); settings.ok()) node.settings = settings_of(*settings);
  const auto asked = now_ms();
  const auto machine = ask(connection, "getMachineFacts()");
  if (machine.ok()) take_machine(*machine, asked, now_ms(), node);
  if (const auto volumes = ask(connection, "getVolumes()"); volumes.ok()) take_volumes(*volumes, node);
}

void ask_nodes(LiveFacts& live, const client::ConnectionOptions& options) {
  std::vector<std::thread> threads;
  for (auto& node : live.nodes) {
    threads.emplace_back([&node, &options] { ask_node(node, options); });
  }
  for (auto& thread : threads) thread.join();
}

Status take_chunks(Connection& connection, LiveFacts& live) {
  TRY(const auto answer, ask(connection, "getClusterChunksStatus()"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getClusterChunksStatus gave no table"};
  live.chunks.emplace();
  const auto& table = answer.table();
  for (size_t row = 0; row < table.rows(); ++row) {
    live.chunks->push_back({text_at(table, row, "chunkId"), text_at(table, row, "file"), text_at(table, row, "state"),
                            replicas_of(text_at(table, row, "replicas"))});
  }
  return {};
}

/// Times of transactions are UTC of the leader; ours may differ by its clock's error, which has a check of its own.
Status take_transactions(Connection& connection, LiveFacts& live) {
  TRY(const auto answer,
      ask(connection, "select tid, startTime, status from getTransactionStatus() where status in `BEGIN`COMMIT"));
  if (!answer.is_plain_table()) return Error{ErrorCode::kCorrupt, "getTransactionStatus gave no table"};
  live.transactions.emplace();
  const auto& table = answer.table();
  for (size_t row = 0; row < table.rows(); ++row) {
    live.transactions->push_back(
        {number_at(table, row, "tid"), text_at(table, row, "status"), now_ms() - number_at(table, row, "startTime")});
  }
  return {};
}

void take_voters(const Value& group, LiveFacts& live) {
  if (!group.is_plain_table()) return;
  for (size_t row = 0; row < group.table().rows(); ++row) {
    if (text_at(group.table(), row, "role") == "voter") live.voters.push_back(text_at(group.table(), row, "name"));
  }
}

/// Without a leader: the controllers of the packages' files, or only the node that was asked.
void take_known_members(Connection& connection, const client::Endpoint& endpoint,
                        const std::vector<PackageFacts>& packages, LiveFacts& live) {
  const auto add = [&](const std::string& alias, const std::string& host, int port, int mode) {
    if (live.find(alias) != nullptr) return;
    live.nodes.emplace_back();
    auto& row = live.nodes.back().row;
    row.host = host;
    row.alias = alias;
    row.port = port;
    row.mode = mode;
    row.online = true;  // unless it does not answer
  };
  for (const auto& package : packages) {
    for (const auto& record : package.config.nodes.records) {
      const auto& site = record.node.site;
      if (record.node.mode == config::NodeMode::kController)
        add(site.alias, site.host, site.port, static_cast<int>(record.node.mode));
    }
  }
  if (!live.nodes.empty()) return;
  const auto alias = ask(connection, "getNodeAlias()");
  const auto mode = ask(connection, "getNodeType()");
  if (!alias.ok() || !mode.ok() || !alias->is_text() || !mode->is_scalar()) return;
  add(alias->text(), endpoint.host, endpoint.port, static_cast<int>(mode->scalar().as_int64()));
}

}  // namespace

LiveFacts gather_live(const client::Endpoint& endpoint, const client::ConnectionOptions& given,
                      const std::vector<PackageFacts>& packages) {
  auto options = given;
  options.socket.connect = kConnectLimit;
  options.socket.silence = kAnswerLimit;
  options.login = kLoginLimit;
  LiveFacts live;
  live.asked = endpoint.text();
  live.user = options.user;
  live.stock_password = options.user == "admin" && options.password == kStockPassword;
  auto opened = Connection::open(endpoint, options);
  // Nobody can log in while no controller leads; guests may still ask a node for its own facts.
  const auto needs_leader = [](const Error& error) {
    return error.code == ErrorCode::kTimeout || (error.code != ErrorCode::kDenied && was_reached(error));
  };
  if (!opened.ok() && !options.user.empty() && needs_leader(opened.error())) {
    live.refusal = opened.error().message;
    options.user.clear();
    live.user.clear();
    opened = Connection::open(endpoint, options);
  }
  if (!opened.ok()) {
    live.failure = opened.error().message;
    live.is_denied = opened.error().code == ErrorCode::kDenied;
    return live;
  }
  auto& connection = **opened;
  const auto view = read_cluster(connection);
  if (!view.ok()) {
    live.refusal = view.error().message;
    take_known_members(connection, endpoint, packages, live);
    ask_nodes(live, options);
    return live;
  }
  live.leader = view->leader();
  for (const auto& row : view->nodes) {
    live.nodes.emplace_back();
    live.nodes.back().row = row;
  }
  if (const auto group = ask(connection, "getControllerGroup()"); group.ok()) take_voters(*group, live);
  const auto chunks = take_chunks(connection, live);
  const auto transactions = take_transactions(connection, live);
  if (!chunks.ok()) live.refusal = chunks.error().message;
  if (!transactions.ok() && live.refusal.empty()) live.refusal = transactions.error().message;
  for (const auto& package : packages) {
    const auto in_effect = read_in_effect(connection, package.config, options);
    if (!in_effect.ok()) {
      live.drift_refusal = in_effect.error().message;
      continue;
    }
    const auto drift = differences(package.config, *in_effect);
    live.drift.insert(live.drift.end(), drift.begin(), drift.end());
  }
  ask_nodes(live, options);
  return live;
}

}  // namespace pelorus::cli::doctor
