#pragma once
// The book of one security, rebuilt from its orders, trades and withdrawals. No I/O, no clock.

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "types/null.h"

namespace pelorus::stream {

/// What an exchange does its own way.
struct BookRules {
  /// Shanghai: withdrawals are orders of type 10, an order that trades at once is told with what is left of it only.
  /// Else Shenzhen: an order's number is its sequence number, withdrawals are trades of type 1.
  bool shanghai = false;
  /// Orders further than 2 % from the other side wait outside the book (ChiNext).
  bool price_cage = false;
  int64_t price_tick = 100;  // the smallest step of a price, in units of prices
};

/// One line of the feed. Times are ms of the day, prices whole numbers as in the feed.
struct BookMessage {
  enum Kind : int64_t { kOrder = 0, kTrade = 1 };
  int64_t kind = 0;
  int64_t time = 0;
  int64_t type = 0;  // orders: 1 market, 2 limit, 3 own best, 10 withdrawal, 11 status; trades: 0 trade, 1 withdrawal
  int64_t price = 0;
  int64_t quantity = 0;
  int64_t buy = 0, sell = 0;  // numbers of orders
  int64_t side = 0;           // 1 buys, 2 sells
  int64_t sequence = 0;
  int64_t received = types::kNull<int64_t>;  // ns since 1970
};

class OrderBook {
 public:
  struct Order {
    int64_t number, price, quantity, first_quantity, type, time, sequence, arrival;
    bool buys;
    bool shown;  // counts in its side's levels; else waits for a price or outside the cage
  };
  struct Level {
    int64_t quantity = 0;
    int32_t orders = 0;
  };
  /// Levels by price, best first, and their sums.
  template <class Better>
  struct Side {
    std::map<int64_t, Level, Better> levels;
    int64_t quantity = 0;
    int64_t value = 0;  // sum of price * quantity
  };
  struct Trade {
    int64_t price, quantity, side, type, time, buy, sell, sequence;
    int64_t buy_time, sell_time, buy_type, sell_type;  // of the orders; null when not known
  };
  struct Withdrawal {
    Order order;  // as it was before
    int64_t quantity, time, sequence;
  };
  /// What came since the last shot.
  struct Window {
    std::vector<Trade> trades;
    std::vector<Order> orders;  // as they came
    std::vector<Withdrawal> withdrawals;
    int64_t turnover = 0;  // price * quantity
    int64_t volume = 0;
    bool modified = false;
  };
  struct Totals {
    int64_t turnover = 0, volume = 0, trades = 0;
    int64_t last = types::kNull<int64_t>, high = types::kNull<int64_t>, low = types::kNull<int64_t>;
    int64_t open = types::kNull<int64_t>;  // prices; null before the first trade
  };

  /// `previous_close`: for the cage of a side without prices; null when not known.
  OrderBook(BookRules rules, int64_t previous_close) : rules_(rules), previous_close_(previous_close) {}

  /// O(log levels), plus the waiting orders of a caged security.
  void take(const BookMessage& message);
  /// Ends the window: the best prices are remembered as those of the previous shot.
  void next_window();
  void set_previous_close(int64_t price) { previous_close_ = price; }

  const Side<std::greater<>>& bids() const { return bids_; }
  const Side<std::less<>>& asks() const { return asks_; }
  bool is_crossed() const;
  const Window& window() const { return window_; }
  const Totals& totals() const { return totals_; }
  int64_t last_sequence() const { return last_sequence_; }
  /// A trade or withdrawal came for an order nobody placed.
  bool is_abnormal() const { return is_abnormal_; }
  int64_t previous_bid() const { return previous_bid_; }  // null when the side was empty
  int64_t previous_ask() const { return previous_ask_; }
  /// Orders in the book, in the order of their arrival. O(n log n).
  std::vector<const Order*> live_orders(bool buys) const;

 private:
  void place(const BookMessage& message);
  void withdraw(Order* order, const BookMessage& message);
  void trade(const BookMessage& message);
  Order* find(int64_t number, bool buys);
  void show(Order& order);
  void hide(Order& order);
  /// Takes that much away; the order is forgotten when nothing is left.
  void reduce(Order* order, int64_t quantity);
  bool is_caged(const Order& order) const;
  void release_caged();
  int64_t best_bid() const { return bids_.levels.empty() ? types::kNull<int64_t> : bids_.levels.begin()->first; }
  int64_t best_ask() const { return asks_.levels.empty() ? types::kNull<int64_t> : asks_.levels.begin()->first; }

  const BookRules rules_;
  int64_t previous_close_;
  std::unordered_map<int64_t, Order> buys_, sells_;  // by number
  std::vector<int64_t> caged_buys_, caged_sells_;    // numbers
  Side<std::greater<>> bids_;
  Side<std::less<>> asks_;
  Window window_;
  Totals totals_;
  int64_t arrivals_ = 0;
  int64_t last_sequence_ = types::kNull<int64_t>;
  int64_t previous_bid_ = types::kNull<int64_t>, previous_ask_ = types::kNull<int64_t>;
  bool is_abnormal_ = false;
};

}  // namespace pelorus::stream
