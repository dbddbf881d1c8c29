#pragma once
// Where users and their verifiers come from. Owned here; meta's users behind it on cluster nodes.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "meta/verifier.h"

namespace pelorus::session {

struct UserFacts {
  meta::Verifier verifier;
  bool is_admin = false;
};

/// Thread-safe. May ask another node; called on statement threads only.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Nothing when there is no such user. Errors: what kept the answer away.
  virtual Result<std::optional<UserFacts>> find_user(std::string_view user) = 0;
};

/// Users held in memory: a single node without a metadata store, and tests.
class FixedUsers final : public Authenticator {
 public:
  void put(const std::string& user, UserFacts facts) {
    const std::lock_guard lock(mutex_);
    users_.insert_or_assign(user, std::move(facts));
  }
  Result<std::optional<UserFacts>> find_user(std::string_view user) override {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);
    if (found == users_.end()) return std::optional<UserFacts>();
    return std::optional<UserFacts>(found->second);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, UserFacts, std::less<>> users_;  // guarded by mutex_
};

}  // namespace pelorus::session
