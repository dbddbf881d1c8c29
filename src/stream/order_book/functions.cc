// createOrderBookSnapshotEngine genOutputColumnsForOBSnapshotEngine updateOrderBookEngineParams

#include <array>

#include "base/script_error.h"
#include "functions/declare.h"
#include "stream/engine_arguments.h"
#include "stream/functions.h"
#include "stream/order_book/order_book_engine.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr int64_t kDepthMax = 100;

enum At : size_t {
  kName,
  kExchange,
  kDepth,
  kInterval,
  kDate,
  kStartTime,
  kPrevClose,
  kDummyTable,
  kOutputTable,
  kInputColMap,
  kOutputColMap,
  kOutputCodeMap,
  kSnapshotDir,
  kSnapshotInterval,
  kRaftGroup,
  kOffsets,
  kCheckRestrict,
  kMaxPrice,
  kMinPrice,
  kUserMetrics,
  kPriceNullFill,
  kTriggerType,
  kForceTriggerTime,
  kPrecision,
  kOrderBySeq,
  kSkipCrossed,
  kDetailDepth,
  kAsArray,
  kUseSystemTime,
  kIndependentForce,
  kImmediateExecution,
  kSubType,
  kPriceScale,
};

/// A temporal argument as units of its type.
int64_t units_argument(const Arguments& a, size_t i, std::string_view parameter, Type type) {
  if (!a[i].is_scalar() || a[i].is_null() || types::category_of(a[i].type()) != types::Category::kTemporal)
    a.refuse(parameter, "must be a " + std::string(types::name_of(type)) + ".");
  const auto typed = functions::converted(a.function(), a.vector(i, parameter), type);
  return functions::as_longs(a.function(), typed)->values<int64_t>()[0];
}

/// Prices by code: floating ones are real prices, whole ones are scaled already.
CodePrices prices_argument(const Arguments& a, size_t i, std::string_view parameter, int64_t scale) {
  CodePrices prices;
  if (!is_given(a, i)) return prices;
  if (!a[i].is_dictionary()) a.refuse(parameter, "must be a dictionary of prices by code.");
  const auto& dictionary = a[i].dictionary();
  if (!types::is_literal(dictionary.key_type())) a.refuse(parameter, "must have codes, texts, as keys.");
  for (size_t k = 0; k < dictionary.size(); ++k) {
    const Value price = dictionary.values().at(k);
    if (price.is_null()) continue;
    if (!price.is_scalar() || !types::is_numeric(price.type())) a.refuse(parameter, "must have numbers as values.");
    const bool is_real = types::category_of(price.type()) != types::Category::kIntegral;
    prices[dictionary.keys().text_at(k)] = price.scalar().as_double() * (is_real ? static_cast<double>(scale) : 1);
  }
  return prices;
}

std::map<std::string, std::string> columns_argument(const Arguments& a) {
  if (!a[kInputColMap].is_dictionary() || !types::is_literal(a[kInputColMap].dictionary().key_type()))
    a.refuse("inputColMap", "must be a dictionary from the engine's names to the columns' names.");
  const auto& given = a[kInputColMap].dictionary();
  std::map<std::string, std::string> columns;
  for (size_t k = 0; k < given.size(); ++k) {
    const Value column = given.values().at(k);
    if (!column.is_text()) a.refuse("inputColMap", "must have names of columns as values.");
    columns[given.keys().text_at(k)] = column.text();
  }
  for (const char* key : {"codeColumn", "timeColumn", "typeColumn", "priceColumn", "qtyColumn", "buyOrderColumn",
                          "sellOrderColumn", "sideColumn", "msgTypeColumn", "seqColumn"}) {
    if (!columns.contains(key)) a.refuse("inputColMap", "has no key " + std::string(key) + ".");
  }
  const auto is_known = [](const auto& entry) {
    return entry.first.ends_with("Column") || entry.first == "receiveTime";
  };
  std::erase_if(columns, [&](const auto& entry) { return !is_known(entry); });
  return columns;
}

void set_exchange(const Arguments& a, OrderBookTerms* terms) {
  constexpr int64_t kMinute = 60'000, kHour = 60 * kMinute;
  const auto exchange = a.text(kExchange, "exchange");
  const bool shenzhen = exchange.starts_with("XSHE");
  const auto kind = shenzhen || exchange.starts_with("XSHG") ? exchange.substr(4) : "unknown";
  if (kind != "" && kind != "STOCK" && kind != "BOND" && kind != "FUND")
    a.refuse("exchange", "must be XSHE, XSHESTOCK, XSHEBOND, XSHEFUND, XSHG, XSHGSTOCK, XSHGBOND or XSHGFUND.");
  const bool is_stock = kind.empty() || kind == "STOCK";
  terms->rules.shanghai = !shenzhen;
  terms->rules.price_cage = shenzhen && is_stock && a.flag_or(kCheckRestrict, "checkRestrict", true);
  terms->last_end = !shenzhen && kind == "BOND" ? 15 * kHour : 14 * kHour + 57 * kMinute;
  terms->by_sequence = !shenzhen && kind != "BOND";
  const auto sub_type = a.text_or(kSubType, "securitySubType", "ConvertibleBond");
  if (kind != "BOND" || sub_type == "All" || sub_type == "all") return;
  if (sub_type != "ConvertibleBond" && sub_type != "convertiblebond")
    a.refuse("securitySubType", "must be ConvertibleBond or All.");
  terms->prefixes =
      shenzhen ? std::vector<std::string>{"123", "127", "128"} : std::vector<std::string>{"110", "111", "113", "118"};
}

void set_trigger(const Arguments& a, OrderBookTerms* terms) {
  using Trigger = OrderBookTerms::Trigger;
  const auto trigger = a.text_or(kTriggerType, "triggerType", "mutual");
  if (trigger == "independent") {
    terms->trigger = Trigger::kIndependent;
  } else if (trigger == "perRow") {
    terms->trigger = Trigger::kEachRow;
  } else if (trigger != "mutual") {
    a.refuse("triggerType", "must be mutual, independent or perRow.");
  }
  if (is_given(a, kOrderBySeq)) {
    const bool is_tuple = a[kOrderBySeq].is_tuple() && a[kOrderBySeq].vector().size() > 0;
    std::array<Value, 1> flag{is_tuple ? a[kOrderBySeq].vector().values_any()[0] : a[kOrderBySeq]};
    terms->by_sequence = Arguments(a.function(), flag).flag_or(0, "orderBySeq", false);
  }
  terms->force_after = a.integer_or(kForceTriggerTime, "forceTriggerTime", 0);
  if (terms->force_after < 0) a.refuse("forceTriggerTime", "must not be negative.");
  if (terms->force_after > 0 && !terms->by_sequence)
    a.refuse("forceTriggerTime", "needs orderBySeq=true: else no row waits for others.");
  terms->force_code_after = a.integer_or(kIndependentForce, "independentForceTriggerTime", 0);
  if (terms->force_code_after < 0) a.refuse("independentForceTriggerTime", "must not be negative.");
}

void set_prices(const Arguments& a, OrderBookTerms* terms) {
  constexpr int64_t kScale = 10'000, kTicksInOne = 100, kPrecisionMax = 4;
  terms->price_scale = a.integer_or(At::kPriceScale, "priceScale", kScale);
  if (terms->price_scale <= 0) a.refuse("priceScale", "must be positive.");
  terms->rules.price_tick = std::max<int64_t>(1, terms->price_scale / kTicksInOne);
  terms->previous_close = prices_argument(a, kPrevClose, "prevClose", terms->price_scale);
  terms->upper_limit = prices_argument(a, kMaxPrice, "maxPrice", terms->price_scale);
  terms->lower_limit = prices_argument(a, kMinPrice, "minPrice", terms->price_scale);
  if (is_given(a, kPriceNullFill)) terms->no_price = a.number(kPriceNullFill, "priceNullFill");
  if (!is_given(a, kPrecision)) return;
  const int64_t precision = a.integer(kPrecision, "precision");
  if (precision < -1 || precision > kPrecisionMax) a.refuse("precision", "must be between -1 and 4.");
  terms->whole_prices = precision < 0;
  if (precision >= 0) terms->precision = static_cast<int>(precision);
}

/// outputColMap, or the usual fields.
std::vector<ChosenField> fields_argument(const Arguments& a, size_t depth) {
  if (!is_given(a, kOutputColMap)) return usual_book_fields(depth, a.flag_or(kAsArray, "orderBookAsArray", false));
  const auto detail = a.integer_or(kDetailDepth, "orderBookDetailDepth", 0);
  if (detail < 0 || detail > kDepthMax) a.refuse("orderBookDetailDepth", "must be between 0 and 100.");
  std::vector<ChosenField> fields;
  for (const auto& name : a.texts(kOutputColMap, "outputColMap")) {
    const auto field = find_book_field(name, std::max(depth, static_cast<size_t>(detail)));
    if (!field) a.refuse("outputColMap", "names " + name + ", which is no column of this engine.");
    fields.push_back(*field);
  }
  return fields;
}

void check_output(const Arguments& a, const EngineTerms& engine, const OrderBookTerms& terms) {
  if (!terms.metrics.is_void()) return;
  const auto columns = engine.output->schema().size();
  if (columns == terms.fields.size()) return;
  a.refuse("outputTable", "must have " + std::to_string(terms.fields.size()) + " columns, one for each field, not " +
                              std::to_string(columns) + "; genOutputColumnsForOBSnapshotEngine makes such a table.");
}

Value make_engine(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createOrderBookSnapshotEngine", args);
  for (const auto& [place, name] :
       std::initializer_list<std::pair<size_t, std::string_view>>{{kSnapshotDir, "snapshotDir"},
                                                                  {kSnapshotInterval, "snapshotIntervalInMsgCount"},
                                                                  {kRaftGroup, "raftGroup"},
                                                                  {kOffsets, "outputIntervalOffsetMap"},
                                                                  {kUseSystemTime, "useSystemTime"},
                                                                  {kImmediateExecution, "includeImmediateExecution"}})
    refuse_option(a, place, name);
  EngineTerms engine{.name = a.text(kName, "name"), .user = context.caller().user};
  engine.input = schema_argument(a, kDummyTable, "dummyTable");
  if (!a[kOutputTable].is_table()) a.refuse("outputTable", "must be a table.");
  engine.output = table_object_of(context, a.function(), a[kOutputTable]);
  OrderBookTerms terms;
  set_exchange(a, &terms);
  set_trigger(a, &terms);
  set_prices(a, &terms);
  terms.depth = a.integer(kDepth, "orderbookDepth");
  if (terms.depth < 1 || terms.depth > kDepthMax) a.refuse("orderbookDepth", "must be between 1 and 100.");
  terms.interval = a.integer(kInterval, "intervalInMilli");
  if (terms.interval < 1) a.refuse("intervalInMilli", "must be positive.");
  terms.date = units_argument(a, kDate, "date", Type::kDate);
  terms.start = units_argument(a, kStartTime, "startTime", Type::kTime);
  terms.start -= terms.start % terms.interval;
  terms.columns = columns_argument(a);
  terms.fields = fields_argument(a, static_cast<size_t>(terms.depth));
  if (is_given(a, kOutputCodeMap)) {
    const auto codes = a.texts(kOutputCodeMap, "outputCodeMap");
    terms.codes.insert(codes.begin(), codes.end());
  }
  terms.skips_crossed = a.flag_or(kSkipCrossed, "skipCrossedMarket", true);
  if (is_given(a, kUserMetrics)) terms.metrics = a[kUserMetrics];
  if (!terms.metrics.is_void() && !terms.metrics.is_function())
    a.refuse("userDefinedMetrics", "must be a function of one table.");
  check_output(a, engine, terms);
  auto made = std::make_shared<OrderBookEngine>(std::move(engine), std::make_unique<exec::WorkerSession>(context),
                                                std::move(terms));
  services.engines.add(made);
  return data::TableRef(std::move(made));
}

/// depth: (levels, as lists).
std::pair<size_t, bool> depth_argument(const Arguments& a, size_t i) {
  constexpr size_t kUsualDepth = 10;
  if (!is_given(a, i)) return {kUsualDepth, true};
  if (!a[i].is_tuple() || a[i].vector().size() != 2)
    a.refuse("depth", "must be a tuple of the number of levels and of whether they come as array vectors.");
  const auto parts = a[i].vector().values_any();
  std::vector<Value> values(parts.begin(), parts.end());
  const Arguments both(a.function(), values);
  const int64_t levels = both.integer(0, "depth");
  if (levels < 0 || levels > kDepthMax) a.refuse("depth", "must ask for 0 to 100 levels.");
  return {static_cast<size_t>(levels), both.flag_or(1, "depth", true)};
}

/// The names of the columns asked for, and an empty table of them.
Value output_columns(CallContext&, std::span<Value> args) {
  const Arguments a("genOutputColumnsForOBSnapshotEngine", args);
  std::vector<ChosenField> chosen;
  const auto add = [&](BookGroup group, size_t levels) {
    const auto fields = fields_of(group, levels);
    chosen.insert(chosen.end(), fields.begin(), fields.end());
  };
  const auto add_if = [&](size_t i, std::string_view parameter, BookGroup group, bool otherwise) {
    if (a.flag_or(i, parameter, otherwise)) add(group, 1);
  };
  add_if(0, "basic", BookGroup::kBasic, true);
  add_if(1, "time", BookGroup::kTime, true);
  const auto [levels, as_lists] = depth_argument(a, 2);
  if (levels > 0) add(as_lists ? BookGroup::kLevelLists : BookGroup::kLevels, levels);
  add_if(3, "tradeDetail", BookGroup::kTrades, true);
  add_if(4, "orderDetail", BookGroup::kOrders, true);
  add_if(5, "withdrawDetail", BookGroup::kWithdrawals, true);
  const int64_t detail = a.integer_or(6, "orderBookDetailDepth", 0);
  if (detail < 0 || detail > kDepthMax) a.refuse("orderBookDetailDepth", "must be between 0 and 100.");
  if (detail > 0) add(BookGroup::kLevelOrders, static_cast<size_t>(detail));
  add_if(7, "prevDetail", BookGroup::kPrevious, true);
  add_if(8, "seqDetail", BookGroup::kSequences, false);
  add_if(9, "residualDetail", BookGroup::kResidual, false);
  data::Schema schema;
  std::vector<std::string> names;
  for (const auto& field : chosen) {
    schema.push_back(field.definition());
    names.push_back(schema.back().name);
  }
  return data::Vector::tuple({data::Vector::of_strings(Type::kString, std::move(names)), data::Table(schema)});
}

Value update_prices(CallContext&, std::span<Value> args) {
  const Arguments a("updateOrderBookEngineParams", args);
  const auto engine =
      a[0].is_table_object() ? std::dynamic_pointer_cast<OrderBookEngine>(a[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be an engine of createOrderBookSnapshotEngine.");
  const int64_t scale = engine->price_scale();
  engine->set_prices(prices_argument(a, 1, "prevClose", scale), prices_argument(a, 2, "maxPrice", scale),
                     prices_argument(a, 3, "minPrice", scale));
  return Value::null();
}

/// A feed of two orders and a trade of Shenzhen, an engine `e` of its shots into `out`.
#define FEED_AND_ENGINE(NAME)                                                                                       \
  "c = `code`time`kind`type`price`qty`buy`sell`side`seq\n"                                                          \
  "feed = table([`000001.SZ, `000001.SZ, `000001.SZ, `000001.SZ] as code, 09:30:00.100 + 0 200 300 1000 as time, "  \
  "0 0 1 0 as kind, 2 2 0 2 as type, 100000 100000 100000 99900 as price, 500 200 200 100 as qty, 0 0 2 0 as buy, " \
  "0 0 1 0 as sell, 2 1 1 1 as side, 1..4 as seq)\n"                                                                \
  "columns = dict(`codeColumn`timeColumn`msgTypeColumn`typeColumn`priceColumn`qtyColumn`buyOrderColumn"             \
  "`sellOrderColumn`sideColumn`seqColumn, c)\n"                                                                     \
  "names, out = genOutputColumnsForOBSnapshotEngine(true, false, (1, false), false, false, false, 0, false)\n"      \
  "e = createOrderBookSnapshotEngine(name=\"" NAME                                                                  \
  "\", exchange=\"XSHE\", orderbookDepth=1, intervalInMilli=1000, date=2022.01.10, startTime=09:30:00.000, "        \
  "prevClose=dict([`000001.SZ], [9.8]), dummyTable=feed, outputTable=out, inputColMap=columns, outputColMap=names)\n"

}  // namespace

void register_order_book(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](Nature nature, Declaration d) {
    functions::declare(registry, "stream-engines", nature, std::move(d));
  };
  row(Nature::kWhole,
      {"createOrderBookSnapshotEngine",
       "name, exchange, orderbookDepth, intervalInMilli, date, startTime, prevClose, dummyTable, outputTable, "
       "inputColMap, [outputColMap], [outputCodeMap], [snapshotDir], [snapshotIntervalInMsgCount], [raftGroup], "
       "[outputIntervalOffsetMap], [checkRestrict=true], [maxPrice], [minPrice], [userDefinedMetrics], "
       "[priceNullFill], [triggerType='mutual'], [forceTriggerTime], [precision], [orderBySeq], "
       "[skipCrossedMarket=true], [orderBookDetailDepth=0], [orderBookAsArray=false], [useSystemTime=false], "
       "[independentForceTriggerTime], [includeImmediateExecution=false], [securitySubType='ConvertibleBond'], "
       "[priceScale=10000]",
       [&services](CallContext& context, std::span<Value> args) { return make_engine(services, context, args); },
       "An engine that rebuilds order books from orders and trades and puts out their state at even intervals.",
       FEED_AND_ENGINE("exampleBook") "e.append!(feed); exec asksQty1 from out", "[300]"});
  row(Nature::kWhole,
      {"genOutputColumnsForOBSnapshotEngine",
       "[basic=true], [time=true], [depth], [tradeDetail=true], [orderDetail=true], [withdrawDetail=true], "
       "[orderBookDetailDepth=0], [prevDetail=true], [seqDetail=false], [residualDetail=false]",
       output_columns,
       "The columns of an order book engine by groups: their names, and an empty table of them for the output.",
       "genOutputColumnsForOBSnapshotEngine(false, true, (0, false), false, false, false, 0, false)[0]",
       "[\"mdTime\",\"mdDate\",\"UpdateTime1\",\"UpdateTime2\"]"});
  row(Nature::kCommand,
      {"updateOrderBookEngineParams", "engine, [prevClose], [maxPrice], [minPrice]", update_prices,
       "Sets closing prices and price limits of an order book engine by code, from the next row on.",
       FEED_AND_ENGINE("exampleBookPrices") "updateOrderBookEngineParams(e, dict([`000001.SZ], [9.7]))\n"
                                            "e.append!(feed); exec preClosePrice from out",
       "[9.7]"});
}

}  // namespace pelorus::stream
