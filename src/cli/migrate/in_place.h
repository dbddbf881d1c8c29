#pragma once
// Changes in which everybody stays: a machine gets another address, directories of members go elsewhere. A member is
// stopped, changed and started again before the next one is touched.

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

PlanOutcome make_plan_in_place(const ClusterFacts& facts, const Target& target);

/// What the rules of --move-dir make of the members' directories on that host, settings in the order of the facts.
std::vector<DirectoryMove> directory_moves(const ClusterFacts& facts, const Target& target);
/// Folders of one member to be copied, from and to; none lies inside another of them.
std::vector<std::pair<std::string, std::string>> folders_of(const std::vector<DirectoryMove>& moves,
                                                            std::string_view alias);

}  // namespace pelorus::cli::migrate
