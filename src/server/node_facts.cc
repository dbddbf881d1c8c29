// What a node says of itself: getNodeAlias and kin.

#include "base/log.h"
#include "base/script_error.h"
#include "base/yielding.h"
#include "server/script_engine.h"
#include "types/format_value.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;
using Arguments = std::span<Value>;

/// Shown to administrators only.
bool is_secret(std::string_view name) {
  const auto* setting = config::find_setting(name);
  return setting != nullptr && setting->is_secret;
}

Value setting(const NodeEnvironment& environment, const std::string& name, bool is_admin) {
  if (config::find_setting(name) == nullptr || (is_secret(name) && !is_admin)) return {};
  return Value::of_string(environment.settings().text(name));
}

Value settings(const NodeEnvironment& environment, CallContext& context, Arguments args) {
  const bool is_admin = context.caller().is_admin;
  if (!args.empty() && args[0].is_text()) return setting(environment, args[0].text(), is_admin);
  data::Dictionary all(types::Type::kString, types::Type::kString);
  for (const auto name : config::setting_names()) {
    if (!is_secret(name) || is_admin)
      all.set(types::Scalar::of_string(std::string(name)), Value::of_string(environment.settings().text(name)));
  }
  return all;
}

Value license(const NodeEnvironment& environment) {
  data::Dictionary facts(types::Type::kString, types::Type::kAny);
  const auto put = [&](const char* name, Value value) { facts.set(types::Scalar::of_string(name), value); };
  put("authorization", Value::of_string("open source"));
  put("licenseType", Value::of_string("Apache-2.0"));
  put("maxMemoryPerNode", Value::of_int(types::kNull<int32_t>));
  put("maxCoresPerNode", Value::of_int(types::kNull<int32_t>));
  put("clientName", Value::of_string("Pelorus"));
  put("bindCPU", Value::of_bool(false));
  put("expiration", types::Scalar::null_of(types::Type::kDate));
  put("maxNodes", Value::of_int(types::kNull<int32_t>));
  put("version", Value::of_string("3.00"));
  put("modules", Value::of_long(-1));
  put("port", Value::of_int(environment.site.port));
  return facts;
}

Value write_log(CallContext& context, Arguments args) {
  if (context.caller().user == "guest") throw ScriptError("writeLog => guests may not write to the log; log in first");
  for (const auto& line : args) {
    if (!line.is_text()) throw ScriptError("Usage: writeLog(s1, [s2…]). The arguments must be strings.");
    log_info(line.text());
  }
  return {};
}

void require_admin(CallContext& context, std::string_view function) {
  if (!context.caller().is_admin)
    throw ScriptError("<NoPrivilege>Only administrators can execute the function " + std::string(function) + ".");
}

/// The constants DEBUG, INFO, WARNING and ERROR are 0 to 3.
LogLevel level_argument(const Value& value, std::string_view function) {
  const bool is_level = value.is_scalar() && types::is_integral(value.type()) && !value.is_null() &&
                        value.scalar().as_int64() >= 0 && value.scalar().as_int64() <= 3;
  if (!is_level) throw ScriptError(std::string(function) + " => the level must be DEBUG, INFO, WARNING or ERROR");
  return static_cast<LogLevel>(value.scalar().as_int64());
}

Value empty_caches(CallContext&, Arguments) {
  memory::let_go_of_caches();
  return {};
}

Value change_log_level(CallContext& context, Arguments args) {
  require_admin(context, "setLogLevel");
  set_log_level(level_argument(args[0], "setLogLevel"));
  return {};
}

Value write_log_level(CallContext& context, Arguments args) {
  require_admin(context, "writeLogLevel");
  const auto level = level_argument(args[0], "writeLogLevel");
  for (const auto& line : args.subspan(1)) {
    if (!line.is_scalar()) throw ScriptError("writeLogLevel => each line must be a scalar");
    log_message(level, line.is_text() ? line.text() : types::format_value(line.scalar()));
  }
  return {};
}

}  // namespace

void register_node_facts(functions::Registry& registry, const NodeEnvironment& environment, dist::RemoteRun& remote,
                         std::function<bool()> is_initialized) {
  const auto fact = [&](const char* name, Value value, const char* summary) {
    registry.add({.name = name,
                  .parameters = {},
                  .run = [value](CallContext&, Arguments) { return value; },
                  .doc = {.summary = summary},
                  .family = "node"});
  };
  fact("getNodeAlias", Value::of_string(environment.site.alias), "The alias of this node.");
  fact("getNodeType", Value::of_int(static_cast<int32_t>(environment.mode)),
       "0 data node, 1 agent, 2 controller, 3 single, 4 compute node.");
  fact("getNodeHost", Value::of_string(environment.site.host), "The host this node is known by.");
  fact("getNodePort", Value::of_int(environment.site.port), "The port of this node.");
  fact("getHomeDir", Value::of_string(environment.home.string()), "The home directory of this node.");
  fact("license", license(environment), "Facts about the licence; there are no limits.");
  fact("updateLicense", license(environment),
       "Facts about the licence. It is part of the program and never ends: there is no file to read anew.");
  fact("getLicenseExpiration", types::Scalar::null_of(types::Type::kDate),
       "When the licence ends: null, as it never does.");
  fact("getOS", Value::of_string("linux"), "The operating system of this node.");
  fact("getOSBit", Value::of_int(64), "The width of addresses of this node's operating system.");
  registry.add({.name = "getControllerAlias",
                .parameters = {},
                .run =
                    [&remote](CallContext&, Arguments) {
                      const auto leader = remote.controller();
                      if (!leader.ok()) throw ScriptError(leader.error().message);
                      return Value::of_string(*leader);
                    },
                .doc = {.summary = "The alias of the controller that leads now."},
                .family = "node"});
  registry.add({.name = "getConfig",
                .parameters = {{"name", true}},
                .run = [&environment](CallContext& c, Arguments a) { return settings(environment, c, a); },
                .doc = {.summary = "One setting of this node, or all of them."},
                .family = "node"});
  registry.add({.name = "isDataNodeInitialized",
                .parameters = {},
                .run = [is_initialized](CallContext&, Arguments) { return Value::of_bool(is_initialized()); },
                .doc = {.summary = "Whether this node is ready for work."},
                .family = "node"});
  registry.add_alias("isChunkNodeInit", "isDataNodeInitialized");
  registry.add({.name = "writeLog",
                .parameters = {{"text"}},
                .variadic = true,
                .nature = functions::Nature::kCommand,
                .run = write_log,
                .doc = {.summary = "Writes lines to the log of this node."},
                .family = "node"});
  registry.add({.name = "writeLogLevel",
                .parameters = {{"level"}, {"X1"}},
                .variadic = true,
                .nature = functions::Nature::kCommand,
                .run = write_log_level,
                .doc = {.summary = "Writes lines to the log of this node at a level: DEBUG, INFO, WARNING or ERROR."},
                .family = "node"});
  registry.add({.name = "setLogLevel",
                .parameters = {{"logLevel"}},
                .nature = functions::Nature::kCommand,
                .run = change_log_level,
                .doc = {.summary = "Lines below this level are left out of the log of this node from now on."},
                .family = "node"});
  registry.add({.name = "clearAllCache",
                .parameters = {},
                .nature = functions::Nature::kCommand,
                .run = empty_caches,
                .doc = {.summary = "Empties the caches of this node; rows in memory go to files when they are many."},
                .family = "node"});
}

}  // namespace pelorus::server
