// streamEventSerializer and appendEvent.

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/parts.h"
#include "functions/type_argument.h"
#include "stream/cep/cep_engine.h"
#include "stream/messages/event_serializer.h"
#include "stream/messages/register_messages.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr int64_t kVectorForm = 1;

/// "a, b" is a and b.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char letter : text) {
    if (letter == ',')
      words.emplace_back();
    else if (letter != ' ')
      words.back() += letter;
  }
  return words;
}

size_t column_named(const Arguments& a, const Table& schema, std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    if (const int found = schema.find(name); found >= 0) return static_cast<size_t>(found);
  }
  a.refuse("eventSchema", "must have a column " + std::string(*names.begin()) + ".");
}

/// Numbers of one row: of an array vector, or of a column of single ones.
std::vector<int64_t> numbers_at(const Arguments& a, const data::Vector& column, size_t row) {
  const auto elements = functions::elements_of(column.at(row));
  if (!elements || (!types::is_integral((*elements)->type())))
    a.refuse("eventSchema", "must have INT[] type and form numbers.");
  const auto longs = functions::as_longs(a.function(), *elements);
  return {longs->values<int64_t>().begin(), longs->values<int64_t>().end()};
}

EventKind kind_of(const Arguments& a, const Table& schema, size_t row, std::string_view kind) {
  const auto names = words_of(schema.column(column_named(a, schema, {"eventField", "eventKeys"})).text_at(row));
  const auto types = numbers_at(a, schema.column(column_named(a, schema, {"fieldTypeId", "typeId"})), row);
  const auto forms = numbers_at(a, schema.column(column_named(a, schema, {"fieldFormId", "formId"})), row);
  if (names.size() != types.size() || names.size() != forms.size())
    a.refuse("eventSchema", "must have a type and a form for each field of " + std::string(kind) + ".");
  EventKind described;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto type = static_cast<data::Type>(types[i]);
    const bool has_form = forms[i] == 0 || forms[i] == kVectorForm;
    const bool is_known = types[i] > 0 && types[i] < 64 && types::is_storable(type) && !types::is_decimal(type);
    if (!has_form || !is_known || names[i].empty())
      a.refuse("eventSchema",
               "has the field " + names[i] + " of " + std::string(kind) +
                   ": fields are scalars (form 0) or vectors (1) of types that columns have, but decimals.");
    described.fields.push_back({names[i], type, forms[i] == kVectorForm});
  }
  return described;
}

/// The kinds of events with their names: rows of a table, or classes.
std::vector<std::pair<std::string, EventKind>> described_events(const Arguments& a, const Value& schema) {
  std::vector<std::pair<std::string, EventKind>> kinds;
  if (!schema.is_table()) {
    for (const auto& part : functions::parts_or_self(schema)) {
      const auto of = event_class(a.function(), part);
      kinds.emplace_back(of->name(), kind_of_class(*of));
    }
    return kinds;
  }
  const auto rows = functions::table_argument(a.function(), schema);
  const auto& names = rows.column(column_named(a, rows, {"eventType"}));
  for (size_t row = 0; row < rows.rows(); ++row)
    kinds.emplace_back(names.text_at(row), kind_of(a, rows, row, names.text_at(row)));
  return kinds;
}

/// streamEventSerializer(name, eventSchema, outputTable, [eventTimeField], [commonField])
Value make_serializer(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("streamEventSerializer", args);
  const auto rows = described_events(a, args[1]);
  std::vector<std::string> times;
  if (a.has(3) && !a[3].is_void()) times = a.texts(3, "eventTimeField");
  if (times.size() > 1 && times.size() != rows.size())
    a.refuse("eventTimeField", "must be one name or one for each event.");
  std::map<std::string, EventKind> kinds;
  for (size_t row = 0; row < rows.size(); ++row) {
    auto described = rows[row].second;
    if (!times.empty()) described.time_field = times[times.size() == 1 ? 0 : row];
    if (!kinds.emplace(rows[row].first, std::move(described)).second)
      a.refuse("eventSchema", "names the event " + rows[row].first + " twice.");
  }
  if (kinds.empty()) a.refuse("eventSchema", "must have a row.");
  std::vector<std::string> common;
  if (a.has(4) && !a[4].is_void()) common = a.texts(4, "commonField");
  EngineTerms terms{.name = a.text(0, "name"), .user = context.caller().user};
  if (!args[2].is_table()) a.refuse("outputTable", "must be a table.");
  terms.output = table_object_of(context, a.function(), args[2]);
  auto engine = std::make_shared<EventSerializer>(std::move(terms), std::make_unique<exec::WorkerSession>(context),
                                                  std::move(kinds), std::move(common));
  services.engines.add(engine);
  return data::TableRef(std::move(engine));
}

/// appendEvent(engine, events): one dictionary, or a tuple of them; the engine or its name.
Value append_events(StreamServices& services, CallContext&, std::span<Value> args) {
  const Arguments a("appendEvent", args);
  std::shared_ptr<Engine> engine;
  if (args[0].is_text()) engine = services.engines.find(args[0].text());
  if (args[0].is_table_object()) engine = std::dynamic_pointer_cast<Engine>(args[0].table_object());
  const auto serializer = std::dynamic_pointer_cast<EventSerializer>(engine);
  const auto cep = std::dynamic_pointer_cast<CepEngine>(engine);
  if (serializer == nullptr && cep == nullptr)
    a.refuse("engine", "must be what createCEPEngine or streamEventSerializer gives, or its name.");
  std::vector<Value> events{args[1]};
  if (args[1].is_tuple()) events.assign(args[1].vector().values_any().begin(), args[1].vector().values_any().end());
  for (const auto& event : events) {
    const auto instance = data::instance_of(event);
    if (!event.is_dictionary() && instance == nullptr)
      a.refuse("events", "must be an object of a class or a dictionary of the event's fields and its eventType.");
    if (cep != nullptr) {
      cep->append_event(event);
      continue;
    }
    const auto added = serializer->append_event(instance ? event_dictionary(*instance) : event.dictionary());
    if (!added.ok()) throw ScriptError(added.error().message);
  }
  return Value::null();
}

}  // namespace

void register_events(functions::Registry& registry, StreamServices& services) {
  constexpr std::string_view kExample =
      "schema = table([\"Order\"] as eventType, [\"sym,qty\"] as eventField, array(INT[], 0).append!([18 4]) as "
      "fieldTypeId, array(INT[], 0).append!([0 0]) as fieldFormId)\n"
      "out = table(9:0, `kind`body`qty, [STRING, BLOB, INT])\n"
      "s = streamEventSerializer(`exampleEvents, schema, out, , `qty)\n"
      "appendEvent(s, {\"eventType\": \"Order\", \"sym\": \"a\", \"qty\": 7}); select kind, qty from out";
  functions::declare(
      registry, "stream-engines", Nature::kWhole,
      {"streamEventSerializer", "name, eventSchema, outputTable, [eventTimeField], [commonField]",
       [&services](CallContext& c, std::span<Value> v) { return make_serializer(services, c, v); },
       "An engine that writes events of several kinds, as a table describes them, into one stream table: "
       "the time, the kind, the fields as BLOB, common fields in columns of their own.",
       kExample, "table{kind:[\"Order\"],qty:[7]}"});
  functions::declare(
      registry, "stream-engines", Nature::kCommand,
      {"appendEvent", "engine, events",
       [&services](CallContext& c, std::span<Value> v) { return append_events(services, c, v); },
       "Hands an event, an object of its class or a dictionary of its fields and its eventType, to the engine of "
       "createCEPEngine or streamEventSerializer.",
       "try { appendEvent(`nothing, {\"eventType\": \"Order\"}) } catch(ex) { 0 }"});
}

}  // namespace pelorus::stream
