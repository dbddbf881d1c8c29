#include "datanode/copy_replica.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <thread>

#include "base/cancellation_scope.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "meta/archive.h"

namespace pelorus::datanode {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kHoldWait{20};  // for writers to leave the chunk
constexpr milliseconds kHoldPause{20};
constexpr uint64_t kReplyBytesWanted = 6u << 20;  // a round trip for so many
constexpr uint64_t kReplyBytesMax = 16u << 20;
constexpr uint64_t kReplyBytesAhead = 1u << 20;    // of smaller ones none is made before it is asked for
constexpr uint64_t kMessageBytesUsual = 4u << 20;  // at most, unless a row is larger

rpc::CallOptions export_call() { return {.timeout = seconds(60), .cancellation = CancellationScope::current()}; }

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
  uint64_t bytes_wanted = 0;  // in one reply, if there are more messages; importers of older programs want one message
  template <class A>
  void fields(A& a) {
    a(id, bytes_wanted);
  }
};

/// Makes the reply to data.export_next as meta::Encoder writes a struct of the fields
///   optional<string> message, vector<string> more, bool ended
/// with the messages put where they are sent from.
class NextReplyWriter {
 public:
  explicit NextReplyWriter(size_t bytes_expected) {
    reply_.reserve(bytes_expected);
    writer_.put<uint32_t>(0);  // the length of what follows
  }

  /// False: there was no message any more.
  Result<bool> add(storage::ChunkExport& content) {
    const size_t before = reply_.size();
    if (messages_ == 0) writer_.put<uint8_t>(1);
    if (messages_ == 1) writer_.put<uint32_t>(0);  // the number of those behind the first
    const size_t at = reply_.size();
    writer_.put<uint32_t>(0);
    TRY(const bool is_one, content.next(reply_));
    if (!is_one) {
      reply_.resize(before);
      return false;
    }
    set(at, reply_.size() - at - sizeof(uint32_t));
    if (messages_ == 1) more_at_ = before;
    ++messages_;
    return true;
  }
  size_t bytes() const { return reply_.size(); }

  Bytes finish(bool ended) {
    if (messages_ == 0) writer_.put<uint8_t>(0);
    if (messages_ <= 1) more_at_ = reply_.size();
    if (messages_ <= 1) writer_.put<uint32_t>(0);
    set(more_at_, messages_ <= 1 ? 0 : messages_ - 1);
    writer_.put<uint8_t>(ended ? 1 : 0);
    set(0, reply_.size() - sizeof(uint32_t));
    return std::move(reply_);
  }

 private:
  void set(size_t at, size_t value) {
    const auto number = static_cast<uint32_t>(value);
    std::memcpy(reply_.data() + at, &number, sizeof number);
  }

  Bytes reply_;
  ByteWriter writer_{reply_};
  size_t messages_ = 0;
  size_t more_at_ = 0;
};

struct NextReply {
  std::vector<std::string_view> messages;  // of the bytes it was read from
  bool ended = false;                      // there are no more
};

/// What NextReplyWriter wrote, or a program that knows the first field only.
Result<NextReply> read_reply(std::string_view bytes) {
  NextReply reply;
  ByteReader reader(bytes);
  const auto message = [&] { return reader.get_raw(reader.get<uint32_t>()); };
  (void)reader.get<uint32_t>();
  if (reader.get<uint8_t>() != 0)
    reply.messages.push_back(message());
  else
    reply.ended = true;
  if (!reader.at_end()) {
    for (auto left = reader.get<uint32_t>(); left > 0 && reader.ok(); --left) reply.messages.push_back(message());
    reply.ended = reply.ended || reader.get<uint8_t>() != 0;
  }
  TRY_DONE(reader.finish("data.export_next"));
  return reply;
}

/// One of the transfers of a node, until destroyed.
class TransferPlace {
 public:
  explicit TransferPlace(Semaphore& places) : places_(places), taken_(places.acquire()) {}
  ~TransferPlace() {
    if (taken_) places_.release();
  }
  TransferPlace(const TransferPlace&) = delete;
  TransferPlace& operator=(const TransferPlace&) = delete;
  /// False: the node stops.
  bool taken() const { return taken_; }

 private:
  Semaphore& places_;
  const bool taken_;
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
  std::future<Result<Reply>> ahead;
  {
    const std::lock_guard lock(mutex_);
    const auto found = exports_.find(request.id);
    if (found == exports_.end()) return Error{ErrorCode::kNotFound, "the export is over or was given up: begin again"};
    open = found->second;
    open->used = std::chrono::steady_clock::now();
    ahead = std::move(open->ahead);
  }
  const size_t wanted = std::min(request.bytes_wanted, kReplyBytesMax);
  auto reply = ahead.valid() ? ahead.get() : read(*open, wanted);
  if (!reply.ok()) {
    scrubber_.suspect(open->chunk, reply.error());
    return reply.error();
  }
  if (reply->ended) {
    const std::lock_guard lock(mutex_);
    exports_.erase(request.id);
  } else if (wanted >= kReplyBytesAhead) {
    read_ahead(open, wanted);
  }
  return std::move(reply->bytes);
}

Result<ExportDesk::Reply> ExportDesk::read(Open& open, size_t bytes_wanted) {
  NextReplyWriter reply(bytes_wanted + kMessageBytesUsual);
  bool ended = false;
  do {
    TRY(const bool is_one, reply.add(*open.content));
    reach(FaultPoint::kExportRead);
    ended = !is_one;
  } while (!ended && reply.bytes() < bytes_wanted);
  return Reply{reply.finish(ended), ended};
}

void ExportDesk::read_ahead(const std::shared_ptr<Open>& open, size_t bytes_wanted) {
  auto promise = std::make_shared<std::promise<Result<Reply>>>();
  const std::lock_guard lock(mutex_);
  if (exports_.size() > kExportsReadAhead) return;
  if (readers_.submit([open, bytes_wanted, promise] { promise->set_value(read(*open, bytes_wanted)); }))
    open->ahead = promise->get_future();
}

std::future<Result<Bytes>> ReplicaCopier::ask_next(const std::string& source, uint64_t id) {
  auto answer = std::make_shared<std::promise<Result<Bytes>>>();
  caller_.call_async(source, "data.export_next", meta::encode(NextRequest{id, kReplyBytesWanted}), export_call(),
                     [answer](Result<Bytes> bytes) { answer->set_value(std::move(bytes)); });
  return answer->get_future();
}

Result<Version> ReplicaCopier::copy_from(ChunkId chunk, const std::string& source, Pace pace) {
  // The rest of a chunk that is held still for it waits for nobody.
  std::optional<TransferPlace> place;
  if (pace == Pace::kThrottled && !place.emplace(transfers_).taken())
    return Error{ErrorCode::kUnavailable, "this node is stopping"};
  const auto info = store_.info(chunk);
  const bool usable = info.ok() && info->damage.empty() && info->versions_waiting == 0;
  const OpenRequest request{.chunk = chunk, .from = usable ? info->version : 0, .files = true};
  TRY(const auto opened, caller_.call(source, "data.export_open", meta::encode(request), export_call()));
  TRY(const auto export_facts, meta::decode<OpenReply>(opened, "data.export_open"));
  reach(FaultPoint::kCopyOpened);
  if (usable && export_facts.to == info->version) return info->version;
  TRY(const auto import, store_.import_chunk(chunk));
  auto coming = ask_next(source, export_facts.id);
  for (bool ended = false; !ended;) {
    TRY(const auto answer, coming.get());
    TRY(const auto reply, read_reply(answer));
    ended = reply.ended;
    if (pace == Pace::kThrottled) throttle_.pay(answer.size());
    if (!ended) coming = ask_next(source, export_facts.id);  // the source reads while this node writes
    for (const auto message : reply.messages) {
      TRY_DONE(import->add(message));
      reach(FaultPoint::kCopyReceived);
    }
  }
  place.reset();
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
    const CancellationScope to_the_end{CancellationToken()};  // else the chunk stays held until this node is missed
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
