// bondYieldCurveBuilder: a curve of zero rates out of the yields of bonds.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "functions/builtins/finance/bond_prices.h"
#include "functions/builtins/finance/curve_fit.h"
#include "functions/builtins/finance/described_object.h"
#include "functions/builtins/finance/market_data.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/declare.h"
#include "functions/function_call.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

using data::Dictionary;

enum At : size_t {
  kReferenceDate,
  kCurrency,
  kBonds,
  kTerms,
  kQuotes,
  kDayCount,
  kCompounding,
  kFrequency,
  kCurveName,
  kMethod,
  kInterpolation,
  kExtrapolation
};

bool is_given(const Arguments& a, size_t i) { return a.has(i) && !a[i].is_null(); }

/// One of the allowed texts, the first when none is given.
std::string choice(const Arguments& a, size_t i, std::string_view parameter,
                   std::initializer_list<std::string_view> allowed) {
  const auto text = is_given(a, i) ? a.text(i, parameter) : std::string(*allowed.begin());
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  std::string names;
  for (const auto name : allowed) names += (names.empty() ? "" : ", ") + std::string(name);
  a.refuse(parameter, "must be one of " + names + ".");
}

double number_of(const Dictionary& fields, std::string_view name) {
  const Value value = fields.get(name);
  return value.is_scalar() && !value.is_null() ? value.scalar().as_double() : 0;
}

Bond bond_of(const Arguments& a, const Value& given) {
  const auto instrument = described_object(given, kInstrument);
  if (instrument == nullptr || instrument->text("assetType") != "Bond")
    a.refuse("bonds", "must be bonds that parseInstrument gives.");
  const auto& fields = instrument->fields();
  if (!fields.get(std::string_view("cashFlow")).is_null())
    a.refuse("bonds", "must not have a cashFlow of their own: what they pay follows from coupon and frequency.");
  const auto type = instrument->text("bondType");
  Bond bond{.start = fields.get(std::string_view("start")).scalar().get<int32_t>(),
            .maturity = fields.get(std::string_view("maturity")).scalar().get<int32_t>()};
  bond.type = type == "DiscountBond"     ? BondType::kDiscount
              : type == "ZeroCouponBond" ? BondType::kZeroCoupon
                                         : BondType::kFixedRate;
  if (bond.type == BondType::kDiscount) bond.issue_price = number_of(fields, "issuePrice");
  bond.coupon = number_of(fields, "coupon");
  const auto convention = day_count_of(instrument->text("dayCountConvention"));
  if (!convention) a.refuse("bonds", "must have a dayCountConvention such as ActualActualISDA or Actual365.");
  bond.convention = *convention;
  if (bond.type == BondType::kFixedRate) {
    const auto frequency = coupons_a_year(instrument->text("frequency"));
    if (!frequency) a.refuse("bonds", "must have the frequency Once, Annual, Semiannual, Quarterly or Monthly.");
    bond.frequency = *frequency;
  }
  if (bond.coupon < 0) a.refuse("bonds", "must not have a negative coupon.");
  return bond;
}

/// What goes in, bonds in the order of their terms.
class Sample {
 public:
  Sample(CallContext& context, const Arguments& a, DayCount convention) : convention_(convention) {
    const Value& date = a[kReferenceDate];
    if (!date.is_scalar() || date.type() != Type::kDate || date.is_null()) a.refuse("referenceDate", "must be a DATE.");
    reference_ = date.scalar().get<int32_t>();
    const auto bonds = parts_or_self(a[kBonds]), terms = parts_or_self(a[kTerms]);
    const auto yields = as_doubles(a.function(), a.vector(kQuotes, "quotes"));
    if (bonds.empty() || terms.size() != bonds.size() || yields->size() != bonds.size())
      a.refuse("bonds", "must have a term and a quote each, and be one at least.");
    for (size_t i = 0; i < bonds.size(); ++i) {
      const double yield = yields->values<double>()[i];
      if (yields->is_null_at(i) || !std::isfinite(yield)) a.refuse("quotes", "must have no nulls.");
      rows_.push_back({date_behind(context, a, date, terms[i]), yield, priced(a, bond_of(a, bonds[i]), yield)});
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& l, const Row& r) { return l.date < r.date; });
    for (size_t i = 1; i < rows_.size(); ++i) {
      if (years(rows_[i - 1].date) >= years(rows_[i].date)) a.refuse("terms", "must end on different dates.");
    }
  }

  size_t size() const { return rows_.size(); }
  std::vector<PricedFlows> flows() const { return column(&Row::flows); }
  std::vector<double> yields() const { return column(&Row::yield); }
  std::vector<int32_t> dates() const { return column(&Row::date); }
  std::vector<double> knots() const {
    std::vector<double> all;
    for (const auto& row : rows_) all.push_back(years(row.date));
    return all;
  }

 private:
  struct Row {
    int32_t date = 0;
    double yield = 0;
    PricedFlows flows;
  };

  template <class T>
  std::vector<T> column(T Row::*field) const {
    std::vector<T> all;
    for (const auto& row : rows_) all.push_back(row.*field);
    return all;
  }

  double years(int32_t date) const { return year_fraction(convention_, reference_, date); }

  static int32_t date_behind(CallContext& context, const Arguments& a, const Value& from, const Value& term) {
    if (!term.is_scalar() || term.type() != Type::kDuration) a.refuse("terms", "must be DURATIONs such as 3M or 10y.");
    const auto add = context.find_function("temporalAdd");
    const Value sum = add ? context.call(*add, {from, term}) : Value();
    const bool is_date = sum.is_scalar() && sum.type() == Type::kDate && !sum.is_null();
    if (!is_date || sum.scalar().get<int32_t>() <= from.scalar().get<int32_t>())
      a.refuse("terms", "must be whole days, months or years behind referenceDate.");
    return sum.scalar().get<int32_t>();
  }

  PricedFlows priced(const Arguments& a, const Bond& bond, double yield) const {
    if (bond.start > reference_ || bond.maturity <= reference_)
      a.refuse("bonds", "must have begun at referenceDate and end behind it.");
    PricedFlows flows;
    const auto all = flows_of(bond);
    for (size_t i = 0; i < all.dates.size(); ++i) {
      if (all.dates[i] <= reference_) continue;
      flows.years.push_back(years(all.dates[i]));
      flows.amounts.push_back(all.interest[i] + all.notional[i]);
    }
    flows.price = dirty_price(payments_of(bond, reference_), yield);
    if (!(flows.price > 0) || !std::isfinite(flows.price)) a.refuse("quotes", "must be yields such as 0.0215.");
    return flows;
  }

  const DayCount convention_;
  int32_t reference_ = 0;
  std::vector<Row> rows_;
};

void put(Dictionary* dictionary, const char* key, const Value& value) {
  dictionary->set(Scalar::of_string(key), value);
}

Compounding compounding_of(std::string_view name) {
  if (name == "Simple") return Compounding::kSimple;
  return name == "Continuous" ? Compounding::kContinuous : Compounding::kCompounded;
}

/// What describes the curve: rates on dates, or the numbers of a model.
void put_curve(const FunctionCall& call, const Sample& sample, const std::string& method, Dictionary* fields) {
  const auto& a = call.arguments();
  const auto compounding = compounding_of(fields->get(std::string_view("compounding")).text());
  const auto yields = sample.yields();
  put(fields, "curveModel", Value::of_string(method));
  if (method == "Bootstrap") {
    const auto line = line_of(fields->get(std::string_view("interpMethod")).text());
    const bool goes_on = fields->get(std::string_view("extrapMethod")).text() == "Linear";
    const auto rates = call.checked(bootstrapped(sample.flows(), sample.knots(), compounding, *line, goes_on, yields));
    const auto dates = sample.dates();
    Vector ends(Type::kDate, dates.size()), heights(Type::kDouble, rates.size());
    std::copy(dates.begin(), dates.end(), ends.edit<int32_t>().begin());
    std::copy(rates.begin(), rates.end(), heights.edit<double>().begin());
    put(fields, "dates", ends);
    put(fields, "values", heights);
    return;
  }
  constexpr const char* kShort[] = {"beta0", "beta1", "beta2", "lambda"};
  constexpr const char* kLong[] = {"beta0", "beta1", "beta2", "beta3", "lambda0", "lambda1"};
  const size_t numbers = method == "NS" ? std::size(kShort) : std::size(kLong);
  if (sample.size() < numbers)
    a.refuse("bonds", "must be " + std::to_string(numbers) + " at least with the method " + method + ".");
  const auto model =
      call.checked(fitted_model(sample.flows(), compounding, numbers, yields.back(), yields.front() - yields.back()));
  Dictionary parameters(Type::kString, Type::kDouble, true);
  for (size_t i = 0; i < numbers; ++i)
    put(&parameters, method == "NS" ? kShort[i] : kLong[i], Value::of_double(model[i]));
  put(fields, "curveParams", parameters);
}

/// bondYieldCurveBuilder(referenceDate, currency, bonds, terms, quotes, dayCountConvention, …)
Value build(CallContext& context, std::span<Value> args) {
  const FunctionCall call("bondYieldCurveBuilder", context, args);
  const auto& a = call.arguments();
  const auto currency = choice(a, kCurrency, "currency", {"CNY", "USD", "EUR", "GBP", "JPY", "HKD"});
  const auto convention =
      choice(a, kDayCount, "dayCountConvention", {"ActualActualISDA", "ActualActualISMA", "Actual365", "Actual360"});
  const auto method = choice(a, kMethod, "method", {"Bootstrap", "NS", "NSS"});
  const Sample sample(context, a, *day_count_of(convention));
  Dictionary fields(Type::kString, Type::kAny, true);
  const auto put_text = [&](const char* key, std::string text) {
    put(&fields, key, Value::of_string(std::move(text)));
  };
  put_text("mktDataType", "Curve");
  put_text("curveType", "IrYieldCurve");
  put(&fields, "referenceDate", a[kReferenceDate]);
  put_text("currency", currency);
  if (is_given(a, kCurveName)) put_text("curveName", a.text(kCurveName, "curveName"));
  put_text("dayCountConvention", convention);
  put_text("compounding", choice(a, kCompounding, "compounding", {"Compounded", "Simple", "Continuous"}));
  put_text("frequency", choice(a, kFrequency, "frequency",
                               {"Annual", "NoFrequency", "Once", "Semiannual", "EveryFourthMonth", "Quarterly",
                                "BiMonthly", "Monthly", "EveryFourthWeek", "BiWeekly", "Weekly", "Daily", "Other"}));
  put_text("interpMethod", choice(a, kInterpolation, "interpMethod", {"Linear", "CubicSpline", "CubicHermiteSpline"}));
  put_text("extrapMethod", choice(a, kExtrapolation, "extrapMethod", {"Flat", "Linear"}));
  put_curve(call, sample, method, &fields);
  return market_data(a, fields);
}

}  // namespace

void register_curve_builder(Registry& registry) {
  declare(registry, "market-data", Nature::kWhole,
          {.name = "bondYieldCurveBuilder",
           .parameters = "referenceDate, currency, bonds, terms, quotes, dayCountConvention, "
                         "[compounding='Compounded'], [frequency='Annual'], [curveName], [method='Bootstrap'], "
                         "[interpMethod='Linear'], [extrapMethod='Flat']",
           .run = build,
           .summary = "The curve of zero rates, MKTDATA, at which bonds have the yields of quotes: rates at the ends "
                      "of the terms that give every bond its price, or the model NS or NSS that misses them least.",
           .example = "b = x -> parseInstrument({productType: \"Cash\", assetType: \"Bond\", bondType: "
                      "\"FixedRateBond\", start: 2025.01.01, maturity: x, coupon: 0.02, frequency: \"Annual\", "
                      "dayCountConvention: \"ActualActualISMA\"})\n"
                      "c = bondYieldCurveBuilder(2025.01.01, \"CNY\", [b(2026.01.01), b(2027.01.01)], [1y, 2y], 0.02 "
                      "0.02, \"ActualActualISMA\")\n"
                      "round(curvePredict(c, 1 1.5 2), 9)",
           .result = "[0.02,0.02,0.02]",
           .nulls = "Nulls are refused."});
}

}  // namespace pelorus::functions
