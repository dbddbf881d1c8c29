#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/connect.h"
#include "cli/demo/demo_cluster.h"
#include "cli/demo/demo_kill.h"
#include "cli/demo/demo_state.h"
#include "cli/demo/load_flights.h"
#include "client/failover.h"

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
  Demo(DemoPlace place, bool keep, Terminal& terminal)
      : terminal_(terminal), keep_(keep), cluster_(std::move(place), interrupt_) {}
  ~Demo() { tidy_up(); }
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  Status run(const fs::path& package, int64_t rows, bool wait);

 private:
  void step(const std::string& text) { terminal_.err() << text << std::endl; }
  Status fill(const fs::path& package, int64_t rows);
  Result<std::unique_ptr<FlightSource>> open_source(const fs::path& package, int64_t rows);
  void show_what_to_try();
  void tidy_up();

  Terminal& terminal_;
  const bool keep_;
  Interrupt interrupt_;
  DemoCluster cluster_;
  bool started_ = false;
};

Status Demo::run(const fs::path& package, int64_t rows, bool wait) {
  const auto began = Clock::now();
  step("Starting a cluster in " + cluster_.place().directory.string() + ": 3 controllers, 1 agent, 3 data nodes …");
  TRY_DONE(make_servers(cluster_.place(), package));
  TRY_DONE(write_demo_state(demo_state_path(), cluster_.place()));
  started_ = true;
  TRY_DONE(cluster_.start());
  char took[64];
  std::snprintf(took, sizeof took, "All nodes are online after %.1f s.",
                std::chrono::duration<double>(Clock::now() - began).count());
  step(took);
  TRY_DONE(fill(package, rows));
  show_what_to_try();
  if (!wait) return {};
  step("Ctrl-C stops everything" + std::string(keep_ ? "." : " and removes its files."));
  while (!interrupt_.wait(std::chrono::hours(1))) {
  }
  return {};
}

Result<std::unique_ptr<FlightSource>> Demo::open_source(const fs::path& package, int64_t rows) {
  step("Fetching real flights of 2001 (npm package vega-datasets) …");
  auto real = open_real_flights(package / "demo" / "read_flights.mjs", flight_cache(), interrupt_);
  if (real.ok() || real.error().code == ErrorCode::kCancelled) return real;
  step("They cannot be had (" + real.error().message + ").\nUsing invented flights of the same shape instead.");
  return std::unique_ptr<FlightSource>(std::make_unique<GeneratedFlights>(rows));
}

Status Demo::fill(const fs::path& package, int64_t rows) {
  client::FailoverOptions options;
  options.connection.user = kDemoUser;
  options.connection.password = kDemoPassword;
  options.connection.socket.silence = std::chrono::seconds(120);
  client::FailoverConnection nodes(cluster_.place().data_nodes(), options);
  TRY(const auto source, open_source(package, rows));
  TRY_DONE(make_flight_table(nodes));
  step("Loading flights into dfs://flights, two replicas of each partition");
  TRY(const int64_t loaded, load_flights(*source, rows, nodes, interrupt_, terminal_));
  if (loaded == 0) return Error{ErrorCode::kInternal, "no flight was loaded"};
  return ask_flights(nodes, terminal_);
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
  if (started_) {
    step("Stopping …");
    cluster_.stop();
    std::error_code ignored;
    fs::remove(demo_state_path(), ignored);
  }
  if (keep_) {
    step("Its files are in " + cluster_.place().directory.string());
    return;
  }
  std::error_code failure;
  fs::remove_all(cluster_.place().directory, failure);
  if (failure) terminal_.complain("not removed: " + cluster_.place().directory.string() + ": " + failure.message());
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

ExitCode start(const Arguments& arguments, Terminal& terminal) {
  const auto rows = arguments.number("rows", 1, kRowsMax);
  if (!rows.ok()) return report(rows.error(), terminal);
  if (const auto other = read_demo_state(demo_state_path()); other.ok() && !ports_are_free(other->base)) {
    terminal.complain("a demo is running in " + other->directory.string() +
                      ". End it with Ctrl-C there, or: pelorus demo stop");
    return ExitCode::kNotMet;
  }
  const auto package = own_package();
  if (!package.ok()) return report(package.error(), terminal);
  const auto base = choose_base(arguments);
  if (!base.ok()) return report(base.error(), terminal);
  const auto directory = choose_directory(arguments);
  if (!directory.ok()) return report(directory.error(), terminal);
  const bool keep = arguments.has("keep");
  Demo demo({*directory, *base}, keep, terminal);
  const auto done = demo.run(*package, *rows, !arguments.has("no-wait"));
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
      .summary = "Runs a highly available cluster with real data on this computer.",
      .usage = "demo [OPTIONS] | demo kill ALIAS | demo stop",
      .examples = {"pelorus demo", "pelorus demo kill controller1", "pelorus demo --keep /tmp/cluster --rows 100000"},
      .options = {{"keep", 'k', "DIR", "use DIR and leave it there", ""},
                  {"port", 'P', "BASE", "use ports BASE+1 to BASE+9 (9900 or the next free)", ""},
                  {"rows", 'n', "N", "load at most N rows", "3000000"},
                  {"no-wait", '\0', "", "stop when the queries have run", ""}},
      .notes =
          "kill ends a node of the running demo with SIGKILL and shows that the cluster\n"
          "serves on; stop ends a demo whose terminal is gone. The data comes from npm\n"
          "(cached); without npm, flights are invented.",
      .words_max = 2,
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
