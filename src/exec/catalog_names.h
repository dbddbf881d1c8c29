#pragma once
// Databases by the names that catalogs give them: catalog.schema.table, schema.table under `use catalog`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/call_context.h"
#include "functions/registry.h"
#include "syntax/ast.h"
#include "syntax/constants.h"

namespace pelorus::exec {

using syntax::kCurrentCatalog;

/// The value of a call of a function that upper floors register. ScriptError when this node has none of that name.
data::Value call_by_name(functions::CallContext& context, std::string_view function,
                         std::vector<data::Value> arguments);

/// Of the session; empty: none.
std::string current_catalog(functions::CallContext& context);
/// Empty: none. ScriptError when there is no such catalog.
void set_current_catalog(functions::CallContext& context, const std::string& catalog);

/// The database that catalog.schema names; an empty catalog is the current one. Nothing when there is no such schema.
/// ScriptError when there is no such catalog, or no current one.
std::optional<std::string> find_database(functions::CallContext& context, const std::string& catalog,
                                         const std::string& schema);
/// As find_database. ScriptError when there is no such schema.
std::string database_of(functions::CallContext& context, const std::string& catalog, const std::string& schema);

/// The name a member expression a.b or a.b.c begins with; null for other expressions.
const syntax::Name* leading_name(const syntax::Member& node);
/// The stored table that the expression names by a catalog; nothing where it names none.
std::optional<data::Value> table_of_catalog(functions::CallContext& context, const syntax::Member& node);

/// getCurrentCatalog setDefaultCatalog
void register_catalog_names(functions::Registry& registry);

}  // namespace pelorus::exec
