// Queries cut by partitions: what sqlDS gives, repartitionDS, and partition and sample for help().

#include <algorithm>

#include "exec/capture_constants.h"
#include "exec/interpreter.h"
#include "exec/operators/partition_choice.h"
#include "exec/operators/resolve_source.h"
#include "exec/sources/data_source.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "plan/prune_partitions.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;
using meta::PartitionType;
using syntax::as;
using syntax::ExprRef;

const syntax::Query* query_of(const data::CodeRef& code) {
  const auto* value = dynamic_cast<const CodeValue*>(code.get());
  return value != nullptr ? as<syntax::Query>(value->body()) : nullptr;
}

/// The source of the query with more conditions.
Value source_with(const data::CodeRef& code, std::vector<ExprRef> conditions) {
  auto narrowed = std::make_shared<syntax::Query>(*query_of(code));
  narrowed->where.insert(narrowed->where.begin(), std::make_move_iterator(conditions.begin()),
                         std::make_move_iterator(conditions.end()));
  const auto& captured = dynamic_cast<const CodeValue&>(*code).captured();
  return data::HandleRef(std::make_shared<DataSource>(std::make_shared<CodeValue>(std::move(narrowed), captured)));
}

/// The partitioned table a query is over; null when it is over anything else.
std::shared_ptr<StoredTable> table_of(const syntax::Query& query, CallContext& context) {
  auto* evaluator = dynamic_cast<Evaluator*>(&context);
  if (evaluator == nullptr || query.from == nullptr || !query.with.empty() || !query.unions.empty()) return nullptr;
  const auto named = resolve_single(*query.from, *evaluator, nullptr);
  auto table = named ? stored_table_of(named->table) : nullptr;
  return table != nullptr && !table->partition_columns().empty() ? table : nullptr;
}

/// Partitions of the table that the query's conditions do not rule out.
std::vector<meta::PartitionKey> keys_of(const syntax::Query& query, StoredTable& table, CallContext& context) {
  const auto opened = table.open_snapshot();
  if (!opened.ok()) throw ScriptError(opened.error().message);
  const auto scheme = table.scheme();
  const auto columns = table.partition_columns();
  auto& evaluator = dynamic_cast<Evaluator&>(context);
  EmptyScope constants;
  const auto schema = table.schema();
  ConstantCapture capture(schema, {}, evaluator, &constants);
  const plan::ConstantValue constant = [&](const syntax::Expr& expr) -> std::optional<Value> {
    try {
      return capture.constant_value()(expr);
    } catch (const ScriptError&) {
      return std::nullopt;  // a variable of the function that the query was written in
    }
  };
  const auto constraint = plan::constraint_of(query.where, schema, constant);
  std::vector<meta::PartitionKey> keys;
  for (const auto& partition : (*opened)->partitions()) {
    if (plan::may_match(constraint, {scheme, columns}, partition.key)) keys.push_back(partition.key);
  }
  return keys;
}

/// The conditions under which a row of `column` falls into each piece of a scheme.
std::vector<std::vector<ExprRef>> conditions_of(const Arguments& a, const std::string& column) {
  const auto type =
      meta::parse_partition_type(a.has(2) && a[2].is_text() ? a[2].text() : std::string())
          .value_or(static_cast<PartitionType>(a.has(2) && !a[2].is_text() ? a.integer(2, "partitionType") : -1));
  const auto scheme = a.vector(3, "partitionScheme");
  if (scheme->is_tuple() || scheme->size() == 0)
    a.refuse("partitionScheme", "must be a vector of values or boundaries.");
  const auto compared = [&](syntax::BinaryOperator op, size_t i) {
    auto condition = std::make_shared<syntax::Binary>();
    condition->op = op;
    condition->left = plan::name_node(column);
    auto literal = std::make_shared<syntax::Literal>();
    literal->value = scheme->scalar_at(i);
    condition->right = std::move(literal);
    return ExprRef(std::move(condition));
  };
  std::vector<std::vector<ExprRef>> pieces;
  if (type == PartitionType::kValue) {
    for (size_t i = 0; i < scheme->size(); ++i) pieces.push_back({compared(syntax::BinaryOperator::kEqual, i)});
  } else if (type == PartitionType::kRange) {
    for (size_t i = 0; i + 1 < scheme->size(); ++i)
      pieces.push_back(
          {compared(syntax::BinaryOperator::kGreaterEqual, i), compared(syntax::BinaryOperator::kLess, i + 1)});
  } else {
    a.refuse("partitionType", "must be VALUE or RANGE.");
  }
  if (pieces.empty()) a.refuse("partitionScheme", "must have two boundaries at least.");
  return pieces;
}

/// Pieces by one level of the table's own scheme.
std::vector<Value> sources_by_level(const Arguments& a, CallContext& context, const data::CodeRef& code,
                                    const std::string& column) {
  const auto table = table_of(*query_of(code), context);
  if (table == nullptr)
    a.refuse("partitionType", "and partitionScheme are needed unless the query is over one partitioned table.");
  const auto columns = table->partition_columns();
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) a.refuse("column", "must be a partitioning column when partitionType is not given.");
  const auto level = static_cast<size_t>(found - columns.begin());
  const auto scheme = table->scheme();
  std::vector<meta::PartitionKey> different;
  for (const auto& key : keys_of(*query_of(code), *table, context)) different.push_back({.parts = {key.parts[level]}});
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  std::vector<Value> sources;
  for (const auto& key : different)
    sources.push_back(source_with(code, {choice_of(scheme.levels[level], column, key.parts[0])}));
  return sources;
}

/// repartitionDS(query, [column], [partitionType], [partitionScheme], [local])
Value repartition(CallContext& context, std::span<Value> args) {
  const Arguments a("repartitionDS", args);
  std::vector<Value> sources;
  if (args[0].is_tuple()) {
    for (const auto& each : args[0].vector().values_any()) {
      if (!each.is_code()) a.refuse("query", "must be queries in < >.");
      sources.emplace_back(data::HandleRef(std::make_shared<DataSource>(each.code())));
    }
    return Vector::tuple(std::move(sources));
  }
  if (!args[0].is_code() || query_of(args[0].code()) == nullptr) a.refuse("query", "must be a query in < >.");
  const data::CodeRef code = args[0].code();
  const auto column = a.text(1, "column");
  const bool has_scheme = a.has(3) && !a[3].is_void();
  if (!has_scheme) {
    sources = sources_by_level(a, context, code, column);
  } else {
    for (auto& conditions : conditions_of(a, column)) sources.push_back(source_with(code, std::move(conditions)));
  }
  return Vector::tuple(std::move(sources));
}

Value only_in_where(std::string_view function) {
  throw ScriptError(std::string(function) +
                    " chooses partitions: it stands in the where clause of a query over a "
                    "partitioned table, by itself or joined by `and`.");
}

}  // namespace

std::vector<Value> sources_by_partition(const data::CodeRef& code, CallContext& context) {
  const auto* query = query_of(code);
  const auto table = query != nullptr ? table_of(*query, context) : nullptr;
  const auto whole = [&] { return std::vector<Value>{data::HandleRef(std::make_shared<DataSource>(code))}; };
  if (table == nullptr) return whole();
  const auto scheme = table->scheme();
  const auto columns = table->partition_columns();
  std::vector<Value> sources;
  for (const auto& key : keys_of(*query, *table, context)) {
    std::vector<ExprRef> choices;
    for (size_t level = 0; level < key.parts.size(); ++level)
      choices.push_back(choice_of(scheme.levels[level], columns[level], key.parts[level]));
    sources.push_back(source_with(code, std::move(choices)));
  }
  return sources.empty() ? whole() : sources;
}

void register_partitions(functions::Registry& registry) {
  functions::declare(
      registry, "data-sources", Nature::kWhole,
      {"repartitionDS", "query, [column], [partitionType], [partitionScheme], [local=true]", repartition,
       "A query as data sources by values or ranges of a column, by a level of the table's own scheme, or "
       "a source for each of several queries.",
       "t = table(1 2 3 4 as v); mr(repartitionDS(<select * from t>, `v, RANGE, 1 3 5), x -> sum(x.v))", "[3,7]"});
  const auto row = [&](Declaration d) { functions::declare(registry, "sql", Nature::kWhole, std::move(d)); };
  row({"partition", "partitionCol, keys", [](CallContext&, std::span<Value>) { return only_in_where("partition"); },
       "In where: only the partitions of these keys, values of a VALUE scheme, numbers from 0 of RANGE, LIST and HASH.",
       "try { partition(1, 1) } catch(ex) { 0 }"});
  row({"sample", "partitionCol, size", [](CallContext&, std::span<Value>) { return only_in_where("sample"); },
       "In where: only partitions drawn by chance, so many, or a part of them when size is below 1.",
       "try { sample(1, 1) } catch(ex) { 0 }"});
  row({"interval", "X, duration, fill, [step], [explicitOffset=false], [closed='left'], [label='left'], [origin]",
       [](CallContext&, std::span<Value>) -> Value {
         throw ScriptError("interval makes windows of time: it stands in the group by clause of a query.");
       },
       "In group by: windows of time, those without rows as well; fill says what they show: prev, post, linear, null, "
       "none or a value.",
       "t = table(10:00:00 10:00:02 as time, 1 3 as v); select sum(v) as s from t group by interval(time, 1s, `null)",
       "table{interval_time:[10:00:00,10:00:01,10:00:02],s:[1,null,3]}"});
  row({"roll", "X, step, [stepType='time'], [fill='none'], [closed='left'], [origin='start_day'], [exclude], [label]",
       [](CallContext&, std::span<Value>) -> Value {
         throw ScriptError("roll makes windows: it is the first item of a select with context by.");
       },
       "First item of a select with context by: a row for each window, which moves on by a duration ('time'), so many "
       "rows ('row'), a volume ('volume', of totals 'cumvol') or as the step's two vectors say ('window'). Columns "
       "show "
       "their last value; aggregates are of one step, m… and tm… functions of as many steps, rows or as much time as "
       "their window says.",
       "t = table(10:00:00 10:00:20 10:01:10 as time, `a`a`a as s, 1 2 3 as v); "
       "select roll(time, 60s) as till, sum(v) as s, msum(v, 2) as s2 from t context by s",
       "table{till:[10:01:00,10:02:00],s:[3,3],s2:[3,6]}"});
}

}  // namespace pelorus::exec
