#pragma once
// Makes a file system fail when and how a test says.

#include <array>
#include <atomic>
#include <functional>
#include <mutex>

#include "io/file_system.h"

namespace pelorus::io {

enum class Operation : uint8_t { kOpen, kRead, kWrite, kAllocate, kTruncate, kSync, kRename, kRemove, kSyncDirectory };
inline constexpr size_t kOperationCount = 9;

/// Passes everything on to `inner` except where told to fail. Every operation that changes the disk is a step, so a
/// test can run a history once, read steps(), and repeat it with a crash at each of them. Thread-safe.
class FaultyFileSystem final : public FileSystem {
 public:
  /// `inner` must outlive this object and the files opened through it.
  explicit FaultyFileSystem(FileSystem& inner) : inner_(inner) {}

  /// Steps taken so far.
  uint64_t steps() const { return steps_.load(); }
  /// Step number `step` (the first is 1) and everything after it fail with kIo; a write there does its first part only.
  void crash_at(uint64_t step) { crash_at_.store(step); }
  bool crashed() const { return crashed_.load(); }
  /// Writes and reservations on paths containing `path_part` fail with kNoSpace while set.
  void set_full(bool full, std::string path_part = {});
  /// The next `count` operations of this kind on paths containing `path_part` fail with kIo.
  void fail(Operation operation, std::string path_part, int count = 1);
  /// Calls `action` once, on the thread of the next operation of this kind on a path containing `path_part`, before it.
  void before(Operation operation, std::string path_part, std::function<void()> action);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_directories(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<Space> space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  /// Whether the operation may go on; counts it when it changes the disk.
  Status enter(Operation operation, const std::string& path);

 private:
  bool is_full(const std::string& path);

  struct Rule {
    std::string path_part;
    int left = 0;
    std::function<void()> action;  // instead of a failure
  };

  FileSystem& inner_;
  std::atomic<uint64_t> steps_{0};
  std::atomic<uint64_t> crash_at_{UINT64_MAX};
  std::atomic<bool> crashed_{false};
  std::atomic<bool> full_{false};
  std::mutex mutex_;
  std::array<Rule, kOperationCount> rules_;  // guarded by mutex_
  std::string full_part_;                    // guarded by mutex_; of full_
};

}  // namespace pelorus::io
