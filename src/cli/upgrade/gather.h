#pragma once
// Facts for a plan: from the running cluster, its hosts and the package.

#include "cli/migrate/gather.h"
#include "cli/upgrade/plan.h"

namespace pelorus::cli::upgrade {

/// "pelorusd 0.1.0, feature levels 1 to 2", as pelorusd -version prints it. Errors: kInvalid.
Result<Program> program_of_version(const std::string& text);
/// Reads every file of server/ and runs its program once. Errors: kNotFound for what is no package, kIo.
Result<Program> read_program(const std::string& server);
/// Errors: as migrate::LiveCluster's.
Result<Facts> gather(migrate::LiveCluster& cluster, migrate::HostPool& hosts);

}  // namespace pelorus::cli::upgrade
