#pragma once
// Pre-flight checks, judged from what the hosts said. Pure.

#include <string>
#include <vector>

#include "cli/deploy/facts.h"
#include "cli/deploy/layout.h"
#include "cli/language.h"

namespace pelorus::cli::deploy {

enum class Grade : uint8_t { kGood, kWarning, kProblem };

struct Finding {
  std::string check;  // a stable name, such as "disk-space"
  std::string host;   // empty: of the cluster as a whole
  Grade grade = Grade::kGood;
  BothLanguages detail;
  std::string repair;  // a script for root on the host (--fix); empty: nothing deploy can do
};

/// What the package needs and the operator's machine knows.
struct PackageFacts {
  std::string machine;      // uname -m
  std::string fingerprint;  // of its files
  double bytes = 0;
};

/// One finding for each check and host, good ones too; `facts` has one entry for each host. Hosts that could not be
/// asked have one finding.
std::vector<Finding> judge(const Topology& topology, const Layout& layout, const PackageFacts& package,
                           const std::vector<HostFacts>& facts);
/// The cluster's UUID, when a controller of this deployment was founded already.
std::string founded_cluster(const Layout& layout, const std::vector<HostFacts>& facts);
Grade worst(const std::vector<Finding>& findings);

}  // namespace pelorus::cli::deploy
