#pragma once
// Bonds of face value 100: what they pay, and prices at a yield.

#include <optional>
#include <string_view>
#include <vector>

#include "functions/builtins/finance/day_counts.h"

namespace pelorus::functions {

constexpr double kFace = 100;

enum class BondType : uint8_t { kFixedRate, kDiscount, kZeroCoupon };

struct Bond {
  int32_t start = 0, maturity = 0;
  double issue_price = kFace;
  double coupon = 0;  // of a year, 0.05 for 5 %
  int frequency = 0;  // coupons a year; 0: all at maturity
  DayCount convention = DayCount::kActualActualIsma;
  BondType type = BondType::kFixedRate;

  bool pays_once() const { return type != BondType::kFixedRate || frequency == 0; }
};

/// What is paid when, in coupon periods (years for bonds that pay once) from settlement.
struct Payments {
  std::vector<double> times, amounts;
  double per_year = 1;
  /// A single payment within one period is discounted by simple interest.
  bool is_simple() const { return times.size() == 1 && times[0] <= 1; }
};

/// Coupons a year by their name, Once (0) Annual Semiannual Quarterly Monthly; nothing for another.
std::optional<int> coupons_a_year(std::string_view name);

/// What is still to be paid behind `settlement`, which is not before start and before maturity.
Payments payments_of(const Bond& bond, int32_t settlement);
/// Interest since the last coupon, or since start.
double accrued_interest(const Bond& bond, int32_t settlement);
/// The price with interest at which the payments bring `yield`.
double dirty_price(const Payments& payments, double yield);

/// All that is paid from start to maturity.
struct Flows {
  std::vector<int32_t> dates;
  std::vector<double> interest, notional;
};
Flows flows_of(const Bond& bond);

}  // namespace pelorus::functions
