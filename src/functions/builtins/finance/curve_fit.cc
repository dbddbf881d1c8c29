#include "functions/builtins/finance/curve_fit.h"

#include <eigen3/Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>

#include "functions/builtins/finance/yield_curves.h"

namespace pelorus::functions {
namespace {

using Dense = Eigen::MatrixXd;
using Numbers = Eigen::VectorXd;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// How discount changes with the rate.
double discount_slope(Compounding compounding, double rate, double years) {
  const double worth = discount(compounding, rate, years);
  if (compounding == Compounding::kContinuous) return -years * worth;
  return -years * worth / (compounding == Compounding::kSimple ? 1 + rate * years : 1 + rate);
}

/// For each payment of a bond (rows) the part of each knot's rate (columns) in its own: lines are linear in heights.
std::vector<Dense> parts_of_knots(const std::vector<PricedFlows>& bonds, const std::vector<double>& knots, Line line,
                                  bool goes_on) {
  std::vector<Dense> parts;
  for (const auto& bond : bonds)
    parts.emplace_back(Dense::Zero(static_cast<Eigen::Index>(bond.years.size()), std::ssize(knots)));
  for (size_t k = 0; k < knots.size(); ++k) {
    CurvePoints unit{.x = knots, .y = std::vector<double>(knots.size(), 0)};
    unit.y[k] = 1;
    for (size_t b = 0; b < bonds.size(); ++b) {
      for (size_t i = 0; i < bonds[b].years.size(); ++i)
        parts[b](static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
            value_at(unit, line, goes_on, bonds[b].years[i]);
    }
  }
  return parts;
}

/// What the prices at some numbers miss, in rates: of a price over its change with all rates.
class ModelErrors {
 public:
  ModelErrors(const std::vector<PricedFlows>& bonds, Compounding compounding, double level)
      : bonds_(bonds), compounding_(compounding) {
    for (const auto& bond : bonds) {
      double change = 0;
      for (size_t i = 0; i < bond.years.size(); ++i)
        change -= bond.amounts[i] * discount_slope(compounding, level, bond.years[i]);
      changes_.push_back(change);
    }
  }

  /// Decays stand as logarithms in `x`, so that they stay positive.
  static std::vector<double> model_of(const Numbers& x) {
    std::vector<double> model(x.begin(), x.end());
    for (size_t i = model.size() == 4 ? 3 : 4; i < model.size(); ++i) model[i] = std::exp(model[i]);
    return model;
  }

  Numbers at(const Numbers& x) const {
    const auto model = model_of(x);
    Numbers errors(std::ssize(bonds_));
    std::vector<double> rates;
    for (size_t b = 0; b < bonds_.size(); ++b) {
      rates.clear();
      for (const double years : bonds_[b].years) rates.push_back(yield_at(model, years));
      errors[static_cast<Eigen::Index>(b)] =
          (present_value(bonds_[b], compounding_, rates) - bonds_[b].price) / changes_[b];
    }
    return errors;
  }

  Dense slopes(const Numbers& x) const {
    constexpr double kStep = 1e-6;
    Dense result(std::ssize(bonds_), x.size());
    for (Eigen::Index p = 0; p < x.size(); ++p) {
      Numbers low = x, high = x;
      low[p] -= kStep;
      high[p] += kStep;
      result.col(p) = (at(high) - at(low)) / (2 * kStep);
    }
    return result;
  }

 private:
  const std::vector<PricedFlows>& bonds_;
  const Compounding compounding_;
  std::vector<double> changes_;
};

struct Found {
  Numbers x;
  double squares = std::numeric_limits<double>::infinity();
};

/// Levenberg and Marquardt's steps from x, until they do not matter any more.
Found least_squares(const ModelErrors& errors, Numbers x) {
  constexpr int kStepsMax = 500;
  Numbers now = errors.at(x);
  Found found{x, now.squaredNorm()};
  if (!std::isfinite(found.squares)) return {};
  double damping = 1e-3;
  for (int step = 0; step < kStepsMax && damping < 1e12; ++step) {
    const Dense slopes = errors.slopes(found.x);
    const Dense square = slopes.transpose() * slopes;
    Dense damped = square;
    damped.diagonal() += damping * (square.diagonal().array() + 1e-16).matrix();
    const Numbers by = damped.ldlt().solve(-slopes.transpose() * now);
    const Numbers next = errors.at(found.x + by);
    const double squares = next.squaredNorm();
    if (!std::isfinite(squares) || squares > found.squares) {
      damping *= 4;
      continue;
    }
    const bool is_there = found.squares - squares <= 1e-15 * found.squares && by.norm() < 1e-10;
    found = {found.x + by, squares};
    now = next;
    damping = std::max(damping / 4, 1e-12);
    if (is_there) break;
  }
  return found;
}

}  // namespace

double discount(Compounding compounding, double rate, double years) {
  if (compounding == Compounding::kContinuous) return std::exp(-rate * years);
  const double base = compounding == Compounding::kSimple ? 1 + rate * years : 1 + rate;
  if (!(base > 0)) return kNone;
  return compounding == Compounding::kSimple ? 1 / base : std::pow(base, -years);
}

double present_value(const PricedFlows& flows, Compounding compounding, const std::vector<double>& rates) {
  double sum = 0;
  for (size_t i = 0; i < flows.years.size(); ++i)
    sum += flows.amounts[i] * discount(compounding, rates[i], flows.years[i]);
  return sum;
}

Result<std::vector<double>> bootstrapped(const std::vector<PricedFlows>& bonds, const std::vector<double>& knots,
                                         Compounding compounding, Line line, bool goes_on,
                                         const std::vector<double>& guess) {
  constexpr int kStepsMax = 100;
  constexpr double kTolerance = 1e-10;  // of prices
  const auto parts = parts_of_knots(bonds, knots, line, goes_on);
  const auto n = std::ssize(knots);
  Numbers rates = Eigen::Map<const Numbers>(guess.data(), n);
  for (int step = 0; step < kStepsMax; ++step) {
    Numbers errors(n);
    Dense slopes = Dense::Zero(n, n);
    for (Eigen::Index b = 0; b < n; ++b) {
      const auto& bond = bonds[static_cast<size_t>(b)];
      const auto& part = parts[static_cast<size_t>(b)];
      const Numbers own = part * rates;
      errors[b] = present_value(bond, compounding, {own.begin(), own.end()}) - bond.price;
      for (size_t i = 0; i < bond.years.size(); ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        slopes.row(b) += bond.amounts[i] * discount_slope(compounding, own[row], bond.years[i]) * part.row(row);
      }
    }
    if (!errors.allFinite() || !slopes.allFinite()) break;
    if (errors.lpNorm<Eigen::Infinity>() < kTolerance) return std::vector<double>(rates.begin(), rates.end());
    const Numbers by = slopes.fullPivLu().solve(errors);
    if (!by.allFinite()) break;
    rates -= by;
  }
  return Error{ErrorCode::kInvalid,
               "no curve through the terms gives every bond its price: terms must be near the bonds' maturities, and "
               "two bonds must not pay at the same time at different yields"};
}

Result<std::vector<double>> fitted_model(const std::vector<PricedFlows>& bonds, Compounding compounding, size_t numbers,
                                         double level, double slope) {
  const ModelErrors errors(bonds, compounding, level);
  const std::vector<double> decays{0.3, 0.7, 1.5, 3, 6, 12};
  Found best;
  const auto attempt = [&](const Numbers& start) {
    auto found = least_squares(errors, start);
    if (found.squares < best.squares) best = std::move(found);
  };
  for (const double first : decays) {
    if (numbers == 4) attempt(Eigen::Vector4d(level, slope, 0, std::log(first)));
    for (const double second : decays) {
      Numbers start(6);
      start << level, slope, 0, 0, std::log(first), std::log(second);
      if (numbers == 6 && first != second) attempt(start);
    }
  }
  if (best.x.size() == 0) return Error{ErrorCode::kInvalid, "the yields are such that no curve gives prices"};
  return ModelErrors::model_of(best.x);
}

}  // namespace pelorus::functions
