#include "meta/grants.h"

#include <gtest/gtest.h>

namespace pelorus::meta {
namespace {

TEST(Grants, every_access_type_has_its_name) {
  for (size_t i = 0; i < kAccessTypeCount; ++i) {
    const auto type = static_cast<AccessType>(i);
    EXPECT_EQ(parse_access_type(name_of(type)), type);
  }
  EXPECT_EQ(parse_access_type("table_read"), AccessType::kTableRead);
  EXPECT_FALSE(parse_access_type("FLY"));
}

TEST(Grants, rights_on_a_database_cover_its_tables_and_no_other) {
  const Access access{.user = "u", .grants = {{AccessType::kDatabaseRead, false, "dfs://db"}}};
  EXPECT_TRUE(access.may(AccessType::kTableRead, "dfs://db/t"));
  EXPECT_FALSE(access.may(AccessType::kTableRead, "dfs://db2/t"));
  EXPECT_FALSE(access.may(AccessType::kTableInsert, "dfs://db/t"));
}

TEST(Grants, writing_covers_insert_update_and_delete) {
  const Access access{.user = "u", .grants = {{AccessType::kTableWrite, false, "dfs://db/t"}}};
  for (const auto type : {AccessType::kTableInsert, AccessType::kTableUpdate, AccessType::kTableDelete}) {
    EXPECT_TRUE(access.may(type, "dfs://db/t"));
  }
  EXPECT_FALSE(access.may(AccessType::kTableRead, "dfs://db/t"));
}

TEST(Grants, denial_beats_grant_but_not_the_administrator) {
  Access access{.user = "u",
                .grants = {{AccessType::kTableRead, false, "*"}, {AccessType::kTableRead, true, "dfs://db/t"}}};
  EXPECT_FALSE(access.may(AccessType::kTableRead, "dfs://db/t"));
  EXPECT_TRUE(access.may(AccessType::kTableRead, "dfs://db/t2"));
  access.is_admin = true;
  EXPECT_TRUE(access.may(AccessType::kTableRead, "dfs://db/t"));
}

TEST(Grants, owners_do_everything_and_others_nothing) {
  const Access access{.user = "u"};
  EXPECT_TRUE(access.may(AccessType::kTableDelete, "dfs://db/t", "u"));
  EXPECT_FALSE(access.may(AccessType::kTableDelete, "dfs://db/t", "v"));
  EXPECT_EQ(access.check(AccessType::kTableInsert, "dfs://db/t").error().message,
            "<NoPrivilege>Not granted to write data to table dfs://db/t");
}

TEST(Grants, database_owners_create_by_prefix) {
  const Access access{.user = "u", .grants = {{AccessType::kDatabaseOwner, false, "dfs://u_*"}}};
  EXPECT_TRUE(access.may(AccessType::kDatabaseOwner, "dfs://u_x"));
  EXPECT_FALSE(access.may(AccessType::kDatabaseOwner, "dfs://v"));
}

TEST(Grants, the_lowest_limit_counts) {
  const Access access{.user = "u",
                      .grants = {{AccessType::kQueryResultMemoryLimit, false, "4"},
                                 {AccessType::kQueryResultMemoryLimit, false, "2.5"}}};
  EXPECT_EQ(access.limit(AccessType::kQueryResultMemoryLimit), 2.5);
  EXPECT_FALSE(access.limit(AccessType::kPartitionsPerQueryMax));
}

TEST(Grants, account_names_are_checked) {
  EXPECT_TRUE(check_account_name("ann_1-x").ok());
  for (const auto* name : {"", "1a", "a b", "a;b", "abcdefghijklmnopqrstuvwxyz12345"}) {
    EXPECT_FALSE(check_account_name(name).ok()) << name;
  }
}

TEST(Verifier, accepts_the_password_and_no_other) {
  const auto verifier = make_verifier("123456", 4).value();
  EXPECT_TRUE(verify_password(verifier, "123456"));
  EXPECT_FALSE(verify_password(verifier, "1234567"));
  EXPECT_FALSE(verify_password(verifier, ""));
  EXPECT_FALSE(verify_password({}, "123456"));
  EXPECT_NE(make_verifier("123456", 4)->salt, verifier.salt);
  EXPECT_FALSE(make_verifier("", 4).ok());
}

// Values computed with an independent implementation of the clients' formulas (wire reference §4.2):
// password "pencil", salt bytes 0..15, 4096 iterations, user "ann", nonces "abc" and "abcdef".
TEST(Verifier, checks_the_proof_as_clients_compute_it) {
  std::string salt;
  for (char c = 0; c < 16; ++c) salt += c;
  const auto verifier = make_verifier("pencil", salt, 4096).value();
  const ScramExchange exchange{"ann", "abc", "abcdef"};
  const auto signature = verify_proof(verifier, exchange, "d1GGKzwX0bhgZ2piG+qEZu5PNimMfRXoceYQCHvw2ec=");
  ASSERT_TRUE(signature.ok()) << signature.error().describe();
  EXPECT_EQ(*signature, "C0dAyBgSl0sw0jiHHVtSz6kHneS5xPOilQwL2qWKNdY=");
  const ScramExchange other{"bob", "abc", "abcdef"};
  EXPECT_EQ(verify_proof(verifier, other, "d1GGKzwX0bhgZ2piG+qEZu5PNimMfRXoceYQCHvw2ec=").error().code,
            ErrorCode::kDenied);
  EXPECT_EQ(verify_proof(verifier, exchange, "AAAA").error().code, ErrorCode::kDenied);
  EXPECT_EQ(verify_proof(verifier, exchange, "***").error().code, ErrorCode::kDenied);
}

TEST(Verifier, base64_survives_line_breaks) {
  EXPECT_EQ(to_base64("hello"), "aGVsbG8=");
  EXPECT_EQ(from_base64("aGVs\r\nbG8=\n").value(), "hello");
  EXPECT_FALSE(from_base64("aGVsbG8").ok());
  EXPECT_EQ(from_base64("").value(), "");
}

}  // namespace
}  // namespace pelorus::meta
