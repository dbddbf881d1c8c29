#pragma once
// Where the running demo is, for `pelorus demo kill` in another terminal.

#include <sys/types.h>

#include <filesystem>

#include "cli/demo/demo_place.h"

namespace pelorus::cli {

/// $XDG_RUNTIME_DIR/pelorus-demo.json, or /tmp/pelorus-demo-<uid>.json.
std::filesystem::path demo_state_path();

/// The record of this process' demo: a file of this user only, locked while the process lives, removed in the end.
class DemoState {
 public:
  /// Errors: kAlreadyExists when another process holds it; kDenied when it is another user's; kIo.
  static Result<DemoState> claim(std::filesystem::path path);
  DemoState(DemoState&& other) noexcept;
  DemoState& operator=(DemoState&&) = delete;
  ~DemoState();

  /// Replaces what the file says. Errors: kIo.
  Status write(const DemoPlace& place);

 private:
  DemoState(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  std::filesystem::path path_;
  int file_ = -1;
};

/// What a demo has written about itself.
struct DemoRecord {
  DemoPlace place;
  pid_t owner = 0;
  bool is_owned = false;  // its process lives
};

/// Errors: kUnavailable when there is none; kDenied when the file is another user's; kCorrupt.
Result<DemoRecord> read_demo_record(const std::filesystem::path& path);

}  // namespace pelorus::cli
