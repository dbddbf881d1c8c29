#pragma once
// What a result column is called when the query does not say.

#include <string>
#include <vector>

#include "exec/operators/relation.h"
#include "syntax/ast.h"

namespace pelorus::exec {

/// Language reference §3.4: px, sum_px, add_a, count, row_number. `rows` tells columns from variables (null: every
/// plain name counts as a column).
std::string automatic_name(const syntax::Expr& expr, const RowScope* rows);

/// Makes names unique: a repeated automatic name gets _1, _2 … `given[i]`: named by the user, a repeat is ScriptError
/// S02001.
void make_unique(std::vector<std::string>& names, const std::vector<bool>& given);

}  // namespace pelorus::exec
