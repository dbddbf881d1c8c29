#include "config/command_line.h"

#include "config/nearest_name.h"

namespace pelorus::config {
namespace {

Error invalid(std::string text) { return {ErrorCode::kInvalid, std::move(text)}; }

/// "-x", "--x" → "x"; empty when `argument` is no flag.
std::string_view flag_name(std::string_view argument) {
  if (!argument.starts_with('-')) return {};
  argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
  return argument;
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
  CommandLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    auto name = flag_name(arguments[i]);
    if (i == 0 && parse_mode(arguments[0])) {
      line.flags.emplace_back("mode", arguments[0]);
      continue;
    }
    if (name.empty()) return invalid("'" + arguments[i] + "' is no flag; flags look like -workerNum 4");
    if (name == "help" || name == "h") {
      line.wants_help = true;
      continue;
    }
    if (name == "version" || name == "v") {
      line.wants_version = true;
      continue;
    }
    const auto equals = name.find('=');
    const auto inline_value = equals == std::string_view::npos ? std::string() : std::string(name.substr(equals + 1));
    name = name.substr(0, equals);
    const auto* setting = find_setting(name);
    if (!setting && !is_known_without_effect(name)) {
      const auto near = nearest_name(name, setting_names());
      return invalid("unknown flag -" + std::string(name) +
                     (near.empty() ? "" : "; did you mean '-" + std::string(near) + "'?"));
    }
    if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return invalid("flag -" + std::string(name) + " needs a value");
    }
    const std::string value = equals == std::string_view::npos ? arguments[++i] : inline_value;
    if (const auto fault = setting ? value_fault(*setting, value) : std::nullopt) {
      const auto expected = setting->choices.empty() ? std::string(*fault) : "expected one of " + std::string(*fault);
      return invalid("flag -" + std::string(name) + ": " + expected + ": '" + value + "'");
    }
    line.flags.emplace_back(setting ? setting->name : name, value);
  }
  return line;
}

std::vector<std::string> to_arguments(const std::map<std::string, std::string>& settings) {
  std::vector<std::string> arguments;
  for (const auto& [name, value] : settings) {
    arguments.push_back("-" + name);
    arguments.push_back(value);
  }
  return arguments;
}

std::string describe_flags() {
  std::string text;
  for (const auto& setting : all_settings()) {
    text += "  -" + std::string(setting.name);
    if (!setting.unit.empty()) text += " <" + std::string(setting.unit) + ">";
    if (!setting.choices.empty()) text += " <" + std::string(setting.choices) + ">";
    text += "\n      " + std::string(setting.doc);
    if (!setting.default_text.empty()) text += " Default: " + std::string(setting.default_text) + ".";
    text += "\n";
  }
  return text;
}

}  // namespace pelorus::config
