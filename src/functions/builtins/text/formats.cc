// Printing and reading by pattern: format temporalFormat temporalParse decimalFormat stringFormat parseInteger …

#include <cstring>
#include <fmt/format.h>

#include <charconv>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/number_pattern.h"
#include "functions/temporal_pattern.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "formats";

Value format_temporals(std::string_view name, const Value& x, const std::string& pattern) {
  const TemporalPattern compiled(pattern);
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (!types::is_temporal(vector->type())) usage_error(name, "X must be a temporal value.");
    std::vector<std::string> texts;
    for (size_t i = 0; i < vector->size(); ++i) {
      texts.push_back(vector->is_null_at(i) ? std::string()
                                            : compiled.format(vector->scalar_at(i).as_int64(), vector->type()));
    }
    return Vector::of_strings(Type::kString, std::move(texts));
  });
}

Value format_numbers(std::string_view name, const Value& x, const std::string& pattern) {
  const NumberPattern compiled(pattern);
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const auto numbers = as_doubles(name, vector);
    std::vector<std::string> texts;
    for (const double value : numbers->values<double>())
      texts.push_back(value == types::kNull<double> ? std::string() : compiled.format(value));
    return Vector::of_strings(Type::kString, std::move(texts));
  });
}

Value format(CallContext&, std::span<Value> args) {
  Arguments a("format", args);
  const auto pattern = a.text(1, "format");
  if (args[0].is_table() || types::is_literal(args[0].type())) a.refuse("X", "must be a number or a temporal value.");
  return types::is_temporal(args[0].type()) ? format_temporals("format", args[0], pattern)
                                            : format_numbers("format", args[0], pattern);
}

Value parse_temporals(CallContext&, std::span<Value> args) {
  Arguments a("temporalParse", args);
  const TemporalPattern pattern(a.text(1, "format"));
  const Type type = pattern.result_type();
  if (type == Type::kVoid) a.refuse("format", "names no complete date or time.");
  return map_text_to("temporalParse", args[0], type, [&](const std::string& text) {
    const auto value = text.empty() ? std::nullopt : pattern.parse(text);
    if (!value) return Scalar::null_of(type);
    return types::repr_of(type) == types::Repr::kI64 ? Scalar::of<int64_t>(type, *value)
                                                     : Scalar::of<int32_t>(type, static_cast<int32_t>(*value));
  });
}

Value parse_integer(CallContext&, std::span<Value> args) {
  Arguments a("parseInteger", args);
  const auto type = type_argument("parseInteger", args[1]).type;
  if (!types::is_integral(type)) a.refuse("type", "must be CHAR, SHORT, INT or LONG.");
  const auto radix = a.integer_or(2, "radix", 10);
  if (radix < 2 || radix > 36) a.refuse("radix", "must be between 2 and 36.");
  return map_text_to("parseInteger", args[0], type, [&](const std::string& text) {
    int64_t value = 0;
    std::string_view digits(text);
    digits.remove_prefix(std::min(digits.find_first_not_of(" \t\r\n"), digits.size()));
    const bool has_plus = digits.starts_with('+'),
               is_hexadecimal = radix == 16 && digits.substr(has_plus).starts_with("0x");
    if (has_plus) digits.remove_prefix(1);
    if (is_hexadecimal) digits.remove_prefix(2);
    if (has_plus && digits.starts_with('-')) return Scalar::null_of(type);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(radix));
    if (read.ec != std::errc()) return Scalar::null_of(type);
    return *data::convert(Scalar::of_long(value), type);
  });
}

// --- stringFormat ------------------------------------------------------------------------------------------------

/// %W and the like: flag, width and precision of one place, then its letter.
struct Place {
  bool left = false, zero = false;
  int width = 0, precision = -1;
  char letter = 0;
};

std::string placed(const Place& place, std::string text) {
  const auto width = static_cast<size_t>(place.width);
  if (text.size() >= width) return text;
  if (place.left) return text + std::string(width - text.size(), ' ');
  return std::string(width - text.size(), place.zero ? '0' : ' ') + text;
}

std::string place_text(const Place& place, const Value& value) {
  if (!value.is_scalar()) return placed(place, value.type_text());
  const auto& scalar = value.scalar();
  if (scalar.is_null()) return placed(place, {});
  const bool number = types::is_numeric(scalar.type());
  switch (place.letter) {
    case 'f':
    case 'F':
    case 'e':
    case 'g':
      if (number) {
        const int precision = place.precision < 0 ? 6 : place.precision;
        const double v = scalar.as_double();
        return placed(place, place.letter == 'e'   ? fmt::format("{:.{}e}", v, precision)
                             : place.letter == 'g' ? fmt::format("{:.{}g}", v, precision)
                                                   : fmt::format("{:.{}f}", v, precision));
      }
      break;
    case 'i':
    case 'l':
    case 'h':
    case 'd':
    case 'u':
      if (number) return placed(place, std::to_string(std::llround(scalar.as_double())));
      break;
    case 'x':
    case 'X':
      if (number)
        return placed(place, place.letter == 'x' ? fmt::format("{:x}", std::llround(scalar.as_double()))
                                                 : fmt::format("{:X}", std::llround(scalar.as_double())));
      break;
    default: break;
  }
  return placed(place, cast_text(scalar));
}

/// printf-like: %i %l %f %s %W(text) %D(any temporal) …; every letter prints what it gets.
std::string print_places(const std::string& pattern, std::span<const Value> values) {
  constexpr int kWidthMax = 4096;
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      out += pattern[at];
      continue;
    }
    if (at + 1 < pattern.size() && pattern[at + 1] == '%') {
      out += '%';
      ++at;
      continue;
    }
    Place place;
    for (++at; at < pattern.size(); ++at) {
      const char c = pattern[at];
      if (c == '-')
        place.left = true;
      else if (c == '0' && place.width == 0 && place.precision < 0)
        place.zero = true;
      else if (c == '.')
        place.precision = 0;
      else if (c >= '0' && c <= '9') {
        int& digits = place.precision >= 0 ? place.precision : place.width;
        digits = std::min(digits * 10 + (c - '0'), kWidthMax);
      } else {
        place.letter = c;
        break;
      }
    }
    if (next >= values.size()) usage_error("stringFormat", "There are fewer arguments than places in the pattern.");
    out += place_text(place, values[next++]);
  }
  return out;
}

Value string_format(CallContext&, std::span<Value> args) {
  Arguments a("stringFormat", args);
  const auto pattern = a.text(0, "format");
  size_t rows = 0;
  for (const auto& arg : a.from(1)) rows = std::max(rows, arg.is_vector() ? arg.vector().size() : 0);
  if (rows == 0) return Value::of_string(print_places(pattern, {args.begin() + 1, args.end()}));
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows; ++i) {
    std::vector<Value> values;
    for (const auto& arg : a.from(1)) {
      if (arg.is_vector() && arg.vector().size() != rows) refuse_lengths("stringFormat", rows, arg.vector().size());
      values.push_back(arg.is_vector() ? arg.vector().at(i) : arg);
    }
    texts.push_back(print_places(pattern, values));
  }
  return Vector::of_strings(Type::kString, std::move(texts));
}

/// The bytes of a number, the most significant first.
template <class T>
std::string hex_digits(T value, bool reverse) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  std::string out;
  for (size_t i = 0; i < sizeof(T); ++i) out += fmt::format("{:02x}", bytes[reverse ? i : sizeof(T) - 1 - i]);
  return out;
}

Value hexadecimal(CallContext&, std::span<Value> args) {
  const bool reverse = Arguments("hex", args).flag_or(1, "reverse", false);
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < vector->size(); ++i) {
      if (vector->is_null_at(i))
        texts.emplace_back();
      else if (types::is_literal(vector->type())) {
        std::string out;
        for (const char c : vector->text_at(i)) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
        texts.push_back(std::move(out));
      } else if (types::is_fixed(vector->repr())) {
        types::visit_fixed(vector->repr(),
                           [&]<class T>() { texts.push_back(hex_digits(vector->values<T>()[i], reverse)); });
      } else {
        usage_error("hex", "X must be a number or a text.");
      }
    }
    return Vector::of_strings(Type::kString, std::move(texts));
  });
}

}  // namespace

void register_formats(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  row({"format", "X, format", format, "A number or temporal value printed by a pattern.", "format(3.14159, \"0.00\")",
       "\"3.14\"", "Null gives an empty text."});
  row({"decimalFormat", "X, format",
       [](CallContext&, std::span<Value> args) {
         return format_numbers("decimalFormat", args[0], Arguments("decimalFormat", args).text(1, "format"));
       },
       "A number printed by a pattern.", "decimalFormat(1234.5, \"#,###.00\")", "\"1,234.50\"",
       "Null gives an empty text."});
  row({"temporalFormat", "X, format",
       [](CallContext&, std::span<Value> args) {
         return format_temporals("temporalFormat", args[0], Arguments("temporalFormat", args).text(1, "format"));
       },
       "A temporal value printed by a pattern.", "temporalFormat(2021.05.06, \"dd-MMM-yy\")", "\"06-MAY-21\"",
       "Null gives an empty text."});
  registry.add_alias("datetimeFormat", "temporalFormat");
  row({"temporalParse", "X, format", parse_temporals, "Text read by a pattern; its letters decide the type.",
       "temporalParse(\"06-05-2021\", \"dd-MM-yyyy\")", "2021.05.06", "What does not fit gives null."});
  registry.add_alias("datetimeParse", "temporalParse");
  row({"parseInteger", "X, type, [radix=10]", parse_integer, "The whole number a text begins with.",
       "parseInteger(\"12ab\", INT)", "12", "What is no number gives null."});
  row({"hex", "X, [reverse=false]", hexadecimal, "The bytes of a number or text in hexadecimal digits.", "hex(255)",
       "\"000000ff\""});
  declare(registry, kFamily, Nature::kWhole,
          {"stringFormat", "format, args...", string_format, "A text with places such as %i, %5.2f and %s filled in.",
           "stringFormat(\"%s has %i\", \"x\", 3)", "\"x has 3\""});
}

}  // namespace pelorus::functions
