#pragma once
// Which built-in a call calls.

#include "exec/evaluator.h"
#include "functions/registry.h"

namespace pelorus::exec {

/// The built-in function that `callee` names where `constants` are seen; null: it is something else, or nothing.
inline const functions::Function* built_in(const syntax::Expr& callee, Evaluator& evaluator, Scope* constants) {
  const auto function = evaluator.find_function(callee, constants);
  const auto* builtin = function ? dynamic_cast<const functions::Builtin*>(function->get()) : nullptr;
  return builtin ? &builtin->function() : nullptr;
}

}  // namespace pelorus::exec
