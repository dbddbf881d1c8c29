#include "functions/registry.h"

#include <algorithm>

#include "base/check.h"
#include "base/script_error.h"

namespace pelorus::functions {
namespace {

/// "2", "1 to 3", "at least 1".
std::string expected_arguments(const Function& function) {
  const auto least = std::to_string(function.arguments_min());
  if (function.variadic) return "at least " + least;
  if (function.arguments_min() == function.arguments_max()) return least;
  return least + " to " + std::to_string(function.arguments_max());
}

}  // namespace

void Registry::add(Function function) {
  std::string name = function.name;
  const auto added = functions_.emplace(name, std::make_shared<const Builtin>(std::move(function)));
  CHECK_WITH(added.second, "a function is registered twice: " + name);
}

void Registry::add_alias(std::string_view alias, std::string_view name) {
  auto function = find(name);
  CHECK_WITH(function != nullptr, "an alias of an unknown function: " + std::string(name));
  CHECK_WITH(functions_.emplace(std::string(alias), std::move(function)).second,
             "an alias is taken: " + std::string(alias));
}

std::shared_ptr<const Builtin> Registry::find(std::string_view name) const {
  const auto found = functions_.find(std::string(name));
  return found == functions_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  names.reserve(functions_.size());
  for (const auto& [name, function] : functions_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Value invoke(const Builtin& builtin, CallContext& context, std::span<Value> arguments) {
  const auto& function = builtin.function();
  if (arguments.size() < function.arguments_min() || arguments.size() > function.arguments_max()) {
    throw ScriptError("The function [" + function.name + "] expects " + expected_arguments(function) +
                      " argument(s), but the actual number of arguments is: " + std::to_string(arguments.size()));
  }
  return function.run(context, arguments);
}

}  // namespace pelorus::functions
