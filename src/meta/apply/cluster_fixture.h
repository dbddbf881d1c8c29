#pragma once
// For tests: a founded cluster of three data nodes with a database and a table, and verbs to change it.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "meta/apply/apply.h"

namespace pelorus::meta {

class ClusterFixture : public ::testing::Test {
 protected:
  ClusterFixture() {
    must(FoundCluster{.cluster = uuid(99), .admin = "admin", .verifier = verifier("123456"), .now_ns = 1});
    for (int i = 1; i <= 3; ++i) add_node("dn" + std::to_string(i), i);
    must(CreateDatabase{.database = {.path = "dfs://db", .scheme = {{int_values({1, 2})}}, .owner = "admin"},
                        .now_ns = 2});
    must(CreateTable{.table = trades("pt"), .now_ns = 3});
    table = state.find_table("dfs://db", "pt")->id;
  }

  static Uuid uuid(uint8_t seed) {
    Uuid id;
    id.bytes.fill(seed);
    return id;
  }
  static Verifier verifier(const std::string& password) {
    return make_verifier(password, "salt of tests 16", 2).value();
  }
  static PartitionLevel int_values(std::vector<int32_t> values) {
    PartitionLevel level{.type = PartitionType::kValue, .value_type = types::Type::kInt};
    for (const auto value : values) level.values.push_back(types::Scalar::of_int(value));
    return level;
  }
  static PartitionKey key(int32_t value) { return {{types::Scalar::of_int(value)}}; }
  static Table trades(std::string name) {
    return {.database = "dfs://db",
            .name = std::move(name),
            .columns = {{.name = "id", .type = types::Type::kInt}, {.name = "price", .type = types::Type::kDouble}},
            .partition_columns = {"id"}};
  }
  void add_node(const std::string& alias, int number) {
    const auto id = static_cast<uint8_t>(number);
    must(PutNode{{.alias = alias, .host = "10.0.0." + std::to_string(number), .port = 8902}});
    must(RegisterNode{.alias = alias, .uuid = uuid(id), .boot = uuid(static_cast<uint8_t>(id + 50)), .now_ns = 1});
  }

  Outcome run(const Command& command) {
    // Through the bytes, as the log carries it.
    const auto again = decode_command(encode_command(command));
    EXPECT_TRUE(again.ok());
    return apply(state, again.value());
  }
  Bytes must(const Command& command) {
    auto outcome = run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.answer;
  }
  /// The refusal's code; the state must not have changed.
  ErrorCode refused(const Command& command) {
    const auto before = encode(state);
    const auto outcome = run(command);
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(encode(state), before) << "a refused command changed the state";
    return static_cast<ErrorCode>(outcome.code);
  }
  BeginTransaction begin_of(std::vector<int32_t> values, std::vector<std::string> placement = {"dn1", "dn2"}) {
    BeginTransaction command{.coordinator = "dn1", .epoch = state.find_node("dn1")->epoch, .now_ns = 10};
    for (const auto value : values) command.chunks.push_back({table, key(value), placement});
    return command;
  }
  Begun begin(std::vector<int32_t> values) { return decode<Begun>(must(begin_of(std::move(values))), "begun").value(); }
  Decided decide(const Decide& command) { return decode<Decided>(must(command), "decided").value(); }
  Decided commit(TransactionId id, std::vector<FailedReplica> failed = {}) {
    return decide({.transaction = id, .commit = true, .failed = std::move(failed), .now_ns = 20});
  }
  /// Writes once into the partition of `value`; its chunk.
  ChunkId write(int32_t value) {
    const auto begun = begin({value});
    commit(begun.transaction);
    return begun.chunks.at(0).chunk;
  }

  State state;
  TableId table;
};

}  // namespace pelorus::meta
