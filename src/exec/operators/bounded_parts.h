#pragma once
// Which parts of the rows conditions cannot rule out, by the bounds of the columns' parts.

#include <map>
#include <string>
#include <vector>

#include "data/vector.h"
#include "plan/constraint.h"

namespace pelorus::exec {

/// By name as conditions spell it.
using NamedColumns = std::map<std::string, data::Shared<data::Vector>, std::less<>>;

/// Of parts of data::kBoundedRows rows: those that may hold a row for which all conditions hold, ascending. All of them
/// where nothing is known of the columns' bounds.
std::vector<size_t> parts_that_may_match(const std::vector<syntax::ExprRef>& conditions, const NamedColumns& columns,
                                         size_t rows, const plan::ConstantValue& constant);

}  // namespace pelorus::exec
