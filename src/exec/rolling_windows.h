#pragma once
// The windows of select roll(X, step, …) … context by: how far each one moves on, and which rows longer ones hold.

#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/range_aggregates.h"
#include "exec/operators/relation.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// The call of roll that an item is; null: it is something else.
const syntax::Call* roll_call(const syntax::Expr& expr);

enum class RollFill : uint8_t { kNone, kNull, kPrevious };

/// Edges of time a step apart, in units of a temporal type.
struct TimeSteps {
  /// A part of every day that has no windows.
  struct Pause {
    int64_t from = 0, to = 0;
  };
  data::Type type = data::Type::kVoid;
  int64_t step = 0;  // units, or months
  bool by_months = false;
  bool right_closed = false;  // a window holds its end, not its beginning
  int64_t start = 0;          // one of the edges
  std::vector<Pause> pauses = {};

  /// Where the window that holds `value` begins.
  int64_t edge_before(int64_t value) const;
  int64_t next(int64_t edge) const;
  /// Passes over a pause.
  int64_t previous(int64_t edge) const;
  /// The end of the pause that holds the window which begins at `edge`; `edge` when there is none.
  int64_t after_pause(int64_t edge) const;
};

/// Made from the arguments of one roll(…); the rows of a group are added together. ScriptError on bad arguments, on X
/// that does not ascend in a group and on more than kMost windows.
class RollingWindows {
 public:
  static constexpr size_t kMost = size_t{1} << 28;

  /// `rows` are in the order of their groups and outlive this.
  RollingWindows(const syntax::Call& call, RowScope& rows, Evaluator& evaluator);
  /// Rows [begin, end) as the next group.
  void add_group(int64_t begin, int64_t end);

  size_t size() const { return steps_.size(); }
  RollFill fill() const { return fill_; }
  /// The rows of each window, as long as the step.
  const RowRanges& steps() const { return steps_; }
  /// The first row of each window's group.
  const kernels::RowNumbers& group_rows() const { return group_rows_; }
  /// What roll itself shows: the end of a window of time, the label of a given one, else its last X.
  data::Shared<data::Vector> labels() const;
  /// The rows of windows that end as the steps do and are as long as `width` says: steps, or rows where those are
  /// counted, or a duration. ScriptError where roll has no such windows.
  RowRanges of_width(const data::Value& width) const;

 private:
  enum class Kind : uint8_t { kTime, kRow, kVolume, kTotalVolume, kGiven };
  void set_step(const data::Value& step);
  void set_pauses(const data::Value& exclude);
  void set_given(const data::Value& step, const data::Value& label);
  void check_ascending(int64_t begin, int64_t end) const;
  /// The first row in [begin, end) that does not come before a window that begins there.
  int64_t row_at(int64_t begin, int64_t end, int64_t edge) const;
  void add(int64_t from, int64_t to, int64_t group, int64_t edge, int64_t end);
  void add_times(int64_t begin, int64_t end);
  void add_rows(int64_t begin, int64_t end);
  void add_volumes(int64_t begin, int64_t end);
  void add_given(int64_t begin, int64_t end);

  Kind kind_ = Kind::kTime;
  RollFill fill_ = RollFill::kNone;
  std::string origin_ = "start_day";
  data::Shared<data::Vector> x_;
  std::vector<int64_t> moments_;  // X, where it is temporal
  std::vector<double> volumes_;   // X, where it is volumes
  TimeSteps times_;               // of the group being added
  int64_t row_step_ = 0;
  double volume_step_ = 0;
  std::vector<int64_t> given_from_, given_to_;
  data::Shared<data::Vector> given_labels_;

  RowRanges steps_;
  kernels::RowNumbers group_rows_;
  std::vector<int64_t> edges_;   // by window: where its time begins, or the number of the given one
  std::vector<int64_t> ends_;    // by window: where its time ends
  std::vector<int64_t> starts_;  // by window: the start of its group's time
};

}  // namespace pelorus::exec
