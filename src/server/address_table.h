#pragma once
// Where members listen now: by this node's configuration files and by what the controllers say.

#include <atomic>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "meta/members.h"
#include "raft/replicated_log.h"
#include "rpc/peer.h"

namespace pelorus::server {

/// Thread-safe. Addresses are looked up at every connect, so a change takes effect with the next one. After a move the
/// files are right and the controllers wrong until a leader has read the files, which takes connections; after a
/// mistake in a file it is the other way round. While they disagree, look-ups take turns: nobody answers to a wrong
/// alias. The controllers' word counts alone once they have changed it, or by settle().
class AddressTable final : public raft::AddressBook {
 public:
  /// By the files of this node.
  void put(const std::string& alias, const std::string& host, uint16_t port);
  /// By the controllers, of all members.
  void put_all(const std::map<std::string, meta::Node>& nodes);
  /// The controllers have judged this node's files: of those they know, their word counts.
  void settle();
  /// kNotFound for an unknown alias.
  Result<rpc::Endpoint> find(const std::string& alias) const;
  /// Where the member may live, by whichever word counts: for rpc::KnownHosts.
  std::vector<std::string> hosts_of(const std::string& alias) const;
  Result<raft::Endpoint> resolve(uint64_t id, std::string_view alias) const override;

 private:
  struct Words {
    std::optional<rpc::Endpoint> own;   // by the files
    std::optional<rpc::Endpoint> told;  // by the controllers
    mutable std::atomic<uint32_t> turn = 0;
  };

  mutable std::shared_mutex mutex_;
  std::map<std::string, Words> words_;  // guarded by mutex_
};

}  // namespace pelorus::server
