#pragma once
// The changes to the replicated state: one struct a change, one variant of all. Everything that is not a function of
// the state (times, random ids, who is alive) comes inside the command. Recipe for a new one: CONTRIBUTING.md.

#include <string_view>
#include <variant>

#include "meta/commands/catalogue_commands.h"
#include "meta/commands/member_commands.h"
#include "meta/commands/transaction_commands.h"
#include "meta/commands/user_commands.h"

namespace pelorus::meta {

using Command =
    std::variant<FoundCluster, PutNode, RemoveNode, RegisterNode, PutConfiguration, NoteImport, CreateDatabase,
                 DropDatabase, CreateTable, DropTable, AlterTable, DropPartitions, AddPartitions, BeginTransaction,
                 Decide, CompleteTransactions, ChangeReplicas, ForceVersion, CreateUser, DeleteUser, SetPassword,
                 LockUser, CreateGroup, DeleteGroup, ChangeMembership, ChangeGrants, PutFunctionView, DropFunctionView,
                 PutRecord, MarkNode, TakeOverState, RaiseLevel, AlterDatabase>;

/// Format number u8, tag u16, the struct.
Bytes encode_command(const Command& command);
/// "CreateTable" …: for the audit log.
std::string_view name_of(const Command& command);
/// The feature level from which every member knows the command: its struct's kLevel, 1 without one.
uint32_t level_of(const Command& command);
/// kCorrupt for bytes that are no command this build knows.
Result<Command> decode_command(std::string_view bytes);

}  // namespace pelorus::meta
