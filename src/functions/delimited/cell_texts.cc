#include "functions/delimited/cell_texts.h"

#include <charconv>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "data/value.h"
#include "functions/append.h"
#include "functions/arguments.h"
#include "types/format_value.h"
#include "types/null.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

using data::Value;
using data::Vector;
using types::Category;
using types::Type;

bool needs_quotes(std::string_view cell, char delimiter) {
  return cell.find(delimiter) != std::string_view::npos || cell.find_first_of("\"\r\n") != std::string_view::npos;
}

void append_quoted(std::string_view cell, std::string& out) {
  out += '"';
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_text(std::string_view cell, char delimiter, std::string& out) {
  if (needs_quotes(cell, delimiter))
    append_quoted(cell, out);
  else
    out += cell;
}

/// No number, date or time has such a delimiter in it.
bool stands_apart(char delimiter) {
  return std::string_view(",;|\t \x01\x02").find(delimiter) != std::string_view::npos;
}

class AnyTexts final : public CellTexts {
 public:
  AnyTexts(const Vector& column, char delimiter) : column_(column), delimiter_(delimiter) {}
  void append(size_t row, std::string& out) override {
    const Value value = column_.at(row);
    std::string cell;
    if (value.is_scalar()) {
      cell = cast_text(value.scalar());
    } else if (const auto elements = elements_of(value)) {
      for (size_t i = 0; i < (*elements)->size(); ++i)
        cell += (i > 0 ? ";" : "") + cast_text((*elements)->scalar_at(i));
    }
    append_text(cell, delimiter_, out);
  }

 private:
  const Vector& column_;
  const char delimiter_;
};

template <class T>
class WholeTexts final : public CellTexts {
 public:
  explicit WholeTexts(const Vector& column) : values_(column.values<T>()) {}
  void append(size_t row, std::string& out) override {
    const T value = values_[row];
    if (types::is_null(value)) return;
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

 private:
  const std::span<const T> values_;
};

/// Fifteen significant digits, as format_value shows doubles. A number that is a whole multiple of 0.0001 and has no
/// more digits than that is written digit by digit: its nearest double reads back as these digits.
class DoubleTexts final : public CellTexts {
 public:
  explicit DoubleTexts(const Vector& column) : values_(column.values<double>()) {}
  void append(size_t row, std::string& out) override {
    constexpr double kScale = 10000, kMost = 1e15;
    const double value = values_[row];
    if (types::is_null(value)) return;
    const double scaled = std::nearbyint(value * kScale);
    if (!(std::fabs(scaled) < kMost) || scaled == 0 || scaled / kScale != value) {
      out += types::format_value(types::Scalar::of_double(value));
      return;
    }
    const auto digits = static_cast<int64_t>(std::fabs(scaled));
    if (scaled < 0) out += '-';
    char whole[24];
    out.append(whole, std::to_chars(whole, whole + sizeof whole, digits / 10000).ptr);
    auto rest = static_cast<int>(digits % 10000);
    if (rest == 0) return;
    char decimals[5] = {'.', static_cast<char>('0' + rest / 1000), static_cast<char>('0' + rest / 100 % 10),
                        static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
    size_t length = sizeof decimals;
    while (decimals[length - 1] == '0') --length;
    out.append(decimals, length);
  }

 private:
  const std::span<const double> values_;
};

/// Dates, times of day and moments of both. The text of a day is kept for the next cells, which mostly have the same.
template <class T>
class MomentTexts final : public CellTexts {
 public:
  MomentTexts(const Vector& column, int decimals)
      : values_(column.values<T>()),
        type_(column.type()),
        units_(type_ == Type::kDate ? 1 : types::units_per_day(type_)),
        decimals_(decimals) {}

  void append(size_t row, std::string& out) override {
    const int64_t value = values_[row];
    if (types::is_null(values_[row])) return;
    const bool is_clock = types::is_time_of_day(type_);
    if (is_clock && (value < 0 || value >= units_)) {
      out += types::format_value(types::Scalar::of<T>(type_, values_[row]));
      return;
    }
    const int64_t day = value / units_ - (value % units_ < 0 ? 1 : 0);
    if (!is_clock) out += text_of_day(day);
    if (type_ == Type::kDate) return;
    if (!is_clock) out += 'T';
    append_clock(value - day * units_, out);
  }

 private:
  const std::string& text_of_day(int64_t day) {
    if (day != day_ || text_.empty()) {
      day_ = day;
      text_ = types::format_value(types::Scalar::of<int32_t>(Type::kDate, static_cast<int32_t>(day)));
    }
    return text_;
  }
  static void put(char* at, int64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  }
  void append_clock(int64_t units, std::string& out) const {
    const int64_t per_second = units_ / 86400;
    const int64_t seconds = units / per_second;
    char clock[18] = "00:00:00.";
    put(clock, seconds / 3600, 2);
    put(clock + 3, seconds / 60 % 60, 2);
    put(clock + 6, seconds % 60, 2);
    put(clock + 9, units % per_second, decimals_);
    out.append(clock, static_cast<size_t>(decimals_ == 0 ? 8 : 9 + decimals_));
  }

  const std::span<const T> values_;
  const Type type_;
  const int64_t units_;  // in a day
  const int decimals_;   // of the second
  int64_t day_ = 0;
  std::string text_;  // of day_
};

class SymbolTexts final : public CellTexts {
 public:
  SymbolTexts(const Vector& column, char delimiter)
      : column_(column),
        codes_(column.values<int32_t>()),
        delimiter_(delimiter),
        known_(static_cast<size_t>(column.symbols().size()), Known::kNot) {}
  void append(size_t row, std::string& out) override {
    const auto code = static_cast<size_t>(codes_[row]);
    const auto& text = column_.symbols().text(codes_[row]);
    if (known_[code] == Known::kNot) known_[code] = needs_quotes(text, delimiter_) ? Known::kQuoted : Known::kPlain;
    if (known_[code] == Known::kQuoted)
      append_quoted(text, out);
    else
      out += text;
  }

 private:
  enum class Known : uint8_t { kNot, kPlain, kQuoted };
  const Vector& column_;
  const std::span<const int32_t> codes_;
  const char delimiter_;
  std::vector<Known> known_;  // of each code
};

class StringTexts final : public CellTexts {
 public:
  StringTexts(const Vector& column, char delimiter) : column_(column), delimiter_(delimiter) {}
  void append(size_t row, std::string& out) override { append_text(column_.text_at(row), delimiter_, out); }

 private:
  const Vector& column_;
  const char delimiter_;
};

}  // namespace

std::unique_ptr<CellTexts> make_any_cell_texts(const Vector& column, char delimiter) {
  return std::make_unique<AnyTexts>(column, delimiter);
}

std::unique_ptr<CellTexts> make_cell_texts(const Vector& column, char delimiter) {
  if (column.is_array() || column.is_tuple()) return make_any_cell_texts(column, delimiter);
  if (column.type() == Type::kSymbol) return std::make_unique<SymbolTexts>(column, delimiter);
  if (column.type() == Type::kString) return std::make_unique<StringTexts>(column, delimiter);
  if (!stands_apart(delimiter)) return make_any_cell_texts(column, delimiter);
  switch (column.type()) {
    case Type::kShort: return std::make_unique<WholeTexts<int16_t>>(column);
    case Type::kInt: return std::make_unique<WholeTexts<int32_t>>(column);
    case Type::kLong: return std::make_unique<WholeTexts<int64_t>>(column);
    case Type::kDouble: return std::make_unique<DoubleTexts>(column);
    case Type::kDate: return std::make_unique<MomentTexts<int32_t>>(column, 0);
    case Type::kSecond: return std::make_unique<MomentTexts<int32_t>>(column, 0);
    case Type::kDatetime: return std::make_unique<MomentTexts<int32_t>>(column, 0);
    case Type::kTime: return std::make_unique<MomentTexts<int32_t>>(column, 3);
    case Type::kTimestamp: return std::make_unique<MomentTexts<int64_t>>(column, 3);
    case Type::kNanotime: return std::make_unique<MomentTexts<int64_t>>(column, 9);
    case Type::kNanotimestamp: return std::make_unique<MomentTexts<int64_t>>(column, 9);
    default: return make_any_cell_texts(column, delimiter);
  }
}

}  // namespace pelorus::functions
