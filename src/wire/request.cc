#include "wire/request.h"

#include <charconv>

namespace pelorus::wire {
namespace {

Error corrupt(std::string what) { return {ErrorCode::kCorrupt, "The request cannot be read: " + std::move(what)}; }

template <class T>
bool parse_number(std::string_view text, T* out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return failure == std::errc() && end == text.data() + text.size();
}

/// Up to `separator`, which is removed; all of it when there is none.
std::string_view cut(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const auto head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

/// Our own properties have names, as other clients may send numbers in this place.
bool parse_named(std::string_view part, RequestHeader& header) {
  constexpr std::string_view kRows = "rows=";
  if (!part.starts_with(kRows)) return true;
  return parse_number(part.substr(kRows.size()), &header.rows_max) && header.rows_max >= 0;
}

Status parse_properties(std::string_view text, RequestHeader& header) {
  enum Place {
    kFlags,
    kCancellable,
    kPriority,
    kParallelism,
    kRootJob,
    kFetchSize,
    kOffset,
    kClientId,
    kSequence,
    kNamed
  };
  for (int place = kFlags; !text.empty(); ++place) {
    const auto part = cut(text, '_');
    if (part.empty()) continue;
    bool good = true;
    switch (place) {
      case kFlags: good = parse_number(part, &header.flags); break;
      case kCancellable: header.cancellable = part != "0"; break;
      case kPriority: good = parse_number(part, &header.priority); break;
      case kParallelism: good = parse_number(part, &header.parallelism); break;
      case kRootJob: header.root_job = part; break;
      case kFetchSize: good = parse_number(part, &header.fetch_size) && header.fetch_size >= 0; break;
      case kClientId: header.client_id = part; break;
      case kSequence: good = parse_number(part, &header.sequence) && header.sequence != INT64_MIN; break;
      case kNamed: good = parse_named(part, header); break;
      default: break;
    }
    if (!good) return corrupt("property " + std::to_string(place + 1) + " is " + std::string(part));
  }
  return {};
}

}  // namespace

Result<RequestHeader> parse_request_line(std::string_view line) {
  RequestHeader header;
  const auto protocol = cut(line, ' ');
  if (protocol != "API" && protocol != "API2") return corrupt("it does not begin with API or API2");
  header.accepts_messages = protocol == "API2";
  header.session = cut(line, ' ');
  const auto length = cut(line, ' ');
  if (!parse_number(length, &header.body_bytes)) return corrupt("its length is not a number");
  if (line.empty()) return header;
  if (cut(line, ' ') != "/") return corrupt("no / before the properties");
  TRY_DONE(parse_properties(cut(line, ' '), header));
  return header;
}

void RequestReader::set_limits(const RequestLimits& limits) {
  limits_ = limits;
  decoder_ = Decoder(limits.arguments);
}

Result<size_t> RequestReader::feed(std::string_view in) {
  size_t taken = 0;
  while (taken < in.size() && !done()) {
    const auto rest = in.substr(taken);
    auto step = phase_ == Phase::kLine   ? feed_line(rest)
                : phase_ == Phase::kBody ? feed_body(rest)
                                         : feed_arguments(rest);
    if (!step.ok()) return step.error();
    taken += *step;
  }
  return taken;
}

Result<size_t> RequestReader::feed_line(std::string_view in) {
  const size_t end = in.find('\n');
  const size_t count = std::min(end, in.size());
  if (buffer_.size() + count > limits_.line_bytes_max) {
    return Error{ErrorCode::kLimit,
                 "The request line is longer than " + std::to_string(limits_.line_bytes_max) + " bytes."};
  }
  buffer_.append(in.substr(0, count));
  if (end == std::string_view::npos) return count;
  TRY(request_.header, parse_request_line(buffer_));
  buffer_.clear();
  if (request_.header.body_bytes > limits_.body_bytes_max) {
    return Error{ErrorCode::kLimit, "The request body is longer than " + std::to_string(limits_.body_bytes_max) +
                                        " bytes: " + std::to_string(request_.header.body_bytes)};
  }
  phase_ = Phase::kBody;
  if (request_.header.body_bytes == 0) TRY_DONE(parse_body());
  return count + 1;
}

Result<size_t> RequestReader::feed_body(std::string_view in) {
  const size_t count = std::min(in.size(), request_.header.body_bytes - buffer_.size());
  buffer_.append(in.substr(0, count));
  if (buffer_.size() == request_.header.body_bytes) TRY_DONE(parse_body());
  return count;
}

Status RequestReader::count_bytes(size_t size) {
  argument_bytes_ += size;
  if (argument_bytes_ <= limits_.argument_bytes_max) return {};
  return Error{ErrorCode::kLimit,
               "The arguments are larger than " + std::to_string(limits_.argument_bytes_max) + " bytes."};
}

void RequestReader::take_argument() {
  request_.arguments.push_back(decoder_.take());
  if (request_.arguments.size() == arguments_wanted_) phase_ = Phase::kDone;
}

Result<size_t> RequestReader::feed_arguments(std::string_view in) {
  TRY(const auto taken, decoder_.feed(in));
  TRY_DONE(count_bytes(taken));
  if (decoder_.done()) take_argument();
  return taken;
}

std::span<char> RequestReader::direct() { return phase_ == Phase::kArguments ? decoder_.direct() : std::span<char>(); }

Status RequestReader::direct_done(size_t size) {
  TRY_DONE(decoder_.direct_done(size));
  TRY_DONE(count_bytes(size));
  if (decoder_.done()) take_argument();
  return {};
}

Status RequestReader::parse_body() {
  std::string_view rest = buffer_;
  const auto kind = cut(rest, '\n');
  phase_ = Phase::kDone;
  if (kind == "script") {
    request_.kind = RequestKind::kScript;
    request_.text = rest;
    return {};
  }
  if (kind == "connect") {
    request_.kind = RequestKind::kConnect;
    if (cut(rest, '\n') != "login") return {};
    Credentials login;
    login.user = cut(rest, '\n');
    login.password = cut(rest, '\n');
    login.encrypted = cut(rest, '\n') == "true";
    request_.login = std::move(login);
    return {};
  }
  if (kind == "function" || kind == "variable") return parse_call(kind, rest);
  return corrupt("its kind is none of connect, script, function, variable");
}

Status RequestReader::parse_call(std::string_view kind, std::string_view rest) {
  // From the end, so that an expression may span lines: <text> LF <argc> LF <endian> [LF].
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  const size_t endian_at = rest.rfind('\n');
  const size_t count_at =
      endian_at == std::string_view::npos || endian_at == 0 ? std::string_view::npos : rest.rfind('\n', endian_at - 1);
  if (count_at == std::string_view::npos)
    return corrupt("a " + std::string(kind) + " needs a name, a count and a byte order");
  if (rest.substr(endian_at + 1) != "1") return corrupt("only little-endian arguments (1) are understood");
  if (!parse_number(rest.substr(count_at + 1, endian_at - count_at - 1), &arguments_wanted_) ||
      arguments_wanted_ > limits_.arguments_max) {
    return corrupt("the number of arguments is none, or more than " + std::to_string(limits_.arguments_max));
  }
  auto text = rest.substr(0, count_at);
  if (kind == "function") {
    request_.kind = RequestKind::kFunction;
    request_.text = text;
  } else {
    request_.kind = RequestKind::kUpload;
    while (!text.empty()) request_.names.emplace_back(cut(text, ','));
    if (request_.names.size() != arguments_wanted_) {
      return corrupt(std::to_string(request_.names.size()) + " names for " + std::to_string(arguments_wanted_) +
                     " values");
    }
  }
  if (arguments_wanted_ > 0) phase_ = Phase::kArguments;
  return {};
}

Request RequestReader::take() {
  auto request = std::move(request_);
  request_ = {};
  buffer_.clear();
  phase_ = Phase::kLine;
  argument_bytes_ = 0;
  arguments_wanted_ = 0;
  return request;
}

std::string request_head(const RequestHeader& header, std::string_view text) {
  std::string head = header.accepts_messages ? "API2 " : "API ";
  head += header.session + " " + std::to_string(text.size()) + " / " + std::to_string(header.flags) +
          (header.cancellable ? "_1_" : "_0_") + std::to_string(header.priority) + "_" +
          std::to_string(header.parallelism) + "_" + header.root_job + "_" + std::to_string(header.fetch_size);
  if (!header.client_id.empty()) head += "__" + header.client_id + "_" + std::to_string(header.sequence);
  return head + "\n" + std::string(text);
}

}  // namespace pelorus::wire
