#include "functions/registry.h"

#include <algorithm>
#include <stdexcept>
#include <variant>

#include "base/check.h"
#include "base/log.h"
#include "base/script_error.h"
#include "functions/methods.h"

namespace pelorus::functions {
namespace {

/// Names of methods are entries of their own, with an empty kind: "::source" for "StreamGraph::source".
constexpr std::string_view kMethodMark = "::";

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
  if (const auto mark = name.find(kMethodMark); mark != std::string::npos)
    functions_.emplace(name.substr(mark), added.first->second);
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
  for (const auto& [name, function] : functions_) {
    if (!name.starts_with(kMethodMark)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_method_name(const Registry& registry, std::string_view name) {
  return registry.find(std::string(kMethodMark).append(name)) != nullptr;
}

std::shared_ptr<const Builtin> find_method(const Registry& registry, const Value& object, std::string_view name) {
  if (!object.is_handle()) return nullptr;
  return registry.find(object.handle()->kind().append(kMethodMark).append(name));
}

namespace {

/// A function met arguments that it did not look for; nothing is known but what they were.
[[noreturn]] void refuse_forms(const Function& function, std::span<const Value> arguments, std::string_view reason) {
  std::string given;
  for (const auto& argument : arguments) given.append(given.empty() ? "" : ", ").append(argument.type_text());
  throw ScriptError("The function [" + function.name + "] does not accept these arguments: " + given + " (" +
                    std::string(reason) + ").");
}

}  // namespace

Value invoke(const Builtin& builtin, CallContext& context, std::span<Value> arguments) {
  const auto& function = builtin.function();
  if (arguments.size() < function.arguments_min() || arguments.size() > function.arguments_max()) {
    throw ScriptError("The function [" + function.name + "] expects " + expected_arguments(function) +
                      " argument(s), but the actual number of arguments is: " + std::to_string(arguments.size()));
  }
  try {
    return function.run(context, arguments);
  } catch (const std::length_error&) {
    throw ScriptError("The function [" + function.name + "] would make more elements than any memory holds.");
  } catch (const std::bad_variant_access&) {
    refuse_forms(function, arguments, "forms that do not go together");
  } catch (const std::logic_error& fault) {
    log_error("The function " + function.name + " met a fault of its own: " + fault.what());
    refuse_forms(function, arguments, fault.what());
  }
}

}  // namespace pelorus::functions
