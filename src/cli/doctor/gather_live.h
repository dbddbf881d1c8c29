#pragma once
// Asks a live cluster through its documented functions, each node at its own address.

#include "cli/doctor/facts.h"
#include "client/connection.h"

namespace pelorus::cli::doctor {

/// Never fails: what cannot be had is left out, with the reason in `failure` or `refusal`. Lasts a few seconds when
/// nodes are silent. `packages` are compared with what is in effect.
LiveFacts gather_live(const client::Endpoint& node, const client::ConnectionOptions& options,
                      const std::vector<PackageFacts>& packages);

}  // namespace pelorus::cli::doctor
