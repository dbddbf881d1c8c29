#include "config/cluster_config.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "config/nearest_name.h"
#include "config/validate.h"

namespace pelorus::config {
namespace {

constexpr std::string_view kAliasMacro = "<ALIAS>";

std::string fill_in_alias(std::string text, std::string_view alias) {
  for (auto at = text.find(kAliasMacro); at != std::string::npos; at = text.find(kAliasMacro, at + alias.size())) {
    text.replace(at, kAliasMacro.size(), alias);
  }
  return text;
}

/// How closely a line speaks of one alias; greater wins.
std::tuple<int, size_t, int> closeness(const KeyValue& entry) {
  const auto& qualifier = entry.qualifier;
  if (qualifier.empty()) return {0, 0, entry.line};
  if (!is_pattern(qualifier)) return {2, 0, entry.line};
  const auto jokers = std::count_if(qualifier.begin(), qualifier.end(), [](char c) { return c == '%' || c == '?'; });
  return {1, qualifier.size() - static_cast<size_t>(jokers), entry.line};
}

bool applies(const KeyValue& entry, std::string_view alias) {
  if (entry.qualifier.empty()) return true;
  return is_pattern(entry.qualifier) ? fits_pattern(entry.qualifier, alias) : entry.qualifier == alias;
}

}  // namespace

bool is_pattern(std::string_view qualifier) { return qualifier.find_first_of("%?") != std::string_view::npos; }

bool fits_pattern(std::string_view pattern, std::string_view alias) {
  size_t p = 0;
  size_t a = 0;
  size_t last_percent = std::string_view::npos;
  size_t resume = 0;
  while (a < alias.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      last_percent = p++;
      resume = a;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == alias[a])) {
      ++p;
      ++a;
    } else if (last_percent != std::string_view::npos) {
      p = last_percent + 1;
      a = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

std::map<std::string, PlacedValue> ClusterConfig::effective_settings(std::string_view alias) const {
  std::map<std::string, const KeyValue*> best;
  for (const auto& entry : values_.entries) {
    if (!applies(entry, alias)) continue;
    auto& chosen = best[entry.key];
    if (!chosen || closeness(entry) > closeness(*chosen)) chosen = &entry;
  }
  std::map<std::string, PlacedValue> settings;
  for (const auto& [key, entry] : best) {
    settings[key] = {fill_in_alias(entry->value, alias), values_.file, entry->line};
  }
  return settings;
}

std::vector<std::string> ClusterConfig::qualifier_aliases() const {
  std::set<std::string> aliases;
  for (const auto& entry : values_.entries) {
    if (!entry.qualifier.empty() && !is_pattern(entry.qualifier)) aliases.insert(entry.qualifier);
  }
  return {aliases.begin(), aliases.end()};
}

void ClusterConfig::validate(const std::vector<std::string>& aliases, Findings& findings) const {
  const std::vector<std::string_view> names(aliases.begin(), aliases.end());
  for (const auto& entry : values_.entries) {
    check_value(entry.key, entry.value, {values_.file, entry.line}, findings);
    if (entry.qualifier.empty()) continue;
    const bool names_one = !is_pattern(entry.qualifier);
    if (names_one && entry.value.find(kAliasMacro) != std::string::npos) {
      findings.push_back({values_.file, entry.line, "<ALIAS> in a line for one alias; filled in", Severity::kWarning});
    }
    const bool fits = std::any_of(names.begin(), names.end(), [&](auto alias) { return applies(entry, alias); });
    if (!names.empty() && !fits) {
      findings.push_back({values_.file, entry.line,
                          "no member is called '" + entry.qualifier + "'" +
                              (names_one ? did_you_mean(entry.qualifier, names) : std::string()),
                          Severity::kWarning});
    }
  }
}

ClusterConfig parse_cluster_config(std::string_view text, const std::string& file, Findings& findings) {
  return ClusterConfig(parse_key_values(text, file, findings));
}

}  // namespace pelorus::config
