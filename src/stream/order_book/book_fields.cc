#include "stream/order_book/book_fields.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace pelorus::stream {
namespace {

using data::Type;
using Group = BookGroup;

constexpr int64_t kNone = types::kNull<int64_t>;
constexpr double kNoNumber = types::kNull<double>;
constexpr int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;

/// 0 before the opening auction, 1 in it, 2 between it and trading, 3 trading, 4 noon, 5 closing auction.
int64_t phase_at(int64_t end) {
  if (end <= 9 * kHour + 15 * kMinute) return 0;
  if (end <= 9 * kHour + 25 * kMinute) return 1;
  if (end <= 9 * kHour + 30 * kMinute) return 2;
  if (end <= 11 * kHour + 30 * kMinute) return 3;
  if (end <= 13 * kHour) return 4;
  return end <= 14 * kHour + 57 * kMinute ? 3 : 5;
}

double money(const BookShot& shot, int64_t value) { return static_cast<double>(value) / shot.price_scale; }

template <class Side>
double mean_price(const BookShot& shot, const Side& side) {
  if (side.quantity == 0) return kNoNumber;
  return shot.price(static_cast<double>(side.value) / static_cast<double>(side.quantity));
}

/// The level'th best price and what waits there; nothing when the side has fewer levels.
template <class Side>
std::optional<std::pair<int64_t, OrderBook::Level>> level_of(const Side& side, size_t level) {
  if (level >= side.levels.size()) return std::nullopt;
  return *std::next(side.levels.begin(), static_cast<std::ptrdiff_t>(level));
}

enum class Part : uint8_t { kPrice, kQuantity, kCount };

template <bool Buys>
const auto& side_of(const BookShot& shot) {
  if constexpr (Buys) {
    return shot.book.bids();
  } else {
    return shot.book.asks();
  }
}

void put_level(const BookShot& shot, Part part, int64_t price, const OrderBook::Level& level, BookColumn& column) {
  if (part == Part::kPrice) column.put(shot.price(price));
  if (part == Part::kQuantity) column.put(level.quantity);
  if (part == Part::kCount) column.put(static_cast<int64_t>(level.orders));
}

void put_no_level(const BookShot& shot, Part part, BookColumn& column) {
  if (part == Part::kPrice) return column.put(shot.no_price);
  column.put(int64_t{0});
}

template <bool Buys, Part What>
void level(const BookShot& shot, size_t number, BookColumn& column) {
  const auto found = level_of(side_of<Buys>(shot), number);
  if (!found) return put_no_level(shot, What, column);
  put_level(shot, What, found->first, found->second, column);
}

template <bool Buys, Part What>
void level_list(const BookShot& shot, size_t, BookColumn& column) {
  int64_t count = 0;
  for (const auto& [price, level] : side_of<Buys>(shot).levels) {
    if (count++ == shot.depth) break;
    put_level(shot, What, price, level, column);
  }
  for (; count < shot.depth; ++count) put_no_level(shot, What, column);
}

template <bool Buys, bool Value>
void level_orders(const BookShot& shot, size_t number, BookColumn& column) {
  const auto found = level_of(side_of<Buys>(shot), number);
  if (!found) return;
  for (const auto* order : shot.book.live_orders(Buys)) {
    if (order->price != found->first) continue;
    if (Value) {
      column.put(money(shot, order->price * order->quantity));
    } else {
      column.put(order->quantity);
    }
  }
}

/// Sums of the window's trades in which that side came last.
template <int64_t Side, bool Money>
void side_total(const BookShot& shot, size_t, BookColumn& column) {
  int64_t quantity = 0, value = 0;
  for (const auto& trade : shot.book.window().trades) {
    if (trade.side != Side) continue;
    quantity += trade.quantity;
    value += trade.quantity * trade.price;
  }
  if (Money) return column.put(money(shot, value));
  column.put(quantity);
}

template <int64_t OrderBook::Trade::*Member>
void trades(const BookShot& shot, size_t, BookColumn& column) {
  for (const auto& trade : shot.book.window().trades) column.put(trade.*Member);
}
void trade_prices(const BookShot& shot, size_t, BookColumn& column) {
  for (const auto& trade : shot.book.window().trades) column.put(shot.price(trade.price));
}

template <int64_t OrderBook::Order::*Member>
void orders(const BookShot& shot, size_t, BookColumn& column) {
  for (const auto& order : shot.book.window().orders) column.put(order.*Member);
}
void order_prices(const BookShot& shot, size_t, BookColumn& column) {
  for (const auto& order : shot.book.window().orders) column.put(shot.price(order.price));
}
void order_sides(const BookShot& shot, size_t, BookColumn& column) {
  for (const auto& order : shot.book.window().orders) column.put(int64_t{order.buys ? 1 : 2});
}

template <bool Buys, class Get>
void each_withdrawal(const BookShot& shot, BookColumn& column, const Get& get) {
  for (const auto& withdrawal : shot.book.window().withdrawals) {
    if (withdrawal.order.buys == Buys) column.put(get(withdrawal));
  }
}
template <bool Buys, int64_t OrderBook::Withdrawal::*Member>
void withdrawals(const BookShot& shot, size_t, BookColumn& column) {
  each_withdrawal<Buys>(shot, column, [](const auto& withdrawal) { return withdrawal.*Member; });
}
template <bool Buys, int64_t OrderBook::Order::*Member>
void withdrawn_orders(const BookShot& shot, size_t, BookColumn& column) {
  each_withdrawal<Buys>(shot, column, [](const auto& withdrawal) { return withdrawal.order.*Member; });
}
template <bool Buys>
void withdrawn_prices(const BookShot& shot, size_t, BookColumn& column) {
  each_withdrawal<Buys>(shot, column, [&](const auto& withdrawal) { return shot.price(withdrawal.order.price); });
}

/// What was placed in the window at the best price of the shot before.
template <bool Buys>
void added_at_best(const BookShot& shot, size_t, BookColumn& column) {
  const int64_t best = Buys ? shot.book.previous_bid() : shot.book.previous_ask();
  for (const auto& order : shot.book.window().orders) {
    if (order.buys == Buys && best != kNone && order.price == best) column.put(order.quantity);
  }
}
template <bool Buys>
void withdrawn_at_best(const BookShot& shot, size_t, BookColumn& column) {
  const int64_t best = Buys ? shot.book.previous_bid() : shot.book.previous_ask();
  for (const auto& withdrawal : shot.book.window().withdrawals) {
    if (withdrawal.order.buys == Buys && best != kNone && withdrawal.order.price == best)
      column.put(withdrawal.quantity);
  }
}

template <bool Buys, class Get>
void each_residual(const BookShot& shot, BookColumn& column, const Get& get) {
  auto waiting = shot.book.live_orders(Buys);
  std::stable_sort(waiting.begin(), waiting.end(), [](const auto* a, const auto* b) {
    if (a->price != b->price) return Buys ? a->price > b->price : a->price < b->price;
    return a->time < b->time;
  });
  for (const auto* order : waiting) column.put(get(*order));
}
template <bool Buys, int64_t OrderBook::Order::*Member>
void residual(const BookShot& shot, size_t, BookColumn& column) {
  each_residual<Buys>(shot, column, [](const auto& order) { return order.*Member; });
}
template <bool Buys>
void residual_prices(const BookShot& shot, size_t, BookColumn& column) {
  each_residual<Buys>(shot, column, [&](const auto& order) { return shot.price(order.price); });
}

/// Fields of one value.
template <auto Get>
void one(const BookShot& shot, size_t, BookColumn& column) {
  column.put(Get(shot));
}

using Shot = const BookShot&;

std::vector<BookField> basic_fields() {
  constexpr auto kGroup = Group::kBasic;
  return {
      {"code", Type::kSymbol, false, kGroup, one<[](Shot s) { return s.code; }>},
      {"timestamp", Type::kTimestamp, false, kGroup, one<[](Shot s) { return s.date * kDay + s.end; }>},
      {"lastSeq", Type::kLong, false, kGroup, one<[](Shot s) { return s.book.last_sequence(); }>},
      {"tradingPhaseCode", Type::kInt, false, kGroup, one<[](Shot s) { return phase_at(s.end); }>},
      {"modified", Type::kBool, false, kGroup, one<[](Shot s) { return int64_t{s.book.window().modified}; }>},
      {"turnover", Type::kDouble, false, kGroup, one<[](Shot s) { return money(s, s.book.window().turnover); }>},
      {"volume", Type::kLong, false, kGroup, one<[](Shot s) { return s.book.window().volume; }>},
      {"tradeNum", Type::kInt, false, kGroup,
       one<[](Shot s) { return static_cast<int64_t>(s.book.window().trades.size()); }>},
      {"ttlTurnover", Type::kDouble, false, kGroup, one<[](Shot s) { return money(s, s.book.totals().turnover); }>},
      {"ttlVolume", Type::kLong, false, kGroup, one<[](Shot s) { return s.book.totals().volume; }>},
      {"ttlTradeNum", Type::kInt, false, kGroup, one<[](Shot s) { return s.book.totals().trades; }>},
      {"lastPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.book.totals().last); }>},
      {"highPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.book.totals().high); }>},
      {"lowPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.book.totals().low); }>},
      {"openPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.book.totals().open); }>},
      {"avgAskPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return mean_price(s, s.book.asks()); }>},
      {"avgBidPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return mean_price(s, s.book.bids()); }>},
      {"askQty", Type::kLong, false, kGroup, one<[](Shot s) { return s.book.asks().quantity; }>},
      {"bidQty", Type::kLong, false, kGroup, one<[](Shot s) { return s.book.bids().quantity; }>},
      {"preClosePrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.previous_close); }>},
      {"abnormal", Type::kBool, false, kGroup,
       one<[](Shot s) { return int64_t{s.book.is_abnormal() || s.was_forced}; }>},
      {"maxPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.upper_limit); }>},
      {"minPrice", Type::kDouble, false, kGroup, one<[](Shot s) { return s.price(s.lower_limit); }>},
      {"mdTime", Type::kTime, false, Group::kTime, one<[](Shot s) { return s.end; }>},
      {"mdDate", Type::kDate, false, Group::kTime, one<[](Shot s) { return s.date; }>},
      {"UpdateTime1", Type::kNanotimestamp, false, Group::kTime, one<[](Shot s) { return s.received; }>},
      {"UpdateTime2", Type::kNanotimestamp, false, Group::kTime, one<[](Shot s) { return s.now; }>},
  };
}

std::vector<BookField> level_fields() {
  return {
      {"bidsPrice", Type::kDouble, false, Group::kLevels, level<true, Part::kPrice>},
      {"bidsQty", Type::kLong, false, Group::kLevels, level<true, Part::kQuantity>},
      {"bidsCount", Type::kInt, false, Group::kLevels, level<true, Part::kCount>},
      {"asksPrice", Type::kDouble, false, Group::kLevels, level<false, Part::kPrice>},
      {"asksQty", Type::kLong, false, Group::kLevels, level<false, Part::kQuantity>},
      {"asksCount", Type::kInt, false, Group::kLevels, level<false, Part::kCount>},
      {"bidsPriceList", Type::kDouble, true, Group::kLevelLists, level_list<true, Part::kPrice>},
      {"bidsQtyList", Type::kLong, true, Group::kLevelLists, level_list<true, Part::kQuantity>},
      {"bidsCountList", Type::kInt, true, Group::kLevelLists, level_list<true, Part::kCount>},
      {"asksPriceList", Type::kDouble, true, Group::kLevelLists, level_list<false, Part::kPrice>},
      {"asksQtyList", Type::kLong, true, Group::kLevelLists, level_list<false, Part::kQuantity>},
      {"asksCountList", Type::kInt, true, Group::kLevelLists, level_list<false, Part::kCount>},
  };
}

std::vector<BookField> trade_fields() {
  using T = OrderBook::Trade;
  constexpr auto kGroup = Group::kTrades;
  return {
      {"buyQty", Type::kLong, false, kGroup, side_total<1, false>},
      {"sellQty", Type::kLong, false, kGroup, side_total<2, false>},
      {"buyMoney", Type::kDouble, false, kGroup, side_total<1, true>},
      {"sellMoney", Type::kDouble, false, kGroup, side_total<2, true>},
      {"tradePriceList", Type::kDouble, true, kGroup, trade_prices},
      {"tradeQtyList", Type::kLong, true, kGroup, trades<&T::quantity>},
      {"tradeTypeList", Type::kInt, true, kGroup, trades<&T::type>},
      {"tradeBSFlagList", Type::kInt, true, kGroup, trades<&T::side>},
      {"tradeMDTimeList", Type::kTime, true, kGroup, trades<&T::time>},
      {"tradeBuyNoList", Type::kLong, true, kGroup, trades<&T::buy>},
      {"tradeSellNoList", Type::kLong, true, kGroup, trades<&T::sell>},
      {"tradeOrderBuyNoTimeList", Type::kTime, true, kGroup, trades<&T::buy_time>},
      {"tradeOrderSellNoTimeList", Type::kTime, true, kGroup, trades<&T::sell_time>},
      {"tradeBuyOrderTypeList", Type::kInt, true, kGroup, trades<&T::buy_type>, false},
      {"tradeSellOrderTypeList", Type::kInt, true, kGroup, trades<&T::sell_type>, false},
  };
}

std::vector<BookField> order_fields() {
  using O = OrderBook::Order;
  using W = OrderBook::Withdrawal;
  constexpr auto kOrders = Group::kOrders, kGone = Group::kWithdrawals;
  return {
      {"orderPriceList", Type::kDouble, true, kOrders, order_prices},
      {"orderQtyList", Type::kLong, true, kOrders, orders<&O::quantity>},
      {"orderTypeList", Type::kInt, true, kOrders, orders<&O::type>},
      {"orderBSFlagList", Type::kInt, true, kOrders, order_sides},
      {"orderMDTimeList", Type::kTime, true, kOrders, orders<&O::time>},
      {"orderNoList", Type::kLong, true, kOrders, orders<&O::number>},
      {"withdrawBuyPriceList", Type::kDouble, true, kGone, withdrawn_prices<true>},
      {"withdrawBuyQtyList", Type::kLong, true, kGone, withdrawals<true, &W::quantity>},
      {"withdrawBuyOrderTypeList", Type::kInt, true, kGone, withdrawn_orders<true, &O::type>},
      {"withdrawBuyMDTimeList", Type::kTime, true, kGone, withdrawals<true, &W::time>},
      {"withdrawBuyOrderMDTimeList", Type::kTime, true, kGone, withdrawn_orders<true, &O::time>},
      {"WithdrawBuyOrderQtyList", Type::kLong, true, kGone, withdrawn_orders<true, &O::first_quantity>},
      {"withdrawSellPriceList", Type::kDouble, true, kGone, withdrawn_prices<false>},
      {"withdrawSellQtyList", Type::kLong, true, kGone, withdrawals<false, &W::quantity>},
      {"withdrawSellOrderTypeList", Type::kInt, true, kGone, withdrawn_orders<false, &O::type>},
      {"withdrawSellMDTimeList", Type::kTime, true, kGone, withdrawals<false, &W::time>},
      {"withdrawSellOrderMDTimeList", Type::kTime, true, kGone, withdrawn_orders<false, &O::time>},
      {"WithdrawSellOrderQtyList", Type::kLong, true, kGone, withdrawn_orders<false, &O::first_quantity>},
  };
}

std::vector<BookField> detail_fields() {
  using O = OrderBook::Order;
  using W = OrderBook::Withdrawal;
  constexpr auto kPrevious = Group::kPrevious, kLevel = Group::kLevelOrders, kRest = Group::kResidual;
  return {
      {"buyQtyList", Type::kLong, true, kLevel, level_orders<true, false>},
      {"buyValueList", Type::kDouble, true, kLevel, level_orders<true, true>},
      {"sellQtyList", Type::kLong, true, kLevel, level_orders<false, false>},
      {"sellValueList", Type::kDouble, true, kLevel, level_orders<false, true>},
      {"prevBuyPrice1", Type::kDouble, false, kPrevious, one<[](Shot s) { return s.price(s.book.previous_bid()); }>},
      {"prevSellPrice1", Type::kDouble, false, kPrevious, one<[](Shot s) { return s.price(s.book.previous_ask()); }>},
      {"prevBuyAddQtyList1", Type::kLong, true, kPrevious, added_at_best<true>},
      {"prevSellAddQtyList1", Type::kLong, true, kPrevious, added_at_best<false>},
      {"prevBuyWithdrawQtyList1", Type::kLong, true, kPrevious, withdrawn_at_best<true>},
      {"prevSellWithdrawQtyList1", Type::kLong, true, kPrevious, withdrawn_at_best<false>},
      {"tradeSeqList", Type::kLong, true, Group::kSequences, trades<&OrderBook::Trade::sequence>},
      {"orderSeqList", Type::kLong, true, Group::kSequences, orders<&O::sequence>},
      {"withdrawBuySeqList", Type::kLong, true, Group::kSequences, withdrawals<true, &W::sequence>},
      {"withdrawSellSeqList", Type::kLong, true, Group::kSequences, withdrawals<false, &W::sequence>},
      {"ResidualAskPriceList", Type::kDouble, true, kRest, residual_prices<false>},
      {"ResidualAskQtyList", Type::kLong, true, kRest, residual<false, &O::quantity>},
      {"ResidualAskTimeList", Type::kTime, true, kRest, residual<false, &O::time>},
      {"ResidualAskApplSeqNumList", Type::kLong, true, kRest, residual<false, &O::sequence>},
      {"ResidualBidPriceList", Type::kDouble, true, kRest, residual_prices<true>},
      {"ResidualBidQtyList", Type::kLong, true, kRest, residual<true, &O::quantity>},
      {"ResidualBidTimeList", Type::kTime, true, kRest, residual<true, &O::time>},
      {"ResidualBidApplSeqNumList", Type::kLong, true, kRest, residual<true, &O::sequence>},
  };
}

bool same_without_case(std::string_view a, std::string_view b) {
  const auto same = [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

}  // namespace

double BookShot::price(double scaled) const {
  if (scaled == kNoNumber) return kNoNumber;
  if (whole_prices) return std::round(scaled);
  const double shown = scaled / price_scale;
  if (!precision) return shown;
  const double power = std::pow(10.0, *precision);
  return std::round(shown * power) / power;
}

void BookColumn::put(int64_t value) {
  types::visit_fixed(values_.repr(), [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>)
      values_.edit<T>().push_back(value == kNone ? types::kNull<T> : static_cast<T>(value));
  });
}

void BookColumn::put(double value) { values_.edit<double>().push_back(value); }

void BookColumn::put(std::string_view text) { values_.push_back(data::Value::of_string(std::string(text))); }

void BookColumn::end_row() {
  if (is_array_) ends_.push_back(static_cast<int64_t>(values_.size()));
}

data::Vector BookColumn::finish() {
  return is_array_ ? data::Vector::array(std::move(values_), std::move(ends_)) : std::move(values_);
}

const std::vector<BookField>& book_fields() {
  static const auto fields = [] {
    std::vector<BookField> all;
    for (const auto& part : {basic_fields(), level_fields(), trade_fields(), order_fields(), detail_fields()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return fields;
}

data::ColumnDefinition ChosenField::definition() const {
  const std::string number = has_levels(field->group) ? std::to_string(level + 1) : "";
  return {.name = std::string(field->name) + number, .type = field->type, .array = field->array, .comment = {}};
}

std::optional<ChosenField> find_book_field(std::string_view name, size_t levels) {
  for (const auto& field : book_fields()) {
    const auto count = has_levels(field.group) ? levels : 1;
    for (size_t l = 0; l < count; ++l) {
      const ChosenField chosen{&field, l};
      if (same_without_case(chosen.definition().name, name)) return chosen;
    }
  }
  return std::nullopt;
}

std::vector<ChosenField> fields_of(BookGroup group, size_t levels) {
  std::vector<ChosenField> chosen;
  for (const auto& field : book_fields()) {
    if (field.group != group || !field.is_default) continue;
    for (size_t l = 0; l < (has_levels(group) ? levels : 1); ++l) chosen.push_back({&field, l});
  }
  return chosen;
}

std::vector<ChosenField> usual_book_fields(size_t depth, bool as_lists) {
  auto chosen = fields_of(BookGroup::kBasic, 1);
  std::erase_if(chosen, [](const ChosenField& c) {
    return c.field->name == "openPrice" || c.field->name == "maxPrice" || c.field->name == "minPrice";
  });
  const auto levels = fields_of(as_lists ? BookGroup::kLevelLists : BookGroup::kLevels, depth);
  chosen.insert(chosen.end(), levels.begin(), levels.end());
  return chosen;
}

}  // namespace pelorus::stream
