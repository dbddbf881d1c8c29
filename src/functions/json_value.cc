#include "functions/json_value.h"

#include <boost/json.hpp>

#include <cmath>

#include "base/letter_case.h"
#include "functions/append.h"
#include "functions/arguments.h"
#include "types/parse_value.h"

namespace pelorus::functions {
namespace {

namespace json = boost::json;
using data::Dictionary;
using data::Matrix;
using data::Table;

constexpr size_t kDepthMax = 64;

json::value scalar_json(const Scalar& scalar) {
  if (scalar.is_text()) return json::string(scalar.text());
  if (scalar.is_null()) return nullptr;
  switch (types::category_of(scalar.type())) {
    case types::Category::kLogical: return scalar.as_int64() != 0;
    case types::Category::kIntegral: return scalar.as_int64();
    case types::Category::kFloating:
    case types::Category::kDecimal: return scalar.as_double();
    default: return json::string(cast_text(scalar));
  }
}

json::value plain_json(const Value& value, size_t depth);

json::array elements_json(const Vector& vector, size_t depth) {
  json::array out;
  out.reserve(vector.size());
  for (size_t i = 0; i < vector.size(); ++i) out.push_back(plain_json(vector.at(i), depth + 1));
  return out;
}

json::value table_json(const Table& table, size_t depth) {
  json::array rows;
  for (size_t r = 0; r < table.rows(); ++r) {
    json::object row;
    for (size_t c = 0; c < table.columns(); ++c) row[table.names()[c]] = plain_json(table.column(c).at(r), depth + 1);
    rows.push_back(std::move(row));
  }
  return rows;
}

json::value plain_json(const Value& value, size_t depth) {
  if (depth > kDepthMax) throw ScriptError("toStdJson: the value nests too deep.");
  if (value.is_missing()) return nullptr;
  if (value.is_scalar()) return scalar_json(value.scalar());
  if (value.is_vector()) return elements_json(value.vector(), depth);
  if (value.is_pair()) return elements_json(value.pair().elements, depth);
  if (value.is_set()) return elements_json(value.set().elements(), depth);
  if (value.is_matrix()) {
    json::array columns;
    for (size_t c = 0; c < value.matrix().columns; ++c)
      columns.push_back(elements_json(value.matrix().column(c), depth));
    return columns;
  }
  if (value.is_dictionary()) {
    const auto& d = value.dictionary();
    json::object object;
    for (size_t i = 0; i < d.size(); ++i)
      object[cast_text(d.keys().scalar_at(i))] = plain_json(d.values().at(i), depth + 1);
    return object;
  }
  if (value.is_table()) return table_json(table_argument("toStdJson", value), depth);
  if (value.is_function()) return json::string(value.function()->print());
  if (value.is_code()) return json::string(value.code()->print());
  return json::string(value.handle()->describe());
}

Value value_of(const json::value& node) {
  switch (node.kind()) {
    case json::kind::null: return Value::null();
    case json::kind::bool_: return Value::of_bool(node.get_bool());
    case json::kind::int64: {
      const int64_t number = node.get_int64();
      return number > INT32_MIN && number <= INT32_MAX ? Value::of_int(static_cast<int32_t>(number))
                                                       : Value::of_long(number);
    }
    case json::kind::uint64: return Value::of_double(static_cast<double>(node.get_uint64()));
    case json::kind::double_: return Value::of_double(node.get_double());
    case json::kind::string: return Value::of_string(std::string(node.get_string()));
    case json::kind::array: {
      std::vector<Value> parts;
      for (const auto& element : node.get_array()) parts.push_back(value_of(element));
      return vector_of(std::move(parts));
    }
    case json::kind::object: break;
  }
  Dictionary result(Type::kString, Type::kAny);
  for (const auto& member : node.get_object())
    result.set(Scalar::of_string(std::string(member.key())), value_of(member.value()));
  return result;
}

/// JSON as pages and scripts of the language show it: a blank behind colons, numbers without an exponent where they
/// fit.
void write_json(const json::value& node, std::string* out) {
  if (node.is_array()) {
    *out += '[';
    for (size_t i = 0; i < node.get_array().size(); ++i) {
      if (i > 0) *out += ',';
      write_json(node.get_array()[i], out);
    }
    *out += ']';
  } else if (node.is_object()) {
    *out += '{';
    bool first = true;
    for (const auto& member : node.get_object()) {
      if (!first) *out += ',';
      first = false;
      *out += json::serialize(json::string(member.key())) + ": ";
      write_json(member.value(), out);
    }
    *out += '}';
  } else if (node.is_double()) {
    const auto text = cast_text(Scalar::of_double(node.get_double()));
    *out += text.empty() || !std::isfinite(node.get_double()) ? "null" : text;
  } else {
    *out += json::serialize(node);
  }
}

json::value parsed(std::string_view function, std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kDepthMax;
  auto node = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) throw ScriptError(std::string(function) + ": the text is no JSON: " + error.message() + ".");
  return node;
}

// --- typed form --------------------------------------------------------------------------------------------------

constexpr std::string_view kFormNames[] = {"scalar", "vector", "pair", "matrix", "set", "dictionary", "table"};

json::value typed_json(const Value& value, size_t depth, std::string_view name = {});

json::value typed_elements(const Vector& vector, size_t depth) {
  if (!vector.is_tuple() && !vector.is_array()) return elements_json(vector, depth);
  json::array parts;
  for (size_t i = 0; i < vector.size(); ++i)
    parts.push_back(vector.is_tuple() ? typed_json(vector.at(i), depth + 1) : plain_json(vector.at(i), depth + 1));
  return parts;
}

std::string type_name_of(const Value& value) {
  std::string name = lowered(types::name_of(value.type()));
  if (value.is_vector() && value.vector().is_array()) name += "[]";
  return name;
}

json::value typed_json(const Value& value, size_t depth, std::string_view name) {
  if (depth > kDepthMax) throw ScriptError("toJson: the value nests too deep.");
  json::object out;
  out["name"] = json::string(name);
  out["form"] = json::string(kFormNames[static_cast<size_t>(value.form())]);
  if (!value.is_table()) out["type"] = json::string(type_name_of(value));
  out["size"] = json::string(std::to_string(data::size_of(value)));
  if (value.is_scalar() && types::is_decimal(value.type())) out["scale"] = value.scalar().scale();
  if (value.is_vector() && types::is_decimal(value.type())) out["scale"] = value.vector().scale();
  if (value.is_vector()) {
    out["value"] = typed_elements(value.vector(), depth);
  } else if (value.is_dictionary()) {
    out["value"] = json::array{typed_json(value.dictionary().keys(), depth + 1),
                               typed_json(value.dictionary().values(), depth + 1)};
  } else if (value.is_table()) {
    const auto table = table_argument("toJson", value);
    json::array columns;
    for (size_t c = 0; c < table.columns(); ++c) {
      columns.push_back(typed_json(table.column_shared(c), depth + 1, table.names()[c]));
    }
    out["value"] = std::move(columns);
  } else {
    out["value"] = plain_json(value, depth);
    if (value.is_matrix()) out["rows"] = static_cast<int64_t>(value.matrix().rows);
  }
  return out;
}

[[noreturn]] void refuse_shape() { throw ScriptError("fromJson: the text is not what toJson writes."); }

const json::value& member(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(json::string_view(name.data(), name.size()));
  if (found == nullptr) refuse_shape();
  return *found;
}
std::string text_member(const json::object& object, std::string_view name) {
  const auto& node = member(object, name);
  if (!node.is_string()) refuse_shape();
  return std::string(node.get_string());
}

Scalar typed_scalar(const json::value& node, Type type, int scale) {
  if (node.is_null()) return Scalar::null_of(type, scale);
  const auto plain = value_of(node);
  if (!plain.is_scalar()) refuse_shape();
  const auto result = plain.is_text() && !types::is_literal(type)
                          ? std::optional(types::parse_value(plain.text(), type, scale))
                          : data::convert(plain.scalar(), type, scale);
  if (!result) refuse_shape();
  return *result;
}

Value typed_value(const json::value& node, size_t depth);

Vector typed_vector(const json::object& object, Type type, bool array, int scale, size_t depth) {
  const auto& nodes = member(object, "value");
  if (!nodes.is_array()) refuse_shape();
  if (array) {
    Vector flat(type, 0, scale);
    data::Buffer<int64_t> ends;
    for (const auto& row : nodes.get_array()) {
      if (!row.is_array()) refuse_shape();
      for (const auto& cell : row.get_array()) flat.push_back(typed_scalar(cell, type, scale));
      ends.push_back(static_cast<int64_t>(flat.size()));
    }
    return Vector::array(std::move(flat), std::move(ends));
  }
  if (type == Type::kAny) {
    std::vector<Value> parts;
    for (const auto& part : nodes.get_array()) parts.push_back(typed_value(part, depth + 1));
    return Vector::tuple(std::move(parts));
  }
  Vector result(type, 0, scale);
  for (const auto& element : nodes.get_array()) {
    if (!result.push_back(typed_scalar(element, type, scale))) refuse_shape();
  }
  return result;
}

Value typed_table(const json::object& object, size_t depth) {
  const auto& nodes = member(object, "value");
  if (!nodes.is_array()) refuse_shape();
  std::vector<std::string> names;
  std::vector<Value> columns;
  for (const auto& column : nodes.get_array()) {
    if (!column.is_object()) refuse_shape();
    names.push_back(text_member(column.get_object(), "name"));
    columns.push_back(typed_value(column, depth + 1));
    if (!columns.back().is_vector()) refuse_shape();
  }
  return assemble_table(std::move(names), columns);
}

Value typed_dictionary(const json::object& object, size_t depth) {
  const auto& both = member(object, "value");
  if (!both.is_array() || both.get_array().size() != 2) refuse_shape();
  const Value keys = typed_value(both.get_array()[0], depth + 1), values = typed_value(both.get_array()[1], depth + 1);
  if (!keys.is_vector() || !values.is_vector() || keys.vector().size() != values.vector().size() ||
      keys.vector().is_array() || values.vector().is_array())
    refuse_shape();
  return Dictionary(keys.vector(), values.vector());
}

Value typed_matrix(const json::object& object, Type type) {
  const auto& nodes = member(object, "value");
  if (!nodes.is_array()) refuse_shape();
  Matrix m;
  m.values = Vector(type);
  m.columns = nodes.get_array().size();
  for (const auto& column : nodes.get_array()) {
    if (!column.is_array()) refuse_shape();
    m.rows = column.get_array().size();
    for (const auto& cell : column.get_array()) m.values.push_back(typed_scalar(cell, type, 0));
  }
  if (m.rows * m.columns != m.values.size()) refuse_shape();
  return m;
}

Value typed_value(const json::value& node, size_t depth) {
  if (depth > kDepthMax || !node.is_object()) refuse_shape();
  const auto& object = node.get_object();
  const auto form = text_member(object, "form");
  Type type{};
  bool array = false;
  if (form == "table") return typed_table(object, depth);
  if (!types::parse_type(text_member(object, "type"), &type, &array)) refuse_shape();
  const auto* scale_node = object.if_contains("scale");
  const int64_t scale = scale_node != nullptr && scale_node->is_int64() ? scale_node->get_int64() : 0;
  if (scale < 0 || scale > types::scale_max(type)) refuse_shape();
  const int places = static_cast<int>(scale);
  if (form == "scalar") return typed_scalar(member(object, "value"), type, places);
  if (form == "vector") return typed_vector(object, type, array, places, depth);
  if (form == "pair") {
    auto both = typed_vector(object, type, false, places, depth);
    if (both.size() != 2) refuse_shape();
    return data::Pair{std::move(both)};
  }
  if (form == "set") return data::Set(typed_vector(object, type, false, places, depth));
  if (form == "matrix") return typed_matrix(object, type);
  if (form == "dictionary") return typed_dictionary(object, depth);
  refuse_shape();
}

}  // namespace

std::string to_standard_json(const Value& value) {
  std::string text;
  write_json(plain_json(value, 0), &text);
  return text;
}
Value from_standard_json(std::string_view function, std::string_view text) { return value_of(parsed(function, text)); }
std::string to_typed_json(const Value& value, std::string_view name) {
  return json::serialize(typed_json(value, 0, name));
}
Value from_typed_json(std::string_view text) { return typed_value(parsed("fromJson", text), 0); }

}  // namespace pelorus::functions
