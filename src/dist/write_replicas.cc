#include "dist/write_replicas.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/memory_limit.h"
#include "data/sorted_rows.h"
#include "dist/table_columns.h"
#include "exec/route_rows.h"
#include "meta/chunk_locks.h"
#include "meta/levels.h"
#include "types/format_value.h"

namespace pelorus::dist {
namespace {

/// How long a write waits for chunks that are being recovered, or whose writer has died.
constexpr std::chrono::seconds kConflictWait{30};
/// How long a part of a write waits for other writers of its chunk where atomic is 'CHUNK'.
constexpr std::chrono::seconds kChunkWriterWait{180};
/// How long for a replica of each chunk and for the controllers: a crashed node is back within it as a rule.
constexpr std::chrono::seconds kAvailabilityWait{10};
constexpr std::chrono::milliseconds kPauseLeast{2};
constexpr std::chrono::milliseconds kPauseMost{200};
/// Transactions of one write with atomic='CHUNK' that are on their way together.
constexpr size_t kPartsAtOnce = 8;

/// After a conflict with another node's writer appends are not joined for so long.
constexpr std::chrono::milliseconds kApartAfterConflict{1000};

/// Of the rows of an append: split by partition, packed for the peers, in the write buffer.
constexpr uint64_t kCopiesOnTheWay = 4;

/// Runs `work(i)` for 0 ≤ i < count at the same time, the first on this thread.
void in_parallel(ThreadPool& pool, size_t count, const std::function<void(size_t)>& work) {
  if (count == 0) return;
  std::latch done(static_cast<std::ptrdiff_t>(count - 1));
  std::vector<size_t> here{0};
  for (size_t i = 1; i < count; ++i) {
    const bool started = pool.submit([&, i] {
      work(i);
      done.count_down();
    });
    if (!started) here.push_back(i);
  }
  for (const auto i : here) work(i);
  if (here.size() > 1) done.count_down(static_cast<std::ptrdiff_t>(here.size() - 1));
  done.wait();
}

txn::Decision as_decision(TransactionId transaction, const meta::Decided& decided) {
  txn::Decision decision{.transaction = transaction, .verdict = txn::Verdict::kAbort, .chunks = {}};
  if (decided.state == meta::TransactionState::kAborted) return decision;
  decision.verdict =
      decided.state == meta::TransactionState::kRunning ? txn::Verdict::kUndecided : txn::Verdict::kCommit;
  for (const auto& chunk : decided.chunks) decision.chunks.push_back({chunk.chunk, chunk.version, chunk.replicas});
  return decision;
}

/// Of a change that is appended: marks of what is gone, then what comes. Of two rows with the same keys the later wins.
Result<ChangeResult> appended_rows(PartitionService& service, const meta::Table& table,
                                   const exec::PartitionChange& change, const ChunkVersion& version) {
  const auto run = [&](const exec::Fragment& fragment) -> Result<data::Table> {
    TRY(auto parts, service.scan(fragment, table.columns, {version}));
    if (parts.size() != 1) return Error{ErrorCode::kInternal, "a peer scanned other chunks than it was asked to"};
    return std::move(parts[0]);
  };
  ChangeResult result;
  if (change.deleted) {
    TRY(const auto keys, run(*change.deleted));
    result.changed = static_cast<int64_t>(keys.rows());
    result.rows = deletion_marks(keys, table);
  }
  if (!change.added) return result;
  TRY(auto rows, run(*change.added));
  if (rows.columns() != table.columns.size())
    return Error{ErrorCode::kInternal, "a change gives another number of columns than " + table.name + " has"};
  result.changed = static_cast<int64_t>(rows.rows());
  rows = as_stored(std::move(rows), table);
  if (!change.deleted) {
    result.rows = std::move(rows);
    return result;
  }
  TRY_DONE(result.rows.append(rows));
  return result;
}

/// What a change makes of one chunk, as chunks keep rows: all that is left, or what is to be appended.
Result<ChangeResult> change_chunk(PartitionService& service, const meta::Table& table,
                                  const exec::PartitionChange& change, const meta::BegunChunk& chunk) {
  const ChunkVersion version{chunk.chunk, chunk.version};
  if (change.appends()) return appended_rows(service, table, change, version);
  TRY(auto result, service.change(*change.fragment, table.columns, version));
  if (result.rows.columns() != table.columns.size())
    return Error{ErrorCode::kInternal, "a change left another number of columns in " + table.name};
  result.rows = as_stored(std::move(result.rows), table);
  return result;
}

std::string label_of(const TableFacts& table) { return table.database.path + "/" + table.table.name; }

}  // namespace

/// One transaction after its begin.
struct ReplicatedWriter::Write {
  dist::Ticket ticket;
  std::vector<meta::BegunChunk> chunks;
  std::vector<data::Table> rows;  // of each chunk
  bool replace = false;
  RowOrder order;
  std::set<std::string> down;  // nodes the controllers hold for dead
};

std::chrono::seconds ReplicatedWriter::patience(const Error& error, bool waits_for_writers) const {
  switch (error.code) {
    case ErrorCode::kConflict:
      if (waits_for_writers) return kChunkWriterWait;
      // Controllers of older programs call every held chunk a conflict of writers.
      return meta::is_write_conflict(error) && distribution_.level() >= meta::kTableOptionsLevel
                 ? std::chrono::seconds(0)
                 : kConflictWait;
    case ErrorCode::kStale:
    case ErrorCode::kUnavailable: return kAvailabilityWait;
    default: return std::chrono::seconds(0);
  }
}

Result<int64_t> ReplicatedWriter::patiently(bool waits_for_writers,
                                            const std::function<Result<int64_t>()>& attempt) const {
  const auto begun = std::chrono::steady_clock::now();
  auto pause = kPauseLeast;
  std::minstd_rand jitter(std::random_device{}());
  while (true) {
    auto result = attempt();
    if (result.ok()) return result;
    const auto wait = patience(result.error(), waits_for_writers);
    if (wait.count() == 0 || !is_patient_ || std::chrono::steady_clock::now() - begun > wait) return result;
    std::this_thread::sleep_for(pause / 2 +
                                std::chrono::milliseconds(jitter() % static_cast<unsigned>(pause.count() + 1)));
    pause = std::min(pause * 2, kPauseMost);
  }
}

Status ReplicatedWriter::change_definition(const std::function<Status()>& change) const {
  Status changed;
  (void)patiently(false, [&]() -> Result<int64_t> {
    changed = change();
    if (!changed.ok() && changed.error().code == ErrorCode::kConflict) return changed.error();
    return 0;
  });
  return changed;
}

Result<int64_t> ReplicatedWriter::write_parts(const TableFacts& table, std::span<const meta::PartitionKey> keys,
                                              const Number& number, const WriteOnce& once) {
  const size_t parts = keys.size();
  if (!table.database.atomic_chunk) return patiently(false, [&] { return once(0, parts, number); });
  const auto write_part = [&](size_t i, const Number& own) {
    const PartitionTurns::Turn turn(turns_, {table.table.id, keys[i]}, kChunkWriterWait);
    return patiently(true, [&] { return once(i, i + 1, own); });
  };
  if (parts == 1) return write_part(0, number);
  std::vector<Result<int64_t>> results(parts, Result<int64_t>(0));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < parts; i = next++) {
      const Number own{number.client.empty() ? "" : number.client + "/" + std::to_string(i), number.sequence};
      results[i] = write_part(i, i < RequestScope::kWritesMax ? own : Number{});
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < std::min(parts, kPartsAtOnce); ++i) threads.emplace_back(work);
    work();
  }
  int64_t written = 0;
  size_t failed = 0;
  std::optional<Error> first;
  for (const auto& result : results) {
    if (result.ok()) {
      written += *result;
      continue;
    }
    ++failed;
    if (!first) first = result.error();
  }
  if (!first) return written;
  return Error{first->code, first->message + " Of " + std::to_string(parts) + " partitions " +
                                std::to_string(parts - failed) + " were written (atomic='CHUNK')."};
}

meta::BeginTransaction ReplicatedWriter::begin_request(meta::TransactionType type, const TableFacts& table,
                                                       std::span<const meta::PartitionKey> keys,
                                                       const Number& number) const {
  meta::BeginTransaction request{.type = type,
                                 .client = number.client,
                                 .sequence = number.sequence,
                                 .coordinator = distribution_.self,
                                 .epoch = epoch_()};
  for (const auto& key : keys) {
    request.chunks.push_back(
        {.table = table.table.id, .key = key, .placement = {}, .schema_version = table.table.schema_version});
  }
  return request;
}

Result<meta::BeginReply> ReplicatedWriter::begin(meta::TransactionType type, const TableFacts& table,
                                                 std::span<const meta::PartitionKey> keys, const Number& number) {
  reach(FaultPoint::kBeginAsked);
  auto begun = distribution_.catalogue.begin(begin_request(type, table, keys, number));
  reach(FaultPoint::kBeginAnswered);
  return begun;
}

RowOrder ReplicatedWriter::order(const TableFacts& table) const {
  if (distribution_.level() < meta::kSortedChunksLevel) return {};
  auto order = order_of(table.table);
  if (distribution_.level() < meta::kTableOptionsLevel) order.compression.clear();
  return order;
}

Status ReplicatedWriter::prepare(const Write& write, const txn::PrepareOrder& asked) {
  std::vector<ChunkBlock> blocks;
  for (size_t c = 0; c < write.chunks.size(); ++c) {
    if (std::ranges::find(asked.chunks, write.chunks[c].chunk) == asked.chunks.end()) continue;
    blocks.push_back({.chunk = write.chunks[c].chunk,
                      .replace = write.replace,
                      .base_version = write.chunks[c].version,
                      .rows = write.rows[c],
                      .order = write.order});
  }
  reach(FaultPoint::kPrepareSent);
  auto status = distribution_.services.of(asked.node)->prepare(write.ticket, blocks);
  reach(FaultPoint::kPrepareAnswered);
  if (!status.ok()) {
    log_warning("transaction " + std::to_string(write.ticket.transaction.value) + ": " + asked.node +
                " did not prepare: " + status.error().message);
  }
  return status;
}

meta::Decide ReplicatedWriter::decision(const Write& write, const txn::DecisionRequest& request, int64_t answer) {
  meta::Decide decision{
      .transaction = request.transaction, .commit = request.commit, .failed = {}, .rows = {}, .result = answer};
  for (const auto& lost : request.lost) decision.failed.push_back({lost.chunk, lost.node});
  for (size_t c = 0; c < write.chunks.size(); ++c) {
    const auto rows = static_cast<int64_t>(write.rows[c].rows());
    decision.rows.push_back(
        {write.chunks[c].chunk, rows_after(write.order, write.chunks[c].rows, rows, write.replace)});
  }
  return decision;
}

Result<meta::Decided> ReplicatedWriter::decide_and_begin(const TableFacts& table, const meta::Decide& decision,
                                                         JointAppends::Next& next) {
  const auto keys = next.form();
  if (keys.empty()) return distribution_.catalogue.decide(decision);
  TRY(auto reply, distribution_.catalogue.decide_and_begin(
                      decision, begin_request(meta::TransactionType::kAppend, table, keys, {})));
  if (reply.next) next.set_begun(std::move(*reply.next));
  if (reply.others_wait) stay_apart();
  return static_cast<meta::Decided&>(reply);
}

Result<int64_t> ReplicatedWriter::drive(const Write& write, int64_t answer, const Decider& decider) {
  const memory::NeverRefused once_begun;
  txn::Plan plan{.transaction = write.ticket.transaction, .parts = {}, .down = write.down};
  for (const auto& chunk : write.chunks) plan.parts.push_back({chunk.chunk, chunk.version, chunk.replicas});
  txn::Coordinator coordinator(std::move(plan));
  auto actions = coordinator.start();
  auto orders = std::move(actions.prepare);
  // Remote ones first: they start on other threads while this one writes the local replica.
  std::stable_partition(orders.begin(), orders.end(),
                        [&](const auto& order) { return order.node == distribution_.self; });
  std::vector<Status> prepared(orders.size());
  in_parallel(distribution_.pool, orders.size(), [&](size_t n) { prepared[n] = prepare(write, orders[n]); });
  for (size_t n = 0; n < orders.size() && !actions.decide; ++n)
    actions = coordinator.on_prepare_answer(orders[n].node, prepared[n]);
  CHECK(actions.decide.has_value());
  reach(FaultPoint::kDecisionAsked);
  const auto asked = decision(write, *actions.decide, answer);
  const auto decided = decider ? decider(asked) : distribution_.catalogue.decide(asked);
  reach(FaultPoint::kDecisionAnswered);
  actions = decided.ok() ? coordinator.on_decision(as_decision(write.ticket.transaction, *decided))
                         : coordinator.on_give_up();
  in_parallel(distribution_.pool, actions.notify.size(), [&](size_t n) { notify(actions.notify[n]); });
  CHECK(actions.answer.has_value());
  reach(FaultPoint::kWriterAnswered);
  if (actions.answer->status.ok()) return answer;
  return actions.answer->status.error();
}

void ReplicatedWriter::notify(const txn::Notice& notice) {
  std::vector<ChunkVersion> versions;
  for (const auto& chunk : notice.decision.chunks) versions.push_back({chunk.chunk, chunk.version});
  reach(FaultPoint::kNoticeSent);
  const auto status = distribution_.services.of(notice.node)->settle(notice.decision.transaction, versions);
  reach(FaultPoint::kNoticeAnswered);
  // A notice that is lost is made good by the node itself: it asks for the outcome.
  if (!status.ok()) log_debug("notice to " + notice.node + ": " + status.error().message);
}

void ReplicatedWriter::roll_back(TransactionId transaction) {
  const auto decided = distribution_.catalogue.decide({.transaction = transaction, .commit = false});
  if (!decided.ok())
    log_warning("rollback of transaction " + std::to_string(transaction.value) + ": " + decided.error().message);
}

Result<std::vector<bool>> ReplicatedWriter::left_out(const TableFacts& table,
                                                     std::span<const meta::PartitionKey> keys) const {
  std::vector<bool> out(keys.size(), false);
  if (new_values_ == NewValuePolicy::kAdd) return out;
  const auto new_level = [](const meta::PartitionScheme& scheme, const meta::PartitionKey& key) {
    for (size_t l = 0; l < key.parts.size(); ++l) {
      if (!meta::is_in_scheme(scheme.levels[l], key.parts[l])) return static_cast<int>(l);
    }
    return -1;
  };
  auto scheme = table.database.scheme;
  if (std::ranges::none_of(keys, [&](const auto& key) { return new_level(scheme, key) >= 0; })) return out;
  // The scheme may have grown since the table was opened.
  TRY(const auto database, distribution_.catalogue.find_database(table.database.path));
  if (database) scheme = database->scheme;
  for (size_t k = 0; k < keys.size(); ++k) {
    const int level = new_level(scheme, keys[k]);
    if (level < 0) continue;
    const auto l = static_cast<size_t>(level);
    const auto value = types::format_value(keys[k].parts[l]);
    if (new_values_ == NewValuePolicy::kFail) {
      return Error{ErrorCode::kInvalid, "The value of partition column [" + table.table.partition_columns[l] +
                                            "] belongs to no partition: " + value +
                                            ". Add it with addValuePartitions, or set newValuePartitionPolicy=add."};
    }
    out[k] = true;
    log_warning("rows for " + label_of(table) + " are left out: there is no partition for " +
                table.table.partition_columns[l] + " = " + value + " and newValuePartitionPolicy is skip");
  }
  return out;
}

Result<ReplicatedWriter::RoutedAppend> ReplicatedWriter::route(const TableFacts& table, const data::Table& rows,
                                                               const std::optional<Number>& number) {
  RoutedAppend routed;
  data::Table fitted(schema_of(table.table));
  TRY_DONE(fitted.append(rows));
  if (fitted.rows() == 0) return routed;
  memory::require_if_refusable(kCopiesOnTheWay * rows.memory_bytes());
  TRY(routed.routes, exec::route_rows(fitted, table.database.scheme, table.table.partition_columns));
  TRY(const auto out, left_out(table, routed.routes.keys()));
  routed.routes.leave_out(out);
  const size_t parts = routed.routes.keys().size();
  if (parts == 0) return routed;
  routed.routes.set_table(as_stored(std::move(fitted), table.table));
  // The number belongs to the write and not to an attempt: one whose end was not heard of must be found by it.
  routed.number = number ? *number : RequestScope::next_write();
  // A transaction has one number, so numbered appends are not joined.
  const bool may_be_joined =
      table.database.atomic_chunk && routed.number.client.empty() && JointAppends::may_join(routed.routes);
  if (!may_be_joined) make_parts(table, routed);
  return routed;
}

data::Table ReplicatedWriter::in_order(const TableFacts& table, data::Table rows) const {
  const auto columns = order(table).columns;
  return columns.empty() ? rows : data::sorted_rows(std::move(rows), columns);
}

void ReplicatedWriter::make_parts(const TableFacts& table, RoutedAppend& routed) const {
  for (size_t k = 0; k < routed.routes.keys().size(); ++k)
    routed.parts.push_back(in_order(table, routed.routes.part(k)));
}

Result<int64_t> ReplicatedWriter::append(const TableFacts& table, RoutedAppend& routed) {
  const auto& keys = routed.routes.keys();
  if (keys.empty()) return 0;
  if (routed.parts.empty()) {
    if (std::chrono::steady_clock::now() > apart_until_.load()) {
      auto joint = append_jointly(table, routed.routes);
      if (joint.ok() || joint.error().code == ErrorCode::kOutcomeUnknown) return joint;
    }
    make_parts(table, routed);
  }
  return write_parts(table, keys, routed.number, [&](size_t first, size_t last, const Number& own) {
    return append_once(table, std::span(keys).subspan(first, last - first),
                       std::span(routed.parts).subspan(first, last - first), own);
  });
}

void ReplicatedWriter::stay_apart() { apart_until_ = std::chrono::steady_clock::now() + kApartAfterConflict; }

Result<int64_t> ReplicatedWriter::append_jointly(const TableFacts& table, const exec::RowRoutes& rows) {
  const auto commit = [&](JointAppends::Joined& joined, JointAppends::Next& next) -> Status {
    std::vector<PartitionTurns::Partition> partitions;
    for (const auto& key : joined.keys) partitions.emplace_back(table.table.id, key);
    const PartitionTurns::Turns turns(turns_, std::move(partitions));
    if (!turns.had()) {
      if (joined.begun) roll_back(joined.begun->begun.transaction);
      return Error{ErrorCode::kConflict, "another statement writes to one of the partitions"};
    }
    auto begun = joined.begun ? Result<meta::BeginReply>(std::move(*joined.begun))
                              : begin(meta::TransactionType::kAppend, table, joined.keys, {});
    const auto done =
        begun.ok() ? append_begun(table, std::move(begun).value(), joined.rows, &next) : Result<int64_t>(begun.error());
    if (done.ok()) return {};
    // A writer of another node: each part is to wait for its own partition only.
    if (done.error().code == ErrorCode::kConflict) stay_apart();
    return done.error();
  };
  const auto arrange = [&](data::Table part) { return in_order(table, std::move(part)); };
  TRY_DONE(joint_appends_.append({table.table.id, table.table.schema_version}, rows, arrange, commit));
  int64_t count = 0;
  for (size_t k = 0; k < rows.keys().size(); ++k) count += static_cast<int64_t>(rows.count(k));
  return count;
}

Result<int64_t> ReplicatedWriter::append_once(const TableFacts& table, std::span<const meta::PartitionKey> keys,
                                              std::span<const data::Table> rows, const Number& number) {
  TRY(auto begun, begin(meta::TransactionType::kAppend, table, keys, number));
  if (begun.begun.repeated) return begun.begun.rows;
  return append_begun(table, std::move(begun), rows);
}

Result<int64_t> ReplicatedWriter::append_begun(const TableFacts& table, meta::BeginReply begun,
                                               std::span<const data::Table> rows, JointAppends::Next* next) {
  if (begun.begun.chunks.size() != rows.size())
    return Error{ErrorCode::kInternal, "the controllers began another set of chunks for " + label_of(table)};
  const Write write{.ticket = ticket(begun.begun.transaction),
                    .chunks = std::move(begun.begun.chunks),
                    .rows = {rows.begin(), rows.end()},
                    .replace = false,
                    .order = order(table),
                    .down = std::move(begun.down)};
  int64_t count = 0;
  for (const auto& part : rows) count += static_cast<int64_t>(part.rows());
  if (next == nullptr) return drive(write, count);
  return drive(write, count, [&](const meta::Decide& decision) { return decide_and_begin(table, decision, *next); });
}

Result<int64_t> ReplicatedWriter::replace(const TableFacts& table, const meta::PartitionKey& key,
                                          const data::Table& rows) {
  memory::require_if_refusable(kCopiesOnTheWay * rows.memory_bytes());
  const auto stored = as_stored(rows, table.table);
  return patiently(true, [&] { return replace_once(table, key, stored); });
}

Result<int64_t> ReplicatedWriter::replace_once(const TableFacts& table, const meta::PartitionKey& key,
                                               const data::Table& stored) {
  const auto count = static_cast<int64_t>(stored.rows());
  // Not numbered: a repeated request may have less left to replace, and replacing twice is the same as once.
  TRY(auto begun, begin(meta::TransactionType::kUpdate, table, std::span(&key, 1), {}));
  if (begun.begun.chunks.size() != 1)
    return Error{ErrorCode::kInternal, "the controllers began another set of chunks for " + label_of(table)};
  const Write write{.ticket = ticket(begun.begun.transaction),
                    .chunks = std::move(begun.begun.chunks),
                    .rows = {stored},
                    .replace = true,
                    .order = order(table),
                    .down = std::move(begun.down)};
  return drive(write, count);
}

Result<int64_t> ReplicatedWriter::change(const TableFacts& table, std::span<const exec::PartitionChange> changes) {
  std::vector<meta::PartitionKey> keys;
  for (const auto& one : changes) keys.push_back(one.key);
  TRY(const auto out, left_out(table, keys));
  std::vector<exec::PartitionChange> kept;
  std::vector<meta::PartitionKey> kept_keys;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!out[i]) kept.push_back(changes[i]), kept_keys.push_back(keys[i]);
  }
  if (kept.empty()) return 0;
  const auto own_number = RequestScope::next_write();
  return write_parts(table, kept_keys, own_number, [&](size_t first, size_t last, const Number& number) {
    return change_once(table, std::span(kept).subspan(first, last - first), number);
  });
}

std::vector<Result<ChangeResult>> ReplicatedWriter::changed_rows(const TableFacts& table,
                                                                 std::span<const exec::PartitionChange> changes,
                                                                 const std::vector<meta::BegunChunk>& chunks) {
  std::vector<Result<ChangeResult>> results(chunks.size(), Error{ErrorCode::kUnavailable, "no replica"});
  in_parallel(distribution_.pool, chunks.size(), [&](size_t c) {
    if (chunks[c].version == 0) {
      if (!changes[c].if_new) {
        results[c] = Error{ErrorCode::kNotFound, "A partition of " + label_of(table) + " has been dropped meanwhile."};
        return;
      }
      const auto& rows = *changes[c].if_new;
      results[c] = ChangeResult{.changed = static_cast<int64_t>(rows.rows()), .rows = as_stored(rows, table.table)};
      return;
    }
    for (const auto& node : chunks[c].replicas) {
      results[c] = memory::refused_as_error(
          [&] { return change_chunk(*distribution_.services.of(node), table.table, changes[c], chunks[c]); });
      if (results[c].ok() || results[c].error().code == ErrorCode::kScript) return;
    }
  });
  reach(FaultPoint::kChangeRead);
  return results;
}

Result<int64_t> ReplicatedWriter::change_once(const TableFacts& table, std::span<const exec::PartitionChange> changes,
                                              const Number& number) {
  std::vector<meta::PartitionKey> keys;
  for (const auto& one : changes) keys.push_back(one.key);
  TRY(auto begun, begin(meta::TransactionType::kUpdate, table, keys, number));
  if (begun.begun.repeated) return begun.begun.rows;
  Write write{.ticket = ticket(begun.begun.transaction),
              .chunks = std::move(begun.begun.chunks),
              .rows = {},
              .replace = !changes.front().appends(),
              .order = order(table),
              .down = std::move(begun.down)};
  int64_t changed = 0;
  for (auto& result : changed_rows(table, changes, write.chunks)) {
    if (!result.ok()) {
      roll_back(write.ticket.transaction);
      return result.error();
    }
    changed += result->changed;
    write.rows.push_back(std::move(result->rows));
  }
  if (changed == 0 && !write.replace) {  // nothing to append
    roll_back(write.ticket.transaction);
    return 0;
  }
  return drive(write, changed);
}

}  // namespace pelorus::dist
