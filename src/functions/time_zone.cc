#include "functions/time_zone.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace pelorus::functions {
namespace {

/// A big-endian signed number of `bytes` bytes at `at`; the caller has checked the length.
int64_t number_at(const std::string& data, size_t at, size_t bytes) {
  uint64_t value = static_cast<unsigned char>(data[at]) >= 128 ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(data[at + i]);
  return static_cast<int64_t>(value);
}

constexpr size_t kHeaderBytes = 44;

/// The six counters of a header.
struct Counts {
  size_t utc_flags, standard_flags, leaps, changes, kinds, name_bytes;
};
std::optional<Counts> counts_at(const std::string& data, size_t at) {
  if (data.size() < at + kHeaderBytes || data.compare(at, 4, "TZif") != 0) return std::nullopt;
  const auto field = [&](size_t i) { return static_cast<size_t>(number_at(data, at + 20 + i * 4, 4)); };
  const Counts counts{field(0), field(1), field(2), field(3), field(4), field(5)};
  const size_t largest = std::max(
      {counts.utc_flags, counts.standard_flags, counts.leaps, counts.changes, counts.kinds, counts.name_bytes});
  if (largest > data.size()) return std::nullopt;
  return counts;
}
size_t body_bytes(const Counts& c, size_t time_bytes) {
  return c.changes * (time_bytes + 1) + c.kinds * 6 + c.name_bytes + c.leaps * (time_bytes + 4) + c.standard_flags +
         c.utc_flags;
}

bool is_zone_name(const std::string& name) {
  return !name.empty() && name[0] != '/' && name.find("..") == std::string::npos &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
         });
}

}  // namespace

std::optional<TimeZone> TimeZone::load(const std::string& name) {
  if (!is_zone_name(name)) return std::nullopt;
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  size_t at = 0, time_bytes = 4;
  auto counts = counts_at(data, 0);
  if (!counts) return std::nullopt;
  if (data[4] >= '2') {  // a second body with 8-byte times follows
    at = kHeaderBytes + body_bytes(*counts, 4);
    time_bytes = 8;
    counts = counts_at(data, at);
    if (!counts) return std::nullopt;
  }
  at += kHeaderBytes;
  if (data.size() < at + body_bytes(*counts, time_bytes) || counts->kinds == 0) return std::nullopt;
  const size_t kind_of_change = at + counts->changes * time_bytes, kinds = kind_of_change + counts->changes;
  TimeZone zone;
  zone.first_offset_ = number_at(data, kinds, 4);
  for (size_t i = 0; i < counts->changes; ++i) {
    const auto kind = static_cast<unsigned char>(data[kind_of_change + i]);
    if (kind >= counts->kinds) return std::nullopt;
    zone.changes_.push_back(
        {number_at(data, at + i * time_bytes, time_bytes), number_at(data, kinds + kind * size_t{6}, 4)});
  }
  return zone;
}

int64_t TimeZone::offset_at_utc(int64_t utc_seconds) const {
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), utc_seconds,
                                     [](int64_t moment, const Change& change) { return moment < change.utc_seconds; });
  return next == changes_.begin() ? first_offset_ : std::prev(next)->offset;
}

int64_t TimeZone::offset_at_local(int64_t local_seconds) const {
  // The offset in force a day before decides which of two readings comes first.
  constexpr int64_t kDay = 86400;
  const int64_t earlier = offset_at_utc(local_seconds - kDay);
  if (offset_at_utc(local_seconds - earlier) == earlier) return earlier;
  return offset_at_utc(local_seconds - earlier);
}

}  // namespace pelorus::functions
