#include "functions/declare.h"

#include "functions/builtins/family_examples.h"

namespace pelorus::functions {
namespace {

/// "[n=1]" → n, optional; "args..." → args, *variadic set.
Parameter read_parameter(std::string_view text, bool* variadic) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  Parameter parameter;
  if (text.starts_with('[')) {
    parameter.optional = true;
    text.remove_prefix(1);
    if (text.ends_with(']')) text.remove_suffix(1);
  }
  if (text.ends_with("...")) {
    *variadic = true;
    text.remove_suffix(3);
  }
  parameter.name = text.substr(0, text.find('='));
  return parameter;
}

}  // namespace

void declare(Registry& registry, std::string_view family, Nature nature, Declaration declaration) {
  Function function;
  function.name = declaration.name;
  function.nature = nature;
  function.family = family;
  function.run = std::move(declaration.run);
  function.grouped = declaration.grouped;
  function.changes_first = declaration.changes_first;
  const auto example = declaration.example.empty() ? family_example(declaration.name) : declaration.example;
  function.doc = {declaration.summary, declaration.nulls, example, declaration.result};
  auto rest = declaration.parameters;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    function.parameters.push_back(read_parameter(rest.substr(0, comma), &function.variadic));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  registry.add(std::move(function));
}

}  // namespace pelorus::functions
