#pragma once
// A stream table that notes when its rows came: setStreamTableTimestamp.

#include <memory>
#include <string>

#include "functions/registry.h"
#include "stream/stream_table.h"

namespace pelorus::stream {

/// A stream table as sessions see it whose last column holds the local time at which a row was added; rows are added
/// without it. Thread-safe.
class ArrivalTable final : public data::TableObject {
 public:
  /// The last column of `rows` is of a type that holds times.
  explicit ArrivalTable(std::shared_ptr<StreamTable> rows) : rows_(std::move(rows)) {}

  std::string type_text() const override { return rows_->type_text(); }
  data::Schema schema() const override { return rows_->schema(); }
  /// functions::kArrivalColumn: the column's name.
  data::Properties properties() const override;
  Result<data::Table> snapshot() const override { return rows_->snapshot(); }
  /// kInvalid unless the rows have all columns but the last.
  Result<int64_t> append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override { return rows_->edit(change); }

  const std::shared_ptr<StreamTable>& rows() const { return rows_; }
  std::string column() const { return rows_->schema().back().name; }

 private:
  const std::shared_ptr<StreamTable> rows_;
};

/// setStreamTableTimestamp getStreamTableTimestamp
void register_arrival_columns(functions::Registry& registry);

}  // namespace pelorus::stream
