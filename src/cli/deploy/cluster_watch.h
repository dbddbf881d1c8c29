#pragma once
// The new cluster as its own controllers tell of it.

#include <functional>
#include <string>
#include <vector>

#include "cli/cluster_view.h"
#include "cli/deploy/layout.h"
#include "cli/process/interrupt.h"
#include "client/failover.h"

namespace pelorus::cli::deploy {

class ClusterWatch {
 public:
  ClusterWatch(const Layout& layout, std::string user, std::string password, Interrupt& interrupt);

  /// Looks until `is_so`. Errors: kDenied after a few seconds; kTimeout saying what was `awaited` and seen; kCancelled.
  Result<ClusterView> await(const std::function<bool(const ClusterView&)>& is_so, std::chrono::seconds at_most,
                            const std::string& awaited) const;
  /// Orders the offline data nodes to start. Errors: what the leader says.
  Status start_data_nodes(const ClusterView& view) const;
  /// Makes a table, writes, reads, looks where the replicas are, drops it. Errors: what went wrong.
  Status prove(int replicas, bool on_different_hosts) const;

 private:
  Result<ClusterView> look() const;
  client::FailoverConnection connection_to(config::NodeMode mode) const;

  const Layout& layout_;
  const std::string user_, password_;
  Interrupt& interrupt_;
};

}  // namespace pelorus::cli::deploy
