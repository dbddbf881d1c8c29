// Market data: parseMktData extractMktData curvePredict optionVolPredict.

#include <algorithm>
#include <cmath>

#include "functions/builtins/finance/curve_lines.h"
#include "functions/builtins/finance/day_counts.h"
#include "functions/builtins/finance/described_object.h"
#include "functions/builtins/finance/market_data.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/builtins/finance/yield_curves.h"
#include "functions/declare.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "market-data";
using Kind = FieldKind;
using Mark = DescribedKind::Mark;

constexpr Mark kPriceMarks[] = {{"mktDataType", "Price"}, {"priceType", "Price"}};
constexpr Mark kFxPriceMarks[] = {{"mktDataType", "Price"}, {"priceType", "FxSpotRate"}};
constexpr Mark kFxSpotMarks[] = {{"mktDataType", "Spot"}, {"spotType", "FxSpot"}};
constexpr Mark kYieldMarks[] = {{"mktDataType", "Curve"}, {"curveType", "IrYieldCurve"}};
constexpr Mark kAssetMarks[] = {{"mktDataType", "Curve"}, {"curveType", "AssetPriceCurve"}};
constexpr Mark kSurfaceMarks[] = {{"mktDataType", "Surface"}, {"surfaceType", "FxVolatilitySurface"}};

constexpr DescribedField kPriceFields[] = {
    {"referenceDate", Kind::kDate, true}, {"value", Kind::kNumber, true}, {"unit", Kind::kText, true}};
constexpr DescribedField kFxFields[] = {{"spotDate", Kind::kDate},
                                        {"referenceDate", Kind::kDate, true},
                                        {"value", Kind::kNumber, true},
                                        {"unit", Kind::kText, true}};
constexpr DescribedField kYieldFields[] = {{"referenceDate", Kind::kDate, true},
                                           {"currency", Kind::kText, true},
                                           {"curveName"},
                                           {"dayCountConvention", Kind::kText, true},
                                           {"compounding", Kind::kText, true},
                                           {"settlement", Kind::kDate},
                                           {"frequency"},
                                           {"interpMethod"},
                                           {"extrapMethod"},
                                           {"dates", Kind::kDates},
                                           {"values", Kind::kNumbers},
                                           {"curveModel"},
                                           {"curveParams", Kind::kAny}};
constexpr DescribedField kAssetFields[] = {{"referenceDate", Kind::kDate, true},
                                           {"curveName"},
                                           {"dates", Kind::kDates, true},
                                           {"values", Kind::kNumbers, true}};
constexpr DescribedField kSurfaceFields[] = {{"surfaceName"},
                                             {"referenceDate", Kind::kDate, true},
                                             {"smileMethod", Kind::kText, true},
                                             {"volSmiles", Kind::kAny, true},
                                             {"termDates", Kind::kDates, true},
                                             {"currencyPair", Kind::kText, true}};

constexpr DescribedKind kKinds[] = {{kPriceMarks, kPriceFields}, {kFxPriceMarks, kFxFields},
                                    {kFxSpotMarks, kFxFields},   {kYieldMarks, kYieldFields},
                                    {kAssetMarks, kAssetFields}, {kSurfaceMarks, kSurfaceFields}};

// ------------------------------------------------------------------ reading

std::vector<double> doubles_of(const Arguments& a, std::string_view what, const Value& value) {
  const auto elements = elements_of(value);
  if (!elements) a.refuse(what, "must be numbers.");
  const auto numbers = as_doubles(a.function(), *elements);
  for (size_t i = 0; i < numbers->size(); ++i) {
    if (numbers->is_null_at(i)) a.refuse(what, "must have no nulls.");
  }
  return {numbers->values<double>().begin(), numbers->values<double>().end()};
}

std::vector<int32_t> dates_of(const Value& value) {
  const auto dates = value.vector().values<int32_t>();
  return {dates.begin(), dates.end()};
}

void check_rising(const Arguments& a, const std::string& what, const std::vector<double>& numbers, size_t size) {
  if (numbers.size() != size || numbers.empty())
    a.refuse("dict", "must have as many " + what + " as values, and one at least.");
  for (size_t i = 1; i < numbers.size(); ++i) {
    if (!(numbers[i] > numbers[i - 1])) a.refuse("dict", "must have rising " + what + ".");
  }
}

DayCount convention_of(const Arguments& a, const DescribedObject& data) {
  const auto name = data.text("dayCountConvention");
  const auto found = day_count_of(name == "ActualActual" ? "ActualActualISDA" : name);
  if (!found) a.refuse("dict", "has the unknown dayCountConvention " + name + ".");
  return *found;
}

// ------------------------------------------------------------------ curves

/// Zero rates by years from the settlement or reference date.
struct YieldCurve {
  DayCount convention{};
  int32_t from = 0;
  CurvePoints points;
  Line line = Line::kLinear;
  bool goes_on = false;
  std::vector<double> model;  // of NS or NSS: instead of the points

  double at(double years) const {
    return model.empty() ? value_at(points, line, goes_on, years) : yield_at(model, years);
  }
};

std::vector<double> model_of(const Arguments& a, const DescribedObject& data, const std::string& model) {
  const Value given = data.fields().get(std::string_view("curveParams"));
  if (!given.is_dictionary())
    a.refuse("dict", "must have a dictionary at curveParams with the curveModel " + model + ".");
  const auto names = model == "NS" ? std::vector<const char*>{"beta0", "beta1", "beta2", "lambda"}
                                   : std::vector<const char*>{"beta0", "beta1", "beta2", "beta3", "lambda0", "lambda1"};
  std::vector<double> numbers;
  for (const auto* name : names) {
    const Value number = given.dictionary().get(std::string_view(name));
    if (!number.is_scalar() || number.is_null() || !types::is_numeric(number.type()))
      a.refuse("dict", "must have a number at curveParams." + std::string(name) + ".");
    numbers.push_back(number.scalar().as_double());
  }
  return numbers;
}

YieldCurve curve_of(const Arguments& a, const DescribedObject& data) {
  YieldCurve curve{.convention = convention_of(a, data)};
  const Value settlement = data.fields().get(std::string_view("settlement"));
  const Value& from = settlement.is_null() ? data.fields().get(std::string_view("referenceDate")) : settlement;
  curve.from = from.scalar().get<int32_t>();
  const auto model = data.text("curveModel");
  if (model == "NS" || model == "NSS") {
    curve.model = model_of(a, data, model);
    return curve;
  }
  if (!model.empty() && model != "Bootstrap") a.refuse("dict", "must have the curveModel Bootstrap, NS or NSS.");
  const auto line = line_of(data.text("interpMethod"));
  if (!line) a.refuse("dict", "must have the interpMethod Linear, CubicSpline or CubicHermiteSpline.");
  curve.line = *line;
  const auto outside = data.text("extrapMethod");
  if (outside != "Flat" && outside != "Linear") a.refuse("dict", "must have the extrapMethod Flat or Linear.");
  curve.goes_on = outside == "Linear";
  for (const auto date : dates_of(data.fields().get(std::string_view("dates"))))
    curve.points.x.push_back(year_fraction(curve.convention, curve.from, date));
  curve.points.y = doubles_of(a, "dict", data.fields().get(std::string_view("values")));
  check_rising(a, "dates", curve.points.x, curve.points.y.size());
  return curve;
}

/// dt as years; nulls stay null.
std::vector<double> years_of(const Arguments& a, DayCount convention, int32_t from) {
  const auto given = a.vector(1, "dt");
  std::vector<double> years;
  if (types::is_temporal(given->type())) {
    const auto dates = converted(a.function(), given, Type::kDate);
    for (const auto date : dates->values<int32_t>())
      years.push_back(date == types::kNull<int32_t> ? types::kNull<double> : year_fraction(convention, from, date));
    return years;
  }
  const auto numbers = as_doubles(a.function(), given);
  return {numbers->values<double>().begin(), numbers->values<double>().end()};
}

/// curvePredict(curve, dt)
Value curve_predict(CallContext&, std::span<Value> args) {
  const Arguments a("curvePredict", args);
  const auto data = described_object(a[0], kMarketData);
  if (data == nullptr || data->text("curveType") != "IrYieldCurve")
    a.refuse("curve", "must be an IrYieldCurve of parseMktData.");
  const auto curve = curve_of(a, *data);
  const auto years = years_of(a, curve.convention, curve.from);
  Vector rates(Type::kDouble, years.size());
  for (size_t i = 0; i < years.size(); ++i)
    rates.edit<double>()[i] = years[i] == types::kNull<double> ? years[i] : curve.at(years[i]);
  return a[1].is_scalar() ? rates.at(0) : Value(std::move(rates));
}

// ------------------------------------------------------------------ surfaces

/// One term's volatilities by strike.
struct Smile {
  double years = 0;
  CurvePoints points;
  std::vector<double> model;  // SVI: a b rho m sigma; SABR: alpha beta rho nu
  double forward = 0;
};

enum class SmileMethod : uint8_t { kLinear, kCubicSpline, kSvi, kSabr };

/// Total variance of Gatheral's stochastic-volatility-inspired smile, as a volatility.
double svi(const Smile& smile, double strike) {
  const auto& p = smile.model;
  const double k = std::log(strike / smile.forward) - p[3];
  return std::sqrt(std::max(p[0] + p[1] * (p[2] * k + std::hypot(k, p[4])), 0.0) / smile.years);
}

/// Hagan's lognormal approximation (2002), to the first order in time.
double sabr(const Smile& smile, double strike) {
  const double alpha = smile.model[0], beta = smile.model[1], rho = smile.model[2], nu = smile.model[3];
  const double ratio = std::log(smile.forward / strike);
  const double middle = std::pow(smile.forward * strike, (1 - beta) / 2);
  const double b2 = (1 - beta) * (1 - beta);
  const double z = nu / alpha * middle * ratio;
  const double x = std::log((std::sqrt(1 - 2 * rho * z + z * z) + z - rho) / (1 - rho));
  const double bend = std::abs(z) < 1e-8 ? 1 : z / x;
  const double time = 1 + (b2 / 24 * alpha * alpha / (middle * middle) + rho * beta * nu * alpha / (4 * middle) +
                           (2 - 3 * rho * rho) / 24 * nu * nu) *
                              smile.years;
  return alpha / (middle * (1 + b2 / 24 * ratio * ratio + b2 * b2 / 1920 * std::pow(ratio, 4))) * bend * time;
}

struct Surface {
  int32_t from = 0;
  SmileMethod method{};
  std::vector<Smile> smiles;

  double smile_at(const Smile& smile, double strike) const {
    if (method == SmileMethod::kSvi) return svi(smile, strike);
    if (method == SmileMethod::kSabr) return sabr(smile, strike);
    return value_at(smile.points, method == SmileMethod::kLinear ? Line::kLinear : Line::kCubicSpline, false, strike);
  }
  /// Between terms the variance grows evenly; before the first and behind the last the volatility is theirs.
  double at(double years, double strike) const {
    const auto above = std::find_if(smiles.begin(), smiles.end(), [&](const auto& s) { return s.years >= years; });
    if (above == smiles.begin()) return smile_at(smiles.front(), strike);
    if (above == smiles.end()) return smile_at(smiles.back(), strike);
    const auto& low = *(above - 1);
    const double low_vol = smile_at(low, strike), high_vol = smile_at(*above, strike);
    const double low_variance = low_vol * low_vol * low.years, high_variance = high_vol * high_vol * above->years;
    const double part = (years - low.years) / (above->years - low.years);
    return std::sqrt((low_variance + (high_variance - low_variance) * part) / years);
  }
};

Smile smile_of(const Arguments& a, SmileMethod method, const Value& given, double years) {
  if (!given.is_dictionary()) a.refuse("dict", "must have dictionaries at volSmiles.");
  const auto& fields = given.dictionary();
  Smile smile{.years = years};
  if (method == SmileMethod::kLinear || method == SmileMethod::kCubicSpline) {
    smile.points.x = doubles_of(a, "dict", fields.get(std::string_view("strikes")));
    smile.points.y = doubles_of(a, "dict", fields.get(std::string_view("vols")));
    check_rising(a, "strikes", smile.points.x, smile.points.y.size());
    return smile;
  }
  const auto number = [&](const Value& value, const char* name) {
    if (!value.is_scalar() || value.is_null() || !types::is_numeric(value.type()))
      a.refuse("dict", "must have a number at " + std::string(name) + " of each of volSmiles.");
    return value.scalar().as_double();
  };
  const Value model = fields.get(std::string_view("curveParams"));
  if (!model.is_dictionary()) a.refuse("dict", "must have a dictionary at curveParams of each of volSmiles.");
  const auto names = method == SmileMethod::kSvi ? std::vector<const char*>{"a", "b", "rho", "m", "sigma"}
                                                 : std::vector<const char*>{"alpha", "beta", "rho", "nu"};
  for (const auto* name : names) smile.model.push_back(number(model.dictionary().get(std::string_view(name)), name));
  smile.forward = number(fields.get(std::string_view("fwd")), "fwd");
  if (!(smile.forward > 0)) a.refuse("dict", "must have a positive fwd.");
  return smile;
}

Surface surface_of(const Arguments& a, const DescribedObject& data) {
  Surface surface{.from = data.fields().get(std::string_view("referenceDate")).scalar().get<int32_t>()};
  const auto method = data.text("smileMethod");
  constexpr std::string_view kMethods[] = {"Linear", "CubicSpline", "SVI", "SABR"};
  const auto found = std::find(std::begin(kMethods), std::end(kMethods), method);
  if (found == std::end(kMethods)) a.refuse("dict", "must have the smileMethod Linear, CubicSpline, SVI or SABR.");
  surface.method = static_cast<SmileMethod>(found - std::begin(kMethods));
  const auto dates = dates_of(data.fields().get(std::string_view("termDates")));
  const auto smiles = parts_or_self(data.fields().get(std::string_view("volSmiles")));
  if (dates.size() != smiles.size()) a.refuse("dict", "must have a smile for each of termDates.");
  std::vector<double> years;
  for (size_t i = 0; i < dates.size(); ++i) {
    years.push_back(year_fraction(DayCount::kActual365, surface.from, dates[i]));
    surface.smiles.push_back(smile_of(a, surface.method, smiles[i], years.back()));
  }
  check_rising(a, "termDates", years, smiles.size());
  if (!(years.front() > 0)) a.refuse("dict", "must have termDates behind referenceDate.");
  return surface;
}

/// optionVolPredict(volsurf, dt, strike)
Value vol_predict(CallContext&, std::span<Value> args) {
  const Arguments a("optionVolPredict", args);
  const auto data = described_object(a[0], kMarketData);
  if (data == nullptr || data->text("mktDataType") != "Surface")
    a.refuse("volsurf", "must be a volatility surface of parseMktData.");
  const auto surface = surface_of(a, *data);
  const auto years = years_of(a, DayCount::kActual365, surface.from);
  const auto strikes = doubles_of(a, "strike", a[2]);
  for (const double strike : strikes) {
    if (!(strike > 0)) a.refuse("strike", "must be positive.");
  }
  data::Matrix vols;
  vols.rows = years.size();
  vols.columns = strikes.size();
  vols.values = Vector(Type::kDouble, vols.rows * vols.columns);
  for (size_t s = 0; s < strikes.size(); ++s) {
    for (size_t t = 0; t < years.size(); ++t) {
      if (years[t] != types::kNull<double> && !(years[t] > 0)) a.refuse("dt", "must be behind the reference date.");
      vols.values.edit<double>()[s * vols.rows + t] =
          years[t] == types::kNull<double> ? years[t] : surface.at(years[t], strikes[s]);
    }
  }
  vols.row_labels = a.vector(1, "dt");
  vols.column_labels = a.vector(2, "strike");
  return vols;
}

/// parseMktData(dict)
Value parse_market_data(CallContext&, std::span<Value> args) {
  const Arguments a("parseMktData", args);
  if (!a[0].is_vector()) return market_data(a, a[0]);
  std::vector<Value> all;
  for (const auto& part : parts_or_self(a[0])) all.push_back(market_data(a, part));
  return Vector::tuple(std::move(all));
}

}  // namespace

Value market_data(const Arguments& a, const Value& given) {
  const Value made = described(a, "dict", kMarketData, kKinds, given);
  const auto data = described_object(made, kMarketData);
  // What could not be used later is refused now.
  if (data->text("curveType") == "IrYieldCurve") (void)curve_of(a, *data);
  if (data->text("mktDataType") == "Surface") (void)surface_of(a, *data);
  return made;
}

void register_market_data(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"parseMktData", "dict", parse_market_data,
       "MKTDATA of a dictionary of its fields or the JSON text of one: a price, a curve or a volatility surface.",
       "typestr(parseMktData({mktDataType: \"Spot\", spotType: \"FxSpot\", referenceDate: 2025.08.18, value: 7.27, "
       "unit: "
       "\"USDCNY\"}))",
       "\"MKTDATA\""});
  row({"extractMktData", "mktData",
       [](CallContext&, std::span<Value> args) {
         return extracted(Arguments("extractMktData", args), "mktData", kMarketData);
       },
       "The fields of market data as a dictionary.",
       "m = parseMktData({mktDataType: \"Spot\", spotType: \"FxSpot\", referenceDate: \"2025.08.18\", value: 7.27, "
       "unit: "
       "\"USDCNY\"}); extractMktData(m).referenceDate",
       "2025.08.18"});
  row({"curvePredict", "curve, dt", curve_predict,
       "Rates of a yield curve so many years from its settlement or reference date, or on dates.",
       "c = parseMktData({mktDataType: \"Curve\", curveType: \"IrYieldCurve\", referenceDate: 2025.01.01, currency: "
       "\"CNY\", dayCountConvention: \"Actual365\", compounding: \"Continuous\", interpMethod: \"Linear\", "
       "extrapMethod: "
       "\"Flat\", dates: [2026.01.01, 2027.01.01], values: [0.01, 0.03]}); curvePredict(c, 0.5 1.5 9)",
       "[0.01,0.02,0.03]", "Null stays null."});
  row({"optionVolPredict", "volsurf, dt, strike", vol_predict,
       "Volatilities of a surface: a row for each time, a column for each strike.",
       "v = parseMktData({mktDataType: \"Surface\", surfaceType: \"FxVolatilitySurface\", referenceDate: 2025.01.01, "
       "smileMethod: \"Linear\", termDates: [2026.01.01, 2027.01.01], volSmiles: [{strikes: [6, 8], vols: [0.1, 0.2]}, "
       "{strikes: [6, 8], vols: [0.1, 0.2]}], currencyPair: \"USDCNY\"}); optionVolPredict(v, 1.5, 7)[0, 0]",
       "0.15", "Null stays null."});
}

}  // namespace pelorus::functions
