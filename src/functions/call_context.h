#pragma once
// What a running function may ask of its surroundings. Owned here; the interpreter implements it.

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "data/value.h"

namespace pelorus::functions {

using data::Value;

/// Where the value of `share`d names lives: one per node, seen by all its sessions. Thread-safe.
class SharedObjects {
 public:
  virtual ~SharedObjects() = default;
  virtual std::optional<Value> find(std::string_view name) const = 0;
  /// Overwrites.
  virtual void put(const std::string& name, Value value) = 0;
  virtual bool erase(std::string_view name) = 0;
  virtual std::vector<std::string> names() const = 0;
};

/// Who is calling. `user` is "guest" before login.
struct Caller {
  std::string user = "guest";
  uint64_t session_id = 0;
  bool is_admin = false;
  std::string remote_ip;
  int remote_port = 0;
};

/// One statement's view of its session. Used by the statement's thread only.
class CallContext {
 public:
  virtual ~CallContext() = default;

  /// Calls any callable value. Arguments may be edited by functions that change their first argument.
  virtual Value call(const Value& function, std::span<Value> arguments) = 0;
  Value call(const Value& function, std::initializer_list<Value> arguments) {
    std::vector<Value> copy(arguments);
    return call(function, std::span<Value>(copy));
  }
  /// By name: session definitions, then function views, then built-ins. Empty when unknown.
  virtual std::optional<Value> find_function(std::string_view name) = 0;
  /// Session variable, then shared object. Null pointer when unknown; valid until the session's next change.
  virtual Value* find_variable(std::string_view name) = 0;
  virtual void set_variable(const std::string& name, Value value) = 0;
  virtual bool erase_variable(std::string_view name) = 0;
  virtual std::vector<std::string> variable_names() = 0;
  virtual SharedObjects& shared_objects() = 0;
  /// Parses and runs script text in this session; the value of the last expression.
  virtual Value run_script(std::string_view text) = 0;
  /// Parses one expression into code. ScriptError as for any script.
  virtual Value parse_expression(std::string_view text) = 0;
  /// Evaluates CODE (also select statements).
  virtual Value evaluate(const data::CodeObject& code) = 0;

  /// The alias (`v as name`) or, for a plain variable or column, its name, of each argument of the built-in call that
  /// is just starting; "" where there is none; empty when the caller knows no names (table(v as a, w) reads them).
  /// Valid until the built-in makes a call itself.
  virtual std::span<const std::string> argument_names() const { return {}; }

  virtual const Caller& caller() const = 0;
  /// Sent to the client as it happens.
  virtual void print(std::string_view text) = 0;
  virtual const CancellationToken& cancellation() const = 0;
  /// This session's generator: setRandomSeed makes it repeatable.
  virtual std::mt19937_64& random() = 0;
  /// The sleep() of scripts, cut short by cancellation (ScriptError then).
  virtual void sleep_ms(int64_t milliseconds) = 0;
  /// Throws ScriptError when `bytes` more would pass maxMemSize; call before large allocations.
  virtual void reserve_memory(int64_t bytes) = 0;
};

}  // namespace pelorus::functions
