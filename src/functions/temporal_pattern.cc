#include "functions/temporal_pattern.h"

#include <cctype>

#include "kernels/calendar.h"

namespace pelorus::functions {
namespace {

using types::Type;

constexpr int64_t kNsPerDay = 86'400'000'000'000;
constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

std::string padded(int64_t number, int width) {
  std::string digits = std::to_string(number);
  if (static_cast<int>(digits.size()) < width) digits.insert(0, static_cast<size_t>(width) - digits.size(), '0');
  return digits;
}

struct Parts {
  types::CivilDate date{1970, 1, 1};
  int64_t ns = 0;
};

Parts parts_of_value(int64_t value, Type type) {
  Parts parts;
  if (!types::is_time_of_day(type))
    parts.date = types::civil_from_days(static_cast<int32_t>(kernels::days_of(value, type)));
  if (type != Type::kMonth && type != Type::kDate)
    parts.ns = kernels::clock_of(value, type) * (kNsPerDay / types::units_per_day(type));
  return parts;
}

std::string piece_text(char letter, int width, const Parts& p) {
  const int64_t hour = p.ns / 3'600'000'000'000;
  switch (letter) {
    case 'y': return width == 2 ? padded(p.date.year % 100, 2) : padded(p.date.year, width);
    case 'M': return width >= 3 ? std::string(kMonths[p.date.month - 1]) : padded(p.date.month, width);
    case 'd': return padded(p.date.day, width);
    case 'H': return padded(hour, width);
    case 'h': return padded((hour + 11) % 12 + 1, width);
    case 'm': return padded(p.ns / 60'000'000'000 % 60, width);
    case 's': return padded(p.ns / 1'000'000'000 % 60, width);
    case 'a': return hour < 12 ? "AM" : "PM";
    case 'S': return padded(p.ns / 1'000'000 % 1000, width);
    default: return width <= 6 ? padded(p.ns / 1000 % 1'000'000, width) : padded(p.ns % 1'000'000'000, width);
  }
}

/// Reads up to `digits_max` digits; false when there is none, or fewer than `digits_min`.
bool read_number(std::string_view text, size_t* at, int digits_min, int digits_max, int64_t* number) {
  int digits = 0;
  *number = 0;
  while (digits < digits_max && *at < text.size() && std::isdigit(static_cast<unsigned char>(text[*at]))) {
    *number = *number * 10 + (text[(*at)++] - '0');
    ++digits;
  }
  return digits >= digits_min;
}

struct Reading {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, ns = 0;
  bool afternoon = false, half_day = false;

  bool read_month_name(std::string_view text, size_t* at) {
    if (*at + 3 > text.size()) return false;
    for (int64_t m = 0; m < 12; ++m) {
      bool same = true;
      for (size_t i = 0; i < 3; ++i)
        same = same && std::toupper(static_cast<unsigned char>(text[*at + i])) == kMonths[m][i];
      if (!same) continue;
      month = m + 1;
      *at += 3;
      return true;
    }
    return false;
  }
  bool read_half(std::string_view text, size_t* at) {
    if (*at + 2 > text.size()) return false;
    const int first = std::toupper(static_cast<unsigned char>(text[*at])),
              second_letter = std::toupper(static_cast<unsigned char>(text[*at + 1]));
    if ((first != 'A' && first != 'P') || second_letter != 'M') return false;
    afternoon = first == 'P';
    half_day = true;
    *at += 2;
    return true;
  }
  bool read(char letter, int width, std::string_view text, size_t* at) {
    if (letter == 'a') return read_half(text, at);
    if (letter == 'M' && width >= 3) return read_month_name(text, at);
    int64_t number = 0;
    const int most = letter == 'y'                 ? (width == 2 ? 2 : 4)
                     : width == 1 && letter != 'n' ? (letter == 'S' ? 3 : 2)
                                                   : width;
    if (!read_number(text, at, width == 1 ? 1 : width, most, &number)) return false;
    switch (letter) {
      case 'y': year = width == 2 ? (number < 70 ? 2000 : 1900) + number : number; break;
      case 'M': month = number; break;
      case 'd': day = number; break;
      case 'H': hour = number; break;
      case 'h': hour = number, half_day = true; break;
      case 'm': minute = number; break;
      case 's': second = number; break;
      case 'S': ns = number * 1'000'000; break;
      default: ns = width <= 6 ? number * 1000 : number; break;
    }
    return true;
  }
  bool is_valid() {
    if (half_day) {
      if (hour < 1 || hour > 12) return false;
      hour = hour % 12 + (afternoon ? 12 : 0);
    }
    return types::is_valid_date(static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)) && hour < 24 &&
           minute < 60 && second < 60;
  }
};

}  // namespace

TemporalPattern::TemporalPattern(std::string_view pattern) {
  constexpr std::string_view kLetters = "yMdHhmsaSn";
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (kLetters.find(c) == std::string_view::npos) {
      pieces_.push_back({0, 0, std::string(1, c)});
      ++at;
      continue;
    }
    size_t end = at;
    while (end < pattern.size() && pattern[end] == c) ++end;
    pieces_.push_back({c, static_cast<int>(end - at), {}});
    at = end;
  }
}

bool TemporalPattern::has(char letter) const {
  for (const auto& piece : pieces_) {
    if (piece.letter == letter) return true;
  }
  return false;
}
int TemporalPattern::width(char letter) const {
  for (const auto& piece : pieces_) {
    if (piece.letter == letter) return piece.width;
  }
  return 0;
}

std::string TemporalPattern::format(int64_t value, Type type) const {
  const auto parts = parts_of_value(value, type);
  std::string out;
  for (const auto& piece : pieces_)
    out += piece.letter == 0 ? piece.literal : piece_text(piece.letter, piece.width, parts);
  return out;
}

Type TemporalPattern::result_type() const {
  const bool date = has('y') && has('M') && has('d'), hour = has('H') || has('h');
  const bool nano = has('n'), milli = has('S');
  if (date) {
    if (!hour) return Type::kDate;
    if (nano) return Type::kNanotimestamp;
    if (milli) return Type::kTimestamp;
    return has('m') ? Type::kDatetime : Type::kDatehour;
  }
  if (has('y') && has('M')) return Type::kMonth;
  if (!hour || !has('m')) return Type::kVoid;
  if (nano) return Type::kNanotime;
  if (milli) return Type::kTime;
  return has('s') ? Type::kSecond : Type::kMinute;
}

std::optional<int64_t> TemporalPattern::parse(std::string_view text) const {
  Reading reading;
  size_t at = 0;
  for (const auto& piece : pieces_) {
    if (piece.letter != 0) {
      if (!reading.read(piece.letter, piece.width, text, &at)) return std::nullopt;
    } else if (at >= text.size() || text[at++] != piece.literal[0]) {
      return std::nullopt;
    }
  }
  if (at != text.size() || !reading.is_valid()) return std::nullopt;
  const Type type = result_type();
  if (type == Type::kMonth) return reading.year * 12 + reading.month - 1;
  const int64_t per_day = types::units_per_day(type);
  if (per_day == 0) return std::nullopt;
  const int64_t ns = ((reading.hour * 60 + reading.minute) * 60 + reading.second) * 1'000'000'000 + reading.ns;
  const int64_t clock = ns / (kNsPerDay / per_day);
  if (types::is_time_of_day(type)) return clock;
  return types::days_from_civil(static_cast<int>(reading.year), static_cast<int>(reading.month),
                                static_cast<int>(reading.day)) *
             per_day +
         clock;
}

}  // namespace pelorus::functions
