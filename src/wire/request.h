#pragma once
// Requests of the native protocol (docs/protocol/native.md §2).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "wire/decode.h"

namespace pelorus::wire {

/// Bits of the first property. Others are ignored.
enum RequestFlag : uint32_t {
  kUrgent = 1u << 0,
  kAsynchronous = 1u << 2,
  kClearMemory = 1u << 4,
  kCompress = 1u << 6,
  kPythonParser = 1u << 11,
  kQParser = 1u << 12,
  kReverseStreaming = 1u << 17,
  kOracleDialect = 1u << 19,
  kMysqlDialect = 1u << 20,
  kNoDecimals = 1u << 23,
};

struct RequestHeader {
  bool accepts_messages = false;  // API2: print() output may be sent
  std::string session;            // as the client states it; the connection decides
  size_t body_bytes = 0;
  uint32_t flags = 0;
  bool cancellable = true;
  int priority = 4;
  int parallelism = 64;
  std::string root_job;
  int64_t fetch_size = 0;  // rows per block; 0: all at once
  std::string client_id;   // with sequence: the same request again is recognised
  int64_t sequence = 0;    // negative: a repetition of -sequence
  int64_t rows_max = 0;    // a longer table or vector is answered with its first rows; 0: whole

  bool has(RequestFlag flag) const { return (flags & flag) != 0; }
};

/// The line without its LF. Missing properties take their defaults. Errors: kCorrupt.
Result<RequestHeader> parse_request_line(std::string_view line);

enum class RequestKind : uint8_t { kConnect, kScript, kFunction, kUpload };

struct Credentials {
  std::string user;
  std::string password;
  bool encrypted = false;  // both base64 of RSA
};

struct Request {
  RequestHeader header;
  RequestKind kind = RequestKind::kScript;
  std::string text;                // script, or the function's name or expression
  std::vector<std::string> names;  // of an upload
  std::vector<data::Value> arguments;
  std::optional<Credentials> login;  // inside connect
};

struct RequestLimits {
  size_t line_bytes_max = 4096;
  size_t body_bytes_max = 64u << 20;
  size_t arguments_max = 65536;
  /// All arguments together, on the wire.
  uint64_t argument_bytes_max = 64ull << 30;
  DecodeLimits arguments = {};
};

/// Resumable: give it bytes until done(). After an error the connection is out of step and must be closed.
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits = {}) : limits_(limits), decoder_(limits.arguments) {}

  /// For the next request; between requests only.
  void set_limits(const RequestLimits& limits);
  /// Takes bytes until the request ends; returns how many: all of them unless done(). Errors: kCorrupt, kLimit.
  Result<size_t> feed(std::string_view in);
  /// As Decoder::direct().
  std::span<char> direct();
  Status direct_done(size_t size);
  bool done() const { return phase_ == Phase::kDone; }
  /// True before the first byte of a request.
  bool idle() const { return phase_ == Phase::kLine && buffer_.empty(); }
  /// Whether the line was read: then the header tells to whom an error goes.
  bool has_header() const { return phase_ != Phase::kLine; }
  const RequestHeader& header() const { return request_.header; }
  Request take();

 private:
  enum class Phase : uint8_t { kLine, kBody, kArguments, kDone };
  Result<size_t> feed_line(std::string_view in);
  Result<size_t> feed_body(std::string_view in);
  Result<size_t> feed_arguments(std::string_view in);
  Status parse_body();
  Status parse_call(std::string_view kind, std::string_view rest);
  Status count_bytes(size_t size);
  void take_argument();

  RequestLimits limits_;
  Phase phase_ = Phase::kLine;
  std::string buffer_;
  Request request_;
  size_t arguments_wanted_ = 0;
  uint64_t argument_bytes_ = 0;
  Decoder decoder_;
};

/// What a client sends: line and body; the arguments follow as objects. `text` is the whole body.
std::string request_head(const RequestHeader& header, std::string_view text);

}  // namespace pelorus::wire
