// Runs tests/conversations/commit/*.txt: a command, a line "----", what happened, a blank line; '#' begins a comment.
// PELORUS_UPDATE=1 writes what happened into the files: review the difference before committing it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "txn/commit_world.h"

namespace pelorus::txn {
namespace {

/// Found from the working directory upwards, so that the tests run from the source and from the build tree.
std::filesystem::path conversations() {
  for (auto place = std::filesystem::current_path(); place != place.root_path(); place = place.parent_path()) {
    if (std::filesystem::exists(place / "tests/conversations/commit")) return place / "tests/conversations/commit";
  }
  return {};
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The conversation with what happens now in the place of what is written.
std::string replay(const std::string& text) {
  CommitWorld world;
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') {
      out += line + "\n";
      continue;
    }
    out += line + "\n----\n" + world.run(line) + "\n";
    while (std::getline(in, line) && !line.empty()) {
    }
  }
  return out;
}

class Conversation : public ::testing::TestWithParam<std::string> {};

TEST_P(Conversation, goes_as_written) {
  const auto path = conversations() / (GetParam() + ".txt");
  const auto written = read(path);
  const auto happened = replay(written);
  if (std::getenv("PELORUS_UPDATE") != nullptr) {
    std::ofstream(path) << happened;
    return;
  }
  EXPECT_EQ(happened, written) << path;
  EXPECT_FALSE(written.empty());
}

std::vector<std::string> all() {
  std::vector<std::string> names;
  if (conversations().empty()) return {"not_found"};
  for (const auto& entry : std::filesystem::directory_iterator(conversations())) names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Commit, Conversation, ::testing::ValuesIn(all()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace pelorus::txn
