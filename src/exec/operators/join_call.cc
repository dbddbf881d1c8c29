#include "exec/operators/join_call.h"

#include <array>

#include "base/script_error.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/join_relations.h"
#include "exec/operators/select_items.h"
#include "exec/operators/window_join.h"

namespace pelorus::exec {
namespace {

using data::Value;
using syntax::as;

struct JoinRow {
  std::string_view name;
  JoinType type;
  bool sorted = false;
  size_t arguments_min = 3;
  size_t arguments_max = 6;
};

constexpr std::array kJoins{
    JoinRow{"ej", JoinType::kInner},
    JoinRow{"sej", JoinType::kInner, true},
    JoinRow{"lj", JoinType::kLeft},
    JoinRow{"lsj", JoinType::kLeftFirst},
    JoinRow{"fj", JoinType::kFull},
    JoinRow{"cj", JoinType::kCross, false, 2, 2},
    JoinRow{"aj", JoinType::kAsOf, false, 3, 4},
    JoinRow{"pj", JoinType::kPrefix, false, 3, 4},
};

const JoinRow* row_of(std::string_view name) {
  for (const auto& row : kJoins) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

bool is_window_join(std::string_view name) { return name == "wj" || name == "pwj"; }

std::string_view name_of(const syntax::Call& call) {
  const auto* name = as<syntax::Name>(call.function);
  return name ? std::string_view(name->name) : std::string_view();
}

Relation filtered(Relation side, const syntax::Argument& filter, Evaluator& evaluator, Scope* outer) {
  if (!filter.value) return side;
  const auto* code = as<syntax::Code>(filter.value);
  if (!code) throw ScriptError("A filter of a join must be a piece of code: <condition>");
  RowScope rows(std::move(side), outer);
  for (const auto& body : code->bodies) rows.filter(flags_of(evaluator.evaluate(*body, &rows), rows.rows()));
  return Relation::of(rows.table(),
                      rows.relation().columns.empty() ? std::string() : rows.relation().columns[0].qualifier);
}

Relation run_window_call(const syntax::Call& call, Relation left, Relation right, Evaluator& evaluator, Scope* outer) {
  const auto& arguments = call.arguments;
  if (arguments.size() < 5 || arguments.size() > 6) {
    throw ScriptError("Usage: wj(leftTable, rightTable, window, aggs, matchingCols, [rightMatchingCols]).");
  }
  EmptyScope constants(outer);
  WindowJoin options;
  options.set_window(evaluator.evaluate(*arguments[2].value, &constants));
  const auto* code = as<syntax::Code>(arguments[3].value);
  const Value code_value = code ? Value() : evaluator.evaluate(*arguments[3].value, &constants);
  options.aggregates = code ? code->bodies : code_bodies(code_value);
  options.left_keys = texts_of(evaluator.evaluate(*arguments[4].value, &constants), "matchingCols");
  if (arguments.size() == 6)
    options.right_keys = texts_of(evaluator.evaluate(*arguments[5].value, &constants), "rightMatchingCols");
  options.prevailing = name_of(call) == "pwj";
  return window_join(std::move(left), std::move(right), options, evaluator, outer);
}

}  // namespace

const syntax::Call* as_join_call(const syntax::Expr& expr) {
  const auto* call = as<syntax::Call>(expr);
  if (!call || call->arguments.size() < 2) return nullptr;
  return row_of(name_of(*call)) || is_window_join(name_of(*call)) ? call : nullptr;
}

Relation join_by_name(std::string_view name, Relation left, Relation right, const Value& left_keys,
                      const Value& right_keys, Evaluator& evaluator) {
  const auto* row = row_of(name);
  JoinKeys keys;
  if (row->type != JoinType::kCross) {
    keys = resolve_keys(left, right, texts_of(left_keys, "matchingCols"),
                        right_keys.is_null() ? std::vector<std::string>() : texts_of(right_keys, "rightMatchingCols"));
  }
  auto out = join(std::move(left), std::move(right), keys, row->type, evaluator.workers());
  if (row->sorted) sort_relation(out, keys.left);
  return out;
}

Relation window_join_by_name(std::string_view name, Relation left, Relation right, const Value& window,
                             const Value& aggregates, const Value& left_keys, const Value& right_keys,
                             Evaluator& evaluator) {
  WindowJoin options;
  options.set_window(window);
  options.aggregates = code_bodies(aggregates);
  options.left_keys = texts_of(left_keys, "matchingCols");
  if (!right_keys.is_null()) options.right_keys = texts_of(right_keys, "rightMatchingCols");
  options.prevailing = name == "pwj";
  return window_join(std::move(left), std::move(right), options, evaluator, nullptr);
}

Relation run_join_call(const syntax::Call& call, const std::function<Relation(const syntax::Expr&)>& resolve,
                       Evaluator& evaluator, Scope* outer) {
  const auto name = name_of(call);
  const auto& arguments = call.arguments;
  if (!arguments[0].value || !arguments[1].value)
    throw ScriptError("The first two arguments of " + std::string(name) + " must be tables.");
  Relation left = resolve(*arguments[0].value);
  Relation right = resolve(*arguments[1].value);
  if (is_window_join(name)) return run_window_call(call, std::move(left), std::move(right), evaluator, outer);
  const auto& row = *row_of(name);
  if (arguments.size() < row.arguments_min || arguments.size() > row.arguments_max) {
    throw ScriptError("Usage: " + std::string(name) + "(leftTable, rightTable" +
                      (row.type == JoinType::kCross ? ")." : ", matchingCols, [rightMatchingCols])."));
  }
  EmptyScope constants(outer);
  const auto value_at = [&](size_t i) {
    return i < arguments.size() && arguments[i].value ? evaluator.evaluate(*arguments[i].value, &constants) : Value();
  };
  if (arguments.size() > 4) left = filtered(std::move(left), arguments[4], evaluator, outer);
  if (arguments.size() > 5) right = filtered(std::move(right), arguments[5], evaluator, outer);
  return join_by_name(name, std::move(left), std::move(right), value_at(2), value_at(3), evaluator);
}

}  // namespace pelorus::exec
