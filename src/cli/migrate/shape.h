#pragma once
// Who stays, who leaves, who is made: the end of a plan without its steps.

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

struct Shape {
  std::vector<Member> staying;
  std::vector<Member> leaving;      // controllers, agents, data nodes, in the order of the facts
  std::vector<Addition> additions;  // the same order
  int data_nodes_per_host = 1;

  /// Controllers by host, in the end.
  std::vector<int> voters_by_host() const;
  int data_nodes() const;
};

/// Aliases of additions are the next free numbers. One controller and one agent for each host of the target.
Shape make_shape(const ClusterFacts& facts, const Target& target);
/// What speaks against it. Empty: nothing.
std::vector<Note> refusals_of(const ClusterFacts& facts, const Target& target, const Shape& shape);
/// Those that hold for every change of a running cluster: a majority of controllers, everybody there.
std::vector<Note> refusals_of_members(const ClusterFacts& facts, const Target& target, const Shape& shape);
/// Those of the hosts it names: how many, and each once.
std::vector<Note> refusals_of_target(const ClusterFacts& facts, const Target& target);
/// What distinct hosts make possible.
std::vector<Note> warnings_of_level(const ClusterFacts& facts, const Target& target);
std::vector<Note> warnings_of(const ClusterFacts& facts, const Target& target, const Shape& shape);
/// What ends although it is nobody's data: all that nodes that leave keep for themselves, and rows in memory alone of
/// those that are restarted.
std::vector<Note> warnings_of_items(const ClusterFacts& facts, const std::vector<Member>& leaving,
                                    const std::vector<Member>& restarted);

/// Bytes that a data node of the end state holds, about; -1: not known.
int64_t share_bytes(const ClusterFacts& facts, const Shape& shape);

inline constexpr int64_t kPackageBytes = 300LL << 20;  // with room for logs of the first days

}  // namespace pelorus::cli::migrate
