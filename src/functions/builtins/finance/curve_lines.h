#pragma once
// Lines through points, as curves of market data have them.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pelorus::functions {

/// Points with rising x, at least one.
struct CurvePoints {
  std::vector<double> x, y;
};

enum class Line : uint8_t { kLinear, kCubicSpline, kCubicHermite };
/// By its name, Linear CubicSpline CubicHermiteSpline; nothing for another.
std::optional<Line> line_of(std::string_view name);

/// The line's height at x, in which every y has a constant part. Outside of the points: the nearest y, or with
/// `goes_on` straight on through the two nearest points. Cost: O(points) for splines.
double value_at(const CurvePoints& points, Line line, bool goes_on, double x);

}  // namespace pelorus::functions
