#pragma once
// The short form of a registration row.

#include <string_view>

#include "functions/registry.h"

namespace pelorus::functions {

/// `parameters` as the manual writes them: "X, Y, [ascending=true]"; brackets mark optional ones, "args..." (last) may
/// repeat. All text must be literals: the descriptor keeps views into it.
struct Declaration {
  std::string_view name;
  std::string_view parameters;
  Native run;
  std::string_view summary;
  std::string_view example;
  std::string_view result = {};
  std::string_view nulls = {};
  GroupedAggregate grouped = {};
  bool changes_first = false;
};

/// Adds the row to `registry`.
void declare(Registry& registry, std::string_view family, Nature nature, Declaration declaration);

}  // namespace pelorus::functions
