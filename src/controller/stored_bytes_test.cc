// docs/formats/settings.md as programs of every level wrote it.
#include "base/stored_bytes.h"

#include "controller/functions/settings_file.h"

namespace pelorus::controller {
namespace {

/// A user, a group and rights, a function view.
SavedSettings example_settings() {
  const auto verifier = meta::make_verifier("secret", "salt of tests 16", 2).value();
  SavedSettings settings{.has_accounts = true, .has_views = true};
  settings.users["ann"] = {.id = "ann",
                           .verifier = verifier,
                           .groups = {"readers"},
                           .grants = {{meta::AccessType::kScriptExecute, true, "*"}}};
  settings.groups["readers"] = {
      .id = "readers", .members = {"ann"}, .grants = {{meta::AccessType::kTableRead, false, "dfs://db/pt"}}};
  settings.views["f"] = {.name = "f", .body = "def f(x) { return x }", .owner = "admin"};
  return settings;
}

TEST(StoredBytes, settings) {
  check_stored("settings", encode_settings(example_settings()), [](const std::string& bytes) {
    const auto read = decode_settings(bytes, "file");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->has_accounts && read->has_views);
    EXPECT_EQ(read->users, example_settings().users);
    EXPECT_EQ(read->groups, example_settings().groups);
    EXPECT_EQ(read->views, example_settings().views);
    for (size_t at = 0; at < bytes.size(); ++at) {
      auto damaged = bytes;
      damaged[at] ^= 1;
      EXPECT_FALSE(decode_settings(damaged, "file").ok()) << at;
      EXPECT_FALSE(decode_settings(bytes.substr(0, at), "file").ok()) << at;
    }
  });
}

}  // namespace
}  // namespace pelorus::controller
