#pragma once
// Any value of the language.

#include <functional>
#include <variant>

#include "data/collections.h"
#include "data/objects.h"
#include "data/table.h"
#include "data/vector.h"

namespace pelorus::data {

using types::Form;

/// Copies are cheap: everything larger than a scalar is shared and copied on write. Default: VOID.
class Value {
 public:
  Value() = default;
  Value(Scalar scalar) : store_(std::move(scalar)) {}
  Value(Vector vector) : store_(Shared<Vector>(std::move(vector))) {}
  Value(Shared<Vector> vector) : store_(std::move(vector)) {}
  Value(Pair pair) : store_(Shared<Pair>(std::move(pair))) {}
  Value(Matrix matrix) : store_(Shared<Matrix>(std::move(matrix))) {}
  Value(Set set) : store_(Shared<Set>(std::move(set))) {}
  Value(Dictionary dictionary) : store_(Shared<Dictionary>(std::move(dictionary))) {}
  Value(Table table) : store_(Shared<Table>(std::move(table))) {}
  Value(Shared<Table> table) : store_(std::move(table)) {}
  Value(TableRef table) : store_(std::move(table)) {}
  Value(FunctionRef function) : store_(std::move(function)) {}
  Value(CodeRef code) : store_(std::move(code)) {}
  Value(HandleRef handle) : store_(std::move(handle)) {}

  static Value of_bool(bool v) { return Scalar::of_bool(v); }
  static Value of_int(int32_t v) { return Scalar::of_int(v); }
  static Value of_long(int64_t v) { return Scalar::of_long(v); }
  static Value of_double(double v) { return Scalar::of_double(v); }
  static Value of_string(std::string v) { return Scalar::of_string(std::move(v)); }
  static Value null() { return {}; }
  /// "use the parameter's default": the constant DFLT and empty argument places.
  static Value missing();
  bool is_missing() const { return std::holds_alternative<Missing>(store_); }

  Form form() const;
  /// Element type: of the scalar, the vector's elements, the dictionary's values; FUNCTIONDEF, CODE, HANDLE; tables:
  /// VOID's place is taken by kDictionary as clients do not look at it.
  Type type() const;
  /// As typestr(): "INT", "FAST INT VECTOR", "STRING VECTOR", "ANY VECTOR", "INT PAIR", "IN-MEMORY TABLE", …
  std::string type_text() const;

  bool is_scalar() const { return std::holds_alternative<Scalar>(store_); }
  bool is_vector() const { return std::holds_alternative<Shared<Vector>>(store_); }
  bool is_tuple() const { return is_vector() && vector().is_tuple(); }
  bool is_pair() const { return std::holds_alternative<Shared<Pair>>(store_); }
  bool is_matrix() const { return std::holds_alternative<Shared<Matrix>>(store_); }
  bool is_set() const { return std::holds_alternative<Shared<Set>>(store_); }
  bool is_dictionary() const { return std::holds_alternative<Shared<Dictionary>>(store_); }
  /// In-memory value or object with identity.
  bool is_table() const { return is_plain_table() || is_table_object(); }
  bool is_plain_table() const { return std::holds_alternative<Shared<Table>>(store_); }
  bool is_table_object() const { return std::holds_alternative<TableRef>(store_); }
  bool is_function() const { return std::holds_alternative<FunctionRef>(store_); }
  bool is_code() const { return std::holds_alternative<CodeRef>(store_); }
  bool is_handle() const { return std::holds_alternative<HandleRef>(store_); }
  /// VOID scalar, or a scalar whose value is null.
  bool is_null() const { return is_missing() || (is_scalar() && scalar().is_null()); }
  bool is_void() const { return is_missing() || (is_scalar() && scalar().type() == Type::kVoid); }
  /// A scalar of STRING, SYMBOL or BLOB.
  bool is_text() const { return is_scalar() && scalar().is_text(); }

  // Access by alternative; the wrong one throws std::bad_variant_access (a fault of ours: ask first).
  const Scalar& scalar() const { return std::get<Scalar>(store_); }
  const Vector& vector() const { return *std::get<Shared<Vector>>(store_); }
  const Shared<Vector>& vector_shared() const { return std::get<Shared<Vector>>(store_); }
  const Pair& pair() const { return *std::get<Shared<Pair>>(store_); }
  const Matrix& matrix() const { return *std::get<Shared<Matrix>>(store_); }
  const Set& set() const { return *std::get<Shared<Set>>(store_); }
  const Dictionary& dictionary() const { return *std::get<Shared<Dictionary>>(store_); }
  const Table& table() const { return *std::get<Shared<Table>>(store_); }
  const Shared<Table>& table_shared() const { return std::get<Shared<Table>>(store_); }
  const TableRef& table_object() const { return std::get<TableRef>(store_); }
  const FunctionRef& function() const { return std::get<FunctionRef>(store_); }
  const CodeRef& code() const { return std::get<CodeRef>(store_); }
  const HandleRef& handle() const { return std::get<HandleRef>(store_); }
  const std::string& text() const { return scalar().text(); }

  // For writing in place (copy on write).
  Vector& edit_vector() { return std::get<Shared<Vector>>(store_).edit(); }
  Matrix& edit_matrix() { return std::get<Shared<Matrix>>(store_).edit(); }
  Set& edit_set() { return std::get<Shared<Set>>(store_).edit(); }
  Dictionary& edit_dictionary() { return std::get<Shared<Dictionary>>(store_).edit(); }
  Table& edit_table() { return std::get<Shared<Table>>(store_).edit(); }

 private:
  struct Missing {};
  std::variant<Scalar, Shared<Vector>, Shared<Pair>, Shared<Matrix>, Shared<Set>, Shared<Dictionary>, Shared<Table>,
               TableRef, FunctionRef, CodeRef, HandleRef, Missing>
      store_;
};

/// Elements of a vector value as scalars' count: size() of the language (tables: rows; dictionaries: keys; scalar: 1).
size_t size_of(const Value& value);

/// Same form, type and content; labels and names included. Text types count as one. Functions by printed form.
bool equal(const Value& left, const Value& right);

}  // namespace pelorus::data
