#include "exec/parts/bounded_parts.h"

#include <algorithm>

#include "data/convert.h"
#include "kernels/visit_number.h"

namespace pelorus::exec {
namespace {

using data::PartBounds;
using data::Shared;
using data::Type;
using plan::Constraint;

bool touches(const meta::Interval& interval, const types::Scalar& least, const types::Scalar& greatest) {
  return (!interval.low || types::compare(*interval.low, greatest) <= 0) &&
         (!interval.high || types::compare(least, *interval.high) <= 0);
}

bool holds(const meta::Interval& interval, const types::Scalar& least, const types::Scalar& greatest) {
  return (!interval.low || types::compare(*interval.low, least) <= 0) &&
         (!interval.high || types::compare(greatest, *interval.high) <= 0);
}

}  // namespace

std::optional<Type> type_of_ascending(std::string_view conversion) {
  if (conversion == "date") return Type::kDate;
  if (conversion == "month") return Type::kMonth;
  if (conversion == "datehour") return Type::kDatehour;
  if (conversion == "datetime") return Type::kDatetime;
  return std::nullopt;
}

BoundedParts::BoundedParts(const NamedColumns& columns, size_t rows, plan::ConstantValue constant)
    : columns_(columns), parts_((rows + data::kPartRows - 1) / data::kPartRows), constant_(std::move(constant)) {
  for (const auto& [name, values] : columns_) schema_.push_back({.name = name, .type = values->type()});
}

std::vector<Met> BoundedParts::met_by_part(const syntax::ExprRef& condition) {
  if (parts_ < 2) return {};
  return met(plan::constraint_of({condition}, schema_, constant_));
}

std::vector<Met> BoundedParts::met(const Constraint& constraint) {
  switch (constraint.kind) {
    case Constraint::Kind::kAnything: return {};
    case Constraint::Kind::kColumn: return met_by_column(constraint);
    default: break;
  }
  const bool all = constraint.kind == Constraint::Kind::kAnd;
  std::vector<Met> out(parts_, all && constraint.exact ? Met::kAll : all ? Met::kSome : Met::kNone);
  for (const auto& part : constraint.parts) {
    auto next = met(part);
    next.resize(parts_, Met::kSome);
    for (size_t p = 0; p < parts_; ++p) out[p] = all ? std::min(out[p], next[p]) : std::max(out[p], next[p]);
  }
  return out;
}

const PartBounds* BoundedParts::bounds_of(const std::string& column) {
  const auto [known, is_new] = asked_.try_emplace(column);
  const auto values = columns_.find(column);
  if (is_new && values != columns_.end()) known->second = data::bounds_of(*values->second);
  return known->second && known->second->has_null.size() == parts_ ? known->second.get() : nullptr;
}

std::optional<std::pair<int64_t, int64_t>> BoundedParts::range_of(const std::string& column) {
  const auto* bounds = bounds_of(column);
  if (!bounds || std::find(bounds->has_null.begin(), bounds->has_null.end(), 1) != bounds->has_null.end()) return {};
  return kernels::visit_whole(bounds->least->repr(), [&]<class T>() {
    const auto &least = bounds->least->values<T>(), &greatest = bounds->greatest->values<T>();
    return std::pair<int64_t, int64_t>(*std::min_element(least.begin(), least.end()),
                                       *std::max_element(greatest.begin(), greatest.end()));
  });
}

std::vector<Met> BoundedParts::met_by_column(const Constraint& constraint) {
  const auto* bounds = bounds_of(constraint.column);
  if (!bounds) return {};
  auto least = bounds->least, greatest = bounds->greatest;
  if (!constraint.conversion.empty()) {
    const auto type = type_of_ascending(constraint.conversion);
    const auto low = type ? data::convert(least, *type) : std::nullopt;
    const auto high = type ? data::convert(greatest, *type) : std::nullopt;
    if (!low || !high) return {};
    least = *low, greatest = *high;
  }
  std::vector<Met> out(parts_, Met::kSome);
  for (size_t p = 0; p < parts_; ++p) {
    if (bounds->has_null[p] != 0) continue;
    const auto low = least->scalar_at(p), high = greatest->scalar_at(p);
    const auto any = [&](const auto& test) {
      return std::any_of(constraint.intervals.begin(), constraint.intervals.end(), test);
    };
    if (!any([&](const auto& interval) { return touches(interval, low, high); })) out[p] = Met::kNone;
    if (constraint.exact && any([&](const auto& interval) { return holds(interval, low, high); })) out[p] = Met::kAll;
  }
  return out;
}

}  // namespace pelorus::exec
