#include "server/data_role.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory_limit.h"
#include "storage/identity_file.h"

namespace pelorus::server {
namespace {

/// How long a stop writes column files.
constexpr std::chrono::seconds kStopFlush{3};

/// More share the file system's journal no better.
constexpr size_t kChunksAtOnce = 16;
constexpr uint64_t kBufferUnset = 256ull << 20;
constexpr uint64_t kBufferLeast = 16ull << 20;
constexpr uint64_t kBufferMost = 1ull << 30;  // more gains nothing: column files are written all the time

storage::NodeDirectories data_directories(const config::Settings& settings) {
  storage::NodeDirectories directories;
  directories.redo_log = settings.path("redoLogDir").string();
  for (const auto& volume : settings.paths("volumes")) directories.volumes.push_back(volume.string());
  const auto metadata = settings.path("chunkMetaDir");
  directories.metadata = metadata.empty() ? directories.volumes.at(0) + "/CHUNK_METADATA" : metadata.string();
  return directories;
}

/// TSDBLevelFileIndexCacheSize: a twentieth of the node's memory unless set.
uint64_t index_bytes(const config::Settings& settings) {
  constexpr uint64_t kLeast = 100ull << 20;
  const auto set = static_cast<uint64_t>(settings.bytes("TSDBLevelFileIndexCacheSize"));
  return set > 0 ? set : std::max(kLeast, memory::limit_bytes() / 20);
}

/// The environment must outlive the store.
storage::StoreOptions store_options(const NodeEnvironment& environment) {
  const auto& settings = environment.settings();
  storage::StoreOptions options;
  options.identity = {.node = environment.node(), .alias = environment.site.alias, .cluster = environment.cluster()};
  options.directories = data_directories(settings);
  options.sync = settings.boolean("dataSync");
  options.column_format = [&environment] {
    const auto level = environment.level();
    return level < meta::kSortedChunksLevel ? 1u : level < meta::kTableOptionsLevel ? 2u : 3u;
  };
  options.may_lose_log = environment.mode != config::NodeMode::kSingle;  // a single node has no other replica
  options.chunks_at_once = kChunksAtOnce;
  options.index_bytes_max = index_bytes(settings);
  options.buffer_bytes_max =
      write_buffer_bytes(static_cast<uint64_t>(settings.bytes("OLAPCacheEngineSize")), memory::limit_bytes());
  return options;
}

datanode::ScrubTerms scrub_terms(const config::Settings& settings) {
  return {.round = std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::duration<double, std::ratio<3600>>(settings.number("chunkScrubInterval"))),
          .bytes_per_second = static_cast<uint64_t>(settings.integer("chunkScrubThrottle")) << 20};
}

/// Copies under way besides those that transfer (ReplicaCopier): they are being synced and reported. Each waits for the
/// disk and the controllers a dozen times, and those that wait together are served together.
constexpr size_t kCopiesSettling = 14;

}  // namespace

uint64_t write_buffer_bytes(uint64_t cache_bytes, uint64_t memory_bytes) {
  uint64_t bytes = cache_bytes > 0 ? std::min(cache_bytes, kBufferMost) : kBufferUnset;
  if (memory_bytes > 0) bytes = std::min(bytes, memory_bytes / 4);
  return std::max(bytes, kBufferLeast);
}

Status take_over_data(NodeEnvironment& environment, io::FileSystem& files) {
  if (!environment.cluster().is_nil()) return {};
  const auto directories = data_directories(environment.settings());
  TRY(const auto owner, storage::ChunkStore::owner(files, directories));
  if (!owner) {
    // As a node without data it would have its replicas given up: not while some of its data are there.
    const auto unused = storage::check_nobodys(files, directories);
    if (!unused.ok() && unused.error().code != ErrorCode::kInvalid) return unused;  // nobody could look
    if (!unused.ok())
      return Error{unused.error().code, "the home " + environment.directory.string() + " and " + directories.metadata +
                                            " are new, but not the rest: " + unused.error().message +
                                            ". Bring back what was in the first two, or empty all of them: then " +
                                            environment.site.alias + " begins without data"};
    return {};
  }
  if (owner->alias != environment.site.alias) return {};
  TRY_DONE(environment.take_over(files, owner->node, owner->cluster));
  log_warning("the home " + environment.directory.string() + " is new, but the data of " + owner->alias +
              " are not: they say it " + "is node " + owner->node.to_string() + " (" + directories.metadata +
              "), and so it is. What its former home held " +
              "besides, such as job results and default directories, is to be copied from there.");
  return {};
}

Result<std::unique_ptr<DataRole>> DataRole::open(NodeEnvironment& environment, io::FileSystem& files,
                                                 const Clock& clock, dist::Catalogue& catalogue, rpc::Caller& caller,
                                                 datanode::SessionFactory sessions, std::function<uint64_t()> epoch) {
  auto options = store_options(environment);
  const auto metadata = options.directories.metadata;
  TRY(const auto owner, storage::ChunkStore::owner(files, options.directories));
  if (!owner) TRY_DONE(check_place(files, environment.identity.data, metadata, "chunkMetaDir (or volumes)"));
  TRY(auto store, storage::ChunkStore::open(files, clock, std::move(options)));
  TRY_DONE(environment.keep_place(files, &NodeIdentity::data, metadata));
  return std::unique_ptr<DataRole>(new DataRole(
      std::move(store), clock, catalogue, caller, std::move(sessions), std::move(epoch), environment.site.alias,
      scrub_terms(environment.settings()), static_cast<size_t>(environment.settings().integer("recoveryWorkers"))));
}

DataRole::DataRole(std::unique_ptr<storage::ChunkStore> store, const Clock& clock, dist::Catalogue& catalogue,
                   rpc::Caller& caller, datanode::SessionFactory sessions, std::function<uint64_t()> epoch,
                   const std::string& alias, datanode::ScrubTerms scrub, size_t copies)
    : store_(std::move(store)),
      transactions_(*store_, catalogue, clock, alias),
      scrubber_(*store_, scrub),
      host_(*store_, transactions_, scrubber_, std::move(sessions)),
      exports_(*store_, scrubber_),
      copier_(*store_, caller, catalogue, alias, std::move(epoch), copies),
      reconciler_(*store_, transactions_, copier_, clock, copies + kCopiesSettling) {}

void DataRole::register_methods(rpc::Methods& methods) {
  datanode::register_partition_methods(methods, host_);
  exports_.register_methods(methods);
}

void DataRole::stop() {
  scrubber_.stop();
  copier_.stop();
  reconciler_.stop();
  transactions_.stop();
  // Less to replay at the next start; the redo log has the rest.
  if (const auto flushed = store_->flush_for(kStopFlush); !flushed.ok())
    log_warning("not everything was flushed: " + flushed.error().message);
  if (const auto stopped = store_->stop(); !stopped.ok()) log_warning("stopping the store: " + stopped.error().message);
}

void DataRole::add_hooks(dist::PresenceHooks& hooks) {
  hooks.chunks = [this] { return reconciler_.report(); };
  hooks.chunk = [this](ChunkId chunk) { return reconciler_.report(chunk); };
  hooks.published = [this] { return transactions_.published(); };
  hooks.confirmed = [this](const std::vector<TransactionId>& done) { transactions_.confirmed(done); };
  hooks.recovered = [this] { return reconciler_.take_recovered(); };
  hooks.order = [this](const meta::Order& order) { reconciler_.take(order); };
}

}  // namespace pelorus::server
