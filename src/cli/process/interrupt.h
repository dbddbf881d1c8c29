#pragma once
// Ctrl-C as something to ask about, so that everything is stopped in order.

#include <signal.h>

#include <chrono>

namespace pelorus::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP of this process only set it. Make it before any thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool has_come() { return wait(std::chrono::milliseconds(0)); }
  /// Returns at once when it has come; true then.
  bool wait(std::chrono::milliseconds at_most);

 private:
  sigset_t signals_;
  sigset_t before_;
  bool has_come_ = false;
};

}  // namespace pelorus::cli
