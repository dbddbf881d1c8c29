#include "exec/operators/join_relations.h"

#include <algorithm>
#include <numeric>

#include "base/script_error.h"
#include "exec/operators/key_columns.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Vector;
using kernels::RowPairs;

/// Row pairs of one join beyond which it is refused: a forgotten key, not a result.
constexpr size_t kPairsMax = 2'000'000'000;

std::vector<Shared<Vector>> gather(Relation& relation, const std::vector<size_t>& columns) {
  std::vector<Shared<Vector>> out;
  for (const auto c : columns) out.push_back(relation.gather(c, nullptr));
  return out;
}

[[noreturn]] void too_many_pairs() {
  throw ScriptError("The join would give more than " + std::to_string(kPairsMax) + " rows; add keys or filters.");
}

RowPairs equal_pairs(Relation& left, Relation& right, const JoinKeys& keys, kernels::JoinKind kind) {
  const auto matched = match_key_columns(gather(left, keys.left), gather(right, keys.right), false);
  bool too_many = false;
  auto pairs = kernels::join_rows(matched, kind, kPairsMax, &too_many);
  if (too_many) too_many_pairs();
  return pairs;
}

RowPairs cross_pairs(size_t left, size_t right) {
  if (left > 0 && right > kPairsMax / left) too_many_pairs();
  RowPairs pairs;
  pairs.left.reserve(left * right);
  pairs.right.reserve(left * right);
  for (size_t i = 0; i < left; ++i) {
    for (size_t j = 0; j < right; ++j) {
      pairs.left.push_back(static_cast<int64_t>(i));
      pairs.right.push_back(static_cast<int64_t>(j));
    }
  }
  return pairs;
}

/// By left row the one of the right side, or kNoRow.
RowNumbers as_of_rows(Relation& left, Relation& right, const JoinKeys& keys, WorkerPool* workers) {
  auto left_keys = gather(left, keys.left), right_keys = gather(right, keys.right);
  const auto [left_moments, right_moments] = same_type(left_keys.back(), right_keys.back());
  left_keys.pop_back();
  right_keys.pop_back();
  const auto matched = left_keys.empty() ? kernels::MatchedKeys::all_equal(left.rows, right.rows)
                                         : match_key_columns(left_keys, right_keys, true);
  KeyColumns moments;
  moments.add(left_moments, "join");
  moments.add(right_moments, "join");
  return kernels::join_as_of(matched, moments.columns()[0], moments.columns()[1], workers);
}

/// All keys but the last equal; the left last key starts with the right one.
RowPairs prefix_pairs(Relation& left, Relation& right, const JoinKeys& keys) {
  const auto texts = left.gather(keys.left.back(), nullptr), prefixes = right.gather(keys.right.back(), nullptr);
  if (!types::is_literal(texts->type()) || !types::is_literal(prefixes->type())) {
    throw ScriptError("The last key of pj must be of type STRING or SYMBOL.");
  }
  auto left_keys = keys.left, right_keys = keys.right;
  left_keys.pop_back();
  right_keys.pop_back();
  RowPairs candidates;
  bool too_many = false;
  if (left_keys.empty()) {
    candidates = cross_pairs(left.rows, right.rows);
  } else {
    candidates = kernels::join_rows(match_key_columns(gather(left, left_keys), gather(right, right_keys), false),
                                    kernels::JoinKind::kInner, kPairsMax, &too_many);
    if (too_many) too_many_pairs();
  }
  RowPairs pairs;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const auto& text = texts->text_at(static_cast<size_t>(candidates.left[i]));
    const auto& prefix = prefixes->text_at(static_cast<size_t>(candidates.right[i]));
    if (prefix.empty() || text.compare(0, prefix.size(), prefix) != 0) continue;
    pairs.left.push_back(candidates.left[i]);
    pairs.right.push_back(candidates.right[i]);
  }
  return pairs;
}

RowPairs find_pairs(Relation& left, Relation& right, const JoinKeys& keys, JoinType type) {
  switch (type) {
    case JoinType::kInner: return equal_pairs(left, right, keys, kernels::JoinKind::kInner);
    case JoinType::kLeft: return equal_pairs(left, right, keys, kernels::JoinKind::kLeft);
    case JoinType::kLeftFirst: return equal_pairs(left, right, keys, kernels::JoinKind::kLeftFirst);
    case JoinType::kFull: return equal_pairs(left, right, keys, kernels::JoinKind::kFull);
    case JoinType::kCross: return cross_pairs(left.rows, right.rows);
    case JoinType::kAsOf: break;  // see join()
    case JoinType::kPrefix: return prefix_pairs(left, right, keys);
    case JoinType::kRight: {
      const JoinKeys turned{keys.right, keys.left};
      auto pairs = equal_pairs(right, left, turned, kernels::JoinKind::kLeft);
      std::swap(pairs.left, pairs.right);
      return pairs;
    }
  }
  return {};
}

/// Sends the side's maps through `rows` and moves its columns and maps into `out`.
void add_side(Relation& side, RowNumbers numbers, Relation& out) {
  const auto direct = std::make_shared<const RowNumbers>(std::move(numbers));
  const auto& rows = *direct;
  const auto first_map = static_cast<int>(out.maps.size());
  out.maps.push_back(direct);
  for (const auto& map : side.maps) {
    auto through = std::make_shared<RowNumbers>(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) (*through)[i] = rows[i] < 0 ? -1 : (*map)[static_cast<size_t>(rows[i])];
    out.maps.push_back(std::move(through));
  }
  for (auto& column : side.columns) {
    column.map = first_map + 1 + column.map;
    out.columns.push_back(std::move(column));
  }
}

bool contains(const std::vector<size_t>& list, size_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// Which columns show under which name.
void name_columns(Relation& out, size_t left_columns, const JoinKeys& keys, JoinType type) {
  for (size_t c = left_columns; c < out.columns.size(); ++c) {
    auto& column = out.columns[c];
    if (column.hidden) continue;
    const bool is_key = contains(keys.right, c - left_columns);
    const bool is_last = !keys.right.empty() && keys.right.back() == c - left_columns;
    if (type == JoinType::kRight && is_key) continue;
    const bool shows = !is_key || type == JoinType::kFull || type == JoinType::kCross ||
                       ((type == JoinType::kAsOf || type == JoinType::kPrefix) && is_last);
    column.hidden = !shows;
    if (column.hidden) continue;
    const auto clashes = [&](const std::string& name) {
      for (size_t other = 0; other < c; ++other) {
        if (!out.columns[other].hidden && out.columns[other].name == name) return true;
      }
      return false;
    };
    if (!clashes(column.name)) continue;
    const std::string wanted = (column.qualifier.empty() ? "right" : column.qualifier) + "_" + column.name;
    column.name = wanted;
    for (int suffix = 1; clashes(column.name); ++suffix) column.name = wanted + "_" + std::to_string(suffix);
  }
}

}  // namespace

JoinKeys resolve_keys(const Relation& left, const Relation& right, const std::vector<std::string>& left_names,
                      const std::vector<std::string>& right_names) {
  const auto& names_right = right_names.empty() ? left_names : right_names;
  if (names_right.size() != left_names.size()) {
    throw ScriptError("The numbers of key columns of the two tables of a join must be equal.");
  }
  JoinKeys keys;
  for (size_t k = 0; k < left_names.size(); ++k) {
    const int l = left.find(left_names[k]), r = right.find(names_right[k]);
    if (l < 0) throw ScriptError("Unrecognized column name [" + left_names[k] + "]");
    if (r < 0) throw ScriptError("Unrecognized column name [" + names_right[k] + "]");
    keys.left.push_back(static_cast<size_t>(l));
    keys.right.push_back(static_cast<size_t>(r));
  }
  return keys;
}

Relation join(Relation left, Relation right, const JoinKeys& keys, JoinType type, WorkerPool* workers) {
  Relation out;
  const size_t left_columns = left.columns.size();
  if (type == JoinType::kAsOf) {  // every left row once, in its place
    auto rows = as_of_rows(left, right, keys, workers);
    out = std::move(left);
    add_side(right, std::move(rows), out);
  } else {
    auto pairs = find_pairs(left, right, keys, type);
    out.rows = pairs.size();
    add_side(left, std::move(pairs.left), out);
    add_side(right, std::move(pairs.right), out);
  }
  name_columns(out, left_columns, keys, type);
  if (type == JoinType::kRight) {  // `*` shows the right keys, a plain name finds the left ones
    for (const auto k : keys.left) out.columns[k].starred = false;
  }
  return out;
}

void sort_relation(Relation& relation, const std::vector<size_t>& by) {
  std::vector<OrderColumn> columns;
  for (const auto c : by) columns.push_back({relation.gather(c, nullptr)});
  Relation sorted;
  sorted.rows = relation.rows;
  add_side(relation, order_rows(columns, relation.rows), sorted);
  relation = std::move(sorted);
}

}  // namespace pelorus::exec
