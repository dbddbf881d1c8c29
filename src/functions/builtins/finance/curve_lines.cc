#include "functions/builtins/finance/curve_lines.h"

#include <algorithm>

namespace pelorus::functions {
namespace {

/// Slopes at the points: of the natural cubic spline, or means of the neighbouring chords.
std::vector<double> slopes_of(const CurvePoints& p, Line line) {
  const size_t n = p.x.size();
  std::vector<double> chord(n - 1), width(n - 1), slope(n);
  for (size_t i = 0; i + 1 < n; ++i) {
    width[i] = p.x[i + 1] - p.x[i];
    chord[i] = (p.y[i + 1] - p.y[i]) / width[i];
  }
  if (line == Line::kCubicHermite) {
    slope[0] = chord[0];
    slope[n - 1] = chord[n - 2];
    for (size_t i = 1; i + 1 < n; ++i)
      slope[i] = (chord[i - 1] * width[i] + chord[i] * width[i - 1]) / (width[i - 1] + width[i]);
    return slope;
  }
  // Equal second derivatives at the inner points, none at the ends: a system of three diagonals.
  std::vector<double> low(n), middle(n), high(n), right(n);
  middle[0] = middle[n - 1] = 2;
  high[0] = low[n - 1] = 1;
  right[0] = 3 * chord[0];
  right[n - 1] = 3 * chord[n - 2];
  for (size_t i = 1; i + 1 < n; ++i) {
    low[i] = 1 / width[i - 1];
    high[i] = 1 / width[i];
    middle[i] = 2 * (low[i] + high[i]);
    right[i] = 3 * (chord[i - 1] * low[i] + chord[i] * high[i]);
  }
  for (size_t i = 1; i < n; ++i) {
    const double factor = low[i] / middle[i - 1];
    middle[i] -= factor * high[i - 1];
    right[i] -= factor * right[i - 1];
  }
  slope[n - 1] = right[n - 1] / middle[n - 1];
  for (size_t i = n - 1; i-- > 0;) slope[i] = (right[i] - high[i] * slope[i + 1]) / middle[i];
  return slope;
}

}  // namespace

std::optional<Line> line_of(std::string_view name) {
  if (name == "Linear") return Line::kLinear;
  if (name == "CubicSpline") return Line::kCubicSpline;
  if (name == "CubicHermiteSpline") return Line::kCubicHermite;
  return std::nullopt;
}

double value_at(const CurvePoints& p, Line line, bool goes_on, double x) {
  const size_t n = p.x.size();
  if (n == 1) return p.y[0];
  const bool is_outside = x < p.x.front() || x > p.x.back();
  if (is_outside && !goes_on) return x < p.x.front() ? p.y.front() : p.y.back();
  const auto above = static_cast<size_t>(std::upper_bound(p.x.begin(), p.x.end(), x) - p.x.begin());
  const size_t i = std::clamp<size_t>(above, 1, n - 1) - 1;
  const double width = p.x[i + 1] - p.x[i];
  const double t = (x - p.x[i]) / width;
  if (line == Line::kLinear || is_outside) return p.y[i] + (p.y[i + 1] - p.y[i]) * t;
  const auto slope = slopes_of(p, line);
  const double t2 = t * t, t3 = t2 * t;
  return p.y[i] * (2 * t3 - 3 * t2 + 1) + slope[i] * width * (t3 - 2 * t2 + t) + p.y[i + 1] * (3 * t2 - 2 * t3) +
         slope[i + 1] * width * (t3 - t2);
}

}  // namespace pelorus::functions
