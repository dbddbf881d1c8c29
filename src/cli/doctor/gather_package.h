#pragma once
// Looks at a package on this machine: files, processes, ports, logs. Asks no node.

#include "cli/doctor/facts.h"

namespace pelorus::cli::doctor {

/// Never fails: what cannot be read is left out.
PackageFacts gather_package(const PackagePlace& place);

}  // namespace pelorus::cli::doctor
