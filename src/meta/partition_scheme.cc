#include "meta/partition_scheme.h"

#include <algorithm>
#include <charconv>

#include "types/format_value.h"
#include "types/parse_value.h"
#include "types/temporal.h"

namespace pelorus::meta {
namespace {

using types::Scalar;
using types::Type;

constexpr std::string_view kNames[] = {"SEQ", "VALUE", "RANGE", "LIST", "COMPO", "HASH"};

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

bool is_bytes16(Type type) { return types::repr_of(type) == types::Repr::kB16; }
bool is_whole(Type type) { return types::is_integral(type) || types::is_temporal(type) || type == Type::kBool; }

bool may_partition(PartitionType by, Type type) {
  if (types::is_literal(type)) return true;
  if (is_bytes16(type)) {
    return (by == PartitionType::kHash || by == PartitionType::kValue) && type != Type::kComplex &&
           type != Type::kPoint;
  }
  return is_whole(type);
}

Status check_values(const PartitionLevel& level, const std::vector<Scalar>& values) {
  for (const auto& value : values) {
    if (value.is_null()) return invalid("A partition scheme can't contain null.");
    if (value.type() != level.value_type && !(value.is_text() && types::is_literal(level.value_type))) {
      return invalid("A partition scheme's values must have one type: " +
                     std::string(types::name_of(level.value_type)));
    }
  }
  return {};
}

Status check_level(const PartitionLevel& level) {
  if (level.type == PartitionType::kCompo || level.type == PartitionType::kSeq) {
    return invalid("A stored database is partitioned by VALUE, RANGE, LIST, HASH or COMPO of these.");
  }
  if (!may_partition(level.type, level.value_type)) {
    return invalid("Values of this type can't partition a database: " + std::string(types::name_of(level.value_type)));
  }
  TRY_DONE(check_values(level, level.values));
  switch (level.type) {
    case PartitionType::kValue: {
      auto sorted = level.values;
      std::sort(sorted.begin(), sorted.end(),
                [](const Scalar& l, const Scalar& r) { return types::compare(l, r) < 0; });
      if (sorted.empty()) return invalid("A VALUE scheme needs at least one value.");
      if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        return invalid("The values of a VALUE scheme must be distinct.");
      }
      return {};
    }
    case PartitionType::kRange:
      if (level.values.size() < 2) return invalid("A RANGE scheme needs at least two boundaries.");
      for (size_t i = 1; i < level.values.size(); ++i) {
        if (types::compare(level.values[i - 1], level.values[i]) >= 0) {
          return invalid("The boundaries of a RANGE scheme must increase.");
        }
      }
      return {};
    case PartitionType::kList:
      if (level.lists.empty()) return invalid("A LIST scheme needs at least one list.");
      for (const auto& list : level.lists) TRY_DONE(check_values(level, list));
      return {};
    default:
      if (level.buckets < 1 || level.buckets > kBucketsMax) {
        return invalid("The number of HASH partitions must be between 1 and " + std::to_string(kBucketsMax) + ": " +
                       std::to_string(level.buckets));
      }
      return {};
  }
}

/// A column's value in the type of the scheme; truncates times to the scheme's unit.
int64_t to_scheme_unit(int64_t value, Type column_type, Type scheme_type) {
  if (column_type == scheme_type || !types::is_temporal(column_type) || !types::is_temporal(scheme_type)) return value;
  return types::convert_temporal(value, column_type, scheme_type);
}

Scalar to_scheme(const Scalar& value, Type scheme_type) {
  if (!is_whole(value.type()) || !is_whole(scheme_type)) return value;
  const auto whole = to_scheme_unit(value.as_int64(), value.type(), scheme_type);
  return types::visit_fixed(types::repr_of(scheme_type), [&]<class T>() -> Scalar {
    if constexpr (std::is_integral_v<T>) {
      if (whole == types::kNull<int64_t>) return Scalar::null_of(scheme_type);
      if (std::in_range<T>(whole)) return Scalar::of<T>(scheme_type, static_cast<T>(whole));
    }
    return Scalar::of_long(whole);  // outside the scheme's type: compares by value, equals nothing
  });
}

std::string part_text(const Scalar& value) {
  const auto text = types::format_value(value);
  std::string out;
  for (const char c : text) {
    if (types::is_temporal(value.type()) && (c == '.' || c == ':' || c == 'T')) continue;
    const auto code = static_cast<unsigned char>(c);
    if (c == '/' || c == '%' || code < 0x20) {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += '%';
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Puts back the separators that part_text dropped.
std::string with_separators(std::string_view digits, Type type) {
  std::string_view pattern;
  switch (type) {
    case Type::kDate: pattern = "####.##.##"; break;
    case Type::kMonth: pattern = "####.##M"; break;
    case Type::kDatehour: pattern = "####.##.##T##"; break;
    case Type::kDateminute: pattern = "####.##.##T##:##"; break;
    case Type::kDatetime: pattern = "####.##.##T##:##:##"; break;
    case Type::kTimestamp: pattern = "####.##.##T##:##:##.###"; break;
    case Type::kMinute: pattern = "##:##m"; break;
    case Type::kSecond: pattern = "##:##:##"; break;
    case Type::kTime: pattern = "##:##:##.###"; break;
    default: return std::string(digits);
  }
  std::string out;
  size_t at = 0;
  for (const char c : pattern) {
    if (c == '.' || c == ':' || c == 'T') {
      out += c;
    } else if (at < digits.size()) {
      out += digits[at++];
    }
  }
  return at == digits.size() ? out : std::string(digits);
}

std::string range_text(const PartitionLevel& level, size_t i) {
  return part_text(level.values[i]) + "_" + part_text(level.values[i + 1]);
}

/// Index of the range whose lower boundary is `low`; nothing when there is none.
std::optional<size_t> range_from(const PartitionLevel& level, const Scalar& low) {
  const auto found = std::lower_bound(level.values.begin(), level.values.end(), low,
                                      [](const Scalar& l, const Scalar& r) { return types::compare(l, r) < 0; });
  if (found == level.values.end() || found + 1 == level.values.end() || types::compare(*found, low) != 0) return {};
  return static_cast<size_t>(found - level.values.begin());
}

std::string level_text(const PartitionLevel& level, const Scalar& part) {
  switch (level.type) {
    case PartitionType::kValue: return part_text(part);
    case PartitionType::kRange: {
      const auto range = range_from(level, part);
      return range ? range_text(level, *range) : part_text(part) + "_";
    }
    case PartitionType::kList: return "List" + std::to_string(part.as_int64());
    default: return "Key" + std::to_string(part.as_int64());
  }
}

Result<Scalar> parse_level(const PartitionLevel& level, std::string_view text) {
  const auto unknown = [&] { return Error{ErrorCode::kNotFound, "There is no such partition: " + std::string(text)}; };
  if (level.type == PartitionType::kValue) {
    for (const auto& value : level.values) {
      if (part_text(value) == text) return value;
    }
    if (types::is_literal(level.value_type)) return Scalar::of_text(level.value_type, unescape(text));
    const auto value = types::parse_value(with_separators(text, level.value_type), level.value_type);
    if (value.is_null()) return unknown();
    return value;
  }
  if (level.type == PartitionType::kRange) {
    for (size_t i = 0; i + 1 < level.values.size(); ++i) {
      if (range_text(level, i) == text) return level.values[i];
    }
    return unknown();
  }
  const std::string_view word = level.type == PartitionType::kList ? "List" : "Key";
  const auto count = level.type == PartitionType::kList ? static_cast<int32_t>(level.lists.size()) : level.buckets;
  int32_t index = -1;
  if (!text.starts_with(word)) return unknown();
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + word.size(), end, index);
  if (read.ec != std::errc() || read.ptr != end || index < 0 || index >= count) return unknown();
  return Scalar::of_int(index);
}

}  // namespace

std::string_view name_of(PartitionType type) { return kNames[static_cast<size_t>(type)]; }

std::optional<PartitionType> parse_partition_type(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == upper) return static_cast<PartitionType>(i);
  }
  return {};
}

PartitionType PartitionScheme::type() const {
  if (levels.empty()) return PartitionType::kSeq;
  return levels.size() > 1 ? PartitionType::kCompo : levels[0].type;
}

Status check(const PartitionScheme& scheme) {
  if (scheme.levels.empty() || scheme.levels.size() > kPartitionLevelsMax) {
    return invalid("A database has one to three levels of partitions: " + std::to_string(scheme.levels.size()));
  }
  for (const auto& level : scheme.levels) TRY_DONE(check_level(level));
  return {};
}

Status check_column(const PartitionLevel& level, Type column_type, std::string_view column_name) {
  const auto scheme_type = level.value_type;
  const bool same = column_type == scheme_type || (types::is_literal(column_type) && types::is_literal(scheme_type)) ||
                    (types::is_integral(column_type) && types::is_integral(scheme_type));
  if (same) return {};
  if (types::is_temporal(column_type) && types::is_temporal(scheme_type)) {
    const auto column_units = types::units_per_day(column_type);
    const auto scheme_units = types::units_per_day(scheme_type);
    const bool convertible = types::is_time_of_day(scheme_type) || !types::is_time_of_day(column_type);
    if (column_type != Type::kMonth && convertible && column_units >= scheme_units) return {};
  }
  return invalid("The column [" + std::string(column_name) + "] of type " + std::string(types::name_of(column_type)) +
                 " can't be partitioned by a scheme of " + std::string(types::name_of(scheme_type)) + ".");
}

bool PartitionKey::operator<(const PartitionKey& other) const {
  return std::lexicographical_compare(parts.begin(), parts.end(), other.parts.begin(), other.parts.end(),
                                      [](const Scalar& l, const Scalar& r) { return types::compare(l, r) < 0; });
}

bool PartitionKey::is_below(const PartitionKey& prefix) const {
  return prefix.parts.size() <= parts.size() && std::equal(prefix.parts.begin(), prefix.parts.end(), parts.begin());
}

std::string path_of(const PartitionScheme& scheme, const PartitionKey& key) {
  std::string path;
  for (size_t i = 0; i < key.parts.size() && i < scheme.levels.size(); ++i) {
    path += '/';
    path += level_text(scheme.levels[i], key.parts[i]);
  }
  return path;
}

Result<PartitionKey> parse_path(const PartitionScheme& scheme, std::string_view path) {
  PartitionKey key;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    if (key.parts.size() == scheme.levels.size())
      return invalid("The partition path is too deep: " + std::string(path));
    const auto slash = std::min(path.find('/'), path.size());
    TRY(auto part, parse_level(scheme.levels[key.parts.size()], path.substr(0, slash)));
    key.parts.push_back(std::move(part));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (key.parts.empty()) return invalid("The partition path is empty.");
  return key;
}

Result<PartitionKey> locate(const PartitionScheme& scheme, const std::vector<Scalar>& values) {
  if (values.size() != scheme.levels.size()) {
    return invalid("A partition is named by " + std::to_string(scheme.levels.size()) + " value(s), not " +
                   std::to_string(values.size()) + ".");
  }
  PartitionKey key;
  for (size_t i = 0; i < values.size(); ++i) {
    TRY_DONE(check_column(scheme.levels[i], values[i].type(), "value"));
    LevelLocator locator(scheme.levels[i], values[i].type());
    const auto ordinal = locator.find(values[i]);
    if (ordinal < 0) return invalid("The value is outside the partition scheme: " + types::format_value(values[i]));
    key.parts.push_back(locator.part(ordinal));
  }
  return key;
}

namespace {

bool is_value(const std::vector<Scalar>& values, const Scalar& part) {
  // They ascend but for some that were added out of turn: what a search among ordered values finds is there.
  const auto above = std::partition_point(values.begin(), values.end(),
                                          [&](const Scalar& value) { return types::compare(value, part) < 0; });
  if (above != values.end() && *above == part) return true;
  return std::find(values.begin(), values.end(), part) != values.end();
}

}  // namespace

bool is_in_scheme(const PartitionLevel& level, const Scalar& part) {
  switch (level.type) {
    case PartitionType::kValue: return is_value(level.values, part);
    case PartitionType::kRange: return range_from(level, part).has_value();
    case PartitionType::kList:
      return part.type() == Type::kInt && part.as_int64() >= 0 &&
             part.as_int64() < static_cast<int64_t>(level.lists.size());
    default: return part.type() == Type::kInt && part.as_int64() >= 0 && part.as_int64() < level.buckets;
  }
}

std::vector<Scalar> parts_of(const PartitionLevel& level) {
  std::vector<Scalar> parts;
  switch (level.type) {
    case PartitionType::kValue: return level.values;
    case PartitionType::kRange:
      if (!level.values.empty()) parts.assign(level.values.begin(), level.values.end() - 1);
      return parts;
    default: {
      const auto count = level.type == PartitionType::kList ? static_cast<int32_t>(level.lists.size()) : level.buckets;
      for (int32_t i = 0; i < count; ++i) parts.push_back(Scalar::of_int(i));
      return parts;
    }
  }
}

bool add_missing_values(PartitionScheme& scheme, const PartitionKey& key) {
  bool added = false;
  for (size_t i = 0; i < key.parts.size() && i < scheme.levels.size(); ++i) {
    auto& level = scheme.levels[i];
    if (level.type != PartitionType::kValue || is_in_scheme(level, key.parts[i])) continue;
    level.values.push_back(key.parts[i]);
    added = true;
  }
  return added;
}

bool may_contain(const PartitionLevel& level, const Scalar& part, const Interval& interval) {
  std::optional<Scalar> low, high;
  if (interval.low) low = to_scheme(*interval.low, level.value_type);
  if (interval.high) high = to_scheme(*interval.high, level.value_type);
  const auto inside = [&](const Scalar& value) {
    return (!low || types::compare(*low, value) <= 0) && (!high || types::compare(value, *high) <= 0);
  };
  switch (level.type) {
    case PartitionType::kValue: return inside(part);
    case PartitionType::kRange: {
      const auto range = range_from(level, part);
      if (!range) return true;
      return (!high || types::compare(part, *high) <= 0) &&
             (!low || types::compare(*low, level.values[*range + 1]) < 0);
    }
    case PartitionType::kList: {
      const auto index = static_cast<size_t>(part.as_int64());
      if (index >= level.lists.size()) return true;
      return std::any_of(level.lists[index].begin(), level.lists[index].end(), inside);
    }
    default: {
      if (!low || !high || types::compare(*low, *high) != 0) return true;
      LevelLocator locator(level, low->type());
      const auto ordinal = locator.find(*low);
      return ordinal < 0 || locator.part(ordinal) == part;
    }
  }
}

int32_t bucket_of_integer(int64_t value, Type type, int32_t buckets) {
  if (value == types::kNull<int64_t>) return -1;
  const auto wide = types::repr_of(type) == types::Repr::kI64;
  const auto whole = wide ? static_cast<uint64_t>(value) : static_cast<uint64_t>(static_cast<uint32_t>(value));
  return static_cast<int32_t>(whole % static_cast<uint64_t>(buckets));
}

// MurmurHash2, 32 bits, seed 0: the constants are the algorithm's own.
int32_t bucket_of_bytes(std::string_view bytes, int32_t buckets) {
  constexpr uint32_t kMultiplier = 0x5BD1E995;
  constexpr int kShift = 24;
  auto hash = static_cast<uint32_t>(bytes.size());
  while (bytes.size() >= 4) {
    uint32_t block;
    std::memcpy(&block, bytes.data(), sizeof block);
    block *= kMultiplier;
    block ^= block >> kShift;
    hash = (hash * kMultiplier) ^ (block * kMultiplier);
    bytes.remove_prefix(4);
  }
  if (!bytes.empty()) {
    for (size_t i = bytes.size(); i-- > 0;) hash ^= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash % static_cast<uint32_t>(buckets));
}

LevelLocator::LevelLocator(const PartitionLevel& level, Type column_type)
    : level_(level), column_type_(column_type), parts_(parts_of(level)), scheme_parts_(parts_.size()) {
  const auto remember = [&](const Scalar& value, size_t ordinal) {
    const auto position = static_cast<int32_t>(ordinal);
    if (value.is_text()) {
      texts_.emplace(value.text(), position);
    } else if (is_bytes16(value.type())) {
      const auto raw = value.get<types::Bytes16>();
      texts_.emplace(std::string(reinterpret_cast<const char*>(raw.bytes.data()), raw.bytes.size()), position);
    } else {
      integers_.emplace(value.as_int64(), position);
    }
  };
  if (level_.type == PartitionType::kValue) {
    for (size_t i = 0; i < level_.values.size(); ++i) remember(level_.values[i], i);
  } else if (level_.type == PartitionType::kList) {
    for (size_t i = 0; i < level_.lists.size(); ++i) {
      for (const auto& value : level_.lists[i]) remember(value, i);
    }
  } else if (level_.type == PartitionType::kRange && is_whole(level_.value_type)) {
    for (const auto& value : level_.values) integer_boundaries_.push_back(value.as_int64());
  }
}

int32_t LevelLocator::add(Scalar part) {
  parts_.push_back(std::move(part));
  return static_cast<int32_t>(parts_.size() - 1);
}

int32_t LevelLocator::find_integer(int64_t value) {
  if (value == types::kNull<int64_t>) return -1;
  if (value >= same_from_ && value <= same_to_) return last_ordinal_;
  const auto converted = to_scheme_unit(value, column_type_, level_.value_type);
  if (converted == last_value_ && last_ordinal_ != -2) {
    widen(value);
    return last_ordinal_;
  }
  last_value_ = converted;
  same_from_ = same_to_ = value;
  return last_ordinal_ = find_converted(converted);
}

void LevelLocator::widen(int64_t value) {
  // A time of day is the same on many days; all other conversions keep the order, so what lies between two values of
  // one part is of that part too.
  if (types::is_time_of_day(level_.value_type)) return;
  same_from_ = std::min(same_from_, value);
  same_to_ = std::max(same_to_, value);
  // Ascending values would widen it one by one: look as far ahead again.
  int64_t ahead = 0;
  const bool exists = !__builtin_add_overflow(same_to_, same_to_ - same_from_, &ahead);
  if (exists && to_scheme_unit(ahead, column_type_, level_.value_type) == last_value_) same_to_ = ahead;
}

int32_t LevelLocator::find_converted(int64_t value) {
  if (level_.type == PartitionType::kHash) return bucket_of_integer(value, level_.value_type, level_.buckets);
  if (level_.type == PartitionType::kRange) {
    const auto above = std::upper_bound(integer_boundaries_.begin(), integer_boundaries_.end(), value);
    if (above == integer_boundaries_.begin() || above == integer_boundaries_.end()) return -1;
    return static_cast<int32_t>(above - integer_boundaries_.begin() - 1);
  }
  const auto found = integers_.find(value);
  if (found != integers_.end()) return found->second;
  if (level_.type != PartitionType::kValue) return -1;
  auto part = to_scheme(types::Scalar::of_long(value), level_.value_type);
  if (part.is_null() || part.type() != level_.value_type) return -1;
  return integers_[value] = add(std::move(part));
}

int32_t LevelLocator::find_text(std::string_view value) {
  if (value.empty()) return -1;
  if (level_.type == PartitionType::kHash) return bucket_of_bytes(value, level_.buckets);
  if (level_.type == PartitionType::kRange) {
    const auto above = std::upper_bound(level_.values.begin(), level_.values.end(), value,
                                        [](std::string_view l, const Scalar& r) { return l < r.text(); });
    if (above == level_.values.begin() || above == level_.values.end()) return -1;
    return static_cast<int32_t>(above - level_.values.begin() - 1);
  }
  std::string text(value);
  const auto found = texts_.find(text);
  if (found != texts_.end()) return found->second;
  if (level_.type != PartitionType::kValue) return -1;
  const auto ordinal = add(Scalar::of_text(level_.value_type, text));
  texts_.emplace(std::move(text), ordinal);
  return ordinal;
}

int32_t LevelLocator::find_bytes(const types::Bytes16& value) {
  if (value == types::Bytes16{}) return -1;
  std::string raw(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  if (level_.type == PartitionType::kHash) return bucket_of_bytes(raw, level_.buckets);
  const auto found = texts_.find(raw);
  if (found != texts_.end()) return found->second;
  if (level_.type != PartitionType::kValue) return -1;
  const auto ordinal = add(Scalar::of<types::Bytes16>(level_.value_type, value));
  texts_.emplace(std::move(raw), ordinal);
  return ordinal;
}

int32_t LevelLocator::find(const Scalar& value) {
  if (value.is_null()) return -1;
  if (value.is_text()) return find_text(value.text());
  if (is_bytes16(value.type())) return find_bytes(value.get<types::Bytes16>());
  return find_integer(value.as_int64());
}

}  // namespace pelorus::meta
