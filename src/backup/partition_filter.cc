#include "backup/partition_filter.h"

#include <algorithm>

#include "functions/path_pattern.h"

namespace pelorus::backup {

bool PartitionFilter::takes(const std::string& database, const std::string& path, const meta::PartitionKey& key) const {
  if (is_everything()) return true;
  constexpr std::string_view kScheme = "dfs:/";
  const auto full = (database.starts_with(kScheme) ? database.substr(kScheme.size()) : "/" + database) + path;
  const auto fits = [&](const std::string& pattern) {
    return functions::fits_pattern(pattern, path) || functions::fits_pattern("/" + pattern, path) ||
           functions::fits_pattern(pattern, full) || functions::fits_pattern(pattern, std::string(kScheme) + full);
  };
  if (std::ranges::any_of(patterns, fits)) return true;
  if (parts.empty() || parts.size() != key.parts.size()) return false;
  for (size_t level = 0; level < parts.size(); ++level) {
    const auto& wanted = parts[level];
    if (!wanted.empty() && std::ranges::find(wanted, key.parts[level]) == wanted.end()) return false;
  }
  return true;
}

}  // namespace pelorus::backup
