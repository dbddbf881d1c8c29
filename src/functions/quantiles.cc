#include "functions/quantiles.h"

#include <cmath>

namespace pelorus::functions {

double quantile_of(std::span<const double> sorted, double share, Interpolation interpolation) {
  if (sorted.empty()) return types::kNull<double>;
  const double position = static_cast<double>(sorted.size() - 1) * share;
  const auto below = static_cast<size_t>(std::floor(position));
  const auto above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  switch (interpolation) {
    case Interpolation::kLower: return sorted[below];
    case Interpolation::kHigher: return part > 0 ? sorted[above] : sorted[below];
    case Interpolation::kNearest: return part > 0.5 ? sorted[above] : sorted[below];
    case Interpolation::kMidpoint: return part > 0 ? (sorted[below] + sorted[above]) / 2 : sorted[below];
    case Interpolation::kLinear: break;
  }
  return part > 0 ? sorted[below] + (sorted[above] - sorted[below]) * part : sorted[below];
}

Interpolation interpolation_of(const Arguments& arguments, size_t i) {
  const auto name = arguments.text_or(i, "interpolation", "linear");
  if (name == "linear") return Interpolation::kLinear;
  if (name == "lower") return Interpolation::kLower;
  if (name == "higher") return Interpolation::kHigher;
  if (name == "nearest") return Interpolation::kNearest;
  if (name == "midpoint") return Interpolation::kMidpoint;
  arguments.refuse("interpolation", "must be linear, lower, higher, nearest or midpoint.");
}

}  // namespace pelorus::functions
