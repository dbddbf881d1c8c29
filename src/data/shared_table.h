#pragma once
// A plain in-memory table that several sessions see: what `share t as name` makes.

#include <mutex>

#include "data/table.h"

namespace pelorus::data {

/// One lock per table; readers get a snapshot that shares columns and is never changed under them. Thread-safe.
class SharedTable final : public TableObject {
 public:
  explicit SharedTable(Table rows) : rows_(std::move(rows)) {}

  std::string type_text() const override;
  Schema schema() const override;
  Result<Table> snapshot() const override;
  Result<int64_t> append(const Table& rows) override;
  Status edit(const std::function<Status(Table&)>& change) override;

 private:
  mutable std::mutex mutex_;
  Table rows_;  // guarded by mutex_
};

}  // namespace pelorus::data
