// Files of records, all of one length: writeRecord loadRecord.

#include <cstring>

#include "functions/builtins/files/register_files.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/open_file.h"
#include "functions/type_argument.h"

namespace pelorus::functions {
namespace {

/// A field of a record: `bytes` of a text, or a number as memory has it.
struct Field {
  std::string name;
  Type type = Type::kVoid;
  size_t bytes = 0;
};

bool is_plain(const Vector& column) {
  return !column.is_array() && types::is_fixed(column.repr()) && column.type() != Type::kSymbol;
}

std::vector<Shared<Vector>> columns_to_write(const Arguments& a) {
  std::vector<Shared<Vector>> columns;
  if (a[1].is_table()) {
    const auto table = table_argument("writeRecord", a[1]);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
  } else if (a[1].is_tuple()) {
    for (const auto& part : a[1].vector().values_any()) {
      const auto elements = elements_of(part);
      if (!elements) a.refuse("object", "must be a table or a tuple of vectors.");
      columns.push_back(*elements);
    }
  } else {
    a.refuse("object", "must be a table or a tuple of vectors.");
  }
  for (const auto& column : columns) {
    if (!is_plain(*column)) a.refuse("object", "must hold numbers and temporal values only.");
    if (column->size() != columns[0]->size()) a.refuse("object", "must have vectors of one length.");
  }
  if (columns.empty()) a.refuse("object", "must have columns.");
  return columns;
}

/// writeRecord(handle, object, [offset], [length])
Value write_records(CallContext&, std::span<Value> args) {
  Arguments a("writeRecord", args);
  const auto columns = columns_to_write(a);
  const auto rows = static_cast<int64_t>(columns[0]->size());
  const int64_t from = a.integer_or(2, "offset", 0), count = a.integer_or(3, "length", rows - from);
  if (from < 0 || from > rows) a.refuse("offset", "must lie within the object.");
  if (count < 0 || count > rows - from) a.refuse("length", "must lie within the object.");
  size_t record = 0;
  for (const auto& column : columns) types::visit_fixed(column->repr(), [&]<class T>() { record += sizeof(T); });
  std::string bytes(record * static_cast<size_t>(count), '\0');
  size_t at = 0;
  for (const auto& column : columns) {
    types::visit_fixed(column->repr(), [&]<class T>() {
      const auto values = column->values<T>().subspan(static_cast<size_t>(from), static_cast<size_t>(count));
      for (size_t row = 0; row < values.size(); ++row) std::memcpy(&bytes[row * record + at], &values[row], sizeof(T));
      at += sizeof(T);
    });
  }
  write_all(file_of("writeRecord", args[0]), bytes);
  return Value::of_int(static_cast<int32_t>(count));
}

/// ("code", SYMBOL, 32), ("last", FLOAT)
std::vector<Field> fields_of(const Arguments& a) {
  constexpr std::string_view kNeeds =
      "must be a tuple with (name, type) for each field, and the number of bytes behind them for a text.";
  constexpr int64_t kTextMax = 1 << 16;
  if (!a[1].is_tuple()) a.refuse("schema", kNeeds);
  std::vector<Field> fields;
  for (const auto& part : a[1].vector().values_any()) {
    if (!part.is_vector() || part.vector().size() < 2 || part.vector().size() > 3) a.refuse("schema", kNeeds);
    const auto name = part.vector().at(0);
    if (!name.is_text()) a.refuse("schema", kNeeds);
    const auto wanted = type_argument("loadRecord", part.vector().at(1));
    Field field{.name = name.text(), .type = wanted.type};
    if (types::is_literal(field.type)) {
      const auto length = part.vector().size() == 3 ? part.vector().at(2) : Value();
      if (!length.is_scalar() || length.is_null() || length.scalar().as_int64() < 1 ||
          length.scalar().as_int64() > kTextMax)
        a.refuse("schema", "must say how many bytes a text takes, at most 65536: " + field.name);
      field.bytes = static_cast<size_t>(length.scalar().as_int64());
    } else {
      const Vector sample(field.type, 0);
      if (!is_plain(sample)) a.refuse("schema", "must have numbers, temporal values and texts: " + field.name);
      types::visit_fixed(sample.repr(), [&]<class T>() { field.bytes = sizeof(T); });
    }
    fields.push_back(std::move(field));
  }
  if (fields.empty()) a.refuse("schema", kNeeds);
  return fields;
}

Vector column_of(const Field& field, std::string_view records, size_t record, size_t at) {
  const size_t rows = records.size() / record;
  if (types::is_literal(field.type)) {
    std::vector<std::string> texts(rows);
    for (size_t row = 0; row < rows; ++row) {
      const auto text = records.substr(row * record + at, field.bytes);
      texts[row] = std::string(text.substr(0, text.find('\0')));
    }
    return Vector::of_strings(field.type, std::move(texts));
  }
  Vector column(field.type, rows);
  types::visit_fixed(column.repr(), [&]<class T>() {
    auto& values = column.edit<T>();
    for (size_t row = 0; row < rows; ++row) std::memcpy(&values[row], &records[row * record + at], sizeof(T));
  });
  return column;
}

/// loadRecord(filename, schema, [skipBytes], [count])
Value load_records(CallContext& context, std::span<Value> args) {
  Arguments a("loadRecord", args);
  require_login(context, "loadRecord");
  const auto fields = fields_of(a);
  size_t record = 0;
  for (const auto& field : fields) record += field.bytes;
  const int64_t skip = a.integer_or(2, "skipBytes", 0), most = a.integer_or(3, "count", INT64_MAX);
  if (skip < 0) a.refuse("skipBytes", "must not be negative.");
  if (most < 0) a.refuse("count", "must not be negative.");
  const auto path = a.text(0, "filename");
  FILE* const opened = std::fopen(path.c_str(), "r");
  if (opened == nullptr) throw ScriptError("Can't open the file " + path + ".");
  OpenFile file(path, opened);
  const auto bytes = file.with([&](FILE* from) {
    std::string read;
    if (fseeko(from, 0, SEEK_END) != 0) throw ScriptError("loadRecord: " + path + " is no plain file.");
    const int64_t rest = std::max<int64_t>(0, ftello(from) - skip);
    const int64_t rows = std::min(most, rest / static_cast<int64_t>(record));
    context.reserve_memory(2 * rows * static_cast<int64_t>(record));
    read.resize(static_cast<size_t>(rows) * record);
    if (fseeko(from, skip, SEEK_SET) != 0 || std::fread(read.data(), 1, read.size(), from) != read.size())
      throw ScriptError("Can't read the file " + path + ".");
    return read;
  });
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  size_t at = 0;
  for (const auto& field : fields) {
    names.push_back(field.name);
    columns.emplace_back(column_of(field, bytes, record, at));
    at += field.bytes;
  }
  return data::Table(std::move(names), std::move(columns));
}

}  // namespace

void register_binary_files(Registry& registry) {
  declare(registry, "files", Nature::kCommand,
          {"writeRecord", "handle, object, [offset=0], [length]", write_records,
           "Writes rows of a table, or of a tuple of vectors, as records of one length; how many.",
           "f = file(\"/tmp/pelorus-example-o\", \"w\"); f.writeRecord(table(1 2 as a, 1.5 2.5 as b))", "2"});
  declare(
      registry, "files", Nature::kWhole,
      {"loadRecord", "filename, schema, [skipBytes=0], [count]", load_records,
       "The records of a file, all of one length, as a table. schema: (name, type) for each field, (name, type, bytes) "
       "for a text.",
       "f = file(\"/tmp/pelorus-example-p\", \"w\"); f.writeRecord(table(1 2 as a, 1.5 2.5 as b)); f.close(); "
       "loadRecord(\"/tmp/pelorus-example-p\", [(\"a\", INT), (\"b\", DOUBLE)])",
       "table{a:[1,2],b:[1.5,2.5]}"});
}

}  // namespace pelorus::functions
