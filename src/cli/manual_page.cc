#include "cli/command.h"

namespace pelorus::cli {
namespace {

/// roff takes a dot or quote at the beginning of a line for a request, and "-" for a hyphen that may be broken.
std::string roff(std::string_view text) {
  std::string safe;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) safe += "\\&";
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else {
      safe += c;
    }
    at_start = c == '\n';
  }
  return safe;
}

std::string section_of(const Command& command) {
  auto text =
      ".SS " + roff(command.name) + "\n" + roff(command.summary) + "\n.PP\n.B pelorus " + roff(command.usage) + "\n";
  for (const auto& option : command.options) {
    auto flags = flags_of(option);
    flags.erase(0, flags.find_first_not_of(' '));
    text += ".TP\n.B " + roff(flags) + "\n" + roff(option.help);
    text += option.fallback.empty() ? "\n" : " (" + roff(option.fallback) + ")\n";
  }
  if (!command.notes.empty()) text += ".PP\n" + roff(command.notes) + "\n";
  text += ".PP\nExamples:\n.nf\n";
  for (const auto example : command.examples) text += "  " + roff(example) + "\n";
  return text + ".fi\n";
}

}  // namespace

std::string manual_page() {
  std::string text = ".TH PELORUS 1 \"\" \"Pelorus " PELORUS_VERSION
                     "\" \"Pelorus\"\n"
                     ".SH NAME\npelorus \\- operates Pelorus clusters from the command line\n"
                     ".SH SYNOPSIS\n.B pelorus\n.I COMMAND\n[OPTIONS]\n.SH COMMANDS\n";
  for (const auto* command : all_commands()) text += section_of(*command);
  return text +
         ".SH ENVIRONMENT\n.TP\n.B PELORUS_PASSWORD\nThe password of \\-\\-user.\n.TP\n.B NO_COLOR\nNo colour.\n" +
         ".SH EXIT STATUS\n" + roff(exit_status_help());
}

}  // namespace pelorus::cli
