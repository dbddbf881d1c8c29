#pragma once
// What engines that join two streams have in common.

#include <unordered_map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// How two streams meet. Key columns of the right side take the types of the left one's.
struct JoinTerms {
  data::Schema right;
  std::string left_name, right_name;    // qualifiers in metrics: the tables' variables; may be empty
  std::vector<std::string> right_keys;  // as many as EngineTerms::keys, which are the left side's
  std::string right_time;               // EngineTerms::time_column is the left side's; both empty: none
};

/// EngineTerms::input is the left side. Rows of a key must come in order of time. Metrics name columns of both sides,
/// the left one first.
class JoinEngine : public Engine {
 public:
  JoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join);

  Result<int64_t> append_left(const data::Table& rows);
  Result<int64_t> append_right(const data::Table& rows);
  const data::Schema& right_schema() const { return join_.right; }

 protected:
  /// Rows of one side with one key, their times (kNull where there is no time column) and their places in the batch.
  struct Arrival {
    std::string key;
    data::Table rows;
    std::vector<int64_t> times;
    std::vector<int64_t> places;
  };
  /// Takes rows of a key in; adds what is due to `output`.
  virtual void take_left(const Arrival& arrival, data::Table* output) = 0;
  virtual void take_right(const Arrival& arrival, data::Table* output) = 0;
  /// After all keys of an append to the right side; `latest`: the greatest time of the right side so far.
  virtual void after_right(int64_t latest, data::Table* output) {
    (void)latest;
    (void)output;
  }

  /// Rows of two sides in step as output rows: the left time if `with_time` (now when there is no time column), left
  /// keys, metrics.
  data::Table joined(const data::Table& left, const data::Table& right, bool with_time);
  /// Says for the output's next row which row of the batch brought it about. When all rows of a batch's output were
  /// said so, they leave in the order of the batch; otherwise key by key.
  void brought_by(int64_t place) { causes_.push_back(place); }
  /// One left row and the right rows of its window. Columns of the right side that are not aggregated give one output
  /// row for each right row, or with `as_arrays` one array.
  data::Table joined_window(const data::Table& left, const data::Table& right, bool as_arrays);

  /// Right rows from elsewhere than an append; under the engine's lock. Their output is dropped.
  void take_again(const data::Table& right_rows) { (void)take(right_rows, false); }

  data::Table process(const data::Table& rows) override;

 private:
  class PairScope;
  data::Table take(const data::Table& rows, bool is_left);
  void add_left_columns(const data::Table& left, size_t rows, bool with_time, std::vector<std::string>* names,
                        std::vector<data::Shared<data::Vector>>* columns) const;

  const JoinTerms join_;
  const std::vector<Metric> metrics_;
  std::vector<size_t> left_keys_, right_keys_;
  int left_time_ = -1, right_time_ = -1;
  int64_t latest_right_;
  std::vector<int64_t> causes_;  // of the batch being taken in
};

/// One side of a JoinEngine as a table to feed.
class JoinSide final : public data::TableObject {
 public:
  JoinSide(std::shared_ptr<JoinEngine> engine, bool is_left) : engine_(std::move(engine)), is_left_(is_left) {}
  std::string type_text() const override { return "STREAM ENGINE"; }
  data::Schema schema() const override { return is_left_ ? engine_->schema() : engine_->right_schema(); }
  Result<data::Table> snapshot() const override { return data::Table(schema()); }
  Result<int64_t> append(const data::Table& rows) override {
    return is_left_ ? engine_->append_left(rows) : engine_->append_right(rows);
  }
  Status edit(const std::function<Status(data::Table&)>&) override {
    return Error{ErrorCode::kInvalid, "A stream engine has no rows to change."};
  }

 private:
  const std::shared_ptr<JoinEngine> engine_;
  const bool is_left_;
};

}  // namespace pelorus::stream
