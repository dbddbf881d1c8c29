// pelorusd: one program for every role.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/fault_point.h"
#include "base/log.h"
#include "server/allocation.h"
#include "server/node.h"

namespace {

using namespace pelorus;

constexpr const char* kUsage =
    "pelorusd runs one node of a Pelorus cluster.\n\n"
    "  pelorusd -mode controller|agent|datanode|computenode|single [-home DIR] [-config FILE] [-name value]…\n\n"
    "Without -mode it runs a single node on port 8848. Every setting may be given as -name value:\n\n";

#ifndef PELORUS_LEVELS_MORE
#define PELORUS_LEVELS_MORE 0
#endif
/// PELORUS_LEVELS_MORE: of the next version, which tests of upgrades link.
meta::Build this_build() {
  return {.version = PELORUS_VERSION,
          .oldest_level = meta::kOldestLevel,
          .newest_level = meta::kNewestLevel + PELORUS_LEVELS_MORE};
}

int report(const std::string& message) {
  std::fprintf(stderr, "pelorusd: %s\n", message.c_str());
  return 1;
}

/// Waits for SIGTERM or SIGINT, or until the node has given up.
void wait_for_end(const server::Node& node) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const timespec second{1, 0};
  while (sigtimedwait(&signals, nullptr, &second) < 0 && node.failure().empty()) {
  }
}

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::vector<std::string> all_fault_points() {
  const auto steps = fault_point_names();
  std::vector<std::string> names(steps.begin(), steps.end());
  const auto files = io::file_fault_names();
  names.insert(names.end(), files.begin(), files.end());
  return names;
}

/// What PELORUS_FAULT says, for crash suites (docs/internals/fault_points.md). kNotFound when no point is named so.
Status take_faults(const char* text) {
  TRY(auto orders, parse_fault_orders(text));
  const auto names = all_fault_points();
  for (const auto& order : orders) {
    if (std::ranges::find(names, order.name) == names.end())
      return Error{ErrorCode::kNotFound, "no fault point is named " + order.name + "; PELORUS_FAULT=list names them"};
  }
  log_warning("PELORUS_FAULT is set: " + std::string(text));
  order_faults(std::move(orders));
  return {};
}

int run(const std::vector<std::string>& arguments, const std::filesystem::path& program) {
  const char* fault = std::getenv("PELORUS_FAULT");
  if (fault != nullptr && std::string_view(fault) == "list") {
    for (const auto& name : all_fault_points()) std::printf("%s\n", name.c_str());
    return 0;
  }
  auto loaded = config::load({.arguments = arguments, .program_directory = program.parent_path(), .known_aliases = {}});
  if (!loaded.ok()) return report(loaded.error().message);
  if (loaded->command_line.wants_help) {
    std::printf("%s%s", kUsage, config::describe_flags().c_str());
    return 0;
  }
  if (loaded->command_line.wants_version) {
    std::printf("%s\n", this_build().describe().c_str());
    return 0;
  }
  if (fault != nullptr && *fault != '\0') {
    if (const auto ordered = take_faults(fault); !ordered.ok()) return report(ordered.error().message);
  }
  io::ProcessFiles files;
  auto environment = server::start_up(std::move(*loaded), files, this_build());
  if (!environment.ok()) {
    log_error(environment.error().message);
    return report(environment.error().message);
  }
  server::set_memory_limit((*environment)->settings(), (*environment)->site.alias);
  const server::UnusedMemory unused;
  const server::MemoryWatch watch([settings = (*environment)->settings()] { return server::warning_bytes(settings); });
  const auto directory = (*environment)->directory;
  server::Node node(std::move(*environment), program.string());
  if (const auto started = node.start(); !started.ok()) {
    log_error(started.error().message);
    if (const auto written = config::write_node_state(directory, {config::NodePhase::kFailed, started.error().message});
        !written.ok()) {
      log_warning(written.error().message);
    }
    return report(started.error().message);
  }
  wait_for_end(node);
  const auto failure = node.failure();
  node.stop();
  return failure.empty() ? 0 : report(failure);
}

}  // namespace

int main(int count, char** arguments) {
  block_signals();
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return run({arguments + 1, arguments + count}, program);
}
