#pragma once
// Numbers for groups while rows go by in parts: 0, 1, … in the order in which their keys are met.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "types/representation.h"

namespace pelorus::kernels {

/// Values of one key: whole numbers of 8 to 64 bits (nulls are values like others).
struct WholeKey {
  types::Repr repr = types::Repr::kI32;
  const void* values = nullptr;
};

/// The values of a key for neighbouring rows.
struct RowKey {
  WholeKey values;
  /// Where not empty: values[i] is that of all rows before ends[i] that ends[i - 1] leaves; the last end is that of the
  /// rows.
  std::span<const uint32_t> ends = {};
};

/// Neighbouring rows of one group.
struct GroupRun {
  uint32_t group;
  uint32_t begin, end;
};

/// Codes 0, 1, … for whole numbers. Neighbours that are equal cost a comparison, numbers close together a look into a
/// table, others a hash.
class ValueCodes {
 public:
  void code(const WholeKey& key, size_t rows, uint32_t* codes);
  const std::vector<int64_t>& values() const { return values_; }

 private:
  template <class T>
  void code_values(const T* values, size_t rows, uint32_t* codes);
  template <class T>
  void code_mixed(const T* values, size_t rows, uint32_t* codes);
  uint32_t code_of(int64_t value);
  bool widen(int64_t value);

  std::vector<int64_t> values_;  // by code
  std::vector<uint32_t> table_;  // by value - low_: code + 1; 0: none yet
  int64_t low_ = 0;
  boost::unordered_flat_map<int64_t, uint32_t> far_;
};

/// Codes 0, 1, … for pairs of codes: a page for each first one while the pages are not too many, then a hash.
class PairCodes {
 public:
  /// Writes over `first`. `seconds`: all second codes so far are below.
  void code(uint32_t* first, const uint32_t* second, size_t rows, size_t seconds);
  const std::vector<std::pair<uint32_t, uint32_t>>& pairs() const { return pairs_; }

 private:
  void code_run(uint32_t first, const uint32_t* second, size_t rows, size_t seconds, uint32_t* codes);
  void add_to_page(uint32_t* page, uint32_t first, std::span<const uint32_t> seconds, uint32_t* codes);
  void code_mixed(uint32_t* first, const uint32_t* second, size_t rows);
  uint32_t code_at(uint32_t* page, uint32_t first, uint32_t second);
  uint32_t* page_of(uint32_t first, size_t seconds);
  uint32_t code_of(uint32_t first, uint32_t second);
  void leave_pages();

  std::vector<std::pair<uint32_t, uint32_t>> pairs_;  // by code
  std::vector<std::vector<uint32_t>> pages_;          // code + 1; 0: none yet
  size_t paged_ = 0;                                  // entries in pages
  bool hashes_ = false;
  boost::unordered_flat_map<uint64_t, uint32_t> far_;
};

/// One thread. Keys that change rarely from row to row are looked at first, whatever their place; where all change
/// rarely, only rows that differ from the one before are looked at.
class GroupNumbers {
 public:
  /// `keys` > 0.
  explicit GroupNumbers(size_t keys) : codes_(keys), pairs_(keys - 1) {}

  void number(std::span<const RowKey> keys, size_t rows, uint32_t* numbers);
  /// Of the rows numbered last, if hardly any differed from the one before; otherwise empty.
  std::span<const GroupRun> runs() const { return runs_; }
  size_t count() const { return pairs_.empty() ? codes_[0].values().size() : pairs_.back().pairs().size(); }
  /// The different values of a key, by code; and the key's code by group.
  const std::vector<int64_t>& values(size_t key) const { return codes_[key].values(); }
  std::vector<uint32_t> codes(size_t key) const;

 private:
  void settle_order(std::span<const RowKey> keys, size_t rows);
  bool find_heads(std::span<const RowKey> keys, size_t rows);
  std::vector<RowKey> keys_of_heads(std::span<const RowKey> keys);
  void number_each(std::span<const RowKey> keys, size_t rows, uint32_t* numbers);
  void code(size_t key, const RowKey& values, size_t rows, uint32_t* codes);

  std::vector<ValueCodes> codes_;  // by key
  std::vector<PairCodes> pairs_;   // the first two keys of order_, that and the third …
  std::vector<size_t> order_;      // keys as they are looked at; settled by the first rows
  std::vector<uint32_t> second_, run_codes_;
  // Of the rows numbered last: those that differ from the one before.
  std::vector<int8_t> changes_;  // by row
  Buffer<int64_t> heads_;
  std::vector<Buffer<int64_t>> head_values_;  // by key
  std::vector<uint32_t> head_numbers_;
  std::vector<GroupRun> runs_;
};

}  // namespace pelorus::kernels
