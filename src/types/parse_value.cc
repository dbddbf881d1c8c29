#include "types/parse_value.h"

#include <fast_float/fast_float.h>

#include <charconv>
#include <cmath>

#include "types/temporal.h"

namespace pelorus::types {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Runs of digits separated by anything else, left to right.
class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool skip(std::string_view any_of) {
    if (at_end() || any_of.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }
  /// Between one and `digits_max` digits; -1 when there is none.
  int64_t number(int digits_max) {
    int64_t value = 0;
    int digits = 0;
    while (digits < digits_max && !at_end() && text_[at_] >= '0' && text_[at_] <= '9') {
      value = value * 10 + (text_[at_++] - '0');
      ++digits;
    }
    last_digits_ = digits;
    return digits == 0 ? -1 : value;
  }
  int last_digits() const { return last_digits_; }

 private:
  std::string_view text_;
  size_t at_ = 0;
  int last_digits_ = 0;
};

/// Nanoseconds of the day from HH:MM[:SS[.fraction]]; -1 when it is none.
int64_t read_clock(Digits& in) {
  const auto hour = in.number(2);
  if (hour < 0 || hour > 23) return -1;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t fraction = 0;
  if (in.skip(":")) {
    minute = in.number(2);
    if (minute < 0 || minute > 59) return -1;
    if (in.skip(":")) {
      second = in.number(2);
      if (second < 0 || second > 59) return -1;
      if (in.skip(".")) {
        fraction = in.number(9);
        if (fraction < 0) return -1;
        for (int digits = in.last_digits(); digits < 9; ++digits) fraction *= 10;
      }
    }
  }
  return ((hour * 60 + minute) * 60 + second) * 1'000'000'000 + fraction;
}

struct Moment {
  bool valid = false;
  int64_t days = 0;
  int64_t ns = 0;
  bool has_day = false;
};

/// yyyy.MM.dd (also - / and yyyyMMdd), optionally T or blank and a clock; yyyy.MM for months.
Moment read_moment(std::string_view text) {
  Digits in(text);
  Moment moment;
  int64_t year = in.number(8);
  int64_t month = 0;
  int64_t day = 1;
  if (year < 0) return moment;
  if (in.last_digits() == 8) {
    day = year % 100;
    month = year / 100 % 100;
    year /= 10000;
    moment.has_day = true;
  } else if (in.last_digits() == 6) {
    month = year % 100;
    year /= 100;
  } else {
    if (!in.skip(".-/")) return moment;
    month = in.number(2);
    if (in.skip(".-/")) {
      day = in.number(2);
      moment.has_day = true;
    }
  }
  if (!is_valid_date(static_cast<int>(year), static_cast<int>(month), static_cast<int>(day))) return moment;
  moment.days = days_from_civil(static_cast<int>(year), static_cast<int>(month), static_cast<int>(day));
  if (!in.at_end() && in.skip("T DM")) {
    if (!in.at_end()) {
      moment.ns = read_clock(in);
      if (moment.ns < 0) return moment;
    }
  }
  moment.valid = in.at_end() || in.skip("Z");
  return moment;
}

Scalar whole(Type type, int64_t value) {
  return visit_fixed(repr_of(type), [&]<class T>() -> Scalar {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      const T narrowed = static_cast<T>(value);
      return static_cast<int64_t>(narrowed) == value ? Scalar::of<T>(type, narrowed) : Scalar::null_of(type);
    } else {
      return Scalar::null_of(type);
    }
  });
}

Scalar parse_temporal(std::string_view text, Type type) {
  if (is_time_of_day(type)) {
    if (const auto at = text.find_first_of("T "); at != std::string_view::npos) text.remove_prefix(at + 1);
    if (!text.empty() && text.back() == 'm') text.remove_suffix(1);
    Digits in(text);
    const auto ns = read_clock(in);
    if (ns < 0 || !in.at_end() || text.find(':') == std::string_view::npos) return Scalar::null_of(type);
    return whole(type, ns / (86'400'000'000'000 / units_per_day(type)));
  }
  const auto moment = read_moment(text);
  if (!moment.valid) return Scalar::null_of(type);
  if (type == Type::kMonth) {
    const auto civil = civil_from_days(static_cast<int32_t>(moment.days));
    return whole(type, static_cast<int64_t>(civil.year) * 12 + civil.month - 1);
  }
  if (!moment.has_day) return Scalar::null_of(type);
  const auto per_day = units_per_day(type);
  return whole(type, moment.days * per_day + moment.ns / (86'400'000'000'000 / per_day));
}

double parse_double(std::string_view text, bool* ok) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto result = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  *ok = result.ec == std::errc();
  return value;
}

Scalar parse_integer(std::string_view text, Type type) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc()) return Scalar::null_of(type);
  if (result.ptr != text.data() + text.size() && (*result.ptr == '.' || *result.ptr == 'e' || *result.ptr == 'E')) {
    bool ok = false;
    const double wide = parse_double(text, &ok);
    if (ok && std::fabs(wide) < 9.2e18) value = static_cast<int64_t>(std::trunc(wide));
  }
  return whole(type, value);
}

Scalar parse_decimal(std::string_view text, Type type, int scale) {
  Int128 value = 0;
  bool negative = false;
  bool seen_point = false;
  bool round_up = false;
  int fraction = 0;
  int digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 0 && (c == '-' || c == '+')) {
      negative = c == '-';
    } else if (c == '.' && !seen_point) {
      seen_point = true;
    } else if (c >= '0' && c <= '9') {
      ++digits;
      if (fraction == scale && seen_point) {
        round_up = c >= '5';
        break;
      }
      if (__builtin_mul_overflow(value, static_cast<Int128>(10), &value)) return Scalar::null_of(type, scale);
      value += c - '0';
      fraction += seen_point;
    } else {
      break;
    }
  }
  if (digits == 0) return Scalar::null_of(type, scale);
  for (; fraction < scale; ++fraction) {
    if (__builtin_mul_overflow(value, static_cast<Int128>(10), &value)) return Scalar::null_of(type, scale);
  }
  value += round_up;
  if (negative) value = -value;
  return visit_fixed(repr_of(type), [&]<class T>() -> Scalar {
    if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> || std::is_same_v<T, Int128>) {
      const T narrowed = static_cast<T>(value);
      return static_cast<Int128>(narrowed) == value ? Scalar::of<T>(type, narrowed, scale)
                                                    : Scalar::null_of(type, scale);
    } else {
      return Scalar::null_of(type, scale);
    }
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Scalar parse_hex(std::string_view text, Type type) {
  Bytes16 value;
  size_t digits = 0;
  for (const char c : text) {
    if (c == '-' && type == Type::kUuid) continue;
    const int digit = hex_digit(c);
    if (digit < 0 || digits == 32) return Scalar::null_of(type);
    auto& byte = value.bytes[15 - digits / 2];
    byte = static_cast<uint8_t>(byte << 4 | digit);
    ++digits;
  }
  return digits == 32 ? Scalar::of<Bytes16>(type, value) : Scalar::null_of(type);
}

Scalar parse_address_v6(std::string_view text) {
  uint16_t groups[8] = {};
  size_t count = 0;
  size_t gap = 8;
  size_t at = 0;
  while (at < text.size() && count < 8) {
    if (text.substr(at, 2) == "::") {
      if (gap != 8) return Scalar::null_of(Type::kIpaddr);
      gap = count;
      at += 2;
      continue;
    }
    if (text[at] == ':') ++at;
    int value = 0;
    size_t digits = 0;
    for (; at < text.size() && digits < 4 && hex_digit(text[at]) >= 0; ++at, ++digits)
      value = value * 16 + hex_digit(text[at]);
    if (digits == 0) return Scalar::null_of(Type::kIpaddr);
    groups[count++] = static_cast<uint16_t>(value);
  }
  if (at != text.size() || (count < 8 && gap == 8)) return Scalar::null_of(Type::kIpaddr);
  Bytes16 value;
  const size_t tail = gap == 8 ? 0 : count - gap;
  for (size_t i = 0; i < count; ++i) {
    const size_t group = i < gap || gap == 8 ? i : 8 - tail + (i - gap);
    value.bytes[15 - group * 2] = static_cast<uint8_t>(groups[i] >> 8);
    value.bytes[14 - group * 2] = static_cast<uint8_t>(groups[i] & 0xFF);
  }
  return Scalar::of<Bytes16>(Type::kIpaddr, value);
}

Scalar parse_address(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_address_v6(text);
  Digits in(text);
  Bytes16 value;
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0 && !in.skip(".")) return Scalar::null_of(Type::kIpaddr);
    const auto part = in.number(3);
    if (part < 0 || part > 255) return Scalar::null_of(Type::kIpaddr);
    value.bytes[3 - i] = static_cast<uint8_t>(part);
  }
  return in.at_end() ? Scalar::of<Bytes16>(Type::kIpaddr, value) : Scalar::null_of(Type::kIpaddr);
}

Scalar parse_bool(std::string_view text) {
  if (text == "true" || text == "TRUE" || text == "True") return Scalar::of_bool(true);
  if (text == "false" || text == "FALSE" || text == "False") return Scalar::of_bool(false);
  bool ok = false;
  const double value = parse_double(text, &ok);
  return ok ? Scalar::of_bool(value != 0) : Scalar::null_of(Type::kBool);
}

}  // namespace

Scalar parse_value(std::string_view text, Type type, int scale) {
  if (is_literal(type)) return Scalar::of_text(type, std::string(text));
  text = trimmed(text);
  if (text.empty()) return Scalar::null_of(type, scale);
  switch (category_of(type)) {
    case Category::kLogical: return parse_bool(text);
    case Category::kIntegral:
      if (type == Type::kChar && text.size() == 1 && (text[0] < '0' || text[0] > '9')) {
        return Scalar::of<int8_t>(type, static_cast<int8_t>(text[0]));
      }
      return parse_integer(text, type);
    case Category::kTemporal: return parse_temporal(text, type);
    case Category::kFloating: {
      bool ok = false;
      const double value = parse_double(text, &ok);
      if (!ok) return Scalar::null_of(type);
      return type == Type::kFloat ? Scalar::of<float>(type, static_cast<float>(value)) : Scalar::of_double(value);
    }
    case Category::kDecimal: return parse_decimal(text, type, scale);
    case Category::kBinary:
      if (type == Type::kIpaddr) return parse_address(text);
      if (type == Type::kUuid || type == Type::kInt128) return parse_hex(text, type);
      return Scalar::null_of(type);
    default: return Scalar::null_of(type);
  }
}

}  // namespace pelorus::types
