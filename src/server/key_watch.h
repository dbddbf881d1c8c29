#pragma once
// The certificates of a running node: those that were exchanged on disk are taken up, and their end is told in time.

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

namespace pelorus::server {

struct CertificateEnd {
  std::string file;
  int64_t ends_s = 0;  // since 1970
};
/// Of server.crt and ca.crt in a folder of keys the one that ends first; files that cannot be read do not count.
std::optional<CertificateEnd> first_to_end(const std::filesystem::path& keys);

/// Messages go to the log and are repeated once a day while they hold, hourly on a certificate's last day and after it.
class KeyWatch {
 public:
  static constexpr std::chrono::seconds kLook{2};
  static constexpr int64_t kWarnBefore_s = int64_t{30} * 86400;
  using Tell = std::function<void(LogLevel, const std::string&)>;

  /// `take_up` reads the files in `keys`; when it fails, everything stays as it was. `clock` outlives the watch.
  KeyWatch(std::filesystem::path keys, std::function<Status()> take_up, const Clock& clock, Tell tell = &log_message);
  ~KeyWatch() { stop(); }
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  /// A thread that looks every kLook.
  void start();
  void stop();
  /// Files count as exchanged once they are the same at two looks: certificate and key come one after the other.
  void look();

 private:
  std::string fingerprint() const;
  void take_up_changes();
  void tell_ends();
  /// Whether it presses: on the last day and after it.
  bool tell_end(const char* name, const char* remedy, int64_t now_s);

  const std::filesystem::path keys_;
  const std::function<Status()> take_up_;
  const Clock& clock_;
  const Tell tell_;
  // The looking thread only.
  std::string in_use_;   // fingerprint of what was taken up or refused
  std::string seen_;     // at the last look
  std::string refused_;  // why the present files are not in use; empty: they are
  int64_t tell_again_s_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::server
