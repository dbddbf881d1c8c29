#include "functions/arguments.h"

#include "types/format_value.h"

namespace pelorus::functions {

void usage_error(std::string_view function, std::string_view requirement) {
  throw ScriptError("Usage: " + std::string(function) + "(...). " + std::string(requirement));
}

void Arguments::refuse(std::string_view parameter, std::string_view requirement) const {
  usage_error(function_, std::string(parameter) + " " + std::string(requirement));
}

int64_t Arguments::integer(size_t i, std::string_view parameter) const {
  if (!has(i) || !values_[i].is_scalar() ||
      !(types::is_numeric(values_[i].type()) || types::is_temporal(values_[i].type())) || values_[i].is_null()) {
    refuse(parameter, "must be an integer.");
  }
  const auto& scalar = values_[i].scalar();
  if (types::is_floating(scalar.type()) || types::is_decimal(scalar.type())) {
    return static_cast<int64_t>(std::llround(scalar.as_double()));
  }
  return scalar.as_int64();
}

double Arguments::number(size_t i, std::string_view parameter) const {
  if (!has(i) || !values_[i].is_scalar() || !types::is_numeric(values_[i].type()) || values_[i].is_null()) {
    refuse(parameter, "must be a number.");
  }
  return values_[i].scalar().as_double();
}

bool Arguments::flag_or(size_t i, std::string_view parameter, bool otherwise) const {
  if (!has(i)) return otherwise;
  if (!values_[i].is_scalar() || !types::is_numeric(values_[i].type())) refuse(parameter, "must be true or false.");
  return !values_[i].is_null() && values_[i].scalar().as_double() != 0;
}

std::string Arguments::text(size_t i, std::string_view parameter) const {
  if (has(i) && values_[i].is_text()) return values_[i].text();
  if (has(i) && values_[i].is_scalar() && values_[i].type() == Type::kChar && !values_[i].is_null()) {
    return std::string(1, static_cast<char>(values_[i].scalar().as_int64()));
  }
  refuse(parameter, "must be a string.");
}

std::vector<std::string> Arguments::texts(size_t i, std::string_view parameter) const {
  if (has(i) && values_[i].is_scalar()) return {text(i, parameter)};
  if (!has(i) || !values_[i].is_vector() || values_[i].vector().is_array())
    refuse(parameter, "must be a string or a vector of strings.");
  const auto& vector = values_[i].vector();
  std::vector<std::string> texts;
  texts.reserve(vector.size());
  for (size_t row = 0; row < vector.size(); ++row) {
    const Value element = vector.at(row);
    if (!element.is_text()) refuse(parameter, "must be a string or a vector of strings.");
    texts.push_back(element.text());
  }
  return texts;
}

Shared<Vector> Arguments::vector(size_t i, std::string_view parameter) const {
  if (has(i)) {
    if (auto elements = elements_of(values_[i])) return *elements;
  }
  refuse(parameter, "must be a vector.");
}

std::optional<Shared<Vector>> elements_of(const Value& value) {
  if (value.is_scalar()) return Shared<Vector>(Vector::filled(value.scalar(), 1));
  if (value.is_vector()) return value.vector_shared();
  if (value.is_pair()) return Shared<Vector>(value.pair().elements);
  if (value.is_set()) return Shared<Vector>(value.set().elements());
  if (value.is_matrix()) return Shared<Vector>(value.matrix().values);
  if (value.is_dictionary()) return Shared<Vector>(value.dictionary().values());
  return std::nullopt;
}

namespace {

void refuse_array(std::string_view function, const Vector& vector) {
  if (vector.is_array()) usage_error(function, "An array vector is not accepted here.");
}

}  // namespace

Shared<Vector> as_doubles(std::string_view function, const Shared<Vector>& vector) {
  refuse_array(function, *vector);
  if (vector->type() == Type::kDouble) return vector;
  if (types::is_temporal(vector->type())) return converted(function, as_longs(function, vector), Type::kDouble);
  if (types::is_literal(vector->type())) {
    usage_error(function, "The argument must be numeric, not " + std::string(types::name_of(vector->type())) + ".");
  }
  return converted(function, vector, Type::kDouble);
}

Shared<Vector> as_longs(std::string_view function, const Shared<Vector>& vector) {
  refuse_array(function, *vector);
  if (vector->type() == Type::kLong) return vector;
  if (types::is_literal(vector->type())) {
    usage_error(function, "The argument must be numeric, not " + std::string(types::name_of(vector->type())) + ".");
  }
  return converted(function, vector, Type::kLong);
}

Shared<Vector> converted(std::string_view function, const Shared<Vector>& vector, Type type, int scale) {
  auto result = data::convert(vector, type, scale);
  if (!result) {
    throw ScriptError(std::string(function) + ": can't convert " + std::string(types::name_of(vector->type())) +
                      " to " + std::string(types::name_of(type)) + ".");
  }
  return *result;
}

data::Table table_argument(std::string_view function, const Value& value) {
  if (value.is_plain_table()) return value.table();
  if (value.is_table_object()) {
    auto rows = value.table_object()->snapshot();
    if (!rows.ok()) throw ScriptError(rows.error().message);
    return std::move(rows).value();
  }
  usage_error(function, "A table is expected.");
}

Vector vector_of(std::vector<Value> values) {
  Type type = Type::kVoid;
  int scale = 0;
  for (const auto& value : values) {
    if (!value.is_scalar()) return Vector::tuple(std::move(values));
    const auto& scalar = value.scalar();
    if (types::is_decimal(scalar.type()) && types::is_decimal(type) && scalar.scale() != scale) {
      return Vector::tuple(std::move(values));
    }
    scale = std::max(scale, scalar.scale());
    type = type == Type::kVoid ? scalar.type() : data::common_type(type, scalar.type());
    if (type == Type::kAny || type == Type::kDuration) return Vector::tuple(std::move(values));
  }
  if (values.empty() || type == Type::kVoid) return Vector::tuple(std::move(values));
  Vector result(type, 0, scale);
  result.reserve(values.size());
  for (const auto& value : values) {
    if (!result.push_back(value)) return Vector::tuple(std::move(values));
  }
  return result;
}

}  // namespace pelorus::functions
