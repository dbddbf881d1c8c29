#pragma once
// What all stream engines are: a table rows are fed to, whose results go to another table.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/table.h"
#include "data/value.h"
#include "exec/worker_session.h"
#include "stream/engines/engine_snapshot.h"

namespace pelorus::stream {

/// What every engine is made with.
struct EngineTerms {
  std::string name;
  std::string user;
  data::Schema input;                // of dummyTable
  std::vector<data::Value> metrics;  // CODE
  data::TableRef output;
  std::vector<std::string> keys;
  std::string time_column;  // empty: none
  SnapshotTerms snapshots = {};
};

/// One row of getStreamEngineStat.
struct EngineFacts {
  std::string kind;  // "ReactiveStreamEngine": the table of the statistics it belongs to
  std::string name;
  std::string user;
  std::string last_error;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t groups = 0;
  int64_t metrics = 0;
};

/// Feeding is synchronous: append() returns when the results are in the output table. Thread-safe; one batch at a time.
class Engine : public data::TableObject {
 public:
  Engine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session)
      : terms_(std::move(terms)), session_(std::move(session)) {}

  std::string type_text() const override { return "STREAM ENGINE"; }
  data::Schema schema() const override { return terms_.input; }
  /// Engines show no rows.
  Result<data::Table> snapshot() const override { return data::Table(terms_.input); }
  Result<int64_t> append(const data::Table& rows) override { return append_messages(rows, std::nullopt); }
  /// The same; `last_id` is the number of the last row in the stream it comes from, nothing: rows are counted.
  Result<int64_t> append_messages(const data::Table& rows, std::optional<int64_t> last_id) {
    return feed(
        rows, terms_.input, [this](const data::Table& typed) { return process(typed); }, last_id);
  }
  Status edit(const std::function<Status(data::Table&)>&) override {
    return Error{ErrorCode::kInvalid, "A stream engine has no rows to change."};
  }
  /// Takes rows in as append() does, but puts nothing out.
  Result<int64_t> warm_up(const data::Table& rows) {
    return feed(rows, terms_.input, [this](const data::Table& typed) {
      (void)process(typed);
      return data::Table();
    });
  }
  virtual EngineFacts facts() const;
  /// Goes on from the snapshot in its folder, where there is one. Once, before rows come. ScriptError when that is
  /// damaged or of another engine.
  void load_snapshot();
  /// The number of the last row that the last snapshot covers; -1: there is none.
  int64_t snapshot_message_id() const;
  /// Ends what goes on beside the calls before the engine leaves its board. ScriptError when it can't end now.
  virtual void drop() {}
  const std::string& name() const { return terms_.name; }

 protected:
  virtual std::string kind() const = 0;
  /// The results of a batch of rows of the input schema; called under the engine's lock. ScriptError.
  virtual data::Table process(const data::Table& rows) = 0;
  virtual int64_t groups() const = 0;
  /// Everything later results depend on, for snapshots, and taking it back. Under the engine's lock; ScriptError when
  /// it does not fit. VOID: engines of this kind can't be kept.
  virtual data::Value state() const { return data::Value::null(); }
  virtual void set_state(const data::Value&) {}

  /// Takes rows in as that schema and puts out what `work` gives, under the engine's lock.
  Result<int64_t> feed(const data::Table& rows, const data::Schema& schema,
                       const std::function<data::Table(const data::Table&)>& work,
                       std::optional<int64_t> last_id = std::nullopt);
  const EngineTerms& terms() const { return terms_; }
  exec::Interpreter& interpreter() { return session_->interpreter(); }
  /// Position of an input column. ScriptError when there is none.
  size_t input_column(const std::string& column) const;
  std::vector<size_t> input_columns(const std::vector<std::string>& columns) const;

 private:
  /// What a snapshot's state only fits.
  std::string made_by() const;
  void make_snapshot();

  const EngineTerms terms_;
  const std::unique_ptr<exec::WorkerSession> session_;
  mutable std::mutex mutex_;
  std::string last_error_;            // guarded by mutex_
  int64_t rows_in_ = 0;               // guarded by mutex_
  int64_t rows_out_ = 0;              // guarded by mutex_
  int64_t message_id_ = -1;           // guarded by mutex_; of the last row taken in
  int64_t snapshot_message_id_ = -1;  // guarded by mutex_
  int64_t rows_since_snapshot_ = 0;   // guarded by mutex_
};

/// Position of a column, by its name exactly or else without case; -1 when there is none.
int find_column(const data::Schema& schema, std::string_view name);

/// A temporal or integral scalar of so many units of its type.
data::Scalar time_scalar(data::Type type, int64_t units);

/// Adds rows by position to a table that may have no columns yet. ScriptError when types do not go together.
void add_rows(const data::Table& part, data::Table* all);

/// Rows of equal key, in order.
struct KeyedRows {
  std::string key;
  std::vector<int64_t> rows;
};
/// Groups by first appearance; one group of all rows when there are no keys.
std::vector<KeyedRows> rows_by_key(const data::Table& rows, const std::vector<size_t>& keys);

}  // namespace pelorus::stream
