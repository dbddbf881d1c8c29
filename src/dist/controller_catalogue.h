#pragma once
// The Catalogue over calls to the controllers.

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>

#include "base/ids.h"
#include "dist/catalogue.h"
#include "dist/controller_client.h"
#include "dist/facts/known_tables.h"
#include "dist/loose_ends.h"

namespace pelorus::dist {

/// Thread-safe. One per node.
class ControllerCatalogue final : public Catalogue {
 public:
  /// `boot`: of this process; makes its begins repeatable.
  ControllerCatalogue(ControllerClient& controllers, Uuid boot) : controllers_(controllers), boot_(boot) {}

  Result<FactsRef> table(const std::string& database, const std::string& name) override;
  Result<std::optional<meta::Database>> find_database(const std::string& path) override;
  Result<std::vector<meta::CatalogueEntry>> databases() override;
  Result<meta::Access> access(const std::string& user) override;

  Status create_database(const meta::Database& database) override;
  Status drop_database(const std::string& path) override;
  Status create_table(const meta::Table& table) override;
  Status drop_table(const std::string& database, const std::string& name) override;
  Status drop_partitions(const meta::DropPartitions& partitions) override;
  Status add_partitions(const meta::AddPartitions& partitions) override;
  Status alter_database(const meta::AlterDatabase& change) override;
  Result<std::optional<meta::RetentionPolicy>> retention(DatabaseId database) override;
  Status set_retention(const meta::RetentionPolicy& policy) override;
  Status alter_table(const meta::AlterTable& change) override;

  Result<meta::BeginReply> begin(const meta::BeginTransaction& transaction) override;
  Result<meta::Decided> decide(const meta::Decide& decision) override;
  Result<meta::DecidedAndBegun> decide_and_begin(const meta::Decide& decision,
                                                 const meta::BeginTransaction& next) override;
  Result<meta::Decided> outcome(TransactionId transaction) override;

  /// Rights changed somewhere: forget those kept.
  void forget_access();

 private:
  Status change(const meta::Command& command);
  /// A begin that may be repeated when its outcome is unknown: with a name and a number, its own or the node's.
  meta::BeginTransaction numbered(const meta::BeginTransaction& begin);
  /// `is_open`: nobody knows what became of it. Otherwise the node's name is free again.
  void end_begin(const meta::BeginTransaction& asked, const meta::BeginTransaction& numbered, bool is_open);

  struct KeptAccess {
    meta::Access access;
    std::chrono::steady_clock::time_point until;
  };

  ControllerClient& controllers_;
  const Uuid boot_;
  std::mutex mutex_;
  std::map<std::string, KeptAccess> access_;            // guarded by mutex_
  std::vector<std::pair<std::string, uint64_t>> idle_;  // guarded by mutex_; writer names and their last sequence
  uint64_t names_made_ = 0;                             // guarded by mutex_
  LooseEnds loose_ends_{controllers_};
  KnownTables tables_{[this](const meta::TableFactsRequest& request) {
    return controllers_.ask<TableFacts>(meta::kTableFacts, request);
  }};
};

}  // namespace pelorus::dist
