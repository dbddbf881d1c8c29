#pragma once
// Pair, matrix, set, dictionary: vectors with a shape around them.

#include <optional>
#include <string>
#include <unordered_map>

#include "data/vector.h"

namespace pelorus::data {

/// a:b — two elements of one type.
struct Pair {
  Vector elements;  // size 2
};

/// Column-major. `values.size() == rows * columns`.
struct Matrix {
  Vector values;
  size_t rows = 0;
  size_t columns = 0;
  std::optional<Shared<Vector>> row_labels;     // size rows
  std::optional<Shared<Vector>> column_labels;  // size columns
  bool is_indexed_series = false;               // one labelled column that aligns by label
  bool is_indexed_matrix = false;

  Vector column(size_t c) const { return values.slice(c * rows, rows); }
};

/// Position of each element of a growing list of scalars. Nulls are ordinary keys; SYMBOL and STRING are one.
class KeyIndex {
 public:
  /// -1 when absent.
  int64_t find(const Scalar& key) const {
    const auto found = positions_.find(key);
    return found == positions_.end() ? -1 : found->second;
  }
  /// True when the key was new.
  bool add(const Scalar& key, int64_t position) { return positions_.emplace(key, position).second; }
  void clear() { positions_.clear(); }
  size_t size() const { return positions_.size(); }

 private:
  std::unordered_map<Scalar, int64_t, types::ScalarHash> positions_;
};

/// Distinct elements in the order they came.
class Set {
 public:
  explicit Set(Type type = Type::kAny) : elements_(type) {}
  explicit Set(const Vector& elements);  // duplicates are dropped

  Type type() const { return elements_.type(); }
  size_t size() const { return elements_.size(); }
  const Vector& elements() const { return elements_; }
  bool contains(const Scalar& key) const { return index_.find(key) >= 0; }
  /// Key already of type(); false when it was there.
  bool insert(const Scalar& key);
  /// False when it was not there. Cost: O(n).
  bool erase(const Scalar& key);

 private:
  Vector elements_;
  KeyIndex index_;
};

/// Keys are scalars of one type (or any, when keys().type() is ANY); values a vector or a tuple of equal length.
/// Order of insertion is kept; `ordered` says whether it is part of the meaning (printing, arithmetic).
class Dictionary {
 public:
  Dictionary() : Dictionary(Type::kString, Type::kAny) {}
  Dictionary(Type key_type, Type value_type, bool ordered = false, int value_scale = 0);
  /// Later duplicates win. Sizes must be equal (checked).
  Dictionary(const Vector& keys, Vector values, bool ordered = false);

  const Vector& keys() const { return keys_; }
  const Vector& values() const { return values_; }
  bool ordered() const { return ordered_; }
  size_t size() const { return keys_.size(); }
  Type key_type() const { return keys_.type(); }
  Type value_type() const { return values_.type(); }

  int64_t find(const Scalar& key) const { return index_.find(key); }
  /// Null of value_type() (VOID for ANY) when absent.
  Value get(const Scalar& key) const;
  /// By a string key: the usual case of descriptors.
  Value get(std::string_view key) const;
  /// Inserts or overwrites, converting to the key and value types. False when `value` cannot be converted.
  bool set(const Scalar& key, const Value& value);
  bool erase(const Scalar& key);  // O(n)
  void clear();

 private:
  Vector keys_;
  Vector values_;
  KeyIndex index_;
  bool ordered_ = false;
};

}  // namespace pelorus::data
