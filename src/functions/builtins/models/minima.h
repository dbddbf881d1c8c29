#pragma once
// Minima as scripts see them.

#include "functions/arguments.h"
#include "functions/builtins/models/minimise.h"

namespace pelorus::functions {

/// A DOUBLE vector.
Value numbers_value(const std::vector<double>& numbers);
/// The dictionary of fmin and kin: xopt, fopt, iterations, fcalls, warnFlag; of bfgs also gopt, Hinv, gcalls.
Value minimum_value(const Minimum& minimum);
/// An argument of `numbers` rows and two columns, the least and the most of each number.
std::vector<Bound> bounds_argument(const Arguments& arguments, size_t i, size_t numbers);

}  // namespace pelorus::functions
