// Matrices brought together by their labels: align merge regroup.

#include <algorithm>

#include "functions/arguments.h"
#include "functions/builtins/series/register_series.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "labels";

using data::Matrix;

constexpr int64_t kNoPlace = INT64_MAX;  // take() gives a null there

enum class How : uint8_t { kOuter, kInner, kLeft, kRight, kAsof };

How how_of(const Arguments& a, std::string_view word) {
  if (word == "outer" || word == "fj") return How::kOuter;
  if (word == "inner" || word == "ej") return How::kInner;
  if (word == "left" || word == "lj") return How::kLeft;
  if (word == "right" || word == "rj") return How::kRight;
  if (word == "asof" || word == "aj") return How::kAsof;
  a.refuse("how", "must be outer, inner, left, right or asof.");
}

const Matrix& labelled(const Arguments& a, size_t i, std::string_view parameter, bool by_row = true) {
  if (!a[i].is_matrix() || (by_row && !a[i].matrix().row_labels))
    a.refuse(parameter, "must be an indexed series or a matrix with labels.");
  return a[i].matrix();
}

/// Labels of both sides under one order, and where each is on either side.
struct Meeting {
  Shared<Vector> labels;
  std::vector<int64_t> left, right;
};

/// Sorted; a label that stands m times on the left and n times on the right comes m * n times.
Meeting meet_all(std::string_view function, const Vector& l, const Vector& r) {
  const auto by_left = order_of(function, l, true), by_right = order_of(function, r, true);
  const auto left_at = [&](size_t i) { return l.scalar_at(static_cast<size_t>(by_left[i])); };
  const auto right_at = [&](size_t j) { return r.scalar_at(static_cast<size_t>(by_right[j])); };
  const auto left_size = static_cast<int64_t>(l.size());
  Meeting meeting;
  std::vector<int64_t> labels;  // places in l, then in r
  const auto add = [&](int64_t left, int64_t right) {
    labels.push_back(left != kNoPlace ? left : left_size + right);
    meeting.left.push_back(left);
    meeting.right.push_back(right);
  };
  size_t i = 0, j = 0;
  while (i < by_left.size() || j < by_right.size()) {
    const int order = i == by_left.size() ? 1 : j == by_right.size() ? -1 : types::compare(left_at(i), right_at(j));
    if (order < 0) add(by_left[i++], kNoPlace);
    if (order > 0) add(kNoPlace, by_right[j++]);
    if (order != 0) continue;
    const auto label = left_at(i);
    const size_t right_begin = j;
    for (; i < by_left.size() && types::compare(left_at(i), label) == 0; ++i) {
      for (j = right_begin; j < by_right.size() && types::compare(right_at(j), label) == 0; ++j)
        add(by_left[i], by_right[j]);
    }
  }
  Vector both = l;
  both.append(r);
  meeting.labels = Shared<Vector>(both.take(labels));
  return meeting;
}

/// Of equal labels on a side the first counts, but in an outer meeting all do, which is sorted.
Meeting meet(std::string_view function, const Shared<Vector>& left, const Shared<Vector>& right, How how) {
  const Type type = data::common_type(left->type(), right->type());
  if (type == Type::kAny) usage_error(function, "The labels of left and right must be of types that go together.");
  const auto l = converted(function, left, type), r = converted(function, right, type);
  if (how == How::kOuter) return meet_all(function, *l, *r);
  const Vector labels = how == How::kRight ? *r : *l;
  Meeting meeting;
  const Shared<Vector> all(labels);
  const auto in_left = Finder(function, *l).find(all), in_right = Finder(function, *r).find(all);
  meeting.left.assign(in_left.begin(), in_left.end());
  meeting.right.assign(in_right.begin(), in_right.end());
  if (how == How::kAsof) {
    // The last right label that is not greater.
    Vector both = *r;
    both.append(*l);
    const auto order = order_of(function, both, true);  // equal ones: right first
    int64_t last = -1;
    const auto count = static_cast<int64_t>(r->size());
    for (const auto place : order) {
      if (place < count)
        last = place;
      else
        meeting.right[static_cast<size_t>(place - count)] = last;
    }
  }
  std::vector<int64_t> kept;
  for (size_t i = 0; i < meeting.left.size(); ++i) {
    if (how != How::kInner || (meeting.left[i] >= 0 && meeting.right[i] >= 0)) kept.push_back(static_cast<int64_t>(i));
  }
  for (auto* side : {&meeting.left, &meeting.right}) {
    std::vector<int64_t> places;
    for (const auto i : kept)
      places.push_back((*side)[static_cast<size_t>(i)] < 0 ? kNoPlace : (*side)[static_cast<size_t>(i)]);
    *side = std::move(places);
  }
  meeting.labels = Shared<Vector>(labels.take(kept));
  return meeting;
}

Matrix with_rows(const Matrix& m, const Shared<Vector>& labels, const std::vector<int64_t>& rows) {
  std::vector<int64_t> cells;
  for (size_t c = 0; c < m.columns; ++c) {
    for (const auto row : rows) cells.push_back(row == kNoPlace ? kNoPlace : static_cast<int64_t>(c * m.rows) + row);
  }
  Matrix result = m;
  result.values = m.values.take(cells);
  result.rows = rows.size();
  result.row_labels = labels;
  return result;
}

Matrix with_columns(const Matrix& m, const Shared<Vector>& labels, const std::vector<int64_t>& columns) {
  std::vector<int64_t> cells;
  for (const auto column : columns) {
    for (size_t r = 0; r < m.rows; ++r)
      cells.push_back(column == kNoPlace ? kNoPlace : column * static_cast<int64_t>(m.rows) + static_cast<int64_t>(r));
  }
  Matrix result = m;
  result.values = m.values.take(cells);
  result.columns = columns.size();
  result.column_labels = labels;
  return result;
}

/// align(left, right, [how='outer'], [byRow], [view=true]); how may be 'rows,columns'.
Value align(CallContext&, std::span<Value> args) {
  const Arguments a("align", args);
  const auto word = a.text_or(2, "how", "outer");
  const auto comma = word.find(',');
  const How rows = how_of(a, word.substr(0, comma));
  const How columns = comma == std::string::npos ? rows : how_of(a, word.substr(comma + 1));
  const bool only_one = a.has(3) && !a[3].is_void();
  const bool by_row = a.flag_or(3, "byRow", true), uses_rows = !only_one || by_row;
  Matrix left = labelled(a, 0, "left", uses_rows), right = labelled(a, 1, "right", uses_rows);
  const bool has_columns = left.column_labels && right.column_labels;
  if (uses_rows) {
    const auto meeting = meet(a.function(), *left.row_labels, *right.row_labels, rows);
    left = with_rows(left, meeting.labels, meeting.left);
    right = with_rows(right, meeting.labels, meeting.right);
  }
  if (only_one && !by_row && !has_columns) a.refuse("byRow", "must be true when the columns have no labels.");
  if (has_columns && (!only_one || !by_row)) {
    const auto meeting = meet(a.function(), *left.column_labels, *right.column_labels, columns);
    left = with_columns(left, meeting.labels, meeting.left);
    right = with_columns(right, meeting.labels, meeting.right);
  }
  return Vector::tuple({Value(std::move(left)), Value(std::move(right))});
}

/// merge(left, right, [how='inner']): the columns of both by row labels.
Value merge(CallContext&, std::span<Value> args) {
  const Arguments a("merge", args);
  const Matrix& left = labelled(a, 0, "left");
  const Matrix& right = labelled(a, 1, "right");
  const auto meeting = meet(a.function(), *left.row_labels, *right.row_labels, how_of(a, a.text_or(2, "how", "inner")));
  const Type type = data::common_type(left.values.type(), right.values.type());
  if (type == Type::kAny) usage_error(a.function(), "left and right must be of types that go together.");
  const int scale = std::max(left.values.scale(), right.values.scale());
  const auto rows_of = [&](const Matrix& m, const std::vector<int64_t>& rows) {
    return converted(a.function(), Shared<Vector>(with_rows(m, meeting.labels, rows).values), type, scale);
  };
  Vector values = *rows_of(left, meeting.left);
  values.append(*rows_of(right, meeting.right));
  Matrix result{.values = std::move(values), .rows = meeting.labels->size(), .columns = left.columns + right.columns};
  result.row_labels = meeting.labels;
  if (left.column_labels && right.column_labels) {
    const Type label = data::common_type((*left.column_labels)->type(), (*right.column_labels)->type());
    if (label != Type::kAny) {
      Vector labels = *converted(a.function(), *left.column_labels, label);
      labels.append(*converted(a.function(), *right.column_labels, label));
      result.column_labels = Shared<Vector>(std::move(labels));
    }
  }
  result.is_indexed_matrix = result.column_labels.has_value();
  return result;
}

/// regroup(X, label, func, [byRow=true]): func over the rows (or columns) of each label, ascending.
Value regroup(CallContext& context, std::span<Value> args) {
  const Arguments a("regroup", args);
  if (!a[0].is_matrix()) a.refuse("X", "must be a matrix.");
  const Matrix m = a[0].matrix();
  const auto labels = a.vector(1, "label");
  const Value function = a[2];
  if (!function.is_function()) a.refuse("func", "must be a function that reduces a vector to a scalar.");
  const bool by_row = a.flag_or(3, "byRow", true);
  if (labels->size() != (by_row ? m.rows : m.columns))
    refuse_lengths(a.function(), by_row ? m.rows : m.columns, labels->size());
  const auto distinct = distinct_of(a.function(), *labels);
  const Vector firsts = labels->take(distinct.firsts);
  const auto order = order_of(a.function(), firsts, true);
  std::vector<std::vector<int64_t>> members(firsts.size());
  for (size_t i = 0; i < labels->size(); ++i) members[distinct.group_of_row[i]].push_back(static_cast<int64_t>(i));
  // Cells of one group and one column (or row) at a time, in the order of the result's cells.
  const size_t others = by_row ? m.columns : m.rows, groups = members.size();
  std::vector<Value> results(others * groups);
  for (size_t g = 0; g < groups; ++g) {
    for (size_t k = 0; k < others; ++k) {
      std::vector<int64_t> cells;
      for (const auto i : members[static_cast<size_t>(order[g])])
        cells.push_back(by_row ? static_cast<int64_t>(k * m.rows) + i
                               : i * static_cast<int64_t>(m.rows) + static_cast<int64_t>(k));
      const Value one = context.call(function, {Value(m.values.take(cells))});
      if (!one.is_scalar()) a.refuse("func", "must reduce a vector to a scalar.");
      results[by_row ? k * groups + g : g * others + k] = one;
    }
  }
  Matrix result{
      .values = vector_of(std::move(results)), .rows = by_row ? groups : others, .columns = by_row ? others : groups};
  const Shared<Vector> sorted(firsts.take(order));
  result.row_labels = by_row ? std::optional(sorted) : m.row_labels;
  result.column_labels = by_row ? m.column_labels : std::optional(sorted);
  return result;
}

}  // namespace

void register_aligned(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"align", "left, right, [how='outer'], [byRow], [view=true]", align,
       "Two labelled matrices or series over the same labels: outer, inner, left, right or asof, for rows and columns "
       "apart as 'outer,inner'; byRow aligns the rows, or the columns, only.",
       "align(indexedSeries(1 2, 5 6), indexedSeries(2 3, 7 8), \"inner\")[1]", "matrix[[7]]rows[2]",
       "Labels without a partner get nulls."});
  row({"merge", "left, right, [how='inner']", merge, "The columns of two labelled matrices or series by row label.",
       "merge(indexedSeries(1 2, 5 6), indexedSeries(2 3, 7 8), \"outer\")", "matrix[[5,6,null],[null,7,8]]rows[1,2,3]",
       "Labels without a partner get nulls."});
  row({"regroup", "X, label, func, [byRow=true]", regroup,
       "func over the rows, or the columns, of each label; labels ascend.",
       "regroup(matrix(1 2 3, 4 5 6), `b`a`b, sum)", "matrix[[2,4],[5,10]]rows[\"a\",\"b\"]"});
}

}  // namespace pelorus::functions
