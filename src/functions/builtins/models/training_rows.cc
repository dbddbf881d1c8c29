#include "functions/builtins/models/training_rows.h"

#include <cmath>

#include "base/script_error.h"

namespace pelorus::functions {

data::Table training_rows(CallContext& context, const Arguments& a) {
  if (a[0].is_table()) return table_argument(a.function(), a[0]);
  const auto run = context.find_function("mr"), copy = context.find_function("copy"),
             all = context.find_function("unionAll");
  if (!run || !copy || !all || (!a[0].is_handle() && !a[0].is_tuple()))
    a.refuse("ds", "must be a table, a data source or several of them.");
  Value parts = context.call(*run, {a[0], *copy});
  if (parts.is_table()) return table_argument(a.function(), parts);
  return table_argument(a.function(), context.call(*all, {parts, Value::of_bool(false)}));
}

std::vector<double> training_numbers(std::string_view function, const data::Table& table, const std::string& name) {
  const int c = table.find(name);
  if (c < 0) throw ScriptError("Unrecognized column name [" + name + "]");
  const auto values = as_doubles(function, table.column_shared(static_cast<size_t>(c)));
  for (const double value : values->values<double>()) {
    if (value == types::kNull<double> || !std::isfinite(value))
      throw ScriptError(std::string(function) + " => the column " + name + " holds a null, NaN or infinite element.");
  }
  return {values->values<double>().begin(), values->values<double>().end()};
}

}  // namespace pelorus::functions
