#include "exec/operators/bounded_parts.h"

#include <algorithm>
#include <numeric>

#include "data/convert.h"

namespace pelorus::exec {
namespace {

using data::PartBounds;
using data::Shared;
using data::Type;
using data::Vector;
using plan::Constraint;

/// The type of a conversion that never goes down where moments go up.
std::optional<Type> type_of_ascending(std::string_view conversion) {
  if (conversion == "date") return Type::kDate;
  if (conversion == "month") return Type::kMonth;
  if (conversion == "datehour") return Type::kDatehour;
  if (conversion == "datetime") return Type::kDatetime;
  return std::nullopt;
}

bool is_inside(const meta::Interval& interval, const types::Scalar& least, const types::Scalar& greatest) {
  return (!interval.low || types::compare(*interval.low, greatest) <= 0) &&
         (!interval.high || types::compare(least, *interval.high) <= 0);
}

class Bounds {
 public:
  Bounds(const NamedColumns& columns, size_t parts) : columns_(columns), parts_(parts) {}

  /// By part.
  std::vector<bool> may_match(const Constraint& constraint) const {
    switch (constraint.kind) {
      case Constraint::Kind::kAnything: return std::vector<bool>(parts_, true);
      case Constraint::Kind::kColumn: return column_may_match(constraint);
      default: break;
    }
    const bool all = constraint.kind == Constraint::Kind::kAnd;
    std::vector<bool> out(parts_, all);
    for (const auto& part : constraint.parts) {
      const auto next = may_match(part);
      for (size_t p = 0; p < parts_; ++p) out[p] = all ? out[p] && next[p] : out[p] || next[p];
    }
    return out;
  }

 private:
  std::vector<bool> column_may_match(const Constraint& constraint) const {
    std::vector<bool> out(parts_, true);
    const auto column = columns_.find(constraint.column);
    const auto bounds = column == columns_.end() ? nullptr : column->second->bounds();
    if (!bounds || bounds->has_null.size() != parts_) return out;
    auto least = bounds->least, greatest = bounds->greatest;
    if (!constraint.conversion.empty()) {
      const auto type = type_of_ascending(constraint.conversion);
      const auto low = type ? data::convert(least, *type) : std::nullopt;
      const auto high = type ? data::convert(greatest, *type) : std::nullopt;
      if (!low || !high) return out;
      least = *low, greatest = *high;
    }
    for (size_t p = 0; p < parts_; ++p) {
      if (bounds->has_null[p] != 0) continue;
      const auto low = least->scalar_at(p), high = greatest->scalar_at(p);
      out[p] = std::any_of(constraint.intervals.begin(), constraint.intervals.end(),
                           [&](const auto& interval) { return is_inside(interval, low, high); });
    }
    return out;
  }

  const NamedColumns& columns_;
  const size_t parts_;
};

}  // namespace

std::vector<size_t> parts_that_may_match(const std::vector<syntax::ExprRef>& conditions, const NamedColumns& columns,
                                         size_t rows, const plan::ConstantValue& constant) {
  const size_t parts = (rows + data::kBoundedRows - 1) / data::kBoundedRows;
  std::vector<size_t> out(parts);
  std::iota(out.begin(), out.end(), 0);
  if (parts < 2 || conditions.empty()) return out;
  data::Schema schema;
  for (const auto& [name, values] : columns) schema.push_back({.name = name, .type = values->type()});
  const auto constraint = plan::constraint_of(conditions, schema, constant);
  if (constraint.kind == Constraint::Kind::kAnything) return out;
  const auto may_match = Bounds(columns, parts).may_match(constraint);
  out.erase(std::remove_if(out.begin(), out.end(), [&](size_t part) { return !may_match[part]; }), out.end());
  return out;
}

}  // namespace pelorus::exec
