#pragma once
// What a session needs of the interpreter. Owned here; the server joins the two.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "data/value.h"
#include "functions/call_context.h"

namespace pelorus::session {

/// What one statement runs with.
struct StatementSurroundings {
  CancellationToken cancellation;
  std::function<void(std::string_view)> print;  // may wait for a slow reader; thread-safe
  int priority = 4;
  int parallelism = 64;
};

/// The variables and definitions of one session, and the means to run scripts on them. Used by one thread at a time.
/// Mistakes of scripts come as ScriptError.
class ScriptHost {
 public:
  virtual ~ScriptHost() = default;
  /// The value of the last statement; nothing when it has none (assignment, definition).
  virtual std::optional<data::Value> run(std::string_view script, const StatementSurroundings& surroundings) = 0;
  /// `function` is a name or any expression whose value can be called. An unknown name: "Can't recognize function
  /// name X".
  virtual std::optional<data::Value> call(std::string_view function, std::vector<data::Value> arguments,
                                          const StatementSurroundings& surroundings) = 0;
  virtual void set_variable(const std::string& name, data::Value value) = 0;
  virtual void clear_variables() = 0;
  /// For statements from now on; a login inside a statement takes effect at once through the same call.
  virtual void set_caller(const functions::Caller& caller) = 0;
  virtual int64_t memory_bytes() const = 0;
};

/// Opens hosts. Thread-safe.
class ScriptHostFactory {
 public:
  virtual ~ScriptHostFactory() = default;
  virtual std::unique_ptr<ScriptHost> open(const functions::Caller& caller) = 0;
};

}  // namespace pelorus::session
