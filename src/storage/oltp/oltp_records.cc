#include "storage/oltp/oltp_records.h"

#include <algorithm>
#include <cstring>

#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

using data::Table;
using data::Vector;
using Kind = OltpChange::Kind;

constexpr uint8_t kRecordFormat = 1;
constexpr std::string_view kMagic = "PLRO";
constexpr uint32_t kCheckpointFormat = 1;
constexpr uint32_t kKeysMax = 1024;
constexpr uint32_t kDatabasesMax = 1u << 20;

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, "IMOLTP data: " + what}; }

void put_names(const std::vector<std::string>& names, ByteWriter& writer) {
  writer.put(static_cast<uint32_t>(names.size()));
  for (const auto& name : names) writer.put_string(name);
}

std::vector<std::string> get_names(ByteReader& reader, uint32_t most) {
  const auto count = reader.get<uint32_t>();
  if (count > most) reader.fail();
  std::vector<std::string> names;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) names.push_back(reader.get_string());
  return names;
}

void put_terms(const data::OltpTableTerms& terms, ByteWriter& writer) {
  writer.put_string(terms.name);
  encode_schema(terms.schema, writer);
  put_names(terms.primary_key, writer);
  writer.put(static_cast<uint32_t>(terms.secondary_keys.size()));
  for (const auto& key : terms.secondary_keys) {
    put_names(key.columns, writer);
    writer.put(static_cast<uint8_t>(key.unique));
  }
}

bool has_columns(const data::Schema& schema, const std::vector<std::string>& names) {
  return !names.empty() && std::ranges::all_of(names, [&](const std::string& name) {
    return std::ranges::any_of(schema, [&](const auto& column) { return column.name == name; });
  });
}

Result<data::OltpTableTerms> get_terms(ByteReader& reader) {
  data::OltpTableTerms terms;
  terms.name = reader.get_string();
  TRY(terms.schema, decode_schema(reader));
  terms.primary_key = get_names(reader, kKeysMax);
  const auto keys = reader.get<uint32_t>();
  if (keys > kKeysMax) reader.fail();
  for (uint32_t i = 0; i < keys && reader.ok(); ++i) {
    data::OltpKey key{.columns = get_names(reader, kKeysMax)};
    key.unique = reader.get<uint8_t>() != 0;
    if (!has_columns(terms.schema, key.columns)) return corrupt("a key of columns that are not there");
    terms.secondary_keys.push_back(std::move(key));
  }
  TRY_DONE(reader.finish("terms of an IMOLTP table"));
  if (!has_columns(terms.schema, terms.primary_key)) return corrupt("a primary key of columns that are not there");
  return terms;
}

bool has_places(Kind kind) { return kind == Kind::kReplace || kind == Kind::kRemove; }
bool has_rows(Kind kind) { return kind == Kind::kAppend || kind == Kind::kReplace || kind == Kind::kReset; }

Result<OltpChange> get_change(ByteReader& reader, const OltpImage& image) {
  OltpChange change;
  const auto kind = reader.get<uint8_t>();
  if (kind < static_cast<uint8_t>(Kind::kCreateDatabase) || kind > static_cast<uint8_t>(Kind::kReset))
    return corrupt("a change of an unknown kind: " + std::to_string(kind));
  change.kind = static_cast<Kind>(kind);
  change.database = reader.get_string();
  change.table = reader.get<uint64_t>();
  if (change.kind == Kind::kCreateTable) {
    TRY(change.terms, get_terms(reader));
  }
  if (has_places(change.kind)) {
    const auto count = reader.get<uint64_t>();
    if (count > reader.left() / sizeof(int64_t)) reader.fail();
    for (uint64_t i = 0; i < count && reader.ok(); ++i) change.places.push_back(reader.get<int64_t>());
  }
  TRY_DONE(reader.finish("change of an IMOLTP table"));
  if (has_rows(change.kind)) {
    const auto table = image.tables.find(change.table);
    if (table == image.tables.end()) return corrupt("rows of a table that is not there");
    TRY(change.rows, decode_rows(table->second.terms.schema, reader));
  }
  return change;
}

/// Whether element i of `a` is element j of `b`, nulls equal. Arrays are always taken to differ.
bool same_at(const Vector& a, size_t i, const Vector& b, size_t j) {
  if (types::is_literal(a.type())) return a.text_at(i) == b.text_at(j);
  if (a.is_array() || !types::is_fixed(a.repr())) return false;
  return types::visit_fixed(
      a.repr(), [&]<class T>() { return std::memcmp(&a.values<T>()[i], &b.values<T>()[j], sizeof(T)) == 0; });
}

bool same_row(const Table& a, size_t i, const Table& b, size_t j) {
  for (size_t c = 0; c < a.columns(); ++c) {
    if (!same_at(a.column(c), i, b.column(c), j)) return false;
  }
  return true;
}

}  // namespace

void encode_changes(const std::vector<OltpChange>& changes, PartList& parts) {
  std::string head;
  ByteWriter(head).put(kRecordFormat);
  ByteWriter(head).put(static_cast<uint32_t>(changes.size()));
  parts.add_owned(std::move(head));
  for (const auto& change : changes) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(static_cast<uint8_t>(change.kind));
    writer.put_string(change.database);
    writer.put(change.table);
    if (change.kind == Kind::kCreateTable) put_terms(change.terms, writer);
    if (has_places(change.kind)) {
      writer.put(static_cast<uint64_t>(change.places.size()));
      for (const auto place : change.places) writer.put(place);
    }
    parts.add_owned(std::move(bytes));
    if (has_rows(change.kind)) encode_rows(change.rows, parts);
  }
}

Result<std::vector<OltpChange>> decode_changes(std::string_view bytes, const OltpImage& image) {
  ByteReader reader(bytes);
  const auto format = reader.get<uint8_t>();
  if (format != kRecordFormat) return corrupt("a record of an unknown format: " + std::to_string(format));
  const auto count = reader.get<uint32_t>();
  std::vector<OltpChange> changes;
  for (uint32_t i = 0; i < count; ++i) {
    TRY(auto change, get_change(reader, image));
    changes.push_back(std::move(change));
  }
  if (!reader.at_end()) return corrupt("bytes behind the last change of a record");
  return changes;
}

Status OltpImage::apply(const OltpChange& change) {
  const auto at = std::ranges::find(databases, change.database);
  switch (change.kind) {
    case Kind::kCreateDatabase:
      if (at == databases.end()) databases.push_back(change.database);
      return {};
    case Kind::kDropDatabase:
      if (at != databases.end()) databases.erase(at);
      std::erase_if(tables, [&](const auto& entry) { return entry.second.database == change.database; });
      return {};
    case Kind::kCreateTable:
      tables[change.table] = {change.table, change.database, change.terms, Table(change.terms.schema)};
      last_table = std::max(last_table, change.table);
      return {};
    case Kind::kDropTable: tables.erase(change.table); return {};
    default: break;
  }
  const auto table = tables.find(change.table);
  if (table == tables.end()) return corrupt("a change of a table that is not there");
  if (change.kind == Kind::kAppend) return table->second.rows.append(change.rows);
  TRY(table->second.rows, changed_rows(table->second.rows, change));
  return {};
}

// magic 4 bytes, format u32, CRC-32C of the rest, the rest.
std::string encode_checkpoint(const OltpImage& image) {
  PartList parts;
  std::string head;
  ByteWriter writer(head);
  writer.put(image.sequence);
  writer.put(image.last_table);
  put_names(image.databases, writer);
  writer.put(static_cast<uint32_t>(image.tables.size()));
  parts.add_owned(std::move(head));
  for (const auto& [id, table] : image.tables) {
    std::string bytes;
    ByteWriter terms(bytes);
    terms.put(id);
    terms.put_string(table.database);
    put_terms(table.terms, terms);
    parts.add_owned(std::move(bytes));
    encode_rows(table.rows, parts);
  }
  const auto body = parts.joined();
  std::string out;
  ByteWriter whole(out);
  whole.put_raw(kMagic.data(), kMagic.size());
  whole.put(kCheckpointFormat);
  whole.put(io::crc32c(body));
  return out + body;
}

Result<OltpImage> decode_checkpoint(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto magic = reader.get_raw(kMagic.size());
  const auto format = reader.get<uint32_t>();
  const auto crc = reader.get<uint32_t>();
  if (!reader.ok() || magic != kMagic) return corrupt("not a checkpoint");
  if (format != kCheckpointFormat) return corrupt("a checkpoint of an unknown format: " + std::to_string(format));
  if (io::crc32c(bytes.substr(reader.position())) != crc) return corrupt("the checkpoint fails its checksum");
  OltpImage image;
  image.sequence = reader.get<uint64_t>();
  image.last_table = reader.get<uint64_t>();
  image.databases = get_names(reader, kDatabasesMax);
  const auto tables = reader.get<uint32_t>();
  for (uint32_t i = 0; i < tables; ++i) {
    OltpTableImage table;
    table.id = reader.get<uint64_t>();
    table.database = reader.get_string();
    TRY(table.terms, get_terms(reader));
    TRY(table.rows, decode_rows(table.terms.schema, reader));
    image.tables.emplace(table.id, std::move(table));
  }
  if (!reader.at_end()) return corrupt("bytes behind the checkpoint");
  return image;
}

OltpChange difference(const Table& before, const Table& after) {
  OltpChange change;
  const size_t rows = before.rows();
  if (after.rows() == rows) {
    std::vector<char> differs(rows, 0);
    for (size_t c = 0; c < before.columns(); ++c) {
      if (before.column_shared(c).shares_with(after.column_shared(c))) continue;
      for (size_t i = 0; i < rows; ++i) differs[i] = differs[i] || !same_at(before.column(c), i, after.column(c), i);
    }
    for (size_t i = 0; i < rows; ++i) {
      if (differs[i]) change.places.push_back(static_cast<int64_t>(i));
    }
    change.kind = Kind::kReplace;
    change.rows = after.take(change.places);
    return change;
  }
  size_t kept = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (kept < after.rows() && same_row(before, i, after, kept))
      ++kept;
    else
      change.places.push_back(static_cast<int64_t>(i));
  }
  change.kind = Kind::kRemove;
  if (kept == after.rows() && after.rows() < rows) return change;
  return {.kind = Kind::kReset, .database = {}, .table = 0, .terms = {}, .places = {}, .rows = after};
}

Result<Table> changed_rows(const Table& before, const OltpChange& change) {
  if (change.kind == Kind::kReset) return change.rows;
  if (change.kind == Kind::kAppend) {
    Table after = before;
    TRY_DONE(after.append(change.rows));
    return after;
  }
  const auto rows = static_cast<int64_t>(before.rows());
  for (size_t i = 0; i < change.places.size(); ++i) {
    const bool ascends = i == 0 || change.places[i] > change.places[i - 1];
    if (change.places[i] < 0 || change.places[i] >= rows || !ascends)
      return corrupt("row " + std::to_string(change.places[i]) + " of a table of " + std::to_string(rows) + " rows");
  }
  if (change.kind == Kind::kRemove) {
    std::vector<int8_t> keep(before.rows(), 1);
    for (const auto place : change.places) keep[static_cast<size_t>(place)] = 0;
    return before.filter(keep);
  }
  if (change.rows.rows() != change.places.size()) return corrupt("another number of rows than of places");
  Table both = before;
  TRY_DONE(both.append(change.rows));
  std::vector<int64_t> from(before.rows());
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<int64_t>(i);
  for (size_t i = 0; i < change.places.size(); ++i)
    from[static_cast<size_t>(change.places[i])] = rows + static_cast<int64_t>(i);
  return both.take(from);
}

}  // namespace pelorus::storage
