// Numbers, dates, times and durations (language reference §1.2).

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "syntax/lexer.h"
#include "types/null.h"
#include "types/temporal.h"

namespace pelorus::syntax {
namespace {

using types::Duration;
using types::DurationUnit;
using types::Scalar;
using types::Type;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// A view with reads past the end answered by NUL.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  char operator[](size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  std::string_view part(size_t from, size_t count) const { return text_.substr(from, count); }
  bool ends_word(size_t i) const { return !is_word_part((*this)[i]); }
  /// The number of exactly `digits` digits at i; -1 when they are not there.
  int fixed(size_t i, size_t digits) const {
    int value = 0;
    for (size_t k = 0; k < digits; ++k) {
      if (!is_digit((*this)[i + k])) return -1;
      value = value * 10 + ((*this)[i + k] - '0');
    }
    return value;
  }
  size_t digits_from(size_t i) const {
    size_t count = 0;
    while (is_digit((*this)[i + count])) ++count;
    return count;
  }

 private:
  std::string_view text_;
};

template <class T>
Scalar fixed_scalar(Type type, int64_t value) {
  return Scalar::of<T>(type, static_cast<T>(value));
}

struct TimeOfDay {
  int64_t nanos = 0;
  size_t decimals = 0;
  size_t length = 0;
};

/// hh:mm:ss[.digits] at i.
std::optional<TimeOfDay> scan_time(const Cursor& text, size_t i) {
  const int hour = text.fixed(i, 2);
  const int minute = text.fixed(i + 3, 2);
  const int second = text.fixed(i + 6, 2);
  if (hour < 0 || minute < 0 || second < 0 || text[i + 2] != ':' || text[i + 5] != ':') return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  TimeOfDay time;
  time.nanos = ((hour * 60LL + minute) * 60 + second) * 1'000'000'000;
  time.length = 8;
  if (text[i + 8] == '.' && is_digit(text[i + 9])) {
    time.decimals = text.digits_from(i + 9);
    if (time.decimals > 9) return std::nullopt;
    int64_t fraction = text.fixed(i + 9, time.decimals);
    for (size_t k = time.decimals; k < 9; ++k) fraction *= 10;
    time.nanos += fraction;
    time.length += 1 + time.decimals;
  }
  if (!text.ends_word(i + time.length)) return std::nullopt;
  return time;
}

/// Nothing when the type cannot hold the moment (DATETIME ends in 2038, NANOTIMESTAMP in 2262).
std::optional<Scalar> date_time(int32_t days, const TimeOfDay& time) {
  if (time.decimals == 0) {
    const int64_t seconds = days * 86'400LL + time.nanos / 1'000'000'000;
    if (seconds > INT32_MAX || seconds <= INT32_MIN) return std::nullopt;
    return fixed_scalar<int32_t>(Type::kDatetime, seconds);
  }
  if (time.decimals <= 3) {
    return fixed_scalar<int64_t>(Type::kTimestamp, days * 86'400'000LL + time.nanos / 1'000'000);
  }
  int64_t nanos = 0;
  if (__builtin_mul_overflow(int64_t{days}, 86'400'000'000'000LL, &nanos) ||
      __builtin_add_overflow(nanos, time.nanos, &nanos)) {
    return std::nullopt;
  }
  return fixed_scalar<int64_t>(Type::kNanotimestamp, nanos);
}

/// yyyy.MM.dd with an optional time, yyyy.MMM. 0: no date here.
size_t scan_date(const Cursor& text, Scalar* value) {
  const int year = text.fixed(0, 4);
  const int month = text.fixed(5, 2);
  if (year < 0 || month < 0 || text[4] != '.') return 0;
  if (text[7] == 'M' && text.ends_word(8) && month >= 1 && month <= 12) {
    *value = fixed_scalar<int32_t>(Type::kMonth, year * 12 + month - 1);
    return 8;
  }
  const int day = text.fixed(8, 2);
  if (text[7] != '.' || day < 0 || !types::is_valid_date(year, month, day)) return 0;
  const int32_t days = types::days_from_civil(year, month, day);
  if (text[10] == 'T' || text[10] == ' ') {
    if (const auto time = scan_time(text, 11)) {
      const auto moment = date_time(days, *time);
      if (!moment) return 0;
      *value = *moment;
      return 11 + time->length;
    }
    const int hour = text.fixed(11, 2);
    if (text[10] == 'T' && hour >= 0 && hour < 24 && text.ends_word(13) && text[13] != ':') {
      *value = fixed_scalar<int32_t>(Type::kDatehour, days * 24 + hour);
      return 13;
    }
  }
  if (!text.ends_word(10)) return 0;
  *value = fixed_scalar<int32_t>(Type::kDate, days);
  return 10;
}

/// hh:mmm and hh:mm:ss[.fff].
size_t scan_clock(const Cursor& text, Scalar* value) {
  const int hour = text.fixed(0, 2);
  const int minute = text.fixed(3, 2);
  if (hour < 0 || minute < 0 || text[2] != ':') return 0;
  if (text[5] == 'm' && text.ends_word(6) && hour < 24 && minute < 60) {
    *value = fixed_scalar<int32_t>(Type::kMinute, hour * 60 + minute);
    return 6;
  }
  const auto time = scan_time(text, 0);
  if (!time) return 0;
  if (time->decimals == 0) {
    *value = fixed_scalar<int32_t>(Type::kSecond, time->nanos / 1'000'000'000);
  } else if (time->decimals <= 3) {
    *value = fixed_scalar<int32_t>(Type::kTime, time->nanos / 1'000'000);
  } else {
    *value = fixed_scalar<int64_t>(Type::kNanotime, time->nanos);
  }
  return time->length;
}

/// 00b, 00i …
size_t scan_null(const Cursor& text, Scalar* value) {
  if (text[0] != '0' || text[1] != '0' || !text.ends_word(3)) return 0;
  constexpr std::pair<char, Type> kNulls[] = {
      {'b', Type::kBool},      {'c', Type::kChar},     {'h', Type::kShort},     {'i', Type::kInt},
      {'l', Type::kLong},      {'f', Type::kFloat},    {'F', Type::kDouble},    {'d', Type::kDate},
      {'M', Type::kMonth},     {'t', Type::kTime},     {'m', Type::kMinute},    {'s', Type::kSecond},
      {'n', Type::kNanotime},  {'D', Type::kDatetime}, {'T', Type::kTimestamp}, {'N', Type::kNanotimestamp},
      {'P', Type::kDecimal64},
  };
  for (const auto& [letter, type] : kNulls) {
    if (text[2] != letter) continue;
    *value = Scalar::null_of(type);
    return 3;
  }
  return 0;
}

std::optional<int32_t> duration_unit(std::string_view unit) {
  constexpr std::pair<std::string_view, DurationUnit> kUnits[] = {
      {"ns", DurationUnit::kNanosecond}, {"us", DurationUnit::kMicrosecond}, {"ms", DurationUnit::kMillisecond},
      {"s", DurationUnit::kSecond},      {"m", DurationUnit::kMinute},       {"H", DurationUnit::kHour},
      {"d", DurationUnit::kDay},         {"w", DurationUnit::kWeek},         {"M", DurationUnit::kMonth},
      {"y", DurationUnit::kYear},        {"B", DurationUnit::kBusinessDay},
  };
  for (const auto& [text, code] : kUnits) {
    if (text == unit) return static_cast<int32_t>(code);
  }
  if (unit.size() != 4) return std::nullopt;
  int32_t packed = 0;
  for (const char c : unit) {
    if (c < 'A' || c > 'Z') return std::nullopt;
    packed = packed << 8 | c;
  }
  return packed;
}

/// A whole number with the word written behind it.
std::optional<Scalar> whole_number(std::string_view digits, std::string_view suffix) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{}) {
    if (!suffix.empty()) return std::nullopt;
    return Scalar::of_double(std::strtod(std::string(digits).c_str(), nullptr));
  }
  if (suffix.empty()) {
    return number <= INT32_MAX ? Scalar::of_int(static_cast<int32_t>(number)) : Scalar::of_long(number);
  }
  if (suffix == "l") return Scalar::of_long(number);
  if (suffix == "i" && number <= INT32_MAX) return Scalar::of_int(static_cast<int32_t>(number));
  if (suffix == "h" && number <= INT16_MAX) return Scalar::of<int16_t>(Type::kShort, static_cast<int16_t>(number));
  if (suffix == "c" && number <= 128) return Scalar::of<int8_t>(Type::kChar, static_cast<int8_t>(number));
  if (suffix == "b" && number <= 1) return Scalar::of_bool(number == 1);
  if (suffix == "f") return Scalar::of<float>(Type::kFloat, static_cast<float>(number));
  if (suffix == "F") return Scalar::of_double(static_cast<double>(number));
  if (suffix == "P") return Scalar::of<int64_t>(Type::kDecimal64, number, 0);
  const auto unit = duration_unit(suffix);
  if (!unit || number > INT32_MAX) return std::nullopt;
  return Scalar::of_duration({static_cast<int32_t>(number), *unit});
}

std::optional<Scalar> broken_number(std::string_view digits, std::string_view suffix) {
  if (suffix == "P") {
    const size_t point = digits.find('.');
    const std::string all = std::string(digits.substr(0, point)) + std::string(digits.substr(point + 1));
    const size_t scale = digits.size() - point - 1;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
    if (error != std::errc{} || *end != '\0' || scale > 18) return std::nullopt;
    return Scalar::of<int64_t>(Type::kDecimal64, number, static_cast<int>(scale));
  }
  const std::string text(digits);
  if (suffix == "f") return Scalar::of<float>(Type::kFloat, std::strtof(text.c_str(), nullptr));
  if (suffix.empty() || suffix == "F") return Scalar::of_double(std::strtod(text.c_str(), nullptr));
  return std::nullopt;
}

size_t scan_plain_number(const Cursor& text, Scalar* value) {
  size_t length = text.digits_from(0);
  bool broken = false;
  const char after = text[length + 1];
  const bool is_member = !is_digit(after) && is_word_part(after) && after != 'e' && after != 'E';
  if (text[length] == '.' && after != '.' && !is_member) {
    broken = true;
    length += 1 + text.digits_from(length + 1);
  }
  if (text[length] == 'e' || text[length] == 'E') {
    const size_t sign = text[length + 1] == '+' || text[length + 1] == '-' ? 1 : 0;
    const size_t digits = text.digits_from(length + 1 + sign);
    if (digits > 0) {
      broken = true;
      length += 1 + sign + digits;
    }
  }
  size_t suffix = 0;
  while (is_word_part(text[length + suffix])) ++suffix;
  const auto word = text.part(length, suffix);
  const auto number = broken ? broken_number(text.part(0, length), word) : whole_number(text.part(0, length), word);
  if (!number) return 0;
  *value = *number;
  return length + suffix;
}

}  // namespace

size_t scan_number(std::string_view text, Scalar* value) {
  const Cursor cursor(text);
  for (const auto scan : {scan_date, scan_clock, scan_null}) {
    if (const size_t length = scan(cursor, value); length > 0) return length;
  }
  return scan_plain_number(cursor, value);
}

}  // namespace pelorus::syntax
