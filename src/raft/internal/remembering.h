#pragma once
// For the tests of this folder: a state machine that remembers what it was told.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "raft/replicated_log.h"

namespace pelorus::raft {

/// Keeps every command; answers "<index>:<command>".
class Remembering final : public StateMachine {
 public:
  Bytes apply(uint64_t index, std::string_view command) override {
    if (hold.load()) {
      is_held = true;
      std::unique_lock lock(mutex_);
      released_.wait(lock, [this] { return !hold.load(); });
    }
    const std::lock_guard lock(mutex_);
    commands_.emplace_back(command);
    return std::to_string(index) + ":" + std::string(command.substr(0, 64));
  }
  Bytes snapshot() override {
    const std::lock_guard lock(mutex_);
    ++snapshots;
    Bytes bytes;
    ByteWriter out(bytes);
    out.put<uint64_t>(commands_.size());
    for (const auto& each : commands_) out.put_string(each);
    return bytes;
  }
  Status restore(std::string_view snapshot) override {
    const std::lock_guard lock(mutex_);
    ++restores;
    ByteReader in(snapshot);
    const auto count = in.get<uint64_t>();
    commands_.clear();
    for (uint64_t i = 0; i < count && in.ok(); ++i) commands_.push_back(in.get_string());
    return in.finish("test snapshot");
  }
  void leadership_changed(bool leads, uint64_t term) override {
    leads_now = leads;
    if (leads) led_term = term;
  }
  std::vector<std::string> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    hold = false;
    released_.notify_all();
  }

  std::atomic<int> snapshots{0};
  std::atomic<int> restores{0};
  std::atomic<bool> leads_now{false};
  std::atomic<uint64_t> led_term{0};
  std::atomic<bool> is_held{false};
  std::atomic<bool> hold{false};  // apply() waits while true

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::vector<std::string> commands_;  // guarded by mutex_
};

}  // namespace pelorus::raft
