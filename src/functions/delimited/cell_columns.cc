#include "functions/delimited/cell_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "functions/append.h"
#include "functions/temporal_pattern.h"
#include "types/parse_value.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using types::Scalar;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Two digits at `at`; -1 when they are none.
int two_digits(const char* at) { return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1; }

/// A cell and how far behind its end bytes may be read.
struct Cell {
  std::string_view text;
  const char* limit = nullptr;

  /// The first eight bytes, zeros behind the end. Cost: one load where the text goes on.
  uint64_t first_word() const {
    if (limit - text.data() < 8) [[unlikely]]
      return last_word();
    uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    return text.size() >= 8 ? word : word & ((uint64_t{1} << (8 * text.size())) - 1);
  }
  /// The same where the text that was read ends.
  [[gnu::noinline]] uint64_t last_word() const {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), std::min<size_t>(text.size(), 8));
    return word;
  }
};

// The readers below say whether they understand a cell and put its value through a reference: values that travel as
// std::optional cost these loops a third of their time.

/// The number that `count` (1 to 8) digits make, the first one in the lowest byte; false when one is no digit. Eight
/// digits at once: neighbours are put together to numbers of two, four and eight digits.
inline bool read_digits(uint64_t word, size_t count, uint64_t& number) {
  constexpr uint64_t kZeros = 0x3030303030303030;
  if (count < 8) word = (word << (8 * (8 - count))) | (kZeros >> (8 * count));
  const uint64_t digits = word ^ kZeros;
  const uint64_t twos = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FF;
  const uint64_t fours = (twos * 100 + (twos >> 16)) & 0x0000FFFF0000FFFF;
  number = (fours * 10000 + (fours >> 32)) & 0xFFFFFFFF;
  return ((digits | (digits + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0) == 0;
}

/// [sign] up to `digits_max` digits and nothing else.
inline bool read_whole(Cell cell, size_t digits_max, int64_t& value) {
  const bool negative = !cell.text.empty() && cell.text[0] == '-';
  if (negative) cell.text.remove_prefix(1);
  if (cell.text.empty() || cell.text.size() > digits_max) return false;
  uint64_t number = 0;
  if (cell.text.size() <= 8) {
    if (!read_digits(cell.first_word(), cell.text.size(), number)) return false;
  } else {
    for (const char c : cell.text) {
      if (!is_digit(c)) return false;
      number = number * 10 + static_cast<uint64_t>(c - '0');
    }
  }
  value = negative ? -static_cast<int64_t>(number) : static_cast<int64_t>(number);
  return true;
}

/// Everything a type's values may look like.
Scalar read_cell(std::string_view cell, const data::ColumnDefinition& column) {
  return types::parse_value(cell, types::is_literal(column.type) ? Type::kString : column.type, column.scale);
}

/// Cells one after another by Self::take.
template <class Self>
class EachCell : public CellColumn {
 public:
  void add(std::string_view cell) final { self().take({cell, cell.data() + cell.size()}); }
  void add_all(const ColumnCells& cells) final {
    for (size_t i = 0; i < cells.size(); ++i) self().take({cells[i], cells.limit()});
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

class AnyCells final : public EachCell<AnyCells> {
 public:
  explicit AnyCells(const data::ColumnDefinition& column) : column_(column), values_(column.type, 0, column.scale) {}
  void take(Cell cell) { values_.push_back(read_cell(cell.text, column_)); }
  Vector finish() override { return std::move(values_); }

 private:
  const data::ColumnDefinition column_;
  Vector values_;
};

class PatternCells final : public EachCell<PatternCells> {
 public:
  explicit PatternCells(const TextColumn& column)
      : type_(column.definition.type), pattern_(column.format), values_(type_, 0, column.definition.scale) {}
  void take(Cell cell) { values_.push_back(read(std::string(cell.text))); }
  Vector finish() override { return std::move(values_); }

 private:
  Scalar read(const std::string& cell) const {
    const Type read = pattern_.result_type();
    if (cell.empty() || !types::is_temporal(read)) return Scalar::null_of(type_);
    const auto value = pattern_.parse(cell);
    if (!value.has_value()) return Scalar::null_of(type_);
    const int64_t units = *value;
    const auto scalar = types::repr_of(read) == types::Repr::kI64
                            ? Scalar::of<int64_t>(read, units)
                            : Scalar::of<int32_t>(read, static_cast<int32_t>(units));
    return data::convert(scalar, type_).value_or(Scalar::null_of(type_));
  }

  const Type type_;
  const TemporalPattern pattern_;
  Vector values_;
};

/// Values of a fixed width; `Fast` reads the usual forms.
template <class T, class Fast>
class FixedCells final : public CellColumn {
 public:
  explicit FixedCells(const data::ColumnDefinition& column) : FixedCells(column, Fast()) {}
  FixedCells(const data::ColumnDefinition& column, Fast fast) : column_(column), fast_(std::move(fast)) {}
  void add(std::string_view cell) override { values_.push_back(read({cell, cell.data() + cell.size()})); }
  void add_all(const ColumnCells& cells) override {
    const size_t before = values_.size();
    values_.resize(before + cells.size());
    T* out = values_.data() + before;
    for (size_t i = 0; i < cells.size(); ++i) out[i] = read({cells[i], cells.limit()});
  }
  void expect(size_t cells) override { values_.reserve(cells); }
  Vector finish() override { return Vector::adopt<T>(column_.type, std::move(values_), column_.scale); }

 private:
  T read(Cell cell) {
    typename Fast::Value value{};
    if (fast_.read(cell, value) && fits(value)) return static_cast<T>(value);
    return read_otherwise(cell.text);
  }
  [[gnu::noinline]] T read_otherwise(std::string_view cell) const {
    return cell.empty() ? types::kNull<T> : read_cell(cell, column_).template get<T>();
  }
  template <class U>
  static bool fits(U value) {
    return std::is_floating_point_v<T> || static_cast<U>(static_cast<T>(value)) == value;
  }

  const data::ColumnDefinition column_;
  Fast fast_;
  Buffer<T> values_;
};

/// Cells of one character, read once each. Anything else is left to the general reader.
class SingleCharacters {
 public:
  using Value = int64_t;
  explicit SingleCharacters(const data::ColumnDefinition& column) {
    for (size_t c = 0; c < values_.size(); ++c) {
      const char cell = static_cast<char>(c);
      values_[c] = read_cell({&cell, 1}, column).get<int8_t>();
    }
  }
  bool read(Cell cell, int64_t& value) const {
    if (cell.text.size() != 1) return false;
    value = values_[static_cast<unsigned char>(cell.text[0])];
    return true;
  }

 private:
  std::array<int8_t, 256> values_{};
};

template <size_t kDigits>
struct WholeNumbers {
  using Value = int64_t;
  bool read(Cell cell, int64_t& value) const { return read_whole(cell, kDigits, value); }
};

/// Up to 15 digits around a point: their number and a power of ten are exact, so one division rounds correctly.
struct DecimalNumbers {
  using Value = double;
  bool read(Cell cell, double& value) const {
    const bool negative = !cell.text.empty() && cell.text[0] == '-';
    if (negative) cell.text.remove_prefix(1);
    if (!(cell.text.size() <= 8 ? read_word(cell, value) : read_many(cell.text, value))) return false;
    if (negative) value = -value;
    return true;
  }

 private:
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

  /// Of up to eight characters.
  static bool read_word(Cell cell, double& value) {
    const uint64_t word = cell.first_word();
    const size_t size = cell.text.size();
    // The lowest byte that is a point.
    const uint64_t others = word ^ 0x2E2E2E2E2E2E2E2E;
    const uint64_t points = (others - 0x0101010101010101) & ~others & 0x8080808080808080;
    if (points == 0) {
      uint64_t number = 0;
      if (size == 0 || !read_digits(word, size, number)) return false;
      value = static_cast<double>(static_cast<int64_t>(number));
      return true;
    }
    const auto point = static_cast<size_t>(std::countr_zero(points)) / 8;
    const uint64_t before = (uint64_t{1} << (8 * point)) - 1;
    uint64_t number = 0;
    // What stands behind the point moves over it.
    if (size == 1 || !read_digits((word & before) | ((word >> 8) & ~before), size - 1, number)) return false;
    value = static_cast<double>(static_cast<int64_t>(number)) / kPowers[size - 1 - point];
    return true;
  }
  static bool read_many(std::string_view cell, double& value) {
    if (cell.size() > 16) return false;
    uint64_t digits = 0;
    size_t count = 0, places = 0;
    bool point = false;
    for (const char c : cell) {
      if (is_digit(c)) {
        digits = digits * 10 + static_cast<uint64_t>(c - '0');
        ++count;
        places += point ? 1 : 0;
      } else if (c == '.' && !point) {
        point = true;
      } else {
        return false;
      }
    }
    if (count > 15) return false;
    value = static_cast<double>(static_cast<int64_t>(digits)) / kPowers[places];
    return true;
  }
};

/// "2024.01.31", also with '-' or '/'. Remembers the last date, which the next cell usually has too.
class Dates {
 public:
  using Value = int64_t;
  bool read(Cell cell, int64_t& value) { return cell.text.size() == 10 && read_days(cell.text.data(), value); }
  /// Of the first ten characters at `text`.
  bool read_days(const char* text, int64_t& value) {
    uint64_t head = 0;
    uint16_t tail = 0;
    std::memcpy(&head, text, 8);
    std::memcpy(&tail, text + 8, 2);
    if ((head != last_head_ || tail != last_tail_) && !read_anew(text, head, tail)) return false;
    value = days_;
    return true;
  }

 private:
  bool read_anew(const char* text, uint64_t head, uint16_t tail) {
    const int century = two_digits(text), year = two_digits(text + 2), month = two_digits(text + 5),
              day = two_digits(text + 8);
    const bool marks = text[4] == text[7] && (text[4] == '.' || text[4] == '-' || text[4] == '/');
    // Impossible days and months are for the general reader to judge.
    if (!marks || century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 28) return false;
    last_head_ = head;
    last_tail_ = tail;
    days_ = types::days_from_civil(century * 100 + year, month, day);
    return true;
  }

  uint64_t last_head_ = 0;
  uint16_t last_tail_ = 0;
  int64_t days_ = 0;
};

/// "09:30:00" and `kPlaces` digits behind a point, in units of the last one. Remembers the last second, as Dates the
/// date.
template <size_t kPlaces>
class ClockTimes {
 public:
  using Value = int64_t;
  static constexpr size_t kLength = kPlaces == 0 ? 8 : 9 + kPlaces;
  bool read(Cell cell, int64_t& value) { return cell.text.size() == kLength && read_units(cell.text.data(), value); }
  /// Of the first kLength characters at `text`.
  bool read_units(const char* text, int64_t& value) {
    uint64_t word = 0;
    std::memcpy(&word, text, 8);
    if (word != last_ && !read_second(text, word)) return false;
    value = seconds_;
    if constexpr (kPlaces > 0) {
      bool digits = text[8] == '.';
      size_t place = 0;
      if constexpr (kPlaces >= 8) {
        uint64_t number = 0;
        std::memcpy(&word, text + 9, 8);
        digits = read_digits(word, 8, number) && digits;
        value = value * 100'000'000 + static_cast<int64_t>(number);
        place = 8;
      }
      for (; place < kPlaces; ++place) {
        digits = digits && is_digit(text[9 + place]);
        value = value * 10 + (text[9 + place] - '0');
      }
      return digits;
    }
    return true;
  }

 private:
  bool read_second(const char* text, uint64_t word) {
    const int hour = two_digits(text), minute = two_digits(text + 3), second = two_digits(text + 6);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    if (text[2] != ':' || text[5] != ':') return false;
    last_ = word;
    seconds_ = hour * 3600 + minute * 60 + second;
    return true;
  }

  uint64_t last_ = 0;
  int64_t seconds_ = 0;
};

template <size_t kPlaces>
class DateTimes {
 public:
  using Value = int64_t;
  bool read(Cell cell, int64_t& value) {
    const auto text = cell.text;
    if (text.size() != 11 + ClockTimes<kPlaces>::kLength || (text[10] != 'T' && text[10] != ' ')) return false;
    int64_t days = 0, units = 0;
    if (!dates_.read_days(text.data(), days) || !clock_.read_units(text.data() + 11, units)) return false;
    int64_t day_units = 86400;
    for (size_t i = 0; i < kPlaces; ++i) day_units *= 10;
    value = days * day_units + units;
    return true;
  }

 private:
  Dates dates_;
  ClockTimes<kPlaces> clock_;
};

class TextCells final : public EachCell<TextCells> {
 public:
  explicit TextCells(const data::ColumnDefinition& column) : type_(column.type) {}
  void take(Cell cell) { values_.emplace_back(cell.text); }
  void expect(size_t cells) override { values_.reserve(cells); }
  Vector finish() override { return Vector::adopt<std::string>(type_, std::move(values_)); }

 private:
  const Type type_;
  Buffer<std::string> values_;
};

class SymbolCells final : public CellColumn {
 public:
  void add(std::string_view cell) override { codes_.push_back(code_of({cell, cell.data() + cell.size()})); }
  void add_all(const ColumnCells& cells) override {
    const size_t before = codes_.size();
    codes_.resize(before + cells.size());
    int32_t* out = codes_.data() + before;
    for (size_t i = 0; i < cells.size(); ++i) out[i] = code_of({cells[i], cells.limit()});
  }
  void expect(size_t cells) override { codes_.reserve(cells); }
  Vector finish() override { return Vector::of_symbols(std::move(base_), std::move(codes_)); }

 private:
  struct Recent {
    uint64_t word = 0;
    uint32_t size = 0;
    int32_t code = 0;  // of the empty text
  };

  /// Neighbours are often equal, and a short memory of texts saves most look-ups.
  [[gnu::always_inline]] int32_t code_of(Cell cell) {
    const uint64_t word = cell.first_word();
    const size_t size = cell.text.size();
    Recent& recent = recent_[(word * 0x9E3779B97F4A7C15ULL + size) >> 52];
    const bool known =
        recent.word == word && recent.size == size && (size <= 8 || base_->text(recent.code) == cell.text);
    if (!known) recent = {word, static_cast<uint32_t>(size), base_->code_of(cell.text)};
    return recent.code;
  }

  std::shared_ptr<data::SymbolBase> base_ = std::make_shared<data::SymbolBase>();
  Buffer<int32_t> codes_;
  std::vector<Recent> recent_ = std::vector<Recent>(4096);
};

}  // namespace

std::unique_ptr<CellColumn> make_cell_column(const TextColumn& column) {
  const auto& definition = column.definition;
  if (!column.format.empty()) return std::make_unique<PatternCells>(column);
  switch (definition.type) {
    case Type::kBool:
    case Type::kChar:
      return std::make_unique<FixedCells<int8_t, SingleCharacters>>(definition, SingleCharacters(definition));
    case Type::kShort: return std::make_unique<FixedCells<int16_t, WholeNumbers<4>>>(definition);
    case Type::kInt: return std::make_unique<FixedCells<int32_t, WholeNumbers<9>>>(definition);
    case Type::kLong: return std::make_unique<FixedCells<int64_t, WholeNumbers<18>>>(definition);
    case Type::kDouble: return std::make_unique<FixedCells<double, DecimalNumbers>>(definition);
    case Type::kDate: return std::make_unique<FixedCells<int32_t, Dates>>(definition);
    case Type::kSecond: return std::make_unique<FixedCells<int32_t, ClockTimes<0>>>(definition);
    case Type::kTime: return std::make_unique<FixedCells<int32_t, ClockTimes<3>>>(definition);
    case Type::kNanotime: return std::make_unique<FixedCells<int64_t, ClockTimes<9>>>(definition);
    case Type::kDatetime: return std::make_unique<FixedCells<int32_t, DateTimes<0>>>(definition);
    case Type::kTimestamp: return std::make_unique<FixedCells<int64_t, DateTimes<3>>>(definition);
    case Type::kNanotimestamp: return std::make_unique<FixedCells<int64_t, DateTimes<9>>>(definition);
    case Type::kSymbol: return std::make_unique<SymbolCells>();
    case Type::kString:
    case Type::kBlob: return std::make_unique<TextCells>(definition);
    default: return std::make_unique<AnyCells>(definition);
  }
}

}  // namespace pelorus::functions
