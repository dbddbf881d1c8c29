#pragma once
// A session of its own for code that runs later, on other threads: handlers of streams, jobs.

#include <functional>
#include <memory>

#include "exec/interpreter.h"

namespace pelorus::exec {

/// The interpreter of the running script behind a context. ScriptError when it is none.
Interpreter& interpreter_of(functions::CallContext& context);

/// Has the creator's functions, rights and those variables it is given; none of the creator's other variables. Used by
/// one thread at a time. The node's surroundings outlive it.
class WorkerSession {
 public:
  /// `creator` must be the interpreter of a running script; ScriptError otherwise.
  explicit WorkerSession(functions::CallContext& creator);

  Interpreter& interpreter() { return interpreter_; }
  void set_variable(const std::string& name, data::Value value) { scope_.set(name, std::move(value)); }
  /// What print() shows; called on the thread that runs the code.
  void set_print_sink(std::function<void(std::string_view)> sink) { scope_.print_sink = std::move(sink); }
  const CancellationToken& cancellation() const { return scope_.cancellation; }

 private:
  SessionScope scope_;
  Interpreter interpreter_;
};

}  // namespace pelorus::exec
