#include "raft/internal/entry_format.h"

#include <openssl/sha.h>

#include <algorithm>

#include "io/checksum.h"
#include "raft/internal/chain.h"

namespace pelorus::raft {

namespace {

constexpr uint32_t kEntryMagic = 0x454c5250;     // "PRLE"
constexpr uint32_t kSnapshotMagic = 0x534c5250;  // "PRLS"
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kEntryCountAt = 48;  // of the u32 count in an entry
constexpr size_t kEntryHeaderBytes = 52;
constexpr size_t kEntryAlignment = 8;  // the engine refuses other sizes
constexpr size_t kSnapshotHeaderBytes = 56;

Error corrupt(std::string what) { return Error{ErrorCode::kCorrupt, std::move(what)}; }

}  // namespace

EntryEncoder::EntryEncoder(const Uuid& group, LogPlace before, uint64_t proposer) : before_(before) {
  ByteWriter out(bytes_);
  out.put(kEntryMagic);
  out.put(kFormatVersion);
  out.put_raw(group.bytes.data(), group.bytes.size());
  out.put(before.command_count);
  out.put(before.link);
  out.put(proposer);
  out.put<uint32_t>(0);  // count, set by finish()
}

void EntryEncoder::add(std::string_view command) {
  ByteWriter(bytes_).put_string(command);
  ++count_;
}

Bytes EntryEncoder::finish(LogPlace& after) {
  bytes_.append((kEntryAlignment - bytes_.size() % kEntryAlignment) % kEntryAlignment, '\0');
  std::memcpy(bytes_.data() + kEntryCountAt, &count_, sizeof count_);
  after = {before_.command_count + count_, next_link(before_.link, std::string_view(bytes_).substr(kEntryHeaderBytes))};
  return std::move(bytes_);
}

Result<Entry> decode_entry(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.get<uint32_t>() != kEntryMagic) return corrupt("log entry does not begin with PRLE");
  const auto version = in.get<uint32_t>();
  if (version != kFormatVersion) return corrupt("log entry of an unknown version: " + std::to_string(version));
  Entry entry;
  const auto group = in.get_raw(entry.group.bytes.size());
  std::copy(group.begin(), group.end(), entry.group.bytes.begin());
  entry.before.command_count = in.get<uint64_t>();
  entry.before.link = in.get<uint64_t>();
  entry.proposer = in.get<uint64_t>();
  const auto count = in.get<uint32_t>();
  if (count > in.left() / sizeof(uint32_t)) return corrupt("log entry ends too early");
  entry.commands.reserve(count);
  for (uint32_t i = 0; i < count && in.ok(); ++i) entry.commands.push_back(in.get_raw(in.get<uint32_t>()));
  TRY_DONE(in.finish("log entry"));
  if (in.left() >= kEntryAlignment) return corrupt("log entry has bytes behind its end: " + std::to_string(in.left()));
  entry.after = {entry.before.command_count + count, next_link(entry.before.link, bytes.substr(kEntryHeaderBytes))};
  return entry;
}

Bytes encode_snapshot(const Uuid& group, LogPlace at, std::string_view state) {
  Bytes bytes;
  bytes.reserve(kSnapshotHeaderBytes + state.size());
  ByteWriter out(bytes);
  out.put(kSnapshotMagic);
  out.put(kFormatVersion);
  out.put_raw(group.bytes.data(), group.bytes.size());
  out.put(at.command_count);
  out.put(at.link);
  out.put<uint64_t>(state.size());
  out.put(io::crc32c(bytes));
  out.put(io::crc32c(state));
  out.put_raw(state.data(), state.size());
  return bytes;
}

Result<SnapshotContent> decode_snapshot(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.get<uint32_t>() != kSnapshotMagic) return corrupt("snapshot does not begin with PRLS");
  const auto version = in.get<uint32_t>();
  if (version != kFormatVersion) return corrupt("snapshot of an unknown version: " + std::to_string(version));
  SnapshotContent content;
  const auto group = in.get_raw(content.group.bytes.size());
  std::copy(group.begin(), group.end(), content.group.bytes.begin());
  content.at.command_count = in.get<uint64_t>();
  content.at.link = in.get<uint64_t>();
  const auto size = in.get<uint64_t>();
  const auto header_sum = io::crc32c(bytes.substr(0, in.position()));
  if (in.get<uint32_t>() != header_sum) return corrupt("snapshot header fails its checksum");
  const auto state_sum = in.get<uint32_t>();
  if (!in.ok() || size != in.left())
    return corrupt("snapshot has another size than it states: " + std::to_string(in.left()) + ", stated " +
                   std::to_string(size));
  content.state = in.get_raw(size);
  if (io::crc32c(content.state) != state_sum) return corrupt("snapshot fails its checksum");
  return content;
}

Uuid group_uuid(const Uuid& cluster, std::string_view group) {
  Bytes name(reinterpret_cast<const char*>(cluster.bytes.data()), cluster.bytes.size());
  name += group;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest);
  Uuid uuid;
  std::copy(digest, digest + uuid.bytes.size(), uuid.bytes.begin());
  return uuid;
}

}  // namespace pelorus::raft
