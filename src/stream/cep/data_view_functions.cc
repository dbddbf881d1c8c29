// createDataViewEngine and what changes its rows.

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/cep/cep_engine.h"
#include "stream/messages/register_messages.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

/// Inside a monitor its engine's own views come first.
std::shared_ptr<DataView> find_view(StreamServices& services, const std::string& name) {
  std::shared_ptr<Engine> found;
  if (auto* engine = CepEngine::running()) found = engine->views().find(name);
  if (found == nullptr) found = services.data_views.find(name);
  return std::dynamic_pointer_cast<DataView>(found);
}

std::shared_ptr<DataView> view_argument(StreamServices& services, const Arguments& a) {
  std::shared_ptr<DataView> view;
  if (a[0].is_text()) view = find_view(services, a[0].text());
  if (a[0].is_table_object()) view = std::dynamic_pointer_cast<DataView>(a[0].table_object());
  if (view == nullptr) a.refuse("engine", "must be what createDataViewEngine gives, or its name.");
  return view;
}

/// createDataViewEngine(name, outputTable, keyColumns, timeColumn, [useSystemTime=true], [throttle],
/// [includeOperationType=false])
Value make_view(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createDataViewEngine", args);
  EngineTerms terms{.name = a.text(0, "name"), .user = context.caller().user};
  if (!args[1].is_table()) a.refuse("outputTable", "must be a table.");
  terms.output = table_object_of(context, a.function(), args[1]);
  terms.keys = a.texts(2, "keyColumns");
  if (terms.keys.empty()) a.refuse("keyColumns", "must name a column.");
  terms.time_column = a.text(3, "timeColumn");
  DataViewTerms view{.use_system_time = a.flag_or(4, "useSystemTime", true),
                     .shows_operation = a.flag_or(6, "includeOperationType", false)};
  if (a.has(5) && !a[5].is_void()) {
    if (!a[5].is_scalar() || a[5].type() != data::Type::kDuration || a[5].is_null())
      a.refuse("throttle", "must be a DURATION such as 1s.");
    const auto span = moment_after(0, a[5]);
    if (span <= 0) a.refuse("throttle", "must be longer than nothing.");
    view.throttle = std::chrono::milliseconds(span);
  }
  auto made = std::make_shared<DataView>(std::move(terms), std::make_unique<exec::WorkerSession>(context), view);
  auto* engine = CepEngine::running();
  (engine != nullptr ? engine->views() : services.data_views).add(made);
  return data::TableRef(std::move(made));
}

/// getDataViewEngine([CEPEngine], dataViewEngineName)
Value find(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("getDataViewEngine", args);
  const bool has_engine = args.size() > 1;
  const auto name = a.text(has_engine ? 1 : 0, "dataViewEngineName");
  std::shared_ptr<DataView> view;
  if (has_engine && a.has(0) && !a[0].is_void()) {
    std::shared_ptr<Engine> engine;
    if (a[0].is_text()) engine = services.engines.find(a[0].text());
    if (a[0].is_table_object()) engine = std::dynamic_pointer_cast<Engine>(a[0].table_object());
    const auto cep = std::dynamic_pointer_cast<CepEngine>(engine);
    if (cep == nullptr) a.refuse("CEPEngine", "must be what createCEPEngine gives, or its name.");
    view = std::dynamic_pointer_cast<DataView>(cep->views().find(name));
  } else {
    view = find_view(services, name);
  }
  if (view == nullptr) throw ScriptError("There is no data view engine named " + name + ".");
  return data::TableRef(std::move(view));
}

/// A tuple has the values of one column each; anything else is those of one column.
std::vector<Value> columns_of(const Value& given, size_t columns) {
  if (columns > 1 && given.is_vector() && given.vector().size() == columns) {
    std::vector<Value> parts;
    for (size_t i = 0; i < columns; ++i) parts.push_back(given.vector().at(i));
    return parts;
  }
  if (given.is_tuple() && given.vector().size() == 1) return {given.vector().at(0)};
  return {given};
}

/// deleteDataViewItems(engine, keys)
Value remove(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("deleteDataViewItems", args);
  const auto view = view_argument(services, a);
  const auto done = view->remove(columns_of(args[1], view->keys().size()));
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::null();
}

/// updateDataViewItems(engine, keys, valueNames, newValues)
Value update(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("updateDataViewItems", args);
  const auto view = view_argument(services, a);
  const auto names = a.texts(2, "valueNames");
  const auto done = view->update(columns_of(args[1], view->keys().size()), names, columns_of(args[3], names.size()));
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::null();
}

/// dropDataViewEngine(name)
Value drop(StreamServices& services, CallContext&, std::span<Value> args) {
  const auto name = Arguments("dropDataViewEngine", args).text(0, "name");
  auto* engine = CepEngine::running();
  const bool done = (engine != nullptr && engine->views().remove(name)) || services.data_views.remove(name);
  if (!done) throw ScriptError("There is no data view engine named " + name + ".");
  return Value::null();
}

}  // namespace

void register_data_views(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Nature nature, functions::Declaration d) {
    functions::declare(registry, "stream-engines", nature, std::move(d));
  };
  row(Nature::kWhole,
      {"createDataViewEngine",
       "name, outputTable, keyColumns, timeColumn, [useSystemTime=true], [throttle], [includeOperationType=false]",
       bound(make_view),
       "A table of the latest row of every key that puts each change out, at once or every throttle; with "
       "includeOperationType deletions, too.",
       "out = table(9:0, `op`k`v`at, [CHAR, SYMBOL, INT, TIMESTAMP])\n"
       "d = createDataViewEngine(\"exampleView1\", out, `k, `at, true, , true)\n"
       "d.append!(table(`a`b`a as k, 1 2 3 as v)); exec v from d",
       "[3,2]"});
  row(Nature::kWhole, {"getDataViewEngine",
                       "CEPEngine, [dataViewEngineName]",
                       bound(find),
                       "A data view: of the monitor's engine or of that CEP engine, else of the node.",
                       "try { getDataViewEngine(`nothing) } catch(ex) { }",
                       {}});
  row(Nature::kCommand,
      {"updateDataViewItems", "engine, keys, valueNames, newValues", bound(update),
       "Changes columns of the rows of those keys in a data view.",
       "out = table(9:0, `k`v`at, [SYMBOL, INT, TIMESTAMP])\n"
       "d = createDataViewEngine(\"exampleView2\", out, `k, `at); d.append!(table(`a`b as k, 1 2 as v))\n"
       "updateDataViewItems(d, `b, `v, 7); exec v from out",
       "[1,2,7]"});
  row(Nature::kCommand,
      {"deleteDataViewItems", "engine, keys", bound(remove), "Takes the rows of those keys out of a data view.",
       "out = table(9:0, `k`v`at, [SYMBOL, INT, TIMESTAMP])\n"
       "d = createDataViewEngine(\"exampleView3\", out, `k, `at); d.append!(table(`a`b as k, 1 2 as v))\n"
       "deleteDataViewItems(d, `a); exec v from d",
       "[2]"});
  row(Nature::kCommand, {"dropDataViewEngine",
                         "name",
                         bound(drop),
                         "Drops a data view.",
                         "try { dropDataViewEngine(`nothing) } catch(ex) { }",
                         {}});
}

}  // namespace pelorus::stream
