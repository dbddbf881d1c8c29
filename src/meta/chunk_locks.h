#pragma once
// Why a chunk cannot be taken while a transaction holds it.

#include "base/error.h"
#include "meta/state.h"

namespace pelorus::meta {

/// kConflict, "<ChunkInTransaction>…": what a transaction is told that asks for a held chunk. Another writer's hold is
/// a conflict of writers (is_write_conflict); a recovery's is not.
Error lock_conflict(const State& state, const Chunk& chunk);

/// Of an error from BeginTransaction, wherever it has travelled: another transaction writes to one of the chunks.
bool is_write_conflict(const Error& error);

}  // namespace pelorus::meta
