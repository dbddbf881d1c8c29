#pragma once
// What models learn from.

#include "functions/arguments.h"
#include "functions/call_context.h"
#include "functions/registry.h"

namespace pelorus::functions {

/// The first argument, `ds`: the rows of a table, or of data sources one behind another.
data::Table training_rows(CallContext& context, const Arguments& arguments);
/// A column as doubles. ScriptError when there is none of that name or it holds a null, NaN or infinite element.
std::vector<double> training_numbers(std::string_view function, const data::Table& table, const std::string& name);

}  // namespace pelorus::functions
