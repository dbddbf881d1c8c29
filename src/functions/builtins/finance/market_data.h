#pragma once
// Market data as objects: MKTDATA.

#include "functions/arguments.h"

namespace pelorus::functions {

/// The object that parseMktData makes of a dictionary of fields or of its JSON text. ScriptError, as of the parameter
/// `dict`, naming what is missing, of another type, unknown or of no use.
Value market_data(const Arguments& arguments, const Value& fields);

}  // namespace pelorus::functions
