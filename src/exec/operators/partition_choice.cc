#include "exec/operators/partition_choice.h"

#include <algorithm>
#include <cmath>

#include "base/script_error.h"
#include "data/convert.h"
#include "functions/arguments.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Scalar;
using data::Type;
using data::Value;
using meta::PartitionLevel;
using meta::PartitionType;
using syntax::as;
using syntax::ExprRef;

constexpr std::string_view kPartition = "partition", kSample = "sample";

/// partition(c, k) or sample(c, n); null for any other expression.
const syntax::Call* as_choice(const ExprRef& expr) {
  const auto* call = as<syntax::Call>(expr);
  const auto* name = call != nullptr ? as<syntax::Name>(call->function) : nullptr;
  const bool is_one = name != nullptr && (name->name == kPartition || name->name == kSample);
  return is_one && call->arguments.size() == 2 ? call : nullptr;
}

/// What is left of a condition without its choices; null when nothing is.
ExprRef stripped(const ExprRef& condition, std::vector<ExprRef>* choices) {
  if (as_choice(condition) != nullptr) {
    choices->push_back(condition);
    return nullptr;
  }
  const auto* both = as<syntax::Binary>(condition);
  if (both == nullptr || both->op != syntax::BinaryOperator::kAnd) return condition;
  auto left = stripped(both->left, choices), right = stripped(both->right, choices);
  if (left == both->left && right == both->right) return condition;
  if (left == nullptr || right == nullptr) return left == nullptr ? right : left;
  auto rest = std::make_shared<syntax::Binary>();
  rest->place = both->place;
  rest->op = both->op;
  rest->left = std::move(left);
  rest->right = std::move(right);
  return rest;
}

std::string column_of(const ExprRef& expr, Evaluator& evaluator) {
  if (const auto* name = as<syntax::Name>(expr)) return name->name;
  const Value value = evaluator.evaluate(*expr, nullptr);
  return value.is_text() ? value.text() : std::string();
}

size_t level_of(std::string_view function, const std::string& column, const std::vector<std::string>& columns) {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  std::string names;
  for (const auto& name : columns) names += (names.empty() ? "" : ", ") + name;
  functions::usage_error(function, "partitionCol must be a column the table is partitioned by: " + names + ".");
}

int64_t partitions_of(const PartitionLevel& level) {
  switch (level.type) {
    case PartitionType::kRange: return static_cast<int64_t>(level.values.size()) - 1;
    case PartitionType::kList: return static_cast<int64_t>(level.lists.size());
    default: return level.buckets;
  }
}

/// A range is known by its lower boundary, lists and buckets by their number.
Scalar part_of(const PartitionLevel& level, const Scalar& key) {
  const auto refuse = [&]() {
    functions::usage_error(kPartition, "keys must name partitions: values of a VALUE scheme, else numbers from 0 to " +
                                           std::to_string(partitions_of(level) - 1) + ".");
  };
  if (level.type == PartitionType::kValue) {
    const auto converted = data::convert(key, level.value_type);
    if (!converted || key.is_null()) functions::usage_error(kPartition, "keys must be values of the scheme's type.");
    return *converted;
  }
  const auto number = data::convert(key, Type::kLong);
  if (!number || number->is_null() || number->as_int64() < 0 || number->as_int64() >= partitions_of(level)) refuse();
  if (level.type == PartitionType::kRange) return level.values[static_cast<size_t>(number->as_int64())];
  return Scalar::of_int(static_cast<int32_t>(number->as_int64()));
}

bool is_same(const Scalar& a, const Scalar& b) { return types::compare(a, b) == 0; }

/// Different keys of a level, in order.
std::vector<Scalar> keys_of(std::span<const StoredPartition> partitions, size_t level) {
  std::vector<Scalar> keys;
  for (const auto& partition : partitions) keys.push_back(partition.key.parts[level]);
  std::sort(keys.begin(), keys.end(), [](const Scalar& a, const Scalar& b) { return types::compare(a, b) < 0; });
  keys.erase(std::unique(keys.begin(), keys.end(), is_same), keys.end());
  return keys;
}

std::vector<Scalar> drawn(const Value& size, std::vector<Scalar> keys, Evaluator& evaluator) {
  if (!size.is_scalar() || size.is_null() || !types::is_numeric(size.type()) || !(size.scalar().as_double() > 0))
    functions::usage_error(kSample, "size must be a positive number: of partitions, or below 1 their part.");
  const double wanted = size.scalar().as_double();
  const double count = wanted < 1 ? std::ceil(wanted * static_cast<double>(keys.size())) : std::floor(wanted);
  if (count > static_cast<double>(keys.size()))
    functions::usage_error(
        kSample, "size must not be larger than the number of partitions, " + std::to_string(keys.size()) + ".");
  std::shuffle(keys.begin(), keys.end(), evaluator.context().random());
  keys.resize(static_cast<size_t>(count));
  return keys;
}

}  // namespace

syntax::Query without_choices(const syntax::Query& query, std::vector<ExprRef>* choices) {
  syntax::Query rest(query);
  rest.where.clear();
  for (const auto& condition : query.where) {
    if (auto left = stripped(condition, choices)) rest.where.push_back(std::move(left));
  }
  return rest;
}

std::vector<bool> chosen_by(const ExprRef& choice, const meta::PartitionScheme& scheme,
                            const std::vector<std::string>& columns, std::span<const StoredPartition> partitions,
                            Evaluator& evaluator) {
  const auto* call = as_choice(choice);
  const auto& function = as<syntax::Name>(call->function)->name;
  if (columns.empty()) functions::usage_error(function, "the table must be partitioned.");
  const size_t level = level_of(function, column_of(call->arguments[0].value, evaluator), columns);
  const Value given = evaluator.evaluate(*call->arguments[1].value, nullptr);
  std::vector<Scalar> keys;
  if (function == kSample) {
    keys = drawn(given, keys_of(partitions, level), evaluator);
  } else {
    const auto elements = functions::elements_of(given);
    if (!elements || (*elements)->is_tuple()) functions::usage_error(function, "keys must be a scalar or vector.");
    for (size_t i = 0; i < (*elements)->size(); ++i)
      keys.push_back(part_of(scheme.levels[level], (*elements)->scalar_at(i)));
  }
  std::vector<bool> chosen;
  for (const auto& partition : partitions) {
    chosen.push_back(std::any_of(keys.begin(), keys.end(),
                                 [&](const Scalar& key) { return is_same(key, partition.key.parts[level]); }));
  }
  return chosen;
}

ExprRef choice_of(const PartitionLevel& level, const std::string& column, const Scalar& part) {
  auto key = std::make_shared<syntax::Literal>();
  key->value = part;
  if (level.type == PartitionType::kRange) {
    const auto found = std::find_if(level.values.begin(), level.values.end(),
                                    [&](const Scalar& boundary) { return is_same(boundary, part); });
    key->value = Scalar::of_int(static_cast<int32_t>(found - level.values.begin()));
  }
  auto call = std::make_shared<syntax::Call>();
  call->function = plan::name_node(std::string(kPartition));
  call->arguments = {{{}, plan::name_node(column)}, {{}, std::move(key)}};
  return call;
}

}  // namespace pelorus::exec
