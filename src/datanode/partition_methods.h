#pragma once
// The rpc side of PartitionHost.

#include "dist/partition_service.h"
#include "rpc/methods.h"

namespace pelorus::datanode {

/// Registers data.prepare, data.settle, data.scan, data.change, data.facts, data.flush
/// (dist/partition_messages.h). `service` must outlive the server.
void register_partition_methods(rpc::Methods& methods, dist::PartitionService& service);

}  // namespace pelorus::datanode
