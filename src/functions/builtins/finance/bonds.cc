// Prices of bonds of face value 100: bondAccrInt bondDirtyPrice bondDuration bondConvexity bondYield bondCashflow
// yearFrac.

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/finance/bond_prices.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "bonds";
constexpr std::string_view kNulls = "A null argument gives null.";

/// Arguments that may be scalars or vectors of one length, row by row.
class Rows {
 public:
  explicit Rows(const Arguments& arguments) : arguments_(arguments) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      columns_.push_back(arguments.has(i) && !arguments[i].is_void() ? elements_of(arguments[i]) : std::nullopt);
      if (!columns_[i] || arguments[i].is_scalar()) continue;
      const size_t size = (*columns_[i])->size();
      if (is_vector_ && size != size_) refuse_lengths(arguments.function(), size_, size);
      is_vector_ = true;
      size_ = size;
    }
  }
  size_t size() const { return size_; }
  bool is_vector() const { return is_vector_; }
  const Arguments& arguments() const { return arguments_; }
  bool has(size_t i) const { return i < columns_.size() && columns_[i].has_value(); }
  Value at(size_t i, size_t row, std::string_view parameter) const {
    if (!has(i)) arguments_.refuse(parameter, "is missing.");
    const size_t at = arguments_[i].is_scalar() ? 0 : row;
    if (at >= (*columns_[i])->size()) arguments_.refuse(parameter, "has too few elements.");
    return (*columns_[i])->at(at);
  }
  std::optional<double> number(size_t i, size_t row, std::string_view parameter) const {
    const Value value = at(i, row, parameter);
    if (value.is_null()) return std::nullopt;
    if (!value.is_scalar() || !types::is_numeric(value.type())) arguments_.refuse(parameter, "must be a number.");
    return value.scalar().as_double();
  }
  std::optional<int32_t> date(size_t i, size_t row, std::string_view parameter) const {
    const Value value = at(i, row, parameter);
    if (value.is_null()) return std::nullopt;
    if (!value.is_scalar() || value.type() != Type::kDate) arguments_.refuse(parameter, "must be a DATE.");
    return value.scalar().get<int32_t>();
  }
  std::string text(size_t i, size_t row, std::string_view parameter) const {
    const Value value = at(i, row, parameter);
    if (!value.is_text()) arguments_.refuse(parameter, "must be a text.");
    return value.text();
  }

 private:
  const Arguments& arguments_;
  std::vector<std::optional<Shared<Vector>>> columns_;
  size_t size_ = 1;
  bool is_vector_ = false;
};

int frequency_of(const Rows& rows, size_t i, size_t row) {
  constexpr double kCounts[] = {0, 1, 2, 4, 12};
  const Value value = rows.at(i, row, "frequency");
  if (value.is_text()) {
    if (const auto count = coupons_a_year(value.text())) return *count;
  } else if (value.is_scalar() && !value.is_null()) {
    const auto* found = std::find(std::begin(kCounts), std::end(kCounts), value.scalar().as_double());
    if (found != std::end(kCounts)) return static_cast<int>(*found);
  }
  rows.arguments().refuse("frequency", "must be 0, 1, 2, 4, 12, or Once, Annual, Semiannual, Quarterly, Monthly.");
}

DayCount convention_of(const Rows& rows, size_t i, size_t row) {
  const auto convention = day_count_of(rows.text(i, row, "dayCountConvention"));
  if (!convention)
    rows.arguments().refuse("dayCountConvention",
                            "must be Thirty360US, ActualActualISMA, Actual360, Actual365, Thirty360EU or "
                            "ActualActualISDA.");
  return *convention;
}

BondType type_of(const Rows& rows, size_t i, size_t row) {
  const auto name = rows.text(i, row, "bondType");
  if (name == "FixedRate") return BondType::kFixedRate;
  if (name == "Discount") return BondType::kDiscount;
  if (name == "ZeroCoupon") return BondType::kZeroCoupon;
  rows.arguments().refuse("bondType", "must be FixedRate, Discount or ZeroCoupon.");
}

/// start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType. Nothing when one of them is null.
std::optional<Bond> bond_of(const Rows& rows, size_t row) {
  const auto start = rows.date(0, row, "start"), maturity = rows.date(1, row, "maturity");
  const auto issue_price = rows.number(2, row, "issuePrice"), coupon = rows.number(3, row, "coupon");
  const int frequency = frequency_of(rows, 4, row);
  const auto convention = convention_of(rows, 5, row);
  const auto type = type_of(rows, 6, row);
  if (!start || !maturity || !issue_price || !coupon) return std::nullopt;
  if (*maturity <= *start) rows.arguments().refuse("maturity", "must be behind start.");
  if (*coupon < 0) rows.arguments().refuse("coupon", "must not be negative.");
  return Bond{*start, *maturity, *issue_price, *coupon, frequency, convention, type};
}

/// Years until the money comes, weighted by its present value.
double duration(const Payments& payments, double yield) {
  if (payments.is_simple()) return payments.times[0] / payments.per_year;
  const double rate = yield / payments.per_year;
  double sum = 0;
  for (size_t i = 0; i < payments.times.size(); ++i)
    sum += payments.times[i] * payments.amounts[i] / std::pow(1 + rate, payments.times[i]);
  return sum / dirty_price(payments, yield) / payments.per_year;
}

/// The second derivative of the price by the yield, over the price.
double convexity(const Payments& payments, double yield) {
  const double rate = yield / payments.per_year, squared = payments.per_year * payments.per_year;
  if (payments.is_simple()) {
    const double time = payments.times[0], factor = 1 + rate * time;
    return 2 * time * time / (factor * factor) / squared;
  }
  double sum = 0;
  for (size_t i = 0; i < payments.times.size(); ++i) {
    const double time = payments.times[i];
    sum += time * (time + 1) * payments.amounts[i] / std::pow(1 + rate, time + 2);
  }
  return sum / dirty_price(payments, yield) / squared;
}

/// The yield at which the payments are worth `price`: Newton's steps inside a bracket that halves when they leave it.
/// Null when there is none in it.
double yield_of(const Payments& payments, double price, int64_t steps_max) {
  constexpr double kTolerance = 1e-13;
  double low = -0.99 * payments.per_year, high = 1;
  while (dirty_price(payments, high) > price && high < 1e6) high *= 2;
  if (price <= 0 || dirty_price(payments, low) < price || dirty_price(payments, high) > price)
    return types::kNull<double>;
  double yield = std::clamp(0.05, low, high);
  for (int64_t step = 0; step < steps_max; ++step) {
    const double error = dirty_price(payments, yield) - price;
    (error > 0 ? low : high) = yield;
    const double nudge = 1e-7;
    const double slope = (dirty_price(payments, yield + nudge) - dirty_price(payments, yield - nudge)) / (2 * nudge);
    double next = slope != 0 ? yield - error / slope : (low + high) / 2;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::fabs(next - yield) < kTolerance) return next;
    yield = next;
  }
  return yield;
}

enum class PriceType : uint8_t { kYield, kClean, kDirty };

PriceType price_type_of(const Rows& rows, size_t i, size_t row, std::initializer_list<PriceType> allowed) {
  constexpr std::pair<std::string_view, PriceType> kNames[] = {
      {"YTM", PriceType::kYield}, {"CleanPrice", PriceType::kClean}, {"DirtyPrice", PriceType::kDirty}};
  const auto text = rows.text(i, row, "priceType");
  std::string names;
  for (const auto& [name, type] : kNames) {
    if (std::find(allowed.begin(), allowed.end(), type) == allowed.end()) continue;
    if (name == text) return type;
    names += (names.empty() ? "" : " or ") + std::string(name);
  }
  rows.arguments().refuse("priceType", "must be " + names + ".");
}

Value number_or_null(double number) {
  return std::isfinite(number) ? Value::of_double(number) : Value(Scalar::null_of(Type::kDouble));
}

/// One number for each row of the arguments.
Value for_rows(const Rows& rows, const std::function<double(size_t row)>& number) {
  if (!rows.is_vector()) return number_or_null(number(0));
  Vector result(Type::kDouble, 0);
  for (size_t row = 0; row < rows.size(); ++row) result.push_back(number_or_null(number(row)));
  return result;
}

/// `value` of bond, settlement and row; null where one of them is null.
Value for_bonds(const Rows& rows, size_t benchmark,
                const std::function<double(const Bond&, int32_t settlement, size_t row)>& value) {
  if (rows.has(benchmark) && rows.text(benchmark, 0, "benchmark") != "Excel")
    rows.arguments().refuse("benchmark", "must be Excel.");
  return for_rows(rows, [&](size_t row) {
    const auto bond = bond_of(rows, row);
    const auto settlement = rows.date(7, row, "settlement");
    if (!bond || !settlement) return types::kNull<double>;
    if (*settlement >= bond->maturity) rows.arguments().refuse("settlement", "must be before maturity.");
    if (*settlement < bond->start) rows.arguments().refuse("settlement", "must not be before start.");
    return value(*bond, *settlement, row);
  });
}

Value accrued(CallContext&, std::span<Value> args) {
  const Arguments a("bondAccrInt", args);
  return for_bonds(Rows(a), 8,
                   [](const Bond& bond, int32_t settlement, size_t) { return accrued_interest(bond, settlement); });
}

Value priced(CallContext&, std::span<Value> args) {
  const Arguments a("bondDirtyPrice", args);
  const Rows rows(a);
  return for_bonds(rows, 10, [&](const Bond& bond, int32_t settlement, size_t row) {
    const auto type = price_type_of(rows, 9, row, {PriceType::kYield, PriceType::kClean});
    const auto price = rows.number(8, row, "price");
    if (!price) return types::kNull<double>;
    return type == PriceType::kClean ? *price + accrued_interest(bond, settlement)
                                     : dirty_price(payments_of(bond, settlement), *price);
  });
}

using Measure = double (*)(const Payments&, double yield);

Value measured(std::string_view name, Measure measure, std::span<Value> args) {
  const Arguments a(name, args);
  const Rows rows(a);
  return for_bonds(rows, 10, [&](const Bond& bond, int32_t settlement, size_t row) {
    price_type_of(rows, 9, row, {PriceType::kYield});
    const auto yield = rows.number(8, row, "price");
    return yield ? measure(payments_of(bond, settlement), *yield) : types::kNull<double>;
  });
}

Value yields(CallContext&, std::span<Value> args) {
  constexpr std::string_view kMethods[] = {"newton", "brent", "brentq", "nm", "bfgs", "lbfgs"};
  const Arguments a("bondYield", args);
  const Rows rows(a);
  return for_bonds(rows, 12, [&](const Bond& bond, int32_t settlement, size_t row) {
    const auto type = price_type_of(rows, 9, row, {PriceType::kClean, PriceType::kDirty});
    const auto price = rows.number(8, row, "price");
    if (rows.has(10) &&
        std::find(std::begin(kMethods), std::end(kMethods), rows.text(10, row, "method")) == std::end(kMethods))
      a.refuse("method", "must be newton, brent, nm, bfgs or lbfgs.");
    const auto steps = rows.has(11) ? rows.number(11, row, "maxIter") : std::optional(100.0);
    if (!price || !steps) return types::kNull<double>;
    if (*steps < 1) a.refuse("maxIter", "must be positive.");
    const double dirty = *price + (type == PriceType::kClean ? accrued_interest(bond, settlement) : 0);
    return yield_of(payments_of(bond, settlement), dirty, static_cast<int64_t>(*steps));
  });
}

template <class T>
Vector column_of(Type type, const std::vector<T>& values) {
  Vector column(type, values.size());
  std::copy(values.begin(), values.end(), column.edit<T>().begin());
  return column;
}

Value flow_table(const Flows& flows) {
  std::vector<double> total(flows.interest);
  for (size_t i = 0; i < total.size(); ++i) total[i] += flows.notional[i];
  return data::Table({"paymentDate", "coupon", "notional", "total"},
                     {column_of(Type::kDate, flows.dates), column_of(Type::kDouble, flows.interest),
                      column_of(Type::kDouble, flows.notional), column_of(Type::kDouble, total)});
}

/// bondCashflow(start, maturity, coupon, frequency, dayCountConvention, bondType, [mode])
Value cashflows(CallContext&, std::span<Value> args) {
  const Arguments a("bondCashflow", args);
  const auto mode = a.text_or(6, "mode", "Vector");
  if (mode != "Vector" && mode != "Table") a.refuse("mode", "must be Vector or Table.");
  // The price at issue does not matter for what is paid.
  std::vector<Value> completed(args.begin(), args.begin() + std::min<std::ptrdiff_t>(6, std::ssize(args)));
  completed.insert(completed.begin() + 2, Value::of_double(kFace));
  const Arguments all("bondCashflow", completed);
  const Rows rows(all);
  std::vector<Value> tables;
  Vector amounts(Type::kDouble);
  data::Buffer<int64_t> ends;
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto bond = bond_of(rows, row);
    if (!bond) a.refuse("start", "and the other arguments must not be null.");
    const auto flows = flows_of(*bond);
    tables.push_back(flow_table(flows));
    amounts.append(tables.back().table().column(3));
    ends.push_back(static_cast<int64_t>(amounts.size()));
  }
  if (mode == "Table") return rows.is_vector() ? Value(Vector::tuple(std::move(tables))) : tables[0];
  return rows.is_vector() ? Value(Vector::array(std::move(amounts), std::move(ends))) : Value(std::move(amounts));
}

/// yearFrac(dayCountConvention, start, end, [referenceStart], [referenceEnd])
Value year_part(CallContext&, std::span<Value> args) {
  const Arguments a("yearFrac", args);
  const Rows rows(a);
  return for_rows(rows, [&](size_t row) {
    const auto convention = convention_of(rows, 0, row);
    const auto start = rows.date(1, row, "start"), end = rows.date(2, row, "end");
    if (!start || !end) return types::kNull<double>;
    if (!rows.has(3) || !rows.has(4)) return year_fraction(convention, *start, *end);
    if (convention != DayCount::kActualActualIsma) a.refuse("referenceStart", "is for ActualActualISMA only.");
    const auto from = rows.date(3, row, "referenceStart"), to = rows.date(4, row, "referenceEnd");
    if (!from || !to) return types::kNull<double>;
    if (*to <= *from) a.refuse("referenceEnd", "must be behind referenceStart.");
    // A period is so many whole months, a part of it the same part of them.
    const double months = std::max(1.0, std::round((*to - *from) / 365.25 * 12));
    return static_cast<double>(*end - *start) / (*to - *from) * months / 12;
  });
}

}  // namespace

void register_bonds(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = kNulls;
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"bondAccrInt",
       "start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType, settlement, [benchmark='Excel']",
       accrued, "Interest since the last coupon, for a face value of 100.",
       "bondAccrInt(2024.01.01, 2030.12.31, 100, 0.1, 2, \"Thirty360US\", \"FixedRate\", 2024.05.15)", "3.75"});
  row({"bondDirtyPrice",
       "start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType, settlement, price, priceType, "
       "[benchmark='Excel']",
       priced, "The price with interest, from a yield (priceType YTM) or a CleanPrice.",
       "bondDirtyPrice(2023.01.01, 2030.12.31, 100, 0.05, 1, \"ActualActualISMA\", \"FixedRate\", 2023.04.01, 0.03, "
       "\"YTM\")",
       "114.8735936"});
  row({"bondDuration",
       "start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType, settlement, price, priceType, "
       "[benchmark='Excel']",
       [](CallContext&, std::span<Value> args) { return measured("bondDuration", duration, args); },
       "Macaulay's duration in years at a yield.",
       "bondDuration(2022.12.31, 2030.12.31, 100, 0.05, 1, \"ActualActualISMA\", \"FixedRate\", 2023.01.01, 0.06, "
       "\"YTM\")",
       "6.737695072"});
  row({"bondConvexity",
       "start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType, settlement, price, priceType, "
       "[benchmark='Excel']",
       [](CallContext&, std::span<Value> args) { return measured("bondConvexity", convexity, args); },
       "How the duration changes with the yield: the price's second derivative over the price.",
       "bondConvexity(2023.01.01, 2030.12.31, 100, 0.05, 1, \"ActualActualISMA\", \"FixedRate\", 2023.04.01, 0.03, "
       "\"YTM\")",
       "51.86434771"});
  row({"bondYield",
       "start, maturity, issuePrice, coupon, frequency, dayCountConvention, bondType, settlement, price, priceType, "
       "[method='newton'], [maxIter=100], [benchmark='Excel']",
       yields, "The yield at which a bond is worth a CleanPrice or DirtyPrice; every method finds the same root.",
       "round(bondYield(2023.01.01, 2030.12.31, 100, 0.05, 1, \"ActualActualISMA\", \"FixedRate\", 2023.04.01, "
       "100.2143, \"CleanPrice\"), 4)",
       "0.0496"});
  row({"bondCashflow", "start, maturity, coupon, frequency, dayCountConvention, bondType, [mode='Vector']", cashflows,
       "What a bond pays, coupon by coupon; as a table with dates when mode is Table.",
       "bondCashflow(2022.09.28, 2025.09.28, 0.078, \"Annual\", \"Thirty360US\", \"FixedRate\")", "[7.8,7.8,107.8]"});
  row({"yearFrac", "dayCountConvention, start, end, [referenceStart], [referenceEnd]", year_part,
       "The part of a year between two dates by a day-count convention.",
       "yearFrac(\"Actual360\", 2025.01.01, 2025.04.01)", "0.25"});
}

}  // namespace pelorus::functions
