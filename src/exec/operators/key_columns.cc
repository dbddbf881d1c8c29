#include "exec/operators/key_columns.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "data/value.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;
using kernels::KeyColumn;

/// Dense ranks by text of the codes that occur.
std::vector<int32_t> ranks_of(const Vector& symbols) {
  const auto& base = symbols.symbols();
  std::vector<int32_t> ranks(static_cast<size_t>(base.size()), 0);
  for (const auto code : symbols.values<int32_t>()) ranks[static_cast<size_t>(code)] = 1;
  std::vector<int32_t> present;
  for (int32_t code = 1; code < base.size(); ++code) {
    if (ranks[static_cast<size_t>(code)]) present.push_back(code);
  }
  std::sort(present.begin(), present.end(), [&](int32_t a, int32_t b) { return base.text(a) < base.text(b); });
  for (size_t i = 0; i < present.size(); ++i) ranks[static_cast<size_t>(present[i])] = static_cast<int32_t>(i);
  ranks[0] = KeyColumn::kNullRank;
  return ranks;
}

KeyColumn plain_key(const Vector& column) {
  if (column.repr() == types::Repr::kText) {
    const auto values = column.values<std::string>();
    return {types::Repr::kText, values.data(), values.size()};
  }
  return types::visit_fixed(column.repr(), [&]<class T>() {
    const auto values = column.values<T>();
    return KeyColumn{column.repr(), values.data(), values.size()};
  });
}

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

}  // namespace

void KeyColumns::add(const Shared<Vector>& column, std::string_view what) {
  if (column->is_array() || column->repr() == types::Repr::kMixed) {
    throw ScriptError("A key of " + std::string(what) + " can't be an array vector or a tuple.");
  }
  const auto& held = held_.emplace_back(column);
  auto key = plain_key(*held);
  if (held->type() == Type::kSymbol) key.ranks = ranks_.emplace_back(ranks_of(*held));
  keys_.push_back(key);
}

std::vector<int64_t> order_rows(const std::vector<OrderColumn>& columns, size_t rows, size_t count) {
  KeyColumns keys;
  for (const auto& column : columns) keys.add(column.values, "order by");
  std::vector<kernels::SortKey> sort_keys;
  for (size_t i = 0; i < columns.size(); ++i) {
    sort_keys.push_back({keys.columns()[i], columns[i].descending, columns[i].nulls_last});
  }
  return count < rows ? kernels::top_rows(sort_keys, rows, count) : kernels::sort_rows(sort_keys, rows);
}

kernels::Groups group_by_columns(const std::vector<Shared<Vector>>& columns, size_t rows, std::string_view what) {
  KeyColumns keys;
  for (const auto& column : columns) keys.add(column, what);
  return kernels::group_rows(keys.columns(), rows);
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
  KeyColumns left_keys, right_keys;
  for (size_t i = 0; i < left.size(); ++i) {
    const auto [l, r] = same_type(left[i], right[i]);
    left_keys.add(l, "join");
    right_keys.add(r, "join");
  }
  return kernels::match_keys(left_keys.columns(), right_keys.columns(), nulls_match);
}

}  // namespace pelorus::exec
