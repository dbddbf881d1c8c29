#include "observe/machine.h"

#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace pelorus::observe {
namespace {

namespace fs = std::filesystem;

/// Of statfs(2); those operators meet.
constexpr std::pair<uint32_t, std::string_view> kFileSystems[] = {
    {0xEF53, "ext4"},      {0x58465342, "xfs"},     {0x9123683E, "btrfs"}, {0x2FC12FC1, "zfs"},  {0x01021994, "tmpfs"},
    {0x858458F6, "ramfs"}, {0x6969, "nfs"},         {0xFF534D42, "cifs"},  {0xFE534D42, "smb2"}, {0x517B, "smb"},
    {0x65735546, "fuse"},  {0x794C7630, "overlay"}, {0x00C36400, "ceph"},  {0x01021997, "9p"},   {0x0BD00BD0, "lustre"},
    {0x47504653, "gpfs"},  {0xF2F52010, "f2fs"},    {0x3153464A, "jfs"},   {0x5346544E, "ntfs"}, {0x4D44, "vfat"},
};

/// The kilobytes after "name:" in /proc/meminfo, as bytes.
int64_t memory_field(const std::string& name) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name)) return std::atoll(line.c_str() + name.size()) * 1024;
  }
  return 0;
}

std::optional<int64_t> group_limit() {
  std::ifstream in("/sys/fs/cgroup/memory.max");
  int64_t bytes = 0;
  return in >> bytes ? std::optional(bytes) : std::nullopt;  // "max": none
}

/// "always [madvise] never" has the choice in brackets.
std::string chosen_word(const char* file) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    if (word.size() > 2 && word.front() == '[' && word.back() == ']') return word.substr(1, word.size() - 2);
  }
  return "";
}

std::string name_of_user(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(user, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(user);
}

std::string name_of_file_system(uint32_t magic) {
  for (const auto& [number, name] : kFileSystems) {
    if (number == magic) return std::string(name);
  }
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", magic);
  return text;
}

}  // namespace

MachineFacts machine_facts() {
  MachineFacts facts;
  facts.memory_total_bytes = memory_field("MemTotal:");
  facts.memory_available_bytes = memory_field("MemAvailable:");
  if (const auto limit = group_limit()) facts.memory_total_bytes = std::min(facts.memory_total_bytes, *limit);
  facts.swap_total_bytes = memory_field("SwapTotal:");
  facts.swap_used_bytes = facts.swap_total_bytes - memory_field("SwapFree:");
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    facts.open_files_max = files.rlim_max == RLIM_INFINITY ? INT64_MAX : static_cast<int64_t>(files.rlim_max);
  }
  facts.huge_pages = chosen_word("/sys/kernel/mm/transparent_hugepage/enabled");
  return facts;
}

DirectoryFacts directory_facts(const std::string& path) {
  DirectoryFacts facts{.path = path, .file_system = {}, .owner = {}};
  std::error_code ignored;
  facts.exists = fs::is_directory(path, ignored);
  fs::path place = fs::absolute(path, ignored);
  while (!fs::is_directory(place, ignored) && place != place.parent_path()) place = place.parent_path();
  struct statvfs space {};
  if (statvfs(place.c_str(), &space) == 0) {
    facts.capacity_bytes = static_cast<int64_t>(space.f_blocks * space.f_frsize);
    facts.free_bytes = static_cast<int64_t>(space.f_bavail * space.f_frsize);
  }
  struct statfs kind {};
  if (statfs(place.c_str(), &kind) == 0) facts.file_system = name_of_file_system(static_cast<uint32_t>(kind.f_type));
  struct stat entry {};
  if (stat(place.c_str(), &entry) == 0) facts.owner = name_of_user(entry.st_uid);
  facts.writable = access(place.c_str(), W_OK | X_OK) == 0;
  return facts;
}

bool is_volatile(std::string_view file_system) { return file_system == "tmpfs" || file_system == "ramfs"; }

bool is_remote(std::string_view file_system) {
  constexpr std::string_view kRemote[] = {"nfs", "cifs", "smb", "smb2", "9p", "fuse", "ceph", "lustre", "gpfs"};
  return std::find(std::begin(kRemote), std::end(kRemote), file_system) != std::end(kRemote);
}

}  // namespace pelorus::observe
