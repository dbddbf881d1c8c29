#pragma once
// What the bounds of columns' parts tell of conditions before any row is looked at.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/part_bounds.h"
#include "data/vector.h"
#include "plan/constraint.h"

namespace pelorus::exec {

/// By name as conditions spell it.
using NamedColumns = std::map<std::string, data::Shared<data::Vector>, std::less<>>;

/// Of the rows of a part: how many meet a condition.
enum class Met : uint8_t { kNone, kSome, kAll };  // kSome: not known

/// The type of a conversion of moments, such as date(x), that never goes down where they go up; nothing: it is none.
std::optional<data::Type> type_of_ascending(std::string_view conversion);

/// For one statement: a column's bounds are asked for once. Cost: a few comparisons a part.
class BoundedParts {
 public:
  /// `columns` outlives this.
  BoundedParts(const NamedColumns& columns, size_t rows, plan::ConstantValue constant);

  /// For each part of data::kPartRows rows; empty: nothing is known of any.
  std::vector<Met> met_by_part(const syntax::ExprRef& condition);
  /// The least and the greatest value of a column of whole numbers or moments; nothing: not known, or there are nulls.
  std::optional<std::pair<int64_t, int64_t>> range_of(const std::string& column);
  /// Null: not known.
  const data::PartBounds* bounds_of(const std::string& column);

 private:
  std::vector<Met> met(const plan::Constraint& constraint);
  std::vector<Met> met_by_column(const plan::Constraint& constraint);

  const NamedColumns& columns_;
  const size_t parts_;
  const plan::ConstantValue constant_;
  data::Schema schema_;
  std::map<std::string, std::shared_ptr<const data::PartBounds>, std::less<>> asked_;  // each column once
};

}  // namespace pelorus::exec
