#pragma once
// key=value files (*.cfg): the lines and what had to be repaired.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.h"

namespace pelorus::config {

struct KeyValue {
  std::string qualifier;  // alias or pattern before the last dot of the key; empty: for everybody
  std::string key;        // canonical name when it is a known setting
  std::string value;
  int line = 0;
};

struct KeyValues {
  std::string file;
  std::vector<KeyValue> entries;  // duplicates removed, last one kept; in the order of the file

  /// The unqualified entry; null when there is none.
  const KeyValue* find(std::string_view key) const;
};

/// Reads `text`. Never fails: a line that makes no sense is an error in `findings` and is left out.
/// Repairs what clean_lines does, full-width punctuation, and `256dfsHAMode=Raft` (two lines glued).
KeyValues parse_key_values(std::string_view text, const std::string& file, Findings& findings);

}  // namespace pelorus::config
