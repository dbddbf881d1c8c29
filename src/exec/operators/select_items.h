#pragma once
// The select list, spelled out: stars, ranges and macros become single expressions with names.

#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

struct SelectItem {
  syntax::ExprRef expr;            // without its alias
  std::vector<std::string> names;  // one; several for a composite column ("" drops a part)
  bool named = false;              // by the user
};

/// ScriptError: a macro that names no column, `col1...col5` without such columns.
std::vector<SelectItem> expand_items(const std::vector<syntax::ExprRef>& items, RowScope& rows, Evaluator& evaluator);

/// Names in a `name or vector of names` argument. ScriptError otherwise, calling it `what`.
std::vector<std::string> texts_of(const data::Value& value, std::string_view what);

}  // namespace pelorus::exec
