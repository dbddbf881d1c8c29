// Text: upper lower trim pad substr split concat strReplace like startsWith …

#include <algorithm>
#include <cctype>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/lift.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "strings";
constexpr std::string_view kBlanks = " \t\r\n\v\f";

using data::Buffer;

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(byte(c)));
  return text;
}
std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(byte(c)));
  return text;
}
std::string capitalised(std::string text) {
  bool start = true;
  for (auto& c : text) {
    c = static_cast<char>(start ? std::toupper(byte(c)) : std::tolower(byte(c)));
    start = std::isalnum(byte(c)) == 0;
  }
  return text;
}
std::string stripped(const std::string& text, std::string_view of, bool left, bool right) {
  size_t from = 0, to = text.size();
  while (left && from < to && of.find(text[from]) != std::string_view::npos) ++from;
  while (right && to > from && of.find(text[to - 1]) != std::string_view::npos) --to;
  return text.substr(from, to - from);
}

Native of_text(std::string_view name, std::string (*map)(std::string)) {
  return [name, map](CallContext&, std::span<Value> args) { return map_text(name, args[0], map); };
}
Native stripping(std::string_view name, std::string_view of, bool left, bool right) {
  return [=](CallContext&, std::span<Value> args) {
    return map_text(name, args[0], [&](const std::string& text) { return stripped(text, of, left, right); });
  };
}

Value padded(std::string_view name, std::span<Value> args, bool left) {
  Arguments a(name, args);
  const auto width = a.integer(1, "length");
  constexpr int64_t kWidthMax = 65535;
  if (width < 0 || width > kWidthMax) a.refuse("length", "must be between 0 and 65535.");
  const auto with = a.text_or(2, "pattern", " ");
  return map_text(name, args[0], [&](const std::string& text) {
    const auto size = static_cast<size_t>(width);
    if (text.size() >= size) return text.substr(0, size);
    std::string padding;
    while (!with.empty() && padding.size() < size - text.size()) padding += with;
    padding.resize(with.empty() ? 0 : size - text.size());
    return left ? padding + text : text + padding;
  });
}

Value substring(std::string_view name, std::span<Value> args) {
  Arguments a(name, args);
  const auto offset = a.integer(1, "offset");
  const auto length = a.integer_or(2, "length", INT64_MAX);
  if (offset < 0) a.refuse("offset", "must not be negative.");
  return map_text(name, args[0], [&](const std::string& text) {
    if (offset >= static_cast<int64_t>(text.size()) || length <= 0) return std::string();
    return text.substr(static_cast<size_t>(offset), static_cast<size_t>(length));
  });
}

/// Start of the n-th character of a UTF-8 text.
size_t character_start(const std::string& text, int64_t n) {
  size_t at = 0;
  for (; n > 0 && at < text.size(); --n) {
    ++at;
    while (at < text.size() && (byte(text[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

Value substring_utf8(CallContext&, std::span<Value> args) {
  Arguments a("substru", args);
  const auto offset = a.integer(1, "offset");
  const auto length = a.integer_or(2, "length", INT64_MAX);
  if (offset < 0) a.refuse("offset", "must not be negative.");
  return map_text("substru", args[0], [&](const std::string& text) {
    const size_t from = character_start(text, offset);
    const size_t to = length == INT64_MAX ? text.size() : character_start(text, offset + length);
    return text.substr(from, to - from);
  });
}

Value left_or_right(std::string_view name, std::span<Value> args, bool left) {
  const auto count = Arguments(name, args).integer(1, "n");
  if (count < 0) usage_error(name, "n must not be negative.");
  return map_text(name, args[0], [&](const std::string& text) {
    const auto n = std::min(static_cast<size_t>(count), text.size());
    return left ? text.substr(0, n) : text.substr(text.size() - n);
  });
}

Vector pieces_of(const std::string& text, const std::string& separator) {
  std::vector<std::string> pieces;
  size_t from = 0;
  for (size_t at; (at = text.find(separator, from)) != std::string::npos; from = at + separator.size())
    pieces.push_back(text.substr(from, at - from));
  pieces.push_back(text.substr(from));
  return Vector::of_strings(Type::kString, std::move(pieces));
}

Value split(CallContext&, std::span<Value> args) {
  Arguments a("split", args);
  const auto separator = a.text_or(1, "delimiter", ",");
  if (separator.empty()) a.refuse("delimiter", "must not be empty.");
  if (args[0].is_scalar()) return pieces_of(a.text(0, "str"), separator);
  std::vector<Value> rows;
  for (const auto& text : a.texts(0, "str")) rows.emplace_back(pieces_of(text, separator));
  return Vector::tuple(std::move(rows));
}

std::string joined(const Vector& vector, const std::string& separator) {
  std::string out;
  for (size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out += separator;
    const Value element = vector.at(i);
    if (element.is_scalar()) out += cast_text(element.scalar());
  }
  return out;
}

/// The elements of a vector as one text; of two texts the one after the other.
Value concat(CallContext&, std::span<Value> args) {
  Arguments a("concat", args);
  if (args[0].is_vector()) {
    const auto separator = a.text_or(1, "separator", "");
    if (args[0].is_tuple() && !args[0].vector().empty() && args[0].vector().at(0).is_vector()) {
      std::vector<std::string> rows;
      for (const auto& row : args[0].vector().values_any())
        rows.push_back(joined(*elements_for("concat", row), separator));
      return Vector::of_strings(Type::kString, std::move(rows));
    }
    return Value::of_string(joined(args[0].vector(), separator));
  }
  if (!args[0].is_scalar() || (a.has(1) && !args[1].is_scalar() && !args[1].is_vector()))
    a.refuse("X", "must be a vector, or a scalar beside another one.");
  if (args.size() > 1 && args[1].is_vector())
    return add(cast_to("concat", args[0], {Type::kString}), cast_to("concat", args[1], {Type::kString}));
  return Value::of_string(cast_text(args[0].scalar()) + (a.has(1) ? cast_text(args[1].scalar()) : std::string()));
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size()) {
    out.append(text, at, found - at);
    out += to;
  }
  return out.append(text, at);
}

Value replace(CallContext&, std::span<Value> args) {
  Arguments a("strReplace", args);
  const auto from = a.text(1, "pattern"), to = a.text_or(2, "replacement", "");
  return map_text("strReplace", args[0], [&](const std::string& text) { return replaced(text, from, to); });
}

Value repeat(CallContext&, std::span<Value> args) {
  const auto count = Arguments("repeat", args).integer(1, "n");
  constexpr int64_t kBytesMax = 1 << 26;
  return map_text("repeat", args[0], [&](const std::string& text) {
    if (count < 0 || (!text.empty() && count > kBytesMax / static_cast<int64_t>(text.size())))
      usage_error("repeat", "The result would be too long.");
    std::string out;
    for (int64_t i = 0; i < count && !text.empty(); ++i) out += text;
    return out;
  });
}

Scalar flag(bool holds) { return Scalar::of_bool(holds); }

Native pair_test(std::string_view name, bool (*test)(const std::string&, const std::string&)) {
  return [name, test](CallContext&, std::span<Value> args) {
    return map_text2(name, args[0], args[1], Type::kBool,
                     [test](const std::string& x, const std::string& y) { return flag(test(x, y)); });
  };
}
/// A test every byte passes; empty texts fail.
Native each_byte(std::string_view name, int (*test)(int)) {
  return [name, test](CallContext&, std::span<Value> args) {
    return map_text_to(name, args[0], Type::kBool, [test](const std::string& text) {
      return flag(!text.empty() &&
                  std::all_of(text.begin(), text.end(), [test](char c) { return test(byte(c)) != 0; }));
    });
  };
}
/// Some letter, and none of the other case.
Native letter_case(std::string_view name, int (*wanted)(int), int (*other)(int)) {
  return [=](CallContext&, std::span<Value> args) {
    return map_text_to(name, args[0], Type::kBool, [=](const std::string& text) {
      bool some = false;
      for (const char c : text) {
        if (other(byte(c))) return flag(false);
        some = some || wanted(byte(c));
      }
      return flag(some);
    });
  };
}

int32_t words(const std::string& text) {
  int32_t count = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = std::isspace(byte(c)) != 0;
    count += !blank && !inside;
    inside = !blank;
  }
  return count;
}

Value char_at(CallContext&, std::span<Value> args) {
  if (args[1].is_vector()) {
    const auto texts = Arguments("charAt", args).texts(0, "X");
    const auto places = as_longs("charAt", args[1].vector_shared());
    if (places->size() != texts.size()) refuse_lengths("charAt", texts.size(), places->size());
    Vector result(Type::kChar, texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto place = places->values<int64_t>()[i];
      const bool inside = place >= 0 && place < static_cast<int64_t>(texts[i].size());
      result.edit<int8_t>()[i] =
          inside ? static_cast<int8_t>(texts[i][static_cast<size_t>(place)]) : types::kNull<int8_t>;
    }
    return result;
  }
  const auto at = Arguments("charAt", args).integer(1, "Y");
  return map_text_to("charAt", args[0], Type::kChar, [&](const std::string& text) {
    if (at < 0 || at >= static_cast<int64_t>(text.size())) return Scalar::null_of(Type::kChar);
    return Scalar::of<int8_t>(Type::kChar, static_cast<int8_t>(text[static_cast<size_t>(at)]));
  });
}

Value to_chars(CallContext&, std::span<Value> args) {
  const auto text = Arguments("toCharArray", args).text(0, "str");
  Vector result(Type::kChar, text.size());
  std::copy(text.begin(), text.end(), result.edit<int8_t>().begin());
  return result;
}

Value codes_to_text(CallContext&, std::span<Value> args) {
  return lift_map_any(args[0], Spread::kElements, [](const Shared<Vector>& vector) {
    const auto codes = as_longs("asc", vector);
    std::vector<std::string> texts;
    for (const auto code : codes->values<int64_t>())
      texts.push_back(code == types::kNull<int64_t> ? "" : std::string(1, static_cast<char>(code)));
    return Vector::of_strings(Type::kString, std::move(texts));
  });
}

void register_changes(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  row({"upper", "X", of_text("upper", upper), "In capitals.", "upper(\"aBc1\")", "\"ABC1\""});
  row({"lower", "X", of_text("lower", lower), "In small letters.", "lower(\"aBc1\")", "\"abc1\""});
  row({"initcap", "X", of_text("initcap", capitalised), "With each word's first letter in capitals.",
       "initcap(\"hello wORLD\")", "\"Hello World\""});
  row({"trim", "X", stripping("trim", " ", true, true), "Without blanks at both ends.", "trim(\"  hi \")", "\"hi\""});
  row({"ltrim", "X", stripping("ltrim", " ", true, false), "Without blanks at the start.", "ltrim(\"  hi \")",
       "\"hi \""});
  row({"rtrim", "X", stripping("rtrim", " ", false, true), "Without blanks at the end.", "rtrim(\"  hi \")",
       "\"  hi\""});
  row({"strip", "X", stripping("strip", kBlanks, true, true), "Without white space at both ends.", "strip(\"\\t hi \")",
       "\"hi\""});
  row({"lpad", "str, length, [pattern=' ']",
       [](CallContext&, std::span<Value> args) { return padded("lpad", args, true); },
       "Brought to a length at the left.", "lpad(\"7\", 3, \"0\")", "\"007\""});
  row({"rpad", "str, length, [pattern=' ']",
       [](CallContext&, std::span<Value> args) { return padded("rpad", args, false); },
       "Brought to a length at the right.", "rpad(\"7\", 3, \"0\")", "\"700\""});
  row({"substr", "str, offset, [length]", [](CallContext&, std::span<Value> args) { return substring("substr", args); },
       "Bytes from a position on.", "substr(\"database\", 0, 4)", "\"data\""});
  row({"substru", "str, offset, [length]", substring_utf8, "Characters from a position on.", "substru(\"database\", 4)",
       "\"base\""});
  row({"left", "X, n", [](CallContext&, std::span<Value> args) { return left_or_right("left", args, true); },
       "The first n bytes.", "left(\"abc\", 2)", "\"ab\""});
  row({"right", "X, n", [](CallContext&, std::span<Value> args) { return left_or_right("right", args, false); },
       "The last n bytes.", "right(\"abc\", 2)", "\"bc\""});
  row({"strReplace", "str, pattern, replacement", replace, "With every occurrence replaced.",
       "strReplace(\"a-b-c\", \"-\", \"+\")", "\"a+b+c\""});
  row({"repeat", "X, n", repeat, "n times over.", "repeat(\"ab\", 3)", "\"ababab\""});
  declare(registry, kFamily, Nature::kWhole,
          {"split", "str, [delimiter]", split, "The parts between separators.", "split(\"a,b,,c\", \",\")",
           "[\"a\",\"b\",\"\",\"c\"]"});
  declare(registry, kFamily, Nature::kAggregate,
          {"concat", "X, [separator]", concat, "The elements as one text with a separator between.",
           "concat(`x`y`z, \"-\")", "\"x-y-z\""});
  declare(registry, kFamily, Nature::kWhole,
          {"toCharArray", "str", to_chars, "The bytes as CHARs.", "toCharArray(\"ab\")", "[97,98]"});
}

void register_questions(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  const auto length = [](std::string_view name, int32_t (*count)(const std::string&)) {
    return [name, count](CallContext&, std::span<Value> args) {
      return map_text_to(name, args[0], Type::kInt,
                         [count](const std::string& text) { return Scalar::of_int(count(text)); });
    };
  };
  row({"strlen", "X", length("strlen", [](const std::string& t) { return static_cast<int32_t>(t.size()); }),
       "The number of bytes.", "strlen(\"hello\")", "5"});
  row({"strlenu", "X",
       length("strlenu",
              [](const std::string& t) {
                return static_cast<int32_t>(
                    std::count_if(t.begin(), t.end(), [](char c) { return (byte(c) & 0xC0) != 0x80; }));
              }),
       "The number of characters.", "strlenu(\"hello\")", "5"});
  row({"wc", "X", length("wc", words), "The number of words.", "wc(\"the quick fox\")", "3"});
  row({"strpos", "X, Y",
       [](CallContext&, std::span<Value> args) {
         return map_text2("strpos", args[0], args[1], Type::kInt, [](const std::string& x, const std::string& y) {
           const auto at = x.find(y);
           return Scalar::of_int(at == std::string::npos ? -1 : static_cast<int32_t>(at));
         });
       },
       "Where Y begins in X, or -1.", "strpos(\"database\", \"base\")", "4"});
  row({"startsWith", "X, Y",
       pair_test("startsWith", [](const std::string& x, const std::string& y) { return x.starts_with(y); }),
       "Whether X begins with Y.", "startsWith(\"database\", \"data\")", "true"});
  row({"endsWith", "X, Y",
       pair_test("endsWith", [](const std::string& x, const std::string& y) { return x.ends_with(y); }),
       "Whether X ends with Y.", "endsWith(\"database\", \"base\")", "true"});
  row({"like", "X, pattern",
       pair_test("like", [](const std::string& x, const std::string& y) { return matches_wildcard(x, y); }),
       "Whether X matches a pattern of % (any text) and ? (any byte).", "like(`mat`mitt, \"m?t\")", "[true,false]"});
  row({"ilike", "X, pattern",
       pair_test("ilike",
                 [](const std::string& x, const std::string& y) { return matches_wildcard(lower(x), lower(y)); }),
       "As like, capitals and small letters being the same.", "ilike(\"MARKET\", \"%ark%\")", "true"});
  row({"isAlpha", "X", each_byte("isAlpha", std::isalpha), "Whether X consists of letters.", "isAlpha(\"ab\")",
       "true"});
  row({"isDigit", "X", each_byte("isDigit", std::isdigit), "Whether X consists of digits.", "isDigit(\"0123\")",
       "true"});
  row({"isAlNum", "X", each_byte("isAlNum", std::isalnum), "Whether X consists of letters and digits.",
       "isAlNum(\"a1\")", "true"});
  row({"isSpace", "X", each_byte("isSpace", std::isspace), "Whether X consists of white space.", "isSpace(\" \\t\")",
       "true"});
  row({"isUpper", "X", letter_case("isUpper", std::isupper, std::islower),
       "Whether X has capitals and no small letters.", "isUpper(\"AB1\")", "true"});
  row({"isLower", "X", letter_case("isLower", std::islower, std::isupper),
       "Whether X has small letters and no capitals.", "isLower(\"ab\")", "true"});
  registry.add_alias("isNumeric", "isDigit");
  row({"charAt", "X, Y", char_at, "The byte at a position.", "charAt(\"abc\", 1)", "98"});
  row({"asc", "X", codes_to_text, "The text of a character code.", "asc(97)", "\"a\""});
}

}  // namespace

void register_strings(Registry& registry) {
  register_changes(registry);
  register_questions(registry);
}

}  // namespace pelorus::functions
