#include "session/interpreter_host.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <random>

#include "base/script_error.h"

namespace pelorus::session {
namespace {

using data::Value;

int64_t bytes_of(const Value& value) {
  if (value.is_vector()) return static_cast<int64_t>(value.vector().memory_bytes());
  if (value.is_plain_table()) return static_cast<int64_t>(value.table().memory_bytes());
  if (value.is_matrix()) return static_cast<int64_t>(value.matrix().values.memory_bytes());
  if (value.is_dictionary()) {
    return static_cast<int64_t>(value.dictionary().keys().memory_bytes() + value.dictionary().values().memory_bytes());
  }
  return static_cast<int64_t>(sizeof(Value));
}

bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

class InterpreterHost final : public ScriptHost {
 public:
  InterpreterHost(const exec::Surroundings& surroundings, const functions::Caller& caller,
                  const std::function<void(int64_t)>& reserve_memory)
      : surroundings_(surroundings), scope_(std::random_device()()) {
    scope_.caller = caller;
    scope_.reserve_memory = reserve_memory;
  }

  std::optional<Value> run(std::string_view script, const StatementSurroundings& with) override {
    prepare(with);
    exec::Interpreter interpreter(surroundings_, scope_);
    return interpreter.run_statements(script);
  }
  std::optional<Value> call(std::string_view function, std::vector<Value> arguments,
                            const StatementSurroundings& with) override {
    prepare(with);
    exec::Interpreter interpreter(surroundings_, scope_);
    // Clients look for this text when they ask for functions a server may not have.
    if (is_name(function) && !interpreter.find_function(function) && interpreter.find_variable(function) == nullptr) {
      throw ScriptError("Can't recognize function name " + std::string(function));
    }
    auto value = interpreter.call_text(function, arguments);
    if (value.is_void()) return std::nullopt;
    return value;
  }
  void set_variable(const std::string& name, Value value) override { scope_.set(name, std::move(value)); }
  void clear_variables() override { scope_.clear_variables(); }
  void set_caller(const functions::Caller& caller) override { scope_.caller = caller; }
  int64_t memory_bytes() const override {
    constexpr std::chrono::seconds kFresh{1};
    const auto now = std::chrono::steady_clock::now();
    if (now - counted_at_ < kFresh) return counted_bytes_;
    counted_at_ = now;
    counted_bytes_ = 0;
    for (const auto& name : scope_.names()) counted_bytes_ += bytes_of(*scope_.find(name));
    return counted_bytes_;
  }

 private:
  void prepare(const StatementSurroundings& with) {
    scope_.cancellation = with.cancellation;
    scope_.print_sink = with.print;
  }

  const exec::Surroundings& surroundings_;
  mutable exec::SessionScope scope_;
  mutable std::chrono::steady_clock::time_point counted_at_{};
  mutable int64_t counted_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ScriptHost> InterpreterHosts::open(const functions::Caller& caller) {
  return std::make_unique<InterpreterHost>(surroundings_, caller, reserve_memory_);
}

}  // namespace pelorus::session
