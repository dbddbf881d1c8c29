#pragma once
// Facts for a plan: from the running cluster and its hosts, or from the configuration files of one that is not running.

#include <filesystem>
#include <map>
#include <memory>

#include "cli/migrate/live_cluster.h"
#include "cli/remote/remote_host.h"
#include "config/finding.h"

namespace pelorus::cli::migrate {

/// Connections to hosts, opened when first asked for. An address of this machine itself needs no ssh.
class HostPool {
 public:
  explicit HostPool(HostAccess access) : access_(std::move(access)) {}  // its address is left out
  Result<RemoteHost*> of(const std::string& host);

 private:
  const HostAccess access_;
  std::map<std::string, std::unique_ptr<RemoteHost>> hosts_;
};

/// The least free room of where these directories are, or would be made; -1: not known.
int64_t bytes_free(RemoteHost& host, const std::vector<std::string>& places);

/// Fills in the hosts of the target (reachable, free room) and how much data there is.
void measure_hosts(ClusterFacts& facts, const Target& target, HostPool& hosts);

struct FileFacts {
  ClusterFacts facts;
  config::Findings findings;
};
/// `directories`: folders with controller.cfg, cluster.nodes … (config/, clusterDemo/, server/ or a package), one a
/// controller, on this machine or as HOST:/folder. A member whose package is not among them has no `server`; what the
/// others have on disk is in the facts. Errors: kNotFound, those of hosts.
Result<FileFacts> facts_of_files(const std::vector<std::string>& directories, HostPool& hosts);
/// The same inventory of a running cluster's members, by the files on their hosts. A host that does not answer is noted
/// as not reachable.
void read_inventories(ClusterFacts& facts, HostPool& hosts);

}  // namespace pelorus::cli::migrate
