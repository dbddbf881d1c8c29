#pragma once
// What a machine grants its processes: memory, swap, limits, and the file systems under their directories.

#include <cstdint>
#include <string>
#include <string_view>

namespace pelorus::observe {

/// Bytes; zero or empty where the system does not tell.
struct MachineFacts {
  int64_t memory_total_bytes = 0;      // of the machine, or of the control group where that grants less
  int64_t memory_available_bytes = 0;  // without swapping
  int64_t swap_total_bytes = 0;
  int64_t swap_used_bytes = 0;
  int64_t open_files_max = 0;  // of this process, once it has raised its limit, as nodes do
  std::string huge_pages;      // of transparent ones: "always", "madvise" or "never"
  bool operator==(const MachineFacts&) const = default;
};

/// Reads /proc, /sys and the process's limits. Some 100 µs.
MachineFacts machine_facts();

struct DirectoryFacts {
  std::string path;         // as asked for
  std::string file_system;  // "ext4", "xfs", "tmpfs", "nfs" …; the number in hexadecimal for others
  int64_t capacity_bytes = 0;
  int64_t free_bytes = 0;  // for this user
  bool exists = false;     // a directory is there; else the other facts are of the nearest one above
  bool writable = false;   // by this process
  std::string owner;       // its name, or its number when it has none
};

/// Never fails: a path whose every parent is missing gives zeros.
DirectoryFacts directory_facts(const std::string& path);

/// Lost at a restart, or on another machine: no place for acknowledged rows.
bool is_volatile(std::string_view file_system);
bool is_remote(std::string_view file_system);

}  // namespace pelorus::observe
