#include "data/key_column.h"

#include <algorithm>

namespace pelorus::data {
namespace {

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
  ranks[0] = kernels::KeyColumn::kNullRank;
  return ranks;
}

}  // namespace

kernels::KeyColumn key_column(const Vector& column, std::vector<int32_t>& ranks) {
  CHECK(!column.is_array() && column.repr() != Repr::kMixed);
  auto key = kernels::visit_key(column.repr(), [&]<class T>() {
    const auto values = column.values<T>();
    return kernels::KeyColumn{column.repr(), values.data(), values.size()};
  });
  if (column.type() == Type::kSymbol) {
    ranks = ranks_of(column);
    key.ranks = ranks;
  }
  return key;
}

}  // namespace pelorus::data
