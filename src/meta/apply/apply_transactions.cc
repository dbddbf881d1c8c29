#include <algorithm>
#include <unordered_map>

#include "meta/apply/apply_each.h"
#include "meta/chunk_locks.h"
#include "meta/levels.h"

namespace pelorus::meta {
namespace {

constexpr size_t kTransactionChunksMax = 65536;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

BegunChunk begun_chunk(const Chunk& chunk, std::vector<std::string> replicas) {
  return {chunk.id, chunk.table, chunk.key, chunk.version, std::move(replicas), chunk.version == 0 ? 0 : chunk.rows};
}

/// The answer an undecided transaction's coordinator was given.
Begun begun_again(const State& state, const Transaction& transaction) {
  Begun begun{.transaction = transaction.id};
  for (const auto& part : transaction.chunks) {
    if (const auto* chunk = state.find_chunk(part.chunk)) begun.chunks.push_back(begun_chunk(*chunk, part.replicas));
  }
  return begun;
}

/// What a numbered write has come to before: an answer or an error that ends the request, or nothing.
std::optional<Outcome> repetition(const State& state, const BeginTransaction& command) {
  const auto found = state.clients.find(command.client);
  if (command.client.empty() || found == state.clients.end()) return {};
  const auto& last = found->second;
  if (command.sequence > last.sequence) return {};
  if (command.sequence < last.sequence) {
    return error_of(ErrorCode::kStale, "The write " + std::to_string(command.sequence) + " of client " +
                                           command.client +
                                           " is older than its last one: " + std::to_string(last.sequence));
  }
  if (last.committed) {
    return Outcome::of(Begun{.transaction = last.transaction, .repeated = true, .rows = last.rows});
  }
  const auto* transaction = state.find_transaction(last.transaction);
  if (transaction == nullptr || transaction->is_decided()) return {};
  if (transaction->coordinator == command.coordinator && transaction->epoch == command.epoch) {
    return Outcome::of(begun_again(state, *transaction));
  }
  return error_of(ErrorCode::kConflict,
                  "<ChunkInTransaction>The first attempt of this write is not decided yet: transaction " +
                      std::to_string(last.transaction.value) + ".");
}

void remember_client(State& state, const BeginTransaction& command, TransactionId transaction) {
  if (command.client.empty()) return;
  state.clients[command.client] = {command.sequence, transaction, false, 0, state.now_ns};
  if (state.clients.size() <= kClientsMax) return;
  // Forgets the longest unused sixteenth at once, so that the scan is rare.
  std::vector<std::pair<int64_t, std::string>> by_age;
  for (const auto& [id, client] : state.clients) by_age.emplace_back(client.used_ns, id);
  std::sort(by_age.begin(), by_age.end());
  for (size_t i = 0; i < kClientsMax / 16; ++i) state.clients.erase(by_age[i].second);
}

Status check_key(const Database& database, const Table& table, const PartitionKey& key) {
  const auto& levels = database.scheme.levels;
  const auto depth = table.is_dimension() ? 0 : levels.size();
  if (key.parts.size() != depth) {
    return Error{ErrorCode::kInvalid, "A partition of " + table.name + " has " + std::to_string(depth) + " level(s)."};
  }
  for (size_t i = 0; i < depth; ++i) {
    const auto& part = key.parts[i];
    const bool is_value = levels[i].type == PartitionType::kValue;
    const bool same_type =
        part.type() == levels[i].value_type || (part.is_text() && types::is_literal(levels[i].value_type));
    if (part.is_null() || (is_value ? !same_type : !is_in_scheme(levels[i], part))) {
      return Error{ErrorCode::kInvalid, "The partition is not in the scheme of " + database.path + "."};
    }
  }
  return {};
}

/// Where chunks are of the whole database, a partition is held for all of its partitioned tables at once.
Status check_partition_free(const State& state, const Database& database, const Table& table, const PartitionKey& key) {
  if (!database.locks_whole_partitions() || state.level < kTableOptionsLevel || table.is_dimension()) return {};
  for (const auto& [name, id] : database.tables) {
    const auto& other = state.tables.at(id);
    const auto found = other.chunks.find(key);
    if (id == table.id || other.is_dimension() || found == other.chunks.end()) continue;
    const auto& chunk = state.chunks.at(found->second);
    const auto* holder = state.find_transaction(chunk.locked_by);
    if (holder != nullptr && holder->type != TransactionType::kRecover) return lock_conflict(state, chunk);
  }
  return {};
}

/// Everything that can refuse one chunk of a new transaction.
Status check_request(const State& state, const ChunkRequest& request) {
  const auto* table = state.find_table(request.table);
  if (table == nullptr) {
    return Error{ErrorCode::kNotFound, "The table does not exist any more: " + std::to_string(request.table.value)};
  }
  if (request.schema_version != 0 && request.schema_version != table->schema_version) {
    return Error{ErrorCode::kInvalid,
                 "The columns of the table [" + table->name + "] have been changed meanwhile; load it again."};
  }
  const auto& database = *state.find_database(table->database);
  TRY_DONE(check_key(database, *table, request.key));
  TRY_DONE(check_partition_free(state, database, *table, request.key));
  const auto found = table->chunks.find(request.key);
  if (found == table->chunks.end()) {
    const auto holds = [&](const std::string& alias) {
      const auto* node = state.find_node(alias);
      return node != nullptr && node->holds_data();
    };
    if (!request.placement.empty() && std::all_of(request.placement.begin(), request.placement.end(), holds)) return {};
    return Error{ErrorCode::kUnavailable, "No data node can take a new partition of " + table->name + "."};
  }
  const auto& chunk = state.chunks.at(found->second);
  if (chunk.locked_by.value != 0) return lock_conflict(state, chunk);
  if (chunk.good_replicas() == 0) {
    return Error{ErrorCode::kUnavailable,
                 "The chunk " + chunk_path(state, chunk) + " has no replica to write to. RefId: S01012"};
  }
  return {};
}

Chunk& make_chunk(State& state, const ChunkRequest& request) {
  Chunk chunk{.id = ChunkId{++state.last_chunk}, .table = request.table, .key = request.key};
  chunk.updated_ns = state.now_ns;
  std::set<std::string> nodes(request.placement.begin(), request.placement.end());
  for (const auto& node : nodes) add_replica(state, chunk, {.node = node});
  state.tables.at(request.table).chunks.emplace(request.key, chunk.id);
  return state.chunks.emplace(chunk.id, std::move(chunk)).first->second;
}

/// The chunk is held for a replica that copies the rest from the good ones.
Begun hold(const Chunk& chunk, TransactionId transaction) {
  Begun begun{.transaction = transaction};
  for (const auto& replica : chunk.replicas) {
    if (replica.stale) continue;
    if (begun.chunks.empty()) begun.chunks.push_back(begun_chunk(chunk, {}));
    begun.chunks[0].replicas.push_back(replica.node);
  }
  return begun;
}

/// Recoveries are not among the clients' last writes: that one asks again because its answer was lost shows in the
/// transaction itself.
bool is_repeated(const Transaction& holder, const BeginTransaction& command) {
  return holder.type == TransactionType::kRecover && holder.coordinator == command.coordinator &&
         holder.epoch == command.epoch && !command.client.empty() && holder.client == command.client &&
         holder.sequence == command.sequence;
}

Outcome begin_recovery(State& state, const BeginTransaction& command, Transaction transaction) {
  const auto place = state.chunks.find(command.recover);
  if (place == state.chunks.end()) return error_of(ErrorCode::kNotFound, "The chunk does not exist any more.");
  auto& chunk = place->second;
  if (chunk.locked_by.value != 0) {
    const auto* holder = state.find_transaction(chunk.locked_by);
    if (holder != nullptr && is_repeated(*holder, command)) return Outcome::of(hold(chunk, holder->id));
    return error_of(ErrorCode::kConflict,
                    "<ChunkInTransaction>The chunk is in transaction " + std::to_string(chunk.locked_by.value) + ".");
  }
  const auto* replica = chunk.find(command.coordinator);
  if (replica == nullptr || !replica->stale)
    return error_of(ErrorCode::kInvalid, "There is no replica to recover here.");
  chunk.locked_by = transaction.id = TransactionId{++state.last_transaction};
  transaction.chunks.push_back({chunk.id, {command.coordinator}, chunk.version});
  const auto begun = hold(chunk, transaction.id);
  state.transactions.emplace(transaction.id, std::move(transaction));
  return Outcome::of(begun);
}

/// Those that were to prepare, are still replicas, did not fail and did not fall behind meanwhile.
std::vector<std::string> prepared_replicas(const Chunk& chunk, const TransactionChunk& part, const Decide& command) {
  std::vector<std::string> prepared;
  for (const auto& node : part.replicas) {
    const auto* replica = chunk.find(node);
    const bool failed = std::any_of(command.failed.begin(), command.failed.end(),
                                    [&](const FailedReplica& f) { return f.chunk == part.chunk && f.node == node; });
    if (replica != nullptr && !replica->stale && !failed) prepared.push_back(node);
  }
  return prepared;
}

/// `rows`: of each chunk after the commit, as far as the command says.
void commit_chunk(State& state, Transaction& transaction, TransactionChunk& part, const Decide& command,
                  const std::unordered_map<ChunkId, int64_t>& rows) {
  auto& chunk = state.chunks.at(part.chunk);
  part.replicas = prepared_replicas(chunk, part, command);
  if (chunk.version++ == 0) {
    auto& database = state.databases.at(state.tables.at(chunk.table).database);
    if (add_missing_values(database.scheme, chunk.key)) ++state.catalogue_revision;
  }
  part.version = chunk.version;
  if (const auto known = rows.find(part.chunk); known != rows.end()) chunk.rows = known->second;
  for (auto& replica : chunk.replicas) {
    replica.stale = !contains(part.replicas, replica.node);
    if (!replica.stale) replica.version = chunk.version;
  }
  chunk.locked_by = {};
  chunk.updated_ns = state.now_ns;
  chunk.chain.push_back({transaction.id, chunk.rows, chunk.version});
  if (chunk.chain.size() > kVersionChainMax) chunk.chain.erase(chunk.chain.begin());
  transaction.unpublished.insert(part.replicas.begin(), part.replicas.end());
}

void commit_transaction(State& state, Transaction& transaction, const Decide& command) {
  std::unordered_map<ChunkId, int64_t> rows;
  for (const auto& one : command.rows) rows.insert_or_assign(one.chunk, one.rows);
  for (auto& part : transaction.chunks) {
    if (transaction.type != TransactionType::kRecover) {
      commit_chunk(state, transaction, part, command, rows);
      continue;
    }
    auto& chunk = state.chunks.at(part.chunk);
    chunk.locked_by = {};
    if (auto* replica = chunk.find(part.replicas[0]); replica != nullptr && chunk.version == part.version) {
      replica->stale = false;
      replica->version = chunk.version;
    }
  }
  transaction.state = transaction.unpublished.empty() ? TransactionState::kComplete : TransactionState::kCommitted;
  transaction.decided_ns = state.now_ns;
  const auto client = state.clients.find(transaction.client);
  if (!transaction.client.empty() && client != state.clients.end() && client->second.transaction == transaction.id) {
    client->second.committed = true;
    client->second.rows = command.result;
    client->second.used_ns = state.now_ns;
  }
}

Outcome decided(const Transaction& transaction) {
  Decided answer{.state = transaction.state};
  if (transaction.state != TransactionState::kAborted) answer.chunks = transaction.chunks;
  return Outcome::of(answer);
}

/// Judged anew here: since the leader planned it a commit may have made the others stale, or the wish was taken back.
void retire_replica(State& state, Chunk& chunk, const ReplicaChange& change, Dropped& dropped) {
  auto* replica = chunk.find(change.node);
  if (replica == nullptr || !has_to_go(state, *replica)) return;
  size_t staying = 0;
  for (const auto& other : chunk.replicas) staying += !other.stale && !has_to_go(state, other) ? 1 : 0;
  if (staying < std::max<size_t>(1, change.keep)) return;
  if (chunk.locked_by.value != 0) {
    replica->stale = true;  // the transaction goes on with the others
    return;
  }
  remove_replica(state, chunk, change.node);
  dropped.chunks.push_back({chunk.id, {change.node}});
}

void change_replica(State& state, const ReplicaChange& change, Dropped& dropped) {
  const auto place = state.chunks.find(change.chunk);
  if (place == state.chunks.end()) return;
  auto& chunk = place->second;
  auto* replica = chunk.find(change.node);
  switch (change.kind) {
    case ReplicaChange::Kind::kGood:
      if (replica == nullptr || change.version != chunk.version) return;
      replica->stale = false;
      replica->version = chunk.version;
      return;
    case ReplicaChange::Kind::kStale:
      if (replica == nullptr) return;
      replica->stale = true;
      replica->version = std::min(change.version, chunk.version);
      return;
    case ReplicaChange::Kind::kAdd: {
      const auto* node = state.find_node(change.node);
      if (replica == nullptr && node != nullptr && node->holds_data()) {
        add_replica(state, chunk, {.node = change.node, .stale = true, .wanted = change.wanted});
      }
      return;
    }
    case ReplicaChange::Kind::kRemove:
      if (replica == nullptr || chunk.replicas.size() == 1) return;
      if (!replica->stale && (chunk.good_replicas() == 1 || chunk.locked_by.value != 0)) return;
      remove_replica(state, chunk, change.node);
      dropped.chunks.push_back({chunk.id, {change.node}});
      return;
    case ReplicaChange::Kind::kMove: {
      const auto* target = state.find_node(change.target);
      const bool takes =
          target != nullptr && target->holds_data() && !target->draining && chunk.find(change.target) == nullptr;
      if (replica == nullptr || !replica->successor.empty() || !takes) return;
      replica->successor = change.target;
      add_replica(state, chunk, {.node = change.target, .stale = true, .wanted = true});
      return;
    }
    case ReplicaChange::Kind::kRetire: return retire_replica(state, chunk, change, dropped);
  }
}

}  // namespace

void abort_transaction(State& state, Transaction& transaction) {
  for (const auto& part : transaction.chunks) {
    const auto place = state.chunks.find(part.chunk);
    if (place == state.chunks.end() || place->second.locked_by != transaction.id) continue;
    place->second.locked_by = {};
    if (place->second.version == 0) erase_chunk(state, part.chunk, nullptr);
  }
  transaction.state = TransactionState::kAborted;
  transaction.decided_ns = state.now_ns;
}

void forget_finished(State& state) {
  if (state.transactions.size() <= 2 * kFinishedTransactionsMax) return;
  const auto is_finished = [](const Transaction& transaction) {
    return transaction.state == TransactionState::kComplete || transaction.state == TransactionState::kAborted;
  };
  size_t finished = 0;
  for (const auto& [id, transaction] : state.transactions) finished += is_finished(transaction) ? 1 : 0;
  for (auto place = state.transactions.begin();
       finished > kFinishedTransactionsMax && place != state.transactions.end();) {
    if (is_finished(place->second)) {
      place = state.transactions.erase(place);
      --finished;
    } else {
      ++place;
    }
  }
}

Outcome apply_one(State& state, const BeginTransaction& command) {
  const auto* node = state.find_node(command.coordinator);
  if (node == nullptr || node->epoch != command.epoch) {
    return error_of(ErrorCode::kStale, "The node " + command.coordinator + " must register again before it writes.");
  }
  if (auto before = repetition(state, command)) return *before;
  Transaction transaction{.type = command.type,
                          .client = command.client,
                          .sequence = command.sequence,
                          .coordinator = command.coordinator,
                          .epoch = command.epoch};
  if (command.type == TransactionType::kRecover) {
    advance(state, command.now_ns);
    transaction.begun_ns = state.now_ns;
    return begin_recovery(state, command, std::move(transaction));
  }
  if (command.chunks.empty() || command.chunks.size() > kTransactionChunksMax) {
    return error_of(ErrorCode::kLimit, "A transaction touches between 1 and " + std::to_string(kTransactionChunksMax) +
                                           " partitions: " + std::to_string(command.chunks.size()));
  }
  std::set<std::pair<TableId, PartitionKey>> seen;
  for (const auto& request : command.chunks) {
    if (!seen.emplace(request.table, request.key).second) {
      return error_of(ErrorCode::kInvalid, "A transaction names each partition once.");
    }
    if (const auto good = check_request(state, request); !good.ok()) return good;
  }
  advance(state, command.now_ns);
  transaction.begun_ns = state.now_ns;
  transaction.id = TransactionId{++state.last_transaction};
  Begun begun{.transaction = transaction.id};
  for (const auto& request : command.chunks) {
    auto& chunks = state.tables.at(request.table).chunks;
    const auto found = chunks.find(request.key);
    auto& chunk = found == chunks.end() ? make_chunk(state, request) : state.chunks.at(found->second);
    chunk.locked_by = transaction.id;
    TransactionChunk part{.chunk = chunk.id, .version = chunk.version};
    for (const auto& replica : chunk.replicas) {
      if (!replica.stale) part.replicas.push_back(replica.node);
    }
    begun.chunks.push_back(begun_chunk(chunk, part.replicas));
    transaction.chunks.push_back(std::move(part));
  }
  remember_client(state, command, transaction.id);
  state.transactions.emplace(transaction.id, std::move(transaction));
  return Outcome::of(begun);
}

Outcome apply_one(State& state, const Decide& command) {
  const auto place = state.transactions.find(command.transaction);
  if (place == state.transactions.end()) return Outcome::of(Decided{});
  auto& transaction = place->second;
  if (transaction.is_decided()) return decided(transaction);
  advance(state, command.now_ns);
  const auto enough = [&](const TransactionChunk& part) {
    if (transaction.type == TransactionType::kRecover) return true;
    const auto chunk = state.chunks.find(part.chunk);
    return chunk != state.chunks.end() &&
           prepared_replicas(chunk->second, part, command).size() >= std::max<size_t>(1, command.prepared_min);
  };
  if (command.commit && std::all_of(transaction.chunks.begin(), transaction.chunks.end(), enough)) {
    commit_transaction(state, transaction, command);
  } else {
    abort_transaction(state, transaction);
  }
  const auto outcome = decided(transaction);
  forget_finished(state);
  return outcome;
}

Outcome apply_one(State& state, const CompleteTransactions& command) {
  for (const auto& [id, node] : command.published) {
    const auto place = state.transactions.find(id);
    if (place == state.transactions.end() || place->second.state != TransactionState::kCommitted) continue;
    if (node.empty()) {
      place->second.unpublished.clear();
    } else {
      place->second.unpublished.erase(node);
    }
    if (place->second.unpublished.empty()) place->second.state = TransactionState::kComplete;
  }
  forget_finished(state);
  return {};
}

Outcome apply_one(State& state, const ChangeReplicas& command) {
  Dropped dropped;
  for (const auto& change : command.changes) change_replica(state, change, dropped);
  return Outcome::of(dropped);
}

Outcome apply_one(State& state, const ForceVersion& command) {
  const auto place = state.chunks.find(command.chunk);
  auto* replica = place == state.chunks.end() ? nullptr : place->second.find(command.node);
  if (replica == nullptr) return error_of(ErrorCode::kNotFound, "There is no such replica on " + command.node + ".");
  auto& chunk = place->second;
  if (chunk.locked_by.value != 0) {
    return error_of(ErrorCode::kConflict,
                    "<ChunkInTransaction>The chunk is in transaction " + std::to_string(chunk.locked_by.value) + ".");
  }
  chunk.version = command.version;
  for (auto& other : chunk.replicas) other.stale = other.version != command.version;
  replica->stale = false;
  replica->version = command.version;
  return {};
}

}  // namespace pelorus::meta
