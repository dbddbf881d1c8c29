#include "dist/scan_partitions.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <optional>

#include "base/memory_limit.h"

namespace pelorus::dist {
namespace {

/// Chunks asked for in one call: as many as together hold so many rows, so that small partitions share a round trip and
/// large ones do not make one giant answer.
constexpr int64_t kBatchRows = 500'000;
constexpr size_t kBatchChunksMax = 64;
constexpr size_t kCallsAtOnce = 8;

/// The replica cannot serve, another one may.
bool is_replica_trouble(const Error& error) {
  return error.code != ErrorCode::kScript && error.code != ErrorCode::kCancelled &&
         error.code != ErrorCode::kOutOfMemory;
}

}  // namespace

/// One scan under way: calls in flight, results waiting for their turn.
class ScanRun {
 public:
  ScanRun(const PartitionedSnapshot& snapshot, const exec::Fragment& fragment, std::span<const size_t> wanted,
          const exec::ScanOptions& options, const exec::ScanSink& sink)
      : snapshot_(snapshot), fragment_(fragment), wanted_(wanted), options_(options), sink_(sink) {
    make_batches();
  }

  Status run() {
    const size_t at_once = options_.at_once > 0 ? options_.at_once : kCallsAtOnce;
    const size_t extra = std::min(at_once, batches_.size()) - std::min<size_t>(1, batches_.size());
    for (size_t i = 0; i < extra; ++i) {
      {
        const std::lock_guard lock(mutex_);
        ++workers_;
      }
      const bool started = snapshot_.distribution_.pool.submit([this] {
        work();
        const std::lock_guard lock(mutex_);
        --workers_;
        idle_.notify_all();
      });
      if (started) continue;
      const std::lock_guard lock(mutex_);
      --workers_;
      break;
    }
    work();  // this thread too: a full pool only makes the scan slower
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return workers_ == 0; });
    if (failure_) return *failure_;
    return {};
  }

 private:
  struct Batch {
    std::string node;
    std::vector<size_t> ordinals;  // indexes into wanted_
  };

  void make_batches() {
    std::map<std::string, Batch> open;
    std::map<std::string, int64_t> rows;
    for (size_t ordinal = 0; ordinal < wanted_.size(); ++ordinal) {
      const size_t p = wanted_[ordinal];
      const auto replicas = snapshot_.replicas_of(p);
      const std::string node = replicas.empty() ? "" : replicas[0];
      auto& batch = open[node];
      batch.node = node;
      batch.ordinals.push_back(ordinal);
      rows[node] += std::max<int64_t>(snapshot_.partitions_[p].rows, 1);
      const bool one_by_one = options_.at_once == 1;
      if (one_by_one || rows[node] >= kBatchRows || batch.ordinals.size() >= kBatchChunksMax) {
        batches_.push_back(std::move(batch));
        open.erase(node);
        rows[node] = 0;
      }
    }
    for (auto& [node, batch] : open) batches_.push_back(std::move(batch));
    std::ranges::sort(batches_, {}, [](const Batch& batch) { return batch.ordinals.front(); });
  }

  void work() {
    while (!stopped_.load(std::memory_order_relaxed)) {
      const size_t next = next_batch_.fetch_add(1);
      if (next >= batches_.size()) return;
      if (options_.cancellation.cancelled()) {
        fail(Error{ErrorCode::kCancelled, "the query was cancelled"});
        return;
      }
      run_batch(batches_[next]);
    }
  }

  void run_batch(const Batch& batch) {
    auto parts = ask(batch.node, batch.ordinals);
    if (parts.ok()) {
      for (size_t i = 0; i < batch.ordinals.size(); ++i) deliver(batch.ordinals[i], std::move((*parts)[i]));
      return;
    }
    if (!is_replica_trouble(parts.error())) return fail(parts.error());
    for (const auto ordinal : batch.ordinals) {
      if (stopped_) return;
      ask_other_replicas(ordinal, batch.node, parts.error());
    }
  }

  void ask_other_replicas(size_t ordinal, const std::string& failed_node, Error why) {
    for (const auto& node : snapshot_.replicas_of(wanted_[ordinal])) {
      if (node == failed_node && why.code != ErrorCode::kStale) continue;
      auto part = ask(node, {ordinal});
      if (part.ok()) return deliver(ordinal, std::move((*part)[0]));
      if (!is_replica_trouble(part.error())) return fail(part.error());
      why = part.error();
    }
    fail(Error{ErrorCode::kUnavailable, "no replica of chunk " +
                                            std::to_string(snapshot_.chunks_[wanted_[ordinal]]->id.value) +
                                            " answers: " + why.message});
  }

  Result<std::vector<data::Table>> ask(const std::string& node, const std::vector<size_t>& ordinals) {
    if (node.empty()) return Error{ErrorCode::kUnavailable, "no good replica"};
    std::vector<ChunkVersion> chunks;
    for (const auto ordinal : ordinals) {
      const auto& chunk = *snapshot_.chunks_[wanted_[ordinal]];
      chunks.push_back({chunk.id, chunk.version});
    }
    auto parts = memory::refused_as_error([&] {
      return snapshot_.distribution_.services.of(node)->scan(fragment_, snapshot_.facts_->table.columns, chunks);
    });
    if (parts.ok() && parts->size() != chunks.size()) {
      return Error{ErrorCode::kCorrupt,
                   node + " answered " + std::to_string(parts->size()) + " parts for " + std::to_string(chunks.size())};
    }
    return parts;
  }

  void deliver(size_t ordinal, data::Table part) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    waiting_.emplace(ordinal, std::move(part));
    while (!stopped_ && !waiting_.empty() && waiting_.begin()->first == next_ordinal_) {
      auto node = waiting_.extract(waiting_.begin());
      ++next_ordinal_;
      hand_over(node.key(), std::move(node.mapped()));
    }
  }

  /// Caller holds mutex_.
  void hand_over(size_t ordinal, data::Table part) {
    const auto taken =
        memory::refused_as_error([&]() -> Result<bool> { return sink_(wanted_[ordinal], std::move(part)); });
    if (!taken.ok() && !failure_) failure_ = taken.error();
    if (!taken.ok() || !*taken) stopped_ = true;
  }

  void fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!failure_ && !stopped_) failure_ = std::move(error);
    stopped_ = true;
  }

  const PartitionedSnapshot& snapshot_;
  const exec::Fragment& fragment_;
  const std::span<const size_t> wanted_;
  const exec::ScanOptions& options_;
  const exec::ScanSink& sink_;
  std::vector<Batch> batches_;
  std::atomic<size_t> next_batch_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable idle_;
  size_t workers_ = 0;                     // guarded by mutex_
  size_t next_ordinal_ = 0;                // guarded by mutex_
  std::map<size_t, data::Table> waiting_;  // guarded by mutex_
  std::optional<Error> failure_;           // guarded by mutex_
};

PartitionedSnapshot::PartitionedSnapshot(Distribution& distribution, std::shared_ptr<const TableFacts> facts)
    : distribution_(distribution), facts_(std::move(facts)) {
  chunks_.reserve(facts_->table.chunks.size());
  partitions_.reserve(facts_->table.chunks.size());
  for (const auto& [key, id] : facts_->table.chunks) {
    const auto found = facts_->chunks.find(id);
    if (found == facts_->chunks.end() || found->second.version == 0) continue;
    const auto& chunk = found->second;
    const auto* here = chunk.find(distribution.self);
    chunks_.push_back(&chunk);
    partitions_.push_back({.key = key, .rows = chunk.rows, .is_local = here != nullptr && !here->stale});
  }
}

std::vector<std::string> PartitionedSnapshot::replicas_of(size_t p) const {
  std::vector<std::string> nodes;
  for (const auto& replica : chunks_[p]->replicas) {
    if (!replica.stale) nodes.push_back(replica.node);
  }
  // Neighbouring chunks begin with different replicas, so that a scan uses all nodes; this node comes first of all.
  if (!nodes.empty())
    std::rotate(nodes.begin(), nodes.begin() + static_cast<int64_t>(chunks_[p]->id.value % nodes.size()), nodes.end());
  std::stable_partition(nodes.begin(), nodes.end(),
                        [&](const std::string& node) { return node == distribution_.self; });
  return nodes;
}

Status PartitionedSnapshot::scan(const exec::Fragment& fragment, std::span<const size_t> partitions,
                                 const exec::ScanOptions& options, const exec::ScanSink& sink) const {
  if (partitions.empty()) return {};
  return ScanRun(*this, fragment, partitions, options, sink).run();
}

}  // namespace pelorus::dist
