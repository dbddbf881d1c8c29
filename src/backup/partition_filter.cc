#include "backup/partition_filter.h"

#include <algorithm>

namespace pelorus::backup {

bool fits_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the last '%' met
  size_t tried = 0;                      // where in the text it ends so far
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

bool PartitionFilter::takes(const std::string& database, const std::string& path, const meta::PartitionKey& key) const {
  if (is_everything()) return true;
  constexpr std::string_view kScheme = "dfs:/";
  const auto full = (database.starts_with(kScheme) ? database.substr(kScheme.size()) : "/" + database) + path;
  const auto fits = [&](const std::string& pattern) {
    return fits_pattern(pattern, path) || fits_pattern("/" + pattern, path) || fits_pattern(pattern, full) ||
           fits_pattern(pattern, std::string(kScheme) + full);
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
