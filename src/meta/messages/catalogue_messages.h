#pragma once
// What nodes ask of the metadata. Answered by any controller from its own state unless `fresh` is set or said
// otherwise.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/catalogue.h"
#include "meta/grants.h"
#include "meta/members.h"

namespace pelorus::meta {

/// The read snapshot of one table: schema, scheme, chunks with versions and replicas, addresses. Answered by the
/// leader, so that a read sees what was committed before it; `fresh` adds a read barrier (a leader cut off from its
/// majority may otherwise answer from before for one election timeout). kNotFound names what is missing.
inline constexpr std::string_view kTableFacts = "meta.table_facts";
///
/// Whoever has heard facts before names them (`source`, `since`): then only what has changed is told, if the controller
/// that answers is the same process and still knows.
struct TableFactsRequest {
  std::string database;
  std::string table;
  bool fresh = false;
  Uuid source;         // TableFacts::source of those heard; nil: none
  uint64_t since = 0;  // TableFacts::number of those heard
  template <class A>
  void fields(A& a) {
    a(database, table, fresh, source, since);
  }
};
struct NodeAddress {
  std::string alias;
  std::string host;
  uint16_t port = 0;
  bool alive = false;  // as the leader sees it
  template <class A>
  void fields(A& a) {
    a(alias, host, port, alive);
  }
};
struct TableFacts {
  Database database;  // without `tables`
  Table table;        // `chunks` only of committed partitions
  std::map<ChunkId, Chunk> chunks;
  std::vector<NodeAddress> nodes;  // those that hold replicas
  uint64_t catalogue_revision = 0;
  Uuid source;             // nil: of a program that tells everything always
  uint64_t number = 0;     // of the last change that these facts have
  bool is_change = false;  // only what is different from those heard: `chunks` are the changed ones, `database`,
                           // `table` and `nodes` are left out
  std::vector<ChunkId> gone = {};  // with is_change: chunks that are there no more
  template <class A>
  void fields(A& a) {
    a(database, table, chunks, nodes, catalogue_revision, source, number, is_change, gone);
  }
};

/// One database with the names of its tables; nothing when it does not exist. Answered by the leader.
inline constexpr std::string_view kDatabaseFacts = "meta.database_facts";
struct DatabaseRequest {
  std::string path;
  template <class A>
  void fields(A& a) {
    a(path);
  }
};
struct DatabaseReply {
  std::optional<Database> database;
  template <class A>
  void fields(A& a) {
    a(database);
  }
};

/// All databases and tables by name and owner.
inline constexpr std::string_view kListCatalogue = "meta.list_catalogue";
struct CatalogueEntry {
  std::string database;
  std::string owner;
  std::vector<std::string> tables;
  template <class A>
  void fields(A& a) {
    a(database, owner, tables);
  }
};
struct CatalogueReply {
  uint64_t revision = 0;
  std::vector<CatalogueEntry> databases;
  template <class A>
  void fields(A& a) {
    a(revision, databases);
  }
};

/// What a login needs. Request: UserRequest. An unknown user is no error: `user` is empty.
inline constexpr std::string_view kUserFacts = "meta.user_facts";
struct UserRequest {
  std::string id;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};
struct UserReply {
  std::optional<User> user;
  Access access;
  uint64_t access_revision = 0;
  template <class A>
  void fields(A& a) {
    a(user, access, access_revision);
  }
};

/// All users (without verifiers) and groups.
inline constexpr std::string_view kListAccounts = "meta.list_accounts";
struct AccountsReply {
  std::map<std::string, User> users;
  std::map<std::string, Group> groups;
  uint64_t access_revision = 0;
  template <class A>
  void fields(A& a) {
    a(users, groups, access_revision);
  }
};

inline constexpr std::string_view kListViews = "meta.list_views";
struct ViewsReply {
  std::map<std::string, FunctionView> views;
  uint64_t access_revision = 0;
  template <class A>
  void fields(A& a) {
    a(views, access_revision);
  }
};

/// The records of one area. Answered by the leader.
inline constexpr std::string_view kListRecords = "meta.list_records";
struct RecordsRequest {
  std::string area;
  template <class A>
  void fields(A& a) {
    a(area);
  }
};
struct RecordsReply {
  std::map<std::string, std::string> records;
  template <class A>
  void fields(A& a) {
    a(records);
  }
};

inline constexpr std::string_view kGetConfiguration = "meta.get_configuration";
struct ConfigurationReply {
  Uuid cluster;
  Configuration configuration;
  std::map<std::string, Node> nodes;
  template <class A>
  void fields(A& a) {
    a(cluster, configuration, nodes);
  }
};

}  // namespace pelorus::meta
