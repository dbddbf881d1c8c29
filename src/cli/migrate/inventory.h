#pragma once
// What a member has on disk, by its configuration alone. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

/// Identity, lock, keys, and by default everything else: <agent's or controller's home>/<alias>.
std::string home_of(const std::string& server, const std::string& alias);

/// Its home, and every path outside of it that its settings name: first what it writes, then what it only reads
/// (modules, plugins, start scripts). Keys are left out: they are provided, not copied. `own_file`: controller.cfg or
/// agent.cfg; data and compute nodes have their settings from `cluster_cfg`.
std::vector<Directory> inventory_of(const Member& member, std::string_view own_file, std::string_view cluster_cfg);

/// Nobody else's: it writes there, or it is its home.
bool is_state(std::string_view setting);

}  // namespace pelorus::cli::migrate
