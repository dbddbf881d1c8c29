// The service's answers about databases, users and records, and the changes that users make.

#include "base/fault_point.h"
#include "base/log.h"
#include "controller/metadata_service.h"
#include "meta/catalogs.h"
#include "meta/retention.h"

namespace pelorus::controller {
namespace {

/// Commands that nodes may send as a change; transactions and registrations have methods of their own.
template <class T>
constexpr bool is_open_to_users() {
  return !std::is_same_v<T, meta::FoundCluster> && !std::is_same_v<T, meta::RegisterNode> &&
         !std::is_same_v<T, meta::BeginTransaction> && !std::is_same_v<T, meta::Decide> &&
         !std::is_same_v<T, meta::CompleteTransactions>;
}

meta::TableFacts all_facts(const meta::State& state, const meta::Database& database, const meta::Table& table,
                           const std::set<std::string>& live) {
  meta::TableFacts facts{.database = database, .table = table};
  facts.database.tables.clear();
  std::set<std::string> holders;
  std::erase_if(facts.table.chunks, [&](const auto& named) { return state.chunks.at(named.second).version == 0; });
  for (const auto& [key, id] : facts.table.chunks) {
    const auto& chunk = facts.chunks.emplace(id, state.chunks.at(id)).first->second;
    for (const auto& replica : chunk.replicas) holders.insert(replica.node);
  }
  for (const auto& alias : holders) {
    const auto* node = state.find_node(alias);
    if (node != nullptr) facts.nodes.push_back({alias, node->host, node->port, live.contains(alias)});
  }
  return facts;
}

meta::TableFacts changed_facts(const meta::State& state, const std::set<ChunkId>& changed) {
  meta::TableFacts facts{.is_change = true};
  for (const auto id : changed) {
    const auto* chunk = state.find_chunk(id);
    if (chunk == nullptr || chunk->version == 0)
      facts.gone.push_back(id);
    else
      facts.chunks.emplace(id, *chunk);
  }
  return facts;
}

/// Database and table, empty for all of them, of a change that transactions may refuse; nothing of others.
std::pair<std::string, std::string> changed_table(const meta::Command& change) {
  return std::visit(
      []<class T>(const T& one) -> std::pair<std::string, std::string> {
        if constexpr (std::is_same_v<T, meta::DropDatabase>) return {one.path, {}};
        if constexpr (std::is_same_v<T, meta::DropPartitions>) return {one.database, one.table};
        if constexpr (std::is_same_v<T, meta::DropTable> || std::is_same_v<T, meta::AlterTable>)
          return {one.database, one.name};
        return {};
      },
      change);
}

/// Whether the answer of `T` is a Dropped.
template <class T>
constexpr bool drops() {
  return std::is_same_v<T, meta::DropDatabase> || std::is_same_v<T, meta::DropTable> ||
         std::is_same_v<T, meta::DropPartitions> || std::is_same_v<T, meta::ChangeReplicas>;
}

}  // namespace

Result<Bytes> MetadataService::take_change(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::ChangeRequest>(payload, meta::kChange));
  TRY(auto command, meta::decode_command(request.command));
  bool open = false, dropping = false, retaining = false;
  std::visit(
      [&]<class T>(T& one) {
        open = is_open_to_users<T>();
        dropping = drops<T>();
        if constexpr (std::is_same_v<T, meta::PutRecord>) retaining = one.area == meta::kRetentionArea;
        if constexpr (requires { one.now_ns; }) one.now_ns = clock_.wall_ns();
        if constexpr (std::is_same_v<T, meta::PutFunctionView>) one.view.created_ns = clock_.wall_ns();
      },
      command);
  if (!open) return Error{ErrorCode::kDenied, "This change can't be asked for: " + std::string(name_of(command))};
  reach(FaultPoint::kChangeReceived);
  auto answer = propose(command);
  reach(FaultPoint::kChangeRecorded);
  log_info("change by " + request.user + ": " + std::string(name_of(command)) +
           (answer.ok() ? "" : " refused: " + answer.error().message));
  if (!answer.ok() && answer.error().code == ErrorCode::kConflict) note_awaited(command);
  if (answer.ok() && retaining) {
    const std::lock_guard lock(mutex_);
    expires_at_once_ = true;
  }
  if (!answer.ok() || !dropping) return answer;
  TRY(const auto dropped, meta::decode<meta::Dropped>(*answer, "dropped chunks"));
  live_.add_drops(dropped);
  return answer;
}

void MetadataService::note_awaited(const meta::Command& change) {
  const auto [path, table] = changed_table(change);
  machine_.read([&](const meta::State& state) {
    const auto* database = state.find_database(path);
    if (database == nullptr) return;
    for (const auto& [name, id] : database->tables) {
      if (!table.empty() && name != table) continue;
      for (const auto& [key, chunk] : state.tables.at(id).chunks) {
        if (state.chunks.at(chunk).locked_by.value != 0) awaited_.refused(chunk, {});
      }
    }
  });
}

Result<Bytes> MetadataService::table_facts(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::TableFactsRequest>(payload, meta::kTableFacts));
  if (request.fresh) TRY_DONE(log_.read_barrier_and_wait(options_.propose_timeout));
  const auto live = live_.live();
  return machine_.read_with_changes([&](const meta::State& state, const meta::ChunkChanges& changes) -> Result<Bytes> {
    const auto* database = state.find_database(request.database);
    if (database == nullptr) {
      return Error{ErrorCode::kNotFound, "The database [" + request.database + "] does not exist."};
    }
    const auto* table = state.find_table(request.database, request.table);
    if (table == nullptr) {
      return Error{ErrorCode::kNotFound,
                   "The table [" + request.table + "] does not exist in the database [" + request.database + "]."};
    }
    const auto changed = request.source == changes.source() ? changes.since(table->id, request.since) : std::nullopt;
    auto facts = changed ? changed_facts(state, *changed) : all_facts(state, *database, *table, live);
    facts.catalogue_revision = state.catalogue_revision;
    facts.source = changes.source();
    facts.number = changes.number();
    return encode(facts);
  });
}

Result<Bytes> MetadataService::database_facts(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::DatabaseRequest>(payload, meta::kDatabaseFacts));
  return machine_.read([&](const meta::State& state) {
    meta::DatabaseReply reply;
    if (const auto* database = state.find_database(request.path)) reply.database = *database;
    return encode(reply);
  });
}

Result<Bytes> MetadataService::list_catalogue(std::string_view) {
  return machine_.read([](const meta::State& state) {
    meta::CatalogueReply reply{.revision = state.catalogue_revision};
    for (const auto& [path, database] : state.databases) {
      auto& entry = reply.databases.emplace_back(meta::CatalogueEntry{path, database.owner, {}});
      for (const auto& [name, id] : database.tables) entry.tables.push_back(name);
    }
    return encode(reply);
  });
}

Result<Bytes> MetadataService::user_facts(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::UserRequest>(payload, meta::kUserFacts));
  return machine_.read([&](const meta::State& state) {
    meta::UserReply reply{.access = access_of(state, request.id), .access_revision = state.access_revision};
    if (const auto* user = state.find_user(request.id)) reply.user = *user;
    return encode(reply);
  });
}

Result<Bytes> MetadataService::list_accounts(std::string_view) {
  return machine_.read([](const meta::State& state) {
    meta::AccountsReply reply{state.users, state.groups, state.access_revision};
    for (auto& [id, user] : reply.users) user.verifier = {};
    return encode(reply);
  });
}

Result<Bytes> MetadataService::list_views(std::string_view) {
  return machine_.read([](const meta::State& state) {
    return encode(meta::ViewsReply{state.views, state.access_revision});
  });
}

Result<Bytes> MetadataService::list_records(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::RecordsRequest>(payload, meta::kListRecords));
  return machine_.read([&](const meta::State& state) {
    meta::RecordsReply reply;
    for (auto at = state.records.lower_bound({request.area, ""});
         at != state.records.end() && at->first.first == request.area; ++at) {
      reply.records.emplace(at->first.second, at->second);
    }
    return encode(reply);
  });
}

/// What stands in the log before this leader's own entries has been applied when it leads, and only it changes
/// catalogs: so nothing comes between the look at the state and the record.
Result<Bytes> MetadataService::change_catalogs(std::string_view payload) {
  TRY(const auto change, meta::decode<meta::CatalogChange>(payload, meta::kChangeCatalogs));
  const std::lock_guard lock(cataloguing_);
  TRY(const auto after, machine_.read([&](const meta::State& state) { return meta::changed(state, change); }));
  const auto answer = propose(
      meta::PutRecord{.area = meta::kCatalogsArea, .name = meta::kCatalogsRecord, .value = meta::encode(after)});
  log_info("change of catalog " + change.catalog + " by " + change.user +
           (answer.ok() ? "" : " refused: " + answer.error().message));
  return answer;
}

Result<Bytes> MetadataService::list_catalogs(std::string_view) {
  return machine_.read([](const meta::State& state) -> Result<Bytes> {
    TRY(const auto catalogs, meta::catalogs_of(state));
    return encode(catalogs);
  });
}

Result<Bytes> MetadataService::get_configuration(std::string_view) {
  return machine_.read([](const meta::State& state) {
    return encode(meta::ConfigurationReply{state.cluster, state.configuration, state.nodes});
  });
}

}  // namespace pelorus::controller
