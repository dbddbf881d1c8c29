#pragma once
// All built-ins of one process by name. Folders add their rows explicitly: register_…(registry).

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "functions/function.h"

namespace pelorus::functions {

/// The FunctionObject of a built-in.
class Builtin final : public data::FunctionObject {
 public:
  explicit Builtin(Function function) : function_(std::move(function)) {}
  Kind kind() const override { return function_.nature == Nature::kCommand ? Kind::kProcedure : Kind::kSystem; }
  std::string print() const override { return function_.name; }
  bool is_aggregate() const override { return function_.nature == Nature::kAggregate; }
  const Function& function() const { return function_; }

 private:
  const Function function_;
};

/// Filled at start by one thread, then only read.
class Registry {
 public:
  /// The name must be new (checked).
  void add(Function function);
  /// A second name for a function already added (checked).
  void add_alias(std::string_view alias, std::string_view name);
  /// Null when unknown.
  std::shared_ptr<const Builtin> find(std::string_view name) const;
  /// Sorted.
  std::vector<std::string> names() const;

 private:
  std::unordered_map<std::string, std::shared_ptr<const Builtin>> functions_;
};

/// Checks the number of arguments against the descriptor and runs it.
/// ScriptError: "The function [f] expects n argument(s), but the actual number of arguments is: m".
Value invoke(const Builtin& builtin, CallContext& context, std::span<Value> arguments);

}  // namespace pelorus::functions
