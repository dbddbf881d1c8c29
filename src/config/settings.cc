#include "config/settings.h"

#include <algorithm>
#include <initializer_list>
#include <thread>

#include "base/check.h"

namespace pelorus::config {
namespace {

namespace fs = std::filesystem;

constexpr double kBytesPerGigabyte = 1024.0 * 1024.0 * 1024.0;

/// Defaults that differ on a single node.
constexpr std::pair<std::string_view, std::string_view> kSingleDefaults[] = {
    {"dfsReplicationFactor", "1"}, {"perfMonitoring", "false"}, {"volumes", "<home>/storage"}};

const Setting& row(std::string_view name, std::initializer_list<SettingType> types) {
  const auto* setting = find_setting(name);
  CHECK_WITH(setting != nullptr, std::string("no such setting: ") + std::string(name));
  CHECK_WITH(std::find(types.begin(), types.end(), setting->type) != types.end(),
             std::string("this setting has another type: ") + std::string(name));
  return *setting;
}

void fill_in(std::string& text, std::string_view word, const std::string& value) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size())) {
    text.replace(at, word.size(), value);
  }
}

fs::path absolute(const fs::path& path) {
  std::error_code failure;
  auto full = fs::absolute(path, failure);
  return (failure ? path : full).lexically_normal();
}

fs::path without_final_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

}  // namespace

std::string Origin::describe(std::string_view name) const {
  switch (kind) {
    case Kind::kDefault: return "default";
    case Kind::kFile: return file + ":" + std::to_string(line);
    case Kind::kCommandLine: return "-" + std::string(name);
    case Kind::kOnline: return "setDynamicConfig";
  }
  return "default";
}

void Settings::set(std::string_view name, std::string value, Origin origin) {
  const auto* setting = find_setting(name);
  values_[std::string(setting ? setting->name : name)] = {std::move(value), std::move(origin)};
}

std::string Settings::default_of(const Setting& setting) const {
  std::string text(setting.default_text);
  if (mode() == NodeMode::kSingle) {
    for (const auto& [name, value] : kSingleDefaults) {
      if (name == setting.name) text = value;
    }
  }
  if (text.starts_with('@')) return resolved(*find_setting(std::string_view(text).substr(1)));
  if (text.find('<') == std::string::npos) return text;
  fill_in(text, "<cores>", std::to_string(std::max(1u, std::thread::hardware_concurrency())));
  if (text.find("<home>") != std::string::npos) fill_in(text, "<home>", home().string());
  if (text.find("<node>") != std::string::npos) fill_in(text, "<node>", node_directory().string());
  fill_in(text, "<alias>", alias());
  return text;
}

std::string Settings::resolved(const Setting& setting) const {
  const auto found = values_.find(std::string(setting.name));
  const bool usable =
      found != values_.end() && !trim(found->second.first).empty() && !value_fault(setting, found->second.first);
  return usable ? std::string(trim(found->second.first)) : default_of(setting);
}

bool Settings::boolean(std::string_view name) const {
  return parse_bool(resolved(row(name, {SettingType::kBool}))).value_or(false);
}

int64_t Settings::integer(std::string_view name) const {
  return parse_int(resolved(row(name, {SettingType::kInt}))).value_or(0);
}

double Settings::number(std::string_view name) const {
  return parse_float(resolved(row(name, {SettingType::kFloat, SettingType::kInt}))).value_or(0);
}

int64_t Settings::bytes(std::string_view name) const {
  const auto gigabytes = number(name);
  return gigabytes >= 8e9 ? INT64_MAX : static_cast<int64_t>(gigabytes * kBytesPerGigabyte);
}

std::string Settings::text(std::string_view name) const {
  const auto* setting = find_setting(name);
  CHECK_WITH(setting != nullptr, std::string("no such setting: ") + std::string(name));
  return resolved(*setting);
}

std::vector<std::string> Settings::list(std::string_view name) const {
  std::vector<std::string> items;
  const auto joined = resolved(row(name, {SettingType::kList, SettingType::kPathList, SettingType::kSiteList}));
  for (const auto item : split(joined, ',')) {
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

fs::path Settings::path(std::string_view name) const {
  const fs::path written = resolved(row(name, {SettingType::kPath}));
  if (written.empty() || written.is_absolute()) return written;
  std::error_code ignored;
  for (const auto& directory : {home(), absolute("."), program_directory_}) {
    if (!directory.empty() && fs::exists(directory / written, ignored)) return (directory / written).lexically_normal();
  }
  return (home() / written).lexically_normal();
}

std::vector<fs::path> Settings::paths(std::string_view name) const {
  row(name, {SettingType::kPathList});
  std::vector<fs::path> all;
  for (const auto& item : list(name)) all.push_back(fs::path(item).is_absolute() ? fs::path(item) : home() / item);
  return all;
}

bool Settings::is_set(std::string_view name) const {
  const auto* setting = find_setting(name);
  return values_.contains(std::string(setting ? setting->name : name));
}

Origin Settings::origin(std::string_view name) const {
  const auto* setting = find_setting(name);
  const auto found = values_.find(std::string(setting ? setting->name : name));
  return found == values_.end() ? Origin() : found->second.second;
}

NodeMode Settings::mode() const {
  const auto found = values_.find("mode");
  return found == values_.end() ? NodeMode::kSingle : parse_mode(trim(found->second.first)).value_or(NodeMode::kSingle);
}

Site Settings::local_site() const {
  auto site = parse_site(resolved(row("localSite", {SettingType::kSite})));
  return site.ok() ? *site : Site{"localhost", 8848, "local8848"};
}

std::vector<RoleSite> Settings::sites() const {
  std::vector<RoleSite> all;
  for (const auto& item : list("sites")) {
    auto site = parse_role_site(item);
    if (site.ok() && std::find(all.begin(), all.end(), *site) == all.end()) all.push_back(*site);
  }
  return all;
}

std::optional<Site> Settings::controller_site() const {
  auto site = parse_site(text("controllerSite"));
  return site.ok() ? std::optional(*site) : std::nullopt;
}

fs::path Settings::home() const {
  const auto found = values_.find("home");
  if (found != values_.end() && !found->second.first.empty()) {
    return without_final_slash(absolute(found->second.first));
  }
  return program_directory_.empty() ? absolute(".") : program_directory_;
}

fs::path Settings::node_directory() const {
  const auto directory = home();
  return directory.filename() == alias() ? directory : directory / alias();
}

}  // namespace pelorus::config
