#pragma once
// What is known about one setting: a row of settings_table.h.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pelorus::config {

enum class SettingType : uint8_t {
  kBool,  // true/false, 1/0
  kInt,
  kFloat,
  kString,
  kPath,
  kList,      // comma-separated
  kPathList,  // comma-separated absolute paths
  kSite,      // host:port:alias
  kSiteList,  // comma-separated host:port:alias:type
};

/// Who reads a setting, as bits.
using Readers = uint8_t;
inline constexpr Readers kSingle = 1, kController = 2, kAgent = 4, kDataNode = 8, kComputeNode = 16;
inline constexpr Readers kCommandLine = 32;  // a flag only, never in a file
inline constexpr Readers kAll = kSingle | kController | kAgent | kDataNode | kComputeNode;
inline constexpr Readers kData = kSingle | kDataNode;                    // holds chunks
inline constexpr Readers kWorkers = kSingle | kDataNode | kComputeNode;  // runs queries

struct Setting {
  std::string_view name;
  SettingType type = SettingType::kString;
  /// Text as in a file. `@x`: the value of setting x. <home>, <node> (the node's own directory) and <cores> are
  /// filled in at start. Empty: nothing set; the document line says what that means.
  std::string_view default_text;
  std::string_view unit;  // "GB", "ms", …
  Readers readers = kAll;
  std::string_view doc;
  double least = -1e18;
  double most = 1e18;
  std::string_view choices = {};  // "a|b|c"; case does not matter
  bool changes_online = false;    // setDynamicConfig may change it
  bool deprecated = false;        // parsed and ignored
  bool is_secret = false;         // shown to administrators only, never in reports

  constexpr Setting range(double from, double to) const {
    auto copy = *this;
    copy.least = from;
    copy.most = to;
    return copy;
  }
  constexpr Setting from(double least_value) const { return range(least_value, 1e18); }
  constexpr Setting one_of(std::string_view words) const {
    auto copy = *this;
    copy.choices = words;
    return copy;
  }
  constexpr Setting online() const {
    auto copy = *this;
    copy.changes_online = true;
    return copy;
  }
  constexpr Setting secret() const {
    auto copy = *this;
    copy.is_secret = true;
    return copy;
  }
  constexpr Setting obsolete() const {
    auto copy = *this;
    copy.deprecated = true;
    return copy;
  }
};

/// Every row, in the order of settings_table.h.
std::span<const Setting> all_settings();
/// Every name, synonyms not included.
std::span<const std::string_view> setting_names();

/// The row for `name` or for the name it is a synonym of; null when there is none. Names are case-sensitive.
const Setting* find_setting(std::string_view name);

/// A real name of the vendor's that has no effect here.
bool is_known_without_effect(std::string_view name);

/// Why `text` is no value of `setting`, or nothing: its type, range and choices.
std::optional<std::string_view> value_fault(const Setting& setting, std::string_view text);

/// Plain values of texts; empty when malformed.
std::optional<bool> parse_bool(std::string_view text);
std::optional<int64_t> parse_int(std::string_view text);
std::optional<double> parse_float(std::string_view text);

/// Values of enableRpcSSL.
enum class NodeTlsMode : uint8_t { kOff, kMixed, kOn };
/// kOff for what is no value.
NodeTlsMode parse_node_tls(std::string_view text);

}  // namespace pelorus::config
