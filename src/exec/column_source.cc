#include "exec/column_source.h"

namespace pelorus::exec {

Result<data::Table> LazyTable::snapshot() const {
  const auto& columns = source_->schema();
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> values;
  for (size_t c = 0; c < columns.size(); ++c) {
    TRY(auto column, source_->read(c));
    names.push_back(columns[c].name);
    values.push_back(std::move(column));
  }
  return data::Table(std::move(names), std::move(values));
}

Result<int64_t> LazyTable::append(const data::Table&) {
  return Error{ErrorCode::kInvalid, "a partition read by a query can't be written"};
}

Status LazyTable::edit(const std::function<Status(data::Table&)>&) {
  return Error{ErrorCode::kInvalid, "a partition read by a query can't be changed"};
}

Result<data::Table> OutsideTable::snapshot() const { return LazyTable(open(nullptr)).snapshot(); }

Result<int64_t> OutsideTable::append(const data::Table&) {
  return Error{ErrorCode::kInvalid, "the table is read-only: its rows come from somewhere else; write to them there"};
}

Status OutsideTable::edit(const std::function<Status(data::Table&)>&) {
  return Error{ErrorCode::kInvalid, "the table is read-only: its rows come from somewhere else; change them there"};
}

}  // namespace pelorus::exec
