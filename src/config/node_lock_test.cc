#include "config/node_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "config/node_state.h"

namespace pelorus::config {
namespace {

namespace fs = std::filesystem;

class NodeDirectory : public ::testing::Test {
 protected:
  NodeDirectory() {
    std::string name = (fs::temp_directory_path() / "pelorus_node_XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~NodeDirectory() override { fs::remove_all(directory_); }

  void write(const char* name, const std::string& text) { std::ofstream(directory_ / name) << text; }

  fs::path directory_;
};

TEST_F(NodeDirectory, is_held_by_one_and_free_again_afterwards) {
  {
    const auto lock = NodeLock::take(directory_ / "node1");
    ASSERT_TRUE(lock.ok()) << lock.error().describe();
    const auto second = NodeLock::take(directory_ / "node1");
    EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
    EXPECT_NE(second.error().message.find("pid " + std::to_string(getpid())), std::string::npos);
    EXPECT_EQ(running_node(directory_ / "node1"), ProcessIdentity::of_this_process());
  }
  EXPECT_EQ(running_node(directory_ / "node1"), std::nullopt);
  EXPECT_FALSE(fs::exists(directory_ / "node1/node.pid"));
  EXPECT_TRUE(NodeLock::take(directory_ / "node1").ok());
}

TEST_F(NodeDirectory, survives_a_killed_holder) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const auto child = fork();
  if (child == 0) {
    const auto lock = NodeLock::take(directory_);
    (void)!::write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(NodeLock::take(directory_).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(running_node(directory_)->pid, child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(directory_ / "node.pid"));
  EXPECT_EQ(running_node(directory_), std::nullopt);
  EXPECT_TRUE(NodeLock::take(directory_).ok());
}

TEST_F(NodeDirectory, the_state_of_an_earlier_run_is_gone_once_the_lock_is_held) {
  ASSERT_TRUE(write_node_state(directory_, {NodePhase::kReady, ""}).ok());
  const auto lock = NodeLock::take(directory_);
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(read_node_state(directory_).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_node_state(directory_, {NodePhase::kListening, ""}).ok());
  EXPECT_FALSE(NodeLock::take(directory_).ok());
  EXPECT_EQ(read_node_state(directory_)->phase, NodePhase::kListening);
}

TEST_F(NodeDirectory, a_copied_pid_file_of_a_living_process_is_foreign) {
  write("node.lock", "");
  write("node.pid", ProcessIdentity::of_this_process().to_string());
  EXPECT_EQ(running_node(directory_), std::nullopt);
}

TEST(ProcessIdentity, tells_a_reused_number_from_the_old_process) {
  auto identity = ProcessIdentity::of_this_process();
  EXPECT_TRUE(identity.is_alive());
  EXPECT_EQ(ProcessIdentity::parse(identity.to_string()), identity);
  identity.start_ticks -= 1;
  EXPECT_FALSE(identity.is_alive());
  identity = ProcessIdentity::of_this_process();
  identity.boot_id = "another";
  EXPECT_FALSE(identity.is_alive());
}

TEST(ProcessIdentity, refuses_nonsense) {
  for (const char* text :
       {"", "pid=", "pid=-3 start=1 boot=x", "pid=99999999999999999999 start=1 boot=x", "pid=3 start=x boot=y"}) {
    EXPECT_EQ(ProcessIdentity::parse(text), std::nullopt) << text;
  }
}

TEST_F(NodeDirectory, state_survives_its_file) {
  EXPECT_EQ(read_node_state(directory_).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_node_state(directory_, {NodePhase::kFailed, "port 9901\nis taken"}).ok());
  EXPECT_EQ(read_node_state(directory_)->to_string(), "failed: port 9901 is taken");
  ASSERT_TRUE(write_node_state(directory_, {NodePhase::kReady, ""}).ok());
  EXPECT_EQ(read_node_state(directory_)->phase, NodePhase::kReady);
  write("node.state", "asleep\n");
  EXPECT_EQ(read_node_state(directory_).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace pelorus::config
