#pragma once
// The engine's open log segments as a death leaves them.

#include <string>

#include "base/error.h"

namespace pelorus::raft {

/// Puts every open segment of the engine's directory into a state the engine can read; it aborts at one that does not
/// end with a block. A segment that ends exactly behind its last batch was cut there by the engine, which died before
/// it could rename it to a closed one: zeros are added again. Any other length is damage: kCorrupt naming the file.
/// So is a batch that fails its checksum though no sector of it is missing: the engine would take it, and all behind
/// it, for a write that was torn, and forget what it has acknowledged. What cannot be told apart is left to the engine:
/// a batch with a sector of zeros. Cost: reads the segment that is written to once.
Status mend_open_segments(const std::string& engine);

}  // namespace pelorus::raft
