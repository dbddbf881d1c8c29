#include "server/address_table.h"

#include <mutex>

namespace pelorus::server {

void AddressTable::put(const std::string& alias, const std::string& host, uint16_t port) {
  if (alias.empty() || host.empty() || port == 0) return;
  const std::unique_lock lock(mutex_);
  endpoints_.insert_or_assign(alias, rpc::Endpoint{host, port});
}

void AddressTable::configure(const std::string& alias, const std::string& host, uint16_t port) {
  put(alias, host, port);
  if (alias.empty() || host.empty()) return;
  const std::unique_lock lock(mutex_);
  configured_hosts_[alias].insert(host);
}

std::vector<std::string> AddressTable::hosts_of(const std::string& alias) const {
  const std::shared_lock lock(mutex_);
  std::set<std::string> hosts;
  if (const auto found = configured_hosts_.find(alias); found != configured_hosts_.end()) hosts = found->second;
  if (const auto found = endpoints_.find(alias); found != endpoints_.end()) hosts.insert(found->second.host);
  return {hosts.begin(), hosts.end()};
}

void AddressTable::put_all(const std::map<std::string, meta::Node>& nodes) {
  for (const auto& [alias, node] : nodes) put(alias, node.host, node.port);
}

Result<rpc::Endpoint> AddressTable::find(const std::string& alias) const {
  const std::shared_lock lock(mutex_);
  const auto found = endpoints_.find(alias);
  if (found == endpoints_.end()) return Error{ErrorCode::kNotFound, "no address is known for node " + alias};
  return found->second;
}

Result<raft::Endpoint> AddressTable::resolve(uint64_t, std::string_view alias) const {
  TRY(const auto endpoint, find(std::string(alias)));
  return raft::Endpoint{endpoint.host, endpoint.port};
}

}  // namespace pelorus::server
