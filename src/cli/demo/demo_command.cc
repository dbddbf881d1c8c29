#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cli/connect.h"
#include "cli/demo/demo_cluster.h"
#include "cli/demo/demo_kill.h"
#include "cli/demo/demo_state.h"
#include "cli/demo/load_flights.h"
#include "client/failover.h"
#include "config/node_lock.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kRowsMax = 3'000'000;
constexpr int kBase = 9900;
constexpr int kBasesTried = 20;

/// One demo from its files to its end.
class Demo {
 public:
  Demo(DemoPlace place, fs::path package, DemoState state, Terminal& terminal)
      : terminal_(terminal), package_(std::move(package)), state_(std::move(state)), cluster_(place, interrupt_) {}
  ~Demo() { tidy_up(); }
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  /// `wait`: until Ctrl-C. Errors: kScript when all stands but a query failed; others when it does not.
  Status run(int64_t rows, bool wait);

 private:
  void step(const std::string& text) { terminal_.err() << text << std::endl; }
  Status start();
  Status fill(client::FailoverConnection& nodes, int64_t rows);
  /// Real flights into an empty table. Errors: kCancelled; others: take invented ones, unless rows are `loaded`.
  Status load_real(client::FailoverConnection& nodes, int64_t rows, int64_t& loaded);
  void show_what_to_try();
  void tidy_up();

  Terminal& terminal_;
  const fs::path package_;
  Interrupt interrupt_;
  DemoState state_;
  DemoCluster cluster_;
  bool started_ = false;
};

Status Demo::run(int64_t rows, bool wait) {
  TRY_DONE(start());
  client::FailoverOptions options;
  options.connection.user = kDemoUser;
  options.connection.password = kDemoPassword;
  options.connection.socket.silence = std::chrono::seconds(120);
  client::FailoverConnection nodes(cluster_.place().data_nodes(), options);
  TRY_DONE(fill(nodes, rows));
  auto asked = ask_flights(nodes, terminal_);
  if (!wait || (!asked.ok() && asked.error().code != ErrorCode::kScript)) return asked;
  show_what_to_try();
  step("Ctrl-C stops everything" + std::string(cluster_.place().keeps_files ? "." : " and removes its files."));
  while (!interrupt_.wait(std::chrono::hours(1))) {
  }
  return asked;
}

Status Demo::start() {
  const auto began = Clock::now();
  const auto& place = cluster_.place();
  step("Starting a cluster in " + place.directory.string() + ": 3 controllers, 1 agent, 3 data nodes …");
  TRY_DONE(make_servers(place, package_));
  TRY_DONE(state_.write(place));
  started_ = true;
  TRY_DONE(cluster_.start());
  char took[64];
  std::snprintf(took, sizeof took, "All nodes are online after %.1f s.",
                std::chrono::duration<double>(Clock::now() - began).count());
  step(took);
  return {};
}

Status Demo::load_real(client::FailoverConnection& nodes, int64_t rows, int64_t& loaded) {
  step("Fetching real flights of 2001 (npm package vega-datasets) …");
  TRY(const auto source, open_real_flights(package_ / "demo" / "read_flights.mjs", flight_cache(), interrupt_));
  return load_flights(*source, rows, nodes, interrupt_, terminal_, loaded);
}

Status Demo::fill(client::FailoverConnection& nodes, int64_t rows) {
  TRY_DONE(make_flight_table(nodes));
  int64_t loaded = 0;
  auto real = load_real(nodes, rows, loaded);
  if (real.ok() && loaded > 0) return {};
  if (loaded > 0 || (!real.ok() && real.error().code == ErrorCode::kCancelled)) return real;
  step("They cannot be had (" + (real.ok() ? "no rows" : real.error().message) +
       ").\nUsing invented flights of the same shape instead.");
  GeneratedFlights invented(rows);
  return load_flights(invented, rows, nodes, interrupt_, terminal_, loaded);
}

void Demo::show_what_to_try() {
  const auto& place = cluster_.place();
  const std::string port = std::to_string(place.controller(1).port);
  auto& out = terminal_.out();
  out << "\n  Console   http://" << place.controller(1).text() << "/   user " << kDemoUser << "   password "
      << kDemoPassword << "\n  Python    session.connect(\"127.0.0.1\", " << place.data_node(1).port << ", \""
      << kDemoUser << "\", \"" << kDemoPassword << "\")\n\n  In another terminal:\n";
  const auto tool = (place.cluster(1).parent_path() / "pelorus").string();
  for (const char* line : {"demo kill controller1", "demo kill node2"}) out << "    " << tool << " " << line << "\n";
  out << "    " << tool << " status --port " << port << " -u " << kDemoUser << " -p " << kDemoPassword << std::endl;
}

void Demo::tidy_up() {
  const auto& place = cluster_.place();
  if (started_) {
    step("Stopping …");
    cluster_.stop();
  }
  if (place.keeps_files) step("Its files are in " + place.directory.string());
  if (const auto removed = remove_files(place); !removed.ok()) terminal_.complain(removed.error().message);
}

/// Errors: kAlreadyExists when --port's ports, or all that are tried, are taken.
Result<int> choose_base(const Arguments& arguments) {
  if (!arguments.text("port").empty()) {
    TRY(const auto base, arguments.number("port", 1024, 65535 - kDemoPorts));
    if (ports_are_free(static_cast<int>(base))) return static_cast<int>(base);
    return Error{ErrorCode::kUnavailable, "A port from " + std::to_string(base + 1) + " to " +
                                              std::to_string(base + kDemoPorts) + " is taken. Give another --port."};
  }
  for (int i = 0; i < kBasesTried; ++i) {
    if (ports_are_free(kBase + i * 20)) return kBase + i * 20;
  }
  return Error{ErrorCode::kUnavailable, "No nine free ports were found. Give a base with --port."};
}

Result<fs::path> choose_directory(const Arguments& arguments) {
  std::error_code failure;
  if (arguments.has("keep")) {
    const auto directory = fs::absolute(arguments.text("keep"), failure);
    if (fs::exists(directory) && !fs::is_empty(directory, failure)) {
      return Error{ErrorCode::kInvalid, "The directory is not empty: " + directory.string()};
    }
    return directory;
  }
  std::string pattern = (fs::temp_directory_path(failure) / "pelorus-demo-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorCode::kIo, "no temporary directory can be made: " + pattern};
  return fs::path(pattern);
}

/// Errors: kAlreadyExists when a demo runs, or nodes of one whose process was killed.
Result<DemoState> claim_state() {
  const auto other = read_demo_record(demo_state_path());
  if (!other.ok() && other.error().code != ErrorCode::kUnavailable) return other.error();
  if (other.ok()) {
    const auto aliases = other->place.aliases();
    const bool has_nodes = std::ranges::any_of(aliases, [&](const std::string& alias) {
      return config::running_node(other->place.node_directory(alias)).has_value();
    });
    const auto where = other->place.directory.string();
    if (other->is_owned) {
      return Error{ErrorCode::kAlreadyExists,
                   "a demo is running in " + where + ". End it with Ctrl-C there, or: pelorus demo stop"};
    }
    if (has_nodes) {
      return Error{ErrorCode::kAlreadyExists,
                   "nodes of a demo that was killed still run in " + where + ". End them: pelorus demo stop"};
    }
  }
  return DemoState::claim(demo_state_path());
}

ExitCode start(const Arguments& arguments, Terminal& terminal) {
  const auto rows = arguments.number("rows", 1, kRowsMax);
  if (!rows.ok()) return report(rows.error(), terminal);
  auto package = own_package();
  if (!package.ok()) return report(package.error(), terminal);
  signal(SIGPIPE, SIG_IGN);  // a reader that leaves must not leave the nodes behind
  auto state = claim_state();
  if (!state.ok()) {
    report(state.error(), terminal);
    return ExitCode::kNotMet;
  }
  const auto base = choose_base(arguments);
  if (!base.ok()) return report(base.error(), terminal);
  const auto directory = choose_directory(arguments);
  if (!directory.ok()) return report(directory.error(), terminal);
  const bool keep = arguments.has("keep");
  Demo demo({*directory, *base, keep}, std::move(*package), std::move(*state), terminal);
  const auto done = demo.run(*rows, !arguments.has("no-wait"));
  if (done.ok()) return ExitCode::kDone;
  if (done.error().code == ErrorCode::kCancelled) return ExitCode::kInterrupted;
  if (!keep) terminal.err() << "To look at the nodes' logs afterwards, give --keep DIR." << std::endl;
  return report(done.error(), terminal);
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.words();
  if (words.empty()) return start(arguments, terminal);
  if (words[0] == "kill" && words.size() == 2) return kill_demo_node(words[1], terminal);
  if (words[0] == "stop" && words.size() == 1) return stop_demo(terminal);
  terminal.complain(words[0] == "kill" ? "say which node: pelorus demo kill controller1"
                                       : "there is no 'demo " + words[0] + "', only demo, demo kill and demo stop");
  return ExitCode::kUsage;
}

}  // namespace

const Command& demo_command() {
  static const Command command{
      .name = "demo",
      .summary = "Runs a highly available cluster with real data on this machine.",
      .usage = "demo [OPTIONS] | demo kill ALIAS | demo stop",
      .examples = {"pelorus demo", "pelorus demo kill controller1", "pelorus demo --keep /tmp/cluster --rows 100000"},
      .options = {{"keep", 'k', "DIR", "use DIR and leave it there", ""},
                  {"port", 'P', "BASE", "use ports BASE+1 to BASE+9 (9900 or the next free)", ""},
                  {"rows", 'n', "N", "load at most N rows", "3000000"},
                  {"no-wait", '\0', "", "stop when the queries have run", ""}},
      .notes =
          "kill ends a node of the running demo with SIGKILL and shows that the cluster\n"
          "serves on; stop ends the demo, also one whose terminal is gone. The data comes\n"
          "from npm (cached); without npm, flights are invented.",
      .words_max = 2,
      .first_words = {"kill", "stop"},
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
