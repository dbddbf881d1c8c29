// The supervisor and its methods, with this very test program as the node it starts: see FakeNode.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "agent/process.h"
#include "agent/service.h"
#include "config/command_line.h"
#include "config/node_state.h"
#include "config/text_lines.h"
#include "rpc/fake_network.h"

namespace pelorus::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kFakeNode = "PELORUS_FAKE_NODE";  // how a started copy of this program behaves

volatile sig_atomic_t is_told_to_stop = 0;

/// A node without a server: flags, lock, state, SIGTERM.
[[noreturn]] void run_fake_node(const std::string& behaviour) {
  std::vector<std::string> arguments;
  const auto line = config::read_file("/proc/self/cmdline").value();
  for (size_t begin = line.find('\0') + 1; begin < line.size(); begin = line.find('\0', begin) + 1) {
    arguments.push_back(line.substr(begin, line.find('\0', begin) - begin));
  }
  const auto flags = config::parse_command_line(arguments);
  if (!flags.ok()) _exit(64);
  config::Settings settings;
  for (const auto& [name, value] : flags->flags) settings.set(name, value, {config::Origin::Kind::kCommandLine, "", 0});
  std::ofstream(settings.path("logFile")) << "first line\nthe last line\n";
  if (behaviour == "crash at once") _exit(3);
  {
    const auto lock = config::NodeLock::take(settings.node_directory());
    if (!lock.ok()) _exit(65);
    signal(
        SIGTERM, behaviour == "deaf" ? SIG_IGN : [](int) { is_told_to_stop = 1; });
    const bool fails = behaviour == "fail";
    (void)config::write_node_state(
        settings.node_directory(),
        {fails ? config::NodePhase::kFailed : config::NodePhase::kListening, fails ? "port taken" : ""});
    if (fails) _exit(1);
    while (is_told_to_stop == 0) usleep(5000);
  }
  _exit(0);
}

/// Before main: a copy of this program that was started as a node never reaches the tests.
[[maybe_unused]] const bool kIsTestProgram = [] {
  if (const char* behaviour = std::getenv(kFakeNode)) run_fake_node(behaviour);
  return true;
}();

class Agent : public ::testing::Test {
 protected:
  Agent() {
    std::string name = (fs::temp_directory_path() / "pelorus_agent_XXXXXX").string();
    place_.home = fs::path(mkdtemp(name.data())) / "data";
    place_.alias = "agent1";
    place_.program = fs::read_symlink("/proc/self/exe");
    place_.log_directory = place_.home.parent_path() / "log";
    place_.key_directory = place_.home / "agent1/keys";
    place_.cluster_key_file = place_.key_directory / "cluster.key";
    fs::create_directories(place_.home);
    supervisor_ = std::make_unique<Supervisor>(place_, clock_);
    behave("good");
  }
  ~Agent() override {
    unsetenv(kFakeNode);
    for (const auto& node : supervisor_->report().nodes) {
      if (node.pid != 0) kill(node.pid, SIGKILL);
      if (node.pid != 0) waitpid(node.pid, nullptr, 0);
    }
    fs::remove_all(place_.home.parent_path());
  }

  static void behave(const char* how) { setenv(kFakeNode, how, 1); }
  static config::NodeStart order(const std::string& alias, bool restarts = false) {
    config::NodeStart start;
    start.node = {{"127.0.0.1", 9907, alias}, config::NodeMode::kDataNode, "", ""};
    start.settings = {
        {"workerNum", "4"}, {"volumes", "/ssd/" + alias}, {"notASetting", "x"}, {"initialAdminPassword", "secret"}};
    start.sites = "127.0.0.1:9907:" + alias + ":datanode";
    start.controller_site = "127.0.0.1:9901:controller1";
    start.restarts_after_crash = restarts;
    return start;
  }
  std::chrono::steady_clock::time_point soon() const { return clock_.now() + 20s; }
  int start_listening(const std::string& alias, bool restarts = false) {
    const auto pid = supervisor_->start(order(alias, restarts));
    EXPECT_TRUE(pid.ok()) << pid.error().describe();
    EXPECT_TRUE(supervisor_->await_listening(alias, soon()).ok());
    return *pid;
  }
  config::NodeRun run_of(const std::string& alias) const {
    for (const auto& node : supervisor_->report().nodes) {
      if (node.alias == alias) return node;
    }
    return {};
  }
  /// Polls until `done` or a generous limit.
  template <class Done>
  bool poll_until(Done done) {
    for (const auto limit = soon(); clock_.now() < limit; std::this_thread::sleep_for(5ms)) {
      supervisor_->poll();
      if (done()) return true;
    }
    return false;
  }

  AgentPlace place_;
  SystemClock clock_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(Agent, hands_over_every_setting_and_its_own_places) {
  // The key is handed on only where there is one: a node told of a file that is missing refuses to start.
  std::filesystem::create_directories(place_.cluster_key_file.parent_path());
  std::ofstream(place_.cluster_key_file) << "secret";
  const auto arguments = node_arguments(place_, order("node1"));
  const auto line = config::parse_command_line(arguments);
  ASSERT_TRUE(line.ok()) << line.error().message;
  const std::map<std::string, std::string> flags(line->flags.begin(), line->flags.end());
  const std::map<std::string, std::string> expected = {
      {"home", place_.home / "node1"},
      {"logFile", place_.log_directory / "node1.log"},
      {"jobLogFile", place_.log_directory / "node1_job.log"},
      {"keyPath", place_.home / "agent1/keys"},
      {"clusterKeyFile", place_.home / "agent1/keys/cluster.key"},
      {"console", "0"},
      {"mode", "datanode"},
      {"localSite", "127.0.0.1:9907:node1"},
      {"sites", "127.0.0.1:9907:node1:datanode"},
      {"controllerSite", "127.0.0.1:9901:controller1"},
      {"config", "/noconfig"},
      {"workerNum", "4"},
      {"volumes", "/ssd/node1"},
      {"webLoginRequired", "0"},
      {"enableHTTPS", "0"},
      {"perfMonitoring", "1"},
  };
  EXPECT_EQ(flags, expected);
}

TEST_F(Agent, starts_once_and_stops) {
  const int pid = start_listening("node1");
  EXPECT_EQ(*supervisor_->start(order("node1")), pid);
  EXPECT_EQ(run_of("node1").state, "listening");
  EXPECT_TRUE(fs::exists(place_.home / "node1/node.pid"));
  EXPECT_EQ(getsid(pid), pid);  // a session of its own
  ASSERT_TRUE(supervisor_->stop({"node1"}, soon()).ok());
  EXPECT_EQ(run_of("node1").state, "stopped");
  EXPECT_EQ(run_of("node1").last_exit, "exit code 0");
  EXPECT_TRUE(supervisor_->stop({"node1"}, soon()).ok());
}

TEST_F(Agent, says_why_a_node_did_not_start) {
  behave("fail");
  ASSERT_TRUE(supervisor_->start(order("node1")).ok());
  const auto failed = supervisor_->await_listening("node1", soon());
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("exit code 1, failed: port taken"), std::string::npos)
      << failed.error().message;
  behave("crash at once");
  ASSERT_TRUE(supervisor_->start(order("node2")).ok());
  const auto crashed = supervisor_->await_listening("node2", soon());
  ASSERT_FALSE(crashed.ok());
  EXPECT_NE(crashed.error().message.find("exit code 3; end of its log:\nfirst line\nthe last line"), std::string::npos)
      << crashed.error().message;
}

TEST_F(Agent, a_missing_program_is_an_error) {
  place_.program = "/nowhere/pelorusd";
  Supervisor supervisor(place_, clock_);
  EXPECT_EQ(supervisor.start(order("node1")).error().code, ErrorCode::kIo);
}

TEST_F(Agent, restarts_a_crashed_node_when_told_to) {
  const int first = start_listening("node1", true);
  kill(first, SIGKILL);
  ASSERT_TRUE(poll_until([&] { return run_of("node1").restarts == 1 && run_of("node1").state == "listening"; }));
  EXPECT_NE(run_of("node1").pid, first);
  EXPECT_NE(run_of("node1").last_exit.find("signal 9"), std::string::npos);
}

TEST_F(Agent, leaves_a_crashed_node_down_when_not_told_to) {
  kill(start_listening("node1"), SIGKILL);
  ASSERT_TRUE(poll_until([&] { return run_of("node1").state == "stopped" && !run_of("node1").last_exit.empty(); }));
  supervisor_->poll();
  EXPECT_EQ(run_of("node1").restarts, 0u);
}

TEST_F(Agent, an_orderly_end_is_no_crash) {
  kill(start_listening("node1", true), SIGTERM);
  ASSERT_TRUE(poll_until([&] { return run_of("node1").last_exit == "exit code 0"; }));
  std::this_thread::sleep_for(Supervisor::kRestartWaitLeast);  // when a crashed one would come back
  supervisor_->poll();
  EXPECT_EQ(run_of("node1").pid, 0);
}

TEST_F(Agent, a_new_agent_recognises_running_nodes) {
  const int pid = start_listening("node1");
  Supervisor next(place_, clock_);
  next.adopt_running();
  EXPECT_EQ(next.report().nodes.at(0).pid, pid);
  EXPECT_EQ(*next.start(order("node1")), pid);
  std::thread reaper([pid] { waitpid(pid, nullptr, 0); });  // as init would after the first agent's end
  EXPECT_TRUE(next.stop({"node1"}, soon()).ok());
  reaper.join();
  EXPECT_EQ(next.report().nodes.at(0).state, "stopped");
}

TEST_F(Agent, a_deaf_node_outlives_the_deadline_of_its_stop) {
  behave("deaf");
  const int pid = start_listening("node1");
  EXPECT_EQ(supervisor_->stop({"node1", 100}, soon()).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(kill(pid, 0), 0);
}

TEST_F(Agent, orders_of_an_older_leader_are_refused) {
  auto newer = order("node1");
  newer.term = 5;
  ASSERT_TRUE(supervisor_->start(newer).ok());
  ASSERT_TRUE(supervisor_->await_listening("node1", soon()).ok());
  EXPECT_EQ(supervisor_->stop({"node1", 0, 4}, soon()).error().code, ErrorCode::kStale);
  EXPECT_EQ(run_of("node1").state, "listening");
}

TEST_F(Agent, starts_nothing_while_the_package_is_being_stopped) {
  std::ofstream(place_.home / "stopping") << config::ProcessIdentity::of_this_process().to_string();
  EXPECT_EQ(supervisor_->start(order("node1")).error().code, ErrorCode::kUnavailable);
  auto gone = config::ProcessIdentity::of_this_process();
  gone.start_ticks -= 1;
  std::ofstream(place_.home / "stopping") << gone.to_string();
  EXPECT_TRUE(supervisor_->start(order("node1")).ok());
  EXPECT_TRUE(supervisor_->await_listening("node1", soon()).ok());
}

TEST_F(Agent, an_alias_never_leads_out_of_home) {
  EXPECT_EQ(supervisor_->start_again("../x").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(supervisor_->stop({"../x"}, soon()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(supervisor_->start_again("node7").error().code, ErrorCode::kNotFound);
}

TEST_F(Agent, answers_controllers) {
  rpc::FakeNetwork network;
  network.add("controller1");
  int asked = 0;
  AgentService service(*supervisor_, [&](const std::string& alias) -> Result<config::NodeStart> {
    ++asked;
    return order(alias);
  });
  service.register_methods(network.add("agent1"));
  service.start();
  auto& controller = network.caller("controller1");
  const auto pid = controller.call("agent1", config::kStartNodeMethod, order("node1").encode());
  ASSERT_TRUE(pid.ok()) << pid.error().describe();
  ASSERT_TRUE(controller.call("agent1", config::kStartNodeMethod, "node2").ok());
  EXPECT_EQ(asked, 1);
  const auto report = config::AgentReport::decode(*controller.call("agent1", config::kListNodesMethod, ""));
  ASSERT_EQ(report->nodes.size(), 2u);
  EXPECT_EQ(std::to_string(report->nodes[0].pid), *pid);
  EXPECT_TRUE(controller.call("agent1", config::kStopNodeMethod, config::NodeStop{"node1"}.encode()).ok());
  EXPECT_TRUE(controller.call("agent1", config::kStopNodeMethod, "node2").ok());
  EXPECT_EQ(run_of("node2").state, "stopped");
  service.stop();
}

TEST(Process, the_tail_of_a_file_begins_with_a_line) {
  const auto path = fs::temp_directory_path() / ("pelorus_tail_" + std::to_string(getpid()));
  std::ofstream(path) << "one\ntwo\nthree\n";
  EXPECT_EQ(tail_of_file(path, 100), "one\ntwo\nthree\n");
  EXPECT_EQ(tail_of_file(path, 8), "three\n");
  fs::remove(path);
  EXPECT_EQ(tail_of_file(path, 8), "");
}

}  // namespace
}  // namespace pelorus::agent
