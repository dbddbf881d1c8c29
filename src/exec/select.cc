#include "exec/select.h"

#include <algorithm>
#include <tuple>

#include "base/script_error.h"
#include "exec/operators/column_names.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/order_result.h"
#include "exec/operators/window_functions.h"
#include "exec/parts/direct_totals.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;
using syntax::Grouping;
using syntax::Query;

StepResult run_branch(QueryStep& step) {
  switch (step.query.grouping) {
    case Grouping::kGroupBy: return select_groups(step);
    case Grouping::kContextBy: {
      step.filter();
      const Explanation::Timed timed(step.explanation, "contextBy");
      return select_contexts(step);
    }
    default: return step.query.cumulative_keys.empty() ? select_plain(step) : select_groups(step);
  }
}

}  // namespace

void QueryStep::filter() { filter({}); }

void QueryStep::filter(const InPassing& in_passing) {
  if (conditions.empty()) return;
  const Explanation::Timed timed(explanation, "where");
  filter_rows(std::exchange(conditions, {}), rows, evaluator, in_passing);
  if (explanation) explanation->step("where")["rows"] = rows.rows();
}

void QueryStep::filtered_in_passing() {
  if (explanation && !conditions.empty()) explanation->step("where")["inPassing"] = true;
  conditions.clear();
}

Value shape_result(const Query& query, StepResult result) {
  if (!query.is_exec || result.table.columns() != 1 || (result.grouped && result.key_columns > 0))
    return Value(std::move(result.table));
  if (result.all_scalar && result.table.rows() == 1) return result.table.column(0).at(0);
  return Value(result.table.column_shared(0));
}

std::vector<KeyValues> evaluate_keys(const std::vector<syntax::ExprRef>& keys, const QueryStep& step) {
  std::vector<KeyValues> out;
  for (const auto& item : expand_items(keys, step.rows, step.evaluator)) {
    const Value value = step.evaluator.evaluate(*item.expr, &step.rows);
    Shared<Vector> column;
    if (value.is_scalar())
      column = Vector::filled(value.scalar(), step.rows.rows());
    else if (value.is_vector() && value.vector().size() == step.rows.rows())
      column = value.vector_shared();
    else
      throw ScriptError("The key [" + syntax::print(*item.expr) + "] must have one element for each row.");
    out.push_back({item.names.at(0), syntax::print(*item.expr), column, item.named});
  }
  return out;
}

namespace {

std::vector<syntax::ExprRef> expressions_of(const std::vector<SelectItem>& items) {
  std::vector<syntax::ExprRef> out;
  for (const auto& item : items) out.push_back(item.expr);
  return out;
}

/// What the first key of the order is among the items and the table's columns; null: something else.
syntax::ExprRef ordered_by(const syntax::OrderKey& key, const std::vector<SelectItem>& items, const RowScope& rows) {
  const auto* name = syntax::as<syntax::Name>(key.key);
  const auto text = syntax::print(*key.key);
  const auto find = [&](const auto& is_meant) { return std::find_if(items.begin(), items.end(), is_meant); };
  auto item = find([&](const auto& i) { return syntax::print(*i.expr) == text; });
  if (item == items.end() && name) item = find([&](const auto& i) { return i.names.at(0) == name->name; });
  if (item != items.end()) return item->expr;
  return name && rows.find_column(name->name) >= 0 ? key.key : nullptr;
}

/// The rows that order by and top leave, where every item looks at its row alone.
std::optional<BestRows> best_rows(const std::vector<SelectItem>& items, QueryStep& step) {
  const auto& [query, limit] = std::tie(step.query, step.limit);
  if (query.order.empty() || query.distinct || limit.is_all() || limit.count < 0 || limit.from < 0) return std::nullopt;
  const auto& first = query.order[0];
  auto key = is_nulls_last(first) == first.descending ? ordered_by(first, items, step.rows) : nullptr;
  if (!key || !are_of_rows(expressions_of(items), step.rows, step.evaluator)) return std::nullopt;
  const auto [from, count] = limit.range(step.rows.rows());
  return BestRows{std::move(key), first.descending, from + count, query.order.size() > 1};
}

/// Aggregates in `items`, over all rows at once. With conditions still to be met: all of the items, or none.
void take_totals(const std::vector<SelectItem>& items, QueryStep& step) {
  const bool is_filtered = step.conditions.empty();
  DirectTotals totals(step.rows, step.evaluator);
  bool all = totals.filter_by(step.conditions);
  for (const auto& item : items) {
    if (all || is_filtered) all = totals.note(*item.expr) && all;
  }
  if ((all || is_filtered) && totals.has_calls() && totals.run()) {
    for (const auto& [call, values] : totals.values()) step.rows.put_computed(*call, values->at(0));
    step.filtered_in_passing();
  }
  if (is_filtered || step.conditions.empty()) return;
  step.filter({.wanted = expressions_of(items), .best = best_rows(items, step)});
  take_totals(items, step);
}

}  // namespace

StepResult select_plain(QueryStep& step) {
  const auto items = expand_items(step.query.items, step.rows, step.evaluator);
  if (step.conditions.empty()) {
    if (auto best = best_rows(items, step)) filter_rows({}, step.rows, step.evaluator, {.best = std::move(best)});
  }
  take_totals(items, step);
  for (const auto& item : items) compute_window_functions(*item.expr, step.rows, step.evaluator);
  ResultColumns columns;
  StepResult out;
  for (const auto& item : items) {
    check_cancelled(step.evaluator);
    const auto computed = step.rows.find_computed(*item.expr);
    columns.add(item, computed ? *computed : step.evaluator.evaluate(*item.expr, &step.rows));
    out.item_texts.emplace_back(syntax::print(*item.expr), item.names[0]);
  }
  out.all_scalar = columns.all_scalar();
  out.table = columns.table();
  // Constants are one row however many rows there are, but not of none: exists(select 1 from …) asks for that.
  const auto is_star = [](const syntax::Expr& node) { return node.kind == syntax::ExprKind::kStar; };
  const auto looks_at_rows = [&](const SelectItem& item) {
    return names_column(*item.expr, step.rows) || plan::any_node(*item.expr, is_star);
  };
  if (out.all_scalar && step.rows.rows() == 0 && std::none_of(items.begin(), items.end(), looks_at_rows))
    out.table = out.table.slice(0, 0);
  return out;
}

std::optional<Query> with_having_spelled_out(const Query& query,
                                             const std::function<bool(const syntax::Name&)>& is_column) {
  if (!query.having || query.grouping != Grouping::kGroupBy) return std::nullopt;
  std::vector<syntax::ExprRef> named = query.items;
  named.insert(named.end(), query.keys.begin(), query.keys.end());
  auto having = plan::items_spelled_out(query.having, named, is_column);
  Query whole(query);
  whole.having = std::move(having);
  return whole;
}

Value run_select(const Query& query, Evaluator& evaluator, RowScope& rows, SelectOptions options) {
  rows.share_work(evaluator.workers());
  const bool limited_by_group = query.grouping == Grouping::kContextBy;
  const auto limit = limited_by_group ? RowLimit{} : limit_of(query, evaluator, rows.constants());
  auto* const explanation = options.explanation;
  const auto& where = options.where ? *options.where : query.where;
  const auto whole =
      with_having_spelled_out(query, [&](const syntax::Name& name) { return rows.find_column(name) >= 0; });
  QueryStep step{whole ? *whole : query, evaluator, rows, options.merges_partials, where, limit, explanation};
  if (query.grouping == Grouping::kPivotBy) return select_pivot(step);
  if (query.distinct && query.grouping != Grouping::kNone) {
    throw ScriptError("distinct can't be used together with group by, context by or pivot by.");
  }
  auto result = run_branch(step);
  if (query.distinct) {
    const Explanation::Timed timed(explanation, "distinct");
    result.table = distinct_rows(result.table);
  }
  const bool sees_rows = !result.grouped && !query.distinct && !result.all_scalar;
  const Explanation::Timed timed(query.order.empty() ? nullptr : explanation, "sort");
  result.table = order_and_limit(std::move(result.table), query.order, limit, result.item_texts,
                                 sees_rows ? &rows : nullptr, evaluator, rows.outer());
  return shape_result(query, std::move(result));
}

}  // namespace pelorus::exec
