#include "meta/catalogs.h"

#include <algorithm>
#include <cctype>

#include "base/letter_case.h"
#include "meta/stream_graphs.h"

namespace pelorus::meta {
namespace {

/// A letter, then letters, digits and '_'.
Status check_name(std::string_view what, std::string_view name) {
  const auto is_allowed = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  const bool good = !name.empty() && name.size() <= 255 && std::isalpha(static_cast<unsigned char>(name[0])) &&
                    std::all_of(name.begin(), name.end(), is_allowed);
  if (good) return {};
  return Error{ErrorCode::kInvalid,
               "The name of a " + std::string(what) +
                   " begins with a letter and has letters, digits and '_' only: " + std::string(name)};
}

Error no_catalog(const std::string& name) {
  return {ErrorCode::kNotFound, "The catalog doesn't exist: " + name + ". createCatalog makes it."};
}

/// One change under way.
class Changing {
 public:
  Changing(const State& state, const CatalogChange& change, Catalogs catalogs)
      : state_(state), change_(change), catalogs_(std::move(catalogs)) {}

  Result<Catalogs> run() {
    const auto access = access_of(state_, change_.user);
    if (!access.may(AccessType::kDatabaseManage, std::string(kCatalogObject) + lowered(change_.catalog))) {
      return Error{ErrorCode::kDenied, "<NoPrivilege>Not granted to manage catalog " + change_.catalog};
    }
    TRY_DONE(change_.kind == CatalogChange::Kind::kCreate ? create() : change_one(access));
    return std::move(catalogs_);
  }

 private:
  Status create() {
    TRY_DONE(check_name("catalog", change_.catalog));
    if (!catalogs_.all.emplace(lowered(change_.catalog), Catalog{change_.catalog, {}}).second)
      return Error{ErrorCode::kAlreadyExists, "The catalog " + change_.catalog + " exists already."};
    return {};
  }

  Status change_one(const Access& access) {
    const auto place = catalogs_.all.find(lowered(change_.catalog));
    if (place == catalogs_.all.end()) return no_catalog(change_.catalog);
    switch (change_.kind) {
      case CatalogChange::Kind::kDrop: return drop(place);
      case CatalogChange::Kind::kRename: return rename(place);
      case CatalogChange::Kind::kBind: return bind(place->second, access);
      case CatalogChange::Kind::kUnbind:
        if (place->second.schemas.erase(lowered(change_.schema)) == 0) return no_schema();
        return {};
      case CatalogChange::Kind::kRenameSchema: return rename_schema(place->second);
      default: return Error{ErrorCode::kInvalid, "An unknown change of catalogs."};
    }
  }

  /// Stream graphs and tables bear the catalog's name: they would be out of reach.
  Status check_no_streams() const {
    TRY(const auto streams, stream_graphs_of(state_));
    const auto held = streams.held_by(change_.catalog);
    if (held.empty()) return {};
    std::string names;
    for (const auto& name : held) names += (names.empty() ? "" : ", ") + name;
    return Error{ErrorCode::kInvalid, "The catalog " + change_.catalog +
                                          " holds stream graphs or stream tables: " + names +
                                          ". Drop them first: dropStreamGraph(name, true), dropOrcaStreamTable(name)."};
  }

  Status drop(std::map<std::string, Catalog>::iterator place) {
    TRY_DONE(check_no_streams());
    catalogs_.all.erase(place);
    return {};
  }

  Status rename(std::map<std::string, Catalog>::iterator place) {
    TRY_DONE(check_no_streams());
    TRY_DONE(check_name("catalog", change_.new_name));
    auto node = catalogs_.all.extract(place);
    if (catalogs_.all.contains(lowered(change_.new_name)))
      return Error{ErrorCode::kAlreadyExists, "The catalog " + change_.new_name + " exists already."};
    node.key() = lowered(change_.new_name);
    node.mapped().name = change_.new_name;
    catalogs_.all.insert(std::move(node));
    return {};
  }

  /// Those of stream graphs, their tables and engines are no databases'.
  Status check_schema_name(const std::string& name) const {
    TRY_DONE(check_name("schema", name));
    for (const auto taken : {kGraphSchema, kStreamSchema, kEngineSchema}) {
      if (lowered(name) == taken)
        return Error{ErrorCode::kInvalid, "A schema can't be named " + name + ": stream graphs use that name."};
    }
    return {};
  }

  Status bind(Catalog& catalog, const Access& access) {
    TRY_DONE(check_schema_name(change_.schema));
    const auto* database = state_.find_database(change_.path);
    if (database == nullptr) return Error{ErrorCode::kNotFound, "The database [" + change_.path + "] does not exist."};
    TRY_DONE(access.check(AccessType::kDatabaseManage, change_.path, database->owner));
    for (const auto& [key, other] : catalogs_.all) {
      for (const auto& [name, schema] : other.schemas) {
        if (schema.database == database->id)
          return Error{ErrorCode::kAlreadyExists,
                       "The database " + change_.path + " is in a catalog already: " + other.name + "." + schema.name};
      }
    }
    const CatalogSchema schema{change_.schema, database->id, change_.path};
    if (!catalog.schemas.emplace(lowered(change_.schema), schema).second) return schema_exists(change_.schema);
    return {};
  }

  Status rename_schema(Catalog& catalog) {
    TRY_DONE(check_schema_name(change_.new_name));
    auto node = catalog.schemas.extract(lowered(change_.schema));
    if (node.empty()) return no_schema();
    if (catalog.schemas.contains(lowered(change_.new_name))) return schema_exists(change_.new_name);
    node.key() = lowered(change_.new_name);
    node.mapped().name = change_.new_name;
    catalog.schemas.insert(std::move(node));
    return {};
  }

  Error no_schema() const {
    return {ErrorCode::kNotFound, "The catalog " + change_.catalog + " has no schema " + change_.schema + "."};
  }
  Error schema_exists(const std::string& name) const {
    return {ErrorCode::kAlreadyExists, "The catalog " + change_.catalog + " has a schema " + name + " already."};
  }

  const State& state_;
  const CatalogChange& change_;
  Catalogs catalogs_;
};

}  // namespace

const Catalog* Catalogs::find(std::string_view name) const {
  const auto found = all.find(lowered(name));
  return found == all.end() ? nullptr : &found->second;
}

Result<Catalogs> catalogs_of(const State& state) {
  const auto record = state.records.find({kCatalogsArea, kCatalogsRecord});
  if (record == state.records.end()) return Catalogs{};
  TRY(auto catalogs, decode<Catalogs>(record->second, "record of the catalogs"));
  for (auto& [key, catalog] : catalogs.all) {
    std::erase_if(catalog.schemas, [&](const auto& named) {
      const auto* database = state.find_database(named.second.path);
      return database == nullptr || database->id != named.second.database;
    });
  }
  return catalogs;
}

Result<Catalogs> changed(const State& state, const CatalogChange& change) {
  TRY(auto catalogs, catalogs_of(state));
  return Changing(state, change, std::move(catalogs)).run();
}

void spread_grants(const Catalogs& catalogs, std::set<Grant>& grants) {
  std::set<Grant> spread;
  for (const auto& grant : grants) {
    if (!grant.object.starts_with(kCatalogObject)) continue;
    const auto name = lowered(std::string_view(grant.object).substr(kCatalogObject.size()));
    for (const auto& [key, catalog] : catalogs.all) {
      for (const auto& [schema_key, schema] : catalog.schemas) {
        if (name == "*" || name == key || name == key + "." + schema_key)
          spread.insert({grant.type, grant.denied, schema.path});
      }
    }
  }
  grants.merge(spread);
}

}  // namespace pelorus::meta
