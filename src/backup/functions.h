#pragma once
// Built-ins that back tables up and bring them back, registered by server/roles.cc.

#include "backup/save_table.h"
#include "functions/registry.h"

namespace pelorus::backup {

/// backup backupDB backupTable restore restoreDB restoreTable migrate; `services` outlives the registry.
void register_backup_functions(functions::Registry& registry, const BackupServices& services);

/// checkBackup getBackupList getBackupMeta getBackupStatus loadBackup
void register_backup_questions(functions::Registry& registry, const BackupServices& services);

}  // namespace pelorus::backup
