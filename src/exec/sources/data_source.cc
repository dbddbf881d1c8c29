#include "exec/sources/data_source.h"

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/parts.h"

namespace pelorus::exec {
namespace {

using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "data-sources";

const data::CodeRef& query_argument(std::string_view function, const Value& value) {
  if (!value.is_code()) functions::usage_error(function, "sqlObj must be code such as <select * from t>.");
  return value.code();
}

/// Rows in the order of time, whatever partitions they lie in.
Value make_whole_source(CallContext&, std::span<Value> args) {
  return Vector::tuple({Value(data::HandleRef(std::make_shared<DataSource>(query_argument("replayDS", args[0]))))});
}

Value make_sources(CallContext& context, std::span<Value> args) {
  return Vector::tuple(sources_by_partition(query_argument("sqlDS", args[0]), context));
}

std::vector<std::shared_ptr<const DataSource>> sources_of(std::string_view function, const Value& value) {
  std::vector<std::shared_ptr<const DataSource>> sources;
  for (const auto& part : value.is_handle() ? std::vector<Value>{value} : functions::parts_or_self(value)) {
    sources.push_back(data_source_of(part));
    if (sources.back() == nullptr) functions::usage_error(function, "ds must be data sources.");
  }
  if (sources.empty()) functions::usage_error(function, "There are no data sources.");
  return sources;
}

Value add_transform(CallContext&, std::span<Value> args) {
  if (!args[1].is_function()) functions::usage_error("transDS!", "tranFunc must be a function.");
  std::vector<Value> changed;
  for (const auto& source : sources_of("transDS!", args[0])) {
    changed.emplace_back(data::HandleRef(source->with_transform(args[1])));
  }
  args[0] = Vector::tuple(std::move(changed));
  return args[0];
}

/// map over every source, reduce of the results in order, final of what is left.
Value map_reduce(CallContext& context, std::string_view name, const Value& sources, const Value& map,
                 const Value& reduce, const Value& last, const Value* state) {
  std::vector<Value> results;
  for (const auto& source : sources_of(name, sources)) {
    const Value rows(source->rows(context));
    results.push_back(state != nullptr ? context.call(map, {rows, *state}) : context.call(map, {rows}));
  }
  Value result;
  if (reduce.is_function()) {
    result = results[0];
    for (size_t i = 1; i < results.size(); ++i) result = context.call(reduce, {result, results[i]});
  } else {
    result = results.size() == 1 ? results[0] : functions::vector_of(std::move(results));
  }
  if (!last.is_function()) return result;
  return state != nullptr ? context.call(last, {result, *state}) : context.call(last, {result});
}

Value at(std::span<Value> args, size_t i) { return i < args.size() ? args[i] : Value::null(); }

Value map_reduce_once(CallContext& context, std::span<Value> args) {
  return map_reduce(context, "mr", args[0], args[1], at(args, 2), at(args, 3), nullptr);
}

/// Rounds of map and reduce that pass a value on until `done(value, next)` holds, or so many times.
Value map_reduce_rounds(CallContext& context, std::span<Value> args) {
  Arguments a("imr", args);
  constexpr int64_t kRoundsMax = 1'000'000;
  const Value done = at(args, 5);
  const int64_t rounds = done.is_scalar() && !done.is_null() ? a.integer(5, "terminateFunc") : kRoundsMax;
  Value state = args[1];
  for (int64_t i = 0; i < rounds; ++i) {
    Value next = map_reduce(context, "imr", args[0], args[2], at(args, 3), at(args, 4), &state);
    const Value ends = done.is_function() ? context.call(done, {state, next}) : Value::of_bool(false);
    state = std::move(next);
    if (ends.is_scalar() && !ends.is_null() && ends.scalar().as_double() != 0) break;
  }
  return state;
}

}  // namespace

DataSource::DataSource(const data::CodeRef& query)
    : DataSource(query->print(), [query](CallContext& context) { return context.evaluate(*query); }) {}

std::shared_ptr<DataSource> DataSource::with_transform(const Value& function) const {
  auto transforms = transforms_;
  transforms.push_back(function);
  return std::make_shared<DataSource>(description_, read_, std::move(transforms));
}

data::Table DataSource::rows(CallContext& context) const {
  Value rows = read_(context);
  for (const auto& transform : transforms_) rows = context.call(transform, {rows});
  return functions::table_argument("data source", rows);
}

std::shared_ptr<const DataSource> data_source_of(const Value& value) {
  return value.is_handle() ? std::dynamic_pointer_cast<const DataSource>(value.handle()) : nullptr;
}

void register_data_source_functions(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"sqlDS", "sqlObj, [forcePartition=false]", make_sources,
       "A query as data sources, one for each partition it reads.",
       "t = table(1 2 3 as v); mr(sqlDS(<select * from t>), x -> sum(x.v))", "6"});
  row({"replayDS", "sqlObj, [dateColumn], [timeColumn], [timeRepartitionSchema]", make_whole_source,
       "A query as data sources for replay.", "t = table(1 2 3 as v); size(replayDS(<select * from t>))", "1"});
  functions::declare(registry, kFamily, Nature::kCommand,
                     {.name = "transDS!",
                      .parameters = "ds, tranFunc",
                      .run = add_transform,
                      .summary = "Sends the rows of data sources through a function.",
                      .example = "t = table(1 2 3 as v); ds = sqlDS(<select * from t>); ds.transDS!(x -> select v from "
                                 "x where v > 1); mr(ds, x -> sum(x.v))",
                      .result = "5",
                      .changes_first = true});
  row({"mr", "ds, mapFunc, [reduceFunc], [finalFunc], [parallel=true]", map_reduce_once,
       "mapFunc of the rows of every source, combined by reduceFunc, then finalFunc.",
       "t = table(1 2 3 as v); mr(sqlDS(<select * from t>), x -> sum(x.v), +, x -> x * 10)", "60"});
  row({"imr", "ds, initValue, mapFunc, [reduceFunc], [finalFunc], [terminateFunc]", map_reduce_rounds,
       "mr again and again; map and final also get the value of the round before.",
       "t = table(1 2 3 as v); imr(sqlDS(<select * from t>), 1, (x, s) -> sum(x.v) + s, +, , 3)", "19"});
  register_text_chunks(registry);
  register_partitions(registry);
  register_cached_tables(registry);
}

}  // namespace pelorus::exec
