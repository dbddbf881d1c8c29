#include "raft/libraft_log.h"

#include "raft/internal/libraft_member.h"

namespace pelorus::raft {

namespace {

constexpr size_t kSegmentBytesMin = 1u << 20;
constexpr size_t kSegmentBytesMax = 16u << 20;  // from 32 MiB on the engine's capacity counter overflows

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Status check(const LibraftOptions& options) {
  if (options.directory.empty()) return invalid("the log needs a directory");
  if (!is_preamble_name(options.group)) return invalid("bad name of a group: " + options.group);
  if (!is_preamble_name(options.self.alias)) return invalid("bad alias of a member: " + options.self.alias);
  if (options.self.id == 0) return invalid("member id 0 is not allowed");
  if (options.node.is_nil() || options.cluster.is_nil()) return invalid("the log needs cluster and node UUIDs");
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax)
    return invalid("segment_bytes must be from 1 to 16 MiB: " + std::to_string(options.segment_bytes));
  if (options.segment_bytes % 4096 != 0) return invalid("segment_bytes must be a multiple of 4096");
  if (options.heartbeat.count() < 1 || options.election_timeout < 2 * options.heartbeat)
    return invalid("the election timeout must be at least twice the heartbeat");
  if (options.command_bytes_max == 0 || options.batch_bytes_max == 0 || options.queue_commands_max == 0)
    return invalid("limits of the log must not be 0");
  if (options.snapshot_after_entries == 0 || options.snapshot_after_bytes == 0)
    return invalid("snapshot limits must not be 0");
  return {};
}

}  // namespace

Result<std::unique_ptr<LibraftLog>> make_libraft_log(LibraftOptions options, StateMachine& machine,
                                                     const AddressBook& book) {
  TRY_DONE(check(options));
  return std::unique_ptr<LibraftLog>(std::make_unique<LibraftMember>(std::move(options), machine, book));
}

}  // namespace pelorus::raft
