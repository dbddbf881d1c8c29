#include "meta/catalogs.h"

#include <gtest/gtest.h>

#include "meta/apply/cluster_fixture.h"

namespace pelorus::meta {
namespace {

using Kind = CatalogChange::Kind;

class CatalogsTest : public testing::Test {
 protected:
  CatalogsTest() {
    state_.users["root"] = User{.id = "root", .is_admin = true};
    state_.users["ann"] = User{.id = "ann"};
    for (const auto& [path, id] : {std::pair("dfs://db1", 1), std::pair("dfs://db2", 2)})
      state_.databases[path] = Database{.id = DatabaseId{static_cast<uint64_t>(id)}, .path = path, .owner = "root"};
  }

  /// Made and recorded; the error's text, empty for none.
  std::string make(CatalogChange change) {
    if (change.user.empty()) change.user = "root";
    const auto after = changed(state_, change);
    if (!after.ok()) return after.error().message;
    state_.records[{kCatalogsArea, kCatalogsRecord}] = encode(*after);
    return {};
  }
  std::string bind(const std::string& schema, const std::string& path, const std::string& user = "root") {
    return make(
        {.user = user, .kind = Kind::kBind, .catalog = "trading", .schema = schema, .new_name = {}, .path = path});
  }
  /// The database that a schema names; empty: none.
  std::string path_of(const std::string& catalog, const std::string& schema) {
    const auto all = catalogs_of(state_);
    const auto* found = all.ok() ? all->find(catalog) : nullptr;
    if (found == nullptr || !found->schemas.contains(schema)) return {};
    return found->schemas.at(schema).path;
  }

  State state_;
};

TEST_F(CatalogsTest, names_are_told_apart_without_case) {
  EXPECT_EQ(make({.user = {}, .kind = Kind::kCreate, .catalog = "Trading"}), "");
  EXPECT_NE(make({.user = {}, .kind = Kind::kCreate, .catalog = "TRADING"}).find("exists already"), std::string::npos);
  EXPECT_EQ(bind("Stock", "dfs://db1"), "");
  EXPECT_EQ(path_of("tRADING", "stock"), "dfs://db1");
  EXPECT_NE(make({.user = {}, .kind = Kind::kCreate, .catalog = "1x"}).find("begins with a letter"), std::string::npos);
}

TEST_F(CatalogsTest, a_database_is_in_one_catalog_and_leaves_it_when_it_is_dropped) {
  make({.user = {}, .kind = Kind::kCreate, .catalog = "trading"});
  EXPECT_EQ(bind("stock", "dfs://db1"), "");
  EXPECT_NE(bind("other", "dfs://db1").find("in a catalog already"), std::string::npos);
  EXPECT_NE(bind("stock", "dfs://db2").find("has a schema stock already"), std::string::npos);
  EXPECT_NE(bind("none", "dfs://none").find("does not exist"), std::string::npos);
  state_.databases.at("dfs://db1").id = DatabaseId{9};  // dropped, and another made in its place
  EXPECT_EQ(path_of("trading", "stock"), "");
  EXPECT_EQ(bind("stock", "dfs://db1"), "");
  EXPECT_EQ(path_of("trading", "stock"), "dfs://db1");
}

TEST_F(CatalogsTest, renamed_and_dropped) {
  make({.user = {}, .kind = Kind::kCreate, .catalog = "trading"});
  make({.user = {}, .kind = Kind::kCreate, .catalog = "other"});
  bind("stock", "dfs://db1");
  EXPECT_NE(make({.user = {}, .kind = Kind::kRename, .catalog = "trading", .schema = {}, .new_name = "Other"}), "");
  EXPECT_EQ(make({.user = {}, .kind = Kind::kRename, .catalog = "trading", .schema = {}, .new_name = "Trading"}), "");
  EXPECT_EQ(make({.user = {}, .kind = Kind::kRename, .catalog = "trading", .schema = {}, .new_name = "market"}), "");
  EXPECT_EQ(path_of("market", "stock"), "dfs://db1");
  EXPECT_EQ(
      make({.user = {}, .kind = Kind::kRenameSchema, .catalog = "market", .schema = "STOCK", .new_name = "shares"}),
      "");
  EXPECT_EQ(path_of("market", "shares"), "dfs://db1");
  EXPECT_EQ(make({.user = {}, .kind = Kind::kUnbind, .catalog = "market", .schema = "shares"}), "");
  EXPECT_NE(make({.user = {}, .kind = Kind::kUnbind, .catalog = "market", .schema = "shares"}), "");
  EXPECT_EQ(make({.user = {}, .kind = Kind::kDrop, .catalog = "market"}), "");
  EXPECT_NE(make({.user = {}, .kind = Kind::kDrop, .catalog = "market"}).find("doesn't exist"), std::string::npos);
}

TEST_F(CatalogsTest, rights_on_catalogs_are_rights_on_their_databases) {
  make({.user = {}, .kind = Kind::kCreate, .catalog = "trading"});
  bind("stock", "dfs://db1");
  auto& grants = state_.users.at("ann").grants;
  EXPECT_NE(make({.user = "ann", .kind = Kind::kDrop, .catalog = "trading"}).find("<NoPrivilege>"), std::string::npos);
  EXPECT_FALSE(access_of(state_, "ann").may(AccessType::kTableRead, "dfs://db1/t"));
  grants = {{AccessType::kDatabaseRead, false, "catalog:Trading.Stock"}};
  EXPECT_TRUE(access_of(state_, "ann").may(AccessType::kTableRead, "dfs://db1/t"));
  EXPECT_FALSE(access_of(state_, "ann").may(AccessType::kTableInsert, "dfs://db1/t"));
  grants = {{AccessType::kDatabaseManage, false, "catalog:trading"}};
  EXPECT_NE(bind("more", "dfs://db2", "ann").find("<NoPrivilege>"), std::string::npos);
  bind("more", "dfs://db2");
  EXPECT_TRUE(access_of(state_, "ann").may(AccessType::kTableInsert, "dfs://db2/t"));
  grants.insert({AccessType::kDatabaseRead, true, "catalog:*"});
  EXPECT_FALSE(access_of(state_, "ann").may(AccessType::kTableRead, "dfs://db2/t"));
}

TEST_F(CatalogsTest, a_broken_record_is_told) {
  state_.records[{kCatalogsArea, kCatalogsRecord}] = "\x03";
  EXPECT_EQ(catalogs_of(state_).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(access_of(state_, "root").is_admin);
}

}  // namespace
}  // namespace pelorus::meta
