#include "data/shared_table.h"

namespace pelorus::data {

std::string SharedTable::type_text() const {
  const std::lock_guard lock(mutex_);
  switch (rows_.key_kind()) {
    case Table::KeyKind::kKeyed:
    case Table::KeyKind::kLatestKeyed: return "KEYED TABLE";
    case Table::KeyKind::kIndexed: return "INDEXED TABLE";
    case Table::KeyKind::kNone: break;
  }
  return "IN-MEMORY TABLE";
}

Schema SharedTable::schema() const {
  const std::lock_guard lock(mutex_);
  return rows_.schema();
}

Result<Table> SharedTable::snapshot() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

Result<int64_t> SharedTable::append(const Table& rows) {
  const std::lock_guard lock(mutex_);
  TRY_DONE(rows_.append(rows));
  return static_cast<int64_t>(rows.rows());
}

Status SharedTable::edit(const std::function<Status(Table&)>& change) {
  const std::lock_guard lock(mutex_);
  Table next = rows_;
  TRY_DONE(change(next));
  rows_ = std::move(next);
  return {};
}

}  // namespace pelorus::data
