#pragma once
// Where members listen today: first what this node's own files say (they are right before there is a leader to ask,
// after a move), then the replicated state.

#include <map>
#include <mutex>
#include <string>

#include "controller/metadata_machine.h"
#include "raft/replicated_log.h"

namespace pelorus::controller {

/// Thread-safe.
class MemberAddressBook final : public raft::AddressBook {
 public:
  explicit MemberAddressBook(const MetadataMachine& machine) : machine_(machine) {}

  /// Addresses by alias; replaces those set before. An empty map leaves everything to the state.
  void set_local(std::map<std::string, raft::Endpoint> addresses) {
    const std::lock_guard lock(mutex_);
    local_ = std::move(addresses);
  }
  Result<raft::Endpoint> resolve(uint64_t id, std::string_view alias) const override;
  /// As resolve(), for callers that know no member id.
  Result<raft::Endpoint> find(std::string_view alias) const { return resolve(0, alias); }

 private:
  const MetadataMachine& machine_;
  mutable std::mutex mutex_;
  std::map<std::string, raft::Endpoint> local_;  // guarded by mutex_
};

}  // namespace pelorus::controller
