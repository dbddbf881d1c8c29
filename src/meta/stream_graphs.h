#pragma once
// Stream graphs and the stream tables of catalogs: what the cluster knows of them and where they run. Kept as one
// record of the state; the definitions of graphs have records of their own, by the graph's id.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "meta/state.h"

namespace pelorus::meta {

enum class GraphStatus : uint8_t { kRunning, kStopped, kFailed, kDestroyed };
/// "running", "stopped", "failed", "destroyed".
std::string_view name_of(GraphStatus status);

/// A graph by its full name, catalog.orca_graph.name.
struct StreamGraph {
  std::string name;
  std::string id;    // a UUID; that of its definition, too
  std::string node;  // alias of the node it runs on
  std::string owner;
  bool owner_is_admin = false;
  GraphStatus status = GraphStatus::kRunning;
  std::string reason;  // of the status; empty: none
  int64_t created_ns = 0;
  std::vector<std::string> tables;      // it reads and writes, by full name
  std::vector<std::string> own_tables;  // those of them that it makes where they are not there
  std::vector<std::string> engines;     // it gave names to, by full name
  std::string settings;                 // as submit was told, for show

  /// Its tables and engines are in use.
  bool is_live() const { return status != GraphStatus::kDestroyed; }
  template <class A>
  void fields(A& a) {
    a(name, id, node, owner, owner_is_admin, status, reason, created_ns, tables, own_tables, engines, settings);
  }
};

/// A stream table by its full name, catalog.orca_table.name.
struct CatalogStream {
  std::string name;
  std::string id;
  std::string node;   // where its rows are
  int64_t group = 0;  // of streamingRaftGroups; 0: not highly available
  std::string owner;
  std::string definition;  // how its node makes it again
  template <class A>
  void fields(A& a) {
    a(name, id, node, group, owner, definition);
  }
};

struct StreamGraphs {
  std::map<std::string, StreamGraph> graphs;    // by full name
  std::map<std::string, CatalogStream> tables;  // by full name
  template <class A>
  void fields(A& a) {
    a(graphs, tables);
  }

  /// Names are found exactly, else without case. Null when there is none.
  const StreamGraph* find_graph(std::string_view name) const;
  const CatalogStream* find_table(std::string_view name) const;
  /// The live graph that named an engine so; null: none.
  const StreamGraph* graph_of_engine(std::string_view engine) const;
  /// Live graphs that read or write the table.
  std::vector<const StreamGraph*> users_of(std::string_view table) const;
  /// What a catalog holds besides schemas: its live graphs and its tables, by full name.
  std::vector<std::string> held_by(std::string_view catalog) const;
};

/// Parts of catalog.kind.name.
inline constexpr std::string_view kGraphSchema = "orca_graph", kStreamSchema = "orca_table",
                                  kEngineSchema = "orca_engine";

inline constexpr const char* kStreamGraphsArea = "stream_graphs";
inline constexpr const char* kStreamGraphsRecord = "all";
inline constexpr const char* kGraphDefinitionsArea = "stream_graph_definitions";

/// kCorrupt for a record this build cannot read.
Result<StreamGraphs> stream_graphs_of(const State& state);

struct StreamGraphChange {
  enum class Kind : uint8_t {
    kSubmit,     // graph, tables (those it makes), definition
    kSetStatus,  // graph.name, graph.status, graph.reason
    kDestroy,    // graph.name, with_tables
    kPurge,      // graph.name
    kAddTable,   // tables[0]
    kDropTable,  // tables[0].name
  };
  std::string user;  // who asks
  Kind kind = Kind::kSubmit;
  StreamGraph graph;
  std::vector<CatalogStream> tables;
  bool with_tables = false;
  std::optional<std::string> definition = {};
  template <class A>
  void fields(A& a) {
    a(user, kind, graph, tables, with_tables, definition);
  }
};
/// The graphs after the change. kNotFound, kAlreadyExists and kInvalid name what is missing, taken or in use; kDenied
/// for whom the graph or the table is not.
Result<StreamGraphs> changed(const State& state, const StreamGraphChange& change);

/// What controllers answer, by leader: kChangeStreamGraphs takes a StreamGraphChange and gives the StreamGraphs after
/// it, kListStreamGraphs gives the StreamGraphs. Definitions are listed by kListRecords of kGraphDefinitionsArea.
inline constexpr std::string_view kChangeStreamGraphs = "meta.change_stream_graphs";
inline constexpr std::string_view kListStreamGraphs = "meta.list_stream_graphs";

}  // namespace pelorus::meta
