#pragma once
// One overload a command; chosen by apply(). Private to this folder.

#include "meta/apply/apply.h"

namespace pelorus::meta {

Outcome apply_one(State& state, const FoundCluster& command);
Outcome apply_one(State& state, const TakeOverState& command);
Outcome apply_one(State& state, const PutNode& command);
Outcome apply_one(State& state, const RemoveNode& command);
Outcome apply_one(State& state, const RegisterNode& command);
Outcome apply_one(State& state, const PutConfiguration& command);
Outcome apply_one(State& state, const NoteImport& command);
Outcome apply_one(State& state, const CreateDatabase& command);
Outcome apply_one(State& state, const DropDatabase& command);
Outcome apply_one(State& state, const CreateTable& command);
Outcome apply_one(State& state, const DropTable& command);
Outcome apply_one(State& state, const AlterTable& command);
Outcome apply_one(State& state, const AlterDatabase& command);
Outcome apply_one(State& state, const DropPartitions& command);
Outcome apply_one(State& state, const AddPartitions& command);
Outcome apply_one(State& state, const BeginTransaction& command);
Outcome apply_one(State& state, const Decide& command);
Outcome apply_one(State& state, const CompleteTransactions& command);
Outcome apply_one(State& state, const ChangeReplicas& command);
Outcome apply_one(State& state, const ForceVersion& command);
Outcome apply_one(State& state, const CreateUser& command);
Outcome apply_one(State& state, const DeleteUser& command);
Outcome apply_one(State& state, const SetPassword& command);
Outcome apply_one(State& state, const LockUser& command);
Outcome apply_one(State& state, const CreateGroup& command);
Outcome apply_one(State& state, const DeleteGroup& command);
Outcome apply_one(State& state, const ChangeMembership& command);
Outcome apply_one(State& state, const ChangeGrants& command);
Outcome apply_one(State& state, const PutFunctionView& command);
Outcome apply_one(State& state, const DropFunctionView& command);
Outcome apply_one(State& state, const PutRecord& command);
Outcome apply_one(State& state, const MarkNode& command);
Outcome apply_one(State& state, const RaiseLevel& command);

/// Takes `chunk` out of the state and out of its table; its place goes to `dropped` (which may be null).
void erase_chunk(State& state, ChunkId chunk, Dropped* dropped);
/// Adds a replica and counts it at its node.
void add_replica(State& state, Chunk& chunk, Replica replica);
void remove_replica(State& state, Chunk& chunk, const std::string& node);
/// Ends a running transaction without effect: chunks it made vanish, locks fall.
void abort_transaction(State& state, Transaction& transaction);
/// Forgets finished transactions beyond kFinishedTransactionsMax, oldest first.
void forget_finished(State& state);
/// Moves the state's time on; it never goes back.
void advance(State& state, int64_t now_ns);

inline Error error_of(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace pelorus::meta
