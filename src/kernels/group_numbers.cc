#include "kernels/group_numbers.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/visit_number.h"

namespace pelorus::kernels {
namespace {

/// Entries of a table of values: 1 MiB.
constexpr uint64_t kTableMost = 1 << 18;
/// Entries of all pages: 16 MiB.
constexpr size_t kPagedMost = 1 << 22;

}  // namespace

// --- one key -----------------------------------------------------------------------------------------------------

/// Makes the table reach `value`; false when it would become too large.
bool ValueCodes::widen(int64_t value) {
  constexpr uint64_t kLeast = 1024;
  if (table_.empty()) {
    low_ = value < std::numeric_limits<int64_t>::min() + static_cast<int64_t>(kLeast) ? value : value - 16;
    table_.resize(kLeast);
    return true;
  }
  const auto high = static_cast<uint64_t>(low_) + table_.size();  // as if numbers went on in a circle
  const uint64_t below = value < low_ ? static_cast<uint64_t>(low_) - static_cast<uint64_t>(value) : 0;
  const uint64_t above = value < low_ ? 0 : static_cast<uint64_t>(value) + 1 - high;
  if (std::max(below, above) > kTableMost - table_.size()) return false;
  const uint64_t room =
      std::min<uint64_t>(std::max({below, above, static_cast<uint64_t>(table_.size())}), kTableMost - table_.size());
  if (below == 0) {
    table_.resize(table_.size() + room);
    return true;
  }
  const auto least = static_cast<uint64_t>(std::numeric_limits<int64_t>::min());
  const uint64_t down = std::min(room, static_cast<uint64_t>(low_) - least);
  table_.insert(table_.begin(), down, 0);
  low_ -= static_cast<int64_t>(down);
  return true;
}

uint32_t ValueCodes::code_of(int64_t value) {
  uint64_t place = static_cast<uint64_t>(value) - static_cast<uint64_t>(low_);
  const auto next = static_cast<uint32_t>(values_.size());
  if (place >= table_.size()) {
    if (const auto known = far_.find(value); known != far_.end()) return known->second;
    if (!widen(value)) {
      far_.emplace(value, next);
      values_.push_back(value);
      return next;
    }
    place = static_cast<uint64_t>(value) - static_cast<uint64_t>(low_);
  }
  if (table_[place] == 0) {
    // It may have been met before the table reached so far.
    const auto known = far_.empty() ? far_.end() : far_.find(value);
    table_[place] = known != far_.end() ? known->second + 1 : next + 1;
    if (known == far_.end()) values_.push_back(value);
  }
  return table_[place] - 1;
}

template <class T>
void ValueCodes::code_values(const T* values, size_t rows, uint32_t* codes) {
  T last{};  // of those that are not in the table
  uint32_t last_code = 0;
  bool has_last = false;
  const uint32_t* table = table_.data();
  auto size = static_cast<uint64_t>(table_.size()), low = static_cast<uint64_t>(low_);
  for (size_t i = 0; i < rows; ++i) {
    const T value = values[i];
    const uint64_t place = static_cast<uint64_t>(static_cast<int64_t>(value)) - low;
    const uint32_t known = place < size ? table[place] : 0;
    if (known > 0) {
      codes[i] = known - 1;
      continue;
    }
    if (!has_last || value != last) {
      last = value;
      last_code = code_of(value);
      has_last = true;
      table = table_.data(), size = table_.size(), low = static_cast<uint64_t>(low_);
    }
    codes[i] = last_code;
  }
}

void ValueCodes::code(const WholeKey& key, size_t rows, uint32_t* codes) {
  visit_whole(key.repr, [&]<class T>() { code_values(static_cast<const T*>(key.values), rows, codes); });
}

// --- two codes as one --------------------------------------------------------------------------------------------

uint32_t PairCodes::code_of(uint32_t first, uint32_t second) {
  const auto next = static_cast<uint32_t>(pairs_.size());
  if (!hashes_) {
    if (first >= pages_.size()) pages_.resize(std::max<size_t>(first + 1, 2 * pages_.size()));
    auto& page = pages_[first];
    if (second >= page.size()) {
      const size_t size = std::max<size_t>(second + 1, 2 * page.size());
      paged_ += size - page.size();
      page.resize(size);
    }
    auto& place = page[second];
    if (place == 0) {
      place = next + 1;
      pairs_.emplace_back(first, second);
    }
    const uint32_t code = place - 1;
    if (paged_ > kPagedMost) leave_pages();
    return code;
  }
  const auto [place, is_new] = far_.try_emplace(uint64_t{first} << 32 | second, next);
  if (is_new) pairs_.emplace_back(first, second);
  return place->second;
}

void PairCodes::leave_pages() {
  hashes_ = true;
  pages_ = {};
  far_.reserve(2 * pairs_.size());
  for (uint32_t code = 0; code < pairs_.size(); ++code)
    far_.emplace(uint64_t{pairs_[code].first} << 32 | pairs_[code].second, code);
}

void PairCodes::code(uint32_t* first, const uint32_t* second, size_t rows) {
  for (size_t i = 0; i < rows; ++i) {
    if (!hashes_ && first[i] < pages_.size() && second[i] < pages_[first[i]].size()) {
      const uint32_t known = pages_[first[i]][second[i]];
      if (known > 0) {
        first[i] = known - 1;
        continue;
      }
    }
    first[i] = code_of(first[i], second[i]);
  }
}

// --- all keys ----------------------------------------------------------------------------------------------------

void GroupNumbers::settle_order(std::span<const WholeKey> keys, size_t rows) {
  std::vector<size_t> changes(keys.size());
  for (size_t k = 0; k < keys.size(); ++k) {
    visit_whole(keys[k].repr, [&]<class T>() {
      const auto* values = static_cast<const T*>(keys[k].values);
      for (size_t i = 1; i < rows; ++i) changes[k] += values[i] != values[i - 1];
    });
  }
  order_.resize(keys.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return changes[a] < changes[b]; });
}

void GroupNumbers::number(std::span<const WholeKey> keys, size_t rows, uint32_t* numbers) {
  if (order_.empty()) settle_order(keys, rows);
  codes_[order_[0]].code(keys[order_[0]], rows, numbers);
  second_.resize(rows);
  for (size_t k = 1; k < keys.size(); ++k) {
    codes_[order_[k]].code(keys[order_[k]], rows, second_.data());
    pairs_[k - 1].code(numbers, second_.data(), rows);
  }
}

std::vector<uint32_t> GroupNumbers::codes(size_t key) const {
  std::vector<uint32_t> out(count());
  std::iota(out.begin(), out.end(), 0);
  const auto place = static_cast<size_t>(std::find(order_.begin(), order_.end(), key) - order_.begin());
  if (pairs_.empty() || place == order_.size()) return out;
  for (auto& code : out) {
    for (size_t k = pairs_.size(); k > place && k > 0; --k) code = pairs_[k - 1].pairs()[code].first;
    if (place > 0) code = pairs_[place - 1].pairs()[code].second;
  }
  return out;
}

}  // namespace pelorus::kernels
