#include "raft/single_node_log.h"

#include <fstream>

#include "io/faulty_file_system.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "raft/internal/command_file.h"
#include "raft/internal/test_cluster.h"

namespace pelorus::raft {
namespace {

namespace fs = std::filesystem;

class SingleNode : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("pelorus_single_" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    options_.directory = directory_;
    options_.self = Member{7, "single"};
  }
  void TearDown() override {
    log_.reset();
    fs::remove_all(directory_);
  }
  Status start() {
    log_.reset();
    machine_ = std::make_unique<Remembering>();
    log_ = make_single_node_log(options_, *machine_, files_);
    return log_->start();
  }
  void propose(const std::string& command) {
    const auto answer = log_->propose_and_wait(command, 5s);
    ASSERT_TRUE(answer.ok()) << answer.error().describe();
  }
  std::string log_file() {
    std::vector<std::string> older;
    return newest_command_file(files_, directory_, older).value();
  }
  void flip(const std::string& path, int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at < 0 ? static_cast<int64_t>(fs::file_size(path)) + at : at);
    const auto place = file.tellg();
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(place);
    file.put(byte);
  }

  io::PosixFileSystem files_;
  fs::path directory_;
  SingleNodeOptions options_;
  std::unique_ptr<Remembering> machine_;
  std::unique_ptr<ReplicatedLog> log_;
};

TEST_F(SingleNode, keeps_commands_over_a_restart) {
  ASSERT_TRUE(start().ok());
  propose("one");
  propose("two");
  ASSERT_TRUE(start().ok());
  propose("three");
  EXPECT_EQ(machine_->commands(), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_TRUE(eventually([&] { return log_->status().command_count == 3; }));
  EXPECT_EQ(log_->status().leader, "single");
}

TEST_F(SingleNode, answers_concurrent_proposals_in_order) {
  ASSERT_TRUE(start().ok());
  std::atomic<int> wrong{0};
  for (int i = 1; i <= 500; ++i) {
    log_->propose("p", [&, i](Result<Bytes> answer) {
      if (!answer.ok() || answer.value() != std::to_string(i) + ":p") ++wrong;
    });
  }
  ASSERT_TRUE(log_->read_barrier_and_wait(5s).ok());
  EXPECT_EQ(machine_->commands().size(), 500u);
  EXPECT_EQ(wrong, 0);
}

TEST_F(SingleNode, snapshot_replaces_the_log) {
  options_.snapshot_after_bytes = 2000;
  ASSERT_TRUE(start().ok());
  for (int i = 0; i < 100; ++i) propose(std::string(100, 'x'));
  EXPECT_GE(machine_->snapshots, 4);
  EXPECT_LT(fs::file_size(log_file()), 3000u);
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(machine_->restores, 1);
  EXPECT_EQ(machine_->commands().size(), 100u);
  propose("more");
}

TEST_F(SingleNode, crash_between_snapshot_and_new_log_file_is_recovered) {
  ASSERT_TRUE(start().ok());
  for (int i = 0; i < 10; ++i) propose("x");
  log_.reset();
  fs::copy_file(log_file(), directory_ / "kept");
  options_.snapshot_after_bytes = 1;
  ASSERT_TRUE(start().ok());
  propose("y");
  log_.reset();
  fs::remove(log_file());
  fs::rename(directory_ / "kept", directory_ / "log-0");  // the old log, beside the newer snapshot
  options_.snapshot_after_bytes = 1 << 20;
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(machine_->commands().size(), 11u);
}

TEST_F(SingleNode, torn_tail_is_cut_off) {
  ASSERT_TRUE(start().ok());
  propose("one");
  propose("two");
  log_.reset();
  fs::resize_file(log_file(), fs::file_size(log_file()) - 1);
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(machine_->commands(), std::vector<std::string>{"one"});
  propose("three");
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(machine_->commands(), (std::vector<std::string>{"one", "three"}));
}

TEST_F(SingleNode, damaged_middle_is_refused_naming_file_and_offset) {
  ASSERT_TRUE(start().ok());
  propose("one");
  propose("two");
  log_.reset();
  const auto path = log_file();
  for (const int64_t at : {20, 24, 30, 48}) {  // frame magic, size, index, command
    fs::copy_file(path, directory_ / "good", fs::copy_options::overwrite_existing);
    flip(path, at);
    const auto started = start();
    ASSERT_FALSE(started.ok()) << at;
    EXPECT_EQ(started.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(started.error().message.find(path + " at 20"), std::string::npos) << started.error().message;
    log_.reset();
    fs::copy_file(directory_ / "good", path, fs::copy_options::overwrite_existing);
  }
  EXPECT_TRUE(start().ok());
}

TEST_F(SingleNode, damaged_header_or_snapshot_or_missing_log_is_refused) {
  options_.snapshot_after_bytes = 100;
  ASSERT_TRUE(start().ok());
  for (int i = 0; i < 20; ++i) propose("xxxxxxxxxxxxxxxxx");
  log_.reset();
  flip(log_file(), 9);
  EXPECT_EQ(start().error().code, ErrorCode::kCorrupt);
  flip(log_file(), 9);
  ASSERT_TRUE(start().ok());
  log_.reset();
  flip(directory_ / "snapshot", -3);
  EXPECT_EQ(start().error().code, ErrorCode::kCorrupt);
  flip(directory_ / "snapshot", -3);
  fs::remove(log_file());
  EXPECT_EQ(start().error().code, ErrorCode::kCorrupt);
}

TEST_F(SingleNode, refuses_membership_changes_and_foreign_founders) {
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(log_->promote_and_wait("other", 1s).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(log_->bootstrap({options_.self}).error().code, ErrorCode::kAlreadyExists);
  EXPECT_TRUE(log_->transfer_leadership_and_wait("single", 1s).ok());
  log_->stop();
  EXPECT_EQ(log_->propose_and_wait("x", 1s).error().code, ErrorCode::kUnavailable);
}

TEST_F(SingleNode, proposers_that_help_and_those_that_do_not_share_one_order) {
  options_.snapshot_after_bytes = 4000;
  ASSERT_TRUE(start().ok());
  constexpr int kThreads = 6, kRounds = 60;
  std::atomic<int> async_done = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const auto name = std::to_string(t) + "/" + std::to_string(i);
        const auto outcomes = log_->propose_and_wait(std::vector<Bytes>{name + "a", name + "b"}, 20s);
        ASSERT_EQ(outcomes.size(), 2u);
        for (const auto& outcome : outcomes) ASSERT_TRUE(outcome.ok()) << outcome.error().describe();
        const auto index = [](const Bytes& answer) { return std::stoi(answer.substr(0, answer.find(':'))); };
        EXPECT_LT(index(*outcomes[0]), index(*outcomes[1]));
        log_->propose(name + "c", [&](const Result<Bytes>& outcome) { async_done += outcome.ok() ? 1 : 0; });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return async_done == kThreads * kRounds; }));
  const auto before = machine_->commands();
  EXPECT_EQ(before.size(), static_cast<size_t>(3 * kThreads * kRounds));
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(machine_->commands(), before);
}

TEST_F(SingleNode, full_disk_refuses_and_recovers_failed_sync_stops) {
  io::FaultyFileSystem faulty(files_);
  Remembering machine;
  auto log = make_single_node_log(options_, machine, faulty);
  ASSERT_TRUE(log->start().ok());
  ASSERT_TRUE(log->propose_and_wait("1", 5s).ok());
  faulty.set_full(true);
  EXPECT_EQ(log->propose_and_wait("2", 5s).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(eventually([&] { return !log->status().disk_healthy; }));
  faulty.set_full(false);
  EXPECT_EQ(log->propose_and_wait("3", 5s).value(), "2:3");
  faulty.fail(io::Operation::kSync, "log-");
  EXPECT_EQ(log->propose_and_wait("4", 5s).error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(log->propose_and_wait("5", 5s).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(eventually([&] { return !log->status().failure.empty(); }));
}

// Runs one history with a crash at each step of the disk and each kind of power cut: what was answered is there
// afterwards, in order, and nothing but what was proposed.
TEST(SingleNodeCrash, answered_commands_survive_a_power_cut_at_every_step) {
  SingleNodeOptions options{.directory = "/log", .self = Member{7, "single"}, .snapshot_after_bytes = 300};
  const auto run = [&](io::FileSystem& files) {
    std::vector<std::string> answered;
    Remembering machine;
    auto log = make_single_node_log(options, machine, files);
    if (!log->start().ok()) return answered;
    for (int i = 0; i < 12; ++i) {
      const auto command = "command number " + std::to_string(i);
      if (!log->propose_and_wait(command, 5s).ok()) break;
      answered.push_back(command);
    }
    return answered;
  };
  uint64_t steps = 0;
  {
    io::MemoryFileSystem disk;
    io::FaultyFileSystem faulty(disk);
    ASSERT_EQ(run(faulty).size(), 12u);
    steps = faulty.steps();
  }
  for (uint64_t step = 1; step <= steps; ++step) {
    for (const auto style : {io::CrashStyle::kDropUnsynced, io::CrashStyle::kKeepAll, io::CrashStyle::kRandom}) {
      io::MemoryFileSystem disk;
      io::FaultyFileSystem faulty(disk);
      faulty.crash_at(step);
      const auto answered = run(faulty);
      disk.crash(style, step);
      Remembering machine;
      auto log = make_single_node_log(options, machine, disk);
      const auto started = log->start();
      ASSERT_TRUE(started.ok()) << "step " << step << ": " << started.error().describe();
      const auto kept = machine.commands();
      ASSERT_GE(kept.size(), answered.size()) << "step " << step;
      for (size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i], "command number " + std::to_string(i));
      ASSERT_TRUE(log->propose_and_wait("after", 5s).ok()) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace pelorus::raft
