#include "meta/apply/apply.h"

#include <algorithm>

#include "meta/apply/apply_each.h"

namespace pelorus::meta {

Outcome apply(State& state, const Command& command) {
  return std::visit([&](const auto& one) { return apply_one(state, one); }, command);
}

void advance(State& state, int64_t now_ns) { state.now_ns = std::max(state.now_ns, now_ns); }

}  // namespace pelorus::meta
