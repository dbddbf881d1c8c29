#include "exec/operators/filter_rows.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/take_rows.h"
#include "exec/parts/part_groups.h"
#include "exec/parts/row_parts.h"
#include "kernels/best_values.h"
#include "kernels/visit_number.h"
#include "plan/walk.h"
#include "syntax/operators.h"

namespace pelorus::exec {
namespace {

using data::Value;
using types::Type;

/// Splits a and b and c where no part looks at other rows, so that later parts run on fewer rows. Aggregates and
/// functions that look beyond their row must see what the whole condition sees, so only plain comparisons are taken
/// apart.
bool looks_at_row_only(const syntax::Expr& expr) {
  using syntax::as;
  switch (expr.kind) {
    case syntax::ExprKind::kLiteral:
    case syntax::ExprKind::kConstantVector:
    case syntax::ExprKind::kName: return true;
    case syntax::ExprKind::kUnary: return looks_at_row_only(*as<syntax::Unary>(expr)->operand);
    case syntax::ExprKind::kBinary: {
      const auto& node = *as<syntax::Binary>(expr);
      return node.op != syntax::BinaryOperator::kDot && node.op != syntax::BinaryOperator::kJoin &&
             looks_at_row_only(*node.left) && looks_at_row_only(*node.right);
    }
    default: return false;
  }
}

/// `x > all(y)`, `x = any(y)`: the comparison with each element of y, put together. Nothing for other conditions.
std::optional<std::vector<int8_t>> compare_with_each(const syntax::Expr& condition, RowScope& rows,
                                                     Evaluator& evaluator) {
  const auto* comparison = syntax::as<syntax::Binary>(condition);
  if (!comparison || !syntax::is_comparison(comparison->op)) return std::nullopt;
  const auto* call = syntax::as<syntax::Call>(comparison->right);
  const auto* name = call ? syntax::as<syntax::Name>(call->function) : nullptr;
  if (!name || call->arguments.size() != 1 || (name->name != "all" && name->name != "any")) return std::nullopt;
  const Value elements = evaluator.evaluate(*call->arguments[0].value, &rows);
  if (elements.is_vector() && elements.type() == Type::kBool) return std::nullopt;  // flag = any(flags)
  const Value left = evaluator.evaluate(*comparison->left, &rows);
  const auto compare = evaluator.context().find_function(syntax::row_of(comparison->op).function);
  if (!compare || (!elements.is_vector() && !elements.is_scalar())) return std::nullopt;
  const bool all = name->name == "all";
  std::vector<int8_t> keep(rows.rows(), all ? 1 : 0);
  const size_t count = elements.is_scalar() ? 1 : elements.vector().size();
  for (size_t e = 0; e < count; ++e) {
    check_cancelled(evaluator);
    const Value element = elements.is_scalar() ? elements : elements.vector().at(e);
    const auto flags = flags_of(evaluator.context().call(*compare, {left, element}), rows.rows());
    for (size_t i = 0; i < keep.size(); ++i)
      keep[i] = all ? (keep[i] == 1 && flags[i] == 1) : (keep[i] == 1 || flags[i] == 1);
  }
  return keep;
}

void filter_by(const syntax::Expr& condition, RowScope& rows, Evaluator& evaluator) {
  const auto* both = syntax::as<syntax::Binary>(condition);
  if (both && both->op == syntax::BinaryOperator::kAnd && looks_at_row_only(condition)) {
    filter_by(*both->left, rows, evaluator);
    filter_by(*both->right, rows, evaluator);
    return;
  }
  check_cancelled(evaluator);
  if (const auto keep = compare_with_each(condition, rows, evaluator)) return rows.filter(*keep);
  const Value value = evaluator.evaluate(condition, &rows);
  if (value.is_vector() && value.type() == Type::kBool && !value.vector().is_array() &&
      value.vector().size() == rows.rows()) {
    rows.filter(value.vector().values<int8_t>());
  } else {
    rows.filter(flags_of(value, rows.rows()));
  }
}

}  // namespace

void check_cancelled(Evaluator& evaluator) {
  if (evaluator.context().cancellation().cancelled()) throw ScriptError("The task was cancelled.");
}

std::vector<int8_t> flags_of(const Value& value, size_t rows) {
  if (value.is_scalar() || value.is_missing()) {
    const auto flag = value.is_null() ? std::nullopt : data::convert(value.scalar(), Type::kBool);
    if (!value.is_null() && !flag) throw ScriptError("A condition must be a boolean vector or scalar.");
    return std::vector<int8_t>(rows, flag && flag->as_int64() == 1 ? 1 : 0);
  }
  if (value.is_vector() && !value.vector().is_array()) {
    const auto flags = data::convert(value.vector_shared(), Type::kBool);
    if (flags && (*flags)->size() == rows) {
      const auto span = (*flags)->values<int8_t>();
      return {span.begin(), span.end()};
    }
    if (flags && (*flags)->size() == 1) return std::vector<int8_t>(rows, (*flags)->values<int8_t>()[0] == 1);
  }
  throw ScriptError("A condition must give one boolean value for each row.");
}

bool names_column(const syntax::Expr& expr, const RowScope& rows) {
  return plan::any_node(expr, [&](const syntax::Expr& node) { return rows.find_column(node) >= 0; });
}

namespace {

/// What is computed of the rows that stay.
class WantedValues {
 public:
  WantedValues(const std::vector<syntax::ExprRef>& wanted, RowParts& parts, const RowScope& rows) {
    for (const auto& expr : wanted) {
      if (expr->kind == syntax::ExprKind::kName || !names_column(*expr, rows)) continue;
      if (auto term = part_term(parts, *expr)) terms_.push_back(std::move(*term));
    }
  }
  void prepare(size_t stretches) { values_.assign(stretches, std::vector<Pieces>(terms_.size())); }
  void add(size_t stretch, RowParts::Part& part) {
    for (size_t t = 0; t < terms_.size() && is_sound_.load(std::memory_order_relaxed); ++t) {
      try {
        values_[stretch][t].push_back(values_like(terms_[t], part));
      } catch (const OtherType&) {
        is_sound_ = false;  // they are evaluated over all rows at once
      }
    }
  }
  void put_to(RowScope& rows) {
    for (size_t t = 0; t < terms_.size() && is_sound_; ++t) rows.put_computed(*terms_[t].expr, joined(t, rows.rows()));
  }

 private:
  using Pieces = std::vector<data::Shared<data::Vector>>;  // by part

  data::Shared<data::Vector> joined(size_t term, size_t rows) {
    const auto& like = *terms_[term].like;
    return kernels::visit_number(like.repr(), [&]<class T>() {
      data::Buffer<T> all(rows);
      auto next = all.begin();
      for (auto& stretch : values_) {
        for (auto& piece : stretch[term]) {
          const auto own = piece->values<T>();
          next = std::copy(own.begin(), own.end(), next);
        }
        stretch[term].clear();
      }
      return data::Shared<data::Vector>(column_like(like, std::move(all)));
    });
  }

  std::vector<PartTerm> terms_;
  std::vector<std::vector<Pieces>> values_;  // by stretch and term
  std::atomic<bool> is_sound_{true};
};

/// Rows that cannot be among the best are left out in passing.
class BestInPassing {
 public:
  BestInPassing(const std::optional<BestRows>& best, RowParts& parts) : best_(best) {
    if (!best || best->count == 0 || best->count > parts.rows() / kRowsOfOne) return;
    term_ = part_term(parts, *best->key);
    if (term_ && term_->like->type() == Type::kSymbol) term_.reset();
  }
  bool empty() const { return !term_; }
  void prepare(size_t stretches) {
    if (!term_) return;
    best_values_.assign(stretches, {term_->like->repr(), best_->descending, best_->count, best_->keeps_ties});
    flags_.resize(stretches);
  }
  /// Whether some rows are left.
  bool leave(size_t stretch, RowParts::Part& part) {
    if (!term_ || !is_sound_.load(std::memory_order_relaxed)) return true;
    try {
      std::vector<data::Shared<data::Vector>> held;
      const void* values = values_of(*term_, part, held);
      auto& flags = flags_[stretch];
      flags.resize(part.rows());
      best_values_[stretch].judge(values, part.rows(), flags.data());
      return part.keep(flags);
    } catch (const OtherType&) {
      is_sound_ = false;  // all rows are kept from here on
      return true;
    }
  }

 private:
  /// Otherwise sorting is not much more than looking.
  static constexpr size_t kRowsOfOne = 16;

  const std::optional<BestRows>& best_;
  std::optional<PartTerm> term_;
  std::vector<kernels::BestValues> best_values_;  // by stretch
  std::vector<std::vector<int8_t>> flags_;        // by stretch
  std::atomic<bool> is_sound_{true};
};

/// Filters by the leading conditions that look at their row alone, part by part; returns how many they were.
size_t filter_parts(const std::vector<syntax::ExprRef>& conditions, RowScope& rows, Evaluator& evaluator,
                    const InPassing& in_passing) {
  RowParts parts(rows, evaluator);
  size_t taken = 0;
  while (taken < conditions.size() && parts.take(*conditions[taken]) && parts.over_nothing(*conditions[taken])) ++taken;
  const InPassing& passing = taken == conditions.size() ? in_passing : InPassing{};
  WantedValues values(passing.wanted, parts, rows);
  BestInPassing best(passing.best, parts);
  if (taken == 0 && best.empty()) return 0;
  parts.filter_by({conditions.begin(), conditions.begin() + static_cast<std::ptrdiff_t>(taken)});
  std::vector<RowNumbers> kept(parts.stretches());
  values.prepare(parts.stretches());
  best.prepare(parts.stretches());
  std::atomic<bool> all_stay{parts.reads_all()};
  parts.run([&](size_t stretch, RowParts::Part& part) {
    auto& own = kept[stretch];
    const bool some = part.filter() && best.leave(stretch, part);
    const size_t before = own.size();
    own.resize(before + (some ? part.rows() : 0));
    if (!some) return all_stay.store(false, std::memory_order_relaxed);
    values.add(stretch, part);
    const auto left = part.kept();
    if (left) {
      all_stay.store(false, std::memory_order_relaxed);
      std::copy(left->begin(), left->end(), own.begin() + static_cast<std::ptrdiff_t>(before));
    } else {
      std::iota(own.begin() + static_cast<std::ptrdiff_t>(before), own.end(), static_cast<int64_t>(part.first()));
    }
  });
  if (!all_stay.load() && rows.rows() > 0) {
    for (size_t s = 1; s < kept.size(); ++s) kept[0].insert(kept[0].end(), kept[s].begin(), kept[s].end());
    rows.pick(std::move(kept[0]));
  }
  values.put_to(rows);
  return taken;
}

}  // namespace

bool are_of_rows(const std::vector<syntax::ExprRef>& exprs, RowScope& rows, Evaluator& evaluator) {
  RowParts parts(rows, evaluator);
  return std::all_of(exprs.begin(), exprs.end(), [&](const auto& expr) {
    return names_column(*expr, rows) && (expr->kind == syntax::ExprKind::kName || parts.take(*expr));
  });
}

void filter_rows(const std::vector<syntax::ExprRef>& conditions, RowScope& rows, Evaluator& evaluator,
                 const InPassing& in_passing) {
  for (size_t c = filter_parts(conditions, rows, evaluator, in_passing); c < conditions.size(); ++c)
    filter_by(*conditions[c], rows, evaluator);
}

}  // namespace pelorus::exec
