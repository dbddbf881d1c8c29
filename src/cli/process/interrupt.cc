#include "cli/process/interrupt.h"

namespace pelorus::cli {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
  sigprocmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() {
  while (!has_come_ && has_come()) {
  }
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::wait(std::chrono::milliseconds at_most) {
  if (has_come_) return true;
  const timespec limit{at_most.count() / 1000, (at_most.count() % 1000) * 1'000'000};
  has_come_ = sigtimedwait(&signals_, nullptr, &limit) > 0;
  return has_come_;
}

}  // namespace pelorus::cli
