#include "server/address_table.h"

#include <gtest/gtest.h>

#include <set>

namespace pelorus::server {
namespace {

std::map<std::string, meta::Node> told(const std::string& host) {
  meta::Node node{.alias = "controller3"};
  node.host = host;
  node.port = 9903;
  return {{node.alias, node}};
}

/// Where the next connections to controller3 go.
std::set<std::string> hosts_of(const AddressTable& table) {
  std::set<std::string> hosts;
  for (int i = 0; i < 4; ++i) hosts.insert(table.find("controller3").value().host);
  return hosts;
}

TEST(AddressTable, files_and_controllers_take_turns_while_they_disagree) {
  AddressTable table;
  EXPECT_EQ(table.find("controller3").error().code, ErrorCode::kNotFound);
  table.put("controller3", "new", 9903);
  EXPECT_EQ(hosts_of(table), (std::set<std::string>{"new"}));
  table.put_all(told("old"));  // of a snapshot: no leader has read the files yet
  EXPECT_EQ(hosts_of(table), (std::set<std::string>{"new", "old"}));
  EXPECT_EQ(table.resolve(3, "controller3").value().port, 9903);
}

TEST(AddressTable, what_the_controllers_changed_counts_alone) {
  AddressTable table;
  table.put("controller3", "new", 9903);
  table.put_all(told("old"));
  table.put_all(told("old"));
  EXPECT_EQ(hosts_of(table).size(), 2u);
  table.put_all(told("newer"));
  EXPECT_EQ(hosts_of(table), (std::set<std::string>{"newer"}));
}

TEST(AddressTable, a_wrong_file_does_not_count_once_it_has_been_judged) {
  AddressTable table;
  table.put("controller3", "wrong", 9903);
  table.put("controller9", "unknown to the cluster", 9909);
  table.put_all(told("right"));
  table.settle();
  EXPECT_EQ(hosts_of(table), (std::set<std::string>{"right"}));
  EXPECT_EQ(table.find("controller9").value().port, 9909);
}

}  // namespace
}  // namespace pelorus::server
