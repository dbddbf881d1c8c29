#pragma once
// For tests: every stored format as programs of each feature level wrote it, in tests/compatibility/level<N>/<name>
// (CONTRIBUTING.md, "A stored format"). Each must stay readable, and what is written now must be the newest of them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace pelorus {

/// `check` reads the bytes of one level and looks at what they hold. `written`: what the writer makes of the same
/// content now; empty for formats with random parts, which are only read. PELORUS_STORED_LEVEL=<N> in the environment
/// writes the file of that level, for a new format or a new level.
inline void check_stored(const std::string& name, const std::string& written,
                         const std::function<void(const std::string& bytes)>& check,
                         const std::function<std::string()>& make = {}) {
  namespace fs = std::filesystem;
  const fs::path root = PELORUS_STORED_BYTES;
  if (const char* level = std::getenv("PELORUS_STORED_LEVEL")) {
    fs::create_directories(root / ("level" + std::string(level)));
    std::ofstream(root / ("level" + std::string(level)) / name, std::ios::binary) << (make ? make() : written);
  }
  std::string newest;
  int found = 0;
  for (int level = 1; fs::exists(root / ("level" + std::to_string(level))); ++level) {
    const auto path = root / ("level" + std::to_string(level)) / name;
    if (!fs::exists(path)) continue;  // as in the level before
    SCOPED_TRACE(path.string());
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    newest = bytes.str();
    ++found;
    check(newest);
  }
  ASSERT_GT(found, 0) << "no stored bytes of " << name
                      << "; PELORUS_STORED_LEVEL=<level> in the environment writes them";
  if (written.empty()) return;
  EXPECT_TRUE(written == newest) << name << " is written otherwise than the newest stored bytes say (" << written.size()
                                 << " bytes, stored " << newest.size()
                                 << "). Programs of the present feature level have to read what is written: write the "
                                    "new form from the next level on (meta/levels.h) and store it with that level";
}

}  // namespace pelorus
