#include "exec/operators/key_columns.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "data/key_column.h"
#include "data/part_bounds.h"
#include "data/value.h"
#include "kernels/neighbours.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;

/// Left codes in the code space of the right base; texts the right base lacks get -2, which matches nothing.
Shared<Vector> translated(const Vector& left, const Vector& right) {
  const auto& from = left.symbols();
  std::vector<int32_t> codes(static_cast<size_t>(from.size()));
  for (int32_t code = 0; code < from.size(); ++code) {
    const int32_t found = right.symbols().find(from.text(code));
    codes[static_cast<size_t>(code)] = found < 0 ? -2 : found;
  }
  data::Buffer<int32_t> out;
  out.reserve(left.size());
  for (const auto code : left.values<int32_t>()) {
    const int32_t to = codes[static_cast<size_t>(code)];
    out.push_back(to == 0 ? types::kNull<int32_t> : to);
  }
  return Vector::adopt<int32_t>(Type::kInt, std::move(out));
}

Shared<Vector> codes_as_ints(const Vector& symbols) {
  data::Buffer<int32_t> out;
  out.reserve(symbols.size());
  for (const auto code : symbols.values<int32_t>()) out.push_back(code == 0 ? types::kNull<int32_t> : code);
  return Vector::adopt<int32_t>(Type::kInt, std::move(out));
}

/// One key of symbols: the right side's codes are the numbers, and each left symbol is looked up once.
kernels::MatchedKeys match_symbols(const Vector& left, const Vector& right, bool nulls_match) {
  const auto& from = left.symbols();
  const auto& to = right.symbols();
  std::vector<uint32_t> number_of(static_cast<size_t>(from.size()), kernels::kNoGroup);
  for (int32_t code = nulls_match ? 0 : 1; code < from.size(); ++code) {
    const int32_t found = code == 0 ? 0 : &from == &to ? code : to.find(from.text(code));
    if (found >= 0) number_of[static_cast<size_t>(code)] = static_cast<uint32_t>(found);
  }
  kernels::MatchedKeys out;
  out.count = static_cast<size_t>(to.size());
  out.left.resize(left.size());
  const auto left_codes = left.values<int32_t>(), right_codes = right.values<int32_t>();
  for (size_t i = 0; i < left_codes.size(); ++i) out.left[i] = number_of[static_cast<size_t>(left_codes[i])];
  if (nulls_match) {
    out.right = {reinterpret_cast<const uint32_t*>(right_codes.data()), right_codes.size()};
    return out;
  }
  std::vector<uint32_t> numbers(right.size());
  for (size_t i = 0; i < right_codes.size(); ++i)
    numbers[i] = right_codes[i] == 0 ? kernels::kNoGroup : static_cast<uint32_t>(right_codes[i]);
  out.hold_right(std::move(numbers));
  return out;
}

}  // namespace

void KeyColumns::add(const Shared<Vector>& column, std::string_view what) {
  if (column->is_array() || column->repr() == types::Repr::kMixed) {
    throw ScriptError("A key of " + std::string(what) + " can't be an array vector or a tuple.");
  }
  const auto& held = held_.emplace_back(column);
  keys_.push_back(data::key_column(*held, ranks_.emplace_back()));
}

kernels::RowNumbers order_rows(const std::vector<OrderColumn>& columns, size_t rows, size_t count) {
  KeyColumns keys;
  for (const auto& column : columns) keys.add(column.values, "order by");
  std::vector<kernels::SortKey> sort_keys;
  for (size_t i = 0; i < columns.size(); ++i) {
    sort_keys.push_back({keys.columns()[i], columns[i].descending, columns[i].nulls_last});
  }
  return count < rows ? kernels::top_rows(sort_keys, rows, count) : kernels::sort_rows(sort_keys, rows);
}

kernels::Groups group_by_columns(const std::vector<Shared<Vector>>& columns, size_t rows, std::string_view what,
                                 WorkerPool* workers) {
  KeyColumns keys;
  for (const auto& column : columns) keys.add(column, what);
  return kernels::group_rows(keys.columns(), rows, workers);
}

kernels::Groups group_in_order(const std::vector<Shared<Vector>>& columns, size_t rows) {
  std::vector<int8_t> begins(rows);
  if (rows > 0) begins[0] = 1;
  for (const auto& column : columns) {
    types::visit_fixed(column->repr(),
                       [&]<class T>() { kernels::mark_changes(column->values<T>().data(), rows, begins.data()); });
  }
  kernels::Groups out;
  out.of_row.resize(rows);
  for (size_t i = 0; i < rows; ++i) {
    if (begins[i] != 0) out.first_row.push_back(static_cast<int64_t>(i));
    out.of_row[i] = static_cast<uint32_t>(out.first_row.size() - 1);
  }
  return out;
}

std::pair<Shared<Vector>, Shared<Vector>> same_type(const Shared<Vector>& left, const Shared<Vector>& right) {
  if (left->type() == Type::kSymbol && right->type() == Type::kSymbol) {
    if (left->symbols_shared() == right->symbols_shared()) return {codes_as_ints(*left), codes_as_ints(*right)};
    return {translated(*left, *right), codes_as_ints(*right)};
  }
  if (left->type() == right->type() && left->scale() == right->scale()) return {left, right};
  const Type common = data::common_type(left->type(), right->type());
  const int scale = std::max(left->scale(), right->scale());
  const auto l = data::convert(left, common, scale), r = data::convert(right, common, scale);
  if (common == Type::kAny || !l || !r) {
    throw ScriptError("The key columns of a join must have types that can be compared: " +
                      std::string(name_of(left->type())) + " and " + std::string(name_of(right->type())));
  }
  return {*l, *r};
}

kernels::MatchedKeys match_key_columns(const std::vector<Shared<Vector>>& left,
                                       const std::vector<Shared<Vector>>& right, bool nulls_match) {
  const auto are_symbols = [](const Shared<Vector>& column) {
    return column->type() == Type::kSymbol && !column->is_array();
  };
  if (left.size() == 1 && are_symbols(left[0]) && are_symbols(right[0]))
    return match_symbols(*left[0], *right[0], nulls_match);
  KeyColumns left_keys, right_keys;
  for (size_t i = 0; i < left.size(); ++i) {
    const auto [l, r] = same_type(left[i], right[i]);
    left_keys.add(l, "join");
    right_keys.add(r, "join");
  }
  return kernels::match_keys(left_keys.columns(), right_keys.columns(), nulls_match);
}

void note_directory(kernels::MatchedKeys& matched, const std::vector<Shared<Vector>>& right, WorkerPool* workers) {
  const bool are_codes = right.size() == 1 && right[0]->type() == Type::kSymbol && !right[0]->is_array() &&
                         matched.right.data() == static_cast<const void*>(right[0]->values<int32_t>().data());
  if (are_codes) matched.directory = data::directory_of(*right[0], 0, matched.count, workers);
}

}  // namespace pelorus::exec
