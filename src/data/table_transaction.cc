#include "data/table_transaction.h"

#include "base/check.h"

namespace pelorus::data {
namespace {

thread_local TableTransaction* current_transaction = nullptr;

}  // namespace

TableTransaction::TableTransaction() {
  CHECK(current_transaction == nullptr);
  current_transaction = this;
}

TableTransaction::~TableTransaction() {
  roll_back();
  current_transaction = nullptr;
}

TableTransaction* TableTransaction::current() { return current_transaction; }

TransactionPart* TableTransaction::find(const void* store) const {
  for (const auto& [owner, part] : parts_) {
    if (owner == store) return part.get();
  }
  return nullptr;
}

void TableTransaction::join(const void* store, std::unique_ptr<TransactionPart> part) {
  parts_.emplace_back(store, std::move(part));
}

Status TableTransaction::commit() {
  Status outcome;
  for (const auto& [owner, part] : parts_) {
    if (outcome.ok())
      outcome = part->commit();
    else
      part->roll_back();
  }
  parts_.clear();
  return outcome;
}

void TableTransaction::roll_back() {
  for (const auto& [owner, part] : parts_) part->roll_back();
  parts_.clear();
}

}  // namespace pelorus::data
