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

namespace stored {

/// Each level's bytes through `check`, oldest first; the newest come back. `now` is stored when
/// PELORUS_STORED_LEVEL=<N> in the environment says so: for a new format or a new level.
inline std::string check_all(const std::string& name, const std::string& now,
                             const std::function<void(const std::string& bytes)>& check) {
  namespace fs = std::filesystem;
  const fs::path root = PELORUS_STORED_BYTES;
  if (const char* level = std::getenv("PELORUS_STORED_LEVEL")) {
    const auto path = root / ("level" + std::string(level)) / name;
    fs::create_directories(path.parent_path());
    // What is stored stays: programs that wrote it are out there.
    if (!fs::exists(path)) std::ofstream(path, std::ios::binary) << now;
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
  EXPECT_GT(found, 0) << "no stored bytes of " << name
                      << "; PELORUS_STORED_LEVEL=<level> in the environment writes them";
  return newest;
}

}  // namespace stored

/// `check` reads bytes and looks at what they hold: those of every level. `written`, what the writer makes of the same
/// content now, has to be the newest of them.
inline void check_stored(const std::string& name, const std::string& written,
                         const std::function<void(const std::string& bytes)>& check) {
  const auto newest = stored::check_all(name, written, check);
  EXPECT_TRUE(written == newest) << name << " is written otherwise than the newest stored bytes say (" << written.size()
                                 << " bytes, stored " << newest.size()
                                 << "). Programs of the present feature level have to read what is written: write the "
                                    "new form from the next level on (meta/levels.h) and store it with that level";
}

/// For formats with random ids, times or another library's compression in them: `check` reads what is written now as
/// well as what is stored.
inline void check_stored_varying(const std::string& name, const std::string& written,
                                 const std::function<void(const std::string& bytes)>& check) {
  stored::check_all(name, written, check);
  SCOPED_TRACE("as written now");
  check(written);
}

}  // namespace pelorus
