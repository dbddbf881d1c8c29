#include "stream/ha/group_machine.h"

#include <gtest/gtest.h>

#include "data/value.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Vector;
using types::Type;
using Kind = GroupCommand::Kind;

Table rows(std::vector<int32_t> ids) {
  data::Buffer<int32_t> values;
  std::vector<std::string> names;
  for (const auto id : ids) {
    values.push_back(id);
    names.push_back("s" + std::to_string(id % 3));
  }
  return {{"id", "sym"},
          {Vector::adopt<int32_t>(Type::kInt, std::move(values)), Vector::of_strings(Type::kSymbol, names)}};
}

/// A member of a group without a log.
class Member {
 public:
  Result<int64_t> apply(const GroupCommand& command) {
    const auto bytes = encode(command);
    EXPECT_TRUE(bytes.ok());
    return decode_outcome(machine.apply(++index, *bytes));
  }
  Status create(const std::string& name, std::vector<std::string> keys = {}, int64_t minutes = 60) {
    const auto done = apply({.kind = Kind::kCreate,
                             .table = name,
                             .request = {},
                             .retention_minutes = minutes,
                             .keys = std::move(keys),
                             .rows = Table(rows({}).schema())});
    return done.ok() ? Status() : done.error();
  }
  Result<int64_t> append(const std::string& name, const Table& added, int64_t time_ms = 0) {
    return apply({.kind = Kind::kAppend,
                  .table = name,
                  .request = "r" + std::to_string(index),
                  .time_ms = time_ms,
                  .keys = {},
                  .rows = added});
  }
  std::vector<int32_t> ids(const std::string& name) const {
    const auto found = machine.find(name);
    if (found == nullptr) return {-1};
    const Table all = found->read(0, INT64_MAX);
    const auto values = all.column(0).values<int32_t>();
    return {values.begin(), values.end()};
  }

  uint64_t index = 0;
  std::vector<std::string> changes;
  GroupMachine machine{[this](const std::string& name, const std::shared_ptr<StreamTable>& table) {
    changes.push_back((table ? "+" : "-") + name);
  }};
};

TEST(GroupMachine, keeps_tables_and_their_rows) {
  Member member;
  ASSERT_TRUE(member.create("t").ok());
  EXPECT_FALSE(member.create("t").ok());
  EXPECT_EQ(*member.append("t", rows({1, 2})), 2);
  EXPECT_EQ(*member.append("t", rows({3})), 1);
  EXPECT_EQ(member.ids("t"), (std::vector<int32_t>{1, 2, 3}));
  EXPECT_FALSE(member.append("nothing", rows({1})).ok());
  EXPECT_TRUE(member.apply({.kind = Kind::kDrop, .table = "t", .request = {}, .keys = {}, .rows = {}}).ok());
  EXPECT_EQ(member.machine.find("t"), nullptr);
  EXPECT_FALSE(member.append("t", rows({1})).ok());
  EXPECT_EQ(member.changes, (std::vector<std::string>{"+t", "-t"}));
}

TEST(GroupMachine, takes_a_repeated_append_once) {
  Member member;
  ASSERT_TRUE(member.create("t").ok());
  const GroupCommand append{.kind = Kind::kAppend, .table = "t", .request = "once", .keys = {}, .rows = rows({1, 2})};
  EXPECT_EQ(*member.apply(append), 2);
  EXPECT_EQ(*member.apply(append), 2);
  EXPECT_EQ(member.ids("t"), (std::vector<int32_t>{1, 2}));
  Member other;
  ASSERT_TRUE(other.machine.restore(member.machine.snapshot()).ok());
  EXPECT_EQ(*other.apply(append), 2);
  EXPECT_EQ(other.ids("t"), (std::vector<int32_t>{1, 2}));
}

TEST(GroupMachine, rows_of_known_keys_are_ignored_until_those_have_aged) {
  Member member;
  ASSERT_TRUE(member.create("t", {"id"}, 10).ok());
  EXPECT_EQ(*member.append("t", rows({1, 2, 1}), 0), 2);
  EXPECT_EQ(*member.append("t", rows({2, 3}), 61'000), 1);
  EXPECT_EQ(member.ids("t"), (std::vector<int32_t>{1, 2, 3}));
  // Ten minutes behind the second mark the first one's rows go.
  EXPECT_EQ(*member.append("t", rows({1, 3}), 662'000), 1);
  EXPECT_EQ(member.ids("t"), (std::vector<int32_t>{3, 1}));
  EXPECT_EQ(member.machine.find("t")->first_row(), 2);
  EXPECT_EQ(member.machine.find("t")->rows(), 4);
}

TEST(GroupMachine, a_snapshot_makes_an_equal_member) {
  Member member;
  ASSERT_TRUE(member.create("t", {"id"}, 10).ok());
  ASSERT_TRUE(member.create("empty").ok());
  for (int minute = 0; minute < 30; ++minute)
    ASSERT_TRUE(member.append("t", rows({minute, minute + 100, minute - 5}), minute * 61'000).ok());
  Member other;
  ASSERT_TRUE(other.machine.restore(member.machine.snapshot()).ok());
  other.index = member.index;
  EXPECT_EQ(other.machine.names(), member.machine.names());
  EXPECT_EQ(other.ids("t"), member.ids("t"));
  EXPECT_EQ(other.machine.find("t")->first_row(), member.machine.find("t")->first_row());
  for (auto* each : {&member, &other}) ASSERT_TRUE(each->append("t", rows({7, 200, 129}), 40 * 61'000).ok());
  EXPECT_EQ(other.ids("t"), member.ids("t"));
  EXPECT_EQ(other.machine.snapshot(), member.machine.snapshot());
}

TEST(GroupMachine, a_late_member_goes_on_with_the_same_table) {
  Member member, late;
  for (auto* each : {&member, &late}) {
    ASSERT_TRUE(each->create("t").ok());
    ASSERT_TRUE(each->append("t", rows({1, 2})).ok());
  }
  const auto table = late.machine.find("t");
  ASSERT_TRUE(member.append("t", rows({3, 4, 5})).ok());
  int heard = 0;
  table->listen([&] { ++heard; });
  ASSERT_TRUE(late.machine.restore(member.machine.snapshot()).ok());
  EXPECT_EQ(late.machine.find("t"), table);
  EXPECT_EQ(late.ids("t"), (std::vector<int32_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(heard, 1);
}

TEST(GroupMachine, a_table_made_again_is_another_one) {
  Member member, late;
  for (auto* each : {&member, &late}) {
    ASSERT_TRUE(each->create("t").ok());
    ASSERT_TRUE(each->append("t", rows({1, 2})).ok());
  }
  ASSERT_TRUE(member.apply({.kind = Kind::kDrop, .table = "t", .request = {}, .keys = {}, .rows = {}}).ok());
  ASSERT_TRUE(member.create("t").ok());
  ASSERT_TRUE(member.append("t", rows({8, 9, 10})).ok());
  ASSERT_TRUE(late.machine.restore(member.machine.snapshot()).ok());
  EXPECT_EQ(late.ids("t"), (std::vector<int32_t>{8, 9, 10}));
}

TEST(GroupMachine, refuses_bytes_that_make_no_sense) {
  Member member;
  EXPECT_FALSE(decode_outcome(member.machine.apply(1, "nonsense")).ok());
  EXPECT_FALSE(member.machine.restore("nonsense").ok());
  ASSERT_TRUE(member.create("t").ok());
  const auto whole = member.machine.snapshot();
  for (size_t size = 0; size < whole.size(); ++size) {
    Member other;
    EXPECT_FALSE(other.machine.restore(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace pelorus::stream
