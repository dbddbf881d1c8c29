#pragma once
// The engine's open log segments as a death leaves them.

#include <string>

#include "base/error.h"

namespace pelorus::raft {

/// Puts every open segment of the engine's directory into a state the engine can read; it aborts at one that does not
/// end with a block. A segment that ends exactly behind its last batch was cut there by the engine, which died before
/// it could rename it to a closed one: zeros are added again. Any other length is damage: kCorrupt naming the file.
/// Cost: reads segments of such a length once.
Status mend_open_segments(const std::string& engine);

}  // namespace pelorus::raft
