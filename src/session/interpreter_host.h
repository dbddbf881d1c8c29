#pragma once
// Joins sessions to the interpreter of exec.

#include <functional>

#include "exec/interpreter.h"
#include "session/script_host.h"

namespace pelorus::session {

/// Opens interpreters on the node's surroundings, which outlive it.
class InterpreterHosts final : public ScriptHostFactory {
 public:
  /// `reserve_memory` throws ScriptError at the node's limit; may be empty.
  InterpreterHosts(const exec::Surroundings& surroundings, std::function<void(int64_t bytes)> reserve_memory)
      : surroundings_(surroundings), reserve_memory_(std::move(reserve_memory)) {}
  std::unique_ptr<ScriptHost> open(const functions::Caller& caller) override;

 private:
  const exec::Surroundings& surroundings_;
  const std::function<void(int64_t)> reserve_memory_;
};

}  // namespace pelorus::session
