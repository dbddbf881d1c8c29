#include "server/scripts/remote_connection.h"

#include "base/script_error.h"

namespace pelorus::server {

/// What a call that waits for the other side may ask of the statement around it.
class RemoteConnection::Waiting {
 public:
  void begin(functions::CallContext* context) { context_ = context; }
  void end() { context_ = nullptr; }
  bool cancelled() const { return context_ != nullptr && context_->cancellation().cancelled(); }
  void print(std::string_view text) const {
    if (context_ != nullptr) context_->print(text);
  }

 private:
  functions::CallContext* context_ = nullptr;  // while a call runs; used by its thread alone
};

std::shared_ptr<RemoteConnection> RemoteConnection::open(std::string_view function, functions::CallContext& context,
                                                         const client::Endpoint& to,
                                                         client::ConnectionOptions options) {
  auto waiting = std::make_unique<Waiting>();
  options.socket.cancelled = [asked = waiting.get()] { return asked->cancelled(); };
  options.print = [asked = waiting.get()](std::string_view text) { asked->print(text); };
  stream::PublisherSite site{.host = to.host,
                             .port = to.port,
                             .name = to.text(),
                             .user = options.user,
                             .password = options.password,
                             .tls = options.socket.tls};
  waiting->begin(&context);
  auto opened = client::Connection::open(to, std::move(options));
  waiting->end();
  if (!opened.ok()) throw ScriptError(std::string(function) + " => " + opened.error().message);
  return std::shared_ptr<RemoteConnection>(
      new RemoteConnection(std::move(waiting), std::move(*opened), std::move(site)));
}

RemoteConnection::RemoteConnection(std::unique_ptr<Waiting> waiting, std::unique_ptr<client::Connection> connection,
                                   stream::PublisherSite site)
    : place_(connection->endpoint().text()),
      site_(std::move(site)),
      described_("Conn[" + place_ + ":" + connection->session() + "]"),
      waiting_(std::move(waiting)),
      connection_(std::move(connection)) {}

RemoteConnection::~RemoteConnection() = default;

void RemoteConnection::close() {
  const std::lock_guard lock(mutex_);
  connection_.reset();
}

data::Value RemoteConnection::run(functions::CallContext* context, const Request& request) {
  const std::lock_guard lock(mutex_);
  if (connection_ == nullptr) throw ScriptError("The connection to " + place_ + " is closed; open another with xdb.");
  waiting_->begin(context);
  auto answer = request(*connection_);
  waiting_->end();
  if (answer.ok()) return std::move(*answer).value_or(data::Value::null());
  const auto& message = answer.error().message;
  // Tags such as <NotLeader> stay at the very beginning: clients look for them there.
  throw ScriptError(message.starts_with("<") ? message : "RemoteRun[" + place_ + "] " + message);
}

}  // namespace pelorus::server
