#include "functions/builtins/finance/bond_prices.h"

#include <algorithm>
#include <cmath>

namespace pelorus::functions {
namespace {

/// What is paid at maturity by a bond that pays once.
double redemption(const Bond& bond) {
  if (bond.type == BondType::kDiscount) return kFace;
  return kFace * (1 + bond.coupon * year_fraction(bond.convention, bond.start, bond.maturity));
}

}  // namespace

std::optional<int> coupons_a_year(std::string_view name) {
  constexpr std::pair<std::string_view, int> kNames[] = {
      {"Once", 0}, {"Annual", 1}, {"Semiannual", 2}, {"Quarterly", 4}, {"Monthly", 12}};
  for (const auto& [known, count] : kNames) {
    if (known == name) return count;
  }
  return std::nullopt;
}

Payments payments_of(const Bond& bond, int32_t settlement) {
  if (bond.pays_once())
    return {.times = {year_fraction(bond.convention, settlement, bond.maturity)}, .amounts = {redemption(bond)}};
  const auto dates = coupon_dates(settlement, bond.maturity, bond.frequency);
  const auto period = coupon_period(bond.convention, bond.start, settlement, bond.maturity, bond.frequency);
  const bool by_dates = bond.convention == DayCount::kActual360 || bond.convention == DayCount::kActual365;
  const double first = (by_dates ? period.ends - settlement : period.left()) / period.days;
  Payments payments{.times = {}, .amounts = {}, .per_year = static_cast<double>(bond.frequency)};
  for (size_t i = 0; i < dates.size(); ++i) {
    payments.times.push_back(first + static_cast<double>(i));
    payments.amounts.push_back(kFace * bond.coupon / bond.frequency + (i + 1 == dates.size() ? kFace : 0));
  }
  return payments;
}

double accrued_interest(const Bond& bond, int32_t settlement) {
  if (bond.type == BondType::kDiscount) {
    const double whole = year_fraction(bond.convention, bond.start, bond.maturity);
    return (kFace - bond.issue_price) * year_fraction(bond.convention, bond.start, settlement) / whole;
  }
  if (bond.pays_once()) return kFace * bond.coupon * year_fraction(bond.convention, bond.start, settlement);
  const auto period = coupon_period(bond.convention, bond.start, settlement, bond.maturity, bond.frequency);
  if (bond.convention == DayCount::kActualActualIsda)
    return kFace * bond.coupon * year_fraction(bond.convention, std::max(period.begins, bond.start), settlement);
  return kFace * bond.coupon / bond.frequency * period.accrued / period.days;
}

double dirty_price(const Payments& payments, double yield) {
  const double rate = yield / payments.per_year;
  if (payments.is_simple()) return payments.amounts[0] / (1 + rate * payments.times[0]);
  double price = 0;
  for (size_t i = 0; i < payments.times.size(); ++i)
    price += payments.amounts[i] / std::pow(1 + rate, payments.times[i]);
  return price;
}

Flows flows_of(const Bond& bond) {
  Flows flows;
  if (bond.pays_once()) return {{bond.maturity}, {redemption(bond) - kFace}, {kFace}};
  flows.dates = coupon_dates(bond.start, bond.maturity, bond.frequency);
  flows.interest.assign(flows.dates.size(), kFace * bond.coupon / bond.frequency);
  flows.notional.assign(flows.dates.size(), 0);
  flows.notional.back() = kFace;
  return flows;
}

}  // namespace pelorus::functions
