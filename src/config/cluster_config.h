#pragma once
// cluster.cfg: settings of data and compute nodes, for all, for a pattern of aliases, or for one.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.h"
#include "config/key_values.h"

namespace pelorus::config {

/// A value and where it was written.
struct PlacedValue {
  std::string text;
  std::string file;
  int line = 0;
};

class ClusterConfig {
 public:
  ClusterConfig() = default;
  explicit ClusterConfig(KeyValues values) : values_(std::move(values)) {}

  /// What applies to the node `alias`: its own line before a pattern (`%` any letters, `?` one; the pattern with
  /// more plain letters first, then the later line) before an unqualified line. `<ALIAS>` is filled in.
  std::map<std::string, PlacedValue> effective_settings(std::string_view alias) const;

  /// Aliases that lines are qualified with, patterns left out; each once.
  std::vector<std::string> qualifier_aliases() const;
  const KeyValues& values() const { return values_; }

  /// Reports <ALIAS> in lines that already name one alias, qualifiers that fit none of `aliases`
  /// (with the nearest), and values that do not fit their setting.
  void validate(const std::vector<std::string>& aliases, Findings& findings) const;

 private:
  KeyValues values_;
};

ClusterConfig parse_cluster_config(std::string_view text, const std::string& file, Findings& findings);

bool is_pattern(std::string_view qualifier);
/// Does `alias` fit `pattern`? Linear in both but for `%`, which is bounded by their product.
bool fits_pattern(std::string_view pattern, std::string_view alias);

}  // namespace pelorus::config
