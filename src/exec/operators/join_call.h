#pragma once
// ej, lj, lsj, sej, fj, cj, aj, pj, wj, pwj as sources and as functions.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

/// The call if it is one of the join functions; null otherwise.
const syntax::Call* as_join_call(const syntax::Expr& expr);

/// Evaluates the arguments and joins. `resolve` turns a table argument into a relation. ScriptError on bad arguments.
Relation run_join_call(const syntax::Call& call, const std::function<Relation(const syntax::Expr&)>& resolve,
                       Evaluator& evaluator, Scope* outer);

/// The equality, as-of, cross and prefix joins by name, keys as values: ej(l, r, keys[, rkeys]).
Relation join_by_name(std::string_view name, Relation left, Relation right, const data::Value& left_keys,
                      const data::Value& right_keys, Evaluator& evaluator);

/// wj and pwj: `window` a pair, `aggregates` CODE.
Relation window_join_by_name(std::string_view name, Relation left, Relation right, const data::Value& window,
                             const data::Value& aggregates, const data::Value& left_keys, const data::Value& right_keys,
                             Evaluator& evaluator);

}  // namespace pelorus::exec
