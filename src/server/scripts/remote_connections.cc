// xdb, remoteRun and remoteRunWithCompression: sessions with other sites as values of a script.

#include <mutex>

#include "base/script_error.h"
#include "data/usable_handle.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "server/scripts/register_scripts.h"
#include "wire/request.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;

constexpr std::string_view kFamily = "remote";

/// What a call that waits for the other side may ask of the statement around it.
class Waiting {
 public:
  void begin(CallContext* context) { context_ = context; }
  void end() { context_ = nullptr; }
  bool cancelled() const { return context_ != nullptr && context_->cancellation().cancelled(); }
  void print(std::string_view text) const {
    if (context_ != nullptr) context_->print(text);
  }

 private:
  CallContext* context_ = nullptr;  // while a call runs; used by its thread alone
};

/// Made by xdb, kept by the script's variables; the other side ends its session when the last of them is gone. Sessions
/// that share it take turns.
class RemoteConnection final : public data::UsableHandle {
 public:
  static std::shared_ptr<RemoteConnection> open(CallContext& context, const client::Endpoint& to,
                                                client::ConnectionOptions options) {
    auto waiting = std::make_unique<Waiting>();
    options.socket.cancelled = [asked = waiting.get()] { return asked->cancelled(); };
    options.print = [asked = waiting.get()](std::string_view text) { asked->print(text); };
    const stream::PublisherSite site{.host = to.host,
                                     .port = to.port,
                                     .name = to.text(),
                                     .user = options.user,
                                     .password = options.password,
                                     .tls = options.socket.tls};
    waiting->begin(&context);
    auto opened = client::Connection::open(to, std::move(options));
    waiting->end();
    if (!opened.ok()) throw ScriptError("xdb => " + opened.error().message);
    return std::make_shared<RemoteConnection>(std::move(waiting), std::move(*opened), site);
  }

  RemoteConnection(std::unique_ptr<Waiting> waiting, std::unique_ptr<client::Connection> connection,
                   stream::PublisherSite site)
      : place_(connection->endpoint().text()),
        site_(std::move(site)),
        described_("Conn[" + place_ + ":" + connection->session() + "]"),
        waiting_(std::move(waiting)),
        connection_(std::move(connection)) {}

  std::string kind() const override { return "remote connection"; }
  std::string describe() const override { return described_; }
  std::string_view called_by() const override { return "remoteRun"; }
  const stream::PublisherSite& site() const { return site_; }
  void close() override {
    const std::lock_guard lock(mutex_);
    connection_.reset();
  }

  /// What the other side answered. ScriptError with its own words behind "RemoteRun[host:port]".
  Value run(CallContext& context, const std::function<Result<client::Answer>(client::Connection&)>& request) {
    const std::lock_guard lock(mutex_);
    if (connection_ == nullptr) throw ScriptError("The connection to " + place_ + " is closed; open another with xdb.");
    waiting_->begin(&context);
    auto answer = request(*connection_);
    waiting_->end();
    if (answer.ok()) return std::move(*answer).value_or(Value::null());
    const auto& message = answer.error().message;
    // Tags such as <NotLeader> stay at the very beginning: clients look for them there.
    throw ScriptError(message.starts_with("<") ? message : "RemoteRun[" + place_ + "] " + message);
  }

 private:
  const std::string place_;
  const stream::PublisherSite site_;
  const std::string described_;
  std::mutex mutex_;
  const std::unique_ptr<Waiting> waiting_;          // guarded by mutex_; outlives connection_
  std::unique_ptr<client::Connection> connection_;  // guarded by mutex_; null once closed
};

using Resolve = std::function<Result<client::Endpoint>(const std::string& alias)>;

/// xdb(alias, [user], [password], [tls]) or xdb(host, port, [user], [password], [tls]).
Value connect(CallContext& context, std::span<Value> values, const Resolve& resolve) {
  const Arguments a("xdb", values);
  const auto first = a.text(0, "siteAlias");
  const bool has_port = a.has(1) && a[1].is_scalar() && !a[1].is_null() && !a[1].is_text();
  client::Endpoint to{.host = first};
  if (has_port) {
    const auto port = a.integer(1, "port");
    if (port < 1 || port > 65535) a.refuse("port", "must be between 1 and 65535.");
    to.port = static_cast<int>(port);
  } else {
    auto site = resolve(first);
    if (!site.ok()) throw ScriptError("xdb => " + site.error().message);
    to = std::move(*site);
  }
  const size_t next = !has_port && a.has(1) && a[1].is_text() ? 1 : 2;
  client::ConnectionOptions options{.user = a.text_or(next, "userId", ""),
                                    .password = a.text_or(next + 1, "password", "")};
  options.socket.tls = a.flag_or(next + 2, "enableSSL", false);
  return data::HandleRef(RemoteConnection::open(context, to, std::move(options)));
}

Value run_remotely(std::string_view name, uint32_t flags, CallContext& context, std::span<Value> values) {
  const Arguments a(name, values);
  const auto connection =
      values[0].is_handle() ? std::dynamic_pointer_cast<RemoteConnection>(values[0].handle()) : nullptr;
  if (connection == nullptr) a.refuse("conn", "must be a connection, as xdb gives it.");
  const bool is_function = values[1].is_function();
  const std::string text = is_function ? values[1].function()->print() : a.text(1, "script");
  const std::vector<Value> arguments(values.begin() + 2, values.end());
  const client::CallOptions options{.flags = flags};
  return connection->run(context, [&](client::Connection& to) {
    return is_function || !arguments.empty() ? to.call(text, arguments, options) : to.run(text, options);
  });
}

}  // namespace

Result<stream::PublisherSite> publisher_site(const Value& server, const Resolve& resolve) {
  if (server.is_handle()) {
    if (const auto connection = std::dynamic_pointer_cast<RemoteConnection>(server.handle())) return connection->site();
  }
  if (!server.is_text())
    return Error{ErrorCode::kInvalid, "server must be an alias of the cluster or a connection, as xdb gives it"};
  const auto& alias = server.scalar().text();
  TRY(const auto endpoint, resolve(alias));
  return stream::PublisherSite{
      .host = endpoint.host, .port = endpoint.port, .name = alias, .user = {}, .password = {}, .is_member = true};
}

void register_remote_connections(functions::Registry& registry, Resolve resolve) {
  const auto row = [&](functions::Declaration d) {
    functions::declare(registry, kFamily, functions::Nature::kWhole, std::move(d));
  };
  row({"xdb", "siteAlias|host, [port], [userId], [password], [enableSSL=false]",
       [resolve](CallContext& context, std::span<Value> values) { return connect(context, values, resolve); },
       "Opens a session with another site, as user if one is given; a script calls it, conn(\"script\") or conn(func, "
       "args…). It ends with the last variable that holds it, or with close().",
       "conn = xdb(getNodeHost(), getNodePort(), \"admin\", \"123456\"); conn(\"1 + 2\")", "3"});
  row({"remoteRun", "conn, script, [args]...",
       [](CallContext& context, std::span<Value> values) { return run_remotely("remoteRun", 0, context, values); },
       "Runs a script at the other side of a connection; with arguments, the function of that name there, or a "
       "function "
       "of this session.",
       "conn = xdb(getNodeHost(), getNodePort()); remoteRun(conn, \"sum\", 1 2 3)", "6"});
  row({"remoteRunWithCompression", "conn, script, [args]...",
       [](CallContext& context, std::span<Value> values) {
         return run_remotely("remoteRunWithCompression", wire::kCompress, context, values);
       },
       "remoteRun, asking the other side to compress large columns of its answer; it may decline.",
       "conn = xdb(getNodeHost(), getNodePort()); remoteRunWithCompression(conn, \"1..3\")", "[1,2,3]"});
}

}  // namespace pelorus::server
