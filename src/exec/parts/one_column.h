#pragma once
// What expressions see that rest on one column alone.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "data/vector.h"
#include "exec/evaluator.h"

namespace pelorus::exec {

/// A column by its name, and variables.
class OneColumn final : public Scope {
 public:
  OneColumn(std::string_view name, data::Vector column, const std::map<std::string, Value, std::less<>>& variables)
      : name_(name), column_(std::move(column)), variables_(variables) {}

  std::optional<Value> find(std::string_view name) override {
    if (name == name_) return Value(column_);
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Value> find_qualified(std::string_view, std::string_view) override { return std::nullopt; }

 private:
  const std::string_view name_;
  const data::Shared<data::Vector> column_;
  const std::map<std::string, Value, std::less<>>& variables_;
};

}  // namespace pelorus::exec
