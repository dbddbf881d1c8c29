#pragma once
// Starting, watching and stopping the demo's nodes.

#include <functional>

#include "cli/cluster_view.h"
#include "cli/demo/demo_place.h"
#include "cli/process/interrupt.h"

namespace pelorus::cli {

class DemoCluster {
 public:
  DemoCluster(DemoPlace place, Interrupt& interrupt) : place_(std::move(place)), interrupt_(interrupt) {}

  /// Controllers, agent, a leader, then the data nodes. Errors: kUnavailable, kTimeout, kCancelled.
  Status start();
  /// With the package's own scripts; what still runs after them is killed.
  void stop();
  /// As the first controller that answers sees it. Errors: kUnavailable.
  Result<ClusterView> look() const;
  /// Looks until `is_so`; returns the view. Errors: kTimeout saying what was `awaited`, kCancelled.
  Result<ClusterView> await(const std::function<bool(const ClusterView&)>& is_so, std::chrono::seconds at_most,
                            const std::string& awaited) const;
  const DemoPlace& place() const { return place_; }

 private:
  Status start_controllers();
  const DemoPlace place_;
  Interrupt& interrupt_;
};

}  // namespace pelorus::cli
