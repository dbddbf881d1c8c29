#include "meta/apply/apply.h"

#include "meta/apply/cluster_fixture.h"

namespace pelorus::meta {
namespace {

class Apply : public ClusterFixture {};

TEST_F(Apply, a_cluster_is_founded_once) {
  EXPECT_EQ(refused(FoundCluster{.cluster = uuid(98), .admin = "x", .verifier = verifier("y")}),
            ErrorCode::kAlreadyExists);
  must(FoundCluster{.cluster = uuid(99), .admin = "x"});
  EXPECT_FALSE(state.users.contains("x"));
  EXPECT_TRUE(state.users.at("admin").is_admin);
}

TEST_F(Apply, a_new_cluster_takes_over_a_single_node) {
  for (auto& [alias, node] : state.nodes) node.role = NodeRole::kSingle;
  const auto cluster = state.cluster;
  const auto chunks = state.chunks;
  const auto of_single = write_snapshot(state);
  EXPECT_EQ(refused(TakeOverState{"nonsense"}), ErrorCode::kInvalid);
  state.cluster = uuid(98);
  EXPECT_EQ(refused(TakeOverState{of_single}), ErrorCode::kAlreadyExists);
  state = State();
  EXPECT_EQ(refused(TakeOverState{of_single}), ErrorCode::kInvalid) << "dn1 is no member";
  must(PutNode{{.alias = "controller1", .role = NodeRole::kController, .host = "10.0.0.1", .port = 8900}});
  for (const char* alias : {"dn1", "dn2", "dn3"})
    must(PutNode{{.alias = alias, .host = "10.9.9.9", .port = static_cast<uint16_t>(8900 + alias[2])}});
  must(TakeOverState{of_single});
  EXPECT_EQ(state.cluster, cluster);
  EXPECT_EQ(state.chunks, chunks);
  EXPECT_TRUE(state.users.at("admin").is_admin);
  EXPECT_EQ(state.find_node("dn1")->role, NodeRole::kDataNode);
  EXPECT_EQ(state.find_node("dn1")->uuid, uuid(1));
  EXPECT_EQ(state.find_node("dn1")->host, "10.9.9.9");
  EXPECT_NE(state.find_node("controller1"), nullptr);
  must(TakeOverState{of_single});  // a repetition
}

TEST_F(Apply, members_are_readdressed_by_alias_and_keep_their_identity) {
  must(PutNode{{.alias = "dn1", .host = "10.9.9.9", .port = 1}});
  EXPECT_EQ(state.find_node("dn1")->host, "10.9.9.9");
  EXPECT_EQ(state.find_node("dn1")->uuid, uuid(1));
  EXPECT_EQ(refused(PutNode{{.alias = "dn4", .host = "10.0.0.2", .port = 8902}}), ErrorCode::kConflict);
  EXPECT_EQ(refused(PutNode{{.alias = "", .host = "h", .port = 1}}), ErrorCode::kInvalid);
}

TEST_F(Apply, a_node_uuid_belongs_to_one_alias) {
  EXPECT_EQ(refused(RegisterNode{.alias = "dn1", .uuid = uuid(7), .boot = uuid(8)}), ErrorCode::kDenied);
  EXPECT_EQ(refused(RegisterNode{.alias = "dn9", .uuid = uuid(7), .boot = uuid(8)}), ErrorCode::kNotFound);
  must(PutNode{{.alias = "dn4", .host = "10.0.0.4", .port = 8902}});
  EXPECT_EQ(refused(RegisterNode{.alias = "dn4", .uuid = uuid(1), .boot = uuid(8)}), ErrorCode::kDenied);
  must(RegisterNode{.alias = "dn1", .uuid = uuid(7), .boot = uuid(8), .replace_uuid = true});
}

TEST_F(Apply, a_new_boot_raises_the_epoch_and_aborts_what_the_old_one_left) {
  const auto begun = begin({1});
  const auto epoch = state.find_node("dn1")->epoch;
  must(RegisterNode{.alias = "dn1", .uuid = uuid(1), .boot = uuid(51)});
  EXPECT_EQ(state.find_node("dn1")->epoch, epoch) << "the same boot registers again after a change of leader";
  EXPECT_FALSE(state.transactions.at(begun.transaction).is_decided());
  must(RegisterNode{.alias = "dn1", .uuid = uuid(1), .boot = uuid(77)});
  EXPECT_EQ(state.find_node("dn1")->epoch, epoch + 1);
  EXPECT_EQ(commit(begun.transaction).state, TransactionState::kAborted);
  auto stale = begin_of({1});
  stale.epoch = epoch;
  EXPECT_EQ(refused(stale), ErrorCode::kStale);
}

TEST_F(Apply, a_member_with_replicas_is_not_removed) {
  write(1);
  EXPECT_EQ(refused(RemoveNode{"dn1"}), ErrorCode::kConflict);
  must(RemoveNode{"dn3"});
  EXPECT_EQ(refused(RemoveNode{"dn3"}), ErrorCode::kNotFound);
}

TEST_F(Apply, a_removal_is_remembered_until_the_member_is_added_again) {
  EXPECT_TRUE(removed_members(state).empty());
  must(RemoveNode{"dn3"});
  EXPECT_EQ(removed_members(state), (std::set<std::string>{"dn3"}));
  must(PutNode{{.alias = "dn3", .role = NodeRole::kDataNode, .host = "10.0.0.3", .port = 8900}});
  EXPECT_TRUE(removed_members(state).empty());
}

TEST_F(Apply, wishes_are_kept_through_new_addresses_and_only_for_roles_that_know_them) {
  must(PutNode{{.alias = "ctl1", .role = NodeRole::kController, .host = "10.0.0.9", .port = 8800}});
  must(MarkNode{.alias = "ctl1", .draining = {}, .learner_only = true});
  must(MarkNode{.alias = "dn1", .draining = true, .learner_only = {}});
  EXPECT_EQ(refused(MarkNode{.alias = "dn1", .draining = {}, .learner_only = true}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(MarkNode{.alias = "ctl1", .draining = true, .learner_only = {}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(MarkNode{.alias = "nobody", .draining = true, .learner_only = {}}), ErrorCode::kNotFound);
  must(PutNode{{.alias = "dn1", .host = "10.9.9.9", .port = 1}});
  EXPECT_TRUE(state.find_node("dn1")->draining);
  EXPECT_TRUE(state.find_node("ctl1")->learner_only);
  must(MarkNode{.alias = "dn1", .draining = false, .learner_only = {}});
  EXPECT_FALSE(state.find_node("dn1")->draining);
}

TEST_F(Apply, the_only_agent_of_a_host_with_nodes_is_not_removed) {
  must(PutNode{{.alias = "agent1", .role = NodeRole::kAgent, .host = "10.0.0.1", .port = 8701}});
  EXPECT_EQ(refused(RemoveNode{"agent1"}), ErrorCode::kConflict);
  must(PutNode{{.alias = "agent2", .role = NodeRole::kAgent, .host = "10.0.0.1", .port = 8702}});
  must(RemoveNode{"agent1"});
  EXPECT_EQ(refused(RemoveNode{"agent2"}), ErrorCode::kConflict);
  must(RemoveNode{"dn1"});
  must(RemoveNode{"agent2"});
}

TEST_F(Apply, a_registration_from_another_address_is_news_for_all) {
  const auto revision = state.configuration.revision;
  must(RegisterNode{.alias = "dn1", .uuid = uuid(1), .boot = uuid(51), .host = "10.0.0.1", .port = 8902});
  EXPECT_EQ(state.configuration.revision, revision) << "the same address";
  must(RegisterNode{.alias = "dn1", .uuid = uuid(1), .boot = uuid(52), .host = "10.7.7.7", .port = 8902});
  EXPECT_GT(state.configuration.revision, revision);
}

TEST_F(Apply, configuration_changes_need_the_revision_they_saw) {
  must(PutConfiguration{.name = "cluster.cfg", .text = "maxMemSize=8"});
  const auto revision = state.configuration.revision;
  must(PutConfiguration{.name = "cluster.cfg", .text = "maxMemSize=9", .expected_revision = revision});
  EXPECT_EQ(refused(PutConfiguration{.name = "cluster.cfg", .text = "x", .expected_revision = revision}),
            ErrorCode::kStale);
  EXPECT_EQ(state.configuration.texts.at("cluster.cfg"), "maxMemSize=9");
  must(NoteImport{"ctl1/cluster.cfg", "abc"});
  EXPECT_EQ(state.configuration.imported.at("ctl1/cluster.cfg"), "abc");
}

TEST_F(Apply, databases_and_tables_are_made_once_and_checked) {
  EXPECT_EQ(refused(CreateDatabase{.database = {.path = "dfs://db", .scheme = {{int_values({1})}}}}),
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(CreateDatabase{.database = {.path = "db", .scheme = {{int_values({1})}}}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(CreateDatabase{.database = {.path = "dfs://x"}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(CreateTable{.table = trades("pt")}), ErrorCode::kAlreadyExists);
  auto wrong = trades("t2");
  wrong.partition_columns = {"price"};
  EXPECT_EQ(refused(CreateTable{.table = wrong}), ErrorCode::kInvalid);
  wrong.partition_columns = {"nothing"};
  EXPECT_EQ(refused(CreateTable{.table = wrong}), ErrorCode::kInvalid);
  wrong = trades("t2");
  wrong.columns.push_back({.name = "id", .type = types::Type::kInt});
  EXPECT_EQ(refused(CreateTable{.table = wrong}), ErrorCode::kInvalid);
  wrong = trades("t2");
  wrong.database = "dfs://nothing";
  EXPECT_EQ(refused(CreateTable{.table = wrong}), ErrorCode::kNotFound);
}

TEST_F(Apply, dropping_a_table_names_the_chunks_to_delete) {
  const auto chunk = write(1);
  const auto dropped = decode<Dropped>(must(DropTable{"dfs://db", "pt"}), "dropped");
  ASSERT_TRUE(dropped.ok());
  ASSERT_EQ(dropped->chunks.size(), 1u);
  EXPECT_EQ(dropped->chunks[0].first, chunk);
  EXPECT_EQ(dropped->chunks[0].second, (std::vector<std::string>{"dn1", "dn2"}));
  EXPECT_EQ(state.find_node("dn1")->replica_count, 0u);
  EXPECT_TRUE(state.chunks.empty());
  EXPECT_EQ(refused(DropTable{"dfs://db", "pt"}), ErrorCode::kNotFound);
  must(DropDatabase{"dfs://db"});
  EXPECT_EQ(refused(DropDatabase{"dfs://db"}), ErrorCode::kNotFound);
}

TEST_F(Apply, nothing_in_a_transaction_is_dropped_or_altered) {
  const auto begun = begin({1});
  EXPECT_EQ(refused(DropTable{"dfs://db", "pt"}), ErrorCode::kConflict);
  EXPECT_EQ(refused(DropDatabase{"dfs://db"}), ErrorCode::kConflict);
  EXPECT_EQ(refused(DropPartitions{.database = "dfs://db", .keys = {key(1)}}), ErrorCode::kConflict);
  EXPECT_EQ(refused(AlterTable{
                .database = "dfs://db", .name = "pt", .expected_schema_version = 1, .columns = trades("pt").columns}),
            ErrorCode::kConflict);
  commit(begun.transaction);
  must(DropTable{"dfs://db", "pt"});
}

TEST_F(Apply, tables_change_columns_and_names_against_the_version_seen) {
  auto columns = trades("pt").columns;
  columns.push_back({.name = "volume", .type = types::Type::kLong});
  must(AlterTable{
      .database = "dfs://db", .name = "pt", .expected_schema_version = 1, .new_name = "pt2", .columns = columns});
  EXPECT_EQ(state.find_table("dfs://db", "pt"), nullptr);
  ASSERT_NE(state.find_table("dfs://db", "pt2"), nullptr);
  EXPECT_EQ(state.find_table("dfs://db", "pt2")->columns.size(), 3u);
  EXPECT_EQ(
      refused(AlterTable{.database = "dfs://db", .name = "pt2", .expected_schema_version = 1, .columns = columns}),
      ErrorCode::kStale);
}

TEST_F(Apply, partitions_are_dropped_by_key_and_may_leave_the_scheme) {
  write(1);
  write(2);
  must(DropPartitions{.database = "dfs://db", .table = "pt", .keys = {key(1)}, .delete_schema = true});
  EXPECT_EQ(state.find_table(table)->chunks.size(), 1u);
  EXPECT_EQ(state.find_database("dfs://db")->scheme.levels[0].values.size(), 1u);
  must(DropPartitions{.database = "dfs://db", .table = "pt", .keys = {PartitionKey{}}});
  EXPECT_TRUE(state.chunks.empty());
  EXPECT_EQ(refused(DropPartitions{.database = "dfs://db", .table = "no", .keys = {key(1)}}), ErrorCode::kNotFound);
}

TEST_F(Apply, schemes_grow_at_both_ends) {
  must(AddPartitions{.database = "dfs://db", .values = {types::Scalar::of_int(2), types::Scalar::of_int(3)}});
  EXPECT_EQ(state.find_database("dfs://db")->scheme.levels[0].values.size(), 3u);
  auto range = int_values({10, 20});
  range.type = PartitionType::kRange;
  must(CreateDatabase{.database = {.path = "dfs://r", .scheme = {{range}}}});
  const auto add = [&](std::vector<int32_t> v) {
    return Command(AddPartitions{.database = "dfs://r", .values = int_values(v).values});
  };
  must(add({20, 30}));
  must(add({0, 10}));
  EXPECT_EQ(state.find_database("dfs://r")->scheme.levels[0].values, int_values({0, 10, 20, 30}).values);
  EXPECT_EQ(refused(add({25, 26})), ErrorCode::kInvalid);
}

TEST_F(Apply, records_are_kept_and_erased) {
  must(PutRecord{"jobs", "nightly", "x"});
  EXPECT_EQ(state.records.at({"jobs", "nightly"}), "x");
  must(PutRecord{"jobs", "nightly", {}});
  EXPECT_TRUE(state.records.empty());
  EXPECT_EQ(refused(PutRecord{"jobs", "big", std::string(kRecordBytesMax + 1, 'x')}), ErrorCode::kLimit);
}

TEST_F(Apply, users_groups_and_rights_follow_each_other) {
  EXPECT_EQ(refused(CreateUser{.id = "1x", .verifier = verifier("p")}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(CreateUser{.id = "ann", .verifier = verifier("p"), .groups = {"g"}}), ErrorCode::kNotFound);
  must(CreateUser{.id = "ann", .verifier = verifier("p")});
  EXPECT_EQ(refused(CreateUser{.id = "ann", .verifier = verifier("p")}), ErrorCode::kAlreadyExists);
  must(CreateGroup{.id = "g", .users = {"ann"}});
  EXPECT_EQ(refused(CreateGroup{.id = "ann"}), ErrorCode::kAlreadyExists);
  must(ChangeGrants{.ids = {"g"}, .type = AccessType::kTableRead, .objects = {"dfs://db"}});
  EXPECT_TRUE(access_of(state, "ann").may(AccessType::kTableRead, "dfs://db/pt"));
  must(ChangeGrants{
      .ids = {"ann"}, .type = AccessType::kTableRead, .objects = {"dfs://db/pt"}, .deed = ChangeGrants::Deed::kDeny});
  EXPECT_FALSE(access_of(state, "ann").may(AccessType::kTableRead, "dfs://db/pt"));
  EXPECT_TRUE(access_of(state, "ann").may(AccessType::kTableRead, "dfs://db/other"));
  must(ChangeGrants{
      .ids = {"ann"}, .type = AccessType::kTableRead, .objects = {"*"}, .deed = ChangeGrants::Deed::kRevoke});
  EXPECT_TRUE(access_of(state, "ann").may(AccessType::kTableRead, "dfs://db/pt"));
  must(ChangeMembership{.users = {"ann"}, .groups = {"g"}, .member = false});
  EXPECT_FALSE(access_of(state, "ann").may(AccessType::kTableRead, "dfs://db/pt"));
  EXPECT_TRUE(state.groups.at("g").members.empty());
  must(ChangeMembership{.users = {"ann"}, .groups = {"g"}});
  must(DeleteGroup{"g"});
  EXPECT_TRUE(state.users.at("ann").groups.empty());
  must(LockUser{"ann", true});
  EXPECT_TRUE(state.users.at("ann").locked);
  must(SetPassword{.id = "ann", .verifier = verifier("q")});
  EXPECT_TRUE(verify_password(state.users.at("ann").verifier, "q"));
  must(DeleteUser{"ann"});
  EXPECT_EQ(refused(DeleteUser{"admin"}), ErrorCode::kInvalid);
}

TEST_F(Apply, function_views_are_replaced_only_on_request) {
  must(PutFunctionView{.view = {.name = "f", .body = "def f(){1}", .owner = "admin"}});
  EXPECT_EQ(refused(PutFunctionView{.view = {.name = "f", .body = "2"}}), ErrorCode::kAlreadyExists);
  must(PutFunctionView{.view = {.name = "f", .body = "2"}, .replace = true});
  EXPECT_EQ(state.views.at("f").body, "2");
  must(DropFunctionView{"f"});
  EXPECT_EQ(refused(DropFunctionView{"f"}), ErrorCode::kNotFound);
}

TEST_F(Apply, bytes_that_are_no_command_are_refused) {
  EXPECT_EQ(decode_command("").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(decode_command(std::string("\x01\xff\xff", 3)).error().code, ErrorCode::kCorrupt);
  const auto bytes = encode_command(CreateTable{.table = trades("t")});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_command(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace pelorus::meta
