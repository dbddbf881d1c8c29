#pragma once
// The expressions of an engine, evaluated over rows; with a memory for those that look back.

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"
#include "exec/user_function.h"
#include "stream/engines/engine_snapshot.h"

namespace pelorus::stream {

/// One expression with what it captured.
struct Metric {
  syntax::ExprRef body;
  std::vector<exec::CodeValue::Captured> captured;
  std::string text;  // as printed
};

/// The metrics of CODEs: <[a, b]> is two, aliases are dropped. ScriptError for other values.
std::vector<Metric> metrics_of(const std::vector<data::Value>& codes);
/// Its value over the rows of `rows`.
data::Value evaluate(const Metric& metric, exec::Scope& rows, exec::Evaluator& evaluator);
/// The same as a column of rows.rows() elements; scalars repeat. ScriptError when it has another length.
data::Shared<data::Vector> evaluate_column(const Metric& metric, exec::RowScope& rows, exec::Evaluator& evaluator);

/// How a function's past is remembered from one batch to the next.
enum class Memory : uint8_t {
  kNone,     // element by element
  kTail,     // the last so many operands
  kResult,   // its last result, which goes on as the first operand
  kHistory,  // all operands
};

/// A call inside a metric that looks at earlier rows.
struct StatefulCall {
  const syntax::Expr* node = nullptr;
  data::Value function;
  std::vector<syntax::ExprRef> arguments;  // in order of the call, the object of a method call first
  std::vector<std::string> names;          // of keyword arguments; "" for the others
  std::vector<bool> is_series;             // mentions a column
  Memory memory = Memory::kNone;
  size_t captured_by = 0;  // the metric it belongs to
};

/// The calls of all metrics that look back, inner ones first. Built once for an engine.
class StatefulCalls {
 public:
  StatefulCalls(const std::vector<Metric>& metrics, const data::Schema& schema, exec::Evaluator& evaluator);
  const std::vector<StatefulCall>& all() const { return calls_; }

 private:
  void collect(const syntax::ExprRef& expr, size_t metric);
  bool mentions_column(const syntax::Expr& expr) const;

  const data::Schema& schema_;
  exec::Evaluator& evaluator_;
  std::vector<StatefulCall> calls_;
  std::unordered_set<const syntax::Expr*> seen_;
};

/// The past of one key.
class MetricMemory {
 public:
  static constexpr size_t kHistoryRowsMax = size_t{1} << 20;

  /// Computes every stateful call over the new rows and puts its values where evaluate() finds them.
  void feed(const StatefulCalls& calls, const std::vector<Metric>& metrics, exec::RowScope& rows,
            exec::Evaluator& evaluator);

  /// What it remembers, for snapshots, and taking it back. ScriptError when it is not of such calls.
  void save(StateWriter* state) const;
  void load(const StatefulCalls& calls, StateReader* state);

 private:
  struct Past {
    std::vector<data::Shared<data::Vector>> operands;  // of the series arguments: tail or history
  };
  std::vector<Past> pasts_;  // by call
};

/// The pasts of all keys.
using KeyedMemories = std::unordered_map<std::string, MetricMemory>;
data::Value memories_state(const KeyedMemories& memories);
KeyedMemories memories_of(const data::Value& state, const StatefulCalls& calls);

}  // namespace pelorus::stream
