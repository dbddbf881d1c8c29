#pragma once
// wj and pwj: for each left row, aggregates over the right rows around its moment.

#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

struct WindowJoin {
  data::Value from;  // INT in units of the last key, or DURATION
  data::Value to;
  std::vector<syntax::ExprRef> aggregates;
  std::vector<std::string> left_keys;   // the last one is the moment
  std::vector<std::string> right_keys;  // empty: as left
  bool prevailing = false;              // pwj

  /// Takes a pair a:b. ScriptError otherwise.
  void set_window(const data::Value& pair);
};

/// The left columns and one column per aggregate. Windows are closed at both ends; 0:0 means from the previous left row
/// of the same keys (inside) to this one (outside). Cost: the sum of the windows' sizes.
Relation window_join(Relation left, Relation right, const WindowJoin& options, Evaluator& evaluator, Scope* outer);

/// The expressions inside a CODE value: one, or the list <[a, b]>. ScriptError when it is no code.
std::vector<syntax::ExprRef> code_bodies(const data::Value& code);

/// How many of `type`'s own units a duration is. ScriptError for months, years and business days, or a unit finer than
/// the type's.
int64_t units_of(types::Duration duration, types::Type type);

}  // namespace pelorus::exec
