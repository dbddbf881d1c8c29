// Changes of vectors: removeHead! removeTail! clip! lfill lfill!.

#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_elements.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "vectors";

Value removed(std::string_view name, bool at_head, std::span<Value> args) {
  const Arguments a(name, args);
  const auto count = a.integer(1, "n");
  if (!args[0].is_vector()) a.refuse("obj", "must be a vector.");
  const auto size = static_cast<int64_t>(args[0].vector().size());
  if (count < 1 || count > size) a.refuse("n", "must be positive and not more than there are elements.");
  const auto left = static_cast<size_t>(size - count);
  args[0] = args[0].vector().slice(at_head ? static_cast<size_t>(count) : 0, left);
  return args[0];
}

Value clipped(CallContext& context, std::span<Value> args) {
  const auto clip = context.find_function("clip");
  if (!clip) throw ScriptError("Can't find the function clip.");
  args[0] = context.call(*clip, {args[0], args[1], args[2]});
  return args[0];
}

/// Nulls between two values lie on the line between them; whole numbers are rounded.
Shared<Vector> filled(std::string_view name, const Shared<Vector>& vector) {
  const auto numbers = numeric_doubles(name, vector);
  Vector result(*numbers);
  auto& values = result.edit<double>();
  size_t before = values.size();  // the last value that is not null
  for (size_t i = 0; i < values.size(); ++i) {
    if (numbers->is_null_at(i)) continue;
    for (size_t k = before + 1; before < i && k < i; ++k) {
      const double part = static_cast<double>(k - before) / static_cast<double>(i - before);
      values[k] = values[before] + part * (values[i] - values[before]);
      if (types::is_integral(vector->type())) values[k] = std::round(values[k]);
    }
    before = i;
  }
  return converted(name, Shared<Vector>(std::move(result)), vector->type(), vector->scale());
}

Value fill(std::string_view name, const Value& x) {
  if (x.is_table()) {
    auto table = table_argument(name, x);
    for (size_t c = 0; c < table.columns(); ++c)
      table.set_column(table.names()[c], *filled(name, table.column_shared(c)));
    return table;
  }
  if (!x.is_vector()) usage_error(name, "obj must be a vector or a table of numbers.");
  return filled(name, x.vector_shared());
}

}  // namespace

void register_in_place(Registry& registry) {
  const auto change = [&](Declaration d) {
    d.changes_first = true;
    declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  change({"removeHead!", "obj, n",
          [](CallContext&, std::span<Value> args) { return removed("removeHead!", true, args); },
          "Takes away the first n elements.", "x = 11..15; x.removeHead!(3); x", "[14,15]"});
  change({"removeTail!", "obj, n",
          [](CallContext&, std::span<Value> args) { return removed("removeTail!", false, args); },
          "Takes away the last n elements.", "x = 11..15; x.removeTail!(3); x", "[11,12]"});
  change({"clip!", "X, Y, Z", clipped, "clip, in place.", "x = 1..5; x.clip!(2, 4); x", "[2,2,3,4,4]",
          "Null stays null."});
  change({"lfill!", "obj",
          [](CallContext&, std::span<Value> args) {
            args[0] = fill("lfill!", args[0]);
            return args[0];
          },
          "lfill, in place.", "x = 1 NULL NULL 6; x.lfill!(); x", "[1,3,4,6]"});
  declare(registry, kFamily, Nature::kVector,
          {"lfill", "obj", [](CallContext&, std::span<Value> args) { return fill("lfill", args[0]); },
           "Nulls between two values as points of the line between them; of a table by column.",
           "lfill(NULL 1.5 NULL NULL 4.5)", "[null,1.5,2.5,3.5,4.5]", "Nulls at the ends stay."});
}

}  // namespace pelorus::functions
