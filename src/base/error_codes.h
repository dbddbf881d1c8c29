#pragma once
// Every error code: number, name, kind, whether the same request may be tried again, sentence for the manual.
// Numbers are never reused. A new code needs code that reacts to it; otherwise take the general one and say
// more in the message.

#include <cstdint>
#include <string_view>

namespace pelorus {

enum class ErrorKind : uint8_t {
  kUser,         // the request is wrong; repeating it cannot help
  kNotFound,     // what was named does not exist
  kConflict,     // somebody else changes the same thing
  kUnavailable,  // a peer, a quorum or a disk does not serve now
  kTimeout,      // no answer in time; the effect is unknown unless the code says otherwise
  kCancelled,    // the caller gave up
  kExhausted,    // memory, disk or a configured limit
  kCorrupt,      // bytes that fail their checksum or their sense
  kInternal,     // a promise of our own code was broken
};

enum class ErrorCode : uint16_t {
  kInvalid = 1,
  kNotFound = 2,
  kAlreadyExists = 3,
  kConflict = 4,
  kUnavailable = 5,
  kNotLeader = 6,
  kTimeout = 7,
  kOutcomeUnknown = 8,
  kCancelled = 9,
  kOutOfMemory = 10,
  kNoSpace = 11,
  kLimit = 12,
  kCorrupt = 13,
  kDenied = 14,
  kInternal = 15,
  kIo = 16,
  kScript = 17,
  kStale = 18,
};

struct ErrorFacts {
  ErrorCode code;
  std::string_view name;
  ErrorKind kind;
  bool may_retry;
  std::string_view sentence;
};

inline constexpr ErrorFacts kErrorFacts[] = {
    {ErrorCode::kInvalid, "kInvalid", ErrorKind::kUser, false, "The request or its arguments do not make sense."},
    {ErrorCode::kNotFound, "kNotFound", ErrorKind::kNotFound, false, "What was named does not exist."},
    {ErrorCode::kAlreadyExists, "kAlreadyExists", ErrorKind::kConflict, false, "What was to be made exists already."},
    {ErrorCode::kConflict, "kConflict", ErrorKind::kConflict, true, "Another transaction changes the same data."},
    {ErrorCode::kUnavailable, "kUnavailable", ErrorKind::kUnavailable, true, "A peer or a quorum does not answer now."},
    {ErrorCode::kNotLeader, "kNotLeader", ErrorKind::kUnavailable, true,
     "This member does not lead; the message names the leader."},
    {ErrorCode::kTimeout, "kTimeout", ErrorKind::kTimeout, true, "No answer came in time; nothing was changed."},
    {ErrorCode::kOutcomeUnknown, "kOutcomeUnknown", ErrorKind::kTimeout, true,
     "The change may or may not have happened."},
    {ErrorCode::kCancelled, "kCancelled", ErrorKind::kCancelled, false, "The caller cancelled the request."},
    {ErrorCode::kOutOfMemory, "kOutOfMemory", ErrorKind::kExhausted, true,
     "The memory limit (maxMemSize) would be passed."},
    {ErrorCode::kNoSpace, "kNoSpace", ErrorKind::kExhausted, true, "The disk is full; free space and try again."},
    {ErrorCode::kLimit, "kLimit", ErrorKind::kExhausted, false, "A configured limit is reached."},
    {ErrorCode::kCorrupt, "kCorrupt", ErrorKind::kCorrupt, false,
     "Stored or received bytes fail their checksum or make no sense."},
    {ErrorCode::kDenied, "kDenied", ErrorKind::kUser, false, "The user has not been granted this."},
    {ErrorCode::kInternal, "kInternal", ErrorKind::kInternal, false, "A fault in Pelorus itself; please report it."},
    {ErrorCode::kIo, "kIo", ErrorKind::kUnavailable, true, "The operating system refused a file or socket operation."},
    {ErrorCode::kScript, "kScript", ErrorKind::kUser, false, "A script failed; the message carries its own account."},
    {ErrorCode::kStale, "kStale", ErrorKind::kConflict, true,
     "The request belongs to an older epoch, version or term."},
};

constexpr const ErrorFacts& facts(ErrorCode code) {
  for (const auto& row : kErrorFacts) {
    if (row.code == code) return row;
  }
  return kErrorFacts[14];  // kInternal
}

}  // namespace pelorus
