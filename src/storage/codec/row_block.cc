#include "storage/codec/row_block.h"

#include <algorithm>
#include <functional>
#include <span>

#include "data/symbol_recoding.h"

namespace pelorus::storage {
namespace {

using data::Buffer;
using data::Shared;
using data::Vector;
using types::Repr;
using types::Type;

constexpr uint64_t kRowsMax = 1ull << 40;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class Text>
void encode_texts(size_t count, PartList& parts, Text&& text_at) {
  std::vector<uint32_t> lengths(count);
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    lengths[i] = static_cast<uint32_t>(text_at(i).size());
    total += lengths[i];
  }
  std::string bytes;
  bytes.reserve(total);
  for (size_t i = 0; i < count; ++i) bytes.append(text_at(i));
  parts.add_owned(bytes_of(lengths));
  parts.add_owned(std::move(bytes));
}

void encode_column(const Vector& column, PartList& parts) {
  if (column.is_array()) {
    const auto ends = column.ends();
    std::string count;
    ByteWriter(count).put<uint64_t>(column.flat().size());
    parts.add_owned(std::move(count));
    parts.add_values(ends);
    encode_column(column.flat(), parts);
  } else if (column.type() == Type::kSymbol) {
    const auto& base = column.symbols();
    std::string count;
    ByteWriter(count).put<uint32_t>(static_cast<uint32_t>(base.size()));
    parts.add_owned(std::move(count));
    encode_texts(static_cast<size_t>(base.size()), parts,
                 [&](size_t i) -> const std::string& { return base.text(static_cast<int32_t>(i)); });
    parts.add_values(column.values<int32_t>());
  } else if (column.repr() == Repr::kText) {
    const auto texts = column.values<std::string>();
    encode_texts(texts.size(), parts, [&](size_t i) -> const std::string& { return texts[i]; });
  } else {
    types::visit_fixed(column.repr(), [&]<class T>() { parts.add_values(column.values<T>()); });
  }
}

Result<Buffer<std::string>> decode_texts(uint64_t count, ByteReader& reader) {
  const Error corrupt{ErrorCode::kCorrupt, "texts of a row block end too early"};
  if (count > reader.left() / sizeof(uint32_t)) return corrupt;
  const auto lengths = reader.get_raw(count * sizeof(uint32_t));
  Buffer<std::string> texts;
  texts.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    std::memcpy(&length, lengths.data() + i * sizeof length, sizeof length);
    texts.emplace_back(reader.get_raw(length));
  }
  if (!reader.ok()) return corrupt;
  return texts;
}

Result<Vector> decode_symbols(uint64_t rows, ByteReader& reader) {
  const auto count = reader.get<uint32_t>();
  TRY(const auto texts, decode_texts(count, reader));
  auto base = std::make_shared<data::SymbolBase>();
  base->reserve(texts.size());
  for (const auto& text : texts) base->code_of(text);
  if (texts.empty() || !texts[0].empty() || base->size() != static_cast<int32_t>(count)) {
    return Error{ErrorCode::kCorrupt, "symbols of a row block are not distinct"};
  }
  Buffer<int32_t> codes;
  if (rows > reader.left() / sizeof(int32_t)) return Error{ErrorCode::kCorrupt, "symbol codes end too early"};
  codes.resize(rows);
  const auto raw = reader.get_raw(rows * sizeof(int32_t));
  if (rows > 0) std::memcpy(codes.data(), raw.data(), raw.size());
  for (const auto code : codes) {
    if (code < 0 || code >= base->size()) return Error{ErrorCode::kCorrupt, "symbol code out of range in a row block"};
  }
  return Vector::of_symbols(std::move(base), std::move(codes));
}

Result<Vector> decode_flat(const data::ColumnDefinition& column, uint64_t rows, ByteReader& reader) {
  if (column.type == Type::kSymbol) return decode_symbols(rows, reader);
  const auto repr = types::repr_of(column.type);
  if (repr == Repr::kText) {
    TRY(auto texts, decode_texts(rows, reader));
    return Vector::adopt<std::string>(column.type, std::move(texts));
  }
  return types::visit_fixed(repr, [&]<class T>() -> Result<Vector> {
    if (rows > reader.left() / sizeof(T)) return Error{ErrorCode::kCorrupt, "column ends too early: " + column.name};
    Buffer<T> values;
    values.resize(rows);
    const auto raw = reader.get_raw(rows * sizeof(T));
    if (rows > 0) std::memcpy(values.data(), raw.data(), raw.size());
    return Vector::adopt<T>(column.type, std::move(values), column.scale);
  });
}

Result<Vector> decode_column(const data::ColumnDefinition& column, uint64_t rows, ByteReader& reader) {
  if (!column.array) return decode_flat(column, rows, reader);
  const auto elements = reader.get<uint64_t>();
  if (rows > reader.left() / sizeof(int64_t)) return Error{ErrorCode::kCorrupt, "array ends too early: " + column.name};
  Buffer<int64_t> ends;
  ends.resize(rows);
  const auto raw = reader.get_raw(rows * sizeof(int64_t));
  if (rows > 0) std::memcpy(ends.data(), raw.data(), raw.size());
  int64_t before = 0;
  for (const auto end : ends) {
    if (end < before) return Error{ErrorCode::kCorrupt, "array ends descend: " + column.name};
    before = end;
  }
  if (static_cast<uint64_t>(before) != elements)
    return Error{ErrorCode::kCorrupt, "array length differs: " + column.name};
  TRY(auto flat, decode_flat(column, elements, reader));
  return Vector::array(Shared<Vector>(std::move(flat)), std::move(ends));
}

/// Whether every text is used.
bool is_compact(const data::SymbolBase& base, std::span<const int32_t> codes) {
  const auto texts = static_cast<size_t>(base.size());
  if (texts > codes.size() + 1) return false;
  std::vector<uint8_t> used(texts);
  used[0] = 1;
  for (const int32_t code : codes) used[static_cast<size_t>(code)] = 1;
  return std::ranges::find(used, 0) == used.end();
}

Shared<Vector> compact(const Shared<Vector>& column) {
  const auto& base = column->symbols();
  const auto codes = column->values<int32_t>();
  if (is_compact(base, codes)) return column;
  auto used = std::make_shared<data::SymbolBase>();
  data::SymbolRecoding recoding(base, *used, codes.size());
  Buffer<int32_t> recoded;
  recoded.resize(codes.size());
  std::ranges::transform(codes, recoded.begin(), std::ref(recoding));
  return Vector::of_symbols(std::move(used), std::move(recoded));
}

}  // namespace

void encode_schema(const data::Schema& schema, ByteWriter& writer) {
  writer.put<uint32_t>(static_cast<uint32_t>(schema.size()));
  for (const auto& column : schema) {
    writer.put_string(column.name);
    writer.put<uint8_t>(static_cast<uint8_t>(column.type));
    writer.put<uint8_t>(column.array ? 1 : 0);
    writer.put<uint16_t>(static_cast<uint16_t>(column.scale));
    writer.put_string(column.comment);
  }
}

Result<data::Schema> decode_schema(ByteReader& reader) {
  const auto columns = reader.get<uint32_t>();
  if (columns > kColumnsMax)
    return Error{ErrorCode::kCorrupt, "schema has too many columns: " + std::to_string(columns)};
  data::Schema schema;
  for (uint32_t c = 0; c < columns && reader.ok(); ++c) {
    data::ColumnDefinition column;
    column.name = reader.get_string();
    column.type = static_cast<Type>(reader.get<uint8_t>());
    column.array = reader.get<uint8_t>() != 0;
    column.scale = reader.get<uint16_t>();
    column.comment = reader.get_string();
    if (reader.ok() && !types::is_storable(column.type)) {
      return Error{ErrorCode::kCorrupt, "schema has a type that cannot be stored: column " + column.name};
    }
    schema.push_back(std::move(column));
  }
  TRY_DONE(reader.finish("schema"));
  return schema;
}

void encode_sort(const SortRule& sort, ByteWriter& writer) {
  writer.put<uint8_t>(static_cast<uint8_t>(sort.keep));
  writer.put<uint32_t>(static_cast<uint32_t>(sort.columns.size()));
  for (const auto column : sort.columns) writer.put<uint32_t>(column);
}

Result<SortRule> decode_sort(ByteReader& reader, const data::Schema& schema) {
  const auto keep = reader.get<uint8_t>();
  const auto columns = reader.get<uint32_t>();
  if (keep > static_cast<uint8_t>(KeepDuplicates::kLastUnlessDeleted) || columns == 0 || columns > schema.size())
    return Error{ErrorCode::kCorrupt, "sort rule makes no sense"};
  SortRule sort{{}, static_cast<KeepDuplicates>(keep)};
  for (uint32_t k = 0; k < columns; ++k) sort.columns.push_back(reader.get<uint32_t>());
  TRY_DONE(reader.finish("sort rule"));
  if (!check_sort_fits(sort, schema).ok()) return Error{ErrorCode::kCorrupt, "sort rule does not fit its columns"};
  return sort;
}

bool has_options(const SortRule& sort, const Compressions& compression) {
  return sort.marks_deletions() ||
         std::any_of(compression.begin(), compression.end(), [](auto one) { return one != Compression::kUsual; });
}

void encode_options(const SortRule& sort, const Compressions& compression, ByteWriter& writer) {
  writer.put<uint8_t>(sort.sorts() ? 1 : 0);
  if (sort.sorts()) encode_sort(sort, writer);
  writer.put<uint32_t>(static_cast<uint32_t>(compression.size()));
  for (const auto one : compression) writer.put<uint8_t>(static_cast<uint8_t>(one));
}

Status decode_options(ByteReader& reader, const data::Schema& schema, SortRule& sort, Compressions& compression) {
  if (reader.get<uint8_t>() != 0) {
    TRY(sort, decode_sort(reader, schema));
  }
  const auto columns = reader.get<uint32_t>();
  if (columns != 0 && columns != schema.size()) return Error{ErrorCode::kCorrupt, "compression of other columns"};
  for (uint32_t c = 0; c < columns; ++c) {
    const auto number = reader.get<uint8_t>();
    if (number > static_cast<uint8_t>(Compression::kChimp))
      return Error{ErrorCode::kCorrupt, "unknown compression method " + std::to_string(number)};
    compression.push_back(static_cast<Compression>(number));
  }
  return reader.finish("table options");
}

Status check_sort_fits(const SortRule& sort, const data::Schema& schema) {
  if (sort.marks_deletions() && (schema.empty() || schema.back().type != types::Type::kBool || schema.back().array))
    return Error{ErrorCode::kInvalid, "rows that mark deletions need a BOOL as their last column"};
  for (size_t k = 0; k < sort.columns.size(); ++k) {
    if (sort.columns[k] >= schema.size())
      return Error{ErrorCode::kInvalid, "rows have no sort column " + std::to_string(sort.columns[k])};
    const auto& column = schema[sort.columns[k]];
    const bool last = k + 1 == sort.columns.size();
    const bool fits = last ? types::is_integral(column.type) || types::is_temporal(column.type)
                           : types::repr_of(column.type) != types::Repr::kMixed;
    if (column.array || !fits) {
      return Error{ErrorCode::kInvalid, std::string(last ? "the last sort column must be of an integer or temporal type"
                                                         : "a sort column can't be an array vector") +
                                            ": " + column.name};
    }
  }
  return {};
}

Status check_rows_fit(const data::Schema& schema, const data::Table& rows) {
  if (schema.empty() || schema.size() > kColumnsMax) {
    return Error{ErrorCode::kInvalid,
                 "a chunk has 1 to " + std::to_string(kColumnsMax) + " columns, not " + std::to_string(schema.size())};
  }
  if (rows.columns() != schema.size()) {
    return Error{ErrorCode::kInvalid, "rows have " + std::to_string(rows.columns()) + " columns, the chunk has " +
                                          std::to_string(schema.size())};
  }
  for (size_t c = 0; c < schema.size(); ++c) {
    const auto& column = rows.column(c);
    if (!types::is_storable(schema[c].type) || (schema[c].array && schema[c].type == Type::kSymbol)) {
      return Error{ErrorCode::kInvalid, "column cannot be stored with its type: " + schema[c].name + ' ' +
                                            std::string(types::name_of(schema[c].type))};
    }
    if (column.type() != schema[c].type || column.is_array() != schema[c].array || column.scale() != schema[c].scale) {
      return Error{ErrorCode::kInvalid, "rows have another type than the chunk in column " + schema[c].name + ": " +
                                            std::string(types::name_of(column.type())) + " instead of " +
                                            std::string(types::name_of(schema[c].type))};
    }
    if (column.size() != rows.rows()) return Error{ErrorCode::kInvalid, "columns differ in length: " + schema[c].name};
  }
  return {};
}

data::Table with_compact_symbols(const data::Table& rows) {
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < rows.columns(); ++c) {
    const bool symbol = rows.column(c).type() == Type::kSymbol && !rows.column(c).is_array();
    columns.push_back(symbol ? compact(rows.column_shared(c)) : rows.column_shared(c));
  }
  return {rows.names(), std::move(columns)};
}

void encode_rows(const data::Table& rows, PartList& parts) {
  std::string count;
  ByteWriter(count).put<uint64_t>(rows.rows());
  parts.add_owned(std::move(count));
  for (size_t c = 0; c < rows.columns(); ++c) encode_column(rows.column(c), parts);
}

Result<data::Table> decode_rows(const data::Schema& schema, ByteReader& reader) {
  const auto rows = reader.get<uint64_t>();
  if (rows > kRowsMax) return Error{ErrorCode::kCorrupt, "row block claims " + std::to_string(rows) + " rows"};
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (const auto& column : schema) {
    TRY(auto values, decode_column(column, rows, reader));
    names.push_back(column.name);
    columns.emplace_back(std::move(values));
  }
  TRY_DONE(reader.finish("row block"));
  return data::Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::storage
