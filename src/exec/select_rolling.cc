#include "exec/select_rolling.h"

#include <algorithm>
#include <unordered_map>

#include "base/script_error.h"
#include "exec/operators/built_in.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/result_columns.h"
#include "exec/operators/take_rows.h"
#include "exec/rolling_windows.h"
#include "plan/split_aggregates.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;
using syntax::as;
using syntax::Expr;
using syntax::ExprRef;

/// A row for each window: columns are those of its last row, calls what was computed for them.
class WindowRows final : public Scope {
 public:
  WindowRows(RowScope& rows, const std::vector<ExprRef>& keys, const RollingWindows& windows, WorkerPool* workers)
      : Scope(rows.outer()), rows_(rows), workers_(workers), first_(windows.group_rows()) {
    const auto& steps = windows.steps();
    last_.resize(steps.size());
    for (size_t i = 0; i < last_.size(); ++i) last_[i] = steps.from[i] < steps.to[i] ? steps.to[i] - 1 : -1;
    for (const auto& key : keys) {
      const auto* alias = as<syntax::Alias>(key);
      if (const auto* name = as<syntax::Name>(alias ? *alias->value : *key)) keys_.push_back(name->name);
    }
  }
  std::optional<Value> find(std::string_view name) override {
    const bool is_key = std::find(keys_.begin(), keys_.end(), name) != keys_.end();
    return picked(rows_.find(name), is_key ? first_ : last_);
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return picked(rows_.find_qualified(qualifier, name), last_);
  }
  std::optional<Value> find_computed(const Expr& node) override {
    const auto found = computed_.find(&node);
    return found == computed_.end() ? std::nullopt : std::optional(Value(found->second));
  }
  void put(const Expr& node, Shared<Vector> values) { computed_.emplace(&node, std::move(values)); }

 private:
  std::optional<Value> picked(const std::optional<Value>& column, const RowNumbers& numbers) const {
    if (!column || !column->is_vector()) return column;
    return Value(Shared<Vector>(take_rows(column->vector(), numbers, workers_)));
  }

  RowScope& rows_;
  WorkerPool* const workers_;
  const RowNumbers& first_;
  RowNumbers last_;
  std::vector<std::string> keys_;
  std::unordered_map<const Expr*, Shared<Vector>> computed_;
};

/// What an m… or tm… function is over one window.
struct MovingCall {
  std::string aggregate;
  size_t first = 0;   // argument of the aggregate
  size_t window = 0;  // argument
  std::optional<size_t> periods = {};
};

class RollingItems {
 public:
  RollingItems(const QueryStep& step, const RollingWindows& windows)
      : step_(step), windows_(windows), scope_(step.rows, step.query.keys, windows, step.evaluator.workers()) {}

  Shared<Vector> column(const SelectItem& item) {
    prepare(*item.expr);
    const Value value = step_.evaluator.evaluate(*item.expr, &scope_);
    Shared<Vector> out;
    if (value.is_scalar())
      out = Vector::filled(value.scalar(), windows_.size());
    else if (value.is_vector() && value.vector().size() == windows_.size())
      out = value.vector_shared();
    else
      throw ScriptError("[" + syntax::print(*item.expr) + "] must give one value for each window of roll.");
    return windows_.fill() == RollFill::kPrevious ? carried(out) : out;
  }

 private:
  bool has_columns(const Expr& expr) const {
    if (const auto* name = as<syntax::Name>(expr)) return step_.rows.find_column(name->name) >= 0;
    if (expr.kind == syntax::ExprKind::kMember || expr.kind == syntax::ExprKind::kStar) return true;
    bool found = false;
    plan::for_each_child(expr, [&](const Expr& child) { found = found || has_columns(child); });
    return found;
  }
  /// Puts the values of the calls in the expression that look at several rows.
  void prepare(const Expr& expr);
  std::optional<MovingCall> moving_call(const Expr& function, const plan::CallShape& shape) const;
  Shared<Vector> run(const Expr& expr, const plan::CallShape& shape, const MovingCall& moving);
  Shared<Vector> carried(const Shared<Vector>& values) const;

  const QueryStep& step_;
  const RollingWindows& windows_;
  WindowRows scope_;
};

std::optional<MovingCall> RollingItems::moving_call(const Expr& function, const plan::CallShape& shape) const {
  auto& evaluator = step_.evaluator;
  const auto* builtin = built_in(function, evaluator, step_.rows.constants());
  if (!builtin || builtin->nature == functions::Nature::kAggregate) return std::nullopt;
  const bool by_time = builtin->name.starts_with("tm");
  if (!by_time && !builtin->name.starts_with("m")) return std::nullopt;
  MovingCall out{.aggregate = builtin->name.substr(by_time ? 2 : 1), .first = by_time ? size_t{1} : 0};
  const syntax::Name aggregate = [&] {
    syntax::Name name;
    name.name = out.aggregate;
    return name;
  }();
  const auto* behind = built_in(aggregate, evaluator, step_.rows.constants());
  if (!behind || behind->nature != functions::Nature::kAggregate) return std::nullopt;
  bool has_window = false;
  for (size_t i = 0; i < builtin->parameters.size(); ++i) {
    if (builtin->parameters[i].is_called("window")) {
      out.window = i;
      has_window = true;
    }
    if (builtin->parameters[i].is_called("minPeriods")) out.periods = i;
  }
  if (!has_window) return std::nullopt;
  if (!shape.plain || shape.arguments.size() <= out.window || !shape.arguments[out.window])
    throw ScriptError("Under roll " + builtin->name + " takes its arguments by position, window included.");
  return out;
}

Shared<Vector> RollingItems::run(const Expr& expr, const plan::CallShape& shape, const MovingCall& moving) {
  auto& evaluator = step_.evaluator;
  const auto constant = [&](size_t i) { return evaluator.evaluate(*shape.arguments[i], step_.rows.constants()); };
  RowRanges ranges;
  try {
    ranges = windows_.of_width(constant(moving.window));
  } catch (const ScriptError& error) {
    throw ScriptError("[" + syntax::print(expr) + "] under roll: " + error.what());
  }
  std::vector<ExprRef> arguments;
  for (size_t i = moving.first; i < shape.arguments.size(); ++i) {
    // Expressions are shared by nodes that own them: the call keeps its arguments alive.
    if (i != moving.window && i != moving.periods && shape.arguments[i])
      arguments.push_back(ExprRef(ExprRef(), shape.arguments[i]));
  }
  auto values = aggregate_windows(*plan::call_node(moving.aggregate, arguments), step_.rows, ranges, evaluator);
  if (!moving.periods || shape.arguments.size() <= *moving.periods || !shape.arguments[*moving.periods]) return values;
  const int64_t least = constant(*moving.periods).scalar().as_int64();
  const auto counts = aggregate_windows(*plan::call_node("count", {arguments.at(0)}), step_.rows, ranges, evaluator);
  RowNumbers kept(values->size());
  for (size_t i = 0; i < kept.size(); ++i)
    kept[i] = counts->scalar_at(i).as_int64() >= least ? static_cast<int64_t>(i) : -1;
  return Shared<Vector>(values->take(kept));
}

void RollingItems::prepare(const Expr& expr) {
  if (expr.kind == syntax::ExprKind::kCall || expr.kind == syntax::ExprKind::kMethodCall) {
    const auto shape = plan::shape_of_call(expr);
    if (roll_call(expr)) throw ScriptError("A select has one roll, its first item.");
    if (const auto moving = moving_call(*shape.function, shape)) return scope_.put(expr, run(expr, shape, *moving));
    const auto function = step_.evaluator.find_function(*shape.function, step_.rows.constants());
    const auto nature = function ? plan::nature_of(*function) : plan::CallNature::kOther;
    if (nature != plan::CallNature::kElementwise && has_columns(expr)) {
      if (nature == plan::CallNature::kVector) {
        throw ScriptError("[" + syntax::print(expr) +
                          "] can't stand under roll, which takes columns, aggregates and m… and tm… functions.");
      }
      return scope_.put(expr, aggregate_windows(expr, step_.rows, windows_.steps(), step_.evaluator));
    }
  }
  plan::for_each_child(expr, [&](const Expr& child) { prepare(child); });
}

Shared<Vector> RollingItems::carried(const Shared<Vector>& values) const {
  RowNumbers from(values->size());
  for (size_t i = 0; i < from.size(); ++i) {
    const bool same_group = i > 0 && windows_.group_rows()[i] == windows_.group_rows()[i - 1];
    from[i] = values->is_null_at(i) && same_group ? from[i - 1] : static_cast<int64_t>(i);
  }
  return Shared<Vector>(values->take(from));
}

RowNumbers limited(const RollingWindows& windows, const RowLimit& limit) {
  RowNumbers kept;
  for (size_t begin = 0, end = 0; begin < windows.size(); begin = end) {
    while (end < windows.size() && windows.group_rows()[end] == windows.group_rows()[begin]) ++end;
    const auto [from, count] = limit.range(end - begin);
    for (size_t i = 0; i < count; ++i) kept.push_back(static_cast<int64_t>(begin + from + i));
  }
  return kept;
}

}  // namespace

StepResult select_rolling(const QueryStep& step, const std::vector<SelectItem>& items, const ContextRows& rows,
                          const RowLimit& limit) {
  if (step.query.having) throw ScriptError("A select of roll takes no having; filter its result.");
  RollingWindows windows(*roll_call(*items.at(0).expr), step.rows, step.evaluator);
  for (size_t g = 0; g < rows.count(); ++g) {
    windows.add_group(rows.starts[g], rows.starts[g + 1]);
    check_cancelled(step.evaluator);
  }
  RollingItems values(step, windows);
  ResultColumns columns;
  StepResult out;
  out.grouped = true;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].names.size() != 1) throw ScriptError("An item of a select of roll is one column.");
    check_cancelled(step.evaluator);
    columns.add(items[i].names[0], i == 0 ? windows.labels() : values.column(items[i]), items[i].named);
    out.item_texts.emplace_back(syntax::print(*items[i].expr), items[i].names[0]);
  }
  out.table = columns.table();
  if (!limit.is_all()) out.table = out.table.take(limited(windows, limit));
  return out;
}

}  // namespace pelorus::exec
