#pragma once
// A planned full stop: everything is stopped, members go to the hosts of the target as they are, and everything is
// started again. Who stays and who goes; what is copied; the steps.

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

/// `facts.directories`: the inventory of every member (inventory.h).
PlanOutcome make_plan_offline(const ClusterFacts& facts, const Target& target);

/// What of a member is copied, from and to; none lies inside another of them unless they part. `reads`: with what it
/// only reads. A member that stays has what it writes, at the same place.
std::vector<std::pair<std::string, std::string>> folders_of_member(const Plan& plan, std::string_view alias,
                                                                   bool reads);

/// A member where it lives when the plan is done.
Addition place_after(const Plan& plan, const Member& member);

/// Members and cluster.cfg as the files of a stopped cluster must have them when it starts again. Members that are made
/// join by command, once it runs.
std::vector<Member> members_after(const Plan& plan);
std::string settings_after(const Plan& plan, const std::string& cluster_cfg);

}  // namespace pelorus::cli::migrate
