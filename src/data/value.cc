#include "data/value.h"

namespace pelorus::data {
namespace {

bool equal_vectors(const Vector& left, const Vector& right) {
  const bool texts = types::is_literal(left.type()) && types::is_literal(right.type());
  if (left.size() != right.size() || left.is_array() != right.is_array()) return false;
  const bool same_scale = left.scale() == right.scale() || left.type() == Type::kAny;
  if (!texts && (left.type() != right.type() || !same_scale)) return false;
  if (left.is_array()) {
    return std::equal(left.ends().begin(), left.ends().end(), right.ends().begin()) &&
           equal_vectors(left.flat(), right.flat());
  }
  if (!texts && types::is_fixed(left.repr()) && left.type() != Type::kSymbol) {
    return types::visit_fixed(left.repr(), [&]<class T>() {
      const auto a = left.values<T>();
      return std::equal(a.begin(), a.end(), right.values<T>().begin());
    });
  }
  for (size_t i = 0; i < left.size(); ++i) {
    if (texts ? left.text_at(i) != right.text_at(i) : !equal(left.at(i), right.at(i))) return false;
  }
  return true;
}

bool equal_labels(const std::optional<Shared<Vector>>& left, const std::optional<Shared<Vector>>& right) {
  if (left.has_value() != right.has_value()) return false;
  return !left || equal_vectors(**left, **right);
}

bool equal_tables(const Table& left, const Table& right) {
  if (left.names() != right.names()) return false;
  for (size_t c = 0; c < left.columns(); ++c) {
    if (!equal_vectors(left.column(c), right.column(c))) return false;
  }
  return true;
}

bool equal_dictionaries(const Dictionary& left, const Dictionary& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    const auto at = right.find(left.keys().scalar_at(i));
    if (at < 0 || !equal(left.values().at(i), right.values().at(static_cast<size_t>(at)))) return false;
  }
  return true;
}

std::string vector_text(const Vector& vector) {
  if (vector.is_tuple() || vector.repr() == Repr::kMixed) return "ANY VECTOR";
  const std::string name(name_of(vector.type()));
  if (vector.is_array()) return "FAST " + name + "[] VECTOR";
  return (vector.repr() == Repr::kText ? "" : "FAST ") + name + " VECTOR";
}

std::string table_text(const Table& table) {
  switch (table.key_kind()) {
    case Table::KeyKind::kKeyed:
    case Table::KeyKind::kLatestKeyed: return "KEYED TABLE";
    case Table::KeyKind::kIndexed: return "INDEXED TABLE";
    case Table::KeyKind::kNone: break;
  }
  return "IN-MEMORY TABLE";
}

}  // namespace

Properties HandleObject::properties() const { return {}; }
Properties TableObject::properties() const { return {}; }

Value Value::missing() {
  Value value;
  value.store_ = Missing{};
  return value;
}

Form Value::form() const {
  if (is_vector()) return Form::kVector;
  if (is_pair()) return Form::kPair;
  if (is_matrix()) return Form::kMatrix;
  if (is_set()) return Form::kSet;
  if (is_dictionary()) return Form::kDictionary;
  if (is_table()) return Form::kTable;
  return Form::kScalar;
}

Type Value::type() const {
  if (is_scalar()) return scalar().type();
  if (is_vector()) return vector().type();
  if (is_pair()) return pair().elements.type();
  if (is_matrix()) return matrix().values.type();
  if (is_set()) return set().type();
  if (is_dictionary()) return dictionary().value_type();
  if (is_table()) return Type::kDictionary;
  if (is_function()) return Type::kFunctionDef;
  if (is_code()) return Type::kCode;
  if (is_handle()) return Type::kHandle;
  return Type::kVoid;
}

std::string Value::type_text() const {
  const std::string name(name_of(type()));
  if (is_vector()) return vector_text(vector());
  if (is_pair()) return name + " PAIR";
  if (is_matrix()) return "FAST " + name + " MATRIX";
  if (is_set()) return name + " SET";
  if (is_dictionary()) {
    const std::string ordered = dictionary().ordered() ? " ORDERED" : "";
    return std::string(name_of(dictionary().key_type())) + "->" + name + ordered + " DICTIONARY";
  }
  if (is_plain_table()) return table_text(table());
  if (is_table_object()) return table_object()->type_text();
  if (is_handle()) return handle()->kind();
  return name;
}

size_t size_of(const Value& value) {
  switch (value.form()) {
    case Form::kVector: return value.vector().size();
    case Form::kPair: return 2;
    case Form::kMatrix: return value.matrix().values.size();
    case Form::kSet: return value.set().size();
    case Form::kDictionary: return value.dictionary().size();
    case Form::kTable: {
      if (value.is_plain_table()) return value.table().rows();
      const auto rows = value.table_object()->snapshot();
      return rows.ok() ? rows->rows() : 0;
    }
    case Form::kScalar: break;
  }
  return 1;
}

bool equal(const Value& left, const Value& right) {
  if (left.form() != right.form()) return false;
  if (left.is_scalar() && right.is_scalar()) return left.scalar() == right.scalar();
  if (left.is_vector()) return equal_vectors(left.vector(), right.vector());
  if (left.is_pair()) return equal_vectors(left.pair().elements, right.pair().elements);
  if (left.is_matrix()) {
    const auto& a = left.matrix();
    const auto& b = right.matrix();
    return a.rows == b.rows && a.columns == b.columns && equal_vectors(a.values, b.values) &&
           equal_labels(a.row_labels, b.row_labels) && equal_labels(a.column_labels, b.column_labels);
  }
  if (left.is_set()) {
    if (left.set().size() != right.set().size()) return false;
    const auto& elements = left.set().elements();
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!right.set().contains(elements.scalar_at(i))) return false;
    }
    return true;
  }
  if (left.is_dictionary()) return equal_dictionaries(left.dictionary(), right.dictionary());
  if (left.is_table()) {
    if (left.is_table_object() && right.is_table_object()) return left.table_object() == right.table_object();
    return left.is_plain_table() && right.is_plain_table() && equal_tables(left.table(), right.table());
  }
  if (left.is_function() && right.is_function()) return left.function()->print() == right.function()->print();
  if (left.is_code() && right.is_code()) return left.code()->print() == right.code()->print();
  if (left.is_handle() && right.is_handle()) return left.handle() == right.handle();
  return left.is_void() && right.is_void();
}

}  // namespace pelorus::data
