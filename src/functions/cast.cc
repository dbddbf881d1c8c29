#include "functions/cast.h"

#include <charconv>

#include "types/format_value.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using types::DurationUnit;

struct UnitName {
  std::string_view text;
  DurationUnit unit;
};
constexpr UnitName kUnitNames[] = {
    {"ns", DurationUnit::kNanosecond}, {"us", DurationUnit::kMicrosecond}, {"ms", DurationUnit::kMillisecond},
    {"s", DurationUnit::kSecond},      {"m", DurationUnit::kMinute},       {"H", DurationUnit::kHour},
    {"d", DurationUnit::kDay},         {"w", DurationUnit::kWeek},         {"M", DurationUnit::kMonth},
    {"y", DurationUnit::kYear},        {"B", DurationUnit::kBusinessDay},
};

[[noreturn]] void refuse(std::string_view function, const Value& x, TypeArgument type) {
  throw ScriptError(std::string(function) + ": can't convert " + x.type_text() + " to " +
                    std::string(types::name_of(type.type)) + (type.array ? "[]." : "."));
}

/// Text for things that are no scalars.
std::string text_of(const Value& x) {
  if (x.is_function()) return x.function()->print();
  if (x.is_code()) return x.code()->print();
  if (x.is_handle()) return x.handle()->describe();
  return {};
}

Value cast_scalar(std::string_view function, const Value& x, TypeArgument type) {
  const auto& scalar = x.scalar();
  if (type.type == Type::kDuration) {
    if (scalar.type() == Type::kDuration) return x;
    if (scalar.is_text()) return Scalar::of_duration(parse_duration(scalar.text()));
    refuse(function, x, type);
  }
  if (type.type == Type::kAny) return Vector::tuple({x});
  if (type.type == Type::kChar && scalar.is_text() && scalar.text().size() > 1) {
    const auto parsed = data::convert(scalar, Type::kChar);
    if (!parsed || parsed->is_null()) throw ScriptError("Failed to convert the string to CHAR");
  }
  if (type.type == Type::kSymbol && scalar.type() == Type::kVoid) return Scalar::null_of(Type::kSymbol);
  auto result = data::convert(scalar, type.type, type.scale);
  if (!result) refuse(function, x, type);
  return *result;
}

Vector rows_to_array(std::string_view function, const Vector& tuple, TypeArgument type) {
  Vector flat(type.type, 0, type.scale);
  Buffer<int64_t> ends;
  for (const auto& row : tuple.values_any()) {
    auto elements = elements_of(row);
    if (!elements) refuse(function, row, type);
    flat.append(*converted(function, *elements, type.type, type.scale));
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  return Vector::array(std::move(flat), std::move(ends));
}

Value cast_vector(std::string_view function, const Value& x, TypeArgument type) {
  const auto& vector = x.vector();
  if (type.array && vector.is_tuple()) return rows_to_array(function, vector, type);
  if (vector.is_tuple() && type.type == Type::kAny) return x;
  if (vector.is_tuple()) {
    if (auto flat = data::convert(x.vector_shared(), type.type, type.scale); flat && type.type != Type::kDuration)
      return *flat;
    std::vector<Value> parts;
    for (const auto& element : vector.values_any()) parts.push_back(cast_to(function, element, type));
    return Vector::tuple(std::move(parts));
  }
  if (type.type == Type::kDuration) {
    Vector durations(Type::kDuration);
    for (size_t i = 0; i < vector.size(); ++i) durations.push_back(cast_scalar(function, vector.at(i), type));
    return durations;
  }
  auto result = data::convert(x.vector_shared(), type.type, type.scale);
  if (!result) refuse(function, x, type);
  return *result;
}

}  // namespace

Value cast_to(std::string_view function, const Value& x, TypeArgument type) {
  if (x.is_missing()) return Scalar::null_of(type.type, type.scale);
  if (x.is_scalar()) return cast_scalar(function, x, type);
  if (x.is_vector()) return cast_vector(function, x, type);
  if (x.is_matrix()) {
    auto matrix = x.matrix();
    matrix.values = *converted(function, Shared<Vector>(std::move(matrix.values)), type.type, type.scale);
    return matrix;
  }
  if (x.is_pair()) return data::Pair{*converted(function, Shared<Vector>(x.pair().elements), type.type, type.scale)};
  if (x.is_set()) return data::Set(*converted(function, Shared<Vector>(x.set().elements()), type.type, type.scale));
  if (x.is_dictionary()) {
    const auto& d = x.dictionary();
    return data::Dictionary(d.keys(), cast_to(function, d.values(), type).vector(), d.ordered());
  }
  if (x.is_table()) {
    auto table = table_argument(function, x);
    for (size_t c = 0; c < table.columns(); ++c) {
      table.set_column(table.names()[c], cast_to(function, table.column_shared(c), type).vector_shared());
    }
    return table;
  }
  if (types::is_literal(type.type)) return Scalar::of_text(type.type, text_of(x));
  refuse(function, x, type);
}

Value reshape_to(std::string_view function, const Value& x, size_t rows, size_t columns) {
  auto elements = elements_of(x);
  if (!elements || (*elements)->is_array()) usage_error(function, "X must be a vector or a matrix.");
  if ((*elements)->size() != rows * columns) {
    usage_error(function, "X has " + std::to_string((*elements)->size()) + " elements, which do not fill " +
                              std::to_string(rows) + "x" + std::to_string(columns) + ".");
  }
  return data::Matrix{.values = **elements, .rows = rows, .columns = columns};
}

types::Duration parse_duration(std::string_view text) {
  types::Duration duration;
  int32_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc()) return duration;
  const auto unit = text.substr(static_cast<size_t>(read.ptr - text.data()));
  for (const auto& row : kUnitNames) {
    if (row.text == unit) return {count, static_cast<int32_t>(row.unit)};
  }
  if (unit.size() != 4) return duration;
  uint32_t packed = 0;
  for (const char c : unit) {
    if (c < 'A' || c > 'Z') return duration;
    packed = packed << 8 | static_cast<uint8_t>(c);
  }
  return {count, static_cast<int32_t>(packed)};
}

std::optional<types::Duration> duration_of(const Value& value) {
  if (!value.is_scalar()) return std::nullopt;
  if (value.type() == Type::kDuration) return value.scalar().get<types::Duration>();
  if (!value.is_text()) return std::nullopt;
  const auto duration = parse_duration(value.text());
  if (duration.count == types::kNull<int32_t>) return std::nullopt;
  return duration;
}

}  // namespace pelorus::functions
