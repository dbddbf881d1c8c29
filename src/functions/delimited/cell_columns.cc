#include "functions/delimited/cell_columns.h"

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

/// [sign] up to `digits_max` digits and nothing else.
std::optional<int64_t> whole(std::string_view cell, size_t digits_max) {
  const bool negative = !cell.empty() && cell[0] == '-';
  if (negative) cell.remove_prefix(1);
  if (cell.empty() || cell.size() > digits_max) return std::nullopt;
  int64_t value = 0;
  for (const char c : cell) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

/// Everything a type's values may look like.
Scalar read_cell(std::string_view cell, const data::ColumnDefinition& column) {
  return types::parse_value(cell, types::is_literal(column.type) ? Type::kString : column.type, column.scale);
}

class AnyCells final : public CellColumn {
 public:
  explicit AnyCells(const data::ColumnDefinition& column) : column_(column), values_(column.type, 0, column.scale) {}
  void add(std::string_view cell) override { values_.push_back(read_cell(cell, column_)); }
  Vector finish() override { return std::move(values_); }

 private:
  const data::ColumnDefinition column_;
  Vector values_;
};

class PatternCells final : public CellColumn {
 public:
  explicit PatternCells(const TextColumn& column)
      : type_(column.definition.type), pattern_(column.format), values_(type_, 0, column.definition.scale) {}
  void add(std::string_view cell) override { values_.push_back(read(std::string(cell))); }
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
  explicit FixedCells(const data::ColumnDefinition& column) : column_(column) {}
  void add(std::string_view cell) override {
    const auto value = fast_(cell);
    if (value && fits(*value))
      values_.push_back(static_cast<T>(*value));
    else
      values_.push_back(cell.empty() ? types::kNull<T> : read_cell(cell, column_).template get<T>());
  }
  Vector finish() override { return Vector::adopt<T>(column_.type, std::move(values_), column_.scale); }

 private:
  template <class U>
  static bool fits(U value) {
    return std::is_floating_point_v<T> || static_cast<U>(static_cast<T>(value)) == value;
  }

  const data::ColumnDefinition column_;
  Fast fast_;
  Buffer<T> values_;
};

template <size_t kDigits>
struct WholeNumbers {
  std::optional<int64_t> operator()(std::string_view cell) const { return whole(cell, kDigits); }
};

/// Up to 15 digits around a point: their number and a power of ten are exact, so one division rounds correctly.
struct DecimalNumbers {
  std::optional<double> operator()(std::string_view cell) const {
    static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = !cell.empty() && cell[0] == '-';
    if (negative) cell.remove_prefix(1);
    if (cell.empty() || cell.size() > 16) return std::nullopt;
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
        return std::nullopt;
      }
    }
    if (count == 0 || count > 15) return std::nullopt;
    const double value = static_cast<double>(digits) / kPowers[places];
    return negative ? -value : value;
  }
};

/// "2024.01.31", also with '-' or '/'. Remembers the last date, which the next cell usually has too.
class Dates {
 public:
  std::optional<int64_t> operator()(std::string_view cell) {
    return cell.size() == 10 ? days(cell.data()) : std::nullopt;
  }
  /// Of the first ten characters at `text`.
  std::optional<int64_t> days(const char* text) {
    if (std::memcmp(text, last_, sizeof last_) == 0) return days_;
    const int century = two_digits(text), year = two_digits(text + 2), month = two_digits(text + 5),
              day = two_digits(text + 8);
    const bool marks = text[4] == text[7] && (text[4] == '.' || text[4] == '-' || text[4] == '/');
    // Impossible days and months are for the general reader to judge.
    if (!marks || century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 28) return std::nullopt;
    std::memcpy(last_, text, sizeof last_);
    return days_ = types::days_from_civil(century * 100 + year, month, day);
  }

 private:
  char last_[10] = {};
  int64_t days_ = 0;
};

/// "09:30:00" and `kPlaces` digits behind a point, in units of the last one.
template <size_t kPlaces>
struct ClockTimes {
  static constexpr size_t kLength = kPlaces == 0 ? 8 : 9 + kPlaces;
  static std::optional<int64_t> units(const char* text) {
    const int hour = two_digits(text), minute = two_digits(text + 3), second = two_digits(text + 6);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
    if (text[2] != ':' || text[5] != ':') return std::nullopt;
    int64_t units = hour * 3600 + minute * 60 + second;
    if constexpr (kPlaces > 0) {
      if (text[8] != '.') return std::nullopt;
      for (size_t i = 0; i < kPlaces; ++i) {
        if (!is_digit(text[9 + i])) return std::nullopt;
        units = units * 10 + (text[9 + i] - '0');
      }
    }
    return units;
  }
  std::optional<int64_t> operator()(std::string_view cell) const {
    return cell.size() == kLength ? units(cell.data()) : std::nullopt;
  }
};

template <size_t kPlaces>
class DateTimes {
 public:
  std::optional<int64_t> operator()(std::string_view cell) {
    using Clock = ClockTimes<kPlaces>;
    if (cell.size() != 11 + Clock::kLength || (cell[10] != 'T' && cell[10] != ' ')) return std::nullopt;
    const auto days = dates_.days(cell.data());
    const auto units = Clock::units(cell.data() + 11);
    if (!days || !units) return std::nullopt;
    int64_t day_units = 86400;
    for (size_t i = 0; i < kPlaces; ++i) day_units *= 10;
    return *days * day_units + *units;
  }

 private:
  Dates dates_;
};

class TextCells final : public CellColumn {
 public:
  explicit TextCells(const data::ColumnDefinition& column) : type_(column.type) {}
  void add(std::string_view cell) override { values_.emplace_back(cell); }
  Vector finish() override { return Vector::adopt<std::string>(type_, std::move(values_)); }

 private:
  const Type type_;
  Buffer<std::string> values_;
};

class SymbolCells final : public CellColumn {
 public:
  void add(std::string_view cell) override {
    // Neighbours are often equal, and a short memory of texts saves most look-ups.
    int32_t& recent = recent_[slot_of(cell)];
    if (base_->text(recent) != cell) recent = base_->code_of(cell);
    codes_.push_back(recent);
  }
  Vector finish() override { return Vector::of_symbols(std::move(base_), std::move(codes_)); }

 private:
  static size_t slot_of(std::string_view cell) {
    uint64_t word = cell.size();
    std::memcpy(&word, cell.data(), std::min<size_t>(cell.size(), sizeof word));
    return (word * 0x9E3779B97F4A7C15ULL + cell.size()) >> 52;
  }

  std::shared_ptr<data::SymbolBase> base_ = std::make_shared<data::SymbolBase>();
  Buffer<int32_t> codes_;
  std::vector<int32_t> recent_ = std::vector<int32_t>(4096, 0);  // code 0 is the empty text
};

}  // namespace

std::unique_ptr<CellColumn> make_cell_column(const TextColumn& column) {
  const auto& definition = column.definition;
  if (!column.format.empty()) return std::make_unique<PatternCells>(column);
  switch (definition.type) {
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
