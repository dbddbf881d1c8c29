// createCEPEngine and what its monitors call.

#include <algorithm>
#include <functional>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/cep/cep_engine.h"
#include "stream/column_rows.h"
#include "stream/engine_arguments.h"
#include "stream/messages/register_messages.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr std::string_view kFamily = "complex-events";

std::shared_ptr<Engine> engine_argument(StreamServices& services, const Value& engine) {
  if (engine.is_text()) return services.engines.find(engine.text());
  return engine.is_table_object() ? std::dynamic_pointer_cast<Engine>(engine.table_object()) : nullptr;
}

std::shared_ptr<CepEngine> cep_argument(StreamServices& services, const Arguments& a) {
  auto cep = std::dynamic_pointer_cast<CepEngine>(engine_argument(services, a[0]));
  if (cep == nullptr) a.refuse("engine", "must be what createCEPEngine gives, or its name.");
  return cep;
}

// ------------------------------------------------------------------ createCEPEngine

enum EngineAt : size_t {
  kName,
  kMonitors,
  kDummyTable,
  kEventSchema,
  kParallelism,
  kTimeColumn,
  kQueueDepth,
  kOutputTable,
  kDispatchKey,
  kDispatchBucket,
  kUseSystemTime,
  kEventTimeField,
};

/// The elements of a tuple, or the value itself.
std::vector<Value> listed(const Value& value) {
  if (!value.is_tuple()) return {value};
  const auto all = value.vector().values_any();
  return {all.begin(), all.end()};
}

std::map<std::string, KnownEvent> events_of(const Arguments& a) {
  std::map<std::string, KnownEvent> events;
  const auto classes = listed(a[kEventSchema]);
  auto fields =
      is_given(a, kEventTimeField) ? a.texts(kEventTimeField, "eventTimeField") : std::vector<std::string>{"eventTime"};
  if (fields.size() != 1 && fields.size() != classes.size())
    a.refuse("eventTimeField", "must be one name or one for each event.");
  for (size_t i = 0; i < classes.size(); ++i) {
    KnownEvent known{.of = event_class(a.function(), classes[i]), .kind = {}, .time_field = {}};
    known.kind = kind_of_class(*known.of);
    const auto& field = fields[fields.size() == 1 ? 0 : i];
    const auto& all = *known.of->fields();
    const bool has_field = std::any_of(all.begin(), all.end(), [&](const auto& f) { return f.name == field; });
    if (!has_field && is_given(a, kEventTimeField))
      a.refuse("eventTimeField", "names " + field + ", which the event " + known.of->name() + " does not have.");
    if (has_field) known.time_field = field;
    const auto name = known.of->name();
    if (!events.emplace(name, std::move(known)).second) a.refuse("eventSchema", "names the event " + name + " twice.");
  }
  if (events.empty()) a.refuse("eventSchema", "must name a class.");
  return events;
}

/// Where the kind and the packed fields stand in the table fed.
void set_columns(const Arguments& a, const data::Schema& schema, CepTerms* cep) {
  if (is_given(a, kTimeColumn)) {
    cep->time_column = find_column(schema, a.texts(kTimeColumn, "timeColumn")[0]);
    if (cep->time_column < 0) a.refuse("timeColumn", "must name a column of dummyTable.");
  }
  const size_t first = !schema.empty() && types::is_temporal(schema[0].type) ? 1 : 0;
  if (schema.size() < first + 2 || !types::is_literal(schema[first].type) || schema[first + 1].type != Type::kBlob)
    a.refuse("dummyTable",
             "must have a STRING column for the events' names and a BLOB column, behind the time if any.");
  cep->type_column = first;
  cep->body_column = first + 1;
}

Value make_engine(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createCEPEngine", args);
  CepTerms cep;
  for (const auto& monitor : listed(a[kMonitors])) {
    if (!monitor.is_code()) a.refuse("monitors", "must be constructor calls such as <MyMonitor()>.");
    cep.monitors.push_back(monitor.code());
  }
  if (cep.monitors.empty()) a.refuse("monitors", "must name a monitor.");
  EngineTerms terms{.name = a.text(kName, "name"), .user = context.caller().user};
  terms.input = schema_argument(a, kDummyTable, "dummyTable");
  set_columns(a, terms.input, &cep);
  cep.events = events_of(a);
  if (a.integer_or(kParallelism, "deserializeParallelism", 1) < 1)
    a.refuse("deserializeParallelism", "must be 1 or more.");
  constexpr int64_t kDepthMax = 100'000'000;
  cep.queue_depth = is_given(a, kQueueDepth) ? a.integer(kQueueDepth, "eventQueueDepth") : cep.queue_depth;
  if (cep.queue_depth < 1 || cep.queue_depth > kDepthMax)
    a.refuse("eventQueueDepth", "must be between 1 and " + std::to_string(kDepthMax) + ".");
  if (is_given(a, kOutputTable)) {
    for (const auto& output : listed(a[kOutputTable])) {
      const auto serializer = std::dynamic_pointer_cast<EventSerializer>(engine_argument(services, output));
      if (serializer == nullptr) a.refuse("outputTable", "must be what streamEventSerializer gives.");
      cep.outputs[serializer->name()] = serializer;
    }
  }
  if (is_given(a, kDispatchKey)) cep.dispatch_key = a.text(kDispatchKey, "dispatchKey");
  if (is_given(a, kDispatchBucket)) cep.buckets = a.integer(kDispatchBucket, "dispatchBucket");
  if (cep.buckets < 0 || (cep.buckets > 0 && cep.dispatch_key.empty()))
    a.refuse("dispatchBucket", "must be positive and needs a dispatchKey.");
  cep.use_system_time = !is_given(a, kUseSystemTime) || a.flag_or(kUseSystemTime, "useSystemTime", true);
  if (services.engines.find(terms.name) != nullptr)
    throw ScriptError("A stream engine named " + terms.name + " exists already; see dropStreamEngine.");
  auto engine =
      std::make_shared<CepEngine>(std::move(terms), std::make_unique<exec::WorkerSession>(context), std::move(cep));
  services.engines.add(engine);
  return data::TableRef(std::move(engine));
}

// ------------------------------------------------------------------ inside monitors

/// monitor.f(…), as other classes call it, is f(…).
std::span<Value> without_monitor(std::span<Value> args, size_t from) {
  return args.size() > from && data::instance_of(args[0]) != nullptr ? args.subspan(1) : args;
}

Value duration_argument(const Arguments& a, size_t i, std::string_view parameter) {
  if (!a[i].is_scalar() || a[i].type() != Type::kDuration || a[i].is_null() || moment_after(0, a[i]) <= 0)
    a.refuse(parameter, "must be a DURATION such as 60s.");
  return a[i];
}

/// Which of at, wait, within and exceedTime is given.
void set_kind(const Arguments& a, Listener* listener) {
  struct Span {
    size_t at;
    const char* parameter;
    Listener::Kind kind;
    bool needs_event;
  };
  constexpr Span kSpans[] = {{4, "at", Listener::Kind::kAt, false},
                             {5, "wait", Listener::Kind::kWait, false},
                             {6, "within", Listener::Kind::kWithin, true},
                             {7, "exceedTime", Listener::Kind::kExceedTime, true}};
  bool has_time = false;
  for (const auto& span : kSpans) {
    if (!is_given(a, span.at)) continue;
    if (has_time) a.refuse(span.parameter, "can't be combined with another of at, wait, within and exceedTime.");
    if (span.needs_event != !listener->event_type.empty())
      a.refuse(span.parameter, span.needs_event ? "needs an eventType." : "can't be combined with an eventType.");
    has_time = true;
    listener->kind = span.kind;
    if (span.kind == Listener::Kind::kAt)
      listener->timetable.emplace(a[span.at]);
    else
      listener->span = duration_argument(a, span.at, span.parameter);
    if (!span.needs_event) continue;
    if (listener->times_left > 1) a.refuse("times", "must be 1 with within and exceedTime.");
    listener->times_left = 1;
  }
  if (!has_time && listener->event_type.empty()) a.refuse("eventType", "or one of at and wait must be given.");
}

/// addEventListener(handler, [eventType], [condition], [times="all"], [at], [wait], [within], [exceedTime], [name])
Value add_listener(StreamServices&, CallContext&, std::span<Value> args) {
  const auto place = CepEngine::here("addEventListener");
  const Arguments a("addEventListener", without_monitor(args, 1));
  auto listener = std::make_shared<Listener>();
  if (a.size() == 0 || !a[0].is_function()) a.refuse("handler", "must be a function.");
  listener->handler = a[0];
  if (is_given(a, 1)) listener->event_type = a.text(1, "eventType");
  if (is_given(a, 2)) {
    if (!a[2].is_code()) a.refuse("condition", "must be code such as <Stock.price > 10>.");
    if (listener->event_type.empty()) a.refuse("condition", "needs an eventType.");
    listener->condition = a[2].code();
  }
  if (is_given(a, 3) && !(a[3].is_text() && a[3].text() == "all")) {
    listener->times_left = a[3].is_text() ? 0 : a.integer(3, "times");
    if (listener->times_left < 1) a.refuse("times", "must be \"all\" or 1 or more.");
  }
  set_kind(a, listener.get());
  listener->name = is_given(a, 8)                   ? a.text(8, "name")
                   : listener->condition != nullptr ? listener->condition->print()
                   : !listener->event_type.empty()  ? listener->event_type
                                                    : "timer";
  return data::HandleRef(std::make_shared<ListenerHandle>(place.engine->listen(place, std::move(listener))));
}

EventRef event_argument(const Arguments& a) {
  auto event = data::instance_of(a[0]);
  if (event == nullptr) a.refuse("event", "must be an object of a class.");
  return event;
}

Value send(StreamServices&, CallContext&, std::span<Value> args) {
  const auto place = CepEngine::here("sendEvent");
  place.engine->send(place, event_argument(Arguments("sendEvent", args)), false);
  return Value::null();
}

Value route(StreamServices&, CallContext&, std::span<Value> args) {
  const auto place = CepEngine::here("routeEvent");
  place.engine->send(place, event_argument(Arguments("routeEvent", args)), true);
  return Value::null();
}

Value emit(StreamServices&, CallContext&, std::span<Value> args) {
  const auto place = CepEngine::here("emitEvent");
  const Arguments a("emitEvent", args);
  place.engine->emit(place, event_argument(a), is_given(a, 1) ? a.text(1, "eventTimeField") : "",
                     is_given(a, 2) ? a.text(2, "outputName") : "");
  return Value::null();
}

/// spawnMonitor(name, handler, arguments...)
Value spawn(StreamServices&, CallContext&, std::span<Value> args) {
  const auto place = CepEngine::here("spawnMonitor");
  const Arguments a("spawnMonitor", without_monitor(args, 2));
  const auto name = a.text(0, "name");
  if (!a[1].is_function()) a.refuse("handler", "must be a method or another function.");
  const auto rest = a.from(2);
  return place.engine->spawn(place, name, a[1], {rest.begin(), rest.end()});
}

Value destroy(StreamServices&, CallContext&, std::span<Value>) {
  const auto place = CepEngine::here("destroyMonitor");
  place.engine->destroy(place);
  return Value::null();
}

Value stop_sub_engine(StreamServices&, CallContext&, std::span<Value>) {
  const auto place = CepEngine::here("stopSubEngine");
  place.engine->stop_sub_engine(place);
  return Value::null();
}

// ------------------------------------------------------------------ seen from outside

Value by_name(const std::vector<std::pair<std::string, Value>>& named) {
  data::Dictionary all(Type::kString, Type::kAny, true);
  for (const auto& [name, value] : named) all.set(data::Scalar::of_string(name), value);
  return all;
}

/// Those of a sub-engine; ScriptError when there is none of that name.
std::vector<std::shared_ptr<Monitor>> monitors_argument(const Arguments& a, const CepEngine& cep) {
  const auto sub = a.text(1, "subEngineName");
  if (!cep.has_sub_engine(sub)) throw ScriptError("The engine " + cep.name() + " has no sub-engine " + sub + ".");
  return cep.monitors(sub);
}

/// getCEPEngineMonitor(engine, subEngineName, [monitorName])
Value get_monitor(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("getCEPEngineMonitor", args);
  const auto cep = cep_argument(services, a);
  const auto name = is_given(a, 2) ? a.text(2, "monitorName") : "";
  std::vector<std::pair<std::string, Value>> all;
  for (const auto& monitor : monitors_argument(a, *cep)) {
    if (!monitor->spawned_by.empty()) continue;
    const Value object{data::HandleRef(monitor->object)};
    if (monitor->name == name) return object;
    all.emplace_back(monitor->name, object);
  }
  if (!name.empty()) throw ScriptError("The sub-engine has no monitor " + name + ".");
  return by_name(all);
}

/// getCEPEngineSubMonitor(engine, subEngineName, monitorName): of a monitor made with the sub-engine all that came of
/// it, of a spawned one those it spawned itself.
Value get_sub_monitors(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("getCEPEngineSubMonitor", args);
  const auto cep = cep_argument(services, a);
  const auto name = a.text(2, "monitorName");
  const auto monitors = monitors_argument(a, *cep);
  const auto found = std::find_if(monitors.begin(), monitors.end(), [&](const auto& m) { return m->name == name; });
  if (found == monitors.end()) throw ScriptError("The sub-engine has no monitor " + name + ".");
  const bool goes_deeper = (*found)->spawned_by.empty();
  std::vector<std::string> parents{name};
  std::vector<std::pair<std::string, Value>> all;
  for (const auto& monitor : monitors) {  // children stand behind their parents
    if (std::find(parents.begin(), parents.end(), monitor->spawned_by) == parents.end()) continue;
    all.emplace_back(monitor->name, Value(data::HandleRef(monitor->object)));
    if (goes_deeper) parents.push_back(monitor->name);
  }
  return by_name(all);
}

/// getEventListener(monitor, [listenerName])
Value get_listener(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("getEventListener", args);
  const auto object = args.empty() ? nullptr : data::instance_of(args[0]);
  const bool is_inside = object == nullptr;
  std::optional<std::vector<std::shared_ptr<Listener>>> listeners;
  if (is_inside) {
    listeners = CepEngine::here("getEventListener").monitor->listeners;
  } else {
    for (const auto& engine : services.engines.all()) {
      const auto cep = std::dynamic_pointer_cast<CepEngine>(engine);
      if (cep != nullptr && !listeners) listeners = cep->listeners_of(object.get());
    }
  }
  if (!listeners) a.refuse("monitor", "must be a monitor of an engine, such as getCEPEngineMonitor gives.");
  const size_t name_at = is_inside ? 0 : 1;
  const auto name = is_given(a, name_at) ? a.text(name_at, "listenerName") : "";
  std::vector<std::pair<std::string, Value>> all;
  for (const auto& listener : *listeners) {
    if (listener->ended) continue;
    const Value handle{data::HandleRef(std::make_shared<ListenerHandle>(listener))};
    if (listener->name == name) return handle;
    all.emplace_back(listener->name, handle);
  }
  if (!name.empty()) throw ScriptError("The monitor has no listener " + name + ".");
  return by_name(all);
}

Value terminate(StreamServices&, CallContext&, std::span<Value> args) {
  const auto listener = args[0].is_handle() ? std::dynamic_pointer_cast<ListenerHandle>(args[0].handle()) : nullptr;
  if (listener == nullptr) Arguments("terminate", args).refuse("listener", "must be what addEventListener gives.");
  listener->terminate();
  return Value::null();
}

// ------------------------------------------------------------------ statistics

Value moment_value(const std::optional<Moment>& moment) {
  return moment ? data::Scalar::of<int64_t>(Type::kTimestamp, *moment) : data::Scalar::null_of(Type::kTimestamp);
}

Value events_table(const CepEngine& cep) {
  std::vector<std::string> names, fields, types;
  std::vector<int32_t> ids, forms;
  data::Buffer<int64_t> ends;
  for (const auto& [name, known] : cep.cep().events) {
    std::string field_text, type_text;
    for (const auto& field : known.kind.fields) {
      field_text += (field_text.empty() ? "" : ",") + field.name;
      type_text += (type_text.empty() ? "" : ",") + std::string(types::name_of(field.type));
      ids.push_back(static_cast<int32_t>(field.type));
      forms.push_back(field.is_vector ? 1 : 0);
    }
    names.push_back(name);
    fields.push_back(field_text);
    types.push_back(type_text);
    ends.push_back(static_cast<int64_t>(ids.size()));
  }
  const auto texts = [](std::vector<std::string>& values) {
    return Vector::of_strings(Type::kString, std::move(values));
  };
  const auto numbers = [&](const std::vector<int32_t>& values) {
    Vector flat(Type::kInt, values.size());
    std::copy(values.begin(), values.end(), flat.edit<int32_t>().begin());
    return Vector::array(data::Shared<Vector>(std::move(flat)), ends);
  };
  return Table({"eventType", "eventField", "fieldType", "fieldTypeId", "fieldFormId"},
               {texts(names), texts(fields), texts(types), numbers(ids), numbers(forms)});
}

/// getCEPEngineStat(engine)
Value statistics(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("getCEPEngineStat", args);
  const auto cep = cep_argument(services, a);
  const auto facts = cep->facts();
  ColumnRows subs, views;
  subs.column("subEngineName", Type::kString);
  for (const char* name : {"eventsOnInputQueue", "monitorNumber", "listeners", "timers", "eventsRouted", "eventsSent",
                           "eventsReceived", "eventsConsumed"})
    subs.column(name, Type::kLong);
  subs.column("lastEventTime", Type::kTimestamp);
  subs.column("lastErrorMessage", Type::kString);
  subs.column("lastErrorTimestamp", Type::kTimestamp);
  for (const auto& f : cep->sub_engines()) {
    subs.add({Value::of_string(f.name), Value::of_long(f.waiting), Value::of_long(f.monitors),
              Value::of_long(f.listeners), Value::of_long(f.timers), Value::of_long(f.routed), Value::of_long(f.sent),
              Value::of_long(f.received), Value::of_long(f.consumed), moment_value(f.last_event_at),
              Value::of_string(f.last_error), moment_value(f.last_error_at)});
  }
  for (const char* name : {"name", "user", "status", "lastErrorMessage", "keyColumns"})
    views.column(name, Type::kString);
  for (const auto& engine : cep->views().all()) {
    const auto view = std::dynamic_pointer_cast<DataView>(engine);
    const auto f = engine->facts();
    std::string keys;
    for (const auto& key : view->keys()) keys += (keys.empty() ? "" : " ") + key;
    views.add({Value::of_string(f.name), Value::of_string(f.user),
               Value::of_string(f.last_error.empty() ? "OK" : "FATAL"), Value::of_string(f.last_error),
               Value::of_string(keys)});
  }
  return by_name({{"EngineStat", by_name({{"name", Value::of_string(facts.name)},
                                          {"user", Value::of_string(facts.user)},
                                          {"status", Value::of_string(facts.last_error.empty() ? "OK" : "FATAL")},
                                          {"lastErrorMessage", Value::of_string(facts.last_error)},
                                          {"numOfSubEngine", Value::of_long(facts.groups)},
                                          {"eventsReceived", Value::of_long(facts.rows_in)},
                                          {"eventsEmitted", Value::of_long(facts.rows_out)},
                                          {"useSystemTime", Value::of_bool(cep->cep().use_system_time)}})},
                  {"eventSchema", events_table(*cep)},
                  {"subEngineStat", subs.table()},
                  {"dataViewEngines", views.table()}});
}

}  // namespace

namespace {

using Row = std::function<void(Nature, functions::Declaration)>;

template <class F>
functions::Native bound(StreamServices& services, F* run) {
  return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
}

void register_engine_and_events(const Row& row, StreamServices& services) {
  row(Nature::kWhole,
      {"createCEPEngine",
       "name, monitors, dummyTable, eventSchema, [deserializeParallelism=1], [timeColumn], [eventQueueDepth=1024], "
       "[outputTable], [dispatchKey], [dispatchBucket], [useSystemTime=true], [eventTimeField='eventTime']",
       bound(services, make_engine),
       "An engine of monitors, objects of classes that extend CEPMonitor: onload() runs first, then the listeners it "
       "adds hear of the events that come by appendEvent or as rows of the engine.",
       "class Tick1 { v :: INT\n def Tick1(x) { v = x } }\n"
       "class Sum1 : CEPMonitor { total :: LONG\n def Sum1() { total = 0 }\n def take(e) { total += e.v }\n"
       "def onload() { addEventListener(take, `Tick1, <Tick1.v > 1>) } }\n"
       "e = createCEPEngine(\"exampleCep1\", <Sum1()>, table(1:0, `eventType`blobs, [STRING, BLOB]), Tick1)\n"
       "for(i in 1..4) appendEvent(e, Tick1(i))\ngetCEPEngineMonitor(e, \"exampleCep1\", `Sum1).total",
       "9"});
  row(Nature::kCommand,
      {"addEventListener",
       "handler, [eventType], [condition], [times='all'], [at], [wait], [within], [exceedTime], [name]",
       bound(services, add_listener),
       "In a monitor: calls the handler with every event of a class (\"any\": of all) for which the condition holds; "
       "at "
       "moments of a timetable (at), every so often (wait), once within a time, or when none came in that time "
       "(exceedTime). The listener.",
       "class Tick2 { v :: INT\n def Tick2(x) { v = x } }\n"
       "class Two2 : CEPMonitor { seen :: INT VECTOR\n def Two2() { }\n def take(e) { seen.append!(e.v) }\n"
       "def onload() { addEventListener(take, `Tick2, , 2) } }\n"
       "e = createCEPEngine(\"exampleCep2\", <Two2()>, table(1:0, `eventType`blobs, [STRING, BLOB]), Tick2)\n"
       "for(i in 5..8) appendEvent(e, Tick2(i))\ngetCEPEngineMonitor(e, \"exampleCep2\", `Two2).seen",
       "[5,6]"});
  row(Nature::kCommand,
      {"sendEvent", "event", bound(services, send),
       "In a monitor: puts an event at the end of the queue of its sub-engine.",
       "class Tick3 { v :: INT\n def Tick3(x) { v = x } }\n"
       "class Down3 : CEPMonitor { seen :: INT VECTOR\n def Down3() { }\n"
       "def take(e) { seen.append!(e.v)\n if(e.v > 0) sendEvent(Tick3(e.v - 1)) }\n"
       "def onload() { addEventListener(take, `Tick3) } }\n"
       "e = createCEPEngine(\"exampleCep3\", <Down3()>, table(1:0, `eventType`blobs, [STRING, BLOB]), Tick3)\n"
       "appendEvent(e, Tick3(2))\ngetCEPEngineMonitor(e, \"exampleCep3\", `Down3).seen",
       "[2,1,0]"});
  row(Nature::kCommand, {"routeEvent",
                         "event",
                         bound(services, route),
                         "In a monitor: puts an event at the front of the queue of its sub-engine.",
                         "try { routeEvent(1) } catch(ex) { }",
                         {}});
  row(Nature::kCommand,
      {"emitEvent", "event, [eventTimeField], [outputName]", bound(services, emit),
       "In a monitor: writes an event to the engine's outputTable, or to that of several; with eventTimeField that "
       "field "
       "becomes the time of now.",
       "class Tick4 { v :: INT\n def Tick4(x) { v = x } }\n"
       "class Echo4 : CEPMonitor { def Echo4() { }\n def take(e) { emitEvent(e) }\n"
       "def onload() { addEventListener(take, `Tick4) } }\n"
       "out = table(9:0, `kind`body`v, [STRING, BLOB, INT])\n"
       "s = streamEventSerializer(\"exampleOut4\", Tick4, out, , `v)\n"
       "e = createCEPEngine(\"exampleCep4\", <Echo4()>, table(1:0, `eventType`blobs, [STRING, BLOB]), Tick4, , , , s)\n"
       "appendEvent(e, Tick4(6)); select kind, v from out",
       "table{kind:[\"Tick4\"],v:[6]}"});
}

void register_monitors(const Row& row, StreamServices& services) {
  row(Nature::kCommand, {"spawnMonitor",
                         "name, handler, args...",
                         bound(services, spawn),
                         "In a monitor: makes a monitor that is a copy of this one and calls the method on it.",
                         "try { spawnMonitor(`another, print) } catch(ex) { }",
                         {}});
  row(Nature::kCommand, {"destroyMonitor",
                         "",
                         bound(services, destroy),
                         "In a monitor: runs its onDestroy() and ends it.",
                         "try { destroyMonitor() } catch(ex) { }",
                         {}});
  row(Nature::kCommand, {"stopSubEngine",
                         "",
                         bound(services, stop_sub_engine),
                         "In a monitor: ends its sub-engine; onDestroy() of spawned monitors and onunload() of the "
                         "others run.",
                         "try { stopSubEngine() } catch(ex) { }",
                         {}});
  row(Nature::kWhole, {"getCEPEngineMonitor",
                       "engine, subEngineName, [monitorName]",
                       bound(services, get_monitor),
                       "The monitor of that name that was made with the sub-engine, or a dictionary of all of them.",
                       "try { getCEPEngineMonitor(`nothing, `nothing) } catch(ex) { }",
                       {}});
  row(Nature::kWhole, {"getCEPEngineSubMonitor",
                       "engine, subEngineName, monitorName",
                       bound(services, get_sub_monitors),
                       "A dictionary of the monitors that a monitor has spawned.",
                       "try { getCEPEngineSubMonitor(`nothing, `nothing, `nothing) } catch(ex) { }",
                       {}});
  row(Nature::kWhole, {"getEventListener",
                       "[monitor], [listenerName]",
                       bound(services, get_listener),
                       "The listener of that name of a monitor, or a dictionary of all of them.",
                       "try { getEventListener(1) } catch(ex) { }",
                       {}});
  row(Nature::kCommand, {"terminate",
                         "listener",
                         bound(services, terminate),
                         "Ends what addEventListener has begun.",
                         "try { terminate(1) } catch(ex) { }",
                         {}});
  row(Nature::kWhole, {"getCEPEngineStat",
                       "engine",
                       bound(services, statistics),
                       "A dictionary: EngineStat, and tables of eventSchema, subEngineStat and dataViewEngines.",
                       "try { getCEPEngineStat(`nothing) } catch(ex) { }",
                       {}});
}

}  // namespace

void register_event_processing(functions::Registry& registry, StreamServices& services) {
  const Row row = [&](Nature nature, functions::Declaration d) {
    functions::declare(registry, kFamily, nature, std::move(d));
  };
  register_engine_and_events(row, services);
  register_monitors(row, services);
}

}  // namespace pelorus::stream
