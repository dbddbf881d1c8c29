#include "functions/builtins/models/trees/binned_columns.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/side_by_side.h"

namespace pelorus::functions {
namespace {

/// A number with low <= it < high.
double between(double low, double high) {
  const double middle = std::midpoint(low, high);
  return middle < high ? middle : low;
}

/// Where the groups of equal values begin; at the end the number of rows.
std::vector<size_t> group_begins(const std::vector<double>& sorted) {
  std::vector<size_t> begins;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i] != sorted[i - 1]) begins.push_back(i);
  }
  begins.push_back(sorted.size());
  return begins;
}

std::vector<double> cuts_of(ColumnView column, size_t bins_max) {
  std::vector<double> sorted(column.begin(), column.end());
  std::sort(sorted.begin(), sorted.end());
  const auto begins = group_begins(sorted);
  const size_t groups = begins.size() - 1;
  std::vector<double> cuts;
  size_t taken = 0;  // rows before the interval that is being filled
  for (size_t g = 0; g + 1 < groups && cuts.size() + 1 < bins_max; ++g) {
    const size_t end = begins[g + 1], bins_left = bins_max - cuts.size();
    if (groups > bins_max && (end - taken) * bins_left < sorted.size() - taken) continue;
    cuts.push_back(between(sorted[end - 1], sorted[end]));
    taken = end;
  }
  return cuts;
}

std::vector<uint16_t> places_of(ColumnView column, const std::vector<double>& cuts) {
  std::vector<uint16_t> places(column.size());
  for (size_t i = 0; i < column.size(); ++i)
    places[i] = static_cast<uint16_t>(std::lower_bound(cuts.begin(), cuts.end(), column[i]) - cuts.begin());
  return places;
}

}  // namespace

BinnedColumns binned(std::span<const ColumnView> columns, size_t bins_max, size_t threads) {
  CHECK(bins_max >= 1 && bins_max <= kBinsMax);
  BinnedColumns result{.rows = columns.empty() ? 0 : columns[0].size(), .cuts = {}, .places = {}};
  result.cuts.resize(columns.size());
  result.places.resize(columns.size());
  side_by_side(columns.size(), threads, [&](size_t c) {
    result.cuts[c] = cuts_of(columns[c], bins_max);
    result.places[c] = places_of(columns[c], result.cuts[c]);
    return Status();
  }).value();
  return result;
}

}  // namespace pelorus::functions
