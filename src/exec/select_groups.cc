// group by, cgroup by and context by.
#include <algorithm>
#include <numeric>

#include "base/script_error.h"
#include "exec/operators/column_names.h"
#include "exec/operators/context_rows.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/interval_keys.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/order_result.h"
#include "exec/operators/take_rows.h"
#include "exec/parts/direct_totals.h"
#include "exec/parts/series_in_passing.h"
#include "exec/rolling_windows.h"
#include "exec/select.h"
#include "exec/select_rolling.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;

std::vector<Shared<Vector>> values_of(const std::vector<KeyValues>& keys) {
  std::vector<Shared<Vector>> out;
  for (const auto& key : keys) out.push_back(key.values);
  return out;
}

/// For each group the first group with the same leading keys (cgroup by runs over the later ones).
std::vector<size_t> first_groups(const std::vector<KeyValues>& keys, size_t leading, const kernels::Groups& groups) {
  std::vector<Shared<Vector>> fixed;
  for (size_t k = 0; k < leading; ++k) fixed.push_back(Shared<Vector>(keys[k].values->take(groups.first_row)));
  const auto runs = group_by_columns(fixed, groups.count(), "group by", nullptr);
  std::vector<size_t> first(groups.count());
  for (size_t g = 0; g < first.size(); ++g) first[g] = static_cast<size_t>(runs.first_row[runs.of_row[g]]);
  return first;
}

bool repeats_key(const SelectItem& item, const GroupKey& key) {
  if (item.names.size() != 1) return false;
  if (syntax::print(*item.expr) == key.text) return true;
  const auto* name = syntax::as<syntax::Name>(item.expr);
  return name && name->name == key.name;
}

void add_group_item(const SelectItem& item, GroupedEvaluation& evaluation, ResultColumns& columns) {
  if (item.names.size() > 1) {
    columns.add_parts(item, evaluation.each_group(*item.expr));
    return;
  }
  columns.add(item.names[0], evaluation.by_group(*item.expr), item.named);
}

/// How the rows of a group by are told apart: by number, or, when every aggregate was taken in passing, not at all.
struct Grouping {
  kernels::Groups groups;
  GroupedEvaluation::Options options;
  std::vector<bool> named;  // by key: by the user
  std::vector<std::pair<const syntax::Expr*, Shared<Vector>>> known = {};
  IntervalKeys intervals = {};

  void add_key(const SelectItem& key, Shared<Vector> values) {
    options.keys.push_back({key.names[0], syntax::print(*key.expr), std::move(values)});
    named.push_back(key.named);
  }
};

Grouping grouping_of(PassedGroups passed, const std::vector<SelectItem>& keys) {
  Grouping out;
  out.groups.first_row.resize(passed.count);
  for (size_t k = 0; k < keys.size(); ++k) out.add_key(keys[k], std::move(passed.key_values[k]));
  out.known = std::move(passed.aggregates);
  return out;
}

/// Rows put together by group, so that functions of whole groups run on all threads.
std::optional<Grouping> group_by_place(const QueryStep& step, const std::vector<SelectItem>& keys) {
  if (!step.query.cumulative_keys.empty() || keys.empty()) return std::nullopt;
  auto rows = rows_by_keys(keys, step);
  if (!rows) return std::nullopt;
  Grouping out;
  for (size_t k = 0; k < keys.size(); ++k) out.add_key(keys[k], rows->key_values[k]);
  step.rows.place(rows->placement);
  out.options.starts = std::move(rows->starts);
  return out;
}

Grouping group_by_number(QueryStep& step) {
  const auto& query = step.query;
  Grouping out;
  out.intervals = take_interval_key(query.keys, step.rows, step.evaluator);
  auto& intervals = out.intervals;
  auto keys = evaluate_keys(intervals.other_keys, step);
  if (intervals.present) keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(intervals.position), intervals.key);
  const size_t leading = keys.size();
  for (auto& key : evaluate_keys(query.cumulative_keys, step)) keys.push_back(std::move(key));
  if (intervals.key_rows_dropped) throw ScriptError("The column of interval must not contain nulls.");
  auto* const workers = step.evaluator.workers();
  out.groups = group_by_columns(values_of(keys), step.rows.rows(), "group by", workers);
  for (const auto& key : keys) {
    out.options.keys.push_back(
        {key.name, key.text, Shared<Vector>(take_rows(*key.values, out.groups.first_row, workers))});
    out.named.push_back(key.named);
  }
  if (!query.cumulative_keys.empty()) out.options.first_groups = first_groups(keys, leading, out.groups);
  return out;
}

std::optional<PassedGroups> pass(const QueryStep& step, const std::vector<SelectItem>& keys,
                                 const std::vector<SelectItem>& items) {
  if (!step.query.cumulative_keys.empty() || keys.empty()) return std::nullopt;
  DirectTotals totals(step.rows, step.evaluator);
  if (!totals.filter_by(step.conditions) || !totals.group_by(keys)) return std::nullopt;
  for (const auto& item : items) {
    if (item.names.size() != 1 || !totals.note(*item.expr)) return std::nullopt;
  }
  if (step.query.having && !totals.note(*step.query.having)) return std::nullopt;
  if (!totals.run()) return std::nullopt;
  PassedGroups out{.count = totals.groups(), .aggregates = totals.values()};
  for (size_t k = 0; k < keys.size(); ++k) out.key_values.push_back(totals.key_values(k));
  return out;
}

}  // namespace

std::optional<PassedGroups> group_in_passing(QueryStep& step, const std::vector<SelectItem>& keys,
                                             const std::vector<SelectItem>& items) {
  auto passed = pass(step, keys, items);
  if (passed) {
    step.filtered_in_passing();
  } else if (!step.conditions.empty()) {
    step.filter();
    passed = pass(step, keys, items);
  }
  return passed;
}

StepResult select_groups(QueryStep& step) {
  const Explanation::Timed timed(step.explanation, "groupBy");
  const auto& query = step.query;
  const auto items = expand_items(query.items, step.rows, step.evaluator);
  const auto key_items = expand_items(query.keys, step.rows, step.evaluator);
  std::optional<Grouping> found;
  if (auto passed = group_in_passing(step, key_items, items))
    found = grouping_of(*std::move(passed), key_items);
  else
    found = group_by_place(step, key_items);
  if (step.explanation) step.explanation->step("groupBy")["algo"] = found ? "hash" : "sort";
  auto [groups, options, named, known, intervals] = found ? std::move(*found) : group_by_number(step);
  options.refuse_nested = !step.merges_partials;
  const auto group_keys = options.keys;
  GroupedEvaluation evaluation(step.evaluator, step.rows, groups, std::move(options));
  for (auto& [call, values] : known) evaluation.put(*call, Level::kGroup, std::move(values));

  ResultColumns columns;
  StepResult out;
  out.grouped = true;
  for (size_t k = 0; k < group_keys.size(); ++k) {
    const bool repeated =
        std::any_of(items.begin(), items.end(), [&](const auto& i) { return repeats_key(i, group_keys[k]); });
    out.item_texts.emplace_back(group_keys[k].text, group_keys[k].name);
    if (repeated) continue;
    columns.add(group_keys[k].name, group_keys[k].values, named[k]);
    ++out.key_columns;
  }
  for (const auto& item : items) {
    check_cancelled(step.evaluator);
    add_group_item(item, evaluation, columns);
    out.item_texts.emplace_back(syntax::print(*item.expr), item.names[0]);
  }
  out.table = columns.table();
  if (query.having)
    out.table = out.table.filter(flags_of(Value(evaluation.by_group(*query.having)), evaluation.count()));
  if (intervals.present) out.table = fill_intervals(std::move(out.table), intervals, group_keys, step.evaluator);
  return out;
}

namespace {

/// Drops the rows `having` refuses.
void apply_having(const QueryStep& step, ContextRows& rows) {
  kernels::Groups groups;
  GroupedEvaluation::Options options;
  options.refuse_nested = false;
  options.starts = rows.starts;
  GroupedEvaluation evaluation(step.evaluator, step.rows, groups, options);
  const auto keep = flags_of(Value(evaluation.by_row(*step.query.having)), step.rows.rows());
  const auto order = rows.in_order(step.evaluator.workers());
  RowNumbers kept;
  ContextRows left{nullptr, {}, {0}};
  for (size_t g = 0; g < rows.count(); ++g) {
    for (auto i = static_cast<size_t>(rows.starts[g]); i < static_cast<size_t>(rows.starts[g + 1]); ++i) {
      if (keep[i] != 1) continue;
      kept.push_back(static_cast<int64_t>(i));
      left.order.push_back(order[i]);
    }
    if (static_cast<int64_t>(kept.size()) > left.starts.back())
      left.starts.push_back(static_cast<int64_t>(kept.size()));
  }
  step.rows.pick(std::move(kept));
  rows = std::move(left);
}

/// Result rows that the limit per group leaves.
RowNumbers limited_rows(const RowLimit& limit, const std::vector<int64_t>& starts) {
  RowNumbers kept;
  for (size_t g = 0; g + 1 < starts.size(); ++g) {
    const auto begin = static_cast<size_t>(starts[g]);
    const auto [from, count] = limit.range(static_cast<size_t>(starts[g + 1]) - begin);
    for (size_t i = 0; i < count; ++i) kept.push_back(static_cast<int64_t>(begin + from + i));
  }
  return kept;
}

}  // namespace

StepResult select_contexts(const QueryStep& step) {
  const auto limit = limit_of(step.query, step.evaluator, step.rows.constants());
  const auto items = expand_items(step.query.items, step.rows, step.evaluator);
  const bool rolls = !items.empty() && roll_call(*items[0].expr);
  auto rows = context_rows(step, rolls ? RowLimit{} : limit);
  std::vector<std::pair<const syntax::Expr*, Shared<Vector>>> passed;
  if (!step.query.having && !rolls) passed = series_in_passing(items, step, rows);
  const bool keep_order = (step.query.hints & kHintKeepOrder) != 0;
  if (rows.placement)
    step.rows.place(rows.placement);
  else if (keep_order || step.query.having)
    step.rows.pick(rows.order);
  else
    step.rows.pick(std::move(rows.order));
  if (rolls) return select_rolling(step, items, rows, limit);
  if (step.query.having) apply_having(step, rows);

  const kernels::Groups groups;
  GroupedEvaluation::Options options;
  options.refuse_nested = false;
  options.starts = rows.starts;
  GroupedEvaluation evaluation(step.evaluator, step.rows, groups, options);
  for (auto& [call, values] : passed) evaluation.put(*call, Level::kRow, std::move(values));
  ResultColumns columns;
  StepResult out;
  for (const auto& item : items) {
    check_cancelled(step.evaluator);
    if (item.names.size() > 1) {
      columns.add(item, step.evaluator.evaluate(*item.expr, &step.rows));
    } else {
      columns.add(item.names[0], evaluation.by_row(*item.expr), item.named);
    }
    out.item_texts.emplace_back(syntax::print(*item.expr), item.names[0]);
  }
  out.table = columns.table();
  if (!keep_order && limit.is_all()) return out;
  RowNumbers kept(out.table.rows());
  std::iota(kept.begin(), kept.end(), 0);
  if (!limit.is_all()) kept = limited_rows(limit, rows.starts);
  if (keep_order) {
    const auto order = rows.in_order(step.evaluator.workers());
    std::sort(kept.begin(), kept.end(),
              [&](int64_t a, int64_t b) { return order[static_cast<size_t>(a)] < order[static_cast<size_t>(b)]; });
  }
  out.table = out.table.take(kept);
  step.rows.pick(std::move(kept));
  return out;
}

}  // namespace pelorus::exec
