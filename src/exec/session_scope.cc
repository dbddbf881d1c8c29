#include "exec/session_scope.h"

#include "exec/user_function.h"

#include <algorithm>
#include <mutex>

namespace pelorus::exec {

std::optional<Value> NodeSharedObjects::find(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

void NodeSharedObjects::put(const std::string& name, Value value) {
  std::unique_lock lock(mutex_);
  objects_.insert_or_assign(name, std::move(value));
}

bool NodeSharedObjects::erase(std::string_view name) {
  std::unique_lock lock(mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return false;
  objects_.erase(found);
  return true;
}

std::vector<std::string> NodeSharedObjects::names() const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, value] : objects_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Value* SessionScope::look_up(std::string_view name, Found* known) {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return nullptr;
  known->name = name;
  known->place = found->second.get();
  return known->place;
}

void SessionScope::set(const std::string& name, Value value) {
  if (Value* place = find(name)) {
    *place = std::move(value);
    return;
  }
  variables_.emplace(name, std::make_shared<Value>(std::move(value)));
}

bool SessionScope::bind(const std::string& name, std::string_view other) {
  const auto found = variables_.find(other);
  if (found == variables_.end()) return false;
  auto cell = found->second;
  forget_found();
  variables_.insert_or_assign(name, std::move(cell));
  return true;
}

bool SessionScope::erase(std::string_view name) {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return false;
  forget_found();
  variables_.erase(found);
  return true;
}

std::vector<std::string> SessionScope::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : variables_) {
    if (name.find(' ') == std::string::npos) names.push_back(name);  // what the session keeps itself has a blank
  }
  std::sort(names.begin(), names.end());
  return names;
}

data::FunctionRef SessionScope::find_definition(std::string_view name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? nullptr : found->second;
}

void SessionScope::define(const std::string& name, data::FunctionRef function) {
  if (const auto* defined = dynamic_cast<const ClassFunction*>(function.get())) {
    for (const auto& method : defined->definition().methods) methods_[method->name] = true;
  }
  definitions_.insert_or_assign(name, std::move(function));
}

bool SessionScope::erase_definition(std::string_view name) {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) return false;
  definitions_.erase(found);
  return true;
}

std::vector<std::string> SessionScope::definition_names() const {
  std::vector<std::string> names;
  for (const auto& [name, function] : definitions_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace pelorus::exec
