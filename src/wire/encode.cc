#include "wire/encode.h"

#include "data/chart.h"
#include "data/tensor.h"
#include "wire/internal/column_encoder.h"
#include "wire/internal/frame.h"

namespace pelorus::wire {
namespace {

using data::Form;
using data::Repr;
using data::Scalar;
using data::Type;
using data::Value;
using data::Vector;

void put_flag(uint8_t type, Form form, Chain& out) {
  out.put(type);
  out.put(static_cast<uint8_t>(form));
}

Status check_rows(uint64_t rows) {
  if (rows <= INT32_MAX) return {};
  return Error{ErrorCode::kLimit,
               "The result has more than 2147483647 elements and cannot be sent: " + std::to_string(rows)};
}

void put_size(uint64_t rows, uint64_t columns, Chain& out) {
  out.put(static_cast<int32_t>(rows));
  out.put(static_cast<int32_t>(columns));
}

void encode_scalar(const Scalar& scalar, Chain& out) {
  const auto type = scalar.type();
  put_flag(static_cast<uint8_t>(type), Form::kScalar, out);
  if (type == Type::kVoid) return out.put(uint8_t{1});
  if (type == Type::kBlob) {
    out.put(static_cast<int32_t>(scalar.text().size()));
    return out.put_text(scalar.text());
  }
  if (scalar.is_text()) return out.put_cstring(scalar.text());
  if (types::is_decimal(type)) out.put(static_cast<int32_t>(scalar.scale()));
  if (type == Type::kDuration) return out.put(scalar.get<types::Duration>());
  if (!types::is_fixed(scalar.repr())) return out.put_cstring("");
  encode_fixed(Vector::filled(scalar, 1), 0, 1, out);
}

/// A vector's rows, columns and scale.
void put_vector_header(const Vector& vector, size_t from, size_t count, Chain& out) {
  const bool is_blocks = vector.is_array() && !leaves_as_lists(vector);
  put_size(count, is_blocks ? array_elements_on_wire(vector, from, count) : 1, out);
  if (types::is_decimal(vector.type())) {
    out.put(static_cast<int32_t>(vector.is_array() ? vector.flat().scale() : vector.scale()));
  }
}

Status encode_vector(const Vector& vector, Form form, Chain& out);

/// Vectors of boxed values: tuples, durations.
Status encode_boxed(std::span<const Value> elements, Chain& out) {
  for (const auto& element : elements) TRY_DONE(encode(element, out));
  return {};
}

Status encode_lists(const Vector& vector, size_t from, size_t count, Chain& out) {
  for (size_t row = from; row < from + count; ++row) TRY_DONE(encode(vector.at(row), out));
  return {};
}

Status encode_vector(const Vector& vector, Form form, Chain& out) {
  TRY_DONE(check_rows(vector.size()));
  if (vector.type() == Type::kDuration && form == Form::kPair) {
    put_flag(static_cast<uint8_t>(Type::kDuration), form, out);
    put_size(vector.size(), 1, out);
    for (const auto& element : vector.values_any()) out.put(element.scalar().get<types::Duration>());
    return {};
  }
  put_flag(wire_type_of(vector), form, out);
  put_vector_header(vector, 0, vector.size(), out);
  if (leaves_as_lists(vector)) return encode_lists(vector, 0, vector.size(), out);
  if (vector.is_array()) {
    for (size_t row = 0; row < vector.size();) row += encode_array_block(vector, row, vector.size() - row, out);
    return {};
  }
  if (vector.repr() == Repr::kMixed) return encode_boxed(vector.values_any(), out);
  encode_elements(vector, 0, vector.size(), out);
  return {};
}

Status encode_matrix(const data::Matrix& matrix, Chain& out) {
  TRY_DONE(check_rows(matrix.values.size()));
  const auto type = wire_type_of(matrix.values);
  put_flag(type, Form::kMatrix, out);
  out.put(static_cast<uint8_t>((matrix.row_labels ? 1 : 0) | (matrix.column_labels ? 2 : 0)));
  if (matrix.row_labels) TRY_DONE(encode_vector(**matrix.row_labels, Form::kVector, out));
  if (matrix.column_labels) TRY_DONE(encode_vector(**matrix.column_labels, Form::kVector, out));
  put_flag(type, Form::kMatrix, out);
  put_size(matrix.rows, matrix.columns, out);
  if (types::is_decimal(matrix.values.type())) out.put(static_cast<int32_t>(matrix.values.scale()));
  if (matrix.values.repr() == Repr::kMixed) return encode_boxed(matrix.values.values_any(), out);
  encode_elements(matrix.values, 0, matrix.values.size(), out);
  return {};
}

Status encode_dictionary(const data::Dictionary& dictionary, Form form, Chain& out) {
  put_flag(wire_type_of(dictionary.values()), form, out);
  TRY_DONE(encode_vector(dictionary.keys(), Form::kVector, out));
  return encode_vector(dictionary.values(), Form::kVector, out);
}

Status encode_table(const data::Table& table, Chain& out) {
  TRY_DONE(check_rows(table.rows()));
  encode_table_header(table, table.rows(), out);
  for (size_t c = 0; c < table.columns(); ++c) {
    ColumnPosition position;
    const ColumnShape shape{.slice = {.from = 0, .count = table.rows()}, .symbol_base_id = static_cast<int32_t>(c)};
    TRY_DONE(encode_column(table.column(c), shape, position, SIZE_MAX, out));
  }
  return {};
}

Status encode_table_object(const data::TableObject& object, Chain& out) {
  if (object.is_stored()) {
    Value columns_only{data::Table(object.schema())};
    TRY_DONE(encode_table(columns_only.table(), out));
    out.keep(std::move(columns_only));
    return {};
  }
  TRY(auto rows, object.snapshot());
  Value kept(std::move(rows));
  TRY_DONE(encode_table(kept.table(), out));
  out.keep(std::move(kept));
  return {};
}

Status encode_tensor(const data::Tensor& tensor, Chain& out) {
  const auto& elements = tensor.elements();
  TRY_DONE(check_rows(elements.size()));
  put_flag(static_cast<uint8_t>(elements.type()), data::kTensorForm, out);
  out.put(uint8_t{0});  // a tensor of numbers
  out.put(uint8_t{0});  // in plain memory
  out.put(int32_t{0});  // flags
  out.put(static_cast<int32_t>(tensor.shape().size()));
  for (const auto length : tensor.shape()) out.put(length);
  for (const auto stride : tensor.strides()) out.put(stride);
  out.put(int64_t{0});  // preserved
  out.put(static_cast<int64_t>(elements.size()));
  encode_fixed(elements, 0, elements.size(), out);
  return {};
}

Status encode_unkept(const Value& value, Chain& out) {
  if (value.is_missing()) {
    put_flag(static_cast<uint8_t>(Type::kVoid), Form::kScalar, out);
    out.put(uint8_t{2});
    return {};
  }
  if (value.is_scalar()) {
    encode_scalar(value.scalar(), out);
    return {};
  }
  if (value.is_vector()) return encode_vector(value.vector(), Form::kVector, out);
  if (value.is_pair()) return encode_vector(value.pair().elements, Form::kPair, out);
  if (value.is_matrix()) return encode_matrix(value.matrix(), out);
  if (value.is_set()) {
    put_flag(wire_type_of(value.set().elements()), Form::kSet, out);
    return encode_vector(value.set().elements(), Form::kVector, out);
  }
  if (value.is_dictionary()) return encode_dictionary(value.dictionary(), Form::kDictionary, out);
  if (value.is_plain_table()) return encode_table(value.table(), out);
  if (value.is_table_object()) return encode_table_object(*value.table_object(), out);
  if (value.is_function()) {
    put_flag(static_cast<uint8_t>(Type::kFunctionDef), Form::kScalar, out);
    out.put(static_cast<uint8_t>(value.function()->kind()));
    out.put_cstring(value.function()->print());
    return {};
  }
  if (const auto* chart = data::Chart::of(value)) return encode_dictionary(chart->entries(), data::kChartForm, out);
  if (const auto* tensor = data::Tensor::of(value)) return encode_tensor(*tensor, out);
  const bool code = value.is_code();
  put_flag(static_cast<uint8_t>(code ? Type::kCode : Type::kHandle), Form::kScalar, out);
  out.put_cstring(code ? value.code()->print() : value.handle()->describe());
  return {};
}

/// Symbol columns leave with their dictionary when it is not larger than the column; texts otherwise.
bool is_sent_with_dictionary(const Vector& column, size_t rows) {
  return column.type() == Type::kSymbol && !column.is_array() && rows > 0 &&
         static_cast<size_t>(column.symbols().size()) <= rows &&
         column.symbols().size() <= data::SymbolBase::kSymbolsMax;
}

void put_column_header(const Vector& column, const ColumnShape& shape, bool dictionary, Chain& out) {
  const auto [from, count] = shape.slice;
  put_flag(dictionary ? kExtendedSymbol : wire_type_of(column), Form::kVector, out);
  put_vector_header(column, from, count, out);
  if (!dictionary) return;
  const auto& symbols = column.symbols();
  out.put(shape.symbol_base_id);
  out.put(symbols.size());
  for (int32_t code = 0; code < symbols.size(); ++code) out.put_cstring(symbols.text(code));
}

/// Rows whose texts are written before the size of the chain is looked at again.
constexpr size_t kTextRowsAtOnce = 1024;

}  // namespace

Status encode(const Value& value, Chain& out) {
  TRY_DONE(encode_unkept(value, out));
  if (!value.is_scalar()) out.keep(value);
  return {};
}

void encode_table_header(const data::Table& table, size_t rows, Chain& out) {
  put_flag(0, Form::kTable, out);
  put_size(rows, table.columns(), out);
  out.put_cstring("");
  for (const auto& name : table.names()) out.put_cstring(name);
}

Result<bool> encode_column(const Vector& column, const ColumnShape& shape, ColumnPosition& position,
                           size_t bytes_wanted, Chain& out) {
  const auto [from, count] = shape.slice;
  if (!position.header_written) {
    position.with_dictionary = is_sent_with_dictionary(column, count);
    put_column_header(column, shape, position.with_dictionary, out);
    position.header_written = true;
  }
  while (position.row < count) {
    if (out.size() >= bytes_wanted) return false;
    const size_t row = from + position.row;
    const size_t left = count - position.row;
    if (leaves_as_lists(column)) {
      const size_t rows = std::min(left, kTextRowsAtOnce);
      TRY_DONE(encode_lists(column, row, rows, out));
      position.row += rows;
      continue;
    }
    if (column.is_array()) {
      position.row += encode_array_block(column, row, left, out);
      continue;
    }
    size_t rows = left;
    if (column.repr() == Repr::kMixed) {
      rows = std::min(left, kTextRowsAtOnce);
      TRY_DONE(encode_boxed(column.values_any().subspan(row, rows), out));
    } else if (position.with_dictionary) {
      encode_fixed(column, row, rows, out);
    } else {
      if (types::is_literal(column.type())) rows = std::min(left, kTextRowsAtOnce);
      encode_elements(column, row, rows, out);
    }
    position.row += rows;
  }
  return true;
}

}  // namespace pelorus::wire
