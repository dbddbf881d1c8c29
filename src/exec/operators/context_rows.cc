#include "exec/operators/context_rows.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "exec/operators/key_columns.h"
#include "exec/operators/part_groups.h"
#include "exec/operators/take_rows.h"
#include "kernels/sort.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;

// --- csort -------------------------------------------------------------------------------------------------------

std::vector<OrderColumn> sort_columns(const QueryStep& step) {
  std::vector<OrderColumn> out;
  for (const auto& key : step.query.csort) {
    const Value value = step.evaluator.evaluate(*key.key, &step.rows);
    if (value.is_vector()) out.push_back({value.vector_shared(), key.descending, is_nulls_last(key)});
  }
  return out;
}

/// Its numbers are all it takes to compare it.
bool is_compared_by_number(const OrderColumn& column, size_t rows) {
  const auto& values = *column.values;
  return !values.is_array() && !types::is_literal(values.type()) && values.repr() != types::Repr::kMixed &&
         values.repr() != types::Repr::kB16 && values.repr() != types::Repr::kI128 && values.size() == rows;
}

/// Sorts each group's rows; keeps the first `most` of each.
void sort_groups(const QueryStep& step, std::vector<OrderColumn> columns, size_t most, ContextRows& rows) {
  auto* const workers = step.evaluator.workers();
  for (auto& column : columns) column.values = Shared<Vector>(rows.placement->place(*column.values, nullptr, workers));
  rows.order = rows.placement->order(workers);
  rows.placement = nullptr;
  std::vector<RowNumbers> kept(most == SIZE_MAX ? 0 : rows.count());
  const auto sort_group = [&](size_t group) {
    const auto begin = static_cast<size_t>(rows.starts[group]);
    const auto size = static_cast<size_t>(rows.starts[group + 1]) - begin;
    std::vector<kernels::SortKey> keys;
    for (const auto& column : columns) {
      keys.push_back({{.repr = column.values->repr(), .values = data_of(*column.values, begin), .rows = size},
                      column.descending,
                      column.nulls_last});
    }
    auto sorted = most < size ? kernels::top_rows(keys, size, most) : kernels::sort_rows(keys, size);
    for (auto& row : sorted) row = rows.order[begin + static_cast<size_t>(row)];
    if (most == SIZE_MAX)
      std::copy(sorted.begin(), sorted.end(), rows.order.begin() + static_cast<std::ptrdiff_t>(begin));
    else
      kept[group] = std::move(sorted);
  };
  constexpr size_t kGroupsAtOnce = 16;
  const size_t shares = (rows.count() + kGroupsAtOnce - 1) / kGroupsAtOnce;
  const auto sort_share = [&](size_t, size_t share) {
    for (size_t g = share * kGroupsAtOnce; g < std::min(rows.count(), (share + 1) * kGroupsAtOnce); ++g) sort_group(g);
  };
  run_parts(workers, shares, sort_share);
  if (most == SIZE_MAX) return;
  rows.order.clear();
  for (size_t g = 0; g < kept.size(); ++g) {
    rows.order.insert(rows.order.end(), kept[g].begin(), kept[g].end());
    rows.starts[g + 1] = static_cast<int64_t>(rows.order.size());
  }
}

/// By the number of the group and then by the csort columns, whatever they are.
RowNumbers order_by_all(std::vector<OrderColumn> by, const ContextRows& rows, WorkerPool* workers) {
  const auto order = rows.in_order(workers);
  data::Buffer<int64_t> numbers(order.size());
  for (size_t g = 0; g < rows.count(); ++g) {
    for (auto i = rows.starts[g]; i < rows.starts[g + 1]; ++i)
      numbers[static_cast<size_t>(order[static_cast<size_t>(i)])] = static_cast<int64_t>(g);
  }
  by.insert(by.begin(), {Shared<Vector>(Vector::adopt<int64_t>(types::Type::kLong, std::move(numbers)))});
  return order_rows(by, order.size());
}

/// Nothing in the result looks at the rows of a group that a limit leaves out.
bool is_cut_early(const QueryStep& step) {
  if (step.query.having) return false;
  RowParts parts(step.rows, step.evaluator);
  const auto items = expand_items(step.query.items, step.rows, step.evaluator);
  return std::all_of(items.begin(), items.end(), [&](const auto& item) { return parts.take(*item.expr); });
}

}  // namespace

std::optional<ContextRows> rows_by_keys(const std::vector<SelectItem>& keys, const QueryStep& step) {
  RowParts parts(step.rows, step.evaluator);
  PartGroups met(parts);
  if (keys.empty() || !met.take(keys)) return std::nullopt;
  const size_t stretches = parts.stretches();
  met.prepare(stretches);
  data::Buffer<uint32_t> numbers(parts.rows());
  std::vector<std::vector<int64_t>> places(stretches);  // by group met: how many rows, then where the next one goes
  try {
    parts.run([&](size_t stretch, RowParts::Part& part) {
      auto* own = numbers.data() + part.first();
      met.number(stretch, part, own);
      auto& counts = places[stretch];
      counts.resize(met.met(stretch));
      for (size_t i = 0; i < part.rows(); ++i) ++counts[own[i]];
    });
  } catch (const OtherType&) {
    return std::nullopt;
  }
  auto joined = met.join(step.evaluator.workers());
  ContextRows out;
  out.starts.assign(joined.groups + 1, 0);
  for (size_t s = 0; s < stretches; ++s) {
    for (size_t g = 0; g < places[s].size(); ++g) out.starts[joined.as[s][g] + 1] += places[s][g];
  }
  std::partial_sum(out.starts.begin(), out.starts.end(), out.starts.begin());
  std::vector<int64_t> next(out.starts.begin(), out.starts.end() - 1);
  std::vector<RowPlacement::Stretch> placed(stretches);
  for (size_t s = 0; s < stretches; ++s) {
    std::tie(placed[s].begin, placed[s].end) = parts.bounds(s);
    for (size_t g = 0; g < places[s].size(); ++g) {
      const int64_t count = places[s][g];
      places[s][g] = next[joined.as[s][g]];
      next[joined.as[s][g]] += count;
    }
    placed[s].places = std::move(places[s]);
  }
  out.key_values = std::move(joined.key_values);
  out.placement = std::make_shared<const RowPlacement>(std::move(numbers), std::move(placed));
  return out;
}

ContextRows context_rows(const QueryStep& step, const RowLimit& limit) {
  auto by_parts = rows_by_keys(expand_items(step.query.keys, step.rows, step.evaluator), step);
  ContextRows rows;
  if (by_parts) {
    rows = std::move(*by_parts);
  } else {
    std::vector<Shared<Vector>> keys;
    for (const auto& key : evaluate_keys(step.query.keys, step)) keys.push_back(key.values);
    const auto groups = group_by_columns(keys, step.rows.rows(), "context by", step.evaluator.workers());
    rows.starts = starts_of(groups.of_row, groups.count());
    rows.placement = std::make_shared<const RowPlacement>(RowPlacement::of(groups));
  }
  if (step.query.csort.empty()) return rows;
  auto columns = sort_columns(step);
  const bool by_number = std::all_of(columns.begin(), columns.end(), [&](const auto& column) {
    return is_compared_by_number(column, rows.placement->rows());
  });
  if (!by_number) {
    rows.order = order_by_all(std::move(columns), rows, step.evaluator.workers());
    rows.placement = nullptr;
    return rows;
  }
  const bool has_end = limit.from >= 0 && limit.count >= 0 && limit.count < INT64_MAX - limit.from;
  const size_t most = has_end && is_cut_early(step) ? static_cast<size_t>(limit.from + limit.count) : SIZE_MAX;
  sort_groups(step, std::move(columns), most, rows);
  return rows;
}

}  // namespace pelorus::exec
