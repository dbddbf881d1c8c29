#include <algorithm>
#include <charconv>
#include <cxxopts.hpp>

#include "cli/command.h"
#include "config/nearest_name.h"

namespace pelorus::cli {
namespace {

cxxopts::Options options_of(const Command& command) {
  cxxopts::Options options("pelorus " + std::string(command.name));
  const auto add = [&](const Option& option) {
    const std::string flags =
        (option.letter != '\0' ? std::string(1, option.letter) + "," : "") + std::string(option.name);
    std::shared_ptr<cxxopts::Value> value;
    if (option.value.empty()) {
      value = cxxopts::value<bool>();
    } else {
      value = cxxopts::value<std::string>();
      if (!option.fallback.empty()) value->default_value(std::string(option.fallback));
      if (!option.implied.empty()) value->implicit_value(std::string(option.implied));
    }
    options.add_options()(flags, std::string(option.help), value);
  };
  for (const auto& option : command.options) add(option);
  add({"help", 'h', "", "this text", ""});
  options.add_options()("words", "", cxxopts::value<std::vector<std::string>>());
  options.parse_positional({"words"});
  return options;
}

/// "; did you mean …" for the unknown option among the words.
std::string hint(const Command& command, const std::vector<std::string>& words) {
  std::vector<std::string_view> names{"help"};
  for (const auto& option : command.options) names.push_back(option.name);
  for (const auto& word : words) {
    if (!word.starts_with("--")) continue;
    const auto name = std::string_view(word).substr(2, word.find('=') - 2);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto nearest = config::nearest_name(name, names);
    if (!nearest.empty()) return "; did you mean --" + std::string(nearest) + "?";
  }
  return "";
}

}  // namespace

Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words) {
  std::vector<const char*> line{"pelorus"};
  for (const auto& word : words) line.push_back(word.c_str());
  try {
    const auto options = options_of(command).parse(static_cast<int>(line.size()), line.data());
    std::vector<Arguments::Given> given;
    if (options.count("help") > 0) given.push_back({"help", ""});
    for (const auto& option : command.options) {
      const std::string name(option.name);
      const bool is_given = options.count(name) > 0;
      if (option.value.empty()) {
        if (is_given && options[name].as<bool>()) given.push_back({name, ""});
      } else if (is_given || !option.fallback.empty()) {
        given.push_back({name, options[name].as<std::string>()});
      }
    }
    std::vector<std::string> rest;
    if (options.count("words") > 0) rest = options["words"].as<std::vector<std::string>>();
    if (rest.size() > command.words_max) {
      return Error{ErrorCode::kInvalid, "'" + rest[command.words_max] + "' was not expected"};
    }
    return Arguments(std::move(given), std::move(rest));
  } catch (const cxxopts::exceptions::exception& failure) {
    return Error{ErrorCode::kInvalid, failure.what() + hint(command, words)};
  }
}

const Arguments::Given* Arguments::find(std::string_view name) const {
  for (const auto& given : given_) {
    if (given.name == name) return &given;
  }
  return nullptr;
}

std::string Arguments::text(std::string_view name) const {
  const auto* given = find(name);
  return given == nullptr ? "" : given->value;
}

Result<int64_t> Arguments::number(std::string_view name, int64_t low, int64_t high) const {
  const std::string text = this->text(name);
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < low || number > high) {
    return Error{ErrorCode::kInvalid, "--" + std::string(name) + " needs a whole number from " + std::to_string(low) +
                                          " to " + std::to_string(high) + ", not '" + text + "'"};
  }
  return number;
}

}  // namespace pelorus::cli
