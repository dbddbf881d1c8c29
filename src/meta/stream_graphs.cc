#include "meta/stream_graphs.h"

#include <algorithm>

#include "base/letter_case.h"
#include "meta/catalogs.h"

namespace pelorus::meta {
namespace {

template <class Items>
const typename Items::mapped_type* find_in(const Items& items, std::string_view name) {
  if (const auto exact = items.find(std::string(name)); exact != items.end()) return &exact->second;
  const auto wanted = lowered(name);
  for (const auto& [key, item] : items) {
    if (lowered(key) == wanted) return &item;
  }
  return nullptr;
}

std::string catalog_in(std::string_view full_name) { return std::string(full_name.substr(0, full_name.find('.'))); }

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// One change under way.
class Changing {
 public:
  Changing(const StreamGraphChange& change, const Catalogs& catalogs, bool is_admin, StreamGraphs all)
      : change_(change), catalogs_(catalogs), is_admin_(is_admin), all_(std::move(all)) {}

  Result<StreamGraphs> run() {
    TRY_DONE(change_one());
    return std::move(all_);
  }

 private:
  Status change_one() {
    using Kind = StreamGraphChange::Kind;
    switch (change_.kind) {
      case Kind::kSubmit: return submit();
      case Kind::kSetStatus: return set_status();
      case Kind::kDestroy: return destroy();
      case Kind::kPurge: return purge();
      case Kind::kAddTable: return add_table();
      case Kind::kDropTable: return drop_table();
    }
    return Error{ErrorCode::kInvalid, "An unknown change of stream graphs."};
  }

  Status check_catalog(const std::string& full_name) const {
    const auto catalog = catalog_in(full_name);
    if (catalogs_.find(catalog) != nullptr) return {};
    return Error{ErrorCode::kNotFound, "The catalog doesn't exist: " + catalog + ". createCatalog makes it."};
  }
  Status check_owner(const std::string& owner, const std::string& what) const {
    if (is_admin_ || change_.user == owner) return {};
    return Error{ErrorCode::kDenied,
                 "<NoPrivilege>Only an administrator or " + owner + ", whose it is, may change " + what};
  }
  Result<StreamGraph*> own_graph() {
    const auto* found = all_.find_graph(change_.graph.name);
    if (found == nullptr) return no_graph();
    TRY_DONE(check_owner(found->owner, "the stream graph " + found->name));
    return &all_.graphs.at(found->name);
  }
  Error no_graph() const {
    return {ErrorCode::kNotFound, "The stream graph doesn't exist: " + change_.graph.name + "."};
  }

  Status submit() {
    const auto& graph = change_.graph;
    TRY_DONE(check_catalog(graph.name));
    if (const auto* same = all_.find_graph(graph.name)) {
      TRY_DONE(check_owner(same->owner, "the stream graph " + same->name));
      const bool is_over = same->status == GraphStatus::kDestroyed || same->status == GraphStatus::kFailed;
      const bool is_again = same->id == graph.id;  // resubmitted, or begun anew
      if (!is_over && !is_again)
        return Error{ErrorCode::kAlreadyExists, "The stream graph " + same->name + " exists already and is " +
                                                    std::string(name_of(same->status)) + ": dropStreamGraph ends it."};
      all_.graphs.erase(std::string(same->name));
    }
    for (const auto& table : change_.tables) {
      if (all_.find_table(table.name) != nullptr) return taken(table.name);
      all_.tables.emplace(table.name, table);
    }
    for (const auto& table : graph.tables) {
      if (all_.find_table(table) == nullptr) return no_table(table);
    }
    for (const auto& engine : graph.engines) {
      if (const auto* other = all_.graph_of_engine(engine))
        return Error{ErrorCode::kAlreadyExists,
                     "The graph " + other->name + " has an engine named " + engine + " already."};
    }
    all_.graphs.emplace(graph.name, graph);
    return {};
  }

  Status set_status() {
    TRY(auto* const graph, own_graph());
    if (!graph->is_live()) return Error{ErrorCode::kInvalid, "The stream graph " + graph->name + " is destroyed."};
    graph->status = change_.graph.status;
    graph->reason = change_.graph.reason;
    return {};
  }

  Status destroy() {
    TRY(auto* const graph, own_graph());
    graph->status = GraphStatus::kDestroyed;
    graph->reason.clear();
    if (!change_.with_tables) return {};
    for (const auto& name : graph->own_tables) {
      if (!all_.tables.contains(name)) continue;
      TRY_DONE(check_unused(name));
      all_.tables.erase(name);
    }
    return {};
  }

  Status purge() {
    TRY(auto* const graph, own_graph());
    if (graph->is_live())
      return Error{ErrorCode::kInvalid, "The stream graph " + graph->name + " is " +
                                            std::string(name_of(graph->status)) +
                                            ": only the record of a destroyed one can be purged; see dropStreamGraph."};
    all_.graphs.erase(std::string(graph->name));
    return {};
  }

  Status add_table() {
    const auto& table = change_.tables.at(0);
    TRY_DONE(check_catalog(table.name));
    if (!all_.tables.emplace(table.name, table).second) return taken(table.name);
    return {};
  }

  Status drop_table() {
    const auto& name = change_.tables.at(0).name;
    const auto* table = all_.find_table(name);
    if (table == nullptr) return no_table(name);
    TRY_DONE(check_owner(table->owner, "the stream table " + table->name));
    TRY_DONE(check_unused(table->name));
    all_.tables.erase(std::string(table->name));
    return {};
  }

  Status check_unused(const std::string& table) const {
    std::vector<std::string> names;
    for (const auto* user : all_.users_of(table)) names.push_back(user->name);
    if (names.empty()) return {};
    return Error{ErrorCode::kInvalid, "The stream table " + table + " is used by " + joined(names) +
                                          ": drop these graphs first (dropStreamGraph)."};
  }
  Error taken(const std::string& name) const {
    return {ErrorCode::kAlreadyExists, "The stream table " + name + " exists already."};
  }
  Error no_table(const std::string& name) const {
    return {ErrorCode::kNotFound, "The stream table doesn't exist: " + name + "."};
  }

  const StreamGraphChange& change_;
  const Catalogs& catalogs_;
  const bool is_admin_;
  StreamGraphs all_;
};

}  // namespace

std::string_view name_of(GraphStatus status) {
  switch (status) {
    case GraphStatus::kRunning: return "running";
    case GraphStatus::kStopped: return "stopped";
    case GraphStatus::kFailed: return "failed";
    case GraphStatus::kDestroyed: return "destroyed";
  }
  return "unknown";
}

const StreamGraph* StreamGraphs::find_graph(std::string_view name) const { return find_in(graphs, name); }
const CatalogStream* StreamGraphs::find_table(std::string_view name) const { return find_in(tables, name); }

const StreamGraph* StreamGraphs::graph_of_engine(std::string_view engine) const {
  const auto wanted = lowered(engine);
  for (const auto& [name, graph] : graphs) {
    const auto is_it = [&](const std::string& one) { return lowered(one) == wanted; };
    if (graph.is_live() && std::any_of(graph.engines.begin(), graph.engines.end(), is_it)) return &graph;
  }
  return nullptr;
}

std::vector<const StreamGraph*> StreamGraphs::users_of(std::string_view table) const {
  std::vector<const StreamGraph*> users;
  for (const auto& [name, graph] : graphs) {
    if (graph.is_live() && std::find(graph.tables.begin(), graph.tables.end(), table) != graph.tables.end())
      users.push_back(&graph);
  }
  return users;
}

std::vector<std::string> StreamGraphs::held_by(std::string_view catalog) const {
  std::vector<std::string> names;
  const auto wanted = lowered(catalog);
  for (const auto& [name, graph] : graphs) {
    if (graph.is_live() && lowered(catalog_in(name)) == wanted) names.push_back(name);
  }
  for (const auto& [name, table] : tables) {
    if (lowered(catalog_in(name)) == wanted) names.push_back(name);
  }
  return names;
}

Result<StreamGraphs> stream_graphs_of(const State& state) {
  const auto record = state.records.find({kStreamGraphsArea, kStreamGraphsRecord});
  if (record == state.records.end()) return StreamGraphs{};
  return decode<StreamGraphs>(record->second, "record of the stream graphs");
}

Result<StreamGraphs> changed(const State& state, const StreamGraphChange& change) {
  TRY(const auto catalogs, catalogs_of(state));
  TRY(auto all, stream_graphs_of(state));
  const auto* user = state.find_user(change.user);
  return Changing(change, catalogs, user != nullptr && user->is_admin, std::move(all)).run();
}

}  // namespace pelorus::meta
