#include <algorithm>

#include "meta/apply/apply_each.h"

namespace pelorus::meta {
namespace {

constexpr size_t kColumnsMax = 32768;

Error no_database(const std::string& path) {
  return error_of(ErrorCode::kNotFound, "The database [" + path + "] does not exist.");
}
Error no_table(const std::string& database, const std::string& name) {
  return error_of(ErrorCode::kNotFound, "The table [" + name + "] does not exist in the database [" + database + "].");
}

/// kConflict when a transaction holds the chunk.
Status check_free(const State& state, const Chunk& chunk) {
  if (chunk.locked_by.value == 0) return {};
  return Error{ErrorCode::kConflict, "<ChunkInTransaction>The chunk " + chunk_path(state, chunk) +
                                         " is in transaction " + std::to_string(chunk.locked_by.value) + "."};
}

const Column* find_column(const std::vector<Column>& columns, const std::string& name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

Status check_columns(const std::vector<Column>& columns) {
  if (columns.empty() || columns.size() > kColumnsMax) {
    return Error{ErrorCode::kInvalid, "A table has between 1 and " + std::to_string(kColumnsMax) + " columns."};
  }
  std::set<std::string_view> names;
  for (const auto& column : columns) {
    if (column.name.empty() || !names.insert(column.name).second) {
      return Error{ErrorCode::kInvalid, "Column names must be unique: [" + column.name + "]"};
    }
    if (!types::is_storable(column.type)) {
      return Error{ErrorCode::kInvalid,
                   "The column [" + column.name + "] can't be stored: " + std::string(types::name_of(column.type))};
    }
  }
  return {};
}

/// Partition, sort and key columns exist and suit the database.
Status check_keys(const Database& database, const Table& table) {
  TRY_DONE(check_columns(table.columns));
  if (!table.is_dimension() && table.partition_columns.size() != database.scheme.levels.size()) {
    return Error{ErrorCode::kInvalid,
                 "The number of partition columns must be that of the database's partition levels: " +
                     std::to_string(database.scheme.levels.size())};
  }
  for (size_t i = 0; i < table.partition_columns.size(); ++i) {
    const auto* column = find_column(table.columns, table.partition_columns[i]);
    if (column == nullptr) {
      return Error{ErrorCode::kInvalid, "The partition column [" + table.partition_columns[i] + "] does not exist."};
    }
    TRY_DONE(check_column(database.scheme.levels[i], column->type, column->name));
  }
  for (const auto* names : {&table.sort_columns, &table.primary_key}) {
    for (const auto& name : *names) {
      if (find_column(table.columns, name) == nullptr) {
        return Error{ErrorCode::kInvalid, "The key column [" + name + "] does not exist."};
      }
    }
  }
  return {};
}

Status check_chunks_free(const State& state, const Table& table) {
  for (const auto& [key, id] : table.chunks) TRY_DONE(check_free(state, state.chunks.at(id)));
  return {};
}

void erase_table(State& state, Database& database, TableId id, Dropped* dropped) {
  const auto place = state.tables.find(id);
  const auto chunks = place->second.chunks;
  for (const auto& [key, chunk] : chunks) erase_chunk(state, chunk, dropped);
  database.tables.erase(place->second.name);
  state.tables.erase(place);
}

/// The chunks of `table` at or below one of `keys`.
std::vector<ChunkId> chunks_below(const Table& table, const std::vector<PartitionKey>& keys) {
  std::vector<ChunkId> found;
  for (const auto& [key, id] : table.chunks) {
    const auto is_named = [&path = key](const PartitionKey& prefix) { return path.is_below(prefix); };
    if (std::any_of(keys.begin(), keys.end(), is_named)) found.push_back(id);
  }
  return found;
}

/// Takes the first-level VALUE parts of `keys` out of the scheme when no table has a chunk below them.
void shrink_scheme(State& state, Database& database, const std::vector<PartitionKey>& keys) {
  auto& level = database.scheme.levels[0];
  if (level.type != PartitionType::kValue) return;
  for (const auto& key : keys) {
    if (key.parts.empty() || level.values.size() == 1) continue;
    const PartitionKey first{{key.parts[0]}};
    const bool used = std::any_of(database.tables.begin(), database.tables.end(), [&](const auto& named) {
      return !chunks_below(state.tables.at(named.second), {first}).empty();
    });
    if (!used) std::erase(level.values, key.parts[0]);
  }
}

}  // namespace

void add_replica(State& state, Chunk& chunk, Replica replica) {
  const auto node = state.nodes.find(replica.node);
  if (node != state.nodes.end()) ++node->second.replica_count;
  chunk.replicas.push_back(std::move(replica));
}

void remove_replica(State& state, Chunk& chunk, const std::string& node) {
  const auto found = state.nodes.find(node);
  for (auto& replica : chunk.replicas) {
    if (replica.successor == node) replica.successor.clear();  // a move that is off
  }
  if (const auto* going = chunk.find(node); going != nullptr && !going->successor.empty()) {
    if (auto* next = chunk.find(going->successor)) next->wanted = false;  // a move that is done: one like any other
  }
  const auto count = std::erase_if(chunk.replicas, [&](const Replica& replica) { return replica.node == node; });
  if (found != state.nodes.end()) found->second.replica_count -= count;
}

void erase_chunk(State& state, ChunkId id, Dropped* dropped) {
  const auto place = state.chunks.find(id);
  if (place == state.chunks.end()) return;
  auto& chunk = place->second;
  std::vector<std::string> nodes;
  for (const auto& replica : chunk.replicas) nodes.push_back(replica.node);
  for (const auto& node : nodes) remove_replica(state, chunk, node);
  const auto table = state.tables.find(chunk.table);
  if (table != state.tables.end()) table->second.chunks.erase(chunk.key);
  if (dropped != nullptr) dropped->chunks.emplace_back(id, std::move(nodes));
  state.chunks.erase(place);
}

Outcome apply_one(State& state, const CreateDatabase& command) {
  const auto& wanted = command.database;
  if (!wanted.path.starts_with("dfs://") || wanted.path.size() <= 6 || wanted.path.find('/', 6) != std::string::npos) {
    return error_of(ErrorCode::kInvalid, "A stored database is named dfs://name: " + wanted.path);
  }
  if (state.databases.contains(wanted.path)) {
    return error_of(ErrorCode::kAlreadyExists, "The database [" + wanted.path + "] exists already.");
  }
  if (const auto good = check(wanted.scheme); !good.ok()) return good;
  advance(state, command.now_ns);
  auto database = wanted;
  database.id = DatabaseId{++state.last_database};
  database.tables.clear();
  database.created_ns = state.now_ns;
  const auto id = database.id;
  state.databases.emplace(wanted.path, std::move(database));
  ++state.catalogue_revision;
  Outcome outcome;
  Encoder(outcome.answer).put(id);
  return outcome;
}

Outcome apply_one(State& state, const DropDatabase& command) {
  const auto place = state.databases.find(command.path);
  if (place == state.databases.end()) return no_database(command.path);
  for (const auto& [name, id] : place->second.tables) {
    if (const auto free = check_chunks_free(state, state.tables.at(id)); !free.ok()) return free;
  }
  Dropped dropped;
  while (!place->second.tables.empty())
    erase_table(state, place->second, place->second.tables.begin()->second, &dropped);
  state.databases.erase(place);
  ++state.catalogue_revision;
  return Outcome::of(dropped);
}

Outcome apply_one(State& state, const CreateTable& command) {
  const auto place = state.databases.find(command.table.database);
  if (place == state.databases.end()) return no_database(command.table.database);
  auto& database = place->second;
  auto table = command.table;
  if (table.name.empty() || table.name.find('/') != std::string::npos) {
    return error_of(ErrorCode::kInvalid, "A table's name can't be empty or contain '/': " + table.name);
  }
  if (database.tables.contains(table.name)) {
    return error_of(ErrorCode::kAlreadyExists,
                    "The table [" + table.name + "] exists already in " + database.path + ".");
  }
  if (const auto good = check_keys(database, table); !good.ok()) return good;
  advance(state, command.now_ns);
  table.id = TableId{++state.last_table};
  table.chunks.clear();
  table.schema_version = 1;
  table.created_ns = state.now_ns;
  const auto id = table.id;
  database.tables.emplace(table.name, id);
  state.tables.emplace(id, std::move(table));
  ++state.catalogue_revision;
  Outcome outcome;
  Encoder(outcome.answer).put(id);
  return outcome;
}

Outcome apply_one(State& state, const DropTable& command) {
  const auto* table = state.find_table(command.database, command.name);
  if (table == nullptr) return no_table(command.database, command.name);
  if (const auto free = check_chunks_free(state, *table); !free.ok()) return free;
  Dropped dropped;
  erase_table(state, state.databases.at(command.database), table->id, &dropped);
  ++state.catalogue_revision;
  return Outcome::of(dropped);
}

Outcome apply_one(State& state, const AlterTable& command) {
  const auto* found = state.find_table(command.database, command.name);
  if (found == nullptr) return no_table(command.database, command.name);
  if (found->schema_version != command.expected_schema_version) {
    return error_of(ErrorCode::kStale, "The table [" + command.name + "] has been changed meanwhile; load it again.");
  }
  if (const auto free = check_chunks_free(state, *found); !free.ok()) return free;
  auto& database = state.databases.at(command.database);
  auto changed = *found;
  changed.columns = command.columns;
  changed.options = command.options;
  if (!command.new_name.empty() && command.new_name != command.name) {
    if (command.new_name.find('/') != std::string::npos || database.tables.contains(command.new_name)) {
      return error_of(ErrorCode::kAlreadyExists, "The table can't be named " + command.new_name + ".");
    }
    changed.name = command.new_name;
  }
  if (const auto good = check_keys(database, changed); !good.ok()) return good;
  ++changed.schema_version;
  database.tables.erase(command.name);
  database.tables.emplace(changed.name, changed.id);
  state.tables.at(changed.id) = std::move(changed);
  ++state.catalogue_revision;
  return {};
}

Outcome apply_one(State& state, const AlterDatabase& command) {
  const auto place = state.databases.find(command.path);
  if (place == state.databases.end()) return no_database(command.path);
  place->second.atomic_chunk = command.atomic_chunk;
  ++state.catalogue_revision;
  return {};
}

Outcome apply_one(State& state, const DropPartitions& command) {
  const auto place = state.databases.find(command.database);
  if (place == state.databases.end()) return no_database(command.database);
  if (!command.table.empty() && !place->second.tables.contains(command.table)) {
    return no_table(command.database, command.table);
  }
  std::vector<ChunkId> chunks;
  for (const auto& [name, id] : place->second.tables) {
    if (!command.table.empty() && name != command.table) continue;
    const auto& table = state.tables.at(id);
    if (command.table.empty() && table.is_dimension()) continue;
    const auto below = chunks_below(table, command.keys);
    chunks.insert(chunks.end(), below.begin(), below.end());
  }
  for (const auto id : chunks) {
    if (const auto free = check_free(state, state.chunks.at(id)); !free.ok()) return free;
  }
  Dropped dropped;
  for (const auto id : chunks) erase_chunk(state, id, &dropped);
  if (command.delete_schema) shrink_scheme(state, place->second, command.keys);
  ++state.catalogue_revision;
  return Outcome::of(dropped);
}

Outcome apply_one(State& state, const AddPartitions& command) {
  const auto place = state.databases.find(command.database);
  if (place == state.databases.end()) return no_database(command.database);
  auto scheme = place->second.scheme;
  if (command.level >= scheme.levels.size()) {
    return error_of(ErrorCode::kInvalid, "The database has no partition level " + std::to_string(command.level) + ".");
  }
  auto& level = scheme.levels[command.level];
  if (level.type == PartitionType::kValue) {
    for (const auto& value : command.values) {
      if (!is_in_scheme(level, value)) level.values.push_back(value);
    }
  } else if (level.type == PartitionType::kRange && !command.values.empty()) {
    const bool before = types::compare(command.values.back(), level.values.front()) <= 0;
    auto values = command.values;
    if (before && values.back() == level.values.front()) values.pop_back();
    if (!before && values.front() == level.values.back()) values.erase(values.begin());
    level.values.insert(before ? level.values.begin() : level.values.end(), values.begin(), values.end());
  } else {
    return error_of(ErrorCode::kInvalid, "Partitions can be added to VALUE and RANGE levels only.");
  }
  if (const auto good = check(scheme); !good.ok()) return good;
  place->second.scheme = std::move(scheme);
  ++state.catalogue_revision;
  return {};
}

}  // namespace pelorus::meta
