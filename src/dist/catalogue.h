#pragma once
// The controllers' truth as the rest of a node needs it. Implemented over rpc by ControllerCatalogue; tests bring their
// own.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "meta/catalogue.h"
#include "meta/command.h"
#include "meta/messages.h"
#include "meta/retention.h"

namespace pelorus::dist {

/// One table with its chunks as of one moment: what a statement plans and reads with.
using meta::TableFacts;
using FactsRef = std::shared_ptr<const TableFacts>;

/// Thread-safe; every call asks the leader (linearizable) and follows it through elections until its deadline:
/// kUnavailable then, kOutcomeUnknown when a change may have been made.
class Catalogue {
 public:
  virtual ~Catalogue() = default;

  /// kNotFound naming the database or the table.
  virtual Result<FactsRef> table(const std::string& database, const std::string& name) = 0;
  virtual Result<std::optional<meta::Database>> find_database(const std::string& path) = 0;
  /// Names and owners of all databases and tables.
  virtual Result<std::vector<meta::CatalogueEntry>> databases() = 0;
  /// What a user may do; may be some seconds old.
  virtual Result<meta::Access> access(const std::string& user) = 0;

  virtual Status create_database(const meta::Database& database) = 0;
  virtual Status alter_database(const meta::AlterDatabase& change) = 0;
  /// How long its partitions are kept; nothing: for ever.
  virtual Result<std::optional<meta::RetentionPolicy>> retention(DatabaseId database) = 0;
  virtual Status set_retention(const meta::RetentionPolicy& policy) = 0;
  virtual Status drop_database(const std::string& path) = 0;
  virtual Status create_table(const meta::Table& table) = 0;
  virtual Status drop_table(const std::string& database, const std::string& name) = 0;
  virtual Status drop_partitions(const meta::DropPartitions& partitions) = 0;
  virtual Status add_partitions(const meta::AddPartitions& partitions) = 0;
  virtual Status alter_table(const meta::AlterTable& change) = 0;

  /// Locks chunks and makes missing ones; placement is filled in by the leader. Errors: meta::BeginTransaction.
  virtual Result<meta::BeginReply> begin(const meta::BeginTransaction& transaction) = 0;
  /// Repeats until the outcome is known; kOutcomeUnknown only after a long time without a leader.
  virtual Result<meta::Decided> decide(const meta::Decide& decision) = 0;
  /// And, where that is possible in the same round, begins the transaction that waits for its partitions.
  virtual Result<meta::DecidedAndBegun> decide_and_begin(const meta::Decide& decision,
                                                         const meta::BeginTransaction& next) = 0;
  /// The outcome of a transaction; kRunning while it is open. Unknown ones are aborted ones.
  virtual Result<meta::Decided> outcome(TransactionId transaction) = 0;
};

}  // namespace pelorus::dist
