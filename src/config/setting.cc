#include "config/setting.h"

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/letter_case.h"
#include "config/settings_table.h"
#include "config/site.h"

namespace pelorus::config {
namespace {

std::map<std::string_view, const Setting*> index_rows() {
  std::map<std::string_view, const Setting*> rows;
  for (const auto& row : kSettings) rows[row.name] = &row;
  for (const auto& [synonym, name] : kSynonyms) rows[synonym] = rows.at(name);
  return rows;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  T number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string_view> number_fault(const Setting& setting, std::string_view text) {
  const auto whole = parse_int(text);
  if (setting.type == SettingType::kInt && !whole) return "expected a whole number";
  const auto number = parse_float(text);
  if (!number || *number != *number) return "expected a number";
  if (*number < setting.least) return "too small";
  if (*number > setting.most) return "too large";
  return std::nullopt;
}

bool is_choice(std::string_view choices, std::string_view text) {
  for (const auto choice : split(choices, '|')) {
    if (lowered(choice) == lowered(text)) return true;
  }
  return false;
}

std::optional<std::string_view> path_list_fault(std::string_view text) {
  for (const auto path : split(text, ',')) {
    if (path.empty()) return "an item of the list is empty";
    if (!path.starts_with('/') && !path.starts_with('<')) return "expected absolute paths";
  }
  return std::nullopt;
}

std::optional<std::string_view> sites_fault(const Setting& setting, std::string_view text) {
  if (setting.type == SettingType::kSite) {
    if (!parse_site(text).ok()) return "expected host:port:alias";
    return std::nullopt;
  }
  for (const auto item : split(text, ',')) {
    if (!item.empty() && !parse_role_site(item).ok()) return "expected items host:port:alias:type";
  }
  return std::nullopt;
}

}  // namespace

std::span<const Setting> all_settings() { return kSettings; }

std::span<const std::string_view> setting_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const auto& row : kSettings) all.push_back(row.name);
    return all;
  }();
  return names;
}

const Setting* find_setting(std::string_view name) {
  static const auto rows = index_rows();
  const auto found = rows.find(name);
  return found == rows.end() ? nullptr : found->second;
}

bool is_known_without_effect(std::string_view name) {
  for (const auto known : kKnownWithoutEffect) {
    if (known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known) return true;
  }
  return false;
}

std::optional<bool> parse_bool(std::string_view text) {
  const auto word = lowered(trim(text));
  if (word == "1" || word == "true") return true;
  if (word == "0" || word == "false") return false;
  return std::nullopt;
}

NodeTlsMode parse_node_tls(std::string_view text) {
  if (lowered(trim(text)) == "mixed") return NodeTlsMode::kMixed;
  return parse_bool(text).value_or(false) ? NodeTlsMode::kOn : NodeTlsMode::kOff;
}

std::optional<int64_t> parse_int(std::string_view text) { return parse_number<int64_t>(text); }
std::optional<double> parse_float(std::string_view text) { return parse_number<double>(text); }

std::optional<std::string_view> value_fault(const Setting& setting, std::string_view text) {
  if (trim(text).empty()) return std::nullopt;  // as if it were not there
  if (!setting.choices.empty() && !is_choice(setting.choices, text)) return setting.choices;
  switch (setting.type) {
    case SettingType::kBool:
      if (!parse_bool(text)) return "expected true, false, 1 or 0";
      return std::nullopt;
    case SettingType::kInt:
    case SettingType::kFloat: return number_fault(setting, text);
    case SettingType::kPathList: return path_list_fault(text);
    case SettingType::kSite:
    case SettingType::kSiteList: return sites_fault(setting, text);
    case SettingType::kString:
    case SettingType::kPath:
    case SettingType::kList: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace pelorus::config
