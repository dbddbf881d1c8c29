#pragma once
// Where members listen now: configuration files first, then what the controllers say.

#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "meta/members.h"
#include "raft/replicated_log.h"
#include "rpc/peer.h"

namespace pelorus::server {

/// Thread-safe. Addresses are looked up at every connect, so a change takes effect with the next one.
class AddressTable final : public raft::AddressBook {
 public:
  void put(const std::string& alias, const std::string& host, uint16_t port);
  /// As put(), from this node's own files: they count for hosts_of() for good.
  void configure(const std::string& alias, const std::string& host, uint16_t port);
  /// Takes over the addresses of all members.
  void put_all(const std::map<std::string, meta::Node>& nodes);
  /// kNotFound for an unknown alias.
  Result<rpc::Endpoint> find(const std::string& alias) const;
  /// Where the member may live: where it listens now, and where the files say; for rpc::KnownHosts. An operator moves
  /// members by editing files while the cluster is down: the cluster learns of it only from the member.
  std::vector<std::string> hosts_of(const std::string& alias) const;
  Result<raft::Endpoint> resolve(uint64_t id, std::string_view alias) const override;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, rpc::Endpoint> endpoints_;                 // guarded by mutex_
  std::map<std::string, std::set<std::string>> configured_hosts_;  // guarded by mutex_
};

}  // namespace pelorus::server
