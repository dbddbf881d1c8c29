#pragma once
// Tables: plain in-memory ones as values, and handles to tables with an identity (shared, stream, stored).

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/objects.h"
#include "data/vector.h"

namespace pelorus::data {

struct ColumnDefinition {
  std::string name;
  Type type = Type::kVoid;
  bool array = false;
  int scale = 0;  // decimals
  std::string comment;
  bool operator==(const ColumnDefinition&) const = default;
};
using Schema = std::vector<ColumnDefinition>;

/// Columns of equal length with unique names. Value semantics with shared columns: copying copies pointers.
class Table {
 public:
  Table() = default;
  /// Sizes equal, names unique and as many as columns (checked).
  Table(std::vector<std::string> names, std::vector<Shared<Vector>> columns);
  /// No rows.
  explicit Table(const Schema& schema);

  size_t rows() const { return columns_.empty() ? 0 : columns_[0]->size(); }
  size_t columns() const { return columns_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  const Vector& column(size_t c) const { return *columns_[c]; }
  const Shared<Vector>& column_shared(size_t c) const { return columns_[c]; }
  /// For writing; the caller keeps all columns equally long.
  Vector& edit_column(size_t c) { return columns_[c].edit(); }
  /// -1 when absent. Names compare exactly first, then without case.
  int find(std::string_view name) const;
  Schema schema() const;
  size_t memory_bytes() const;

  /// Replaces the column of that name or adds one. Length must equal rows() unless there are no columns (checked).
  void set_column(const std::string& name, Shared<Vector> column);
  void drop_column(size_t c);
  void rename_column(size_t c, std::string name);
  /// Adds the rows of `other` by position, converting element types. Errors: kInvalid naming the column, nothing
  /// changed.
  Status append(const Table& other);

  Table slice(size_t from, size_t count) const;
  Table take(std::span<const int64_t> rows) const;
  Table filter(std::span<const int8_t> keep) const;

  /// Key columns of a keyed or indexed table, in order; empty for a plain one.
  const std::vector<std::string>& key_columns() const { return key_columns_; }
  enum class KeyKind : uint8_t { kNone, kKeyed, kIndexed, kLatestKeyed };
  KeyKind key_kind() const { return key_kind_; }
  void set_keys(KeyKind kind, std::vector<std::string> columns);

 private:
  std::vector<std::string> names_;
  std::vector<Shared<Vector>> columns_;
  std::vector<std::string> key_columns_;
  KeyKind key_kind_ = KeyKind::kNone;
};

/// A table with identity: every holder sees the same rows. Thread-safe.
/// Implementations: SharedTable here, stream tables in stream, stored tables in exec/dist.
class TableObject {
 public:
  virtual ~TableObject() = default;
  /// "IN-MEMORY TABLE", "STREAMING TABLE", "SEGMENTED DFS TABLE", "DIMENSION TABLE" … as typestr() says.
  virtual std::string type_text() const = 0;
  virtual Schema schema() const = 0;
  /// True when rows live in partitions and queries must be planned, not materialised.
  virtual bool is_stored() const { return false; }
  /// What schema(t) says besides colDefs: partition columns, engine, path.
  virtual Properties properties() const;
  /// All rows, consistent. Stored tables: reads everything; errors as exceptions are not thrown, see Result.
  virtual Result<Table> snapshot() const = 0;
  /// Adds rows by position; all or nothing. Returns the rows added.
  virtual Result<int64_t> append(const Table& rows) = 0;
  /// Replaces the content under the object's lock: edit gets the current rows. Not for stored tables (kInvalid).
  virtual Status edit(const std::function<Status(Table&)>& change) = 0;
};
using TableRef = std::shared_ptr<TableObject>;

}  // namespace pelorus::data
