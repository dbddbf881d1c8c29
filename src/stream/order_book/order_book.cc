#include "stream/order_book/order_book.h"

#include <algorithm>

namespace pelorus::stream {
namespace {

constexpr int64_t kNone = types::kNull<int64_t>;
constexpr int64_t kMarket = 1, kOwnBest = 3, kShanghaiWithdrawal = 10, kStatus = 11;
constexpr int64_t kTradeWithdrawal = 1;
constexpr int64_t kContinuousFrom = (9 * 60 + 30) * 60'000;  // ms of the day
constexpr int64_t kCagePercent = 2;

template <class Side>
void change(Side& side, int64_t price, int64_t quantity, int32_t orders) {
  const auto level = side.levels.try_emplace(price).first;
  level->second.quantity += quantity;
  level->second.orders += orders;
  side.quantity += quantity;
  side.value += quantity * price;
  if (level->second.orders <= 0) side.levels.erase(level);
}

}  // namespace

void OrderBook::take(const BookMessage& message) {
  if (message.kind != BookMessage::kOrder && message.kind != BookMessage::kTrade) return;
  window_.modified = true;
  last_sequence_ = message.sequence;
  if (message.kind == BookMessage::kTrade) {
    if (!rules_.shanghai && message.type == kTradeWithdrawal) {
      const bool buys = message.buy != 0 && message.buy != kNone;
      withdraw(find(buys ? message.buy : message.sell, buys), message);
    } else {
      trade(message);
    }
  } else if (rules_.shanghai && message.type == kShanghaiWithdrawal) {
    const bool buys = message.side == 1;
    withdraw(find(buys ? message.buy : message.sell, buys), message);
  } else if (message.type != kStatus) {
    place(message);
  }
  if (rules_.price_cage && message.time >= kContinuousFrom) release_caged();
}

void OrderBook::place(const BookMessage& message) {
  const bool buys = message.side == 1;
  const int64_t number = !rules_.shanghai ? message.sequence : buys ? message.buy : message.sell;
  Order order{number,       message.price, message.quantity, message.quantity,
              message.type, message.time,  message.sequence, arrivals_++,
              buys,         false};
  window_.orders.push_back(order);
  if (!rules_.shanghai && order.type == kMarket) order.price = kNone;  // its first trade tells
  if (!rules_.shanghai && order.type == kOwnBest) order.price = buys ? best_bid() : best_ask();
  Order& placed = (buys ? buys_ : sells_).insert_or_assign(number, order).first->second;
  if (placed.price == kNone) return;
  if (rules_.price_cage && message.time >= kContinuousFrom && is_caged(placed)) {
    (buys ? caged_buys_ : caged_sells_).push_back(number);
    return;
  }
  show(placed);
}

OrderBook::Order* OrderBook::find(int64_t number, bool buys) {
  auto& orders = buys ? buys_ : sells_;
  const auto found = orders.find(number);
  return found == orders.end() ? nullptr : &found->second;
}

void OrderBook::show(Order& order) {
  order.shown = true;
  order.buys ? change(bids_, order.price, order.quantity, 1) : change(asks_, order.price, order.quantity, 1);
}

void OrderBook::hide(Order& order) {
  if (!order.shown) return;
  order.shown = false;
  order.buys ? change(bids_, order.price, -order.quantity, -1) : change(asks_, order.price, -order.quantity, -1);
}

void OrderBook::reduce(Order* order, int64_t quantity) {
  const int64_t taken = std::min(quantity, order->quantity);
  if (taken < quantity) is_abnormal_ = true;
  if (taken == order->quantity) {
    hide(*order);
    const int64_t number = order->number;
    (order->buys ? buys_ : sells_).erase(number);
    return;
  }
  order->quantity -= taken;
  if (order->shown) order->buys ? change(bids_, order->price, -taken, 0) : change(asks_, order->price, -taken, 0);
}

void OrderBook::withdraw(Order* order, const BookMessage& message) {
  if (order == nullptr) {
    is_abnormal_ = true;
    return;
  }
  window_.withdrawals.push_back({*order, message.quantity, message.time, message.sequence});
  reduce(order, message.quantity);
}

void OrderBook::trade(const BookMessage& message) {
  Order* const buy = find(message.buy, true);
  Order* const sell = find(message.sell, false);
  // In Shanghai the side that came last may be told later, or never when nothing is left of it.
  const bool is_known = rules_.shanghai ? buy != nullptr || sell != nullptr : buy != nullptr && sell != nullptr;
  if (!is_known) is_abnormal_ = true;
  window_.trades.push_back({message.price, message.quantity, message.side, message.type, message.time, message.buy,
                            message.sell, message.sequence, buy ? buy->time : kNone, sell ? sell->time : kNone,
                            buy ? buy->type : kNone, sell ? sell->type : kNone});
  const int64_t value = message.price * message.quantity;
  window_.turnover += value;
  window_.volume += message.quantity;
  totals_.turnover += value;
  totals_.volume += message.quantity;
  ++totals_.trades;
  totals_.last = message.price;
  if (totals_.open == kNone) totals_.open = totals_.low = totals_.high = message.price;
  totals_.high = std::max(totals_.high, message.price);
  totals_.low = std::min(totals_.low, message.price);
  for (Order* const order : {buy, sell}) {
    if (order == nullptr) continue;
    if (order->type == kMarket && !rules_.shanghai && order->price != message.price) {
      hide(*order);
      order->price = message.price;
      show(*order);
    }
    reduce(order, message.quantity);
  }
}

bool OrderBook::is_crossed() const {
  return !bids_.levels.empty() && !asks_.levels.empty() && best_ask() <= best_bid();
}

void OrderBook::next_window() {
  previous_bid_ = best_bid();
  previous_ask_ = best_ask();
  window_ = {};
}

bool OrderBook::is_caged(const Order& order) const {
  const int64_t own = order.buys ? best_bid() : best_ask();
  const int64_t other = order.buys ? best_ask() : best_bid();
  int64_t base = previous_close_;
  for (const int64_t price : {other, own, totals_.last}) {
    if (price == kNone) continue;
    base = price;
    break;
  }
  if (base == kNone) return false;
  const int64_t percent = 100 + (order.buys ? kCagePercent : -kCagePercent);
  const int64_t tick = rules_.price_tick;
  const int64_t limit = (base * percent + 50 * tick) / (100 * tick) * tick;  // rounded to a tick
  return order.buys ? order.price > limit : order.price < limit;
}

void OrderBook::release_caged() {
  bool is_changed = true;
  while (is_changed) {
    is_changed = false;
    for (const bool buys : {true, false}) {
      auto& waiting = buys ? caged_buys_ : caged_sells_;
      std::erase_if(waiting, [&](int64_t number) {
        Order* const order = find(number, buys);
        if (order == nullptr || order->shown) return true;
        if (is_caged(*order)) return false;
        show(*order);
        is_changed = true;
        return true;
      });
    }
  }
}

std::vector<const OrderBook::Order*> OrderBook::live_orders(bool buys) const {
  std::vector<const Order*> orders;
  for (const auto& [number, order] : buys ? buys_ : sells_) {
    if (order.shown) orders.push_back(&order);
  }
  std::sort(orders.begin(), orders.end(), [](const Order* a, const Order* b) { return a->arrival < b->arrival; });
  return orders;
}

}  // namespace pelorus::stream
