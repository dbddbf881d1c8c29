#pragma once
// The latest row of every key, put out as it changes.

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "stream/engines/engine.h"

namespace pelorus::stream {

struct DataViewTerms {
  bool use_system_time = true;
  bool shows_operation = false;                       // a first column of CHAR: 'A', 'U', 'D'
  std::optional<std::chrono::milliseconds> throttle;  // nothing: every change at once
};

/// What createDataViewEngine makes. Its rows are those of the output table without the operation; those it is fed lack
/// the time, too, when that is the system's.
class DataView final : public Engine {
 public:
  /// ScriptError when the output table has no such columns.
  DataView(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, DataViewTerms view);
  ~DataView() override;

  /// The latest rows.
  Result<data::Table> snapshot() const override;
  /// `keys`: one value for each key column, or one vector of keys. Errors: kScript, a key is unknown.
  Status remove(const std::vector<data::Value>& keys);
  Status update(const std::vector<data::Value>& keys, const std::vector<std::string>& names,
                const std::vector<data::Value>& values);
  const std::vector<std::string>& keys() const { return terms().keys; }

 private:
  std::string kind() const override { return "DataViewEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(latest_.rows()); }
  data::Table changed(const std::vector<int64_t>& rows, const std::vector<char>& operations);
  data::Table output_of(const data::Table& rows, const std::vector<char>& operations) const;
  std::vector<int64_t> rows_of(const std::vector<data::Value>& keys) const;
  std::string key_at(const data::Table& rows, size_t row) const;
  data::Table with_time(const data::Table& rows);
  void reindex();
  data::Table pending_output();
  void flush_regularly();

  const DataViewTerms view_;
  const data::Schema row_schema_;
  std::vector<size_t> key_columns_;
  size_t time_column_ = 0;
  data::Table latest_;  // guarded by the engine's lock, as the rest
  std::map<std::string, int64_t> row_of_key_;
  data::Table pending_;  // with throttle: rows to put out, one for each key
  std::vector<char> pending_operations_;
  mutable std::mutex shown_mutex_;
  data::Table shown_;  // guarded by shown_mutex_: latest_ as it was after the last change
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by wake_mutex_
  std::thread thread_;     // with throttle only
};

}  // namespace pelorus::stream
