#pragma once
// Shots of order books at even intervals of the day, rebuilt from a feed of orders and trades.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "stream/engines/engine.h"
#include "stream/order_book/book_fields.h"

namespace pelorus::stream {

/// Prices by code, scaled as the feed's.
using CodePrices = std::unordered_map<std::string, double>;

struct OrderBookTerms {
  enum class Trigger : uint8_t {
    kMutual,       // a row behind the window's end puts out all codes
    kIndependent,  // puts out its own code
    kEachRow,      // every row puts out its code, with itself
  };
  BookRules rules;                    // price_cage: for codes that begin with 3
  std::vector<std::string> prefixes;  // of the codes that count; none: all
  int64_t depth = 10;
  int64_t interval = 1000;  // ms
  int64_t date = 0;         // days since 1970
  int64_t start = 0;        // ms of the day; nothing is put out up to here
  int64_t last_end = 0;     // of the last window, whose end is open
  CodePrices previous_close, upper_limit, lower_limit;
  std::map<std::string, std::string> columns;  // what is needed -> the input's column
  std::vector<ChosenField> fields;
  std::unordered_set<std::string> codes;  // put out; none: all
  data::Value metrics;                    // a function of the table of a moment's shots; VOID: none
  double no_price = types::kNull<double>;
  Trigger trigger = Trigger::kMutual;
  int64_t force_after = 0;       // ms: rows that wait for others that long are taken; 0: never
  int64_t force_code_after = 0;  // ms: a code's shot that is that late is put out; 0: never
  std::optional<int> precision;
  bool whole_prices = false;  // prices are put out as the feed's whole numbers
  bool by_sequence = false;
  bool skips_crossed = true;
  int64_t price_scale = 10'000;
};

class OrderBookEngine final : public Engine {
 public:
  OrderBookEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, OrderBookTerms books);

  /// Sets prices of codes, from the next row on. Thread-safe.
  void set_prices(const CodePrices& previous_close, const CodePrices& upper, const CodePrices& lower);
  int64_t price_scale() const { return books_terms_.price_scale; }

 protected:
  std::string kind() const override { return "OrderBookSnapshotEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(books_.size()); }

 private:
  struct CodeBook {
    std::string code;
    OrderBook book;
    int64_t window_end = 0;  // of kIndependent
    bool is_put_out = true;
  };
  struct Row {
    size_t book;
    BookMessage message;
  };
  struct Columns;

  size_t book_of(const std::string& code);
  bool counts(std::string_view code) const;
  int64_t end_of(int64_t time) const;
  void arrive(const Row& row);
  void take(const Row& row);
  void pass_to(int64_t* window_end, const Row& row, size_t first, size_t last);
  /// Puts out the books [first, last) and begins their next windows.
  void put_out(int64_t end, int64_t received, size_t first, size_t last);
  BookShot shot_of(const CodeBook& book, int64_t end, int64_t received) const;
  void begin_columns();
  data::Table finish_columns();
  data::Table with_metrics(const data::Table& shots);
  void adopt_prices();

  const OrderBookTerms books_terms_;
  SystemClock clock_;
  std::vector<std::unique_ptr<CodeBook>> books_;  // in the order of appearance
  std::unordered_map<std::string, size_t> place_of_code_;
  std::map<int64_t, Row> waiting_;  // by sequence number
  int64_t next_sequence_ = 1;
  std::optional<int64_t> last_time_;  // of the row taken last
  int64_t window_end_ = 0;            // of kMutual; 0: no row yet
  bool is_forced_ = false;
  std::vector<BookColumn> shots_;
  size_t shot_rows_ = 0;
  data::Table output_;  // of this batch

  std::mutex prices_mutex_;
  bool has_new_prices_ = false;                                        // guarded by prices_mutex_
  CodePrices new_previous_close_, new_upper_limit_, new_lower_limit_;  // guarded by prices_mutex_
  CodePrices previous_close_, upper_limit_, lower_limit_;
};

}  // namespace pelorus::stream
