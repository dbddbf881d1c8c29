// streamFilter, and appendMsg for handlers that are told message numbers.

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/engine_arguments.h"
#include "stream/messages/register_messages.h"
#include "stream/messages/stream_filter.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

std::vector<Value> members(const Value& value) {
  if (!value.is_tuple()) return {value};
  const auto values = value.vector().values_any();
  return {values.begin(), values.end()};
}

void read_times(const Arguments& a, const Value& given, FilterRule* rule) {
  if (given.is_void()) return;
  for (const auto& each : members(given)) {
    if (!each.is_pair() || !types::is_temporal(each.type()))
      a.refuse("filter", "has a timeRange that is no pair of times, nor a tuple of such.");
    const auto& ends = each.pair().elements;
    rule->times.emplace_back(ends.scalar_at(0), ends.scalar_at(1));
    if (rule->times[0].first.type() != ends.type()) a.refuse("filter", "has time ranges of unlike types.");
  }
}

void read_condition(const Arguments& a, const Value& given, bool are_messages, FilterRule* rule) {
  if (given.is_void()) return;
  const auto parts = members(given);
  if (parts[0].is_code()) {
    if (are_messages) a.refuse("filter", "must name a kind of messages at condition.");
    rule->expressions = metrics_of(parts);
    return;
  }
  std::vector<Value> values{given};
  rule->values = Arguments(a.function(), values).texts(0, "condition");
}

FilterRule rule_of(const Arguments& a, CallContext& context, const Value& given, bool are_messages) {
  if (!given.is_dictionary()) a.refuse("filter", "must be a dictionary or a tuple of dictionaries.");
  const auto& entries = given.dictionary();
  FilterRule rule;
  read_times(a, entries.get(std::string_view("timeRange")), &rule);
  read_condition(a, entries.get(std::string_view("condition")), are_messages, &rule);
  rule.handler = entries.get(std::string_view("handler"));
  if (rule.handler.is_table())
    rule.handler = table_object_of(context, a.function(), rule.handler);
  else if (!rule.handler.is_function())
    a.refuse("filter", "must have a function or a table at handler.");
  return rule;
}

std::map<std::string, data::Schema> schemas_of(const Arguments& a, const Value& given) {
  std::map<std::string, data::Schema> schemas;
  if (!given.is_dictionary()) a.refuse("msgSchema", "must be a dictionary of tables.");
  for (size_t i = 0; i < given.dictionary().size(); ++i) {
    std::vector<Value> table{given.dictionary().values().at(i)};
    schemas.emplace(given.dictionary().keys().text_at(i),
                    schema_argument(Arguments(a.function(), table), 0, "msgSchema"));
  }
  if (schemas.empty()) a.refuse("msgSchema", "must not be empty.");
  return schemas;
}

/// streamFilter(name, dummyTable, filter, [msgSchema], [timeColumn], [conditionColumn])
Value make_filter(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("streamFilter", args);
  EngineTerms terms{.name = a.text(0, "name"), .user = context.caller().user};
  terms.input = schema_argument(a, 1, "dummyTable");
  FilterTerms filter;
  const bool are_messages = a.has(3) && !a[3].is_void();
  if (are_messages) filter.schemas = schemas_of(a, a[3]);
  for (const auto& each : members(args[2])) filter.rules.push_back(rule_of(a, context, each, are_messages));
  if (filter.rules.empty()) a.refuse("filter", "must have a dictionary.");
  if (a.has(4) && !a[4].is_void()) terms.time_column = a.text(4, "timeColumn");
  if (a.has(5) && !a[5].is_void()) filter.condition_column = a.text(5, "conditionColumn");
  auto engine = std::make_shared<StreamFilter>(std::move(terms), std::make_unique<exec::WorkerSession>(context),
                                               std::move(filter));
  services.engines.add(engine);
  return data::TableRef(std::move(engine));
}

Value append_message(CallContext&, std::span<Value> args) {
  const Arguments a("appendMsg", args);
  const auto engine = args[0].is_table_object() ? std::dynamic_pointer_cast<Engine>(args[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be a stream engine.");
  if (!args[1].is_table()) a.refuse("msgBody", "must be a table; subscribe with msgAsTable=true.");
  const auto added = engine->append_messages(functions::table_argument(a.function(), args[1]), a.integer(2, "msgId"));
  if (!added.ok()) throw ScriptError(added.error().message);
  return Value::of_long(*added);
}

}  // namespace

void register_stream_filter(functions::Registry& registry, StreamServices& services) {
  functions::declare(
      registry, "stream-engines", Nature::kWhole,
      {"streamFilter", "name, dummyTable, filter, [msgSchema], [timeColumn], [conditionColumn]",
       [&services](CallContext& c, std::span<Value> v) { return make_filter(services, c, v); },
       "An engine that parts a stream among handlers by time, by a column's values, by conditions; with msgSchema it "
       "takes the messages that replay makes of unlike tables.",
       "src = table(1:0, `t`sym`v, [TIME, SYMBOL, INT]); out = table(9:0, `t`sym`v, [TIME, SYMBOL, INT])\n"
       "f = dict(STRING, ANY); f[`condition] = `a; f[`handler] = out\n"
       "e = streamFilter(`exampleFilter, src, f, , `t, `sym)\n"
       "e.append!(table(10:00:00.000 + 0..2 as t, `a`b`a as sym, 1 2 3 as v)); exec v from out",
       "[1,3]"});
  functions::declare(registry, "stream-engines", Nature::kCommand,
                     {"appendMsg", "engine, msgBody, msgId", append_message,
                      "Feeds a batch of messages to an engine: the handler of subscriptions with handlerNeedMsgId.",
                      "src = table(1:0, [`v], [INT]); out = table(9:0, [`s], [LONG])\n"
                      "e = createReactiveStateEngine(\"exampleMsg\", <cumsum(v)>, src, out)\n"
                      "appendMsg(e, table(1 2 3 as v), 2); exec s from out",
                      "[1,3,6]"});
}

}  // namespace pelorus::stream
