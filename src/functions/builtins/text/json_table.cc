// parseJsonTable: JSON objects, one a row, as a table.
#include <algorithm>

#include "base/letter_case.h"
#include "data/convert.h"
#include "functions/append.h"
#include "functions/builtins/text/register_text.h"
#include "functions/declare.h"
#include "functions/delimited/text_source.h"
#include "functions/json_value.h"
#include "functions/temporal_pattern.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kName = "parseJsonTable";
constexpr size_t kSample = 10;  // objects that tell the columns when there is no schema

/// The values that stand one behind the other in a text, commas and blanks between them left out.
std::vector<std::string_view> top_values(std::string_view text) {
  std::vector<std::string_view> values;
  size_t begin = std::string_view::npos;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
      continue;
    }
    const bool is_between = depth == 0 && (c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0);
    if (begin == std::string_view::npos && !is_between) begin = i;
    quoted = c == '"';
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth <= 0) {
      values.push_back(text.substr(begin, i + 1 - begin));
      begin = std::string_view::npos;
      depth = 0;
    }
  }
  if (begin != std::string_view::npos) values.push_back(text.substr(begin));
  return values;
}

std::vector<Value> objects_of(const Arguments& a) {
  std::vector<Value> objects;
  for (const auto& text : a.texts(0, "json")) {
    for (const auto& piece : top_values(text)) {
      const Value parsed = from_standard_json(kName, piece);
      if (parsed.is_tuple())
        objects.insert(objects.end(), parsed.vector().values_any().begin(), parsed.vector().values_any().end());
      else
        objects.push_back(parsed);
    }
  }
  const bool all = std::ranges::all_of(objects, [](const Value& object) { return object.is_dictionary(); });
  if (!all) a.refuse("json", "must hold objects.");
  return objects;
}

/// What the object says under a name; missing when it says nothing.
class Cells {
 public:
  explicit Cells(bool is_exact) : is_exact_(is_exact) {}
  bool same(std::string_view a, std::string_view b) const { return is_exact_ ? a == b : lowered(a) == lowered(b); }
  Value of(const Value& object, const std::string& name) const {
    const auto& dictionary = object.dictionary();
    for (size_t i = 0; i < dictionary.size(); ++i) {
      if (same(dictionary.keys().text_at(i), name)) return dictionary.values().at(i);
    }
    return Value::missing();
  }

 private:
  const bool is_exact_;
};

Value guessed_table(const std::vector<Value>& objects, const Cells& cells) {
  std::vector<std::string> names;
  for (const auto& object : std::span(objects).first(std::min(kSample, objects.size()))) {
    for (size_t i = 0; i < object.dictionary().size(); ++i) {
      const auto& name = object.dictionary().keys().text_at(i);
      if (std::ranges::none_of(names, [&](const auto& known) { return cells.same(known, name); }))
        names.push_back(name);
    }
  }
  std::vector<Value> columns;
  for (const auto& name : names) {
    std::vector<Value> of_name;
    for (const auto& object : objects) {
      const Value cell = cells.of(object, name);
      of_name.push_back(cell.is_missing() ? Value::null() : cell);
    }
    columns.emplace_back(vector_of(std::move(of_name)));
  }
  return assemble_table(std::move(names), columns);
}

std::optional<Scalar> read_by(const TemporalPattern& pattern, const std::string& text, types::Type type) {
  const auto read = pattern.result_type();
  const auto units = types::is_temporal(read) ? pattern.parse(text) : std::nullopt;
  if (!units) return std::nullopt;
  const auto value = types::repr_of(read) == types::Repr::kI64
                         ? Scalar::of<int64_t>(read, *units)
                         : Scalar::of<int32_t>(read, static_cast<int32_t>(*units));
  return data::convert(value, type);
}

/// Null where the cell doesn't fit.
data::Shared<data::Vector> column_of(const TextColumn& column, const std::vector<Value>& objects, const Cells& cells) {
  const auto [type, scale] = std::pair(column.definition.type, column.definition.scale);
  std::optional<TemporalPattern> pattern;
  if (!column.format.empty()) pattern.emplace(column.format);
  data::Vector out(type, 0, scale);
  for (const auto& object : objects) {
    const Value cell = cells.of(object, column.definition.name);
    std::optional<Scalar> scalar;
    if (cell.is_scalar() && !cell.is_null()) scalar = cell.scalar();
    if (scalar && pattern && scalar->is_text()) {
      scalar = read_by(*pattern, scalar->text(), type);
    } else if (scalar) {
      scalar = data::convert(*scalar, type, scale);
    }
    if (!scalar || !out.push_back(Value(*scalar))) out.push_null();
  }
  return data::Shared<data::Vector>(std::move(out));
}

Value parse_table(CallContext&, std::span<Value> args) {
  const Arguments a(kName, args);
  const auto objects = objects_of(a);
  const Cells cells(a.flag_or(2, "keyCaseSensitive", true));
  if (!a.has(1) || a[1].is_void()) return guessed_table(objects, cells);
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> columns;
  for (const auto& column : columns_of(kName, a[1], {})) {
    names.push_back(column.definition.name);
    columns.push_back(column_of(column, objects, cells));
  }
  return data::Table(std::move(names), std::move(columns));
}

}  // namespace

void register_json_table(Registry& registry) {
  declare(
      registry, "json", Nature::kWhole,
      {"parseJsonTable", "json, [schema], [keyCaseSensitive=true]", parse_table,
       "Objects, one a row, as a table: those of one text, or of each element of a vector. schema: a table of name, "
       "type and, for temporals, format; without it the first ten objects tell the columns.",
       "parseJsonTable(\"{\\\"a\\\": 1} {\\\"b\\\": true}\")", "table{a:[1,null],b:[null,true]}",
       "What an object lacks or a type can't hold is null."});
}

}  // namespace pelorus::functions
