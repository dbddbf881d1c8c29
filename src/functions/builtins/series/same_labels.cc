#include "functions/builtins/series/same_labels.h"

namespace pelorus::functions {

using data::Value;

bool is_indexed(const Value& value) {
  return value.is_matrix() && (value.matrix().is_indexed_series || value.matrix().is_indexed_matrix);
}

std::pair<Value, Value> over_same_labels(CallContext& context, const Value& x, const Value& y) {
  const auto align = is_indexed(x) && is_indexed(y) ? context.find_function("align") : std::nullopt;
  if (!align) return {x, y};
  const Value both = context.call(*align, {x, y});
  return {both.vector().at(0), both.vector().at(1)};
}

}  // namespace pelorus::functions
