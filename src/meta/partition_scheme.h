#pragma once
// How the rows of a database's tables fall into partitions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "types/scalar.h"

namespace pelorus::meta {

/// Numbers as clients see them in schema().
enum class PartitionType : uint8_t { kSeq = 0, kValue = 1, kRange = 2, kList = 3, kCompo = 4, kHash = 5 };

inline constexpr int kPartitionLevelsMax = 3;
inline constexpr int32_t kBucketsMax = 1 << 20;

/// "VALUE", "RANGE" …
std::string_view name_of(PartitionType type);
/// By name in any case; nothing when there is no such type.
std::optional<PartitionType> parse_partition_type(std::string_view name);

/// One dimension of a scheme: VALUE, RANGE, LIST, HASH or SEQ.
struct PartitionLevel {
  PartitionType type = PartitionType::kValue;
  types::Type value_type = types::Type::kVoid;    // of all scalars below; HASH: of the hashed values
  std::vector<types::Scalar> values;              // VALUE: distinct values; RANGE: n+1 increasing boundaries
  std::vector<std::vector<types::Scalar>> lists;  // LIST
  int32_t buckets = 0;                            // HASH, SEQ

  bool operator==(const PartitionLevel&) const = default;
  template <class A>
  void fields(A& a) {
    a(type, value_type, values, lists, buckets);
  }
};

/// One to three levels; more than one is COMPO.
struct PartitionScheme {
  std::vector<PartitionLevel> levels;

  /// Of the whole: kCompo when there are several levels. kSeq when there is none.
  PartitionType type() const;
  bool operator==(const PartitionScheme&) const = default;
  template <class A>
  void fields(A& a) {
    a(levels);
  }
};

/// kInvalid with the reason: no level, unsorted or repeated values, nulls, bucket count, type that cannot partition.
Status check(const PartitionScheme& scheme);
/// kInvalid unless a column of `column_type` can be split by `level`: same type, both text, both integral, or a
/// temporal column at least as fine as the scheme's.
Status check_column(const PartitionLevel& level, types::Type column_type, std::string_view column_name);

/// Names one partition, one part a level. VALUE: the value; RANGE: the lower boundary; HASH, SEQ: INT bucket; LIST: INT
/// index of the list. Stays valid when values or ranges are added to the scheme. A dimension table's only chunk has no
/// parts. A shorter key than the scheme has levels names all partitions below it.
struct PartitionKey {
  std::vector<types::Scalar> parts;

  bool operator==(const PartitionKey&) const = default;
  bool operator<(const PartitionKey& other) const;
  /// True when this key begins with all parts of `prefix`.
  bool is_below(const PartitionKey& prefix) const;
  template <class A>
  void fields(A& a) {
    a(parts);
  }
};

/// As users see it: "/20200101/Key3", "/0_50", "/List0"; "" for a dimension table. Temporal values lose their
/// separators; '/', '%' and control characters in text become %XX.
std::string path_of(const PartitionScheme& scheme, const PartitionKey& key);
/// Reads path_of's form; a leading slash may be missing, fewer levels give a shorter key. VALUE parts need not be in
/// the scheme. kNotFound for a range, list or bucket that the scheme lacks, kInvalid for nonsense.
Result<PartitionKey> parse_path(const PartitionScheme& scheme, std::string_view path);

/// The partition of a row given the values of its partition columns, one a level. New VALUE partitions are allowed.
/// kInvalid naming the value when it is null or outside the ranges or lists, or when there are not as many values as
/// levels.
Result<PartitionKey> locate(const PartitionScheme& scheme, const std::vector<types::Scalar>& values);

/// True when `part` of `level` exists in the scheme itself; false for VALUE parts that a write would add.
bool is_in_scheme(const PartitionLevel& level, const types::Scalar& part);
/// All parts of a level in order (VALUE, RANGE, LIST, HASH).
std::vector<types::Scalar> parts_of(const PartitionLevel& level);
/// Adds the VALUE parts of `key` that the scheme lacks; true when there were any.
bool add_missing_values(PartitionScheme& scheme, const PartitionKey& key);

/// A closed interval of column values; an absent end is open.
struct Interval {
  std::optional<types::Scalar> low;
  std::optional<types::Scalar> high;
};
/// False only when no row with its column value inside `interval` can be in `part`. For pruning.
bool may_contain(const PartitionLevel& level, const types::Scalar& part, const Interval& interval);

/// Bucket of a value as clients compute it (docs/protocol/native.md, partition hash); -1 for null.
int32_t bucket_of_integer(int64_t value, types::Type type, int32_t buckets);
int32_t bucket_of_bytes(std::string_view bytes, int32_t buckets);

/// Splits a column: gives each row the ordinal of its part. Ordinals are dense and private to the locator; values new
/// to a VALUE level get the next one. Not thread-safe: one locator a split.
class LevelLocator {
 public:
  /// check_column() must hold.
  LevelLocator(const PartitionLevel& level, types::Type column_type);

  /// For BOOL, integral and temporal columns, the value widened (null: kNull<int64_t>). -1: no partition takes it.
  int32_t find_integer(int64_t value);
  /// Whether all values from `low` to `high` are known to be of the part that find_integer() gave last.
  bool is_of_last_part(int64_t low, int64_t high) const { return low >= same_from_ && high <= same_to_; }
  /// For text columns.
  int32_t find_text(std::string_view value);
  /// For UUID, IPADDR, INT128 columns (HASH and VALUE).
  int32_t find_bytes(const types::Bytes16& value);
  /// For any.
  int32_t find(const types::Scalar& value);

  const types::Scalar& part(int32_t ordinal) const { return parts_[static_cast<size_t>(ordinal)]; }
  size_t part_count() const { return parts_.size(); }
  /// False for ordinals that this locator added to a VALUE level.
  bool is_in_scheme(int32_t ordinal) const { return static_cast<size_t>(ordinal) < scheme_parts_; }

 private:
  int32_t find_converted(int64_t value);
  /// `value` is of last_ordinal_ too.
  void widen(int64_t value);
  int32_t add(types::Scalar part);

  const PartitionLevel level_;
  const types::Type column_type_;
  std::vector<types::Scalar> parts_;
  size_t scheme_parts_ = 0;
  std::vector<int64_t> integer_boundaries_;         // RANGE
  std::unordered_map<int64_t, int32_t> integers_;   // VALUE, LIST
  std::unordered_map<std::string, int32_t> texts_;  // VALUE, LIST; 16-byte values by their bytes
  int64_t last_value_ = 0;
  int32_t last_ordinal_ = -2;  // -2: nothing remembered
  int64_t same_from_ = 1;      // values from here to same_to_ are of last_ordinal_
  int64_t same_to_ = 0;
};

}  // namespace pelorus::meta
