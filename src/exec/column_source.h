#pragma once
// A partition's rows column by column, so that a query reads only what it names.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/table.h"
#include "functions/call_context.h"
#include "meta/partition_scheme.h"

namespace pelorus::exec {

/// What a query will surely ignore; sources may use it. At most one range for a column.
struct Narrowing {
  struct Range {
    size_t column;
    meta::Interval interval;
  };
  /// Of each group of rows with equal `keys`, in the order of `by`, or as the rows lie: others are not wanted.
  struct GroupEnds {
    std::vector<size_t> keys;  // columns
    std::optional<size_t> by;  // a column, ascending, nulls first; equal values as they lie
    size_t first = 0;          // so many at the beginning of a group …
    size_t last = 0;           // … or at its end; the other one is 0
  };
  std::vector<Range> ranges;           // rows outside any of them are not wanted
  std::optional<int64_t> rows_wanted;  // no more than so many of the first rows are wanted (only without ranges)
  std::optional<GroupEnds> ends;       // only without ranges and rows_wanted
};

/// The rows that come first when all are put in ascending order of `columns`, nulls first, equal ones as they lie; or
/// the last ones.
struct OrderedEnd {
  std::vector<size_t> columns;
  bool last = false;
  size_t count = 0;
  bool with_equals = false;  // those that have the values of the outermost of them are wanted as well
};

/// Used by one thread.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  virtual const data::Schema& schema() const = 0;
  /// Called at most once and before rows() and read(): the source may leave out rows by zone maps or order.
  virtual void narrow(const Narrowing& narrowing) { (void)narrowing; }
  /// After narrow(): every row lies in the range of that column, so that nobody has to look at its values for it.
  virtual bool meets(size_t column) { return (void)column, false; }
  /// After narrow(), at most once and before rows() and read(): leaves out rows that are not of that end, if the source
  /// knows from how it keeps its rows which these are. As they lie, the others keep their order.
  virtual void keep_end(const OrderedEnd& end) { (void)end; }
  virtual Result<int64_t> rows() = 0;
  /// All rows() elements of a column of schema().
  virtual Result<data::Shared<data::Vector>> read(size_t column) = 0;
};

/// A ColumnSource as a table value. snapshot() reads all columns. Read-only.
class LazyTable final : public data::TableObject {
 public:
  explicit LazyTable(std::shared_ptr<ColumnSource> source) : source_(std::move(source)) {}
  std::string type_text() const override { return "IN-MEMORY TABLE"; }
  data::Schema schema() const override { return source_->schema(); }
  Result<data::Table> snapshot() const override;
  Result<int64_t> append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override;
  ColumnSource& source() const { return *source_; }

 private:
  const std::shared_ptr<ColumnSource> source_;
};

/// A table whose rows are somewhere else: each statement reads it anew. Read-only.
class OutsideTable : public data::TableObject {
 public:
  /// For one statement, whose `context` outlives it; null: nobody can cancel the reading.
  virtual std::shared_ptr<ColumnSource> open(functions::CallContext* context) const = 0;
  Result<data::Table> snapshot() const override;
  Result<int64_t> append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override;
};

}  // namespace pelorus::exec
