#include "stream/messages/message_rows.h"

#include "base/bytes.h"
#include "base/script_error.h"
#include "data/value.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Vector;

void check_column(const std::string& name, Type type, bool array) {
  const bool is_text = types::is_literal(type);
  if (array || (!is_text && !types::is_fixed(Vector(type).repr())))
    throw ScriptError("The column " + name + " of type " + std::string(types::name_of(type)) +
                      " can't be part of a message.");
}

void pack_text(const Vector& column, size_t row, ByteWriter& out) {
  const auto text = column.text_at(row);
  if (column.type() != Type::kBlob) return out.put_cstring(text);
  out.put<int32_t>(static_cast<int32_t>(text.size()));
  out.put_raw(text.data(), text.size());
}

/// Reads one field into the end of a column.
void unpack(ByteReader& in, Vector& column) {
  if (column.type() == Type::kBlob) {
    const auto size = in.get<int32_t>();
    if (size < 0) return in.fail();
    column.push_back(
        data::Value(types::Scalar::of_text(Type::kBlob, std::string(in.get_raw(static_cast<size_t>(size))))));
  } else if (types::is_literal(column.type())) {
    column.push_back(data::Value(types::Scalar::of_text(column.type(), std::string(in.get_cstring()))));
  } else {
    types::visit_fixed(column.repr(), [&]<class T>() { column.edit<T>().push_back(in.get<T>()); });
  }
}

}  // namespace

std::vector<std::string> packed_rows(const data::Table& rows) {
  std::vector<std::string> messages(rows.rows());
  for (size_t c = 0; c < rows.columns(); ++c) {
    const auto& column = rows.column(c);
    check_column(rows.names()[c], column.is_array() ? column.flat().type() : column.type(), column.is_array());
    if (types::is_literal(column.type())) {
      for (size_t r = 0; r < messages.size(); ++r) {
        ByteWriter out(messages[r]);
        pack_text(column, r, out);
      }
      continue;
    }
    types::visit_fixed(column.repr(), [&]<class T>() {
      const auto values = column.values<T>();
      for (size_t r = 0; r < messages.size(); ++r) ByteWriter(messages[r]).put<T>(values[r]);
    });
  }
  return messages;
}

data::Table unpacked_rows(const data::Schema& schema, std::span<const std::string> messages) {
  std::vector<Vector> columns;
  std::vector<std::string> names;
  for (const auto& column : schema) {
    check_column(column.name, column.type, column.array);
    columns.emplace_back(column.type, 0, column.scale);
    names.push_back(column.name);
  }
  for (const auto& message : messages) {
    ByteReader in(message);
    for (auto& column : columns) unpack(in, column);
    if (!in.ok() || !in.at_end()) throw ScriptError("A message does not hold the fields that its schema names.");
  }
  std::vector<data::Shared<Vector>> shared;
  for (auto& column : columns) shared.emplace_back(std::move(column));
  return data::Table(std::move(names), std::move(shared));
}

}  // namespace pelorus::stream
