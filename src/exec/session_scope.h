#pragma once
// What outlives a statement: a session's variables and definitions, and the objects all sessions of a node share.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "functions/call_context.h"

namespace pelorus::exec {

using data::Value;

/// Lookup by string_view without a temporary string.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using NameMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// Thread-safe.
class NodeSharedObjects final : public functions::SharedObjects {
 public:
  std::optional<Value> find(std::string_view name) const override;
  void put(const std::string& name, Value value) override;
  bool erase(std::string_view name) override;
  std::vector<std::string> names() const override;

 private:
  mutable std::shared_mutex mutex_;
  NameMap<Value> objects_;  // guarded by mutex_
};

/// One connection's state. Created by the session, used by one thread at a time.
class SessionScope {
 public:
  explicit SessionScope(uint64_t random_seed) : random(random_seed) {}

  /// Null when unknown; valid until the variable is erased.
  Value* find(std::string_view name) {
    // A name in a syntax tree is asked for from the same address every time.
    Found& known = found_[(reinterpret_cast<uintptr_t>(name.data()) / sizeof(void*)) % kFoundMax];
    return known.place != nullptr && known.name == name ? known.place : look_up(name, &known);
  }
  void set(const std::string& name, Value value);
  /// `name` and `other` become one variable (&x = y). False when `other` is unknown.
  bool bind(const std::string& name, std::string_view other);
  bool erase(std::string_view name);
  std::vector<std::string> names() const;
  void clear_variables() {
    forget_found();
    variables_.clear();
  }

  /// Functions defined by `def`, also under module paths a::b::f. Null when unknown.
  data::FunctionRef find_definition(std::string_view name) const;
  void define(const std::string& name, data::FunctionRef function);
  bool erase_definition(std::string_view name);
  std::vector<std::string> definition_names() const;
  void clear_definitions() { definitions_.clear(); }
  /// Whether a class of the session has a method of that name, or had one.
  bool is_method(std::string_view name) const { return methods_.contains(name); }

  functions::Caller caller;
  CancellationToken cancellation;  // of the running statement
  std::mt19937_64 random;
  std::function<void(std::string_view)> print_sink;   // may be empty: prints are dropped
  std::function<void(int64_t bytes)> reserve_memory;  // may be empty: no limit; throws ScriptError at the limit

 private:
  /// Where loops found their variables: asked before variables_, forgotten when one goes or becomes another.
  struct Found {
    std::string name;
    Value* place = nullptr;
  };
  static constexpr size_t kFoundMax = 64;
  Value* look_up(std::string_view name, Found* known);
  void forget_found() { found_.fill({}); }

  NameMap<std::shared_ptr<Value>> variables_;
  std::array<Found, kFoundMax> found_;
  NameMap<data::FunctionRef> definitions_;
  NameMap<bool> methods_;  // of every class defined so far
};

}  // namespace pelorus::exec
