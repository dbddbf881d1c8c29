#pragma once
// Functions of scripts that need the node around them: other sites, modules, files of values, the machine.

#include <functional>
#include <string>

#include "base/error.h"
#include "client/connection.h"
#include "functions/registry.h"
#include "io/file_system.h"
#include "stream/remote/feed.h"

namespace pelorus::server {

/// xdb remoteRun remoteRunWithCompression. `resolve` gives the address of an alias of the cluster; it outlives the
/// registry.
void register_remote_connections(functions::Registry& registry,
                                 std::function<Result<client::Endpoint>(const std::string& alias)> resolve);

/// createExternalTable
void register_external_tables(functions::Registry& registry);

/// Where a script's value leads: a connection of xdb, or an alias of the cluster. kInvalid for other values.
Result<stream::PublisherSite> publisher_site(
    const data::Value& server, const std::function<Result<client::Endpoint>(const std::string& alias)>& resolve);

/// saveModel loadModel. `files` outlives the registry.
void register_models_on_disk(functions::Registry& registry, io::FileSystem& files);

/// writeObject readObject
void register_object_files(functions::Registry& registry);

/// shell; refused unless `allowed` (the setting enableShellFunction).
void register_shell(functions::Registry& registry, bool allowed);

}  // namespace pelorus::server
