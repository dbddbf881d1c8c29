#include <array>

#include "cli/command.h"
#include "config/nearest_name.h"

namespace pelorus::cli {
namespace {

constexpr std::string_view kCommon[] = {
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 invalid configuration, 4 cannot",
    "connect, 5 not allowed, 6 timed out, 7 something needed is missing (a leader,",
    "the package), 8 partly done, 9 a check found something, 130 Ctrl-C.",
};

std::string general_help() {
  std::string text =
      "Operates Pelorus clusters from the command line.\n\nUsage: pelorus COMMAND [OPTIONS]\n\nCommands:\n";
  for (const auto* command : all_commands()) {
    text += "  " + fit(command->name, 14, false) + " " + std::string(command->summary) + "\n";
  }
  text +=
      "\nExamples:\n  pelorus demo\n  pelorus run -e 'select count(*) from loadTable(\"dfs://flights\", \"flights\")'"
      "\n  pelorus status --port 9901\n\n";
  text += exit_status_help();
  return text + "See also: pelorus COMMAND --help\n";
}

ExitCode refuse(Terminal& terminal, const std::string& reason, std::string_view see) {
  terminal.complain(reason);
  terminal.err() << "See: pelorus" << (see.empty() ? "" : " ") << see << " --help" << std::endl;
  return ExitCode::kUsage;
}

}  // namespace

const std::vector<const Command*>& all_commands() {
  static const std::vector<const Command*> commands = {
      &demo_command(),           &deploy_command(),     &run_command(),     &console_command(), &status_command(),
      &doctor_command(),         &config_command(),     &migrate_command(), &upgrade_command(), &logs_command(),
      &support_bundle_command(), &completion_command(), &version_command()};
  return commands;
}

std::string flags_of(const Option& option) {
  auto text = option.letter != '\0' ? "-" + std::string(1, option.letter) + ", " : std::string("    ");
  text += "--" + std::string(option.name);
  if (option.value.empty()) return text;
  return text + (option.implied.empty() ? " " + std::string(option.value) : "[=" + std::string(option.value) + "]");
}

std::string exit_status_help() {
  std::string text;
  for (const auto line : kCommon) text += std::string(line) + "\n";
  return text;
}

std::string help_of(const Command& command) {
  std::string text =
      std::string(command.summary) + "\n\nUsage: pelorus " + std::string(command.usage) + "\n\nExamples:\n";
  for (const auto example : command.examples) text += "  " + std::string(example) + "\n";
  text += "\nOptions:\n";
  auto options = command.options;
  options.push_back({"help", 'h', "", "this text", ""});
  for (const auto& option : options) {
    text += "  " + fit(flags_of(option), 22, false) + " " + std::string(option.help);
    if (!option.fallback.empty()) text += " (" + std::string(option.fallback) + ")";
    text += "\n";
  }
  if (!command.notes.empty()) text += "\n" + std::string(command.notes) + "\n";
  return text + "\n" + exit_status_help();
}

ExitCode run_tool(const std::vector<std::string>& args, Terminal& terminal) {
  if (args.size() < 2) {
    terminal.err() << general_help();
    return ExitCode::kUsage;
  }
  const std::string& name = args[1];
  if (name == "--help" || name == "-h" || name == "help") {
    terminal.out() << general_help();
    return ExitCode::kDone;
  }
  if (name == "--version") return version_command().run(Arguments({}, {}), terminal);
  std::vector<std::string_view> names;
  for (const auto* command : all_commands()) {
    names.push_back(command->name);
    if (command->name != name) continue;
    auto arguments = parse_arguments(*command, {args.begin() + 2, args.end()});
    if (!arguments.ok()) return refuse(terminal, arguments.error().message, name);
    if (arguments->has("help")) {
      terminal.out() << help_of(*command);
      return ExitCode::kDone;
    }
    return command->run(*arguments, terminal);
  }
  return refuse(terminal, "there is no command '" + name + "'" + config::did_you_mean(name, names), "");
}

}  // namespace pelorus::cli
