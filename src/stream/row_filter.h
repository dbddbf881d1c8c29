#pragma once
// Which rows of a stream table a subscriber gets.

#include <functional>
#include <memory>
#include <string_view>

#include "exec/worker_session.h"
#include "stream/stream_table.h"

namespace pelorus::stream {

/// Made for one subscription; used by one thread at a time.
class RowFilter {
 public:
  /// `wanted`, as subscribeTable takes it: a vector: values of the table's filter column; a pair: from the first to
  /// below the second; a tuple of a number of buckets and a bucket or a pair of them: where the values' hashes fall; a
  /// function from rows to rows, or text that names or defines one. ScriptError naming `function` for anything else and
  /// where the table has no filter column.
  static std::unique_ptr<RowFilter> make(std::string_view function, const StreamTable& table, const data::Value& wanted,
                                         functions::CallContext& creator);
  /// Rows for which a condition on the columns holds, as `where` takes it. ScriptError when it cannot be read.
  static std::unique_ptr<RowFilter> of_condition(const std::string& condition, functions::CallContext& creator);

  /// ScriptError of the function.
  data::Table keep(const data::Table& rows) { return keep_(*session_, rows); }
  /// Ends a call of the function under way. From any thread.
  void cancel() { session_->cancellation().cancel(); }

 private:
  using Keep = std::function<data::Table(exec::WorkerSession&, const data::Table&)>;
  RowFilter(functions::CallContext& creator, Keep keep)
      : session_(std::make_unique<exec::WorkerSession>(creator)), keep_(std::move(keep)) {}

  const std::unique_ptr<exec::WorkerSession> session_;
  const Keep keep_;
};

}  // namespace pelorus::stream
