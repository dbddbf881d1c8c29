#include "types/format_value.h"

#include <fmt/format.h>

#include <cmath>

#include "types/temporal.h"

namespace pelorus::types {
namespace {

std::string format_double(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";
  return fmt::format("{:.{}g}", value, digits);
}

/// The shortest text that reads as the same number.
template <class T>
std::string number_literal(T value) {
  if (std::isinf(value)) return value < 0 ? "-1e999" : "1e999";
  return fmt::format("{}", value);
}

std::string format_date(int64_t days) {
  const auto date = civil_from_days(static_cast<int32_t>(days));
  return fmt::format("{:04}.{:02}.{:02}", date.year, date.month, date.day);
}

/// `ns` of a day with 0, 3 or 9 decimals.
std::string format_clock(int64_t ns, int decimals) {
  const int64_t seconds = ns / 1'000'000'000;
  auto text = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (decimals == 3) text += fmt::format(".{:03}", ns / 1'000'000 % 1000);
  if (decimals == 9) text += fmt::format(".{:09}", ns % 1'000'000'000);
  return text;
}

std::string format_moment(int64_t value, Type type, int decimals) {
  const int64_t per_day = units_per_day(type);
  int64_t days = value / per_day;
  int64_t rest = value % per_day;
  if (rest < 0) {
    rest += per_day;
    --days;
  }
  return format_date(days) + "T" + format_clock(rest * (86'400'000'000'000 / per_day), decimals);
}

std::string format_temporal(int64_t value, Type type) {
  switch (type) {
    case Type::kDate: return format_date(value);
    case Type::kMonth: {
      const int64_t year = value >= 0 ? value / 12 : (value - 11) / 12;
      return fmt::format("{:04}.{:02}M", year, value - year * 12 + 1);
    }
    case Type::kTime: return format_clock(value * 1'000'000, 3);
    case Type::kMinute: return fmt::format("{:02}:{:02}m", value / 60, value % 60);
    case Type::kSecond: return format_clock(value * 1'000'000'000, 0);
    case Type::kNanotime: return format_clock(value, 9);
    case Type::kDatetime: return format_moment(value, type, 0);
    case Type::kTimestamp: return format_moment(value, type, 3);
    case Type::kNanotimestamp: return format_moment(value, type, 9);
    case Type::kDatehour: return format_moment(value, type, 0).substr(0, 13);
    case Type::kDateminute: return format_moment(value, type, 0).substr(0, 16);
    default: return fmt::format("{}", value);
  }
}

std::string format_unscaled(Int128 value) {
  const bool negative = value < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  return negative ? "-" + digits : digits;
}

std::string format_decimal(Int128 value, int scale) {
  auto digits = format_unscaled(value);
  if (scale == 0) return digits;
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits.size() <= static_cast<size_t>(scale))
    digits.insert(0, static_cast<size_t>(scale) + 1 - digits.size(), '0');
  digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  return (negative ? "-" : "") + digits;
}

/// Bytes come in wire order: the printed order is its reverse.
std::string format_hex(const Bytes16& value, bool dashes) {
  std::string text;
  for (size_t i = 0; i < 16; ++i) {
    if (dashes && (i == 4 || i == 6 || i == 8 || i == 10)) text.push_back('-');
    text += fmt::format("{:02x}", value.bytes[15 - i]);
  }
  return text;
}

std::string format_address(const Bytes16& value) {
  bool is_v4 = true;
  for (size_t i = 4; i < 16; ++i) is_v4 = is_v4 && value.bytes[i] == 0;
  if (is_v4) return fmt::format("{}.{}.{}.{}", value.bytes[3], value.bytes[2], value.bytes[1], value.bytes[0]);
  std::string text;
  for (size_t group = 0; group < 8; ++group) {
    if (group > 0) text.push_back(':');
    text += fmt::format("{:x}", value.bytes[15 - group * 2] << 8 | value.bytes[14 - group * 2]);
  }
  return text;
}

std::string format_two_doubles(const Bytes16& value, Type type) {
  double parts[2];
  std::memcpy(parts, value.bytes.data(), sizeof parts);
  if (type == Type::kPoint) return fmt::format("({}, {})", format_double(parts[0], 15), format_double(parts[1], 15));
  return fmt::format("{}{}{}i", format_double(parts[0], 15), parts[1] < 0 ? "-" : "+",
                     format_double(std::fabs(parts[1]), 15));
}

std::string format_duration(Duration value) {
  static constexpr const char* kUnits[] = {"ns", "us", "ms", "s", "m", "H", "d", "w", "M", "y", "B"};
  if (value.unit >= 0 && value.unit <= 10) return fmt::format("{}{}", value.count, kUnits[value.unit]);
  std::string calendar;
  for (int shift = 24; shift >= 0; shift -= 8) calendar.push_back(static_cast<char>(value.unit >> shift & 0xFF));
  return fmt::format("{}{}", value.count, calendar);
}

}  // namespace

std::string format_value(const Scalar& value) {
  if (value.is_text()) return value.text();
  if (value.is_null()) return "";
  const auto type = value.type();
  switch (category_of(type)) {
    case Category::kLogical: return value.get<int8_t>() != 0 ? "true" : "false";
    case Category::kIntegral: {
      if (type != Type::kChar) return fmt::format("{}", value.as_int64());
      const auto code = value.get<int8_t>();
      return code >= 32 && code < 127 ? std::string(1, static_cast<char>(code)) : fmt::format("{}", code);
    }
    case Category::kTemporal: return format_temporal(value.as_int64(), type);
    case Category::kFloating: return format_double(value.as_double(), type == Type::kFloat ? 7 : 15);
    case Category::kDecimal:
      return format_decimal(type == Type::kDecimal128  ? value.get<Int128>()
                            : type == Type::kDecimal64 ? Int128(value.get<int64_t>())
                                                       : Int128(value.get<int32_t>()),
                            value.scale());
    case Category::kBinary: {
      const auto bytes = value.get<Bytes16>();
      if (type == Type::kUuid) return format_hex(bytes, true);
      if (type == Type::kInt128) return format_hex(bytes, false);
      if (type == Type::kIpaddr) return format_address(bytes);
      return format_two_doubles(bytes, type);
    }
    default: break;
  }
  return type == Type::kDuration ? format_duration(value.get<Duration>()) : "";
}

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out.push_back(c);
    }
  }
  return out + "\"";
}

std::string null_literal(Type type) {
  switch (type) {
    case Type::kBool: return "00b";
    case Type::kChar: return "00c";
    case Type::kShort: return "00h";
    case Type::kInt: return "00i";
    case Type::kLong: return "00l";
    case Type::kDate: return "00d";
    case Type::kMonth: return "00M";
    case Type::kTime: return "00t";
    case Type::kMinute: return "00m";
    case Type::kSecond: return "00s";
    case Type::kNanotime: return "00n";
    case Type::kDatetime: return "00D";
    case Type::kTimestamp: return "00T";
    case Type::kNanotimestamp: return "00N";
    case Type::kFloat: return "00f";
    case Type::kDouble: return "00F";
    case Type::kUuid: return "uuid()";
    case Type::kIpaddr: return "ipaddr()";
    case Type::kInt128: return "int128()";
    case Type::kDatehour: return "datehour(NULL)";
    default: return "NULL";
  }
}

}  // namespace

std::string format_literal(const Scalar& value) {
  const auto type = value.type();
  if (type == Type::kString) return quoted(value.text());
  if (type == Type::kSymbol) return quoted(value.text()) + "$SYMBOL";
  if (type == Type::kBlob) return "blob(" + quoted(value.text()) + ")";
  if (value.is_null()) return null_literal(type);
  switch (type) {
    case Type::kChar: return fmt::format("{}c", value.get<int8_t>());
    case Type::kShort: return format_value(value) + "h";
    case Type::kLong: return format_value(value) + "l";
    case Type::kFloat: return number_literal(value.get<float>()) + "f";
    case Type::kDouble: {
      const auto text = number_literal(value.get<double>());
      return text.find_first_of(".en") == std::string::npos ? text + "." : text;
    }
    case Type::kUuid: return "uuid(\"" + format_value(value) + "\")";
    case Type::kIpaddr: return "ipaddr(\"" + format_value(value) + "\")";
    case Type::kInt128: return "int128(\"" + format_value(value) + "\")";
    case Type::kDatehour: {
      const auto text = format_value(value);
      const bool is_literal = text.size() == std::string_view("2021.05.06T10").size();
      return is_literal ? text : "datehour(\"" + text + "\")";
    }
    case Type::kPoint: return "point" + format_value(value);
    case Type::kComplex: {
      double parts[2];
      const auto bytes = value.get<Bytes16>();
      std::memcpy(parts, bytes.bytes.data(), sizeof parts);
      return fmt::format("complex({:.17g}, {:.17g})", parts[0], parts[1]);
    }
    case Type::kDecimal32: return fmt::format("decimal32(\"{}\", {})", format_value(value), value.scale());
    case Type::kDecimal64: return format_value(value) + "P";
    case Type::kDecimal128: return fmt::format("decimal128(\"{}\", {})", format_value(value), value.scale());
    default: return format_value(value);
  }
}

}  // namespace pelorus::types
