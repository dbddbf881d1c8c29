#include "controller/address_book.h"

namespace pelorus::controller {

Result<raft::Endpoint> MemberAddressBook::resolve(uint64_t, std::string_view alias) const {
  const std::string name(alias);
  {
    const std::lock_guard lock(mutex_);
    const auto found = local_.find(name);
    if (found != local_.end()) return found->second;
  }
  return machine_.read([&](const meta::State& state) -> Result<raft::Endpoint> {
    const auto* node = state.find_node(name);
    if (node == nullptr) return Error{ErrorCode::kNotFound, "no address is known for the member " + name};
    return raft::Endpoint{node->host, node->port};
  });
}

}  // namespace pelorus::controller
