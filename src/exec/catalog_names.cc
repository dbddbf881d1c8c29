#include "exec/catalog_names.h"

#include <strings.h>

#include "base/letter_case.h"
#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "meta/stream_graphs.h"

namespace pelorus::exec {

using data::Value;
using functions::CallContext;
using syntax::as;

Value call_by_name(CallContext& context, std::string_view function, std::vector<Value> arguments) {
  const auto found = context.find_function(function);
  if (!found)
    throw ScriptError("Stored databases are not available on this node: the function " + std::string(function) +
                      " is unknown.");
  return context.call(*found, std::span<Value>(arguments));
}

namespace {

bool exists_catalog(CallContext& context, const std::string& catalog) {
  const Value exists = call_by_name(context, "existsCatalog", {Value::of_string(catalog)});
  return exists.is_scalar() && exists.scalar().as_int64() == 1;
}

Value get_current(CallContext& context, std::span<Value>) {
  const auto catalog = current_catalog(context);
  return catalog.empty() ? Value::null() : Value::of_string(catalog);
}

Value set_default(CallContext& context, std::span<Value> args) {
  set_current_catalog(context, functions::Arguments("setDefaultCatalog", args).text(0, "catalog"));
  return Value::null();
}

}  // namespace

std::string current_catalog(CallContext& context) {
  const Value* kept = context.find_variable(kCurrentCatalog);
  return kept != nullptr && kept->is_text() ? kept->text() : std::string();
}

void set_current_catalog(CallContext& context, const std::string& catalog) {
  if (!catalog.empty() && !exists_catalog(context, catalog)) throw ScriptError("The catalog doesn't exist: " + catalog);
  context.set_variable(std::string(kCurrentCatalog), Value::of_string(catalog));
}

std::optional<std::string> find_database(CallContext& context, const std::string& catalog, const std::string& schema) {
  const auto name = catalog.empty() ? current_catalog(context) : catalog;
  if (name.empty()) {
    throw ScriptError("The catalog doesn't exist: [" + schema +
                      "] names a schema of the current catalog, and there is none; write catalog." + schema +
                      " or `use catalog` first.");
  }
  const auto schemas = call_by_name(context, "getSchemaByCatalog", {Value::of_string(name)});
  const auto table = functions::table_argument("getSchemaByCatalog", schemas);
  for (size_t row = 0; row < table.rows(); ++row) {
    if (strcasecmp(table.column(0).at(row).text().c_str(), schema.c_str()) == 0) return table.column(1).at(row).text();
  }
  return std::nullopt;
}

std::string database_of(CallContext& context, const std::string& catalog, const std::string& schema) {
  if (auto found = find_database(context, catalog, schema)) return *std::move(found);
  throw ScriptError("The catalog " + (catalog.empty() ? current_catalog(context) : catalog) + " has no schema " +
                    schema + ".");
}

const syntax::Name* leading_name(const syntax::Member& node) {
  if (const auto* inner = as<syntax::Member>(node.object)) return as<syntax::Name>(inner->object);
  return as<syntax::Name>(node.object);
}

std::optional<Value> table_of_catalog(CallContext& context, const syntax::Member& node) {
  const auto* first = leading_name(node);
  if (first == nullptr || !context.find_function("getSchemaByCatalog")) return std::nullopt;
  const auto* inner = as<syntax::Member>(node.object);
  const std::string catalog = inner == nullptr ? current_catalog(context) : first->name;
  if (catalog.empty() || !exists_catalog(context, catalog)) return std::nullopt;
  const auto& schema = inner == nullptr ? first->name : inner->name;
  if (lowered(schema) == meta::kStreamSchema)
    return call_by_name(context, "loadOrcaStreamTable",
                        {Value::of_string(catalog + "." + std::string(meta::kStreamSchema) + "." + node.name)});
  const auto path = database_of(context, catalog, schema);
  return call_by_name(context, "loadTable", {Value::of_string(path), Value::of_string(node.name)});
}

void register_catalog_names(functions::Registry& registry) {
  functions::declare(
      registry, "catalogs", functions::Nature::kWhole,
      {"getCurrentCatalog", "", get_current, "The catalog that schema.table is looked for in; null when there is none.",
       "isNull(getCurrentCatalog())", "true"});
  functions::declare(registry, "catalogs", functions::Nature::kCommand,
                     {"setDefaultCatalog", "catalog", set_default,
                      "As `use catalog`: names schema.table belong to that catalog from now on; \"\" for none.",
                      "setDefaultCatalog(\"\")"});
}

}  // namespace pelorus::exec
