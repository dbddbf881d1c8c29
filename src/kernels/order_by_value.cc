#include "kernels/order_by_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>

#include "kernels/stretches.h"

namespace pelorus::kernels {
namespace {

constexpr int kPartBits = 11;
constexpr size_t kParts = size_t{1} << kPartBits;
constexpr int kDigitBits = 8;
/// Below so many rows comparisons beat passes.
constexpr size_t kPassesFrom = 256;

bool before(const NumberedRow& a, const NumberedRow& b) { return a.value < b.value; }

/// Least significant digit first; `bits`: how many of the values' last bits differ.
void sort_by_digits(std::span<NumberedRow> rows, int bits, Buffer<NumberedRow>& spare) {
  if (rows.size() < kPassesFrom) return std::sort(rows.begin(), rows.end(), before);
  spare.resize(std::max(spare.size(), rows.size()));
  std::span<NumberedRow> from = rows, to(spare.data(), rows.size());
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    std::array<uint32_t, (1 << kDigitBits) + 1> starts{};
    const auto digit_of = [&](const NumberedRow& row) { return (row.value >> shift) & ((1 << kDigitBits) - 1); };
    for (const auto& row : from) ++starts[digit_of(row) + 1];
    if (std::find(starts.begin(), starts.end(), rows.size()) != starts.end()) continue;  // all share it
    for (size_t digit = 1; digit < starts.size(); ++digit) starts[digit] += starts[digit - 1];
    for (const auto& row : from) to[starts[digit_of(row)]++] = row;
    std::swap(from, to);
  }
  if (from.data() != rows.data()) std::copy(from.begin(), from.end(), rows.begin());
}

std::pair<uint64_t, uint64_t> range_of(std::span<const uint64_t> values, WorkerPool* workers) {
  uint64_t low = UINT64_MAX, high = 0;
  std::mutex mutex;
  Stretches(values.size(), workers).each([&](size_t, size_t from, size_t to) {
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = from; i < to; ++i) least = std::min(least, values[i]), most = std::max(most, values[i]);
    const std::lock_guard lock(mutex);
    low = std::min(low, least), high = std::max(high, most);
  });
  return {low, high};
}

}  // namespace

OrderedRuns order_by_value(std::span<const uint64_t> values, WorkerPool* workers) {
  const auto [low, high] = range_of(values, workers);
  const int bits = values.empty() ? 0 : static_cast<int>(std::bit_width(high - low));
  const int shift = std::max(0, bits - kPartBits);
  const Stretches stretches(values.size(), workers);
  const auto part_of = [&, low = low](uint64_t value) { return (value - low) >> shift; };
  // By stretch and part: how many rows, then where the next one goes.
  std::vector<std::vector<size_t>> places(stretches.count(), std::vector<size_t>(kParts));
  stretches.each([&](size_t s, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) ++places[s][part_of(values[i])];
  });
  OrderedRuns out{Buffer<NumberedRow>(values.size()), std::vector<size_t>(kParts + 1)};
  size_t next = 0;
  for (size_t part = 0; part < kParts; ++part) {
    out.starts[part] = next;
    for (auto& own : places) next += std::exchange(own[part], next);
  }
  out.starts[kParts] = next;
  stretches.each([&, low = low](size_t s, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i)
      out.rows[places[s][part_of(values[i])]++] = {values[i] - low, static_cast<uint32_t>(i)};
  });
  std::vector<Buffer<NumberedRow>> spare(workers ? workers->threads() : 1);
  run_parts(workers, kParts, [&](size_t worker, size_t part) {
    const auto rows_of_part = std::span(out.rows).subspan(out.starts[part], out.starts[part + 1] - out.starts[part]);
    sort_by_digits(rows_of_part, shift, spare[worker]);
  });
  return out;
}

}  // namespace pelorus::kernels
