#include "stream/graph/catalog_stream.h"

#include <algorithm>

#include "base/letter_case.h"
#include "base/script_error.h"
#include "exec/worker_session.h"
#include "functions/type_argument.h"
#include "meta/archive.h"
#include "stream/engine_arguments.h"
#include "stream/graph/full_name.h"
#include "stream/graph/stored_columns.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Value;
using functions::Arguments;

struct StoredTerms {
  std::vector<StoredColumn> columns;
  std::vector<std::string> keys;
  bool sync_each = false;
  int64_t retention_minutes = 0, memory_rows_max = 0, group = 0;
  template <class A>
  void fields(A& a) {
    a(columns, keys, sync_each, retention_minutes, memory_rows_max, group);
  }
};

void check(const Status& status) {
  if (!status.ok()) throw ScriptError(status.error().message);
}

/// No other stream table's folder has such a name.
std::string folder_of(const StreamServices& services, std::string name) {
  std::replace(name.begin(), name.end(), '.', '-');
  return io::join_path(services.persistence_folder, name);
}

/// A table whose rows another node has. Every look at it asks that node.
class ElsewhereTable final : public data::TableObject {
 public:
  ElsewhereTable(StreamServices& services, functions::Caller caller, std::string name, std::string node,
                 data::Schema schema)
      : services_(services),
        caller_(std::move(caller)),
        name_(std::move(name)),
        node_(std::move(node)),
        schema_(std::move(schema)) {}

  std::string type_text() const override { return "STREAMING TABLE"; }
  data::Schema schema() const override { return schema_; }
  Result<Table> snapshot() const override {
    TRY(const auto rows, services_.run_on(node_, caller_, "loadOrcaStreamTable", {Value::of_string(name_)}));
    if (!rows.is_plain_table()) return Error{ErrorCode::kCorrupt, node_ + " gave no rows of " + name_};
    return rows.table();
  }
  Result<int64_t> append(const Table& rows) override {
    Table typed(schema_);
    TRY_DONE(typed.append(rows));
    TRY(const auto done, services_.run_on(node_, caller_, "appendOrcaStreamTable", {Value::of_string(name_), typed}));
    (void)done;
    return static_cast<int64_t>(typed.rows());
  }
  Status edit(const std::function<Status(Table&)>&) override {
    return Error{ErrorCode::kInvalid, "The rows of a stream table can't be changed or deleted."};
  }

 private:
  StreamServices& services_;
  const functions::Caller caller_;
  const std::string name_;
  const std::string node_;
  const data::Schema schema_;
};

/// A highly available table of this node: rows go through the group's leader.
class LeadersTable final : public data::TableObject {
 public:
  LeadersTable(StreamServices& services, functions::Caller caller, std::shared_ptr<HaStreamTable> table)
      : services_(services), caller_(std::move(caller)), table_(std::move(table)) {}

  std::string type_text() const override { return table_->type_text(); }
  data::Schema schema() const override { return table_->schema(); }
  Result<Table> snapshot() const override { return table_->snapshot(); }
  Result<int64_t> append(const Table& rows) override {
    const auto& group = table_->group();
    if (group.leads()) return table_->append(rows);
    TRY(const auto leader, group.leader());
    if (leader == services_.alias || !services_.run_on) return table_->append(rows);
    Table typed(table_->schema());
    TRY_DONE(typed.append(rows));
    TRY_DONE(services_.run_on(leader, caller_, "appendOrcaStreamTable", {Value::of_string(table_->name()), typed}));
    return static_cast<int64_t>(typed.rows());
  }
  Status edit(const std::function<Status(Table&)>& change) override { return table_->edit(change); }

 private:
  StreamServices& services_;
  const functions::Caller caller_;
  const std::shared_ptr<HaStreamTable> table_;
};

Bytes answer_of(const StreamServices& services, std::string_view function, std::string_view method,
                const Bytes& payload, std::chrono::milliseconds patience = kControllerPatience) {
  if (!services.ask_controllers)
    throw ScriptError(std::string(function) +
                      ": stream graphs are not available in this program: it has no controllers.");
  auto answer = services.ask_controllers(method, payload, patience);
  if (answer.ok()) return std::move(*answer);
  const auto& message = answer.error().message;
  throw ScriptError(message.starts_with('<') ? message : std::string(function) + " => " + message);
}

meta::StreamGraphs graphs_in(const Bytes& answer, std::string_view method) {
  auto graphs = meta::decode<meta::StreamGraphs>(answer, method);
  if (!graphs.ok()) throw ScriptError(graphs.error().message);
  return std::move(*graphs);
}

int64_t group_argument(const Arguments& a, size_t i) {
  if (a[i].is_text()) a.refuse("raftGroup", "must be the number of a group of streamingRaftGroups.");
  const int64_t group = a.integer(i, "raftGroup");
  if (group <= 1) a.refuse("raftGroup", "must be greater than 1.");
  return group;
}

}  // namespace

CatalogStreamTerms ha_stream_terms(const Arguments& a, size_t at, data::Schema schema, std::vector<std::string> keys) {
  const int64_t cache = a.integer(at + 1, "cacheLimit"), retention = a.integer_or(at + 2, "retentionMinutes", 1440);
  if (cache <= 0) a.refuse("cacheLimit", "must be positive.");
  if (retention <= 0) a.refuse("retentionMinutes", "must be positive.");
  return {.schema = std::move(schema),
          .keys = std::move(keys),
          .retention_minutes = retention,
          .memory_rows_max = cache,
          .group = group_argument(a, at)};
}

CatalogStreamTerms catalog_stream_terms(const Arguments& a, size_t at, data::Schema schema,
                                        std::vector<std::string> keys) {
  const auto kept = persistence_terms(a, at);
  const int64_t flush = a.integer_or(at + 4, "flushMode", 0);
  if (flush != 0 && flush != 1) a.refuse("flushMode", "must be 0 or 1.");
  constexpr std::pair<size_t, std::string_view> kPurges[] = {
      {6, "cachePurgeTimeColumn"}, {7, "cachePurgeInterval"}, {8, "cacheRetentionTime"}};
  for (const auto& [place, parameter] : kPurges) refuse_option(a, at + place, parameter);
  return {.schema = std::move(schema),
          .keys = std::move(keys),
          .sync_each = kept.sync_each || flush == 1,
          .retention_minutes = kept.retention.count(),
          .memory_rows_max = kept.memory_rows_max};
}

data::Schema columns_argument(const Arguments& a, size_t names_at, size_t types_at) {
  const auto names = a.texts(names_at, "colNames");
  const auto types = functions::elements_of(a[types_at]);
  if (!types || (*types)->size() != names.size())
    a.refuse("colTypes", "must be a type for each of colNames, which are " + std::to_string(names.size()) + ".");
  data::Schema schema;
  for (size_t c = 0; c < names.size(); ++c) {
    const auto type = functions::type_argument(a.function(), (*types)->at(c));
    const bool is_known =
        std::any_of(schema.begin(), schema.end(), [&](const auto& one) { return one.name == names[c]; });
    if (names[c].empty() || is_known) a.refuse("colNames", "must be names that differ.");
    schema.push_back({.name = names[c], .type = type.type, .array = type.array, .scale = type.scale});
  }
  if (schema.empty()) a.refuse("colNames", "must not be empty.");
  return schema;
}

std::vector<std::string> keys_argument(const Arguments& a, size_t i, const data::Schema& schema) {
  auto keys = a.texts(i, "keyColumn");
  for (const auto& key : keys) {
    if (std::none_of(schema.begin(), schema.end(), [&](const auto& column) { return column.name == key; }))
      a.refuse("keyColumn", "must name columns of the table, which " + key + " does not.");
  }
  return keys;
}

Bytes definition_of(const CatalogStreamTerms& terms) {
  return meta::encode(StoredTerms{.columns = stored_columns(terms.schema),
                                  .keys = terms.keys,
                                  .sync_each = terms.sync_each,
                                  .retention_minutes = terms.retention_minutes,
                                  .memory_rows_max = terms.memory_rows_max,
                                  .group = terms.group});
}

Result<CatalogStreamTerms> terms_of_definition(std::string_view definition) {
  TRY(const auto stored, meta::decode<StoredTerms>(definition, "the definition of a stream table"));
  return CatalogStreamTerms{.schema = schema_of(stored.columns),
                            .keys = stored.keys,
                            .sync_each = stored.sync_each,
                            .retention_minutes = stored.retention_minutes,
                            .memory_rows_max = stored.memory_rows_max,
                            .group = stored.group};
}

bool same_columns(const data::Schema& left, const data::Schema& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& a, const auto& b) {
    return a.name == b.name && a.type == b.type && a.array == b.array && a.scale == b.scale;
  });
}

std::shared_ptr<StreamTable> open_catalog_stream(StreamServices& services, const std::string& name,
                                                 const CatalogStreamTerms& terms) {
  auto table = std::make_shared<StreamTable>(Table(terms.schema), terms.keys);
  if (services.persistence_folder.empty() || services.files == nullptr) return table;
  persist_rows(services, *table,
               {.folder = folder_of(services, name),
                .sync_each = terms.sync_each,
                .retention = std::chrono::minutes(terms.retention_minutes),
                .memory_rows_max = terms.memory_rows_max});
  return table;
}

void drop_catalog_stream(StreamServices& services, functions::SharedObjects& shared, const std::string& name) {
  const auto found = shared.find(name);
  const auto table = found ? stream_table_of(*found) : nullptr;
  shared.erase(name);
  services.publications.end_if([&](const PublicationTerms& terms) { return terms.table == name; });
  if (table != nullptr) (void)table->stop_persisting();
  if (services.files != nullptr && !services.persistence_folder.empty())
    check(StreamLog::remove(*services.files, folder_of(services, name)));
}

meta::StreamGraphs ask_stream_graphs(const StreamServices& services, std::string_view function,
                                     std::chrono::milliseconds patience) {
  return graphs_in(answer_of(services, function, meta::kListStreamGraphs, {}, patience), meta::kListStreamGraphs);
}

meta::StreamGraphs change_stream_graphs(const StreamServices& services, std::string_view function,
                                        const meta::StreamGraphChange& change) {
  return graphs_in(answer_of(services, function, meta::kChangeStreamGraphs, meta::encode(change)),
                   meta::kChangeStreamGraphs);
}

Value find_catalog_stream(StreamServices& services, functions::CallContext& context, std::string_view function,
                          const std::string& name) {
  if (auto found = context.shared_objects().find(name)) return *std::move(found);
  const auto graphs = ask_stream_graphs(services, function);
  const auto* table = graphs.find_table(name);
  if (table == nullptr) throw ScriptError(std::string(function) + ": the stream table doesn't exist: " + name + ".");
  if (auto found = context.shared_objects().find(table->name)) return *std::move(found);
  if (table->node == services.alias || !services.run_on)
    throw ScriptError(std::string(function) + ": the stream table " + table->name +
                      " is not loaded on this node yet; see the node's log and getStreamGraphMeta().");
  const auto terms = terms_of_definition(table->definition);
  if (!terms.ok()) throw ScriptError(terms.error().message);
  return data::TableRef(
      std::make_shared<ElsewhereTable>(services, context.caller(), table->name, table->node, terms->schema));
}

data::TableRef appendable(StreamServices& services, const functions::Caller& caller, data::TableRef table) {
  auto ha = ha_table_of(Value(table));
  return ha == nullptr ? table : std::make_shared<LeadersTable>(services, caller, std::move(ha));
}

std::string node_of_stream(StreamServices& services, functions::SharedObjects& shared, const std::string& name) {
  if (!is_stream_name(name) || !services.ask_controllers || shared.find(name)) return {};
  const auto graphs = ask_stream_graphs(services, "stream tables");
  const auto* table = graphs.find_table(name);
  return table == nullptr || table->node == services.alias ? std::string() : table->node;
}

}  // namespace pelorus::stream
