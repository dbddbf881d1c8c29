#pragma once
// What a thread waits for may be given up: a mark on the thread, past interfaces that know nothing of it.

#include <optional>

#include "base/cancellation.h"

namespace pelorus {

/// Until destroyed, calls of the making thread that are repeated for long (dist::ControllerClient) are given up when
/// the token is cancelled. Scopes nest; the innermost counts.
class CancellationScope {
 public:
  explicit CancellationScope(CancellationToken token);
  ~CancellationScope();
  CancellationScope(const CancellationScope&) = delete;
  CancellationScope& operator=(const CancellationScope&) = delete;

  /// Of this thread; none outside of scopes.
  static std::optional<CancellationToken> current();

 private:
  const CancellationToken token_;
  CancellationScope* const outer_;
};

}  // namespace pelorus
