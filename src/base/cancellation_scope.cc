#include "base/cancellation_scope.h"

#include <utility>

namespace pelorus {
namespace {

thread_local CancellationScope* innermost = nullptr;

}  // namespace

CancellationScope::CancellationScope(CancellationToken token) : token_(std::move(token)), outer_(innermost) {
  innermost = this;
}

CancellationScope::~CancellationScope() { innermost = outer_; }

std::optional<CancellationToken> CancellationScope::current() {
  if (innermost == nullptr) return std::nullopt;
  return innermost->token_;
}

}  // namespace pelorus
