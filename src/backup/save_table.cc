#include "backup/save_table.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "backup/save_directory.h"
#include "base/memory_limit.h"
#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::backup {
namespace {

constexpr int kPassesMax = 5;  // over a table whose partitions are replaced meanwhile
constexpr int64_t kFirstRows = 4096;
constexpr int64_t kRowsMax = 1 << 20;
constexpr double kPageBytesWanted = 3 << 20;

/// As many rows as make a page of the wanted size, judging by the last one.
int64_t next_count(const dist::RowPage& last) {
  const double bytes_per_row =
      std::max(1.0, static_cast<double>(last.rows.size()) / static_cast<double>(std::max<int64_t>(1, last.count)));
  return std::clamp<int64_t>(static_cast<int64_t>(kPageBytesWanted / bytes_per_row), 1, kRowsMax);
}

SavedPartition described(const meta::Chunk& chunk, const dist::TableFacts& facts, const std::string& query) {
  SavedPartition saved{.key = chunk.key,
                       .path = meta::path_of(facts.database.scheme, chunk.key),
                       .chunk = chunk.id,
                       .version = chunk.version,
                       .schema_version = facts.table.schema_version,
                       .updated_ns = chunk.updated_ns,
                       .query = query};
  for (const auto& entry : chunk.chain) {
    if (entry.version == chunk.version) saved.commit = entry.transaction.value;
  }
  return saved;
}

RowFileHead head_of(const SavedPartition& saved, const dist::TableFacts& facts) {
  return {.database = facts.database.path,
          .table = facts.table.name,
          .table_id = facts.table.id,
          .table_created_ns = facts.table.created_ns,
          .key = saved.key,
          .chunk = saved.chunk,
          .version = saved.version,
          .schema_version = saved.schema_version,
          .columns = facts.table.columns,
          .query = saved.query};
}

void take_facts(const RowFileFacts& facts, const std::string& path, int64_t now_ns, SavedPartition& saved) {
  saved.file = path.substr(path.rfind('/') + 1);
  saved.rows = facts.rows;
  saved.file_bytes = facts.bytes;
  saved.digest = facts.digest;
  saved.saved_ns = now_ns;
}

SavedTable described(const dist::TableFacts& facts, BackupKind kind, int64_t now_ns) {
  SavedTable saved{
      .kind = kind, .database = facts.database, .table = facts.table, .taken_ns = now_ns, .partitions = {}};
  saved.database.tables.clear();
  saved.table.chunks.clear();
  return saved;
}

void sort_partitions(SavedTable& table) {
  std::ranges::stable_sort(table.partitions, [](const auto& a, const auto& b) { return a.key < b.key; });
}

class TableSave {
 public:
  TableSave(const BackupServices& services, const SaveOptions& options, Job& job)
      : services_(services), options_(options), job_(job) {}

  Result<int64_t> run() {
    TRY(directory_, SaveDirectory::open(services_, options_, BackupKind::kPartitions));
    for (int pass = 0; pass < kPassesMax; ++pass) {
      TRY(const auto known, services_.distribution.catalogue.table(options_.database, options_.table));
      const auto& facts = *known;
      TRY_DONE(directory_->accept(facts.table));
      TRY(const bool whole, save_all(facts));
      if (!whole) continue;
      TRY_DONE(finish(facts));
      return std::ranges::count_if(saved_, [](const auto& entry) { return entry.second.is_new; });
    }
    return Error{ErrorCode::kConflict, options_.database + "/" + options_.table +
                                           " is replaced faster than it can be read: " + std::to_string(kPassesMax) +
                                           " times a version was gone before it was saved. What is saved is " +
                                           "kept; call again when there are fewer updates"};
  }

 private:
  struct Saved {
    SavedPartition partition;
    bool is_new = false;
  };

  static bool is_of(const SavedPartition& saved, const meta::Chunk& chunk, uint64_t schema_version) {
    return saved.version == chunk.version && saved.schema_version == schema_version;
  }

  /// False when a version was gone before it could be read: the facts are to be asked for again.
  Result<bool> save_all(const dist::TableFacts& facts) {
    std::vector<const meta::Chunk*> missing;
    int64_t wanted = 0;
    const auto schema_version = facts.table.schema_version;
    for (const auto& [id, chunk] : facts.chunks) {
      if (chunk.version == 0) continue;
      const auto described_now = described(chunk, facts, {});
      if (!options_.partitions.takes(facts.database.path, described_now.path, chunk.key)) continue;
      ++wanted;
      const auto found = saved_.find(id);
      if (found != saved_.end() && is_of(found->second.partition, chunk, schema_version)) continue;
      if (const auto* kept = directory_->kept(chunk, schema_version, {})) {
        saved_[id] = {*kept, false};
      } else if (auto left = directory_->left_over(described_now, facts.table)) {
        left->saved_ns = services_.clock.wall_ns();
        saved_[id] = {std::move(*left), true};
      } else {
        missing.push_back(&chunk);
      }
    }
    job_.total = wanted;
    job_.done = wanted - static_cast<int64_t>(missing.size());
    std::vector<Status> results(missing.size());
    std::atomic<bool> failed{false};
    work_through(missing.size(), options_.parallel ? kAtOnce : 1, [&](size_t i) {
      if (failed) return;
      results[i] = memory::refused_as_error([&] { return save_one(*missing[i], facts); });
      if (!results[i].ok() && results[i].error().code != ErrorCode::kStale) failed = true;
    });
    bool whole = true;
    for (const auto& result : results) {
      if (result.ok()) continue;
      if (result.error().code != ErrorCode::kStale) return result.error();
      whole = false;
    }
    return whole;
  }

  Status save_one(const meta::Chunk& chunk, const dist::TableFacts& facts) {
    auto saved = described(chunk, facts, {});
    const auto name = facts.database.path + saved.path;
    TRY(const auto path, directory_->path_for(saved));
    Error why{ErrorCode::kUnavailable, "it has no good replica"};
    bool stale = false;
    for (const auto& node : replicas_of(chunk)) {
      if (options_.cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the backup was cancelled"};
      const auto written = copy(node, saved, facts, path);
      if (written.ok()) {
        take_facts(*written, path, services_.clock.wall_ns(), saved);
        const std::lock_guard lock(mutex_);
        saved_[chunk.id] = {std::move(saved), true};
        ++job_.done;
        return {};
      }
      why = written.error();
      if (why.code == ErrorCode::kCancelled || why.code == ErrorCode::kNoSpace || why.code == ErrorCode::kIo)
        return why;
      stale = stale || why.code == ErrorCode::kStale;
    }
    if (stale) return Error{ErrorCode::kStale, why.message};
    return Error{ErrorCode::kUnavailable,
                 "no replica of the partition " + name + " of " + facts.table.name + " can be read: " + why.message};
  }

  /// Good ones; this node's first.
  std::vector<std::string> replicas_of(const meta::Chunk& chunk) const {
    std::vector<std::string> nodes;
    for (const auto& replica : chunk.replicas) {
      if (!replica.stale) nodes.push_back(replica.node);
    }
    std::ranges::stable_partition(nodes, [&](const auto& node) { return node == services_.distribution.self; });
    return nodes;
  }

  Result<RowFileFacts> copy(const std::string& node, const SavedPartition& saved, const dist::TableFacts& facts,
                            const std::string& path) const {
    TRY(const auto file, RowFileWriter::create(services_.files, path, head_of(saved, facts)));
    const auto service = services_.distribution.services.of(node);
    dist::PageRequest request{.from = 0, .count = kFirstRows};
    while (true) {
      if (options_.cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the backup was cancelled"};
      auto page = service->read_rows(facts.table.columns, {saved.chunk, saved.version}, request);
      // A disk that fails there is that replica's trouble; one that fails here is ours.
      if (!page.ok() && page.error().code == ErrorCode::kIo)
        return Error{ErrorCode::kUnavailable, node + ": " + page.error().message};
      if (!page.ok()) return page.error();
      const bool sound = page->count >= 0 && page->count <= request.count && request.from + page->count <= page->total;
      if (!sound || (page->count == 0 && request.from < page->total))
        return Error{ErrorCode::kCorrupt, node + " answered other rows than were asked for"};
      if (page->count > 0) {
        request.count = next_count(*page);
        request.from += page->count;
        const auto total = page->total;
        TRY_DONE(file->add({.rows = std::move(page->rows), .checksum = page->checksum, .count = page->count}));
        if (request.from < total) continue;
      }
      return file->finish();
    }
  }

  Status finish(const dist::TableFacts& facts) {
    auto table = described(facts, BackupKind::kPartitions, services_.clock.wall_ns());
    std::set<meta::PartitionKey> there;
    for (const auto& [id, chunk] : facts.chunks) {
      const auto found = saved_.find(id);
      if (chunk.version == 0 || found == saved_.end()) continue;
      table.partitions.push_back(found->second.partition);
      there.insert(chunk.key);
    }
    if (const auto* before = directory_->before()) {
      const bool drops = options_.snapshot && options_.partitions.is_everything();
      for (const auto& old : before->partitions) {
        if (!drops && !there.contains(old.key)) table.partitions.push_back(old);
      }
    }
    sort_partitions(table);
    return directory_->finish(table);
  }

  const BackupServices& services_;
  const SaveOptions& options_;
  Job& job_;
  std::unique_ptr<SaveDirectory> directory_;
  std::mutex mutex_;
  std::map<ChunkId, Saved> saved_;  // guarded by mutex_ while partitions are saved
};

/// One block of an in-memory table at a time.
Result<RowFileFacts> write_rows(io::FileSystem& files, const std::string& path, const RowFileHead& head,
                                const data::Table& rows) {
  TRY(const auto file, RowFileWriter::create(files, path, head));
  dist::RowPage page;
  for (size_t from = 0, count = kFirstRows; from < rows.rows(); from += static_cast<size_t>(page.count)) {
    count = std::min(count, rows.rows() - from);
    const auto part = storage::with_compact_symbols(rows.slice(from, count));
    storage::PartList parts;
    storage::encode_rows(part, parts);
    page = {.rows = parts.joined(), .count = static_cast<int64_t>(count)};
    TRY_DONE(file->add({.rows = page.rows, .checksum = io::crc32c(page.rows), .count = page.count}));
    count = static_cast<size_t>(next_count(page));
  }
  return file->finish();
}

}  // namespace

void work_through(size_t count, size_t at_once, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  const auto run = [&] {
    for (auto i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
  };
  std::vector<std::jthread> threads;  // of their own: a write waits for tasks of the pool
  for (size_t t = 1; t < std::min(at_once, count); ++t) threads.emplace_back(run);
  run();
}

Result<int64_t> save_table(const BackupServices& services, const SaveOptions& options, Job& job) {
  return TableSave(services, options, job).run();
}

Result<int64_t> save_query(const BackupServices& services, const SaveOptions& options, const dist::TableFacts& facts,
                           const std::string& query, const std::vector<QueryRows>& found, Job& job) {
  TRY(const auto directory, SaveDirectory::open(services, options, BackupKind::kQuery));
  TRY_DONE(directory->accept(facts.table));
  std::map<meta::PartitionKey, const meta::Chunk*> chunks;
  for (const auto& [id, chunk] : facts.chunks) chunks[chunk.key] = &chunk;
  auto table = described(facts, BackupKind::kQuery, services.clock.wall_ns());
  std::set<meta::PartitionKey> there;
  int64_t count = 0;
  job.total = static_cast<int64_t>(found.size());
  for (const auto& part : found) {
    if (options.cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the backup was cancelled"};
    const auto chunk = chunks.find(part.key);
    if (chunk == chunks.end()) continue;  // made after the facts were asked for: the next backup's
    there.insert(part.key);
    auto saved = described(*chunk->second, facts, query);
    ++job.done;
    if (const auto* kept = directory->kept(*chunk->second, facts.table.schema_version, query)) {
      table.partitions.push_back(*kept);
      continue;
    }
    TRY(const auto path, directory->path_for(saved));
    TRY(const auto written, write_rows(services.files, path, head_of(saved, facts), part.rows));
    take_facts(written, path, services.clock.wall_ns(), saved);
    table.partitions.push_back(std::move(saved));
    ++count;
  }
  if (const auto* before = directory->before()) {
    for (const auto& old : before->partitions) {
      if (!there.contains(old.key) && old.query != query) table.partitions.push_back(old);
    }
  }
  sort_partitions(table);
  TRY_DONE(directory->finish(table));
  return count;
}

}  // namespace pelorus::backup
