#include "exec/operators/context_rows.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "exec/operators/key_columns.h"
#include "exec/operators/take_rows.h"
#include "exec/parts/part_groups.h"
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

namespace {

/// What each stretch has of each group.
struct CountedGroups {
  PartGroups::Joined joined;
  std::vector<RowPlacement::Stretch> stretches;  // places: how many rows
};

/// Counts become places.
ContextRows put_together(CountedGroups& counted, const RowParts& parts) {
  ContextRows out;
  out.starts.assign(counted.joined.groups + 1, 0);
  const auto& as = counted.joined.as;
  for (size_t s = 0; s < counted.stretches.size(); ++s) {
    const auto& rows = counted.stretches[s].places;
    for (size_t g = 0; g < rows.size(); ++g) out.starts[as[s][g] + 1] += rows[g];
  }
  std::partial_sum(out.starts.begin(), out.starts.end(), out.starts.begin());
  std::vector<int64_t> next(out.starts.begin(), out.starts.end() - 1);
  for (size_t s = 0; s < counted.stretches.size(); ++s) {
    auto& stretch = counted.stretches[s];
    std::tie(stretch.begin, stretch.end) = parts.bounds(s);
    for (size_t g = 0; g < stretch.places.size(); ++g) {
      auto& place = next[as[s][g]];
      place += std::exchange(stretch.places[g], place);
    }
  }
  out.key_values = std::move(counted.joined.key_values);
  return out;
}

/// One key whose column has a directory: no row is looked at.
CountedGroups count_by_directory(const kernels::PartDirectory& directory, const RowParts& parts, const Vector& like) {
  CountedGroups out;
  out.stretches.resize(parts.stretches());
  std::vector<int64_t> met;                               // values of the key
  std::vector<uint32_t> place_of(directory.values(), 0);  // in `met`, plus one
  for (size_t s = 0; s < out.stretches.size(); ++s) {
    auto& stretch = out.stretches[s];
    std::vector<int64_t> rows(directory.values());
    const auto [begin, end] = parts.bounds(s);
    for (size_t part = begin / kernels::kPartRows; part * kernels::kPartRows < end; ++part) {
      for (size_t v = 0; v < rows.size(); ++v) rows[v] += static_cast<int64_t>(directory.count_of(part, v));
    }
    for (uint32_t v = 0; v < rows.size(); ++v) {
      if (rows[v] == 0) continue;
      stretch.values.push_back(v);
      stretch.places.push_back(rows[v]);
      if (place_of[v] != 0) continue;
      met.push_back(directory.lowest() + v);
      place_of[v] = static_cast<uint32_t>(met.size());
    }
  }
  const auto ranked = rank_values(met, like);
  out.joined.groups = met.size();
  for (const auto& stretch : out.stretches) {
    auto& as = out.joined.as.emplace_back();
    for (const auto v : stretch.values) as.push_back(ranked.ranks[place_of[v] - 1]);
  }
  out.joined.key_values.push_back(ranked.values);
  return out;
}

}  // namespace

std::optional<ContextRows> rows_by_keys(const std::vector<SelectItem>& keys, const QueryStep& step) {
  RowParts parts(step.rows, step.evaluator);
  PartGroups met(parts);
  if (keys.empty() || !met.take(keys)) return std::nullopt;
  if (const auto directory = keys.size() == 1 ? parts.directory_of(*keys[0].expr) : nullptr) {
    auto counted = count_by_directory(*directory, parts, *met.keys()[0].like);
    auto out = put_together(counted, parts);
    out.placement = std::make_shared<const RowPlacement>(directory, std::move(counted.stretches));
    return out;
  }
  CountedGroups counted;
  counted.stretches.resize(parts.stretches());
  met.prepare(parts.stretches());
  data::Buffer<uint32_t> numbers(parts.rows());
  try {
    parts.run([&](size_t stretch, RowParts::Part& part) {
      auto* own = numbers.data() + part.first();
      met.number(stretch, part, own);
      auto& counts = counted.stretches[stretch].places;
      counts.resize(met.met(stretch));
      for (size_t i = 0; i < part.rows(); ++i) ++counts[own[i]];
    });
  } catch (const OtherType&) {
    return std::nullopt;
  }
  counted.joined = met.join(step.evaluator.workers());
  auto out = put_together(counted, parts);
  out.placement = std::make_shared<const RowPlacement>(std::move(numbers), std::move(counted.stretches));
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
