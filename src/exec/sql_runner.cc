#include "exec/sql_runner.h"

#include <map>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/order_result.h"
#include "exec/operators/resolve_source.h"
#include "exec/select.h"
#include "exec/select_stored.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Vector;
using syntax::Query;

/// The tables of `with a as (…)`.
class WithScope final : public Scope {
 public:
  using Scope::Scope;
  void put(const std::string& name, Value table) { tables_[name] = std::move(table); }
  std::optional<Value> find(std::string_view name) override {
    const auto found = tables_.find(std::string(name));
    if (found == tables_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, Value> tables_;
};

data::Table table_of(const Value& value) {
  if (value.is_plain_table()) return value.table();
  if (value.is_table_object()) return value_or_throw(value.table_object()->snapshot());
  throw ScriptError("A query that is combined with others must give a table.");
}

template <class Work>
auto in_step(Explanation* explanation, std::string_view step, Work&& work) {
  const Explanation::Timed timed(explanation, step);
  return work();
}

Value run_single(const Query& query, Evaluator& evaluator, Scope* outer, Explanation* explanation) {
  if (!query.from) {
    Relation nothing;
    nothing.rows = 1;
    RowScope rows(std::move(nothing), outer);
    return run_select(query, evaluator, rows, {.explanation = explanation});
  }
  if (auto single = resolve_single(*query.from, evaluator, outer)) {
    if (const auto stored = stored_table_of(single->table))
      return select_stored(query, stored, single->qualifier, evaluator, outer, explanation);
    SelectOptions options{.explanation = explanation};
    if (single->table.is_table_object()) options.where = narrow_source(query, *single, evaluator);
    RowScope rows(in_step(explanation, "from", [&] { return relation_of(*single, evaluator); }), outer);
    return run_select(query, evaluator, rows, options);
  }
  RowScope rows(in_step(explanation, "join", [&] { return resolve_source(*query.from, evaluator, outer); }), outer);
  return run_select(query, evaluator, rows, {.explanation = explanation});
}

data::Table united(const data::Table& first, const data::Table& second) {
  data::Table out = first;
  if (const auto done = out.append(second); !done.ok()) throw ScriptError(done.error().message);
  return out;
}

Value run_union(const Query& query, Evaluator& evaluator, Scope* outer, Explanation* explanation) {
  const Explanation::Timed timed(explanation, "union");
  Query head(query);
  head.with.clear();
  head.unions.clear();
  head.order.clear();
  head.limit = head.offset = nullptr;
  data::Table all = table_of(run_single(head, evaluator, outer, explanation));
  for (const auto& next : query.unions) {
    all = united(all, table_of(run_whole_query(*next.query, evaluator, outer)));
    if (!next.all) all = distinct_rows(all);
  }
  EmptyScope constants(outer);
  Query tail;
  tail.limit = query.limit;
  tail.offset = query.offset;
  return Value(order_and_limit(std::move(all), query.order, limit_of(tail, evaluator, &constants), {}, nullptr,
                               evaluator, outer));
}

/// A nested query inside an expression stands for its column or its only cell.
Value as_operand(Value result) {
  if (!result.is_plain_table() || result.table().columns() != 1) return result;
  if (result.table().rows() == 1) return result.table().column(0).at(0);
  return Value(result.table().column_shared(0));
}

}  // namespace

Value run_whole_query(const Query& query, Evaluator& evaluator, Scope* outer, Explanation* explanation) {
  if (query.having && query.grouping == syntax::Grouping::kNone)
    throw ScriptError("having chooses groups and needs group by or context by; rows are chosen by where.");
  WithScope tables(outer);
  for (const auto& with : query.with) {
    const Explanation::Timed timed(explanation, "with");
    data::Table table = table_of(run_whole_query(*with.query, evaluator, &tables));
    if (!with.columns.empty() && with.columns.size() != table.columns()) {
      throw ScriptError("The number of columns of [" + with.name + "] differs from that of its query.");
    }
    for (size_t c = 0; c < with.columns.size(); ++c) table.rename_column(c, with.columns[c]);
    tables.put(with.name, Value(std::move(table)));
  }
  Scope* scope = query.with.empty() ? outer : &tables;
  return query.unions.empty() ? run_single(query, evaluator, scope, explanation)
                              : run_union(query, evaluator, scope, explanation);
}

namespace {

Value explain(const Query& query, Evaluator& evaluator, Scope* outer) {
  Query explained(query);
  explained.hints &= ~(kHintExplain | kHintExplainResult);
  Explanation explanation;
  Value result = run_whole_query(explained, evaluator, outer, &explanation);
  Value text = Value::of_string(explanation.text(result));
  return (query.hints & kHintExplainResult) == 0 ? text : result_with(std::move(text), std::move(result));
}

}  // namespace

Value QueryRunner::run_query(const Query& query, Evaluator& evaluator, Scope* outer) {
  if ((query.hints & kHintExplain) != 0) return explain(query, evaluator, outer);
  Value result = run_whole_query(query, evaluator, outer);
  return outer && !query.is_exec ? as_operand(std::move(result)) : result;
}

Value QueryRunner::run_over(const syntax::Over& over, Evaluator&, Scope*) {
  throw ScriptError("The analytic function " + over.function +
                    " can be used only in the select list of a query without grouping.");
}

}  // namespace pelorus::exec
