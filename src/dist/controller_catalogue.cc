#include "dist/controller_catalogue.h"

namespace pelorus::dist {
namespace {

using std::chrono::seconds;

/// Rights may be this old on a node that hears no heartbeat answers; normally a changed revision comes with the next
/// one.
constexpr seconds kAccessLife{2};
/// A decision is asked for until it is known: the client waits for it.
constexpr ControllerCall kDecisionCall{.repeat = Repeat::kSafe, .timeout = seconds(120)};
constexpr ControllerCall kChangeCall{.repeat = Repeat::kIfNotStarted, .timeout = seconds(30)};

}  // namespace

Result<FactsRef> ControllerCatalogue::table(const std::string& database, const std::string& name) {
  return tables_.get(database, name);
}

Result<std::optional<meta::Database>> ControllerCatalogue::find_database(const std::string& path) {
  TRY(auto reply, controllers_.ask<meta::DatabaseReply>(meta::kDatabaseFacts, meta::DatabaseRequest{path}));
  return std::move(reply.database);
}

Result<std::vector<meta::CatalogueEntry>> ControllerCatalogue::databases() {
  TRY(const auto answer, controllers_.call(meta::kListCatalogue, {}));
  TRY(auto reply, meta::decode<meta::CatalogueReply>(answer, meta::kListCatalogue));
  return std::move(reply.databases);
}

Result<meta::Access> ControllerCatalogue::access(const std::string& user) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    const auto kept = access_.find(user);
    if (kept != access_.end() && kept->second.until > now) return kept->second.access;
  }
  TRY(auto reply, controllers_.ask<meta::UserReply>(meta::kUserFacts, meta::UserRequest{user}));
  const std::lock_guard lock(mutex_);
  std::erase_if(access_, [&](const auto& entry) { return entry.second.until <= now; });
  access_.insert_or_assign(user, KeptAccess{reply.access, now + kAccessLife});
  return std::move(reply.access);
}

void ControllerCatalogue::forget_access() {
  const std::lock_guard lock(mutex_);
  access_.clear();
}

Status ControllerCatalogue::change(const meta::Command& command) {
  const meta::ChangeRequest request{.user = {}, .command = meta::encode_command(command)};
  TRY(const auto answer, controllers_.call(meta::kChange, meta::encode(request), kChangeCall));
  return {};
}

Status ControllerCatalogue::create_database(const meta::Database& database) {
  return change(meta::CreateDatabase{.database = database});
}
Status ControllerCatalogue::drop_database(const std::string& path) { return change(meta::DropDatabase{path}); }
Status ControllerCatalogue::create_table(const meta::Table& table) { return change(meta::CreateTable{.table = table}); }
Status ControllerCatalogue::drop_table(const std::string& database, const std::string& name) {
  return change(meta::DropTable{database, name});
}
Status ControllerCatalogue::drop_partitions(const meta::DropPartitions& partitions) { return change(partitions); }
Status ControllerCatalogue::add_partitions(const meta::AddPartitions& partitions) { return change(partitions); }
Status ControllerCatalogue::alter_database(const meta::AlterDatabase& alteration) { return change(alteration); }
Status ControllerCatalogue::alter_table(const meta::AlterTable& alteration) { return change(alteration); }

Result<std::optional<meta::RetentionPolicy>> ControllerCatalogue::retention(DatabaseId database) {
  TRY(const auto reply,
      controllers_.ask<meta::RecordsReply>(meta::kListRecords, meta::RecordsRequest{meta::kRetentionArea}));
  const auto found = reply.records.find(meta::RetentionPolicy::record_name(database));
  if (found == reply.records.end()) return std::optional<meta::RetentionPolicy>();
  TRY(auto policy, meta::decode<meta::RetentionPolicy>(found->second, "retention policy"));
  return std::optional(std::move(policy));
}

Status ControllerCatalogue::set_retention(const meta::RetentionPolicy& policy) {
  return change(meta::PutRecord{.area = meta::kRetentionArea,
                                .name = meta::RetentionPolicy::record_name(policy.database),
                                .value = meta::encode(policy)});
}

meta::BeginTransaction ControllerCatalogue::numbered(const meta::BeginTransaction& begin) {
  auto numbered = begin;
  if (!begin.client.empty()) return numbered;
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    numbered.client = "node/" + boot_.to_string() + "/" + std::to_string(names_made_++);
    numbered.sequence = 1;
  } else {
    numbered.client = std::move(idle_.back().first);
    numbered.sequence = idle_.back().second + 1;
    idle_.pop_back();
  }
  return numbered;
}

void ControllerCatalogue::end_begin(const meta::BeginTransaction& asked, const meta::BeginTransaction& numbered,
                                    bool is_open) {
  if (is_open) return loose_ends_.add(numbered);
  if (!asked.client.empty()) return;
  const std::lock_guard lock(mutex_);
  idle_.emplace_back(numbered.client, numbered.sequence);
}

Result<meta::BeginReply> ControllerCatalogue::begin(const meta::BeginTransaction& transaction) {
  const auto repeatable = numbered(transaction);
  auto reply = controllers_.ask<meta::BeginReply>(meta::kBeginTransaction, repeatable);
  end_begin(transaction, repeatable, !reply.ok() && LooseEnds::leaves_open(reply.error()));
  return reply;
}

Result<meta::Decided> ControllerCatalogue::decide(const meta::Decide& decision) {
  auto decided = controllers_.ask<meta::Decided>(meta::kDecide, decision, kDecisionCall);
  if (!decided.ok() && LooseEnds::leaves_open(decided.error())) loose_ends_.add(decision.transaction);
  return decided;
}

Result<meta::DecidedAndBegun> ControllerCatalogue::decide_and_begin(const meta::Decide& decision,
                                                                    const meta::BeginTransaction& next) {
  const auto repeatable = numbered(next);
  auto reply =
      controllers_.ask<meta::DecidedAndBegun>(meta::kDecide, meta::DecideAndBegin{decision, repeatable}, kDecisionCall);
  if (!reply.ok() && LooseEnds::leaves_open(reply.error())) loose_ends_.add(decision.transaction);
  end_begin(next, repeatable, !reply.ok());  // the error may be the decision's alone
  return reply;
}

Result<meta::Decided> ControllerCatalogue::outcome(TransactionId transaction) {
  TRY(auto reply, controllers_.ask<meta::DecisionsReply>(meta::kGetDecisions, meta::DecisionsRequest{{transaction}}));
  if (reply.decisions.size() != 1)
    return Error{ErrorCode::kCorrupt, "the controllers answered another number of decisions"};
  return meta::Decided{.state = reply.decisions[0].state, .chunks = std::move(reply.decisions[0].chunks)};
}

}  // namespace pelorus::dist
