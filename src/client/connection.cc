#include "client/connection.h"

#include <cstring>

#include "wire/encode.h"

namespace pelorus::client {
namespace {

using data::Value;

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kLineBytesMax = 128 << 10;
constexpr size_t kMessageBytesMax = 64 << 20;

/// Error lines that begin so mean: try another node, or this one later; nothing was changed.
constexpr std::string_view kNotNow[] = {"<ChunkInTransaction>",
                                        "<DataNodeNotAvail>",
                                        "<DataNodeNotReady>",
                                        "<ControllerNotReady>",
                                        "<ControllerNotAvail>",
                                        "DFS is not enabled",
                                        "The datanode isn't initialized yet"};

/// The beginning of foreign bytes, for a message.
std::string printable(std::string_view bytes) {
  constexpr size_t kShown = 60;
  std::string text(bytes.substr(0, kShown));
  for (auto& letter : text) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return "'" + text + (bytes.size() > kShown ? "…'" : "'");
}

}  // namespace

Error error_of_line(std::string line) {
  constexpr std::string_view kNotLeader = "<NotLeader>";
  if (line.starts_with(kNotLeader)) return {ErrorCode::kNotLeader, line.substr(kNotLeader.size())};
  for (const auto tag : kNotNow) {
    if (line.starts_with(tag)) return {ErrorCode::kUnavailable, std::move(line)};
  }
  if (line.starts_with("<NoPrivilege>")) return {ErrorCode::kDenied, std::move(line)};
  return {ErrorCode::kScript, std::move(line)};
}

Connection::Connection(Endpoint endpoint, ConnectionOptions options, std::unique_ptr<Socket> socket)
    : endpoint_(std::move(endpoint)), options_(std::move(options)), socket_(std::move(socket)) {}

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& to, ConnectionOptions options) {
  TRY(auto socket, Socket::connect(to, options.socket));
  std::unique_ptr<Connection> connection(new Connection(to, std::move(options), std::move(socket)));
  TRY_DONE(connection->log_in());
  return connection;
}

Status Connection::log_in() {
  std::string body = "connect\n";
  if (!options_.user.empty()) body += "login\n" + options_.user + "\n" + options_.password + "\nfalse";
  socket_->set_silence(options_.login);
  auto answer = send(body, {}, {.flags = options_.flags, .client_id = {}}).ok()
                    ? receive()
                    : Error{ErrorCode::kUnavailable, "Sending failed."};
  socket_->set_silence(options_.socket.silence);
  if (answer.ok()) return {};
  const auto& [code, message] = answer.error();
  const auto where = endpoint_.text();
  switch (code) {
    case ErrorCode::kScript: return Error{ErrorCode::kDenied, where + ": " + message};
    case ErrorCode::kCorrupt: return Error{code, where + " is not the port of a node. " + message};
    case ErrorCode::kTimeout: return Error{code, where + " takes connections and does not answer. " + message};
    case ErrorCode::kUnavailable:
      if (usable_) return answer.error();  // the node's own words
      return Error{code, where + " ended the connection instead of answering. " + message};
    default: return answer.error();
  }
}

Result<Answer> Connection::run(std::string_view script, const CallOptions& options) {
  return ask("script\n" + std::string(script), {}, options);
}

Result<Answer> Connection::call(std::string_view function, const std::vector<Value>& arguments,
                                const CallOptions& options) {
  return ask("function\n" + std::string(function) + "\n" + std::to_string(arguments.size()) + "\n1", arguments,
             options);
}

Status Connection::upload(const std::vector<std::string>& names, const std::vector<Value>& values,
                          const CallOptions& options) {
  CHECK(names.size() == values.size());
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  const auto answer = ask("variable\n" + list + "\n" + std::to_string(values.size()) + "\n1", values, options);
  if (!answer.ok()) return answer.error();
  return {};
}

Result<Answer> Connection::ask(std::string_view body, const std::vector<Value>& arguments, const CallOptions& options) {
  if (!usable_) return Error{ErrorCode::kUnavailable, "The connection to " + endpoint_.text() + " is lost."};
  if (auto sent = send(body, arguments, options); !sent.ok()) return sent.error();
  if ((options.flags & wire::kAsynchronous) != 0) return Answer();
  auto answer = receive();
  if (answer.ok() || usable_) return answer;
  if (answer.error().code != ErrorCode::kCorrupt && answer.error().code != ErrorCode::kCancelled) {
    return Error{ErrorCode::kOutcomeUnknown, answer.error().message + " The request may have been carried out."};
  }
  return answer;
}

Status Connection::send(std::string_view body, const std::vector<Value>& arguments, const CallOptions& options) {
  wire::Chain out;
  wire::RequestHeader header;
  header.accepts_messages = true;
  header.session = session_;
  header.flags = options.flags;
  header.priority = options.priority;
  header.fetch_size = options.fetch_size;
  header.client_id = options.client_id;
  header.sequence = options.sequence;
  out.put_text(wire::request_head(header, body));
  for (const auto& argument : arguments) TRY_DONE(wire::encode(argument, out));
  for (const auto piece : out.pieces()) {
    if (auto sent = socket_->write(piece); !sent.ok()) {
      usable_ = false;
      return sent;
    }
  }
  return {};
}

Status Connection::fill() {
  buffer_.resize(kReadBytes);
  at_ = 0;
  auto count = socket_->read(buffer_);
  buffer_.resize(count.ok() ? *count : 0);
  if (count.ok()) return {};
  usable_ = false;
  return count.error();
}

Result<std::string> Connection::read_until(char end, size_t bytes_max) {
  std::string text;
  while (true) {
    const size_t found = buffer_.find(end, at_);
    text.append(buffer_, at_, found == std::string::npos ? found : found - at_);
    if (text.size() > bytes_max) {
      usable_ = false;
      return Error{ErrorCode::kCorrupt, "The server's answer cannot be read: a line without an end"};
    }
    if (found != std::string::npos) {
      at_ = found + 1;
      return text;
    }
    TRY_DONE(fill());
  }
}

Result<Answer> Connection::receive() {
  while (true) {
    TRY(const auto head, read_until('\n', kLineBytesMax));
    if (head == "MSG") {
      TRY(const auto text, read_until('\0', kMessageBytesMax));
      if (options_.print) options_.print(text);
      continue;
    }
    // <session> SP <0 or 1 objects> SP <byte order>
    const size_t first = head.find(' ');
    const auto rest = first == std::string::npos ? std::string_view() : std::string_view(head).substr(first);
    if (rest != " 0 1" && rest != " 1 1") {
      usable_ = false;
      return Error{ErrorCode::kCorrupt, "The answer cannot be read: " + printable(head)};
    }
    session_ = head.substr(0, first);
    const bool has_object = rest == " 1 1";
    TRY(auto status, read_until('\n', kLineBytesMax));
    if (status != "OK") return error_of_line(std::move(status));
    if (!has_object) return Answer();
    TRY(auto value, read_object());
    return Answer(std::move(value));
  }
}

Result<StreamRecord> Connection::receive_record() {
  constexpr size_t kNumbers = 17;  // byte order, time, row
  char numbers[kNumbers];
  for (size_t have = 0; have < kNumbers;) {
    if (at_ == buffer_.size()) TRY_DONE(fill());
    const size_t count = std::min(kNumbers - have, buffer_.size() - at_);
    std::memcpy(numbers + have, buffer_.data() + at_, count);
    at_ += count;
    have += count;
  }
  StreamRecord record;
  std::memcpy(&record.sent_ns, numbers + 1, sizeof record.sent_ns);
  std::memcpy(&record.last_row, numbers + 1 + sizeof record.sent_ns, sizeof record.last_row);
  if (numbers[0] != 1) {
    usable_ = false;
    return Error{ErrorCode::kCorrupt, "What came from " + endpoint_.text() + " is no record of a stream."};
  }
  TRY(record.topic, read_until('\0', kLineBytesMax));
  TRY(record.object, read_object());
  return record;
}

Result<Value> Connection::read_object() {
  wire::Decoder decoder;
  while (!decoder.done()) {
    if (at_ < buffer_.size()) {
      auto taken = decoder.feed(std::string_view(buffer_).substr(at_));
      if (!taken.ok()) {
        usable_ = false;
        return taken.error();
      }
      at_ += *taken;
      continue;
    }
    const auto direct = decoder.direct();
    if (direct.empty()) {
      TRY_DONE(fill());
      continue;
    }
    auto count = socket_->read(direct);
    usable_ = usable_ && count.ok();
    if (!count.ok()) return count.error();
    TRY_DONE(decoder.direct_done(*count));
  }
  return decoder.take();
}

}  // namespace pelorus::client
