#include "kernels/sort.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/check.h"
#include "kernels/ordinal.h"

namespace pelorus::kernels {
namespace {

/// A column as numbers whose unsigned order is the wanted order: one comparison of 64 bits decides a row.
using Ordinals = std::vector<uint64_t>;

/// Values 1..2^64-2 are ordinary, 0 or 2^64-1 null. The two extreme ordinary values fold onto their neighbours only
/// for the reserved nulls themselves, which never occur as values.
uint64_t place(uint64_t ordinal, bool null, const SortKey& key) {
  if (null) return key.nulls_last ? UINT64_MAX : 0;
  return key.descending ? ~ordinal : ordinal;
}

template <class T>
Ordinals ordinals_of(const SortKey& key) {
  const auto values = key.column.as<T>();
  Ordinals out(values.size());
  for (size_t i = 0; i < values.size(); ++i) out[i] = place(ordinal_of(values[i]), is_null_key(values[i]), key);
  return out;
}

Ordinals ranks_of(const SortKey& key) {
  const auto codes = key.column.as<int32_t>();
  Ordinals out(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    const int32_t rank = key.column.ranks[static_cast<size_t>(codes[i])];
    out[i] = place(ordinal_of(rank), rank == KeyColumn::kNullRank, key);
  }
  return out;
}

bool has_ordinals(const KeyColumn& column) {
  using types::Repr;
  return column.repr != Repr::kText && column.repr != Repr::kB16 && column.repr != Repr::kI128;
}

Ordinals make_ordinals(const SortKey& key) {
  if (!key.column.ranks.empty()) return ranks_of(key);
  return types::visit_fixed(key.column.repr, [&]<class T>() -> Ordinals {
    if constexpr (sizeof(T) <= 8)
      return ordinals_of<T>(key);
    else
      return {};
  });
}

/// Three-way comparison of two rows by one key.
class Comparison {
 public:
  explicit Comparison(const SortKey& key) : key_(key) {
    if (has_ordinals(key.column)) ordinals_ = make_ordinals(key);
  }
  bool by_ordinal() const { return has_ordinals(key_.column); }
  const Ordinals& ordinals() const { return ordinals_; }

  int operator()(int64_t a, int64_t b) const {
    const auto left = static_cast<size_t>(a), right = static_cast<size_t>(b);
    if (by_ordinal()) return (ordinals_[left] > ordinals_[right]) - (ordinals_[left] < ordinals_[right]);
    switch (key_.column.repr) {
      case types::Repr::kText: return wide<std::string>(left, right);
      case types::Repr::kI128: return wide<types::Int128>(left, right);
      default: return wide<types::Bytes16>(left, right);
    }
  }

 private:
  template <class T>
  int wide(size_t a, size_t b) const {
    const auto values = key_.column.as<T>();
    const bool null_a = is_null_key(values[a]), null_b = is_null_key(values[b]);
    if (null_a || null_b) {
      const int order = static_cast<int>(null_b) - static_cast<int>(null_a);
      return key_.nulls_last ? -order : order;
    }
    const int order = (values[b] < values[a]) - (values[a] < values[b]);
    return key_.descending ? -order : order;
  }

  const SortKey key_;
  Ordinals ordinals_;
};

class Order {
 public:
  explicit Order(std::span<const SortKey> keys) {
    comparisons_.reserve(keys.size());
    for (const auto& key : keys) comparisons_.emplace_back(key);
  }
  int compare(int64_t a, int64_t b) const {
    for (const auto& comparison : comparisons_) {
      if (const int order = comparison(a, b)) return order;
    }
    return 0;
  }
  bool sorted(size_t rows) const {
    for (size_t i = 1; i < rows; ++i) {
      if (compare(static_cast<int64_t>(i - 1), static_cast<int64_t>(i)) > 0) return false;
    }
    return true;
  }
  bool all_ordinals() const {
    return std::all_of(comparisons_.begin(), comparisons_.end(), [](const auto& c) { return c.by_ordinal(); });
  }
  const std::vector<Comparison>& comparisons() const { return comparisons_; }

 private:
  std::vector<Comparison> comparisons_;
};

constexpr int kDigitBitsMax = 11;  // counters of one pass stay in the first-level cache

/// One stable pass by the digit of `bits` bits at `shift`.
void radix_pass(const Ordinals& ordinals, uint64_t low, int shift, int bits, RowNumbers& rows, RowNumbers& spare) {
  std::array<size_t, (1 << kDigitBitsMax) + 1> starts;
  const size_t digits = size_t{1} << bits;
  std::fill_n(starts.begin(), digits + 1, 0);
  const auto digit_of = [&](int64_t row) {
    return ((ordinals[static_cast<size_t>(row)] - low) >> shift) & (digits - 1);
  };
  for (const auto row : rows) ++starts[digit_of(row) + 1];
  for (size_t d = 1; d < digits; ++d) {
    if (starts[d] == rows.size()) return;  // all rows share it
    starts[d] += starts[d - 1];
  }
  for (const auto row : rows) spare[starts[digit_of(row)]++] = row;
  rows.swap(spare);
}

/// By ordinals none of which is a null's, least significant digit first over the bits that differ.
void radix_sort_values(const Ordinals& ordinals, uint64_t low, uint64_t high, RowNumbers& rows) {
  const int bits = std::bit_width(high - low);
  if (bits == 0) return;
  const int passes = (bits + kDigitBitsMax - 1) / kDigitBitsMax;
  const int digit_bits = (bits + passes - 1) / passes;
  RowNumbers spare(rows.size());
  for (int shift = 0; shift < bits; shift += digit_bits) radix_pass(ordinals, low, shift, digit_bits, rows, spare);
}

/// Nulls stand far from the values, so they would widen the range: they are taken out first and put back at their end.
/// Rows that lie in order already cost one look.
void radix_sort(const Ordinals& ordinals, RowNumbers& rows) {
  const auto value_of = [&](int64_t row) { return ordinals[static_cast<size_t>(row)]; };
  if (std::is_sorted(rows.begin(), rows.end(), [&](auto a, auto b) { return value_of(a) < value_of(b); })) return;
  uint64_t low = UINT64_MAX, high = 0;
  size_t nulls = 0;
  for (const uint64_t ordinal : ordinals) {
    const bool is_null = ordinal == 0 || ordinal == UINT64_MAX;
    nulls += is_null ? 1 : 0;
    low = std::min(low, is_null ? UINT64_MAX : ordinal);
    high = std::max(high, is_null ? 0 : ordinal);
  }
  if (nulls == 0) return radix_sort_values(ordinals, low, high, rows);
  RowNumbers first, last, rest;
  for (const auto row : rows) (value_of(row) == 0 ? first : value_of(row) == UINT64_MAX ? last : rest).push_back(row);
  if (!rest.empty()) radix_sort_values(ordinals, low, high, rest);
  auto out = std::copy(first.begin(), first.end(), rows.begin());
  out = std::copy(rest.begin(), rest.end(), out);
  std::copy(last.begin(), last.end(), out);
}

constexpr size_t kRadixRowsMin = 256;

}  // namespace

RowNumbers sort_rows(std::span<const SortKey> keys, size_t rows) {
  RowNumbers out(rows);
  std::iota(out.begin(), out.end(), 0);
  const Order order(keys);
  if (order.sorted(rows)) return out;
  if (rows >= kRadixRowsMin && order.all_ordinals()) {
    for (size_t k = keys.size(); k-- > 0;) radix_sort(order.comparisons()[k].ordinals(), out);
    return out;
  }
  std::stable_sort(out.begin(), out.end(), [&](int64_t a, int64_t b) { return order.compare(a, b) < 0; });
  return out;
}

namespace {

/// The first `count` rows by one column of numbers: those below the worst of the best so far are collected, and thinned
/// out whenever there are twice as many as wanted.
RowNumbers top_by_number(const Ordinals& ordinals, size_t count) {
  std::vector<std::pair<uint64_t, int64_t>> best;
  best.reserve(2 * count);
  uint64_t worst = UINT64_MAX;
  const auto thin = [&] {
    const auto end = best.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(best.begin(), end - 1, best.end());
    best.erase(end, best.end());
    worst = best.back().first;
  };
  for (size_t i = 0; i < ordinals.size(); ++i) {
    // Among equals the earlier row is the better one.
    if (best.size() >= count && ordinals[i] >= worst) continue;
    best.emplace_back(ordinals[i], static_cast<int64_t>(i));
    if (best.size() == count) worst = std::max_element(best.begin(), best.end())->first;
    if (best.size() == 2 * count) thin();
  }
  std::sort(best.begin(), best.end());
  if (best.size() > count) best.resize(count);
  RowNumbers out(best.size());
  std::transform(best.begin(), best.end(), out.begin(), [](const auto& one) { return one.second; });
  return out;
}

}  // namespace

RowNumbers top_rows(std::span<const SortKey> keys, size_t rows, size_t count) {
  if (count >= rows / 4) {
    auto all = sort_rows(keys, rows);
    all.resize(std::min(count, rows));
    return all;
  }
  if (count == 0) return {};
  const Order order(keys);
  if (keys.size() == 1 && order.all_ordinals()) return top_by_number(order.comparisons()[0].ordinals(), count);
  RowNumbers heap;
  const auto before = [&](int64_t a, int64_t b) {
    const int by_key = order.compare(a, b);
    return by_key != 0 ? by_key < 0 : a < b;
  };
  heap.reserve(count + 1);
  for (size_t i = 0; i < rows; ++i) {
    const auto row = static_cast<int64_t>(i);
    if (heap.size() == count && !before(row, heap.front())) continue;
    heap.push_back(row);
    std::push_heap(heap.begin(), heap.end(), before);
    if (heap.size() > count) {
      std::pop_heap(heap.begin(), heap.end(), before);
      heap.pop_back();
    }
  }
  std::sort_heap(heap.begin(), heap.end(), before);
  return heap;
}

bool is_sorted(std::span<const SortKey> keys, size_t rows) { return Order(keys).sorted(rows); }

}  // namespace pelorus::kernels
