#include "stream/engines/sample_rows.h"

#include "base/script_error.h"

namespace pelorus::stream {

using data::Type;
using data::Value;

data::Table sample_of(const data::Schema& schema) {
  constexpr size_t kRows = 2;
  data::Table table(schema);
  for (size_t c = 0; c < schema.size(); ++c) {
    auto& column = table.edit_column(c);
    column.resize(kRows);
    if (schema[c].array) continue;
    const Value one = types::is_literal(schema[c].type) ? Value::of_string("a") : Value::of_int(1);
    for (size_t r = 0; r < kRows; ++r) (void)column.set(r, one);
  }
  return table;
}

data::ColumnDefinition probed(const Metric& metric, exec::Scope& sample, exec::Evaluator& evaluator) {
  data::ColumnDefinition column{.name = {}, .type = Type::kDouble};
  try {
    const Value value = evaluate(metric, sample, evaluator);
    if (value.is_void() || value.type() == Type::kAny || value.type() == Type::kVoid) return column;
    column.type = value.type();
    column.array = value.is_vector() && value.vector().is_array();
    if (types::is_decimal(column.type))
      column.scale = value.is_scalar() ? value.scalar().scale() : value.vector().scale();
  } catch (const ScriptError&) {
    // It does not like made-up rows.
  }
  return column;
}

}  // namespace pelorus::stream
