#include "stream/order_book/order_book_engine.h"

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

namespace {

constexpr int64_t kNone = types::kNull<int64_t>;
constexpr int64_t kClosed = INT64_MAX;  // the end of a window that never comes
constexpr std::string_view kFunction = "createOrderBookSnapshotEngine";

double price_in(const CodePrices& prices, const std::string& code) {
  const auto found = prices.find(code);
  return found == prices.end() ? types::kNull<double> : found->second;
}

int64_t whole_price(double price) {
  return price == types::kNull<double> ? kNone : static_cast<int64_t>(std::llround(price));
}

}  // namespace

/// The columns of a batch that matter, as whole numbers.
struct OrderBookEngine::Columns {
  Shared<Vector> codes;
  std::map<std::string, Shared<Vector>> numbers;

  int64_t at(const char* key, size_t row) const {
    const auto found = numbers.find(key);
    return found == numbers.end() ? kNone : found->second->values<int64_t>()[row];
  }
  BookMessage message(size_t row) const {
    return {.kind = at("msgTypeColumn", row),
            .time = at("timeColumn", row),
            .type = at("typeColumn", row),
            .price = at("priceColumn", row),
            .quantity = at("qtyColumn", row),
            .buy = at("buyOrderColumn", row),
            .sell = at("sellOrderColumn", row),
            .side = at("sideColumn", row),
            .sequence = at("seqColumn", row),
            .received = at("receiveTime", row)};
  }
};

OrderBookEngine::OrderBookEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, OrderBookTerms books)
    : Engine(std::move(terms), std::move(session)),
      books_terms_(std::move(books)),
      previous_close_(books_terms_.previous_close),
      upper_limit_(books_terms_.upper_limit),
      lower_limit_(books_terms_.lower_limit) {
  for (const auto& [key, column] : books_terms_.columns) (void)input_column(column);
}

void OrderBookEngine::set_prices(const CodePrices& previous_close, const CodePrices& upper, const CodePrices& lower) {
  const std::lock_guard lock(prices_mutex_);
  for (const auto& [code, price] : previous_close) new_previous_close_[code] = price;
  for (const auto& [code, price] : upper) new_upper_limit_[code] = price;
  for (const auto& [code, price] : lower) new_lower_limit_[code] = price;
  has_new_prices_ = true;
}

void OrderBookEngine::adopt_prices() {
  const std::lock_guard lock(prices_mutex_);
  if (!has_new_prices_) return;
  for (const auto& [code, price] : new_previous_close_) previous_close_[code] = price;
  for (const auto& [code, price] : new_upper_limit_) upper_limit_[code] = price;
  for (const auto& [code, price] : new_lower_limit_) lower_limit_[code] = price;
  for (const auto& book : books_) book->book.set_previous_close(whole_price(price_in(previous_close_, book->code)));
  has_new_prices_ = false;
}

Table OrderBookEngine::process(const Table& rows) {
  adopt_prices();
  Columns columns;
  for (const auto& [key, name] : books_terms_.columns) {
    const auto& column = rows.column_shared(input_column(name));
    if (key == "codeColumn") {
      columns.codes = column;
    } else if (key == "timeColumn") {
      columns.numbers[key] = functions::as_longs(kFunction, functions::converted(kFunction, column, Type::kTime));
    } else {
      columns.numbers[key] = functions::as_longs(kFunction, column);
    }
  }
  output_ = Table();
  begin_columns();
  for (size_t r = 0; r < rows.rows(); ++r) {
    const auto message = columns.message(r);
    const std::string& code = columns.codes->text_at(r);
    const bool is_complete = message.time != kNone && message.quantity != kNone && message.price != kNone;
    if (is_complete && counts(code)) arrive({book_of(code), message});
  }
  if (books_terms_.metrics.is_void()) output_ = finish_columns();
  return std::move(output_);
}

bool OrderBookEngine::counts(std::string_view code) const {
  const auto& prefixes = books_terms_.prefixes;
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return code.starts_with(prefix); });
}

size_t OrderBookEngine::book_of(const std::string& code) {
  const auto [found, is_new] = place_of_code_.emplace(code, books_.size());
  if (!is_new) return found->second;
  auto rules = books_terms_.rules;
  rules.price_cage = rules.price_cage && code.starts_with("3");
  const bool shown = books_terms_.codes.empty() || books_terms_.codes.contains(code);
  OrderBook book(rules, whole_price(price_in(previous_close_, code)));
  books_.push_back(std::make_unique<CodeBook>(CodeBook{code, std::move(book), 0, shown}));
  return found->second;
}

/// Windows are open on the left: a row at a window's end belongs to it.
int64_t OrderBookEngine::end_of(int64_t time) const {
  const int64_t since = time - books_terms_.start, interval = books_terms_.interval;
  const int64_t windows = since >= 0 ? (since + interval - 1) / interval : -(-since / interval);
  return std::min(books_terms_.start + windows * interval, books_terms_.last_end);
}

void OrderBookEngine::arrive(const Row& row) {
  if (!books_terms_.by_sequence) return take(row);
  if (row.message.sequence < next_sequence_) return;
  waiting_.emplace(row.message.sequence, row);
  const auto take_ready = [this] {
    while (!waiting_.empty() && waiting_.begin()->first == next_sequence_) {
      const Row next = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      ++next_sequence_;
      take(next);
    }
  };
  take_ready();
  const int64_t newest = row.message.time;
  while (books_terms_.force_after > 0 && !waiting_.empty()) {
    const int64_t since = last_time_.value_or(waiting_.begin()->second.message.time);
    if (newest - since < books_terms_.force_after) break;
    is_forced_ = true;
    next_sequence_ = waiting_.begin()->first;
    take_ready();
  }
}

void OrderBookEngine::take(const Row& row) {
  using Trigger = OrderBookTerms::Trigger;
  const int64_t time = row.message.time;
  last_time_ = time;
  auto& own = *books_[row.book];
  if (books_terms_.trigger == Trigger::kMutual) {
    pass_to(&window_end_, row, 0, books_.size());
  } else if (books_terms_.trigger == Trigger::kIndependent) {
    pass_to(&own.window_end, row, row.book, row.book + 1);
    if (books_terms_.force_code_after > 0) {
      for (size_t b = 0; b < books_.size(); ++b) {
        const int64_t end = books_[b]->window_end;
        if (b != row.book && end > 0 && time - end > books_terms_.force_code_after)
          pass_to(&books_[b]->window_end, row, b, b + 1);
      }
    }
  }
  if (time >= books_terms_.last_end) return;  // the closing auction
  own.book.take(row.message);
  if (books_terms_.trigger == Trigger::kEachRow) put_out(time, row.message.received, row.book, row.book + 1);
}

/// Closes the window of the books [first, last) when the row is behind it.
void OrderBookEngine::pass_to(int64_t* window_end, const Row& row, size_t first, size_t last) {
  const int64_t time = row.message.time, last_end = books_terms_.last_end;
  if (*window_end == kClosed || (time <= *window_end && time < last_end)) return;
  if (*window_end > 0) {
    put_out(*window_end, row.message.received, first, last);
    const int64_t first_end = books_terms_.start + books_terms_.interval;
    if (*window_end <= books_terms_.start && time > first_end) put_out(first_end, row.message.received, first, last);
  }
  *window_end = time >= last_end ? kClosed : end_of(time);
}

void OrderBookEngine::put_out(int64_t end, int64_t received, size_t first, size_t last) {
  for (size_t b = first; b < last; ++b) {
    auto& own = *books_[b];
    const bool is_hidden = own.book.last_sequence() == kNone || (books_terms_.skips_crossed && own.book.is_crossed());
    if (own.is_put_out && end > books_terms_.start && !is_hidden) {
      const auto shot = shot_of(own, end, received);
      for (size_t f = 0; f < books_terms_.fields.size(); ++f) {
        const auto& chosen = books_terms_.fields[f];
        chosen.field->write(shot, chosen.level, shots_[f]);
        shots_[f].end_row();
      }
      ++shot_rows_;
    }
    own.book.next_window();
  }
  if (!books_terms_.metrics.is_void() && shot_rows_ > 0) {
    add_rows(with_metrics(finish_columns()), &output_);
    begin_columns();
  }
}

BookShot OrderBookEngine::shot_of(const CodeBook& own, int64_t end, int64_t received) const {
  return {.book = own.book,
          .code = own.code,
          .date = books_terms_.date,
          .end = end,
          .received = received,
          .now = clock_.wall_ns(),
          .previous_close = price_in(previous_close_, own.code),
          .upper_limit = price_in(upper_limit_, own.code),
          .lower_limit = price_in(lower_limit_, own.code),
          .price_scale = static_cast<double>(books_terms_.price_scale),
          .precision = books_terms_.precision,
          .whole_prices = books_terms_.whole_prices,
          .was_forced = is_forced_,
          .no_price = books_terms_.no_price,
          .depth = books_terms_.depth};
}

void OrderBookEngine::begin_columns() {
  shots_.clear();
  shot_rows_ = 0;
  for (const auto& chosen : books_terms_.fields) shots_.emplace_back(chosen.definition());
}

Table OrderBookEngine::finish_columns() {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t f = 0; f < shots_.size(); ++f) {
    names.push_back(books_terms_.fields[f].definition().name);
    columns.emplace_back(shots_[f].finish());
  }
  return Table(std::move(names), std::move(columns));
}

/// The basic fields and levels of the shots, then what the user's function makes of them.
Table OrderBookEngine::with_metrics(const Table& shots) {
  const Value results = interpreter().call(books_terms_.metrics, {Value(shots)});
  if (!results.is_tuple()) throw ScriptError("userDefinedMetrics must return a tuple of vectors.");
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t f = 0; f < shots.columns(); ++f) {
    const auto group = books_terms_.fields[f].field->group;
    if (group != BookGroup::kBasic && group != BookGroup::kLevels && group != BookGroup::kLevelLists) continue;
    names.push_back(shots.names()[f]);
    columns.push_back(shots.column_shared(f));
  }
  for (const auto& metric : results.vector().values_any()) {
    if (!metric.is_vector() || metric.vector().size() != shots.rows())
      throw ScriptError("userDefinedMetrics must return vectors of as many elements as its table has rows.");
    names.push_back("metric " + std::to_string(names.size()));
    columns.push_back(metric.vector_shared());
  }
  return Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::stream
