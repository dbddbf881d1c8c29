#pragma once
// The columns a shot of an order book can have, and how each is filled.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"
#include "data/value.h"
#include "stream/order_book/order_book.h"

namespace pelorus::stream {

/// What of a book is put out at one moment.
struct BookShot {
  const OrderBook& book;
  std::string_view code;
  int64_t date = 0;      // days since 1970
  int64_t end = 0;       // of the window, ms of the day
  int64_t received = 0;  // of the row that closed the window, ns since 1970, may be null
  int64_t now = 0;       // ns since 1970
  // Scaled as the feed's prices; null when not given.
  double previous_close = types::kNull<double>, upper_limit = types::kNull<double>, lower_limit = types::kNull<double>;
  double price_scale = 1;                  // a shown price is a feed's price divided by it
  std::optional<int> precision;            // decimals of shown prices
  bool whole_prices = false;               // prices are shown as the feed's whole numbers
  bool was_forced = false;                 // rows are missing before this
  double no_price = types::kNull<double>;  // stands for the price of a level that is not there
  int64_t depth = 10;

  /// A price of the feed as it is shown; null stays null.
  double price(double scaled) const;
  double price(int64_t scaled) const {
    return scaled == types::kNull<int64_t> ? types::kNull<double> : price(static_cast<double>(scaled));
  }
};

/// A column that is being filled row by row.
class BookColumn {
 public:
  explicit BookColumn(const data::ColumnDefinition& definition)
      : values_(definition.type), is_array_(definition.array) {}

  /// A cell of a plain column, or one more element of the row of an array column. Null of int64_t and double is null.
  void put(int64_t value);
  void put(double value);
  void put(std::string_view text);
  /// Ends the row of an array column.
  void end_row();
  /// Once.
  data::Vector finish();

 private:
  data::Vector values_;
  data::Buffer<int64_t> ends_;
  const bool is_array_;
};

enum class BookGroup : uint8_t {
  kBasic,
  kTime,
  kLevels,      // a column for each level
  kLevelLists,  // the same as array vectors
  kTrades,
  kOrders,
  kWithdrawals,
  kLevelOrders,  // a column for each level of a level's orders
  kPrevious,
  kSequences,
  kResidual,
};

struct BookField {
  std::string_view name;
  data::Type type;
  bool array;
  BookGroup group;
  void (*write)(const BookShot& shot, size_t level, BookColumn& column);
  bool is_default = true;  // genOutputColumnsForOBSnapshotEngine names it when its group is asked for
};

/// All of them, in the order of the output.
const std::vector<BookField>& book_fields();

/// A field, and which level of it.
struct ChosenField {
  const BookField* field;
  size_t level = 0;
  data::ColumnDefinition definition() const;
};
inline bool has_levels(BookGroup group) { return group == BookGroup::kLevels || group == BookGroup::kLevelOrders; }

/// A column of that name, without case, whose number is at most `levels`; nothing when there is none.
std::optional<ChosenField> find_book_field(std::string_view name, size_t levels);
/// The fields of a group; `levels` of each when the group has levels.
std::vector<ChosenField> fields_of(BookGroup group, size_t levels);
/// What is put out when nothing is asked for: the basic fields but for the opening price and the limits, then levels.
std::vector<ChosenField> usual_book_fields(size_t depth, bool as_lists);

}  // namespace pelorus::stream
