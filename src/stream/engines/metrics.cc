#include "stream/engines/metrics.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/registry.h"
#include "plan/walk.h"
#include "stream/engines/engine.h"
#include "syntax/print.h"

namespace pelorus::stream {
namespace {

using data::Shared;
using data::Value;
using data::Vector;
using exec::CodeValue;
using exec::Evaluator;
using exec::RowScope;
using functions::Nature;
using syntax::as;
using syntax::ExprRef;

ExprRef without_alias(ExprRef expr) {
  if (const auto* alias = as<syntax::Alias>(expr)) return alias->value;
  return expr;
}

/// Evaluates an expression among the rows, with the locals that its code carries.
Value evaluate_part(const ExprRef& part, const std::vector<CodeValue::Captured>& captured, exec::Scope& rows,
                    Evaluator& evaluator) {
  if (captured.empty()) return evaluator.evaluate(*part, &rows);
  const auto code = std::make_shared<CodeValue>(part, captured);
  return evaluator.evaluate(*plan::call_node("eval", {exec::HeldValue::node(Value(data::CodeRef(code)))}), &rows);
}

/// The parameter that says how many earlier rows count, by function; rows are looked back that number plus `more`.
struct Lookback {
  size_t parameter;
  int64_t when_absent;
  int64_t more;
};
const std::unordered_map<std::string_view, Lookback> kTails = {
    {"prev", {99, 1, 0}},
    {"deltas", {1, 1, 0}},
    {"ratios", {1, 1, 0}},
    {"percentChange", {1, 1, 0}},
    {"move", {1, 1, 0}},
    {"msum", {1, 0, -1}},
    {"mavg", {1, 0, -1}},
    {"mmin", {1, 0, -1}},
    {"mmax", {1, 0, -1}},
    {"mimin", {1, 0, -1}},
    {"mimax", {1, 0, -1}},
    {"mcount", {1, 0, -1}},
    {"mstd", {1, 0, -1}},
    {"mstdp", {1, 0, -1}},
    {"mvar", {1, 0, -1}},
    {"mvarp", {1, 0, -1}},
    {"mmed", {1, 0, -1}},
    {"mfirst", {1, 0, -1}},
    {"mlast", {1, 0, -1}},
    {"mprod", {1, 0, -1}},
    {"msum2", {1, 0, -1}},
    {"mskew", {1, 0, -1}},
    {"mkurtosis", {1, 0, -1}},
    {"mmad", {1, 0, -1}},
    {"mcorr", {2, 0, -1}},
    {"mcovar", {2, 0, -1}},
    {"mbeta", {2, 0, -1}},
    {"mwavg", {2, 0, -1}},
    {"mwsum", {2, 0, -1}},
    {"mrank", {2, 0, -1}},
    {"mpercentile", {2, 0, -1}},
    {"sma", {1, 0, -1}},
    {"wma", {1, 0, -1}},
    {"linearTimeTrend", {1, 0, -1}},
    {"mmaxPositiveStreak", {1, 0, -1}},
};
/// Functions for which f(r, x…) continues f(…) when r was its last result.
constexpr std::string_view kFolds[] = {"cumsum", "cumprod", "cummax", "cummin", "ffill"};

Memory memory_of(const functions::Function& function) {
  if (kTails.contains(function.name)) return Memory::kTail;
  if (std::find(std::begin(kFolds), std::end(kFolds), function.name) != std::end(kFolds)) return Memory::kResult;
  return function.nature == Nature::kVector ? Memory::kHistory : Memory::kNone;
}

/// How many earlier operands a tail function needs; the window is argument `parameter` of the call.
size_t tail_rows(const StatefulCall& call, const std::vector<Value>& arguments) {
  const auto& lookback = kTails.at(call.function.function()->print());
  int64_t rows = lookback.when_absent;
  if (lookback.parameter < arguments.size() && !arguments[lookback.parameter].is_missing()) {
    const Value& given = arguments[lookback.parameter];
    if (!given.is_scalar() || given.is_null() || !types::is_integral(given.type()))
      throw ScriptError(call.function.function()->print() + ": the window of an engine must be a whole number.");
    rows = given.scalar().as_int64();
  }
  rows += lookback.more;
  if (rows < 0 && call.function.function()->print() == "move")
    throw ScriptError("move: an engine can't look at rows that have not come yet.");
  if (rows > static_cast<int64_t>(MetricMemory::kHistoryRowsMax))
    throw ScriptError("The window of an engine is too long.");
  return static_cast<size_t>(std::max<int64_t>(rows, 0));
}

Value call_function(const StatefulCall& call, std::vector<Value> arguments, Evaluator& evaluator) {
  std::vector<std::pair<std::string, Value>> named;
  std::vector<Value> placed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (call.names[i].empty())
      placed.push_back(std::move(arguments[i]));
    else
      named.emplace_back(call.names[i], std::move(arguments[i]));
  }
  Value function = call.function;
  if (!named.empty()) {
    function = data::FunctionRef(
        std::make_shared<exec::PartialFunction>(call.function.function(), std::vector<Value>(), std::move(named)));
  }
  return evaluator.context().call(function, std::span<Value>(placed));
}

}  // namespace

std::vector<Metric> metrics_of(const std::vector<Value>& codes) {
  std::vector<Metric> metrics;
  for (const auto& value : codes) {
    const auto* code = value.is_code() ? dynamic_cast<const CodeValue*>(value.code().get()) : nullptr;
    if (code == nullptr) throw ScriptError("metrics must be code such as <[avg(price), max(volume)]>.");
    std::vector<ExprRef> parts{code->body()};
    if (const auto* bracket = as<syntax::VectorBracket>(code->body())) parts = bracket->elements;
    if (const auto* tuple = as<syntax::Tuple>(code->body())) parts = tuple->elements;
    for (auto& part : parts) {
      auto body = without_alias(std::move(part));
      auto text = syntax::print(*body);
      metrics.push_back({std::move(body), code->captured(), std::move(text)});
    }
  }
  return metrics;
}

Value evaluate(const Metric& metric, exec::Scope& rows, Evaluator& evaluator) {
  return evaluate_part(metric.body, metric.captured, rows, evaluator);
}

Shared<Vector> evaluate_column(const Metric& metric, RowScope& rows, Evaluator& evaluator) {
  const Value value = evaluate(metric, rows, evaluator);
  if (value.is_scalar()) return Vector::filled(value.scalar(), rows.rows());
  if (value.is_vector() && value.vector().size() == rows.rows()) return value.vector_shared();
  throw ScriptError("The metric [" + metric.text + "] must give one value for each row.");
}

StatefulCalls::StatefulCalls(const std::vector<Metric>& metrics, const data::Schema& schema, Evaluator& evaluator)
    : schema_(schema), evaluator_(evaluator) {
  for (size_t m = 0; m < metrics.size(); ++m) collect(metrics[m].body, m);
}

bool StatefulCalls::mentions_column(const syntax::Expr& expr) const {
  return plan::any_node(expr, [&](const syntax::Expr& node) {
    const auto* name = as<syntax::Name>(node);
    return name && name->slot < 0 && find_column(schema_, name->name) >= 0;
  });
}

void StatefulCalls::collect(const ExprRef& expr, size_t metric) {
  const auto* call = as<syntax::Call>(expr);
  const auto* method = as<syntax::MethodCall>(expr);
  if (call == nullptr && method == nullptr) {
    if (expr->kind == syntax::ExprKind::kName || expr->kind == syntax::ExprKind::kLiteral) return;
    // Children as shared nodes are only reachable through rewrite, which also keeps nodes it does not change.
    (void)plan::rewrite(expr, [&](const ExprRef& part) -> ExprRef {
      if (part == expr) return nullptr;
      collect(part, metric);
      return part;
    });
    return;
  }
  if (!seen_.insert(expr.get()).second) return;  // metrics may share parts
  StatefulCall found{.node = expr.get(), .captured_by = metric};
  if (method != nullptr) {
    found.arguments.push_back(method->object);
    found.names.emplace_back();
  }
  for (const auto& argument : call != nullptr ? call->arguments : method->arguments) {
    found.arguments.push_back(argument.value);
    found.names.push_back(argument.name);
  }
  bool any_series = false;
  for (const auto& argument : found.arguments) {
    found.is_series.push_back(argument != nullptr && mentions_column(*argument));
    any_series = any_series || found.is_series.back();
    if (argument != nullptr) collect(argument, metric);
  }
  const auto function = evaluator_.find_function(call != nullptr ? *call->function : *method->function, nullptr);
  if (!any_series || !function) return;
  found.function = Value(*function);
  const auto* builtin = dynamic_cast<const functions::Builtin*>(function->get());
  found.memory = builtin != nullptr ? memory_of(builtin->function()) : Memory::kHistory;
  if (found.memory != Memory::kNone) calls_.push_back(std::move(found));
}

void MetricMemory::feed(const StatefulCalls& calls, const std::vector<Metric>& metrics, RowScope& rows,
                        Evaluator& evaluator) {
  pasts_.resize(calls.all().size());
  for (size_t i = 0; i < calls.all().size(); ++i) {
    const auto& call = calls.all()[i];
    auto& past = pasts_[i].operands;
    std::vector<Value> arguments;
    for (const auto& argument : call.arguments) {
      arguments.push_back(argument == nullptr
                              ? Value::missing()
                              : evaluate_part(argument, metrics[call.captured_by].captured, rows, evaluator));
    }
    past.resize(call.arguments.size());
    size_t before = 0;
    for (size_t a = 0; a < arguments.size(); ++a) {
      if (!call.is_series[a] || !arguments[a].is_vector()) continue;
      Vector all = *past[a];
      before = all.size();
      if (before == 0) {
        all = arguments[a].vector();
      } else {
        all.append(*functions::converted("metrics", arguments[a].vector_shared(), all.type(), all.scale()));
      }
      past[a] = Shared<Vector>(std::move(all));
      arguments[a] = Value(past[a]);
    }
    const Value result = call_function(call, arguments, evaluator);
    if (!result.is_vector() || result.vector().size() != before + rows.rows())
      throw ScriptError("[" + syntax::print(*call.node) + "] must give one value for each row of its group.");
    Vector fresh = before == 0 ? result.vector() : result.vector().slice(before, rows.rows());
    if (call.memory == Memory::kResult) {
      past[0] = Shared<Vector>(fresh.slice(fresh.size() - 1, 1));
    } else {
      const size_t keep = call.memory == Memory::kTail ? tail_rows(call, arguments) : kHistoryRowsMax + 1;
      for (auto& operand : past) {
        const size_t size = operand->size();
        if (size > keep) operand = Shared<Vector>(operand->slice(size - keep, keep));
        if (operand->size() > kHistoryRowsMax) {
          throw ScriptError("[" + syntax::print(*call.node) + "] needs more than " + std::to_string(kHistoryRowsMax) +
                            " earlier rows of a group; use a function with a window.");
        }
      }
    }
    rows.put_computed(*call.node, Value(std::move(fresh)));
  }
}

void MetricMemory::save(StateWriter* state) const {
  state->add(static_cast<int64_t>(pasts_.size()));
  for (const auto& past : pasts_) {
    state->add(static_cast<int64_t>(past.operands.size()));
    for (const auto& operand : past.operands) state->add(*operand);
  }
}

void MetricMemory::load(const StatefulCalls& calls, StateReader* state) {
  const auto check = [](bool fits) {
    if (!fits) throw ScriptError("the snapshot is of other metrics");
  };
  const int64_t count = state->number();
  check(count == 0 || count == static_cast<int64_t>(calls.all().size()));
  pasts_.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < pasts_.size(); ++i) {
    const int64_t operands = state->number();
    check(operands == static_cast<int64_t>(calls.all()[i].arguments.size()));
    for (int64_t k = 0; k < operands; ++k) pasts_[i].operands.emplace_back(state->column());
  }
}

Value memories_state(const KeyedMemories& memories) {
  StateWriter all;
  std::vector<std::string> keys;
  for (const auto& [key, memory] : memories) keys.push_back(key);
  all.add_bytes(keys);
  for (const auto& [key, memory] : memories) memory.save(&all);
  return all.take();
}

KeyedMemories memories_of(const Value& state, const StatefulCalls& calls) {
  KeyedMemories memories;
  StateReader all(state);
  for (const auto& key : all.bytes()) memories[key].load(calls, &all);
  return memories;
}

}  // namespace pelorus::stream
