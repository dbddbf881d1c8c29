#include "kernels/group_numbers.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <type_traits>

#include "base/wide_vectors.h"
#include "kernels/fill_runs.h"
#include "kernels/neighbours.h"
#include "kernels/pick_rows.h"
#include "kernels/visit_number.h"

namespace pelorus::kernels {
namespace {

/// Entries of a table of values: 1 MiB.
constexpr uint64_t kTableMost = 1 << 18;
/// Entries of all pages: 16 MiB.
constexpr size_t kPagedMost = 1 << 22;
/// Rows that are looked at together.
constexpr size_t kRun = 64;

/// How many leading values equal the first one, as a multiple of kRun; `rows` > 0.
template <class T>
PELORUS_WIDE size_t run_length(const T* values, size_t rows) {
  size_t length = 0;
  for (; length + kRun <= rows; length += kRun) {
    T different = 0;
    for (size_t i = length; i < length + kRun; ++i) different |= static_cast<T>(values[i] ^ values[0]);
    if (different != 0) break;
  }
  return length;
}

template <class T>
PELORUS_WIDE size_t count_changes(const T* values, size_t rows) {
  return changes_between(values, rows);
}

template <class T>
PELORUS_WIDE void note_changes(const T* values, size_t rows, int8_t* changes) {
  mark_changes(values, rows, changes);
}

/// An entry of a table or page less 1, where there is none.
constexpr uint32_t kUnknown = UINT32_MAX;

__attribute__((always_inline)) inline bool all_known(const uint32_t* codes, size_t rows) {
  uint32_t unknown = 0;
  for (size_t i = 0; i < rows; ++i) unknown |= codes[i] == kUnknown ? 1U : 0U;
  return unknown == 0;
}

/// What table[values[i] - low] says of some values. Returns whether it says something of all of them.
template <class T>
PELORUS_WIDE bool look_up(const T* values, size_t rows, uint64_t low, const std::vector<uint32_t>& table,
                          uint32_t* codes) {
  // Differences are as wide as the values: what has gone round meets the entry of a number that is no such value.
  using Place = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  const auto first = static_cast<Place>(low), size = static_cast<Place>(table.size());
  const auto place_of = [&](size_t i) { return static_cast<Place>(static_cast<Place>(values[i]) - first); };
  Place outside = 0;
  for (size_t i = 0; i < rows; ++i) outside |= place_of(i) >= size ? Place{1} : Place{0};
  if (outside != 0) {
    std::fill_n(codes, rows, kUnknown);
    return false;
  }
  const uint32_t* const entries = table.data();
  for (size_t i = 0; i < rows; ++i) codes[i] = entries[place_of(i)] - 1;
  return all_known(codes, rows);
}

/// What page[places[i]] says of some places within it.
PELORUS_WIDE bool look_up(const uint32_t* places, size_t rows, const uint32_t* page, uint32_t* codes) {
  for (size_t i = 0; i < rows; ++i) codes[i] = page[places[i]] - 1;
  return all_known(codes, rows);
}

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
  for (size_t i = 0; i < rows;) {
    const size_t some = std::min(rows - i, kRun);
    // Moments of neighbours are often cut to the same one.
    const size_t equal = values[i] == values[i + some - 1] ? run_length(values + i, rows - i) : 0;
    if (equal > 0)
      std::fill_n(codes + i, equal, code_of(values[i]));
    else
      code_mixed(values + i, some, codes + i);
    i += equal > 0 ? equal : some;
  }
}

/// Some values of which neighbours differ.
template <class T>
void ValueCodes::code_mixed(const T* values, size_t rows, uint32_t* codes) {
  if (look_up(values, rows, static_cast<uint64_t>(low_), table_, codes)) return;
  for (size_t i = 0; i < rows; ++i) {
    if (codes[i] == kUnknown) codes[i] = i > 0 && values[i] == values[i - 1] ? codes[i - 1] : code_of(values[i]);
  }
}

void ValueCodes::code(const WholeKey& key, size_t rows, uint32_t* codes) {
  visit_whole(key.repr, [&]<class T>() { code_values(static_cast<const T*>(key.values), rows, codes); });
}

// --- two codes as one --------------------------------------------------------------------------------------------

uint32_t PairCodes::code_at(uint32_t* page, uint32_t first, uint32_t second) {
  if (page[second] == 0) {
    pairs_.emplace_back(first, second);
    page[second] = static_cast<uint32_t>(pairs_.size());
  }
  return page[second] - 1;
}

uint32_t PairCodes::code_of(uint32_t first, uint32_t second) {
  if (auto* const page = page_of(first, second + 1)) return code_at(page, first, second);
  const auto next = static_cast<uint32_t>(pairs_.size());
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

void PairCodes::code(uint32_t* first, const uint32_t* second, size_t rows, size_t seconds) {
  for (size_t i = 0; i < rows;) {
    const size_t some = std::min(rows - i, kRun);
    const size_t equal = first[i] == first[i + some - 1] ? run_length(first + i, rows - i) : 0;
    if (equal > 0)
      code_run(first[i], second + i, equal, seconds, first + i);
    else
      code_mixed(first + i, second + i, some);
    i += equal > 0 ? equal : some;
  }
}

void PairCodes::code_mixed(uint32_t* first, const uint32_t* second, size_t rows) {
  for (size_t i = 0; i < rows; ++i) {
    const auto* const page = first[i] < pages_.size() ? &pages_[first[i]] : nullptr;
    const uint32_t known = page && second[i] < page->size() ? (*page)[second[i]] : 0;
    first[i] = known > 0 ? known - 1 : code_of(first[i], second[i]);
  }
}

/// The page of a first code, which reaches so far; null: there are none any more.
uint32_t* PairCodes::page_of(uint32_t first, size_t seconds) {
  if (hashes_) return nullptr;
  if (first >= pages_.size()) pages_.resize(std::max<size_t>(first + 1, 2 * pages_.size()));
  auto& page = pages_[first];
  if (seconds > page.size()) {
    const size_t size = std::max(seconds, 2 * page.size());
    paged_ += size - page.size();
    page.resize(size);
    if (paged_ > kPagedMost) {
      leave_pages();
      return nullptr;
    }
  }
  return page.data();
}

/// Pairs whose first codes are equal.
void PairCodes::code_run(uint32_t first, const uint32_t* second, size_t rows, size_t seconds, uint32_t* codes) {
  auto* const page = page_of(first, seconds);
  for (size_t i = 0; i < rows; i += kRun) {
    const size_t some = std::min(rows - i, kRun);
    if (!page) {
      for (size_t at = i; at < i + some; ++at) codes[at] = code_of(first, second[at]);
    } else if (!look_up(second + i, some, page, codes + i)) {
      add_to_page(page, first, std::span(second + i, some), codes + i);
    }
  }
}

/// At most kRun pairs. Which of them are new cannot be foretold: no jump depends on it.
void PairCodes::add_to_page(uint32_t* page, uint32_t first, std::span<const uint32_t> seconds, uint32_t* codes) {
  std::array<uint32_t, kRun> added;
  uint32_t count = 0;
  const auto next = static_cast<uint32_t>(pairs_.size() + 1);
  for (size_t i = 0; i < seconds.size(); ++i) {
    const uint32_t known = page[seconds[i]], is_new = known == 0 ? 1U : 0U;
    added[count] = seconds[i];
    const uint32_t entry = known | ((next + count) & (0 - is_new));
    page[seconds[i]] = entry;
    codes[i] = entry - 1;
    count += is_new;
  }
  for (uint32_t i = 0; i < count; ++i) pairs_.emplace_back(first, added[i]);
}

// --- all keys ----------------------------------------------------------------------------------------------------

namespace {

/// How many of the first `rows` rows differ from the one before.
size_t changes_of(const RowKey& key, size_t rows) {
  if (key.ends.empty()) {
    return visit_whole(key.values.repr,
                       [&]<class T>() { return count_changes(static_cast<const T*>(key.values.values), rows); });
  }
  return static_cast<size_t>(std::lower_bound(key.ends.begin(), key.ends.end(), rows) - key.ends.begin());
}

void note_changes_of(const RowKey& key, size_t rows, int8_t* changes) {
  if (key.ends.empty()) {
    visit_whole(key.values.repr,
                [&]<class T>() { note_changes(static_cast<const T*>(key.values.values), rows, changes); });
  }
  for (size_t run = 0; run + 1 < key.ends.size(); ++run) changes[key.ends[run]] = 1;
}

/// values[i]: that of row heads[i].
template <class T>
void take_heads(const RowKey& key, std::span<const int64_t> heads, int64_t* values) {
  const auto* from = static_cast<const T*>(key.values.values);
  if (key.ends.empty()) {
    for (size_t h = 0; h < heads.size(); ++h) values[h] = static_cast<int64_t>(from[heads[h]]);
    return;
  }
  size_t run = 0;
  for (size_t h = 0; h < heads.size(); ++h) {
    while (key.ends[run] <= heads[h]) ++run;
    values[h] = static_cast<int64_t>(from[run]);
  }
}

}  // namespace

void GroupNumbers::settle_order(std::span<const RowKey> keys, size_t rows) {
  std::vector<size_t> changes(keys.size());
  for (size_t k = 0; k < keys.size(); ++k) changes[k] = changes_of(keys[k], rows);
  order_.resize(keys.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return changes[a] < changes[b]; });
}

/// Whether hardly any row differs from the one before; heads_ are those that do, the first one among them.
bool GroupNumbers::find_heads(std::span<const RowKey> keys, size_t rows) {
  constexpr size_t kTried = 512, kRowsOfHead = 8;
  const size_t tried = std::min(rows, kTried);
  if (tried < kRowsOfHead) return false;
  for (const auto& key : keys) {
    if (changes_of(key, tried) > tried / kRowsOfHead) return false;
  }
  changes_.assign(rows, 0);
  changes_[0] = 1;
  for (const auto& key : keys) note_changes_of(key, rows, changes_.data());
  heads_.resize(rows + kPickSpare);
  heads_.resize(pick_rows(changes_, int64_t{0}, heads_.data()));
  return heads_.size() <= rows / kRowsOfHead;
}

std::vector<RowKey> GroupNumbers::keys_of_heads(std::span<const RowKey> keys) {
  std::vector<RowKey> out;
  head_values_.resize(keys.size());
  for (size_t k = 0; k < keys.size(); ++k) {
    head_values_[k].resize(heads_.size());
    visit_whole(keys[k].values.repr, [&]<class T>() { take_heads<T>(keys[k], heads_, head_values_[k].data()); });
    out.push_back({{types::Repr::kI64, head_values_[k].data()}});
  }
  return out;
}

void GroupNumbers::number(std::span<const RowKey> keys, size_t rows, uint32_t* numbers) {
  runs_.clear();
  if (order_.empty()) settle_order(keys, rows);
  if (!find_heads(keys, rows)) return number_each(keys, rows, numbers);
  head_numbers_.resize(heads_.size());
  number_each(keys_of_heads(keys), heads_.size(), head_numbers_.data());
  heads_.push_back(static_cast<int64_t>(rows));
  for (size_t h = 0; h + 1 < heads_.size(); ++h) {
    std::fill(numbers + heads_[h], numbers + heads_[h + 1], head_numbers_[h]);
    runs_.push_back({head_numbers_[h], static_cast<uint32_t>(heads_[h]), static_cast<uint32_t>(heads_[h + 1])});
  }
}

void GroupNumbers::number_each(std::span<const RowKey> keys, size_t rows, uint32_t* numbers) {
  code(order_[0], keys[order_[0]], rows, numbers);
  second_.resize(rows);
  for (size_t k = 1; k < keys.size(); ++k) {
    code(order_[k], keys[order_[k]], rows, second_.data());
    pairs_[k - 1].code(numbers, second_.data(), rows, codes_[order_[k]].values().size());
  }
}

void GroupNumbers::code(size_t key, const RowKey& values, size_t rows, uint32_t* codes) {
  if (values.ends.empty()) return codes_[key].code(values.values, rows, codes);
  run_codes_.resize(values.ends.size());
  codes_[key].code(values.values, values.ends.size(), run_codes_.data());
  fill_runs<uint32_t>(run_codes_, values.ends, codes);
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
