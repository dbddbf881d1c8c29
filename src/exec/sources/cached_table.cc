// cachedTable: a table that a function makes anew from time to time.

#include <chrono>
#include <mutex>

#include "base/script_error.h"
#include "exec/column_source.h"
#include "exec/sources/data_source.h"
#include "functions/arguments.h"
#include "functions/declare.h"

namespace pelorus::exec {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;

class TableColumns final : public ColumnSource {
 public:
  explicit TableColumns(data::Table table) : table_(std::move(table)), schema_(table_.schema()) {}
  const data::Schema& schema() const override { return schema_; }
  Result<int64_t> rows() override { return static_cast<int64_t>(table_.rows()); }
  Result<data::Shared<data::Vector>> read(size_t column) override { return table_.column_shared(column); }

 private:
  const data::Table table_;
  const data::Schema schema_;
};

/// The statement that finds its rows too old makes new ones; others wait for them. What makes them may look at the rows
/// there were.
class CachedTable final : public OutsideTable {
 public:
  /// Makes the first rows. ScriptError.
  CachedTable(Value update, std::chrono::seconds retention, CallContext& context)
      : update_(std::move(update)), retention_(retention) {
    refresh(context);
  }

  std::string type_text() const override { return "IN-MEMORY TABLE"; }
  data::Schema schema() const override {
    const std::lock_guard lock(mutex_);
    return table_.schema();
  }
  std::shared_ptr<ColumnSource> open(CallContext* context) const override {
    const std::lock_guard lock(mutex_);
    if (context && !is_being_made_ && Clock::now() - made_ > retention_) refresh(*context);
    return std::make_shared<TableColumns>(table_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void refresh(CallContext& context) const {
    is_being_made_ = true;
    Value made;
    try {
      made = context.call(update_, {});
    } catch (...) {
      is_being_made_ = false;
      throw;
    }
    is_being_made_ = false;
    if (!made.is_table()) throw ScriptError("cachedTable: updateFunc must return a table.");
    table_ = functions::table_argument("cachedTable", made);
    made_ = Clock::now();
  }

  const Value update_;
  const std::chrono::seconds retention_;
  mutable std::recursive_mutex mutex_;  // guards what follows
  mutable data::Table table_;
  mutable Clock::time_point made_;
  mutable bool is_being_made_ = false;
};

Value cached_table(CallContext& context, std::span<Value> values) {
  const Arguments a("cachedTable", values);
  if (!a[0].is_function()) a.refuse("updateFunc", "must be a function without parameters.");
  const auto seconds = a.integer(1, "retentionSeconds");
  if (seconds < 1) a.refuse("retentionSeconds", "must be a positive integer.");
  return data::TableRef(std::make_shared<CachedTable>(a[0], std::chrono::seconds(seconds), context));
}

}  // namespace

void register_cached_tables(functions::Registry& registry) {
  functions::declare(
      registry, "tables", functions::Nature::kWhole,
      {"cachedTable", "updateFunc, retentionSeconds", cached_table,
       "A table that a function without parameters makes; a query that finds its rows older than so many "
       "seconds has them made anew first. Read-only.",
       "def latest() { return table(1 2 3 as id) }\nt = cachedTable(latest, 60); exec sum(id) from t", "6"});
}

}  // namespace pelorus::exec
