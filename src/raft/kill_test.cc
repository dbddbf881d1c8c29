// Members as processes of their own, ended by SIGKILL while they write: what was acknowledged must be there afterwards,
// in the same order on every member.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

#include "raft/internal/test_cluster.h"

namespace pelorus::raft {
namespace {

constexpr int kMembers = 3;
constexpr char kAliases[kMembers][2] = {"a", "b", "c"};

Uuid node_of(int member) {
  Uuid uuid;
  uuid.bytes.fill(static_cast<uint8_t>(member + 1));
  return uuid;
}

Member member_of(int member) { return {member_id_of(node_of(member).to_string()), kAliases[member]}; }

/// A port nobody listens on now.
uint16_t free_port() {
  const TestListener listener;
  return listener.port();
}

int listen_on(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 64) == 0);
  return fd;
}

// Not a test: the program of a member, started by the test below. Reads "put WORD COUNT" and "list" from standard
// input; answers "ok WORD.N", "no WORD.N" and "list WORD …" in lines.
TEST(MemberProcess, DISABLED_serves_commands_from_standard_input) {
  if (std::getenv("RAFT_TEST_MEMBER") == nullptr) GTEST_SKIP();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int self = std::atoi(std::getenv("RAFT_TEST_MEMBER"));
  std::istringstream ports(std::getenv("RAFT_TEST_PORTS"));
  TestBook book;
  std::vector<Member> members;
  uint16_t own_port = 0;
  for (int i = 0; i < kMembers; ++i) {
    uint16_t port = 0;
    ports >> port;
    book.set(kAliases[i], port);
    members.push_back(member_of(i));
    if (i == self) own_port = port;
  }
  LibraftOptions options;
  options.directory = std::string(std::getenv("RAFT_TEST_DIRECTORY")) + "/" + kAliases[self];
  options.group = "killed";
  options.cluster.bytes.fill(9);
  options.node = node_of(self);
  options.self = members[static_cast<size_t>(self)];
  options.election_timeout = 100ms;
  options.heartbeat = 20ms;
  options.connect_retry = 30ms;
  options.segment_bytes = 1 << 20;
  options.snapshot_after_entries = 50;
  options.snapshot_trailing = 10;
  options.install_snapshot_timeout = 500ms;
  Remembering machine;
  auto log = std::move(make_libraft_log(options, machine, book)).value();
  (void)log->bootstrap(members).ok();
  CHECK(log->start().ok());
  std::thread([listener = listen_on(own_port), &log] {
    for (;;) {
      const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer >= 0) log->accept_connection(peer, "");
    }
  }).detach();
  char line[256];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    std::istringstream words(line);
    std::string verb, word;
    int count = 0;
    words >> verb >> word >> count;
    for (int i = 0; verb == "put" && i < count; ++i) {
      const auto name = word + "." + std::to_string(i);
      log->propose(name, [name](Result<Bytes> answer) {
        std::printf("%s %s\n", answer.ok() ? "ok" : "no", name.c_str()), std::fflush(stdout);
      });
    }
    if (verb == "list") {
      std::string text = "list";
      for (const auto& each : machine.commands()) text += " " + each;
      std::printf("%s\n", text.c_str()), std::fflush(stdout);
    }
  }
  ::_exit(0);  // the accepting thread still uses the log
}

class MemberProcess {
 public:
  void start(int member, const std::string& directory, const std::string& ports) {
    int to[2];
    int from[2];
    CHECK(::pipe2(to, O_CLOEXEC) == 0 && ::pipe2(from, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::setenv("RAFT_TEST_MEMBER", std::to_string(member).c_str(), 1);
      ::setenv("RAFT_TEST_DIRECTORY", directory.c_str(), 1);
      ::setenv("RAFT_TEST_PORTS", ports.c_str(), 1);
      ::execl("/proc/self/exe", "raft_tests", "--gtest_filter=MemberProcess.DISABLED_*",
              "--gtest_also_run_disabled_tests", nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = to[1];
    from_ = from[0];
    read_.clear();
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(to_);
    ::close(from_);
    pid_ = 0;
  }
  ~MemberProcess() { kill(); }
  void say(const std::string& line) { (void)!::write(to_, (line + "\n").data(), line.size() + 1); }
  /// The next line that begins with one of our words; empty when none came in time.
  std::string hear(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
      for (auto at = read_.find('\n'); at != std::string::npos; at = read_.find('\n')) {
        const auto line = read_.substr(0, at);
        read_.erase(0, at + 1);
        if (line.starts_with("ok ") || line.starts_with("no ") || line.starts_with("list")) return line;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      pollfd waiting{from_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return "";
      char bytes[4096];
      const auto size = ::read(from_, bytes, sizeof bytes);
      if (size <= 0) return "";
      read_.append(bytes, static_cast<size_t>(size));
    }
  }

 private:
  pid_t pid_ = 0;
  int to_ = -1;
  int from_ = -1;
  std::string read_;
};

class Killed : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("pelorus_raft_killed_" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory_);
    for (int i = 0; i < kMembers; ++i) ports_ += std::to_string(free_port()) + " ";
    for (int i = 0; i < kMembers; ++i) start(i);
  }
  void TearDown() override {
    for (auto& each : members_) each.kill();
    std::filesystem::remove_all(directory_);
  }
  void start(int member) { members_[member].start(member, directory_, ports_); }
  /// The member that acknowledges a write.
  int leader() {
    int leads = -1;
    eventually([&] {
      for (int i = 0; i < kMembers && leads < 0; ++i) {
        const auto word = "probe" + std::to_string(++probes_);
        members_[i].say("put " + word + " 1");
        std::string answer;
        do {
          answer = members_[i].hear(300ms);
        } while (!answer.empty() && answer.find(word + ".") == std::string::npos);
        if (answer.starts_with("ok")) leads = i;
      }
      return leads >= 0;
    });
    return leads;
  }
  std::vector<std::string> list(int member) {
    members_[member].say("list");
    std::string answer;
    do {
      answer = members_[member].hear(2s);
    } while (!answer.empty() && !answer.starts_with("list"));
    std::istringstream words(answer);
    std::vector<std::string> commands;
    for (std::string each; words >> each;) commands.push_back(each);
    return commands;
  }

  std::filesystem::path directory_;
  std::string ports_;
  MemberProcess members_[kMembers];
  int probes_ = 0;
};

TEST_F(Killed, acknowledged_commands_survive_kills_of_the_leader_and_members_agree) {
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 5; ++round) {
    const int leads = leader();
    ASSERT_GE(leads, 0) << "round " << round;
    members_[leads].say("put round" + std::to_string(round) + " 3000");
    for (int i = 0; i < 200 * (round + 1); ++i) {
      const auto answer = members_[leads].hear(5s);
      if (answer.starts_with("ok ")) acknowledged.push_back(answer.substr(3));
    }
    members_[leads].kill();
    start(leads);
  }
  ASSERT_GT(acknowledged.size(), 1000u);
  ASSERT_GE(leader(), 0);
  std::vector<std::string> lists[kMembers];
  ASSERT_TRUE(eventually([&] {
    for (int i = 0; i < kMembers; ++i) lists[i] = list(i);
    return lists[0].size() > acknowledged.size() && lists[0] == lists[1] && lists[1] == lists[2];
  }));
  const std::set<std::string> kept(lists[0].begin(), lists[0].end());
  EXPECT_EQ(kept.size(), lists[0].size()) << "a command was applied twice";
  for (const auto& each : acknowledged) EXPECT_TRUE(kept.contains(each)) << each << " was acknowledged and is lost";
}

}  // namespace
}  // namespace pelorus::raft
