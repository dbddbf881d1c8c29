#pragma once
// What was heard of tables, so that the controllers need only tell what has changed since.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/yielding.h"
#include "dist/catalogue.h"

namespace pelorus::dist {

/// Thread-safe. One per node.
class KnownTables {
 public:
  /// Chunks of all tables that are kept together, some 700 bytes each; the table unused for longest is forgotten first.
  static constexpr size_t kChunksMax = 100'000;

  using Ask = std::function<Result<meta::TableFacts>(const meta::TableFactsRequest&)>;
  /// `ask`: the controllers; on any thread, several at once.
  explicit KnownTables(Ask ask, size_t chunks_max = kChunksMax) : ask_(std::move(ask)), chunks_max_(chunks_max) {}

  /// The table as the controllers see it now: each call asks them. Errors are theirs. Its `nodes` are as old as when it
  /// was heard whole. Cost: that of the changed chunks; while somebody holds what was given before, a copy of the facts
  /// when there are any.
  Result<FactsRef> get(const std::string& database, const std::string& table);
  /// Forgets all tables, as it does by itself when memory is short.
  void let_go();

 private:
  using Name = std::pair<std::string, std::string>;
  /// Facts and how many have been given them who may still read them.
  struct Lent {
    meta::TableFacts facts;
    std::atomic<size_t> readers{0};
  };
  struct Known {
    std::shared_ptr<Lent> lent;
    uint64_t number = 0;  // of the last change that they have: others may have changed no chunk of this table
    uint64_t used = 0;
  };

  static FactsRef lend(const std::shared_ptr<Lent>& lent);
  FactsRef changed(const Name& name, FactsRef before, uint64_t since, const meta::TableFacts& change);
  FactsRef keep(const Name& name, meta::TableFacts facts);
  /// Caller holds mutex_.
  void forget_unused();

  const Ask ask_;
  const size_t chunks_max_;
  std::mutex mutex_;
  std::map<Name, Known> known_;  // guarded by mutex_
  uint64_t uses_ = 0;            // guarded by mutex_
  const memory::Yielding yielding_{[this] { let_go(); }};
};

}  // namespace pelorus::dist
