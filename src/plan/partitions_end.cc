#include "plan/partitions_end.h"

#include <strings.h>

#include <algorithm>

#include "types/temporal.h"

namespace pelorus::plan {
namespace {

using syntax::as;

const std::string* function_of(const syntax::Expr& expr, const syntax::Expr** argument) {
  const auto* call = as<syntax::Call>(expr);
  const auto* function = call ? as<syntax::Name>(*call->function) : nullptr;
  if (!function || call->arguments.size() != 1 || !call->arguments[0].value) return nullptr;
  *argument = call->arguments[0].value.get();
  return &function->name;
}

}  // namespace

bool rises_with_partitions(const syntax::Expr& key, const PartitionedBy& by, const data::Schema& schema) {
  const auto* name = as<syntax::Name>(key);
  if (!name || by.columns.empty() || strcasecmp(name->name.c_str(), by.columns[0].c_str()) != 0) return false;
  const auto& level = by.scheme.levels[0];
  if (level.type != meta::PartitionType::kValue && level.type != meta::PartitionType::kRange) return false;
  const auto column = std::ranges::find(schema, by.columns[0], &data::ColumnDefinition::name);
  if (column == schema.end()) return false;
  if (types::is_integral(column->type)) return types::is_integral(level.value_type);
  if (!types::is_temporal(column->type) || !types::is_temporal(level.value_type)) return false;
  // The time of day begins anew every day.
  return types::is_time_of_day(column->type) || !types::is_time_of_day(level.value_type);
}

std::optional<PartitionsEnd> end_that_decides(const std::vector<std::pair<std::string, syntax::ExprRef>>& aggregates,
                                              const PartitionedBy& by, const data::Schema& schema) {
  if (aggregates.empty() || by.columns.empty()) return std::nullopt;
  std::optional<PartitionsEnd> end;
  for (const auto& [name, expr] : aggregates) {
    const syntax::Expr* argument = nullptr;
    const auto* function = function_of(*expr, &argument);
    if (!function) return std::nullopt;
    const bool by_place = *function == "first" || *function == "last";
    const bool by_value = (*function == "min" || *function == "max") && rises_with_partitions(*argument, by, schema);
    if (!by_place && !by_value) return std::nullopt;
    const PartitionsEnd this_one{.last = *function == "last" || *function == "max",
                                 .levels = by_value ? 1 : by.columns.size()};
    if (end && end->last != this_one.last) return std::nullopt;
    end = {this_one.last, end ? std::min(end->levels, this_one.levels) : this_one.levels};
  }
  return end;
}

}  // namespace pelorus::plan
