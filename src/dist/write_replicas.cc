#include "dist/write_replicas.h"

#include <algorithm>
#include <latch>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/memory_limit.h"
#include "dist/table_columns.h"
#include "exec/route_rows.h"
#include "meta/levels.h"
#include "types/format_value.h"

namespace pelorus::dist {
namespace {

/// How long a write waits for other writers of the same chunks before the client hears of it.
constexpr std::chrono::seconds kConflictWait{30};
/// How long for a replica of each chunk and for the controllers: a crashed node is back within it as a rule.
constexpr std::chrono::seconds kAvailabilityWait{10};
constexpr std::chrono::milliseconds kPauseLeast{2};
constexpr std::chrono::milliseconds kPauseMost{200};

/// For how long a transaction that ended with `error` may be begun anew: it certainly changed nothing.
std::chrono::seconds patience(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict: return kConflictWait;
    case ErrorCode::kStale:
    case ErrorCode::kUnavailable: return kAvailabilityWait;
    default: return std::chrono::seconds(0);
  }
}

/// `attempt()` until it succeeds, fails for good, or patience ends.
Result<int64_t> patiently(const std::function<Result<int64_t>()>& attempt) {
  const auto begun = std::chrono::steady_clock::now();
  auto pause = kPauseLeast;
  std::minstd_rand jitter(std::random_device{}());
  while (true) {
    auto result = attempt();
    if (result.ok() || std::chrono::steady_clock::now() - begun > patience(result.error())) return result;
    std::this_thread::sleep_for(pause / 2 +
                                std::chrono::milliseconds(jitter() % static_cast<unsigned>(pause.count() + 1)));
    pause = std::min(pause * 2, kPauseMost);
  }
}

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

Result<meta::BeginReply> ReplicatedWriter::begin(meta::TransactionType type, const TableFacts& table,
                                                 const std::vector<meta::PartitionKey>& keys,
                                                 RequestScope::WriteNumber number) {
  meta::BeginTransaction request{.type = type,
                                 .client = std::move(number.client),
                                 .sequence = number.sequence,
                                 .coordinator = distribution_.self,
                                 .epoch = epoch_()};
  for (const auto& key : keys) {
    request.chunks.push_back(
        {.table = table.table.id, .key = key, .placement = {}, .schema_version = table.table.schema_version});
  }
  reach(FaultPoint::kBeginAsked);
  auto begun = distribution_.catalogue.begin(request);
  reach(FaultPoint::kBeginAnswered);
  return begun;
}

RowOrder ReplicatedWriter::order(const TableFacts& table) const {
  return distribution_.level() < meta::kSortedChunksLevel ? RowOrder{} : order_of(table.table);
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

Result<meta::Decided> ReplicatedWriter::decide(const Write& write, const txn::DecisionRequest& request,
                                               int64_t answer) {
  meta::Decide decision{
      .transaction = request.transaction, .commit = request.commit, .failed = {}, .rows = {}, .result = answer};
  for (const auto& lost : request.lost) decision.failed.push_back({lost.chunk, lost.node});
  for (size_t c = 0; c < write.chunks.size(); ++c) {
    const auto rows = static_cast<int64_t>(write.rows[c].rows());
    decision.rows.push_back(
        {write.chunks[c].chunk, rows_after(write.order, write.chunks[c].rows, rows, write.replace)});
  }
  reach(FaultPoint::kDecisionAsked);
  auto decided = distribution_.catalogue.decide(decision);
  reach(FaultPoint::kDecisionAnswered);
  return decided;
}

Result<int64_t> ReplicatedWriter::drive(const Write& write, int64_t answer) {
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
  const auto decided = decide(write, *actions.decide, answer);
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

Status ReplicatedWriter::judge_new_values(const TableFacts& table, std::vector<exec::RoutedRows>& parts,
                                          int64_t& count) const {
  if (new_values_ == NewValuePolicy::kAdd) return {};
  const auto new_level = [](const meta::PartitionScheme& scheme, const meta::PartitionKey& key) {
    for (size_t l = 0; l < key.parts.size(); ++l) {
      if (!meta::is_in_scheme(scheme.levels[l], key.parts[l])) return static_cast<int>(l);
    }
    return -1;
  };
  auto scheme = table.database.scheme;
  const auto is_new = [&](const auto& part) { return new_level(scheme, part.key) >= 0; };
  if (std::ranges::none_of(parts, is_new)) return {};
  // The scheme may have grown since the table was opened.
  TRY(const auto database, distribution_.catalogue.find_database(table.database.path));
  if (database) scheme = database->scheme;
  for (const auto& part : parts) {
    const int level = new_level(scheme, part.key);
    if (level < 0) continue;
    const auto l = static_cast<size_t>(level);
    const auto value = types::format_value(part.key.parts[l]);
    if (new_values_ == NewValuePolicy::kFail) {
      return Error{ErrorCode::kInvalid, "The value of partition column [" + table.table.partition_columns[l] +
                                            "] belongs to no partition: " + value +
                                            ". Add it with addValuePartitions, or set newValuePartitionPolicy=add."};
    }
    count -= static_cast<int64_t>(part.rows.rows());
    log_warning("rows appended to " + label_of(table) + " are left out: there is no partition for " +
                table.table.partition_columns[l] + " = " + value + " and newValuePartitionPolicy is skip");
  }
  std::erase_if(parts, is_new);
  return {};
}

Result<int64_t> ReplicatedWriter::append(const TableFacts& table, const data::Table& rows) {
  data::Table fitted(schema_of(table.table));
  TRY_DONE(fitted.append(rows));
  auto count = static_cast<int64_t>(fitted.rows());
  if (count == 0) return 0;
  memory::require_if_refusable(kCopiesOnTheWay * rows.memory_bytes());
  TRY(auto parts, exec::split_rows(fitted, table.database.scheme, table.table.partition_columns));
  TRY_DONE(judge_new_values(table, parts, count));
  if (parts.empty()) return 0;
  std::vector<meta::PartitionKey> keys;
  for (const auto& part : parts) keys.push_back(part.key);
  std::vector<data::Table> rows_of;
  for (auto& part : parts) rows_of.push_back(with_stored_names(std::move(part.rows), table.table));
  return patiently([&] { return append_once(table, keys, rows_of, count); });
}

Result<int64_t> ReplicatedWriter::append_once(const TableFacts& table, const std::vector<meta::PartitionKey>& keys,
                                              const std::vector<data::Table>& rows, int64_t count) {
  TRY(auto begun, begin(meta::TransactionType::kAppend, table, keys, RequestScope::next_write()));
  if (begun.begun.repeated) return begun.begun.rows;
  if (begun.begun.chunks.size() != keys.size())
    return Error{ErrorCode::kInternal, "the controllers began another set of chunks for " + label_of(table)};
  const Write write{.ticket = ticket(begun.begun.transaction),
                    .chunks = std::move(begun.begun.chunks),
                    .rows = rows,
                    .replace = false,
                    .order = order(table),
                    .down = std::move(begun.down)};
  return drive(write, count);
}

Result<int64_t> ReplicatedWriter::replace(const TableFacts& table, const meta::PartitionKey& key,
                                          const data::Table& rows) {
  memory::require_if_refusable(kCopiesOnTheWay * rows.memory_bytes());
  const auto stored = with_stored_names(rows, table.table);
  return patiently([&] { return replace_once(table, key, stored); });
}

Result<int64_t> ReplicatedWriter::replace_once(const TableFacts& table, const meta::PartitionKey& key,
                                               const data::Table& stored) {
  const auto count = static_cast<int64_t>(stored.rows());
  // Not numbered: a repeated request may have less left to replace, and replacing twice is the same as once.
  TRY(auto begun, begin(meta::TransactionType::kUpdate, table, {key}, {}));
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

Result<int64_t> ReplicatedWriter::change(const TableFacts& table, const exec::Fragment& fragment,
                                         std::span<const meta::PartitionKey> keys) {
  if (keys.empty()) return 0;
  return patiently([&] { return change_once(table, fragment, keys); });
}

Result<int64_t> ReplicatedWriter::change_once(const TableFacts& table, const exec::Fragment& fragment,
                                              std::span<const meta::PartitionKey> keys) {
  TRY(auto begun, begin(meta::TransactionType::kUpdate, table, {keys.begin(), keys.end()}, RequestScope::next_write()));
  if (begun.begun.repeated) return begun.begun.rows;
  Write write{.ticket = ticket(begun.begun.transaction),
              .chunks = std::move(begun.begun.chunks),
              .rows = {},
              .replace = true,
              .order = order(table),
              .down = std::move(begun.down)};
  std::vector<Result<ChangeResult>> results(write.chunks.size(), Error{ErrorCode::kUnavailable, "no replica"});
  in_parallel(distribution_.pool, write.chunks.size(), [&](size_t c) {
    for (const auto& node : write.chunks[c].replicas) {
      results[c] = memory::refused_as_error([&] {
        return distribution_.services.of(node)->change(fragment, table.table.columns,
                                                       {write.chunks[c].chunk, write.chunks[c].version});
      });
      if (results[c].ok() || results[c].error().code == ErrorCode::kScript) return;
    }
  });
  reach(FaultPoint::kChangeRead);
  int64_t changed = 0;
  for (auto& result : results) {
    if (result.ok() && result->rows.columns() != table.table.columns.size())
      result = Error{ErrorCode::kInternal, "a change left another number of columns in " + label_of(table)};
    if (!result.ok()) {
      const meta::Decide rollback{.transaction = write.ticket.transaction, .commit = false};
      const auto decided = distribution_.catalogue.decide(rollback);
      if (!decided.ok())
        log_warning("rollback of transaction " + std::to_string(write.ticket.transaction.value) + ": " +
                    decided.error().message);
      return result.error();
    }
    changed += result->changed;
    write.rows.push_back(with_stored_names(std::move(result->rows), table.table));
  }
  return drive(write, changed);
}

}  // namespace pelorus::dist
