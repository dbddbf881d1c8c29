#include "observe/host_metrics.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace pelorus::observe {
namespace {

std::string first_existing(const std::string& path) {
  std::error_code ignored;
  for (std::filesystem::path p(path.empty() ? "." : path); !p.empty(); p = p.parent_path()) {
    if (std::filesystem::exists(p, ignored)) return p.string();
    if (p == p.parent_path()) break;
  }
  return ".";
}

/// The number after "name:" in a file of such lines.
int64_t field_of(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name)) return std::atoll(line.c_str() + name.size());
  }
  return 0;
}

double rate(int64_t now, int64_t before, double seconds) {
  return seconds > 0 && now >= before ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

HostSampler::Counters HostSampler::read_counters() {
  Counters counters;
  counters.at = std::chrono::steady_clock::now();
  std::ifstream cpu("/proc/stat");
  std::string word;
  cpu >> word;
  for (int column = 0; column < 8; ++column) {
    int64_t ticks = 0;
    cpu >> ticks;
    counters.all_ticks += ticks;
    if (column != 3 && column != 4) counters.busy_ticks += ticks;  // idle, waiting for disk
  }
  counters.written = field_of("/proc/self/io", "write_bytes: ");
  counters.read = field_of("/proc/self/io", "read_bytes: ");
  std::ifstream network("/proc/net/dev");
  for (std::string line; std::getline(network, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream columns(line.substr(colon + 1));
    int64_t value = 0;
    for (int column = 0; columns >> value; ++column) {
      if (column == 0) counters.received += value;
      if (column == 8) counters.sent += value;
    }
  }
  return counters;
}

HostMetrics HostSampler::sample() {
  HostMetrics metrics;
  const auto page = sysconf(_SC_PAGESIZE);
  std::ifstream memory("/proc/self/statm");
  int64_t all_pages = 0;
  int64_t resident_pages = 0;
  memory >> all_pages >> resident_pages;
  metrics.memory_used_bytes = resident_pages * page;
  metrics.memory_allocated_bytes = field_of("/proc/self/status", "VmData:") * 1024;
  double load = 0;
  if (getloadavg(&load, 1) == 1) metrics.load_average = load;
  struct statvfs disk {};
  if (statvfs(first_existing(data_path_).c_str(), &disk) == 0) {
    metrics.disk_capacity_bytes = static_cast<int64_t>(disk.f_blocks * disk.f_frsize);
    metrics.disk_free_bytes = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
  }
  const auto now = read_counters();
  if (last_.all_ticks > 0) {
    const double seconds = std::chrono::duration<double>(now.at - last_.at).count();
    if (now.all_ticks > last_.all_ticks) {
      metrics.cpu_usage_percent = 100.0 * static_cast<double>(now.busy_ticks - last_.busy_ticks) /
                                  static_cast<double>(now.all_ticks - last_.all_ticks);
    }
    metrics.disk_write_bytes_per_second = rate(now.written, last_.written, seconds);
    metrics.disk_read_bytes_per_second = rate(now.read, last_.read, seconds);
    metrics.network_send_bytes_per_second = rate(now.sent, last_.sent, seconds);
    metrics.network_receive_bytes_per_second = rate(now.received, last_.received, seconds);
  }
  last_ = now;
  return metrics;
}

}  // namespace pelorus::observe
