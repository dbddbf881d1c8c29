// The service's part in transactions: placing chunks, recording decisions, answering doubts.

#include "controller/metadata_service.h"

#include <algorithm>

#include "base/fault_point.h"
#include "meta/chunk_locks.h"

namespace pelorus::controller {
namespace {

/// Those there are of the chunks a transaction wants.
std::vector<const meta::Chunk*> asked_for(const meta::State& state, const meta::BeginTransaction& command) {
  std::vector<const meta::Chunk*> chunks;
  if (const auto* chunk = state.find_chunk(command.recover)) chunks.push_back(chunk);
  for (const auto& request : command.chunks) {
    const auto* table = state.find_table(request.table);
    if (table == nullptr) continue;
    if (const auto found = table->chunks.find(request.key); found != table->chunks.end())
      chunks.push_back(&state.chunks.at(found->second));
  }
  return chunks;
}

}  // namespace

void MetadataService::plan_begin(meta::BeginTransaction& command) {
  command.now_ns = clock_.wall_ns();
  const auto live = live_.live();
  machine_.read([&](const meta::State& state) {
    meta::PlannedReplicas planned;
    for (auto& request : command.chunks) {
      const auto* table = state.find_table(request.table);
      if (table == nullptr || table->chunks.contains(request.key)) continue;
      request.placement = meta::place_chunk(state, options_.placement, live, *table, request.key, planned);
      for (const auto& node : request.placement) ++planned[node];
    }
  });
}

Result<Bytes> MetadataService::begin_transaction(std::string_view payload) {
  TRY(auto command, meta::decode<meta::BeginTransaction>(payload, meta::kBeginTransaction));
  reach(FaultPoint::kBeginReceived);
  plan_begin(command);
  const auto answer = propose(command);
  if (answer.ok())
    reach(FaultPoint::kBeginRecorded);
  else if (answer.error().code == ErrorCode::kConflict)
    note_awaited(command);
  TRY(const auto reply, begun(command, answer));
  return encode(reply);
}

Result<meta::BeginReply> MetadataService::begun(const meta::BeginTransaction& command, const Result<Bytes>& answer) {
  if (!answer.ok()) return refused_begin(command, answer.error());
  TRY(auto begun, meta::decode<meta::Begun>(*answer, "begun transaction"));
  const auto live = live_.live();
  meta::BeginReply reply{.begun = std::move(begun)};
  for (const auto& chunk : reply.begun.chunks) {
    for (const auto& node : chunk.replicas) {
      // Right after an election nobody has been heard of yet, which says nothing.
      if (!live.contains(node) && live_.is_gone(node, live_.timeout())) reply.down.insert(node);
    }
  }
  return reply;
}

Error MetadataService::refused_begin(const meta::BeginTransaction& command, const Error& error) {
  if (!meta::is_write_conflict(error)) return error;
  // The metadata do not show that a writer's process is gone before it registers again or its transaction is aborted.
  const auto gone = machine_.read([&](const meta::State& state) -> std::string {
    for (const auto* chunk : asked_for(state, command)) {
      const auto* holder = state.find_transaction(chunk->locked_by);
      if (holder != nullptr && live_.is_gone(holder->coordinator, live_.timeout())) return holder->coordinator;
    }
    return {};
  });
  if (gone.empty()) return error;
  return {ErrorCode::kConflict, "<ChunkInTransaction>The chunks are in a transaction of " + gone +
                                    ", which does not answer any more; it is being rolled back."};
}

void MetadataService::note_awaited(const meta::BeginTransaction& command) {
  machine_.read([&](const meta::State& state) {
    for (const auto* chunk : asked_for(state, command)) {
      const auto* holder = state.find_transaction(chunk->locked_by);
      // A node's own writers go one behind another.
      if (holder != nullptr && holder->coordinator != command.coordinator)
        awaited_.refused(chunk->id, command.coordinator);
    }
  });
}

bool MetadataService::others_wait(const meta::BeginTransaction& command) const {
  return machine_.read([&](const meta::State& state) {
    return std::ranges::any_of(asked_for(state, command),
                               [&](const auto* chunk) { return awaited_.by_another(chunk->id, command.coordinator); });
  });
}

bool MetadataService::was_begun(const meta::BeginTransaction& command) const {
  return machine_.read([&](const meta::State& state) {
    const auto client = state.clients.find(command.client);
    return !command.client.empty() && client != state.clients.end() && client->second.sequence == command.sequence;
  });
}

Result<Bytes> MetadataService::decide(std::string_view payload) {
  TRY(auto command, meta::decode<meta::DecideAndBegin>(payload, meta::kDecide));
  command.now_ns = clock_.wall_ns();
  command.prepared_min = options_.prepared_min;
  reach(FaultPoint::kDecideReceived);
  auto decided = command.next ? decide_and_begin(command, *command.next) : propose(meta::Decide(command));
  reach(FaultPoint::kDecideRecorded);
  return decided;
}

Result<Bytes> MetadataService::decide_and_begin(const meta::Decide& command, meta::BeginTransaction next) {
  if (others_wait(next)) {
    TRY(const auto alone, propose(command));
    // Unless an earlier attempt, whose answer was lost, has begun it all the same: then both are repeated below.
    if (!was_begun(next)) {
      TRY(auto decided, meta::decode<meta::Decided>(alone, "decision"));
      return encode(meta::DecidedAndBegun{std::move(decided), std::nullopt, true});
    }
  }
  plan_begin(next);
  const auto [made, answer] = propose_both(command, next);
  if (!made.ok()) return made;
  TRY(auto decided, meta::decode<meta::Decided>(*made, "decision"));
  meta::DecidedAndBegun reply{std::move(decided), std::nullopt, false};
  auto next_begun = begun(next, answer);
  if (next_begun.ok())
    reply.next = std::move(next_begun).value();
  else if (next_begun.error().code == ErrorCode::kOutcomeUnknown)
    return next_begun.error();  // to be repeated: neither is done twice
  return encode(reply);
}

Result<Bytes> MetadataService::get_decisions(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::DecisionsRequest>(payload, meta::kGetDecisions));
  TRY_DONE(log_.read_barrier_and_wait(options_.propose_timeout));
  const auto reply = machine_.read([&](const meta::State& state) {
    meta::DecisionsReply answers;
    for (const auto id : request.transactions) {
      meta::Decision decision{.transaction = id};
      if (const auto* transaction = state.find_transaction(id)) {
        decision.state = transaction->state;
        const bool committed = transaction->is_decided() && transaction->state != meta::TransactionState::kAborted;
        if (committed) decision.chunks = transaction->chunks;
      }
      answers.decisions.push_back(std::move(decision));
    }
    return answers;
  });
  reach(FaultPoint::kDecisionsRead);
  return encode(reply);
}

Result<Bytes> MetadataService::list_transactions(std::string_view) {
  return machine_.read([&](const meta::State& state) {
    meta::TransactionsReply reply;
    for (const auto& [id, transaction] : state.transactions) reply.transactions.push_back(transaction);
    return encode(reply);
  });
}

}  // namespace pelorus::controller
