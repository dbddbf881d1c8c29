#pragma once
// Yield curves at which bonds are worth what they cost.

#include "base/error.h"
#include "functions/builtins/finance/curve_lines.h"

namespace pelorus::functions {

enum class Compounding : uint8_t { kCompounded, kSimple, kContinuous };

/// What one bond pays, in years from the date of the curve (all positive), and its price then.
struct PricedFlows {
  std::vector<double> years, amounts;
  double price = 0;
};

/// What 1 paid after `years` is worth at a rate. NaN where the rate means no value: -100 % and less, compounded.
double discount(Compounding compounding, double rate, double years);
/// What a bond is worth when `rates` holds a rate for each of its payments.
double present_value(const PricedFlows& flows, Compounding compounding, const std::vector<double>& rates);

/// Rates at `knots` (rising years, as many as bonds) between which the line runs, so that every bond is worth its price
/// to 1e-10. Starts from `guess`, a rate for each knot.
/// Errors   kInvalid when there are none: two bonds that ask for different rates at the same time.
/// Cost     O(payments · knots²) for splines.
Result<std::vector<double>> bootstrapped(const std::vector<PricedFlows>& bonds, const std::vector<double>& knots,
                                         Compounding compounding, Line line, bool goes_on,
                                         const std::vector<double>& guess);

/// The numbers of Nelson and Siegel (4) or Svensson (6), as yield_at takes them, that miss the bonds' yields least in
/// squares: the error of a price counts over its change with the rate. Starts at `level`, a long rate, and `slope`, the
/// short rate less that. Needs as many bonds as numbers.
/// Errors   kInvalid when no numbers give prices at all.
Result<std::vector<double>> fitted_model(const std::vector<PricedFlows>& bonds, Compounding compounding, size_t numbers,
                                         double level, double slope);

}  // namespace pelorus::functions
