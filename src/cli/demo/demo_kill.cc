#include "cli/demo/demo_kill.h"

#include <signal.h>

#include <cstdio>

#include "cli/connect.h"
#include "cli/demo/demo_cluster.h"
#include "cli/demo/demo_state.h"
#include "cli/demo/load_flights.h"
#include "cli/value_text.h"
#include "client/failover.h"
#include "config/nearest_name.h"
#include "config/node_lock.h"

namespace pelorus::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::string seconds_text(Clock::time_point from) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", std::chrono::duration<double>(Clock::now() - from).count());
  return text;
}

client::ConnectionOptions connection_options() {
  client::ConnectionOptions options;
  options.user = kDemoUser;
  options.password = kDemoPassword;
  options.socket.connect = std::chrono::milliseconds(1000);
  options.socket.silence = std::chrono::seconds(30);
  return options;
}

/// The controllers take a killed node for alive until its heartbeats are missed: only its own port tells.
bool takes_logins(const DemoPlace& place, const std::string& alias) {
  const auto node = static_cast<size_t>(alias.back() - '1');
  return client::Connection::open(place.data_nodes().at(node), connection_options()).ok();
}

Status show_count(const DemoPlace& place, Terminal& terminal) {
  client::FailoverOptions options;
  options.connection = connection_options();
  client::FailoverConnection nodes(place.data_nodes(), options);
  const auto began = Clock::now();
  const auto answer = nodes.run(kCountFlights);
  if (!answer.ok()) return answer.error();
  terminal.out() << "  " << kCountFlights << "\n  = " << (*answer ? value_text(**answer) : "nothing") << " in "
                 << seconds_text(began) << ", from " << nodes.current()->endpoint().text() << std::endl;
  return {};
}

/// Waits for what follows from the loss of `alias`.
Status show_recovery(const DemoCluster& cluster, const std::string& alias, bool led, Clock::time_point killed,
                     Terminal& terminal) {
  if (led) {
    TRY(const auto view,
        cluster.await([&](const ClusterView& seen) { return !seen.leader().empty() && seen.leader() != alias; },
                      std::chrono::seconds(30), "another leader"));
    terminal.out() << "  " << terminal.paint(Colour::kGood, view.leader() + " leads now") << ", elected within "
                   << seconds_text(killed) << std::endl;
  }
  TRY_DONE(show_count(cluster.place(), terminal));
  if (alias.starts_with("node")) {
    const auto back = cluster.await(
        [&](const ClusterView& seen) {
          const auto* node = seen.find(alias);
          return node != nullptr && node->online && takes_logins(cluster.place(), alias);
        },
        std::chrono::seconds(60), alias + " back");
    if (!back.ok()) return back.error();
    terminal.out() << "  " << terminal.paint(Colour::kGood, alias + " is back") << ": its agent started it again, "
                   << seconds_text(killed) << " after the kill" << std::endl;
    return {};
  }
  const int server = alias.starts_with("controller") ? alias.back() - '0' : 1;
  terminal.out()
      << "  Start it again:  sh "
      << (cluster.place().cluster(server) / (alias == "agent1" ? "startAgent.sh" : "startController.sh")).string()
      << std::endl;
  return {};
}

}  // namespace

ExitCode kill_demo_node(const std::string& alias, Terminal& terminal) {
  const auto record = read_demo_record(demo_state_path());
  if (!record.ok()) return report(record.error(), terminal);
  const auto& place = record->place;
  const auto directory = place.node_directory(alias);
  if (directory.empty()) {
    std::vector<std::string> aliases = place.aliases();
    const std::vector<std::string_view> names(aliases.begin(), aliases.end());
    std::string all;
    for (const auto& name : aliases) all += " " + name;
    terminal.complain("the demo has no node '" + alias + "'" + config::did_you_mean(alias, names) +
                      " There are:" + all);
    return ExitCode::kUsage;
  }
  Interrupt interrupt;
  const DemoCluster cluster(place, interrupt);
  const auto before = cluster.look();
  if (!before.ok()) return report(before.error(), terminal);
  const auto running = config::running_node(directory);
  if (!running) {
    terminal.complain(alias + " is not running");
    return ExitCode::kNotMet;
  }
  const bool led = before->leader() == alias;
  const auto killed = Clock::now();
  if (kill(running->pid, SIGKILL) != 0) {
    terminal.complain("process " + std::to_string(running->pid) + " cannot be killed");
    return ExitCode::kFailed;
  }
  terminal.out() << "  " << terminal.paint(Colour::kBad, "Killed " + alias) << " (process " << running->pid
                 << ", SIGKILL" << (led ? ", the leader)" : ")") << std::endl;
  const auto shown = show_recovery(cluster, alias, led, killed, terminal);
  return shown.ok() ? ExitCode::kDone : report(shown.error(), terminal);
}

ExitCode stop_demo(Terminal& terminal) {
  constexpr auto kEndLimit = std::chrono::seconds(120);
  const auto path = demo_state_path();
  const auto record = read_demo_record(path);
  if (!record.ok()) return report(record.error(), terminal);
  const auto& place = record->place;
  Interrupt interrupt;
  if (record->is_owned) {
    kill(record->owner, SIGTERM);
    const auto give_up = Clock::now() + kEndLimit;
    for (auto now = read_demo_record(path); now.ok() && now->is_owned; now = read_demo_record(path)) {
      if (Clock::now() >= give_up) {
        return report({ErrorCode::kTimeout, "the demo, process " + std::to_string(record->owner) + ", does not end"},
                      terminal);
      }
      if (interrupt.wait(std::chrono::milliseconds(100))) return ExitCode::kInterrupted;
    }
  } else {
    const auto claimed = DemoState::claim(path);
    if (!claimed.ok()) return report(claimed.error(), terminal);
    DemoCluster(place, interrupt).stop();
    if (const auto removed = remove_files(place); !removed.ok()) return report(removed.error(), terminal);
  }
  terminal.out() << "Stopped." << (place.keeps_files ? " Its files are in " + place.directory.string() : "")
                 << std::endl;
  return ExitCode::kDone;
}

}  // namespace pelorus::cli
