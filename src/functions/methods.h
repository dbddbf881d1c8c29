#pragma once
// Built-ins that are methods of handles: registered as "Kind::name", called as handle.name(…).

#include <memory>
#include <string_view>

#include "functions/registry.h"

namespace pelorus::functions {

/// Whether handles of some kind have a method of that name.
bool is_method_name(const Registry& registry, std::string_view name);
/// The method of this object, whose first parameter is the object; null when it is no handle or has none of that name.
std::shared_ptr<const Builtin> find_method(const Registry& registry, const Value& object, std::string_view name);

}  // namespace pelorus::functions
