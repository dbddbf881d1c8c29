#include "functions/quantiles.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "kernels/column_facts.h"
#include "kernels/select_place.h"

namespace pelorus::functions {

namespace {

/// pair_at(place): the element there in ascending order and the one after it.
template <class PairAt>
double quantile(size_t size, double share, Interpolation interpolation, PairAt&& pair_at) {
  if (size == 0) return types::kNull<double>;
  const double position = static_cast<double>(size - 1) * share;
  const auto place = static_cast<size_t>(std::floor(position));
  const auto [below, above] = pair_at(place);
  const double part = position - static_cast<double>(place);
  if (part == 0) return below;
  switch (interpolation) {
    case Interpolation::kLower: return below;
    case Interpolation::kHigher: return above;
    case Interpolation::kNearest: return part > 0.5 ? above : below;
    case Interpolation::kMidpoint: return (below + above) / 2;
    case Interpolation::kLinear: break;
  }
  return below + (above - below) * part;
}

}  // namespace

double quantile_of(std::span<const double> sorted, double share, Interpolation interpolation) {
  return quantile(sorted.size(), share, interpolation, [&](size_t place) {
    return std::pair(sorted[place], sorted[std::min(place + 1, sorted.size() - 1)]);
  });
}

double quantile_among(std::span<const double> values, double share, Interpolation interpolation) {
  std::vector<double> known;
  if (kernels::has_nulls(values)) {
    std::copy_if(values.begin(), values.end(), std::back_inserter(known),
                 [](double v) { return v != types::kNull<double>; });
    values = known;
  }
  return quantile(values.size(), share, interpolation,
                  [&](size_t place) { return kernels::elements_at(values, place); });
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
