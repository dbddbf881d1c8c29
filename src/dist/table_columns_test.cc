#include "dist/table_columns.h"

#include <gtest/gtest.h>

namespace pelorus::dist {
namespace {

using exec::ColumnChange;
using types::Type;
using Kind = ColumnChange::Kind;

class TableColumnsTest : public testing::Test {
 protected:
  TableColumnsTest() {
    table_.columns = {{.name = "id", .type = Type::kInt}, {.name = "px", .type = Type::kFloat}};
    table_.partition_columns = {"id"};
  }
  /// Names, types and names in chunks after the change, which counts as one schema version.
  std::string after(std::vector<ColumnChange> changes) {
    const auto columns = changed_columns(table_, changes);
    if (!columns.ok()) return columns.error().message;
    table_.columns = *columns;
    ++table_.schema_version;
    std::string text;
    for (const auto& column : table_.columns) {
      auto stored = column.name_in_chunks();
      std::replace(stored.begin(), stored.end(), '\x1f', '/');
      text += column.name + " " + std::string(types::name_of(column.type)) + " " + stored + ";";
    }
    return text;
  }
  static ColumnChange add(const std::string& name, Type type) { return {Kind::kAdd, name, {}, {name, type}}; }

  meta::Table table_;
};

TEST_F(TableColumnsTest, names_in_chunks_are_never_used_twice) {
  EXPECT_EQ(after({{Kind::kRename, "px", "price", {}}}), "id INT id;price FLOAT px;");
  EXPECT_EQ(after({add("px", Type::kInt)}), "id INT id;price FLOAT px;px INT px/3;");
  EXPECT_EQ(after({{Kind::kDrop, "px", {}, {}}, {Kind::kRename, "price", "px", {}}}), "id INT id;px FLOAT px;");
  EXPECT_EQ(after({add("price", Type::kInt)}), "id INT id;px FLOAT px;price INT price/5;");
  EXPECT_EQ(after({{Kind::kDrop, "price", {}, {}}}), "id INT id;px FLOAT px;");
  EXPECT_EQ(after({add("price", Type::kInt)}), "id INT id;px FLOAT px;price INT price/7;");
}

TEST_F(TableColumnsTest, types_change_where_old_values_fit) {
  EXPECT_EQ(after({{Kind::kRetype, "px", {}, {"px", Type::kDouble}}}), "id INT id;px DOUBLE px;");
  EXPECT_EQ(after({{Kind::kRetype, "px", {}, {"px", Type::kString}}}),
            "The column [px] can't change from DOUBLE to STRING.");
  EXPECT_EQ(after({{Kind::kRetype, "px", {}, {"px", Type::kDouble, true}}}),
            "The column [px] can't change from DOUBLE to DOUBLE.");
}

TEST_F(TableColumnsTest, one_refused_change_refuses_all) {
  EXPECT_EQ(after({add("a", Type::kInt), add("a", Type::kInt)}), "Duplicate column name: [a]. RefId:S02001");
  EXPECT_EQ(after({{Kind::kDrop, "id", {}, {}}}), "The partitioning, sort or key column [id] can't be changed.");
  EXPECT_EQ(table_.columns.size(), 2u);
}

TEST_F(TableColumnsTest, rows_take_the_names_of_the_chunks) {
  after({{Kind::kRename, "px", "price", {}}});
  const data::Table rows(schema_of(table_));
  EXPECT_EQ(rows.names(), (std::vector<std::string>{"id", "price"}));
  EXPECT_EQ(as_stored(rows, table_).names(), (std::vector<std::string>{"id", "px"}));
}

}  // namespace
}  // namespace pelorus::dist
