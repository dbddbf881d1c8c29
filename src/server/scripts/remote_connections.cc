// xdb, remoteRun and remoteRunWithCompression: sessions with other sites as values of a script.

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "server/scripts/register_scripts.h"
#include "server/scripts/remote_connection.h"
#include "wire/request.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;

constexpr std::string_view kFamily = "remote";

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
  return data::HandleRef(RemoteConnection::open("xdb", context, to, std::move(options)));
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
  return connection->run(&context, [&](client::Connection& to) {
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
