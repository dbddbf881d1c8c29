// createExternalTable: a table of another server as a table here.

#include <algorithm>
#include <array>

#include "base/letter_case.h"
#include "base/script_error.h"
#include "exec/column_source.h"
#include "exec/user_function.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/type_argument.h"
#include "server/scripts/register_scripts.h"
#include "server/scripts/remote_connection.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;

constexpr std::string_view kName = "createExternalTable";

/// Where the table is and what it is called there and here.
struct Outside {
  std::shared_ptr<RemoteConnection> connection;
  std::string table;    // an expression of the other side
  data::Schema there;   // its columns as the other side has them
  data::Schema schema;  // as they are called and typed here
};

std::string text_literal(std::string_view text) { return exec::to_script(Value::of_string(std::string(text))); }
std::string column_name(std::string_view name) { return "_" + text_literal(name); }

data::Table ask(const Outside& of, CallContext* context, const std::string& query) {
  const auto answer = of.connection->run(context, [&](client::Connection& to) { return to.run(query); });
  if (!answer.is_plain_table())
    throw ScriptError("The other side gave no table for " + query + "; is it a table there?");
  return answer.table();
}

/// One statement's look at the table: all its columns come with one query, so that they are of the same moment.
class OutsideRows final : public exec::ColumnSource {
 public:
  OutsideRows(std::shared_ptr<const Outside> of, CallContext* context) : of_(std::move(of)), context_(context) {}

  const data::Schema& schema() const override { return of_->schema; }

  void narrow(const exec::Narrowing& narrowing) override {
    if (narrowing.rows_wanted) top_ = "top " + std::to_string(*narrowing.rows_wanted) + " ";
    for (const auto& [column, interval] : narrowing.ranges) {
      const auto& there = of_->there[column];
      if (there.type != of_->schema[column].type) continue;
      const auto compare = [&](const char* how, const std::optional<types::Scalar>& bound) {
        if (!bound || bound->is_null()) return;
        where_ += (where_.empty() ? " where " : ", ") + column_name(there.name) + how + exec::to_script(Value(*bound));
      };
      compare(" >= ", interval.low);
      compare(" <= ", interval.high);
    }
  }

  Result<int64_t> rows() override {
    TRY(const auto* table, fetched());
    return static_cast<int64_t>(table->rows());
  }

  Result<data::Shared<data::Vector>> read(size_t column) override {
    TRY(const auto* table, fetched());
    const auto& values = table->column_shared(column);
    const auto& as = of_->schema[column];
    if (values->type() == as.type && values->scale() == as.scale) return values;
    const auto converted = data::convert(values, as.type, as.scale);
    if (converted) return *converted;
    return Error{ErrorCode::kScript, "The column " + as.name + " of the external table is of the type " +
                                         std::string(types::name_of(values->type())) + " there, which can't become " +
                                         std::string(types::name_of(as.type))};
  }

 private:
  Result<const data::Table*> fetched() {
    if (table_) return &*table_;
    try {
      table_ = ask(*of_, context_, "select " + top_ + "* from " + of_->table + where_);
    } catch (const ScriptError& error) {
      return Error{ErrorCode::kScript, error.message()};
    }
    if (table_->schema() == of_->there) return &*table_;
    return Error{ErrorCode::kScript, "The columns of the external table have changed; create it again"};
  }

  const std::shared_ptr<const Outside> of_;
  CallContext* const context_;
  std::string top_, where_;
  std::optional<data::Table> table_;
};

class ExternalTable final : public exec::OutsideTable {
 public:
  explicit ExternalTable(Outside of) : of_(std::make_shared<const Outside>(std::move(of))) {}
  std::string type_text() const override { return "EXTERNAL TABLE"; }
  data::Schema schema() const override { return of_->schema; }
  std::shared_ptr<exec::ColumnSource> open(CallContext* context) const override {
    return std::make_shared<OutsideRows>(of_, context);
  }

 private:
  const std::shared_ptr<const Outside> of_;
};

// --- what is asked for -------------------------------------------------------------------------------------------

/// An entry of `config` under one of the names it goes by; without one, `otherwise`, or a refusal when that is null.
std::string entry(const Arguments& a, const data::Dictionary& config, std::initializer_list<const char*> names,
                  const char* otherwise) {
  for (const auto* name : names) {
    const auto value = config.get(name);
    if (value.is_scalar() && !value.is_null())
      return value.scalar().is_text() ? value.scalar().text() : exec::to_script(value);
  }
  if (!otherwise) a.refuse("config", "needs an entry \"" + std::string(*names.begin()) + "\".");
  return otherwise;
}

client::Endpoint endpoint(const Arguments& a, const data::Dictionary& config) {
  client::Endpoint to{.host = entry(a, config, {"host", "ip"}, nullptr)};
  const auto port = entry(a, config, {"port"}, nullptr);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) to.port = std::stoi(port);
  if (to.port < 1 || to.port > 65535) a.refuse("config", "needs a port between 1 and 65535.");
  return to;
}

void name_columns(const Arguments& a, data::Schema& schema) {
  if (!a.has(3) || a[3].is_null()) return;
  const auto names = a.texts(3, "columnNames");
  if (names.size() != schema.size()) {
    a.refuse("columnNames", "must name all " + std::to_string(schema.size()) + " columns.");
  }
  for (size_t c = 0; c < names.size(); ++c) schema[c].name = names[c];
  for (size_t c = 0; c < names.size(); ++c) {
    if (std::count(names.begin(), names.end(), names[c]) > 1) a.refuse("columnNames", "has " + names[c] + " twice.");
  }
}

void type_columns(const Arguments& a, data::Schema& schema) {
  if (!a.has(4) || a[4].is_null()) return;
  const auto given = a.vector(4, "columnTypes");
  if (given->size() != schema.size()) {
    a.refuse("columnTypes", "must have one type for each of the " + std::to_string(schema.size()) + " columns.");
  }
  for (size_t c = 0; c < schema.size(); ++c) {
    const auto type = functions::type_argument(kName, given->at(c));
    schema[c].type = type.type;
    schema[c].scale = type.scale;
  }
}

/// Sources that others serve by programs loaded into the server; none are loaded here.
constexpr std::array<std::string_view, 9> kForeign{"oracle", "s3",    "parquet",    "mysql", "sqlserver",
                                                   "hive",   "gauss", "clickhouse", "sqlite"};

Value create_external_table(CallContext& context, std::span<Value> values) {
  const Arguments a(kName, values);
  (void)a.text(0, "tableName");
  const auto kind = lowered(a.text(1, "externalType"));
  if (std::find(kForeign.begin(), kForeign.end(), kind) != kForeign.end()) {
    a.refuse("externalType",
             "'" + kind + "' needs a plug-in, which this server can't load; it reads 'dolphindb' tables.");
  }
  if (kind != "dolphindb") a.refuse("externalType", "must be 'dolphindb'.");
  if (!a[2].is_dictionary()) a.refuse("config", "must be a dictionary.");
  const auto& config = a[2].dictionary();
  const auto database = entry(a, config, {"database", "dbName", "dbPath", "dbUrl"}, "");
  const auto table = entry(a, config, {"table", "tableName"}, nullptr);
  const auto to = endpoint(a, config);
  client::ConnectionOptions options{.user = entry(a, config, {"userId", "username", "user"}, ""),
                                    .password = entry(a, config, {"password"}, "")};
  Outside of{.connection = RemoteConnection::open(kName, context, to, std::move(options)),
             .table = {},
             .there = {},
             .schema = {}};
  of.table = database.empty() ? "objByName(" + text_literal(table) + ")"
                              : "loadTable(" + text_literal(database) + ", " + text_literal(table) + ")";
  const auto empty = ask(of, &context, "select top 0 * from " + of.table);
  of.there = of.schema = empty.schema();
  name_columns(a, of.schema);
  type_columns(a, of.schema);
  return data::TableRef(std::make_shared<ExternalTable>(std::move(of)));
}

}  // namespace

void register_external_tables(functions::Registry& registry) {
  functions::declare(
      registry, "remote", functions::Nature::kWhole,
      {"createExternalTable", "tableName, externalType, config, [columnNames], [columnTypes]", create_external_table,
       "A table of another server, read anew by each query: externalType 'dolphindb', and config a dictionary of host, "
       "port, userId, password, database and table (without a database a shared table). Ranges of columns and the "
       "number of rows that a query wants are asked for there. Read-only. Other sources need plug-ins.",
       "share table(1 2 3 as id, 5.5 6.5 7.5 as price) as pricesThere\n"
       "config = {host: \"localhost\", port: getNodePort(), userId: \"admin\", password: \"123456\", table: "
       "\"pricesThere\"}\n"
       "t = createExternalTable(\"prices\", \"dolphindb\", config); exec price from t where id >= 2",
       "[6.5,7.5]"});
}

}  // namespace pelorus::server
