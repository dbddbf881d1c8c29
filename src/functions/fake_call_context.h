#pragma once
// A session for tests of built-ins: variables in a map, printed text collected, a fixed seed.

#include <functional>
#include <map>

#include "base/script_error.h"

#include "functions/arguments.h"
#include "functions/call_context.h"
#include "functions/registry.h"

namespace pelorus::functions {

class FakeSharedObjects final : public SharedObjects {
 public:
  std::optional<Value> find(std::string_view name) const override {
    const auto found = objects_.find(std::string(name));
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }
  void put(const std::string& name, Value value) override { objects_[name] = std::move(value); }
  bool erase(std::string_view name) override { return objects_.erase(std::string(name)) > 0; }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, value] : objects_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, Value> objects_;
};

/// call() runs built-ins only; scripts can't be run.
class FakeCallContext final : public CallContext {
 public:
  explicit FakeCallContext(const Registry& registry) : registry_(registry) {}

  Value call(const Value& function, std::span<Value> arguments) override {
    const auto* builtin = dynamic_cast<const Builtin*>(function.function().get());
    if (builtin == nullptr) throw ScriptError("not a built-in");
    return invoke(*builtin, *this, arguments);
  }
  std::optional<Value> find_function(std::string_view name) override {
    auto found = registry_.find(name);
    if (!found) return std::nullopt;
    return Value(data::FunctionRef(found));
  }
  Value* find_variable(std::string_view name) override {
    const auto found = variables_.find(std::string(name));
    return found == variables_.end() ? nullptr : &found->second;
  }
  void set_variable(const std::string& name, Value value) override { variables_[name] = std::move(value); }
  bool erase_variable(std::string_view name) override { return variables_.erase(std::string(name)) > 0; }
  std::vector<std::string> variable_names() override { return {}; }
  SharedObjects& shared_objects() override { return shared_; }
  Value run_script(std::string_view) override { throw ScriptError("no interpreter"); }
  Value parse_expression(std::string_view) override { throw ScriptError("no interpreter"); }
  Value evaluate(const data::CodeObject&) override { throw ScriptError("no interpreter"); }
  std::span<const std::string> argument_names() const override { return argument_names_; }
  const Caller& caller() const override { return caller_; }
  void print(std::string_view text) override { printed.append(text); }
  const CancellationToken& cancellation() const override { return token_; }
  std::mt19937_64& random() override { return random_; }
  void sleep_ms(int64_t) override {
    if (meanwhile) meanwhile();
  }
  void reserve_memory(int64_t bytes) override {
    if (bytes > int64_t{1} << 40) throw ScriptError("Out of memory");
  }

  void set_caller(Caller caller) { caller_ = std::move(caller); }
  void name_arguments(std::vector<std::string> names) { argument_names_ = std::move(names); }
  std::string printed;
  std::function<void()> meanwhile;  // what goes on while a function sleeps

 private:
  const Registry& registry_;
  std::map<std::string, Value> variables_;
  std::vector<std::string> argument_names_;
  FakeSharedObjects shared_;
  Caller caller_;
  CancellationToken token_;
  std::mt19937_64 random_{42};
};

}  // namespace pelorus::functions
