#pragma once
// Feature levels: one number for the whole cluster says what its members may write and say. A program knows a range of
// them; the number rises only by RaiseLevel, once every member's program knows the next one (docs/internals/levels.md).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::meta {

/// Of this source. kNewestLevel rises with the first format, message or command that programs of the level before
/// cannot read; kOldestLevel when code for a level is removed.
inline constexpr uint32_t kOldestLevel = 1;
inline constexpr uint32_t kNewestLevel = 3;

/// What a level brought.
inline constexpr uint32_t kSortedChunksLevel = 2;  // data nodes keep rows in the order of a table's sortColumns
inline constexpr uint32_t kTableOptionsLevel = 3;  // soft deletes, compression methods, chunks of whole databases

/// A program: its version and the levels it can run at. The defaults are those of programs that do not tell.
struct Build {
  std::string version;
  uint32_t oldest_level = 1;
  uint32_t newest_level = 1;

  bool runs_at(uint32_t level) const { return oldest_level <= level && level <= newest_level; }
  /// "pelorusd 0.1.0, feature levels 1 to 2", as -version prints it.
  std::string describe() const;
  bool operator==(const Build&) const = default;
  template <class A>
  void fields(A& a) {
    a(version, oldest_level, newest_level);
  }
};

/// kInvalid, with what to do, when the program cannot run in a cluster of that level.
Status check_runs_at(const Build& build, uint32_t level);
/// May what needs level `needed` be written in a cluster of level `level`? kInvalid, naming `what`, when it may not.
Status check_level(std::string_view what, uint32_t needed, uint32_t level);

}  // namespace pelorus::meta
