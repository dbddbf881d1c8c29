#pragma once
// Catalogs: names of databases, catalog.schema. Kept as one record of the state; names are told apart without case.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "meta/state.h"

namespace pelorus::meta {

/// The name of a database in a catalog. One that was dropped and made again is another database.
struct CatalogSchema {
  std::string name;
  DatabaseId database;
  std::string path;
  template <class A>
  void fields(A& a) {
    a(name, database, path);
  }
};
struct Catalog {
  std::string name;
  std::map<std::string, CatalogSchema> schemas;  // by name in small letters
  template <class A>
  void fields(A& a) {
    a(name, schemas);
  }
};
struct Catalogs {
  std::map<std::string, Catalog> all;  // by name in small letters
  template <class A>
  void fields(A& a) {
    a(all);
  }

  /// Null when there is none.
  const Catalog* find(std::string_view name) const;
};

/// The area and the name of the record.
inline constexpr const char* kCatalogsArea = "catalogs";
inline constexpr const char* kCatalogsRecord = "all";

/// Without the schemas whose database is gone. kCorrupt for a record this build cannot read.
Result<Catalogs> catalogs_of(const State& state);

struct CatalogChange {
  enum class Kind : uint8_t { kCreate, kDrop, kRename, kBind, kUnbind, kRenameSchema };
  std::string user;  // who asks
  Kind kind = Kind::kCreate;
  std::string catalog;
  std::string schema;    // kBind, kUnbind, kRenameSchema
  std::string new_name;  // kRename, kRenameSchema
  std::string path;      // kBind: "dfs://…"
  template <class A>
  void fields(A& a) {
    a(user, kind, catalog, schema, new_name, path);
  }
};
/// The catalogs after the change. kDenied without the right to manage the catalog (and, to bind it, the database);
/// kNotFound and kAlreadyExists name what, kInvalid for a name that is none.
Result<Catalogs> changed(const State& state, const CatalogChange& change);

/// How grants name a catalog and a schema: "catalog:trading", "catalog:trading.stock", "catalog:*".
inline constexpr std::string_view kCatalogObject = "catalog:";
/// Adds, for each grant on catalogs and schemas, the same grant on their databases.
void spread_grants(const Catalogs& catalogs, std::set<Grant>& grants);

/// What controllers answer, by leader: kChangeCatalogs takes a CatalogChange, kListCatalogs gives the Catalogs.
inline constexpr std::string_view kChangeCatalogs = "meta.change_catalogs";
inline constexpr std::string_view kListCatalogs = "meta.list_catalogs";

}  // namespace pelorus::meta
