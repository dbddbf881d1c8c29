#pragma once
// A built-in function: a struct and a registration row.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"
#include "functions/call_context.h"

namespace pelorus::functions {

/// One parameter; `optional` ones come last. Used for keyword calls, arity errors and help().
struct Parameter {
  std::string_view name;  // several stand with '|' between them: "dbPath|sqlObj"
  bool optional = false;

  bool is_called(std::string_view keyword) const {
    auto rest = name;
    while (true) {
      const auto end = rest.find('|');
      if (rest.substr(0, end) == keyword) return true;
      if (end == std::string_view::npos) return false;
      rest.remove_prefix(end + 1);
    }
  }
};

/// What SQL and the higher-order functions need to know about a function.
enum class Nature : uint8_t {
  kWhole,        // neither of the others: takes values as they are
  kElementwise,  // result element i depends on argument elements i only (abs, add, year)
  kAggregate,    // reduces a vector to a scalar (sum, first, corr)
  kVector,       // same length out as in, order matters (cumsum, prev, mavg)
  kCommand,      // done for its effect (share, print, dropTable)
};

struct Documentation {
  std::string_view summary;  // one sentence
  std::string_view nulls;    // what nulls do
  std::string_view example;  // a script; executed by the tests
  std::string_view result;   // its value in canonical form (tests/scripts/README.md); empty: only run
};

/// Arguments by position; missing optional ones at the end are absent, skipped ones are Value::missing().
/// args[0] may be edited in place when the descriptor says changes_first.
using Native = std::function<Value(CallContext&, std::span<Value> args)>;

/// Group-wise form of an aggregate: element r of `values` belongs to group `group_of_row[r]` < groups; returns one
/// element per group. Only called for columns of the types `accepts` names; others go group by group through `run`.
struct GroupedAggregate {
  bool (*accepts)(const data::Vector& values) = nullptr;
  data::Vector (*run)(const data::Vector& values, std::span<const uint32_t> group_of_row, size_t groups) = nullptr;
};

/// Registered once at start, then immutable.
struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  bool variadic = false;  // the last parameter may repeat
  Nature nature = Nature::kWhole;
  bool changes_first = false;  // append!, sort! …: the first argument must be a variable
  GroupedAggregate grouped = {};
  Native run;
  Documentation doc = {};
  std::string_view family = {};  // "arithmetic", "strings": for the manual

  size_t arguments_min() const {
    size_t count = 0;
    for (const auto& p : parameters) count += p.optional ? 0 : 1;
    return count;
  }
  size_t arguments_max() const { return variadic ? SIZE_MAX : parameters.size(); }
};

}  // namespace pelorus::functions
