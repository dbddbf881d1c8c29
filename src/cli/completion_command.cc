#include <algorithm>

#include "cli/command.h"

namespace pelorus::cli {
namespace {

std::vector<Option> options_of(const Command& command) {
  auto options = command.options;
  options.push_back({"help", 'h', "", "this text", ""});
  return options;
}

bool names_a_file(const Option& option) { return option.value == "DIR" || option.value == "FILE"; }

bool takes_files(const Command& command) { return command.words_max > 0; }

std::string replaced(std::string_view text, std::string_view letters) {
  std::string safe;
  for (const char c : text) {
    if (letters.find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return safe;
}

/// For single quotes of a shell: none in it.
std::string unquoted(std::string_view text) {
  std::string safe(text);
  std::replace(safe.begin(), safe.end(), '\'', '`');
  return safe;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : " ") + std::string(word);
  return text;
}

std::string bash_case(const Command& command) {
  std::string flags, files, others;
  for (const auto& option : options_of(command)) {
    std::string both = "--" + std::string(option.name);
    flags += (flags.empty() ? "" : " ") + both;
    if (option.letter != '\0') both += "|-" + std::string(1, option.letter);
    if (option.letter != '\0') flags += " -" + std::string(1, option.letter);
    if (option.value.empty() || !option.implied.empty()) continue;
    auto& kind = names_a_file(option) ? files : others;
    kind += (kind.empty() ? "" : "|") + both;
  }
  std::string text = "    " + std::string(command.name) + ")\n      case $before in\n";
  if (!files.empty()) text += "        " + files + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n";
  if (!others.empty()) text += "        " + others + ") return ;;\n";
  text +=
      "      esac\n      case $word in -*) COMPREPLY=($(compgen -W \"" + flags + "\" -- \"$word\")); return ;; esac\n";
  if (!command.first_words.empty()) {
    text += "      if [ \"$COMP_CWORD\" = 2 ]; then COMPREPLY=($(compgen -W \"" + joined(command.first_words) +
            "\" -- \"$word\")); return; fi\n";
  }
  if (takes_files(command)) text += "      COMPREPLY=($(compgen -f -- \"$word\"))\n";
  return text + "      ;;\n";
}

std::string bash_script() {
  std::string names, cases;
  for (const auto* command : all_commands()) {
    names += (names.empty() ? "" : " ") + std::string(command->name);
    cases += bash_case(*command);
  }
  return "# bash completion of pelorus; made by: pelorus completion bash\n"
         "_pelorus() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W \"" +
         names + "\" -- \"$word\")); return; fi\n  case ${COMP_WORDS[1]} in\n" + cases +
         "  esac\n}\ncomplete -o filenames -F _pelorus pelorus\n";
}

std::string zsh_option(const Option& option) {
  const auto name = "--" + std::string(option.name);
  const auto help = "[" + replaced(unquoted(option.help), "[]:") + "]";
  std::string value;
  if (!option.value.empty()) value = ":" + std::string(option.value) + ":" + (names_a_file(option) ? "_files" : "");
  const std::string end = option.value.empty() ? "" : option.implied.empty() ? "=" : "=-";
  if (option.letter == '\0') return "'" + name + end + help + value + "'";
  const auto letter = "-" + std::string(1, option.letter);
  return "'(" + letter + " " + name + ")'{" + letter + "," + name + end + "}'" + help + value + "'";
}

std::string zsh_script() {
  std::string names, cases;
  for (const auto* command : all_commands()) {
    names += "    '" + std::string(command->name) + ":" + replaced(unquoted(command->summary), ":") + "'\n";
    cases += "    " + std::string(command->name) + ")\n      _arguments";
    for (const auto& option : options_of(*command)) cases += " \\\n        " + zsh_option(option);
    if (!command->first_words.empty()) cases += " \\\n        '1:action:(" + joined(command->first_words) + ")'";
    if (takes_files(*command)) cases += " \\\n        '*:file:_files'";
    cases += "\n      ;;\n";
  }
  return "#compdef pelorus\n# made by: pelorus completion zsh\n_pelorus() {\n  local -a commands\n  commands=(\n" +
         names +
         "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
         "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n" +
         cases + "  esac\n}\ncompdef _pelorus pelorus\n";
}

std::string fish_script() {
  std::string text = "# fish completion of pelorus; made by: pelorus completion fish\ncomplete -c pelorus -f\n";
  for (const auto* command : all_commands()) {
    const std::string name(command->name);
    text += "complete -c pelorus -n __fish_use_subcommand -a " + name + " -d '" + unquoted(command->summary) + "'\n";
    const auto inside = "complete -c pelorus -n '__fish_seen_subcommand_from " + name + "'";
    for (const auto& option : options_of(*command)) {
      text += inside + " -l " + std::string(option.name);
      if (option.letter != '\0') text += " -s " + std::string(1, option.letter);
      if (!option.value.empty() && option.implied.empty()) text += names_a_file(option) ? " -r -F" : " -x";
      text += " -d '" + unquoted(option.help) + "'\n";
    }
    if (!command->first_words.empty()) text += inside + " -a '" + joined(command->first_words) + "'\n";
    if (takes_files(*command)) text += inside + " -F\n";
  }
  return text;
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.words();
  const std::string shell = words.empty() ? "" : words[0];
  const auto script = shell == "bash"   ? bash_script()
                      : shell == "zsh"  ? zsh_script()
                      : shell == "fish" ? fish_script()
                      : shell == "man"  ? manual_page()
                                        : std::string();
  if (script.empty()) {
    terminal.complain("say which shell: pelorus completion bash, zsh or fish");
    return ExitCode::kUsage;
  }
  terminal.out() << script << std::flush;
  return ExitCode::kDone;
}

}  // namespace

const Command& completion_command() {
  static const Command command{
      .name = "completion",
      .summary = "Prints the completion of a shell, or the manual page.",
      .usage = "completion (bash | zsh | fish | man)",
      .examples = {"source <(pelorus completion bash)",
                   "pelorus completion fish > ~/.config/fish/completions/pelorus.fish",
                   "pelorus completion man | man -l -"},
      .options = {},
      .notes = "The package has them under server/share.",
      .words_max = 1,
      .first_words = {"bash", "zsh", "fish", "man"},
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
