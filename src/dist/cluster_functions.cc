// rpc(…), pnodeRun(…) and functions about replicas.

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "base/script_error.h"
#include "dist/database_handle.h"
#include "dist/functions.h"
#include "types/format_value.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::CallContext;
using functions::Nature;
using Arguments = std::span<Value>;

std::string callable_text(const Value& value, const std::string& function) {
  if (value.is_function()) return value.function()->print();
  if (value.is_text()) return value.text();
  throw ScriptError("Usage: " + function + ". func must be a function or its name.");
}

Value unwrap(Result<Value> result, const std::string& alias) {
  if (!result.ok()) {
    const auto& message = result.error().message;
    // Routing tags must stay at the very beginning: clients look for them there.
    throw ScriptError(message.starts_with("<") ? message : "RemoteRun[" + alias + "] " + message);
  }
  return std::move(result).value();
}

/// The answers of several nodes as one value (language of pnodeRun): tables below each other, dictionaries and scalars
/// as rows, equal vectors as columns of a matrix, otherwise a dictionary from node to answer.
class Gathering {
 public:
  void add(const std::string& node, Value answer) {
    nodes_.push_back(node);
    answers_.push_back(std::move(answer));
  }

  Value result(bool add_alias) const {
    if (answers_.empty() || all([](const Value& v) { return v.is_void(); })) return {};
    if (all([](const Value& v) { return v.is_plain_table(); })) return stack_tables(add_alias);
    if (all([](const Value& v) { return v.is_scalar(); })) return scalars_as_rows(add_alias);
    if (all([](const Value& v) { return v.is_dictionary(); })) return dictionaries_as_rows(add_alias);
    if (all([this](const Value& v) { return is_like_first(v); })) return vectors_as_columns();
    return by_node();
  }

 private:
  bool all(const std::function<bool(const Value&)>& holds) const { return std::ranges::all_of(answers_, holds); }
  bool is_like_first(const Value& v) const {
    return v.is_vector() && !v.is_tuple() && answers_[0].is_vector() && v.type() == answers_[0].type() &&
           v.vector().size() == answers_[0].vector().size();
  }

  data::Vector node_column(const std::vector<size_t>& repeats) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < nodes_.size(); ++i) names.insert(names.end(), repeats[i], nodes_[i]);
    return data::Vector::of_strings(types::Type::kString, std::move(names));
  }

  Value stack_tables(bool add_alias) const {
    data::Table all_rows(answers_[0].table().schema());
    std::vector<size_t> repeats;
    for (const auto& answer : answers_) {
      if (const auto appended = all_rows.append(answer.table()); !appended.ok()) return by_node();
      repeats.push_back(answer.table().rows());
    }
    return add_alias ? with_nodes(all_rows, node_column(repeats)) : Value(all_rows);
  }

  static Value with_nodes(const data::Table& rows, data::Vector nodes) {
    std::vector<std::string> names{"node"};
    std::vector<data::Shared<data::Vector>> columns{std::move(nodes)};
    for (size_t c = 0; c < rows.columns(); ++c) {
      if (rows.names()[c] == "node") continue;
      names.push_back(rows.names()[c]);
      columns.push_back(rows.column_shared(c));
    }
    return data::Table(std::move(names), std::move(columns));
  }

  Value scalars_as_rows(bool add_alias) const {
    data::Vector values(answers_[0].type(), 0, answers_[0].scalar().scale());
    for (const auto& answer : answers_) {
      if (answer.type() != values.type() || !values.push_back(answer)) return by_node();
    }
    data::Table rows({"value"}, {std::move(values)});
    return add_alias ? with_nodes(rows, node_column(std::vector<size_t>(nodes_.size(), 1))) : Value(rows);
  }

  Value dictionaries_as_rows(bool add_alias) const {
    std::vector<std::string> names;
    std::vector<data::Shared<data::Vector>> columns;
    const auto& keys = answers_[0].dictionary().keys();
    for (size_t k = 0; k < keys.size(); ++k) {
      data::Vector column(types::Type::kAny);
      for (const auto& answer : answers_) column.push_back(answer.dictionary().get(keys.scalar_at(k)));
      names.push_back(types::format_value(keys.scalar_at(k)));
      columns.emplace_back(std::move(column));
    }
    if (names.empty()) return by_node();
    data::Table rows(std::move(names), std::move(columns));
    return add_alias ? with_nodes(rows, node_column(std::vector<size_t>(nodes_.size(), 1))) : Value(rows);
  }

  Value vectors_as_columns() const {
    data::Vector values = answers_[0].vector();
    for (size_t i = 1; i < answers_.size(); ++i) values.append(answers_[i].vector());
    data::Matrix matrix{
        .values = std::move(values),
        .rows = answers_[0].vector().size(),
        .columns = answers_.size(),
        .row_labels = {},
        .column_labels = data::Shared<data::Vector>(data::Vector::of_strings(types::Type::kString, nodes_))};
    return matrix;
  }

  Value by_node() const {
    data::Dictionary dictionary(types::Type::kString, types::Type::kAny, true);
    for (size_t i = 0; i < nodes_.size(); ++i) dictionary.set(types::Scalar::of_string(nodes_[i]), answers_[i]);
    return dictionary;
  }

  std::vector<std::string> nodes_;
  std::vector<Value> answers_;
};

class ClusterFunctions {
 public:
  explicit ClusterFunctions(DistributedServices services) : services_(services) {}

  Value rpc(CallContext& context, Arguments args) const {
    if (!args[0].is_text()) throw ScriptError("Usage: rpc(nodeAlias, func, args…). nodeAlias must be a string.");
    RemoteCall call{.user = context.caller().user,
                    .is_admin = context.caller().is_admin,
                    .function = callable_text(args[1], "rpc(nodeAlias, func, args…)"),
                    .arguments = {args.begin() + 2, args.end()}};
    return unwrap(services_.remote.run(args[0].text(), call), args[0].text());
  }

  Value run_on_nodes(CallContext& context, Arguments args) const {
    const RemoteCall call{.user = context.caller().user,
                          .is_admin = context.caller().is_admin,
                          .function = callable_text(args[0], "pnodeRun(function, [nodes], [addNodeAlias])"),
                          .arguments = {}};
    std::vector<std::string> nodes;
    const bool named = args.size() > 1 && !args[1].is_void();
    if (named && args[1].is_text()) nodes.push_back(args[1].text());
    if (named && args[1].is_vector()) {
      for (size_t i = 0; i < args[1].vector().size(); ++i) nodes.push_back(args[1].vector().text_at(i));
    }
    if (!named) {
      auto all = services_.remote.data_nodes();
      if (!all.ok()) throw ScriptError("pnodeRun => " + all.error().message);
      nodes = std::move(*all);
    }
    std::vector<Result<Value>> answers(nodes.size(), Error{ErrorCode::kUnavailable, "not asked"});
    std::vector<std::thread> threads;
    for (size_t i = 0; i < nodes.size(); ++i)
      threads.emplace_back([&, i] { answers[i] = services_.remote.run(nodes[i], call); });
    for (auto& thread : threads) thread.join();
    Gathering gathering;
    for (size_t i = 0; i < nodes.size(); ++i) {
      // A node that is down leaves its answer out; a script that fails fails everywhere and is reported.
      if (!answers[i].ok() && answers[i].error().code != ErrorCode::kScript && !named) {
        context.print("pnodeRun: " + nodes[i] + " does not answer: " + answers[i].error().message);
        continue;
      }
      gathering.add(nodes[i], unwrap(std::move(answers[i]), nodes[i]));
    }
    return gathering.result(args.size() < 3 || args[2].is_void() || args[2].scalar().as_int64() != 0);
  }

  Value flush() const {
    const auto status = services_.distribution.services.of(services_.distribution.self)->flush();
    if (!status.ok()) throw ScriptError("flushOLAPCache => " + status.error().message);
    return {};
  }

  Value replica_hashes(Arguments args) const {
    const auto [chunks_of, paths, in_sync] = placement("getReplicaHashes", args);
    data::Table rows(data::Schema{{"chunkId", types::Type::kLong},
                                  {"path", types::Type::kString},
                                  {"node", types::Type::kString},
                                  {"version", types::Type::kLong},
                                  {"rows", types::Type::kLong},
                                  {"hash", types::Type::kString},
                                  {"problem", types::Type::kString},
                                  {"inSync", types::Type::kBool}});
    const auto add = [&](const ReplicaFacts& fact, const std::string& node) {
      const Value cells[] = {Value::of_long(static_cast<int64_t>(fact.chunk.value)),
                             Value::of_string(paths.at(fact.chunk)),
                             Value::of_string(node),
                             Value::of_long(static_cast<int64_t>(fact.version)),
                             Value::of_long(fact.rows),
                             Value::of_string(fact.hash),
                             Value::of_string(fact.problem),
                             Value::of_bool(in_sync.contains({fact.chunk, node}))};
      for (size_t c = 0; c < std::size(cells); ++c) rows.edit_column(c).push_back(cells[c]);
    };
    for (const auto& [node, chunks] : chunks_of) {
      const auto found = services_.distribution.services.of(node)->replica_facts(chunks);
      for (size_t i = 0; i < chunks.size(); ++i) {
        add(found.ok() ? (*found)[i] : ReplicaFacts{.chunk = chunks[i], .hash = {}, .problem = found.error().message},
            node);
      }
    }
    return rows;
  }

  Value verify_replicas(Arguments args) const {
    const auto placed = placement("verifyReplicas", args);
    data::Table rows(data::Schema{{"chunkId", types::Type::kLong},
                                  {"path", types::Type::kString},
                                  {"node", types::Type::kString},
                                  {"bytes", types::Type::kLong},
                                  {"problem", types::Type::kString}});
    for (const auto& [node, chunks] : placed.chunks_of) {
      const auto found = services_.distribution.services.of(node)->verify(chunks);
      for (size_t i = 0; i < chunks.size(); ++i) {
        const Value cells[] = {
            Value::of_long(static_cast<int64_t>(chunks[i].value)), Value::of_string(placed.paths.at(chunks[i])),
            Value::of_string(node),
            found.ok() ? Value::of_long((*found)[i].bytes_on_disk) : Value::of_long(types::kNull<int64_t>),
            Value::of_string(found.ok() ? (*found)[i].problem : found.error().message)};
        for (size_t c = 0; c < std::size(cells); ++c) rows.edit_column(c).push_back(cells[c]);
      }
    }
    return rows;
  }

 private:
  struct Placement {
    std::map<std::string, std::vector<ChunkId>> chunks_of;  // by node
    std::map<ChunkId, std::string> paths;
    std::set<std::pair<ChunkId, std::string>> in_sync;  // as the controllers see it
  };
  /// Of the table that (dbUrl, tableName) name.
  Placement placement(const std::string& function, Arguments args) const {
    if (!args[0].is_text() || !args[1].is_text())
      throw ScriptError("Usage: " + function + "(dbUrl, tableName). Both are strings.");
    const auto known = services_.distribution.catalogue.table(args[0].text(), args[1].text());
    if (!known.ok()) throw ScriptError(function + " => " + known.error().message);
    const auto& facts = *known;
    Placement placed;
    for (const auto& [id, chunk] : facts->chunks) {
      if (chunk.version == 0) continue;
      placed.paths[chunk.id] = args[0].text() + meta::path_of(facts->database.scheme, chunk.key);
      for (const auto& replica : chunk.replicas) {
        placed.chunks_of[replica.node].push_back(chunk.id);
        if (!replica.stale) placed.in_sync.emplace(chunk.id, replica.node);
      }
    }
    return placed;
  }

  const DistributedServices services_;
};

}  // namespace

void register_cluster_functions(functions::Registry& registry, DistributedServices services) {
  const auto f = std::make_shared<const ClusterFunctions>(services);
  const std::string_view family = "cluster";
  registry.add({.name = "rpc",
                .parameters = {{"nodeAlias"}, {"func"}, {"args", true}},
                .variadic = true,
                .run = [f](CallContext& c, Arguments a) { return f->rpc(c, a); },
                .doc = {.summary = "Runs a function on another node of the cluster."},
                .family = family});
  registry.add({.name = "pnodeRun",
                .parameters = {{"function"}, {"nodes", true}, {"addNodeAlias", true}},
                .run = [f](CallContext& c, Arguments a) { return f->run_on_nodes(c, a); },
                .doc = {.summary = "Runs a function on all data and compute nodes and gathers the answers."},
                .family = family});
  registry.add({.name = "flushOLAPCache",
                .parameters = {},
                .nature = Nature::kCommand,
                .run = [f](CallContext&, Arguments) { return f->flush(); },
                .doc = {.summary = "Writes the committed rows of this node from memory to column files."},
                .family = family});
  registry.add_alias("purgeCacheEngine", "flushOLAPCache");
  registry.add_alias("flushTSDBCache", "flushOLAPCache");  // one buffer holds the rows of every engine
  registry.add({.name = "getReplicaHashes",
                .parameters = {{"dbUrl"}, {"tableName"}},
                .run = [f](CallContext&, Arguments a) { return f->replica_hashes(a); },
                .doc = {.summary = "Version, rows and content hash of every replica of a table: equal hashes mean "
                                   "equal replicas. inSync: the "
                                   "controllers know of nothing that it lacks."},
                .family = family});
  registry.add({.name = "verifyReplicas",
                .parameters = {{"dbUrl"}, {"tableName"}},
                .run = [f](CallContext&, Arguments a) { return f->verify_replicas(a); },
                .doc = {.summary = "Reads all files of every replica of a table and says which are damaged (problem); "
                                   "those are copied from good replicas at once. Nodes do so by themselves as well: "
                                   "settings chunkScrubInterval, chunkScrubThrottle."},
                .family = family});
}

}  // namespace pelorus::dist
