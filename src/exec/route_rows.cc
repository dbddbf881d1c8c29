#include "exec/route_rows.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "data/append_rows.h"
#include "types/format_value.h"
#include "types/null.h"

namespace pelorus::exec {
namespace {

using data::Table;
using data::Vector;
using meta::LevelLocator;
using types::Repr;

constexpr int32_t kNowhere = -1;
constexpr int32_t kUnknown = -2;
constexpr uint64_t kDirectValuesMax = 1u << 16;  // values so close together are looked up once each, not once a row
constexpr uint64_t kDirectGroupsMax = 1u << 18;
constexpr uint32_t kNoGroup = UINT32_MAX;

/// The least and the greatest of the non-null values; the first is above the second when there are none.
template <class T>
std::pair<T, T> bounds_of(std::span<const T> values) {
  T least = std::numeric_limits<T>::max();
  T most = types::kNull<T>;
  for (const T value : values) {
    least = std::min(least, value == types::kNull<T> ? std::numeric_limits<T>::max() : value);
    most = std::max(most, value);
  }
  return {least, most};
}

/// Where the rows lie on one level.
struct LevelRows {
  std::vector<int32_t> ordinals;  // of each row
  int32_t least = std::numeric_limits<int32_t>::max();
  int32_t most = kNowhere;

  void bound(int32_t ordinal) {
    least = std::min(least, ordinal);
    most = std::max(most, ordinal);
  }
  bool has_lost_rows() const { return least == kNowhere; }
};

/// Row i has the value number `number(i)` out of `numbers`, which `find(i)` looks up when its first row comes.
void locate_numbers(size_t numbers, const auto& number, const auto& find, LevelRows& rows) {
  std::vector<int32_t> ordinal_of(numbers, kUnknown);
  for (size_t i = 0; i < rows.ordinals.size(); ++i) {
    auto& ordinal = ordinal_of[number(i)];
    if (ordinal == kUnknown) rows.bound(ordinal = find(i));
    rows.ordinals[i] = ordinal;
  }
}

void locate_each(const auto& find, LevelRows& rows) {
  for (size_t i = 0; i < rows.ordinals.size(); ++i) rows.bound(rows.ordinals[i] = find(i));
}

template <class T>
void locate_integers(const Vector& column, LevelLocator& locator, LevelRows& rows) {
  const auto values = column.values<T>();
  const auto [least, most] = bounds_of<T>(values);
  const auto low = static_cast<int64_t>(least), high = static_cast<int64_t>(most);
  const auto find = [&](size_t i) {
    return values[i] == types::kNull<T> ? kNowhere : locator.find_integer(static_cast<int64_t>(values[i]));
  };
  if (most == types::kNull<T>) return locate_each(find, rows);
  if (static_cast<uint64_t>(high) - static_cast<uint64_t>(low) < kDirectValuesMax) {
    const auto width = static_cast<size_t>(high - low) + 1;
    const auto number = [&](size_t i) {
      return values[i] == types::kNull<T> ? width : static_cast<size_t>(values[i] - least);
    };
    return locate_numbers(width + 1, number, find, rows);
  }
  // Rows of one append are often of one day.
  const int32_t ordinal = locator.find_integer(low);
  if (locator.find_integer(high) == ordinal && locator.is_of_last_part(low, high)) {
    rows.bound(ordinal);
    for (size_t i = 0; i < values.size(); ++i) {
      const bool is_null = values[i] == types::kNull<T>;
      rows.ordinals[i] = is_null ? kNowhere : ordinal;
      if (is_null) rows.bound(kNowhere);
    }
    return;
  }
  const auto find_unless_known = [&](size_t i) {
    return i > 0 && values[i] == values[i - 1] ? rows.ordinals[i - 1] : find(i);
  };
  locate_each(find_unless_known, rows);
}

void locate_symbols(const Vector& column, LevelLocator& locator, LevelRows& rows) {
  const auto& base = column.symbols();
  const auto codes = column.values<int32_t>();
  locate_numbers(
      static_cast<size_t>(base.size()), [&](size_t i) { return static_cast<size_t>(codes[i]); },
      [&](size_t i) { return locator.find_text(base.text(codes[i])); }, rows);
}

LevelRows locate(const Vector& column, LevelLocator& locator) {
  LevelRows rows;
  rows.ordinals.resize(column.size());
  if (column.type() == types::Type::kSymbol) {
    locate_symbols(column, locator, rows);
    return rows;
  }
  switch (column.repr()) {
    case Repr::kI8: locate_integers<int8_t>(column, locator, rows); break;
    case Repr::kI16: locate_integers<int16_t>(column, locator, rows); break;
    case Repr::kI32: locate_integers<int32_t>(column, locator, rows); break;
    case Repr::kI64: locate_integers<int64_t>(column, locator, rows); break;
    case Repr::kText: locate_each([&](size_t i) { return locator.find_text(column.text_at(i)); }, rows); break;
    default: locate_each([&](size_t i) { return locator.find(column.scalar_at(i)); }, rows);
  }
  return rows;
}

/// The groups so far, told apart by one more level. New groups are numbered as they appear.
void refine(const LevelRows& level, std::vector<uint32_t>& group_of_row, std::vector<std::vector<int32_t>>& keys) {
  if (level.least == level.most) {
    for (auto& key : keys) key.push_back(level.most);
    return;
  }
  const auto& ordinals = level.ordinals;
  std::vector<std::vector<int32_t>> refined;
  const auto add = [&](uint32_t group, int32_t ordinal) {
    refined.push_back(keys[group]);
    refined.back().push_back(ordinal);
    return static_cast<uint32_t>(refined.size() - 1);
  };
  const auto width = static_cast<uint64_t>(level.most) + 1;
  if (keys.size() * width <= kDirectGroupsMax) {
    std::vector<uint32_t> ids(keys.size() * width, kNoGroup);
    for (size_t i = 0; i < ordinals.size(); ++i) {
      auto& id = ids[group_of_row[i] * width + static_cast<uint64_t>(ordinals[i])];
      if (id == kNoGroup) id = add(group_of_row[i], ordinals[i]);
      group_of_row[i] = id;
    }
    keys = std::move(refined);
    return;
  }
  std::unordered_map<uint64_t, uint32_t> ids;
  uint64_t last = UINT64_MAX;
  uint32_t last_id = 0;
  for (size_t i = 0; i < ordinals.size(); ++i) {
    const uint64_t pair = (static_cast<uint64_t>(group_of_row[i]) << 32) | static_cast<uint32_t>(ordinals[i]);
    if (pair != last) {
      const auto [at, is_new] = ids.try_emplace(pair, static_cast<uint32_t>(refined.size()));
      if (is_new) (void)add(group_of_row[i], ordinals[i]);
      last = pair;
      last_id = at->second;
    }
    group_of_row[i] = last_id;
  }
  keys = std::move(refined);
}

Error outside(const Vector& column, size_t row, const std::string& name) {
  const auto value = column.scalar_at(row);
  return {ErrorCode::kInvalid, "The value of partition column [" + name + "] belongs to no partition: " +
                                   (value.is_null() ? "null" : types::format_value(value)) + "."};
}

}  // namespace

data::Table RowRoutes::part(size_t k) const {
  if (is_whole()) return rows_;
  data::Table part(rows_.schema());
  append_part(k, part);
  return part;
}

void RowRoutes::append_part(size_t k, data::Table& to) const {
  if (!is_whole()) return data::append_rows(to, rows_, directory_.rows_of(groups_[k]));
  kernels::RowNumbers all(rows_.rows());
  std::iota(all.begin(), all.end(), 0);
  data::append_rows(to, rows_, all);
}

void RowRoutes::leave_out(const std::vector<bool>& out) {
  size_t kept = 0;
  for (size_t k = 0; k < out.size(); ++k) {
    if (out[k]) continue;
    if (kept != k) {
      keys_[kept] = std::move(keys_[k]);
      if (!is_whole()) groups_[kept] = groups_[k];
    }
    ++kept;
  }
  keys_.resize(kept);
  if (!is_whole()) groups_.resize(kept);
}

Result<RowRoutes> route_rows(const Table& rows, const meta::PartitionScheme& scheme,
                             const std::vector<std::string>& partition_columns) {
  if (scheme.levels.empty() || partition_columns.empty()) return RowRoutes(rows, {});
  if (partition_columns.size() != scheme.levels.size()) {
    return Error{ErrorCode::kInvalid, "A table needs one partition column for each level of its database: " +
                                          std::to_string(partition_columns.size()) + " columns, " +
                                          std::to_string(scheme.levels.size()) + " levels."};
  }
  if (rows.rows() == 0) return RowRoutes();
  std::vector<LevelLocator> locators;
  std::vector<uint32_t> group_of_row(rows.rows(), 0);
  std::vector<std::vector<int32_t>> ordinals_by_group(1);
  for (size_t l = 0; l < scheme.levels.size(); ++l) {
    const int c = rows.find(partition_columns[l]);
    if (c < 0) return Error{ErrorCode::kInvalid, "The rows lack the partition column [" + partition_columns[l] + "]."};
    const Vector& column = rows.column(static_cast<size_t>(c));
    if (column.is_array())
      return Error{ErrorCode::kInvalid, "A partition column can't be an array vector: [" + partition_columns[l] + "]."};
    TRY_DONE(meta::check_column(scheme.levels[l], column.type(), partition_columns[l]));
    locators.emplace_back(scheme.levels[l], column.type());
    const auto level = locate(column, locators.back());
    if (level.has_lost_rows()) {
      const auto lost = std::find(level.ordinals.begin(), level.ordinals.end(), kNowhere);
      return outside(column, static_cast<size_t>(lost - level.ordinals.begin()), partition_columns[l]);
    }
    refine(level, group_of_row, ordinals_by_group);
  }
  std::vector<std::pair<meta::PartitionKey, size_t>> found;
  for (size_t g = 0; g < ordinals_by_group.size(); ++g) {
    meta::PartitionKey key;
    for (size_t l = 0; l < locators.size(); ++l) key.parts.push_back(locators[l].part(ordinals_by_group[g][l]));
    found.emplace_back(std::move(key), g);
  }
  if (found.size() == 1) return RowRoutes(rows, std::move(found[0].first));
  std::ranges::sort(
      found, std::less<>(), [](const auto& each) -> const auto& { return each.first; });
  std::vector<meta::PartitionKey> keys;
  std::vector<size_t> groups;
  for (auto& [key, group] : found) keys.push_back(std::move(key)), groups.push_back(group);
  return RowRoutes(rows, std::move(keys), std::move(groups), kernels::gather_groups(group_of_row, found.size()));
}

Result<std::vector<RoutedRows>> split_rows(const Table& rows, const meta::PartitionScheme& scheme,
                                           const std::vector<std::string>& partition_columns) {
  TRY(const auto routes, route_rows(rows, scheme, partition_columns));
  std::vector<RoutedRows> out;
  for (size_t k = 0; k < routes.keys().size(); ++k) out.push_back({routes.keys()[k], routes.part(k)});
  return out;
}

}  // namespace pelorus::exec
