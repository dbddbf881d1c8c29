#include "cli/config/config_command.h"

#include "cli/connect.h"
#include "config/nearest_name.h"

namespace pelorus::cli {
namespace {

struct Part {
  std::string_view name;
  ExitCode (*run)(const Words&, const Arguments&, Terminal&);
};
constexpr Part kParts[] = {{"check", check_configuration},
                           {"show", show_configuration},
                           {"explain", explain_setting},
                           {"diff", compare_configuration}};

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  auto words = arguments.words();
  const std::string name = words.empty() ? "" : words[0];
  std::vector<std::string_view> names;
  for (const auto& part : kParts) {
    names.push_back(part.name);
    if (part.name != name) continue;
    words.erase(words.begin());
    return part.run(words, arguments, terminal);
  }
  terminal.complain(name.empty() ? "say what to do: config check, show, explain or diff"
                                 : "there is no 'config " + name + "'" + config::did_you_mean(name, names));
  return ExitCode::kUsage;
}

}  // namespace

Result<std::vector<PackageConfig>> read_packages(const Words& places) {
  std::vector<PackageConfig> packages;
  for (const auto& place : places.empty() ? Words{"."} : places) {
    TRY(const auto found, find_package(place));
    packages.push_back(read_package(found));
  }
  return packages;
}

const Command& config_command() {
  static const Command command{
      .name = "config",
      .summary = "Checks, shows, explains and compares configuration files.",
      .usage = "config (check | show | explain | diff) [OPTIONS] (PLACE... | KEY)",
      .examples = {"pelorus config check /opt/dolphindb/server",
                   "pelorus config show --role node1 --origin clusterDemo/config", "pelorus config explain maxMemSize",
                   "pelorus config diff server --host 10.0.0.11 --port 8900"},
      .options = {{"json", 'j', "", "one JSON object instead of text", ""},
                  {"origin", 'o', "", "show: where each value comes from", ""},
                  {"role", 'r', "ROLE", "show: controller, agent, single or an alias", ""},
                  {"host", 'H', "HOST", "diff: a node of the live cluster", ""},
                  {"port", 'P', "PORT", "diff: its port", ""},
                  {"user", 'u', "NAME", "diff: who you are; without: guest", ""},
                  {"password", 'p', "TEXT", "or the environment's PELORUS_PASSWORD", ""}},
      .notes =
          "PLACE: a package, its server, clusterDemo or config directory, or a file. check\n"
          "compares several places as the controllers would; it ends with 3 for errors\n"
          "and 9 for warnings. diff ends with 9 when something differs.",
      .words_max = 64,
      .first_words = {"check", "show", "explain", "diff"},
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
