#pragma once
// What a node reports of its process and its machine in every heartbeat.

#include <chrono>
#include <cstdint>
#include <string>

namespace pelorus::observe {

/// Bytes and rates; a rate is zero until the second sample.
struct HostMetrics {
  int64_t memory_used_bytes = 0;       // resident set of this process
  int64_t memory_allocated_bytes = 0;  // address space backed by anything
  double cpu_usage_percent = 0;        // of the machine, since the last sample
  double load_average = 0;             // one minute
  int64_t disk_capacity_bytes = 0;     // of the file system that holds the data
  int64_t disk_free_bytes = 0;
  double disk_write_bytes_per_second = 0;  // of this process
  double disk_read_bytes_per_second = 0;
  double network_send_bytes_per_second = 0;  // of the machine, loopback included
  double network_receive_bytes_per_second = 0;
};

/// Reads /proc and statvfs. Not thread-safe: one sampler, one thread. A sample costs some 100 µs.
class HostSampler {
 public:
  /// `data_path`: any path on the file system of the data; need not exist yet.
  explicit HostSampler(std::string data_path) : data_path_(std::move(data_path)) {}
  HostMetrics sample();

 private:
  struct Counters {
    int64_t busy_ticks = 0;
    int64_t all_ticks = 0;
    int64_t written = 0;
    int64_t read = 0;
    int64_t sent = 0;
    int64_t received = 0;
    std::chrono::steady_clock::time_point at{};
  };
  static Counters read_counters();

  const std::string data_path_;
  Counters last_;
};

}  // namespace pelorus::observe
