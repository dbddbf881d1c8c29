#pragma once
// What a `transaction` block of a script holds open: changes of several tables that take effect together.

#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pelorus::data {

/// One store's share of a transaction. Used by the thread that made it only.
class TransactionPart {
 public:
  virtual ~TransactionPart() = default;
  /// After an error nothing has changed.
  virtual Status commit() = 0;
  virtual void roll_back() = 0;
};

/// Of the thread that makes it, as long as it lives; what is not committed by then is rolled back.
class TableTransaction {
 public:
  /// A thread has one at a time (checked): ask current() first.
  TableTransaction();
  ~TableTransaction();
  TableTransaction(const TableTransaction&) = delete;
  TableTransaction& operator=(const TableTransaction&) = delete;

  /// Null when the thread has none.
  static TableTransaction* current();

  /// The part of that store; null before it joined.
  TransactionPart* find(const void* store) const;
  void join(const void* store, std::unique_ptr<TransactionPart> part);
  bool has_parts() const { return !parts_.empty(); }
  /// Either way the transaction begins anew. An error: the part that failed and those behind it were rolled back.
  Status commit();
  void roll_back();

 private:
  std::vector<std::pair<const void*, std::unique_ptr<TransactionPart>>> parts_;
};

}  // namespace pelorus::data
