#pragma once
// Built-ins that ask or change the cluster. They run on every node: what they need comes from the controllers.

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "functions/registry.h"

namespace pelorus::controller {

/// Calls a method of meta/messages.h: on a controller MetadataService::call, elsewhere the node's client of the
/// controllers. Must be thread-safe and outlive the registry.
using AskControllers = std::function<Result<Bytes>(std::string_view method, const Bytes& payload)>;

/// All of the groups below.
void register_controller_functions(functions::Registry& registry, AskControllers ask);

/// getClusterPerf getActiveMaster isControllerInitialized getClusterLiveDataNodes startDataNode stopDataNode
void register_node_functions(functions::Registry& registry, AskControllers ask);
/// getClusterChunksStatus getTransactionStatus getUnresolvedTxn getRecoveryTaskStatus copyReplicas deleteReplicas
/// moveReplicas rebalanceChunksAmongDataNodes forceCorrectVersionByReplica
void register_chunk_functions(functions::Registry& registry, AskControllers ask);
/// addController promoteController demoteController removeController transferLeader drainNode undrainNode
/// getDrainStatus removeNode moveMember getClusterMembers setRecoveryThrottle getRecoveryThrottle finalizeUpgrade
/// getFeatureLevel
void register_member_functions(functions::Registry& registry, AskControllers ask);
/// checkCluster
void register_check_functions(functions::Registry& registry, AskControllers ask);
/// addNode addAgentToController getClusterNodesCfg saveClusterNodes loadClusterNodesConfigs
/// saveClusterNodesConfigs loadControllerConfigs saveControllerConfigs
void register_configuration_functions(functions::Registry& registry, AskControllers ask);
/// createUser deleteUser resetPwd changePwd lockUser unlockUser createGroup deleteGroup addGroupMember
/// deleteGroupMember grant deny revoke getUserAccess getGroupAccess getUserList getGroupList getUsersByGroupId
/// getGroupsByUserId addFunctionView dropFunctionView getFunctionViews
void register_user_functions(functions::Registry& registry, AskControllers ask);
/// createCatalog dropCatalog renameCatalog existsCatalog getAllCatalogs createSchema dropSchema renameSchema
/// getSchemaByCatalog
void register_catalog_functions(functions::Registry& registry, AskControllers ask);
/// backupSettings restoreSettings
void register_settings_functions(functions::Registry& registry, AskControllers ask);

}  // namespace pelorus::controller
