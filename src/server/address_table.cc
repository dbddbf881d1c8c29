#include "server/address_table.h"

#include <mutex>

namespace pelorus::server {

void AddressTable::put(const std::string& alias, const std::string& host, uint16_t port) {
  if (alias.empty() || host.empty() || port == 0) return;
  const std::unique_lock lock(mutex_);
  words_[alias].own = rpc::Endpoint{host, port};
}

void AddressTable::put_all(const std::map<std::string, meta::Node>& nodes) {
  const std::unique_lock lock(mutex_);
  for (const auto& [alias, node] : nodes) {
    if (alias.empty() || node.host.empty() || node.port == 0) continue;
    auto& words = words_[alias];
    const rpc::Endpoint told{node.host, node.port};
    if (words.told == told) continue;
    if (words.told) words.own.reset();
    words.told = told;
  }
}

void AddressTable::settle() {
  const std::unique_lock lock(mutex_);
  for (auto& [alias, words] : words_) {
    if (words.told) words.own.reset();
  }
}

Result<rpc::Endpoint> AddressTable::find(const std::string& alias) const {
  const std::shared_lock lock(mutex_);
  const auto found = words_.find(alias);
  if (found == words_.end()) return Error{ErrorCode::kNotFound, "no address is known for node " + alias};
  const auto& words = found->second;
  if (!words.told) return *words.own;
  if (!words.own || words.own == words.told) return *words.told;
  return words.turn++ % 2 == 0 ? *words.own : *words.told;
}

std::vector<std::string> AddressTable::hosts_of(const std::string& alias) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> hosts;
  const auto found = words_.find(alias);
  if (found == words_.end()) return hosts;
  for (const auto& word : {found->second.own, found->second.told}) {
    if (word) hosts.push_back(word->host);
  }
  return hosts;
}

Result<raft::Endpoint> AddressTable::resolve(uint64_t, std::string_view alias) const {
  TRY(const auto endpoint, find(std::string(alias)));
  return raft::Endpoint{endpoint.host, endpoint.port};
}

}  // namespace pelorus::server
