#pragma once
// Everything the controllers agree on. Changed by apply() only; a plain value otherwise.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "meta/catalogue.h"
#include "meta/grants.h"
#include "meta/members.h"

namespace pelorus::meta {

struct State {
  Uuid cluster;                // nil before the cluster is founded
  int64_t now_ns = 0;          // the latest time seen in a command: never goes back
  uint64_t last_database = 0;  // ids given so far
  uint64_t last_table = 0;
  uint64_t last_chunk = 0;
  uint64_t last_transaction = 0;
  uint64_t catalogue_revision = 0;    // +1 with every change of databases and tables
  uint64_t access_revision = 0;       // +1 with every change of users, groups and rights
  std::map<std::string, Node> nodes;  // by alias
  Configuration configuration;
  std::map<std::string, Database> databases;  // by path
  std::map<TableId, Table> tables;
  std::map<ChunkId, Chunk> chunks;
  std::map<TransactionId, Transaction> transactions;  // running, committed, and the latest finished ones
  std::map<std::string, ClientSequence> clients;
  std::map<std::string, User> users;
  std::map<std::string, Group> groups;
  std::map<std::string, FunctionView> views;
  std::map<std::pair<std::string, std::string>, std::string> records;  // (area, name): jobs, stream groups, settings
  uint32_t level = 1;  // feature level: nothing is written that programs of this level cannot read

  bool operator==(const State&) const = default;
  template <class A>
  void fields(A& a) {
    a(cluster, now_ns, last_database, last_table, last_chunk, last_transaction, catalogue_revision, access_revision,
      nodes, configuration, databases, tables, chunks, transactions, clients, users, groups, views, records, level);
  }

  // Null when there is none.
  const Node* find_node(const std::string& alias) const { return find_in(nodes, alias); }
  const Database* find_database(const std::string& path) const { return find_in(databases, path); }
  const Table* find_table(TableId id) const { return find_in(tables, id); }
  const Table* find_table(const std::string& database, const std::string& name) const {
    const auto* found = find_database(database);
    const auto* id = found == nullptr ? nullptr : find_in(found->tables, name);
    return id == nullptr ? nullptr : find_table(*id);
  }
  const Chunk* find_chunk(ChunkId id) const { return find_in(chunks, id); }
  const Transaction* find_transaction(TransactionId id) const { return find_in(transactions, id); }
  const User* find_user(const std::string& id) const { return find_in(users, id); }

 private:
  template <class Map, class Key>
  static const typename Map::mapped_type* find_in(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
  }
};

/// The area of `records` with the members that a command removed, by alias; adding one again forgets it.
inline constexpr const char* kRemovedMembersArea = "removed members";

/// Aliases that files must not bring back.
std::set<std::string> removed_members(const State& state);
/// Whether the replica is on its way out: its node is drained, or another one takes its place.
bool has_to_go(const State& state, const Replica& replica);
/// "dfs://db/table/20200101/Key3": how status tables name a chunk.
std::string chunk_path(const State& state, const Chunk& chunk);
/// What `user` may do: own rights and those of the groups. An unknown user has the rights of nobody.
Access access_of(const State& state, const std::string& user);

/// The whole state with a format number and a SHA-256 in front.
Bytes write_snapshot(const State& state);
/// kCorrupt when the bytes are not a whole snapshot of a known format.
Result<State> read_snapshot(std::string_view bytes);

}  // namespace pelorus::meta
