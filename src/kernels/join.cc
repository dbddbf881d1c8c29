#include "kernels/join.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/wide_vectors.h"
#include "kernels/hash.h"
#include "kernels/pick_rows.h"
#include "kernels/stretches.h"

namespace pelorus::kernels {
namespace {

template <class T>
using HashKey = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;

/// Numbers the right side's values in order of appearance and looks the left ones up.
template <class T>
MatchedKeys match_column(std::span<const T> left, std::span<const T> right, bool nulls_match) {
  using Key = HashKey<T>;
  const auto key_of = [](const T& value) {
    if constexpr (std::is_floating_point_v<T>)
      return is_null_key(value) ? types::kNull<T> : value;
    else
      return Key(value);
  };
  MatchedKeys out;
  out.left.resize(left.size());
  std::vector<uint32_t> held(right.size());
  boost::unordered_flat_map<Key, uint32_t, KeyHash> numbers;
  for (size_t i = 0; i < right.size(); ++i) {
    const bool skip = !nulls_match && is_null_key(right[i]);
    held[i] = skip ? kNoGroup : numbers.try_emplace(key_of(right[i]), numbers.size()).first->second;
  }
  for (size_t i = 0; i < left.size(); ++i) {
    const auto found = numbers.find(key_of(left[i]));
    out.left[i] = found == numbers.end() ? kNoGroup : found->second;
  }
  out.count = numbers.size();
  out.hold_right(std::move(held));
  return out;
}

/// As match_column, by a table over the right side's range. False when that is too wide.
template <class T>
bool match_dense(std::span<const T> left, std::span<const T> right, bool nulls_match, MatchedKeys& out) {
  T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::min();
  for (const T value : right) {
    if (value == types::kNull<T>) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const uint64_t width = low <= high ? static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1 : 0;
  if (width > std::max<uint64_t>(1 << 16, 4 * (left.size() + right.size()))) return false;
  std::vector<uint32_t> slots(width + 1, kNoGroup);
  uint32_t count = 0;
  const auto slot_of = [&](T value) -> uint32_t* {
    if (value == types::kNull<T>) return nulls_match ? &slots[0] : nullptr;
    if (value < low || value > high) return nullptr;
    return &slots[static_cast<uint64_t>(value) - static_cast<uint64_t>(low) + 1];
  };
  out.left.resize(left.size());
  std::vector<uint32_t> held(right.size());
  for (size_t i = 0; i < right.size(); ++i) {
    auto* slot = slot_of(right[i]);
    if (slot && *slot == kNoGroup) *slot = count++;
    held[i] = slot ? *slot : kNoGroup;
  }
  for (size_t i = 0; i < left.size(); ++i) {
    const auto* slot = slot_of(left[i]);
    out.left[i] = slot ? *slot : kNoGroup;
  }
  out.count = count;
  out.hold_right(std::move(held));
  return true;
}

MatchedKeys match_one(const KeyColumn& left, const KeyColumn& right, bool nulls_match) {
  CHECK(left.repr == right.repr);
  if (!right.ranks.empty() || !left.ranks.empty()) {  // symbol codes: code 0 is null
    MatchedKeys out;
    const auto erase_null = [&](std::span<const int32_t> codes) {
      std::vector<int32_t> copy(codes.begin(), codes.end());
      for (auto& code : copy) code = code == 0 ? types::kNull<int32_t> : code;
      return copy;
    };
    const auto l = erase_null(left.as<int32_t>()), r = erase_null(right.as<int32_t>());
    if (match_dense<int32_t>(l, r, nulls_match, out)) return out;
    return match_column<int32_t>(l, r, nulls_match);
  }
  return visit_key(left.repr, [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      MatchedKeys out;
      if (match_dense<T>(left.as<T>(), right.as<T>(), nulls_match, out)) return out;
    }
    return match_column<T>(left.as<T>(), right.as<T>(), nulls_match);
  });
}

std::vector<int64_t> paired(std::span<const uint32_t> first, std::span<const uint32_t> second) {
  std::vector<int64_t> both(first.size());
  for (size_t i = 0; i < first.size(); ++i) {
    const bool none = first[i] == kNoGroup || second[i] == kNoGroup;
    both[i] = none ? types::kNull<int64_t> : static_cast<int64_t>(first[i]) << 32 | second[i];
  }
  return both;
}

/// Row numbers of the right side by key, each key's rows ordered by moment.
template <class T>
GroupDirectory ordered_directory(const MatchedKeys& keys, std::span<const T> moments, WorkerPool* workers) {
  auto directory = wanted_rows(keys, workers);
  const auto before = [&](int64_t a, int64_t b) {
    return moments[static_cast<size_t>(a)] < moments[static_cast<size_t>(b)];
  };
  for (size_t g = 0; g < keys.count; ++g) {
    const auto begin = directory.order.begin() + directory.starts[g],
               end = directory.order.begin() + directory.starts[g + 1];
    if (!std::is_sorted(begin, end, before)) std::stable_sort(begin, end, before);
  }
  return directory;
}

/// The last of the right rows before `end` of each key that `left` has; the search ends when all are found.
std::vector<int64_t> last_rows_before(const MatchedKeys& keys, std::span<const uint32_t> left, size_t end) {
  std::vector<int8_t> is_wanted(keys.count);
  size_t missing = 0;
  for (const auto key : left) {
    if (key != kNoGroup) missing += is_wanted[key] == 0, is_wanted[key] = 1;
  }
  std::vector<int64_t> last(keys.count, kNoRow);
  for (size_t at = end; at-- > 0 && missing > 0;) {
    const auto key = keys.right[at];
    if (key == kNoGroup || is_wanted[key] == 0) continue;
    last[key] = static_cast<int64_t>(at);
    is_wanted[key] = 0;
    --missing;
  }
  return last;
}

/// Both sides ascend by their moments: the last right row of each key so far, for the left rows [from, to).
template <class T>
void as_of_merged(const MatchedKeys& keys, std::span<const T> left, std::span<const T> right, size_t from, size_t to,
                  RowNumbers& out) {
  if (from == to) return;
  // What comes before is known already to the left row before this stretch.
  size_t at = 0;
  if (from > 0) at = static_cast<size_t>(std::upper_bound(right.begin(), right.end(), left[from - 1]) - right.begin());
  auto last = last_rows_before(keys, std::span(keys.left).subspan(from, to - from), at);
  for (size_t i = from; i < to; ++i) {
    const T moment = left[i];
    for (; at < right.size() && right[at] <= moment; ++at) {
      if (keys.right[at] != kNoGroup) last[keys.right[at]] = static_cast<int64_t>(at);
    }
    out[i] = keys.left[i] == kNoGroup ? kNoRow : last[keys.left[i]];
  }
}

template <class T>
bool ascends(std::span<const T> values, WorkerPool* workers) {
  std::atomic<bool> ascends{true};
  Stretches(values.size(), workers).each([&](size_t, size_t from, size_t to) {
    const auto part = values.subspan(from, std::min(to + 1, values.size()) - from);
    if (!std::is_sorted(part.begin(), part.end())) ascends = false;
  });
  return ascends;
}

template <class T>
RowNumbers as_of(const MatchedKeys& keys, std::span<const T> left, std::span<const T> right, WorkerPool* workers) {
  if constexpr (std::is_integral_v<T>) {
    if (ascends(left, workers) && ascends(right, workers)) {
      RowNumbers out(left.size());
      Stretches(left.size(), workers).each([&](size_t, size_t from, size_t to) {
        as_of_merged(keys, left, right, from, to, out);
      });
      return out;
    }
  }
  const auto directory = ordered_directory(keys, right, workers);
  RowNumbers out(left.size(), kNoRow);
  std::vector<int64_t> cursor(directory.starts.begin(),
                              directory.starts.end() - 1);  // first row not yet <= the last seen
  const auto moment = [&](int64_t place) -> const T& {
    return right[static_cast<size_t>(directory.order[static_cast<size_t>(place)])];
  };
  for (size_t i = 0; i < left.size(); ++i) {
    const uint32_t key = keys.left[i];
    if (key == kNoGroup) continue;
    const int64_t begin = directory.starts[key], end = directory.starts[key + 1];
    int64_t at = cursor[key];
    int64_t high = end;
    if (at > begin && left[i] < moment(at - 1)) {
      high = at;  // went back: search below
      at = begin;
    } else {  // gallop forward: O(1) when both sides are ordered
      for (int64_t step = 1; at < end && !(left[i] < moment(at)); step *= 2) {
        const int64_t next = std::min(at + step, end);
        if (next == end || left[i] < moment(next)) {
          high = next;
          ++at;
          break;
        }
        at = next;
        high = end;
      }
      if (at < end && left[i] < moment(at)) high = at;
    }
    while (at < high) {
      const int64_t middle = at + (high - at) / 2;
      if (left[i] < moment(middle))
        high = middle;
      else
        at = middle + 1;
    }
    cursor[key] = at;
    if (at > begin) out[i] = directory.order[static_cast<size_t>(at - 1)];
  }
  return out;
}

}  // namespace

MatchedKeys MatchedKeys::all_equal(size_t left, size_t right) {
  MatchedKeys out;
  out.left.assign(left, 0);
  out.hold_right(std::vector<uint32_t>(right, 0));
  out.count = 1;
  return out;
}

MatchedKeys match_keys(std::span<const KeyColumn> left, std::span<const KeyColumn> right, bool nulls_match) {
  CHECK(left.size() == right.size() && !left.empty());
  auto keys = match_one(left[0], right[0], nulls_match);
  for (size_t k = 1; k < left.size(); ++k) {
    const auto next = match_one(left[k], right[k], nulls_match);
    const auto l = paired(keys.left, next.left), r = paired(keys.right, next.right);
    keys = match_column<int64_t>(l, r, false);
  }
  return keys;
}

RowPairs join_rows(const MatchedKeys& keys, JoinKind kind, size_t pairs_max, bool* too_many) {
  const auto directory = gather_groups(keys.right, keys.count);
  const bool keep_left = kind != JoinKind::kInner;
  RowPairs pairs;
  *too_many = false;
  pairs.left.reserve(keys.left.size());
  pairs.right.reserve(keys.left.size());
  std::vector<bool> used(kind == JoinKind::kFull ? keys.count : 0);
  for (size_t i = 0; i < keys.left.size(); ++i) {
    const uint32_t key = keys.left[i];
    if (key == kNoGroup) {
      if (!keep_left) continue;
      pairs.left.push_back(static_cast<int64_t>(i));
      pairs.right.push_back(kNoRow);
      continue;
    }
    if (kind == JoinKind::kFull) used[key] = true;
    auto matches = directory.rows_of(key);
    if (kind == JoinKind::kLeftFirst) matches = matches.first(1);
    if (pairs.size() + matches.size() > pairs_max) {
      *too_many = true;
      return {};
    }
    pairs.left.insert(pairs.left.end(), matches.size(), static_cast<int64_t>(i));
    pairs.right.insert(pairs.right.end(), matches.begin(), matches.end());
  }
  if (kind == JoinKind::kFull) {
    for (size_t i = 0; i < keys.right.size(); ++i) {
      if (keys.right[i] != kNoGroup && used[keys.right[i]]) continue;
      pairs.left.push_back(kNoRow);
      pairs.right.push_back(static_cast<int64_t>(i));
    }
  }
  return pairs;
}

namespace {

/// Writes for each key whether it is `wanted`.
PELORUS_WIDE void compare_keys(const uint32_t* keys, size_t count, uint32_t wanted, int8_t* flags) {
  for (size_t i = 0; i < count; ++i) flags[i] = keys[i] == wanted;
}

/// The rows [from, to) for whose keys flag(keys, count, flags) writes 1.
template <class Flag>
RowNumbers rows_where(std::span<const uint32_t> keys, size_t from, size_t to, Flag&& flag) {
  constexpr size_t kAtOnce = 4096;
  std::array<int8_t, kAtOnce> flags;
  RowNumbers out;
  size_t count = 0;
  for (size_t row = from; row < to; row += kAtOnce) {
    const size_t rows = std::min(kAtOnce, to - row);
    flag(keys.data() + row, rows, flags.data());
    const size_t room = count + rows + kPickSpare;
    if (out.size() < room) out.resize(std::max(2 * out.size(), room));
    count += pick_rows(std::span(flags).first(rows), static_cast<int64_t>(row), out.data() + count);
  }
  out.resize(count);
  return out;
}

}  // namespace

namespace {

/// By the directory of the right side: each thread some of its parts.
GroupDirectory look_up_rows(const PartDirectory& directory, const std::vector<int8_t>& is_wanted, WorkerPool* workers) {
  std::vector<uint32_t> wanted;
  for (uint32_t key = 0; key < std::min(is_wanted.size(), directory.values()); ++key) {
    if (is_wanted[key] != 0) wanted.push_back(key);
  }
  const Stretches stretches(directory.parts() * kPartRows, workers);
  const auto parts_of = [&](size_t stretch) {
    const auto [from, to] = stretches.bounds(stretch);
    return std::pair(from / kPartRows, to / kPartRows);
  };
  std::vector<std::vector<int64_t>> next(stretches.count());  // by stretch and wanted key: first counts, then places
  stretches.each([&](size_t s, size_t, size_t) {
    next[s].resize(wanted.size());
    for (auto [part, end] = parts_of(s); part < end; ++part) {
      for (size_t k = 0; k < wanted.size(); ++k)
        next[s][k] += static_cast<int64_t>(directory.count_of(part, wanted[k]));
    }
  });
  GroupDirectory out;
  out.starts.assign(is_wanted.size() + 1, 0);
  for (size_t k = 0, key = 0; key < is_wanted.size(); ++key) {
    int64_t place = out.starts[key];
    if (k < wanted.size() && wanted[k] == key) {
      for (auto& own : next) place += std::exchange(own[k], place);
      ++k;
    }
    out.starts[key + 1] = place;
  }
  out.order.resize(static_cast<size_t>(out.starts.back()));
  stretches.each([&](size_t s, size_t, size_t) {
    for (auto [part, end] = parts_of(s); part < end; ++part) {
      const auto first = static_cast<int64_t>(part * kPartRows);
      for (size_t k = 0; k < wanted.size(); ++k) {
        const auto rows = directory.rows_of(part, wanted[k]);
        next[s][k] += static_cast<int64_t>(join_places({&rows, 1}, first, out.order.data() + next[s][k]));
      }
    }
  });
  return out;
}

}  // namespace

GroupDirectory wanted_rows(const MatchedKeys& keys, WorkerPool* workers) {
  std::vector<int8_t> is_wanted(keys.count);
  for (const auto key : keys.left) {
    if (key != kNoGroup) is_wanted[key] = 1;
  }
  if (keys.directory) return look_up_rows(*keys.directory, is_wanted, workers);
  const auto first = static_cast<uint32_t>(std::find(is_wanted.begin(), is_wanted.end(), 1) - is_wanted.begin());
  const bool is_one = std::count(is_wanted.begin(), is_wanted.end(), 1) == 1;
  const Stretches stretches(keys.right.size(), workers);
  std::vector<RowNumbers> rows(stretches.count());  // wanted ones
  stretches.each([&](size_t s, size_t from, size_t to) {
    rows[s] = rows_where(keys.right, from, to, [&](const uint32_t* own, size_t count, int8_t* flags) {
      if (is_one) return compare_keys(own, count, first, flags);
      for (size_t i = 0; i < count; ++i) flags[i] = own[i] != kNoGroup && is_wanted[own[i]] != 0;
    });
  });
  GroupDirectory out;
  out.starts.assign(keys.count + 1, 0);
  if (is_one) {
    for (const auto& own : rows) out.order.insert(out.order.end(), own.begin(), own.end());
    std::fill(out.starts.begin() + first + 1, out.starts.end(), static_cast<int64_t>(out.order.size()));
    return out;
  }
  for (const auto& own : rows) {
    for (const auto row : own) ++out.starts[keys.right[static_cast<size_t>(row)] + 1];
  }
  for (size_t key = 0; key < keys.count; ++key) out.starts[key + 1] += out.starts[key];
  std::vector<int64_t> next(out.starts.begin(), out.starts.end() - 1);
  out.order.resize(static_cast<size_t>(out.starts[keys.count]));
  for (const auto& own : rows) {
    for (const auto row : own) out.order[static_cast<size_t>(next[keys.right[static_cast<size_t>(row)]]++)] = row;
  }
  return out;
}

RowNumbers join_as_of(const MatchedKeys& keys, const KeyColumn& left_moments, const KeyColumn& right_moments,
                      WorkerPool* workers) {
  CHECK(left_moments.repr == right_moments.repr);
  return visit_key(left_moments.repr,
                   [&]<class T>() { return as_of<T>(keys, left_moments.as<T>(), right_moments.as<T>(), workers); });
}

}  // namespace pelorus::kernels
