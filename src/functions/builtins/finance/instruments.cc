// Financial instruments: parseInstrument extractInstrument and what reads their fields.

#include <array>

#include "functions/assemble.h"
#include "functions/builtins/finance/described_object.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/declare.h"
#include "functions/json_value.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "instruments";
using Kind = FieldKind;
using Mark = DescribedKind::Mark;

constexpr Mark kDiscountMarks[] = {{"productType", "Cash"}, {"assetType", "Bond"}, {"bondType", "DiscountBond"}};
constexpr Mark kZeroMarks[] = {{"productType", "Cash"}, {"assetType", "Bond"}, {"bondType", "ZeroCouponBond"}};
constexpr Mark kFixedMarks[] = {{"productType", "Cash"}, {"assetType", "Bond"}, {"bondType", "FixedRateBond"}};
constexpr Mark kFuturesMarks[] = {{"productType", "Futures"}, {"futuresType", "BondFutures"}};
constexpr Mark kDepositMarks[] = {{"productType", "Cash"}, {"assetType", "Deposit"}};
constexpr Mark kRateSwapMarks[] = {
    {"productType", "Swap"}, {"swapType", "IrSwap"}, {"irSwapType", "IrFixedFloatingSwap"}};
constexpr Mark kForwardMarks[] = {{"productType", "Forward"}, {"forwardType", "FxForward"}};
constexpr Mark kFxSwapMarks[] = {{"productType", "Swap"}, {"swapType", "FxSwap"}};
constexpr Mark kFxEuropeanMarks[] = {
    {"productType", "Option"}, {"optionType", "EuropeanOption"}, {"assetType", "FxEuropeanOption"}};
constexpr Mark kFutureEuropeanMarks[] = {
    {"productType", "Option"}, {"optionType", "EuropeanOption"}, {"assetType", "CmFutEuropeanOption"}};
constexpr Mark kFutureAmericanMarks[] = {
    {"productType", "Option"}, {"optionType", "AmericanOption"}, {"assetType", "CmFutAmericanOption"}};
constexpr Mark kEquityEuropeanMarks[] = {
    {"productType", "Option"}, {"optionType", "EuropeanOption"}, {"assetType", "EqEuropeanOption"}};
constexpr Mark kEquityAmericanMarks[] = {
    {"productType", "Option"}, {"optionType", "AmericanOption"}, {"assetType", "EqAmericanOption"}};

constexpr DescribedField kDiscountFields[] = {{"instrumentId"},
                                              {"nominal", Kind::kNumber},
                                              {"start", Kind::kDate, true},
                                              {"maturity", Kind::kDate, true},
                                              {"dayCountConvention", Kind::kText, true},
                                              {"issuePrice", Kind::kNumber, true},
                                              {"calendar"},
                                              {"currency"},
                                              {"cashFlow", Kind::kAny},
                                              {"discountCurve"},
                                              {"spreadCurve"},
                                              {"subType"},
                                              {"creditRating"}};
constexpr DescribedField kZeroFields[] = {{"instrumentId"},
                                          {"nominal", Kind::kNumber},
                                          {"start", Kind::kDate, true},
                                          {"maturity", Kind::kDate, true},
                                          {"coupon", Kind::kNumber, true},
                                          {"frequency"},
                                          {"dayCountConvention", Kind::kText, true},
                                          {"calendar"},
                                          {"currency"},
                                          {"cashFlow", Kind::kAny},
                                          {"discountCurve"},
                                          {"spreadCurve"},
                                          {"subType"},
                                          {"creditRating"}};
constexpr DescribedField kFixedFields[] = {{"instrumentId"},
                                           {"nominal", Kind::kNumber},
                                           {"start", Kind::kDate, true},
                                           {"maturity", Kind::kDate, true},
                                           {"coupon", Kind::kNumber, true},
                                           {"frequency", Kind::kText, true},
                                           {"dayCountConvention", Kind::kText, true},
                                           {"calendar"},
                                           {"currency"},
                                           {"cashFlow", Kind::kAny},
                                           {"discountCurve"},
                                           {"spreadCurve"},
                                           {"subType"},
                                           {"creditRating"}};
constexpr DescribedField kFuturesFields[] = {{"instrumentId"},
                                             {"nominal", Kind::kNumber},
                                             {"maturity", Kind::kDate, true},
                                             {"settlement", Kind::kDate, true},
                                             {"underlying", Kind::kAny, true},
                                             {"nominalCouponRate", Kind::kNumber, true}};
constexpr DescribedField kDepositFields[] = {{"notionalAmount", Kind::kNumber, true},
                                             {"notionalCurrency", Kind::kText, true},
                                             {"instrumentId"},
                                             {"start", Kind::kDate, true},
                                             {"maturity", Kind::kDate, true},
                                             {"rate", Kind::kNumber, true},
                                             {"dayCountConvention", Kind::kText, true},
                                             {"payReceive", Kind::kText, true},
                                             {"discountCurve"},
                                             {"calendar"}};
constexpr DescribedField kRateSwapFields[] = {{"notionalAmount", Kind::kNumber, true},
                                              {"notionalCurrency", Kind::kText, true},
                                              {"instrumentId"},
                                              {"start", Kind::kDate, true},
                                              {"maturity", Kind::kDate, true},
                                              {"fixedRate", Kind::kNumber, true},
                                              {"calendar"},
                                              {"fixedDayCountConvention", Kind::kText, true},
                                              {"floatingDayCountConvention", Kind::kText, true},
                                              {"spread", Kind::kNumber, true},
                                              {"iborIndex", Kind::kText, true},
                                              {"frequency", Kind::kText, true},
                                              {"payReceive", Kind::kText, true},
                                              {"domesticCurve"},
                                              {"foreignCurve"}};
constexpr DescribedField kForwardFields[] = {{"instrumentId"},
                                             {"expiry", Kind::kDate, true},
                                             {"delivery", Kind::kDate, true},
                                             {"currencyPair", Kind::kText, true},
                                             {"direction", Kind::kText, true},
                                             {"notionalCurrency", Kind::kText, true},
                                             {"notionalAmount", Kind::kNumber, true},
                                             {"strike", Kind::kNumber, true},
                                             {"domesticCurve"},
                                             {"foreignCurve"}};
constexpr DescribedField kFxSwapFields[] = {{"instrumentId"},
                                            {"notionalAmount", Kind::kNumber, true},
                                            {"notionalCurrency", Kind::kText, true},
                                            {"currencyPair", Kind::kText, true},
                                            {"nearExpiry", Kind::kDate, true},
                                            {"nearDelivery", Kind::kDate, true},
                                            {"direction", Kind::kText, true},
                                            {"nearStrike", Kind::kNumber, true},
                                            {"farExpiry", Kind::kDate, true},
                                            {"farDelivery", Kind::kDate, true},
                                            {"farStrike", Kind::kNumber, true},
                                            {"domesticCurve"},
                                            {"foreignCurve"}};
constexpr DescribedField kFxOptionFields[] = {{"notionalAmount", Kind::kNumber, true},
                                              {"notionalCurrency", Kind::kText, true},
                                              {"instrumentId"},
                                              {"maturity", Kind::kDate, true},
                                              {"underlying", Kind::kText, true},
                                              {"direction", Kind::kText, true},
                                              {"strike", Kind::kNumber, true},
                                              {"dayCountConvention", Kind::kText, true},
                                              {"payoffType", Kind::kText, true},
                                              {"domesticCurve"},
                                              {"foreignCurve"},
                                              {"delivery", Kind::kDate}};
constexpr DescribedField kOptionFields[] = {{"notionalAmount", Kind::kNumber, true},
                                            {"notionalCurrency", Kind::kText, true},
                                            {"instrumentId"},
                                            {"direction"},
                                            {"maturity", Kind::kDate, true},
                                            {"strike", Kind::kNumber, true},
                                            {"payoffType", Kind::kText, true},
                                            {"underlying", Kind::kText, true},
                                            {"dayCountConvention", Kind::kText, true},
                                            {"discountCurve"},
                                            {"dividendCurve"}};

constexpr DescribedKind kKinds[] = {{kDiscountMarks, kDiscountFields},     {kZeroMarks, kZeroFields},
                                    {kFixedMarks, kFixedFields},           {kFuturesMarks, kFuturesFields},
                                    {kDepositMarks, kDepositFields},       {kRateSwapMarks, kRateSwapFields},
                                    {kForwardMarks, kForwardFields},       {kFxSwapMarks, kFxSwapFields},
                                    {kFxEuropeanMarks, kFxOptionFields},   {kFutureEuropeanMarks, kOptionFields},
                                    {kFutureAmericanMarks, kOptionFields}, {kEquityEuropeanMarks, kOptionFields},
                                    {kEquityAmericanMarks, kOptionFields}};

/// Rows of a table as dictionaries, without the nulls.
std::vector<Value> rows_of(const data::Table& table) {
  std::vector<Value> rows;
  for (size_t r = 0; r < table.rows(); ++r) {
    data::Dictionary row(Type::kString, Type::kAny, true);
    for (size_t c = 0; c < table.columns(); ++c) {
      const Value cell = table.column(c).at(r);
      if (!cell.is_null()) row.set(Scalar::of_string(table.names()[c]), cell);
    }
    rows.emplace_back(std::move(row));
  }
  return rows;
}

/// notional: ("CNY", 1000000) says what notionalCurrency and notionalAmount say.
Value with_notional(const Arguments& a, const Value& given) {
  const Value read = given.is_text() ? from_standard_json(a.function(), given.text()) : given;
  if (!read.is_dictionary()) return read;
  const Value notional = read.dictionary().get(std::string_view("notional"));
  if (!notional.is_vector() || notional.vector().size() != 2) return read;
  data::Dictionary fields = read.dictionary();
  fields.set(Scalar::of_string("notionalCurrency"), notional.vector().at(0));
  fields.set(Scalar::of_string("notionalAmount"), notional.vector().at(1));
  return fields;
}

/// parseInstrument(obj)
Value parse_instrument(CallContext&, std::span<Value> args) {
  const Arguments a("parseInstrument", args);
  const bool is_one = a[0].is_dictionary() || a[0].is_text();
  if (is_one) return described(a, "obj", kInstrument, kKinds, with_notional(a, a[0]));
  if (!a[0].is_table() && !a[0].is_vector())
    a.refuse("obj", "must be a dictionary, the JSON text of one, a vector of them or a table.");
  const auto parts = a[0].is_table() ? rows_of(table_argument(a.function(), a[0])) : parts_or_self(a[0]);
  std::vector<Value> all;
  for (const auto& part : parts) all.push_back(described(a, "obj", kInstrument, kKinds, with_notional(a, part)));
  return Vector::tuple(std::move(all));
}

std::vector<DescribedRef> instruments_argument(const Arguments& a) {
  return described_objects(a, "instrument", kInstrument, "must be of type INSTRUMENT, as parseInstrument gives.");
}

/// A value of each instrument: a scalar of one, a vector of several.
template <class F>
Value of_each(const Arguments& a, F&& value_of) {
  std::vector<Value> values;
  for (const auto& instrument : instruments_argument(a)) values.push_back(value_of(*instrument));
  return a[0].is_tuple() ? vector_or_tuple(std::move(values)) : values.at(0);
}

/// getInstrumentField(instrument, key, [default])
Value instrument_field(CallContext&, std::span<Value> args) {
  const Arguments a("getInstrumentField", args);
  const auto key = a.text(1, "key");
  return of_each(a, [&](const DescribedObject& instrument) {
    const Value value = instrument.fields().get(std::string_view(key));
    if (!a.has(2)) return value;
    if (!a[2].is_scalar()) a.refuse("default", "must be a scalar.");
    if (value.is_null() || !value.is_scalar()) return a[2];
    const auto converted = data::convert(value.scalar(), a[2].type());
    return converted && !converted->is_null() ? Value(*converted) : a[2];
  });
}

Value instrument_keys(CallContext&, std::span<Value> args) {
  const Arguments a("getInstrumentKeys", args);
  std::vector<Value> all;
  for (const auto& instrument : instruments_argument(a)) all.emplace_back(instrument->fields().keys());
  return a[0].is_tuple() ? Value(Vector::tuple(std::move(all))) : all.at(0);
}

Value instrument_notional(CallContext&, std::span<Value> args) {
  const Arguments a("getInstrumentNotional", args);
  std::vector<Value> all;
  for (const auto& instrument : instruments_argument(a)) {
    all.emplace_back(Vector::tuple({instrument->fields().get(std::string_view("notionalCurrency")),
                                    instrument->fields().get(std::string_view("notionalAmount"))}));
  }
  return a[0].is_tuple() ? Value(Vector::tuple(std::move(all))) : all.at(0);
}

/// A function for a field that several kinds have.
struct Getter {
  std::string_view name, field, meaning;
  std::string_view of;  // the script of an instrument that has the field
  std::string_view result;
};

constexpr std::string_view kBond =
    "{productType: \"Cash\", assetType: \"Bond\", bondType: \"FixedRateBond\", nominal: 100, instrumentId: \"b1\", "
    "start: 2022.05.15, maturity: 2032.05.15, coupon: 0.0276, frequency: \"Annual\", dayCountConvention: "
    "\"Actual365\", currency: \"CNY\", calendar: \"CFET\", subType: \"TREASURY_BOND\", creditRating: \"AA\"}";
constexpr std::string_view kDiscountBond =
    "{productType: \"Cash\", assetType: \"Bond\", bondType: \"DiscountBond\", start: 2025.04.17, maturity: 2025.07.17, "
    "issuePrice: 99.6, dayCountConvention: \"Actual365\"}";
constexpr std::string_view kFuture =
    "{productType: \"Futures\", futuresType: \"BondFutures\", maturity: 2026.06.05, settlement: 2026.06.10, "
    "underlying: "
    "\"b1\", nominalCouponRate: 0.03}";
constexpr std::string_view kDeposit =
    "{productType: \"Cash\", assetType: \"Deposit\", notionalAmount: 1000000, notionalCurrency: \"CNY\", start: "
    "2025.01.02, maturity: 2026.01.02, rate: 0.02, dayCountConvention: \"Actual365\", payReceive: \"Receive\"}";
constexpr std::string_view kRateSwap =
    "{productType: \"Swap\", swapType: \"IrSwap\", irSwapType: \"IrFixedFloatingSwap\", notionalAmount: 1000000, "
    "notionalCurrency: \"CNY\", start: 2025.01.02, maturity: 2026.01.02, fixedRate: 0.02, fixedDayCountConvention: "
    "\"Actual365\", floatingDayCountConvention: \"Actual360\", spread: 0.001, iborIndex: \"SHIBOR_3M\", frequency: "
    "\"Quarterly\", payReceive: \"Pay\"}";
constexpr std::string_view kForward =
    "{productType: \"Forward\", forwardType: \"FxForward\", expiry: 2025.09.24, delivery: 2025.09.26, currencyPair: "
    "\"USDCNY\", direction: \"Buy\", notionalCurrency: \"USD\", notionalAmount: 1000000, strike: 7.2}";
constexpr std::string_view kFxSwap =
    "{productType: \"Swap\", swapType: \"FxSwap\", notionalAmount: 1000000, notionalCurrency: \"USD\", currencyPair: "
    "\"USDCNY\", nearExpiry: 2025.09.24, nearDelivery: 2025.09.26, direction: \"Buy\", nearStrike: 7.2, farExpiry: "
    "2026.03.24, farDelivery: 2026.03.26, farStrike: 7.3}";
constexpr std::string_view kOption =
    "{productType: \"Option\", optionType: \"EuropeanOption\", assetType: \"FxEuropeanOption\", notionalAmount: "
    "1000000, "
    "notionalCurrency: \"EUR\", maturity: 2025.10.08, underlying: \"EURUSD\", direction: \"Buy\", strike: 1.2, "
    "dayCountConvention: \"Actual365\", payoffType: \"Call\"}";

constexpr Getter kGetters[] = {
    {"getInstrumentCalendar", "calendar", "The calendar", kBond, "\"CFET\""},
    {"getInstrumentCoupon", "coupon", "The coupon rate", kBond, "0.0276"},
    {"getInstrumentCreditRating", "creditRating", "The credit rating", kBond, "\"AA\""},
    {"getInstrumentCurrency", "currency", "The currency", kBond, "\"CNY\""},
    {"getInstrumentCurrencyPair", "currencyPair", "The currency pair", kForward, "\"USDCNY\""},
    {"getInstrumentDayCountConvention", "dayCountConvention", "How days are counted", kBond, "\"Actual365\""},
    {"getInstrumentDelivery", "delivery", "The day of delivery", kForward, "2025.09.26"},
    {"getInstrumentDirection", "direction", "Whether it is bought or sold", kForward, "\"Buy\""},
    {"getInstrumentExpiry", "expiry", "The day it expires", kForward, "2025.09.24"},
    {"getInstrumentFarDelivery", "farDelivery", "The far leg's day of delivery", kFxSwap, "2026.03.26"},
    {"getInstrumentFarExpiry", "farExpiry", "The far leg's day of expiry", kFxSwap, "2026.03.24"},
    {"getInstrumentFarStrike", "farStrike", "The far leg's strike", kFxSwap, "7.3"},
    {"getInstrumentFixedDayCountConvention", "fixedDayCountConvention", "How the fixed leg counts days", kRateSwap,
     "\"Actual365\""},
    {"getInstrumentFixedRate", "fixedRate", "The fixed leg's rate", kRateSwap, "0.02"},
    {"getInstrumentFloatingDayCountConvention", "floatingDayCountConvention", "How the floating leg counts days",
     kRateSwap, "\"Actual360\""},
    {"getInstrumentFrequency", "frequency", "How often it pays", kBond, "\"Annual\""},
    {"getInstrumentIborIndex", "iborIndex", "The floating leg's index", kRateSwap, "\"SHIBOR_3M\""},
    {"getInstrumentInstrumentId", "instrumentId", "The instrument's id", kBond, "\"b1\""},
    {"getInstrumentIssuePrice", "issuePrice", "The price of issue", kDiscountBond, "99.6"},
    {"getInstrumentMaturity", "maturity", "The day it matures", kBond, "2032.05.15"},
    {"getInstrumentNearDelivery", "nearDelivery", "The near leg's day of delivery", kFxSwap, "2025.09.26"},
    {"getInstrumentNearExpiry", "nearExpiry", "The near leg's day of expiry", kFxSwap, "2025.09.24"},
    {"getInstrumentNearStrike", "nearStrike", "The near leg's strike", kFxSwap, "7.2"},
    {"getInstrumentNominal", "nominal", "The nominal amount", kBond, "100.0"},
    {"getInstrumentNominalCouponRate", "nominalCouponRate", "The nominal coupon rate of a bond future", kFuture,
     "0.03"},
    {"getInstrumentNotionalAmount", "notionalAmount", "The notional amount", kForward, "1000000.0"},
    {"getInstrumentNotionalCurrency", "notionalCurrency", "The notional currency", kForward, "\"USD\""},
    {"getInstrumentPayoffType", "payoffType", "Whether it is a call or a put", kOption, "\"Call\""},
    {"getInstrumentPayReceive", "payReceive", "Whether the amount is paid or received", kDeposit, "\"Receive\""},
    {"getInstrumentRate", "rate", "The rate", kDeposit, "0.02"},
    {"getInstrumentSettlement", "settlement", "The day of settlement", kFuture, "2026.06.10"},
    {"getInstrumentSpread", "spread", "The spread over the floating rate", kRateSwap, "0.001"},
    {"getInstrumentStart", "start", "The day it begins", kBond, "2022.05.15"},
    {"getInstrumentStrike", "strike", "The strike", kForward, "7.2"},
    {"getInstrumentSubType", "subType", "The sub-type of a bond", kBond, "\"TREASURY_BOND\""},
    {"getInstrumentUnderlying", "underlying", "What it is based on", kOption, "\"EURUSD\""},
};

/// Rows keep views of their texts: made once for the life of the program.
struct GetterTexts {
  std::string summary, example;
};
const GetterTexts& texts_of(size_t i) {
  static const auto* const texts = [] {
    auto* all = new std::array<GetterTexts, std::size(kGetters)>();
    for (size_t g = 0; g < all->size(); ++g) {
      (*all)[g].summary = std::string(kGetters[g].meaning) + " of an instrument, or of each of several.";
      (*all)[g].example = std::string(kGetters[g].name) + "(parseInstrument(" + std::string(kGetters[g].of) + "))";
    }
    return all;
  }();
  return (*texts)[i];
}

}  // namespace

void register_instruments(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"parseInstrument", "obj", parse_instrument,
       "An INSTRUMENT of a dictionary of its fields or the JSON text of one; of several or of a table's rows a tuple.",
       "typestr(parseInstrument({productType: \"Cash\", assetType: \"Deposit\", notionalAmount: 1000000, "
       "notionalCurrency: \"CNY\", start: 2025.01.02, maturity: 2026.01.02, rate: 0.02, dayCountConvention: "
       "\"Actual365\", payReceive: \"Receive\"}))",
       "\"INSTRUMENT\""});
  row({"extractInstrument", "instrument",
       [](CallContext&, std::span<Value> args) {
         return extracted(Arguments("extractInstrument", args), "instrument", kInstrument);
       },
       "The fields of an instrument as a dictionary.",
       "i = parseInstrument({productType: \"Cash\", assetType: \"Deposit\", notionalAmount: 1000000, notionalCurrency: "
       "\"CNY\", start: \"2025.01.02\", maturity: 2026.01.02, rate: 0.02, dayCountConvention: \"Actual365\", "
       "payReceive: "
       "\"Receive\"}); extractInstrument(i).start",
       "2025.01.02"});
  row({"getInstrumentField", "instrument, key, [default]", instrument_field,
       "A field of an instrument or of each of several; without it null or the default, whose type the value takes.",
       "i = parseInstrument({productType: \"Cash\", assetType: \"Deposit\", notionalAmount: 1000000, notionalCurrency: "
       "\"CNY\", start: 2025.01.02, maturity: 2026.01.02, rate: 0.02, dayCountConvention: \"Actual365\", payReceive: "
       "\"Receive\"}); getInstrumentField(i, `colour, `grey)",
       "\"grey\""});
  row({"getInstrumentKeys", "instrument", instrument_keys, "The names of an instrument's fields.",
       "i = parseInstrument({productType: \"Cash\", assetType: \"Deposit\", notionalAmount: 1000000, notionalCurrency: "
       "\"CNY\", start: 2025.01.02, maturity: 2026.01.02, rate: 0.02, dayCountConvention: \"Actual365\", payReceive: "
       "\"Receive\"}); `rate in getInstrumentKeys(i)",
       "true"});
  for (size_t g = 0; g < std::size(kGetters); ++g) {
    const auto& getter = kGetters[g];
    row({getter.name, "instrument",
         [&getter](CallContext&, std::span<Value> args) {
           const Arguments a(getter.name, args);
           return of_each(a, [&](const DescribedObject& instrument) { return instrument.fields().get(getter.field); });
         },
         texts_of(g).summary, texts_of(g).example, getter.result});
  }
  row({"getInstrumentNotional", "instrument", instrument_notional,
       "The notional currency and amount of an instrument, or of each of several.",
       "getInstrumentNotional(parseInstrument({productType: \"Cash\", assetType: \"Deposit\", notional: (\"CNY\", "
       "1000000), "
       "start: 2025.01.02, maturity: 2026.01.02, rate: 0.02, dayCountConvention: \"Actual365\", payReceive: "
       "\"Receive\"}))",
       "(\"CNY\",1000000.0)"});
}

}  // namespace pelorus::functions
