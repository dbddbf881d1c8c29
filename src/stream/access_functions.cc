// addAccessControl.

#include "base/script_error.h"
#include "exec/worker_session.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;

/// The name under which the sessions of the node share an object; empty: they do not.
std::string shared_name(CallContext& context, const data::TableRef& object) {
  for (const auto& name : context.shared_objects().names()) {
    const auto found = context.shared_objects().find(name);
    if (found && found->is_table_object() && found->table_object() == object) return name;
  }
  return {};
}

/// A name means a shared object rather than an engine.
Value add_access_control(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("addAccessControl", args);
  std::string name;
  bool is_shared = false;
  std::shared_ptr<Engine> engine;
  if (a[0].is_table_object()) {
    if (a[0].table_object()->is_stored())
      a.refuse("table", "must be in memory: rights on a stored table are given by grant, deny and revoke.");
    engine = std::dynamic_pointer_cast<Engine>(a[0].table_object());
    if (engine != nullptr && services.engines.find(engine->name()) != engine) engine = nullptr;
    is_shared = engine == nullptr;
    if (is_shared) name = shared_name(context, a[0].table_object());
  } else if (a[0].is_text() && a[0].is_scalar()) {
    name = a.text(0, "table");
    const auto found = context.shared_objects().find(name);
    is_shared = found.has_value();
    if (is_shared && !found->is_table_object()) a.refuse("table", "must name a table or a stream engine.");
    if (!is_shared) engine = services.engines.find(name);
  }
  if (engine == nullptr && (name.empty() || !is_shared))
    a.refuse("table", "must be a shared table or a stream engine of this node, or its name.");
  if (engine != nullptr) {
    services.engine_access.note_maker(engine->name(), engine->facts().user);
    services.engine_access.control(context.caller(), engine->name());
    return Value::null();
  }
  auto* const access = exec::interpreter_of(context).surroundings().access;
  if (access == nullptr) throw ScriptError("addAccessControl: this program keeps no account of users.");
  access->control(context.caller(), name);
  return Value::null();
}

}  // namespace

void register_access_control(functions::Registry& registry, StreamServices& services) {
  functions::declare(
      registry, "streams", functions::Nature::kCommand,
      {"addAccessControl",
       "table",
       [&services](CallContext& context, std::span<Value> args) { return add_access_control(services, context, args); },
       "From now on a shared table or a stream engine can be used by its maker, by administrators and by those with "
       "the "
       "right TABLE_READ, TABLE_INSERT, TABLE_UPDATE, TABLE_DELETE or TABLE_WRITE on its name, or on node:name.",
       "src = table(1:0, `sym`v, [SYMBOL, INT]); out = table(9:0, `sym`p, [SYMBOL, INT])\n"
       "e = createReactiveStateEngine(\"exampleControlled\", <prev(v)>, src, out, `sym)\n"
       "addAccessControl(e)\ndropStreamEngine(\"exampleControlled\")",
       {}});
}

}  // namespace pelorus::stream
