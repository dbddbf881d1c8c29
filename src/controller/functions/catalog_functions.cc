#include "controller/functions/cluster_call.h"
#include "functions/declare.h"
#include "meta/catalogs.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using types::Type;
using Kind = meta::CatalogChange::Kind;
using Run = Value (*)(const ClusterCall&, const Arguments&);

Value change(const ClusterCall& call, meta::CatalogChange change) {
  change.user = call.context().caller().user;
  (void)call.send(meta::kChangeCatalogs, meta::encode(change));
  return {};
}

meta::Catalogs catalogs(const ClusterCall& call) { return call.ask<meta::Catalogs>(meta::kListCatalogs); }

Value create_catalog(const ClusterCall& call, const Arguments& a) {
  return change(call, {.user = {}, .kind = Kind::kCreate, .catalog = a.text(0, "catalog")});
}

Value drop_catalog(const ClusterCall& call, const Arguments& a) {
  return change(call, {.user = {}, .kind = Kind::kDrop, .catalog = a.text(0, "catalog")});
}

Value rename_catalog(const ClusterCall& call, const Arguments& a) {
  return change(call, {.user = {},
                       .kind = Kind::kRename,
                       .catalog = a.text(0, "oldCatalog"),
                       .schema = {},
                       .new_name = a.text(1, "newCatalog")});
}

Value create_schema(const ClusterCall& call, const Arguments& a) {
  return change(call, {.user = {},
                       .kind = Kind::kBind,
                       .catalog = a.text(0, "catalog"),
                       .schema = a.text(2, "schema"),
                       .new_name = {},
                       .path = a.text(1, "dbUrl")});
}

Value drop_schema(const ClusterCall& call, const Arguments& a) {
  return change(call,
                {.user = {}, .kind = Kind::kUnbind, .catalog = a.text(0, "catalog"), .schema = a.text(1, "schema")});
}

Value rename_schema(const ClusterCall& call, const Arguments& a) {
  return change(call, {.user = {},
                       .kind = Kind::kRenameSchema,
                       .catalog = a.text(0, "catalog"),
                       .schema = a.text(1, "oldSchema"),
                       .new_name = a.text(2, "newSchema")});
}

Value exists_catalog(const ClusterCall& call, const Arguments& a) {
  return Value::of_bool(catalogs(call).find(a.text(0, "catalog")) != nullptr);
}

Value all_catalogs(const ClusterCall& call, const Arguments&) {
  std::vector<std::string> names;
  for (const auto& [key, catalog] : catalogs(call).all) names.push_back(catalog.name);
  return text_vector(std::move(names));
}

Value schemas_of(const ClusterCall& call, const Arguments& a) {
  const auto name = a.text(0, "catalog");
  const auto all = catalogs(call);
  const auto* catalog = all.find(name);
  if (catalog == nullptr) call.fail({ErrorCode::kNotFound, "The catalog doesn't exist: " + name});
  TableRows rows({{"schema", Type::kString}, {"dbUrl", Type::kString}});
  for (const auto& [key, schema] : catalog->schemas) rows.add({text_value(schema.name), text_value(schema.path)});
  return rows.take();
}

}  // namespace

void register_catalog_functions(functions::Registry& registry, AskControllers ask) {
  const auto row = [&](std::string_view name, std::string_view parameters, Nature nature, Run run,
                       std::string_view summary, std::string_view example) {
    declare(registry, "catalogs", nature,
            {.name = name,
             .parameters = parameters,
             .run =
                 [ask, name, run](CallContext& context, std::span<Value> args) {
                   return run(ClusterCall(name, context, ask), {name, args});
                 },
             .summary = summary,
             .example = example});
  };
  row("createCatalog", "catalog", Nature::kCommand, create_catalog,
      "Makes a catalog: its databases have names, and their tables are read as catalog.schema.table.",
      "createCatalog(\"trading\")");
  row("dropCatalog", "catalog", Nature::kCommand, drop_catalog, "Removes a catalog; its databases stay.",
      "createCatalog(\"trading\")\ndropCatalog(\"trading\")");
  row("renameCatalog", "oldCatalog, newCatalog", Nature::kCommand, rename_catalog,
      "Gives a catalog another name. Rights were granted on the old name: grant them anew.",
      "createCatalog(\"trading\")\nrenameCatalog(\"trading\", \"market\")");
  row("existsCatalog", "catalog", Nature::kWhole, exists_catalog, "Whether there is a catalog of that name.",
      "existsCatalog(\"trading\")");
  row("getAllCatalogs", "", Nature::kWhole, all_catalogs, "The names of all catalogs.", "getAllCatalogs()");
  row("createSchema", "catalog, dbUrl, schema", Nature::kCommand, create_schema,
      "Names a database in a catalog. A database is in one catalog at most.",
      "try { createSchema(\"trading\", \"dfs://db1\", \"stock\") } catch(ex) { }");
  row("dropSchema", "catalog, schema", Nature::kCommand, drop_schema,
      "Takes a database out of a catalog; the database stays.",
      "try { dropSchema(\"trading\", \"stock\") } catch(ex) { }");
  row("renameSchema", "catalog, oldSchema, newSchema", Nature::kCommand, rename_schema,
      "Gives a schema of a catalog another name.",
      "try { renameSchema(\"trading\", \"stock\", \"stocks\") } catch(ex) { }");
  row("getSchemaByCatalog", "catalog", Nature::kWhole, schemas_of,
      "The schemas of a catalog and the databases they name.",
      "createCatalog(\"trading\")\ngetSchemaByCatalog(\"trading\")");
}

}  // namespace pelorus::controller
