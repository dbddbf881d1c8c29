#pragma once
// A session of its own for code that a stream runs later, on other threads.

#include <memory>

#include "exec/interpreter.h"

namespace pelorus::stream {

/// Has the creator's functions, rights and those variables it is given; none of the creator's other variables. Used by
/// one thread at a time. The node's surroundings outlive it.
class WorkerSession {
 public:
  /// `creator` must be the interpreter of a running script; ScriptError otherwise.
  explicit WorkerSession(functions::CallContext& creator);

  exec::Interpreter& interpreter() { return interpreter_; }
  void set_variable(const std::string& name, data::Value value) { scope_.set(name, std::move(value)); }
  const CancellationToken& cancellation() const { return scope_.cancellation; }

 private:
  exec::SessionScope scope_;
  exec::Interpreter interpreter_;
};

}  // namespace pelorus::stream
