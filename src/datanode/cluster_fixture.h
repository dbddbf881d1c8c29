#pragma once
// For tests: two data nodes of one cluster in this process. Calls between them go through their messages, the metadata
// through its commands; only the network and the consensus are left out.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "datanode/partition_host.h"
#include "datanode/partition_methods.h"
#include "dist/functions.h"
#include "dist/remote_partitions.h"
#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "io/memory_file_system.h"
#include "meta/apply/apply.h"
#include "storage/store_fixture.h"

namespace pelorus::datanode {

/// The controllers: a state that commands change, every chunk placed on all nodes.
class LocalCatalogue final : public dist::Catalogue {
 public:
  explicit LocalCatalogue(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {
    const auto verifier = meta::make_verifier("123456", "salt of tests 16", 2).value();
    must(meta::FoundCluster{.cluster = uuid(9), .admin = "admin", .verifier = verifier, .now_ns = 1});
    must(meta::RaiseLevel{meta::kNewestLevel});
    for (uint8_t i = 0; i < nodes_.size(); ++i) {
      const auto number = static_cast<uint8_t>(i + 1);
      must(meta::PutNode{{.alias = nodes_[i], .host = "10.0.0." + std::to_string(i), .port = 8902}});
      must(meta::RegisterNode{
          .alias = nodes_[i], .uuid = uuid(number), .boot = uuid(static_cast<uint8_t>(number + 50)), .now_ns = 1});
    }
  }

  Result<dist::FactsRef> table(const std::string& database, const std::string& name) override {
    const std::lock_guard lock(mutex_);
    const auto* found = state_.find_table(database, name);
    if (!found) return Error{ErrorCode::kNotFound, "no table " + name};
    dist::TableFacts facts{.database = *state_.find_database(database), .table = *found};
    for (const auto& [key, id] : found->chunks) facts.chunks.emplace(id, *state_.find_chunk(id));
    return std::make_shared<const dist::TableFacts>(std::move(facts));
  }
  Result<std::optional<meta::Database>> find_database(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    const auto* found = state_.find_database(path);
    return found ? std::optional(*found) : std::nullopt;
  }
  Result<std::vector<meta::CatalogueEntry>> databases() override { return std::vector<meta::CatalogueEntry>(); }
  Result<meta::Access> access(const std::string& user) override {
    const std::lock_guard lock(mutex_);
    return meta::access_of(state_, user);
  }
  Status create_database(const meta::Database& one) override { return run(meta::CreateDatabase{.database = one}); }
  Status drop_database(const std::string& path) override { return run(meta::DropDatabase{path}); }
  Status create_table(const meta::Table& one) override { return run(meta::CreateTable{.table = one}); }
  Status drop_table(const std::string& database, const std::string& name) override {
    return run(meta::DropTable{database, name});
  }
  Status drop_partitions(const meta::DropPartitions& partitions) override { return run(partitions); }
  Status add_partitions(const meta::AddPartitions& partitions) override { return run(partitions); }
  Status alter_database(const meta::AlterDatabase& change) override { return run(change); }
  Status alter_table(const meta::AlterTable& change) override { return run(change); }
  Result<std::optional<meta::RetentionPolicy>> retention(DatabaseId database) override {
    const std::lock_guard lock(mutex_);
    const auto found = state_.records.find({meta::kRetentionArea, meta::RetentionPolicy::record_name(database)});
    if (found == state_.records.end()) return std::optional<meta::RetentionPolicy>();
    TRY(auto policy, meta::decode<meta::RetentionPolicy>(found->second, "retention policy"));
    return std::optional(policy);
  }
  Status set_retention(const meta::RetentionPolicy& policy) override {
    return run(meta::PutRecord{.area = meta::kRetentionArea,
                               .name = meta::RetentionPolicy::record_name(policy.database),
                               .value = meta::encode(policy)});
  }
  Result<meta::BeginReply> begin(const meta::BeginTransaction& transaction) override {
    if (transaction.chunks.size() > 1) ++joint_begins_;
    auto placed = transaction;
    for (auto& chunk : placed.chunks) chunk.placement = nodes_;
    TRY(const auto answer, apply(placed));
    TRY(auto begun, meta::decode<meta::Begun>(answer, "begun"));
    return meta::BeginReply{.begun = std::move(begun)};
  }
  Result<meta::Decided> decide(const meta::Decide& decision) override {
    TRY(const auto answer, apply(decision));
    return meta::decode<meta::Decided>(answer, "decided");
  }
  Result<meta::DecidedAndBegun> decide_and_begin(const meta::Decide& decision,
                                                 const meta::BeginTransaction& next) override {
    ++decided_with_next;
    TRY(auto decided, decide(decision));
    if (others_wait) return meta::DecidedAndBegun{std::move(decided), std::nullopt, true};
    auto begun = begin(next);
    return meta::DecidedAndBegun{std::move(decided),
                                 begun.ok() ? std::optional(std::move(begun).value()) : std::nullopt, false};
  }
  Result<meta::Decided> outcome(TransactionId transaction) override {
    const std::lock_guard lock(mutex_);
    const auto* found = state_.find_transaction(transaction);
    if (found == nullptr) return meta::Decided{};
    return meta::Decided{.state = found->state,
                         .chunks = found->is_decided() ? found->chunks : decltype(found->chunks){}};
  }
  /// Committed, and not yet confirmed by everybody.
  std::vector<TransactionId> committed() { return those_in(meta::TransactionState::kCommitted); }
  /// How often a transaction of several chunks was asked for.
  int joint_begins() const { return joint_begins_; }
  std::atomic<int> decided_with_next = 0;  // how often both were asked for together
  std::atomic<bool> others_wait = false;   // says so to whoever asks for both
  std::vector<TransactionId> running() { return those_in(meta::TransactionState::kRunning); }

  /// The controllers learn that the node's replica lacks rows.
  void make_stale(const std::string& node, ChunkId chunk) {
    must(meta::ChangeReplicas{.changes = {{chunk, node, meta::ReplicaChange::Kind::kStale, 0}}});
  }
  /// Makes an ordinary user who may do what `types` say with the object, and nothing else.
  void add_user(const std::string& id, const std::vector<meta::AccessType>& types, const std::string& object) {
    must(meta::CreateUser{.id = id, .verifier = meta::make_verifier("123456", "salt of tests 16", 2).value()});
    for (const auto type : types) must(meta::ChangeGrants{.ids = {id}, .type = type, .objects = {object}});
  }
  /// A node without it refuses its registration's transactions.
  uint64_t epoch(const std::string& alias) {
    const std::lock_guard lock(mutex_);
    return state_.find_node(alias)->epoch;
  }
  static Uuid uuid(uint8_t seed) {
    Uuid id;
    id.bytes.fill(seed);
    return id;
  }

 private:
  std::vector<TransactionId> those_in(meta::TransactionState state) {
    const std::lock_guard lock(mutex_);
    std::vector<TransactionId> ids;
    for (const auto& [id, transaction] : state_.transactions) {
      if (transaction.state == state) ids.push_back(id);
    }
    return ids;
  }
  /// Through the bytes, as the log carries it.
  Result<Bytes> apply(const meta::Command& command) {
    TRY(const auto again, meta::decode_command(meta::encode_command(command)));
    const std::lock_guard lock(mutex_);
    return meta::apply(state_, again).result();
  }
  Status run(const meta::Command& command) {
    TRY_DONE(apply(command));
    return {};
  }
  void must(const meta::Command& command) {
    const auto done = run(command);
    EXPECT_TRUE(done.ok()) << done.error().message;
  }

  const std::vector<std::string> nodes_;
  std::atomic<int> joint_begins_ = 0;
  std::mutex mutex_;
  meta::State state_;  // guarded by mutex_
};

/// Calls methods of the nodes on the caller's thread.
class DirectCaller final : public rpc::Caller {
 public:
  void add(const std::string& alias, rpc::Methods& methods) { nodes_[alias] = &methods; }
  void call_async(const std::string& alias, std::string_view method, Bytes payload, rpc::CallOptions,
                  rpc::Done done) override {
    const auto found = nodes_.at(alias)->find(method);
    done(found ? found->handler({}, payload, {}) : Error{ErrorCode::kNotFound, "no such method"});
  }

 private:
  std::map<std::string, rpc::Methods*> nodes_;
};

class NoRemoteRun final : public dist::RemoteRun {
 public:
  Result<data::Value> run(const std::string&, const dist::RemoteCall&) override { return refused(); }
  Result<std::vector<std::string>> data_nodes() override { return refused(); }
  Result<std::string> controller() override { return refused(); }

 private:
  static Error refused() { return {ErrorCode::kUnavailable, "no calls in this test"}; }
};

/// One data node with a session of the administrator.
class LocalNode {
 public:
  LocalNode(LocalCatalogue& catalogue, DirectCaller& caller, const std::string& alias)
      : disk_(files_),
        transactions_(*disk_.store, catalogue, disk_.clock, alias),
        host_(std::make_shared<PartitionHost>(*disk_.store, transactions_, scrubber_,
                                              [this](const std::string& user) {
                                                auto session = std::make_shared<Session>(surroundings_, user);
                                                return std::shared_ptr<functions::CallContext>(session,
                                                                                               &session->interpreter);
                                              })),
        services_(caller, alias, host_),
        pool_({.name = alias}),
        distribution_{catalogue, services_, pool_, alias, [] { return meta::kNewestLevel; }},
        writer_(distribution_, [&catalogue, alias] { return catalogue.epoch(alias); }),
        surroundings_{registry_, shared_, sql_, clock_, {}, {}},
        session_(surroundings_, "admin") {
    functions::register_builtins(registry_);
    exec::register_language_functions(registry_);
    exec::register_sql_functions(registry_);
    dist::register_definition_functions(registry_, {distribution_, writer_, remote_, true});
    dist::register_loading_functions(registry_);
    register_partition_methods(methods_, *host_);
    caller.add(alias, methods_);
  }

  data::Value run(const std::string& script) { return session_.interpreter.run(script); }
  /// In a session of its own.
  data::Value run_as(const std::string& user, const std::string& script) {
    return Session(surroundings_, user).interpreter.run(script);
  }
  storage::ChunkStore& store() { return *disk_.store; }
  io::MemoryFileSystem& files() { return files_; }
  /// For functions of upper folders.
  functions::Registry& registry() { return registry_; }
  dist::Distribution& distribution() { return distribution_; }
  dist::ReplicatedWriter& writer() { return writer_; }
  TransactionHost& transactions() { return transactions_; }
  rpc::Methods& methods() { return methods_; }

 private:
  struct Session {
    Session(const exec::Surroundings& surroundings, const std::string& user)
        : scope(7), interpreter(surroundings, scope) {
      scope.caller.user = user;
      scope.caller.is_admin = user == "admin";
    }
    exec::SessionScope scope;
    exec::Interpreter interpreter;
  };

  io::MemoryFileSystem files_;
  storage::TestNode disk_;
  TransactionHost transactions_;
  Scrubber scrubber_{*disk_.store, {}};
  std::shared_ptr<PartitionHost> host_;
  dist::PartitionServiceBook services_;
  ThreadPool pool_;
  dist::Distribution distribution_;
  dist::ReplicatedWriter writer_;
  NoRemoteRun remote_;
  rpc::Methods methods_;
  functions::Registry registry_;
  exec::NodeSharedObjects shared_;
  exec::QueryRunner sql_;
  SystemClock clock_;
  exec::Surroundings surroundings_;
  Session session_;
};

/// dn1 runs the scripts; each chunk lies on dn1 and dn2.
class TwoNodes : public ::testing::Test {
 protected:
  /// The value in script form, or "error TEXT".
  static std::string run(LocalNode& node, const std::string& script) {
    try {
      return exec::to_script(node.run(script));
    } catch (const ScriptError& error) {
      return "error " + error.message();
    }
  }
  std::string run(const std::string& script) { return run(first_, script); }
  /// Chunks and their content are the same on both nodes.
  void expect_equal_replicas() {
    const auto here = first_.store().chunks(), there = second_.store().chunks();
    ASSERT_EQ(here.size(), there.size());
    for (size_t i = 0; i < here.size(); ++i) {
      ASSERT_EQ(here[i].chunk, there[i].chunk);
      EXPECT_EQ(here[i].version, there[i].version);
      const auto mine = first_.store().content_hash(here[i].chunk), other = second_.store().content_hash(here[i].chunk);
      ASSERT_TRUE(mine.ok() && other.ok());
      EXPECT_EQ(*mine, *other);
    }
  }
  void flush() {
    EXPECT_TRUE(first_.store().flush_all().ok());
    EXPECT_TRUE(second_.store().flush_all().ok());
  }

  LocalCatalogue catalogue_{{"dn1", "dn2"}};
  DirectCaller caller_;
  LocalNode first_{catalogue_, caller_, "dn1"};
  LocalNode second_{catalogue_, caller_, "dn2"};
};

}  // namespace pelorus::datanode
