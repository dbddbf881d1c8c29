#include "datanode/copy_replica.h"

#include <thread>

#include "base/fault_point.h"
#include "base/log.h"
#include "meta/archive.h"

namespace pelorus::datanode {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kHoldWait{20};  // for writers to leave the chunk
constexpr milliseconds kHoldPause{20};
const rpc::CallOptions kExportCall{.timeout = seconds(60)};

struct OpenRequest {
  ChunkId chunk;
  Version from = 0;
  bool files = false;  // the importer reads column files as they are stored
  template <class A>
  void fields(A& a) {
    a(chunk, from, files);
  }
};
struct OpenReply {
  uint64_t id = 0;
  Version from = 0;
  Version to = 0;
  template <class A>
  void fields(A& a) {
    a(id, from, to);
  }
};
struct NextRequest {
  uint64_t id = 0;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};
struct NextReply {
  std::optional<std::string> message;  // nothing: that was all
  template <class A>
  void fields(A& a) {
    a(message);
  }
};

}  // namespace

void ExportDesk::register_methods(rpc::Methods& methods) {
  methods.on("data.export_open", [this](const rpc::Peer& peer, std::string_view payload, const rpc::CallInfo&) {
    return open(peer.identity.alias, payload);
  });
  methods.on("data.export_next",
             [this](const rpc::Peer&, std::string_view payload, const rpc::CallInfo&) { return next(payload); });
}

Result<Bytes> ExportDesk::open(const std::string& importer, std::string_view payload) {
  TRY(const auto request, meta::decode<OpenRequest>(payload, "data.export_open"));
  const auto form = request.files ? storage::CopyForm::kFiles : storage::CopyForm::kRows;
  auto exported = store_.export_chunk(request.chunk, request.from, form);
  if (!exported.ok()) {
    scrubber_.suspect(request.chunk, exported.error());
    return exported.error();
  }
  auto content = std::move(exported).value();
  OpenReply reply{.id = 0, .from = content->from_version(), .to = content->to_version()};
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(exports_, [&](const auto& entry) {
    const auto& open = *entry.second;
    return now - open.used > kExportIdleMax || (open.importer == importer && open.chunk == request.chunk);
  });
  if (request.from != 0 && reply.to == request.from) return meta::encode(reply);  // nothing to read
  if (exports_.size() >= kExportsMax)
    return Error{ErrorCode::kLimit, "too many chunks are being copied from this node: " + std::to_string(kExportsMax)};
  reach(FaultPoint::kExportOpened);
  reply.id = ++last_;
  exports_.emplace(reply.id, std::make_shared<Open>(Open{request.chunk, importer, std::move(content), now}));
  return meta::encode(reply);
}

Result<Bytes> ExportDesk::next(std::string_view payload) {
  TRY(const auto request, meta::decode<NextRequest>(payload, "data.export_next"));
  std::shared_ptr<Open> open;
  {
    const std::lock_guard lock(mutex_);
    const auto found = exports_.find(request.id);
    if (found == exports_.end()) return Error{ErrorCode::kNotFound, "the export is over or was given up: begin again"};
    open = found->second;
    open->used = std::chrono::steady_clock::now();
  }
  auto read = open->content->next();
  if (!read.ok()) {
    scrubber_.suspect(open->chunk, read.error());
    return read.error();
  }
  auto message = std::move(read).value();
  reach(FaultPoint::kExportRead);
  if (!message) {
    const std::lock_guard lock(mutex_);
    exports_.erase(request.id);
  }
  return meta::encode(NextReply{std::move(message)});
}

std::future<Result<Bytes>> ReplicaCopier::ask_next(const std::string& source, uint64_t id) {
  auto answer = std::make_shared<std::promise<Result<Bytes>>>();
  caller_.call_async(source, "data.export_next", meta::encode(NextRequest{id}), kExportCall,
                     [answer](Result<Bytes> bytes) { answer->set_value(std::move(bytes)); });
  return answer->get_future();
}

Result<Version> ReplicaCopier::copy_from(ChunkId chunk, const std::string& source, Pace pace) {
  const auto info = store_.info(chunk);
  const bool usable = info.ok() && info->damage.empty() && info->versions_waiting == 0;
  const OpenRequest request{.chunk = chunk, .from = usable ? info->version : 0, .files = true};
  TRY(const auto opened, caller_.call(source, "data.export_open", meta::encode(request), kExportCall));
  TRY(const auto export_facts, meta::decode<OpenReply>(opened, "data.export_open"));
  reach(FaultPoint::kCopyOpened);
  if (usable && export_facts.to == info->version) return info->version;
  TRY(const auto import, store_.import_chunk(chunk));
  auto coming = ask_next(source, export_facts.id);
  while (true) {
    TRY(const auto answer, coming.get());
    TRY(auto reply, meta::decode<NextReply>(answer, "data.export_next"));
    if (!reply.message) break;
    if (pace == Pace::kThrottled) throttle_.pay(reply.message->size());
    coming = ask_next(source, export_facts.id);  // the source reads while this node writes
    TRY_DONE(import->add(*reply.message));
    reach(FaultPoint::kCopyReceived);
  }
  reach(FaultPoint::kImportFinishing);
  auto reached = import->finish();
  reach(FaultPoint::kImportFinished);
  return reached;
}

Result<Version> ReplicaCopier::copy(ChunkId chunk, const std::vector<std::string>& sources, Pace pace) {
  Error last{ErrorCode::kUnavailable, "no node holds a good replica"};
  for (const auto& source : sources) {
    if (source == self_) continue;
    auto version = copy_from(chunk, source, pace);
    if (version.ok()) return version;
    last = version.error();
  }
  return last;
}

Result<Version> ReplicaCopier::recover(ChunkId chunk, const std::vector<std::string>& sources) {
  TRY(const auto first, copy(chunk, sources, Pace::kThrottled));
  log_debug("chunk " + std::to_string(chunk.value) + " copied up to version " + std::to_string(first));
  meta::BeginTransaction hold{.type = meta::TransactionType::kRecover,
                              .client = {},
                              .sequence = 0,
                              .coordinator = self_,
                              .epoch = epoch_(),
                              .chunks = {},
                              .recover = chunk};
  const auto give_up = std::chrono::steady_clock::now() + kHoldWait;
  while (true) {
    auto begun = catalogue_.begin(hold);
    if (!begun.ok()) {
      if (begun.error().code != ErrorCode::kConflict || std::chrono::steady_clock::now() > give_up)
        return begun.error();
      std::this_thread::sleep_for(kHoldPause);
      continue;
    }
    reach(FaultPoint::kHoldBegun);
    if (begun->begun.chunks.size() != 1) return Error{ErrorCode::kInternal, "a recovery is of one chunk"};
    const auto& held = begun->begun.chunks[0];
    auto reached = copy(chunk, held.replicas, Pace::kFull);
    const bool whole = reached.ok() && *reached >= held.version;
    TRY(const auto decided, catalogue_.decide({.transaction = begun->begun.transaction, .commit = whole}));
    reach(FaultPoint::kHoldEnded);
    if (!reached.ok()) return reached;
    if (!whole)
      return Error{ErrorCode::kStale, "the source is at version " + std::to_string(*reached) + ", the chunk at " +
                                          std::to_string(held.version)};
    if (decided.state == meta::TransactionState::kAborted)
      return Error{ErrorCode::kConflict, "the recovery was called off by the controllers"};
    return reached;
  }
}

}  // namespace pelorus::datanode
