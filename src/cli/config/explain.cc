#include <boost/json.hpp>

#include "cli/config/config_command.h"
#include "cli/connect.h"
#include "config/nearest_name.h"
#include "config/setting.h"
#include "config/site.h"

namespace pelorus::cli {
namespace {

using config::Setting;
using config::SettingType;

std::string_view type_name(SettingType type) {
  switch (type) {
    case SettingType::kBool: return "true or false";
    case SettingType::kInt: return "whole number";
    case SettingType::kFloat: return "number";
    case SettingType::kString: return "text";
    case SettingType::kPath: return "path";
    case SettingType::kList: return "list, by commas";
    case SettingType::kPathList: return "absolute paths, by commas";
    case SettingType::kSite: return "host:port:alias";
    case SettingType::kSiteList: return "host:port:alias:type, by commas";
  }
  return "text";
}

std::vector<std::string_view> roles_of(const Setting& setting) {
  constexpr std::pair<config::Readers, std::string_view> kRoles[] = {{config::kSingle, "single"},
                                                                     {config::kController, "controller"},
                                                                     {config::kAgent, "agent"},
                                                                     {config::kDataNode, "datanode"},
                                                                     {config::kComputeNode, "computenode"}};
  std::vector<std::string_view> roles;
  for (const auto& [bit, name] : kRoles) {
    if ((setting.readers & bit) != 0) roles.push_back(name);
  }
  return roles;
}

std::string plain_number(double number) {
  auto text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// "CRASH|OFFLINE", "from 1 to 65535", "from 0"; empty for anything.
std::string values_of(const Setting& setting) {
  if (!setting.choices.empty()) return std::string(setting.choices);
  std::string text;
  if (setting.least > -1e18) text = "from " + plain_number(setting.least);
  if (setting.most < 1e18) text += (text.empty() ? "" : " ") + ("to " + plain_number(setting.most));
  return text;
}

/// "@x" is the value of another setting.
std::string default_of(const Setting& setting) {
  if (setting.default_text.empty()) return "";
  if (setting.default_text.starts_with('@')) return "as " + std::string(setting.default_text.substr(1));
  return std::string(setting.default_text);
}

std::string setting_json(const Setting& setting) {
  namespace json = boost::json;
  json::array roles;
  for (const auto role : roles_of(setting)) roles.push_back(json::string(role));
  return json::serialize(json::object{{"name", setting.name},
                                      {"meaning", setting.doc},
                                      {"type", type_name(setting.type)},
                                      {"unit", setting.unit},
                                      {"default", default_of(setting)},
                                      {"values", values_of(setting)},
                                      {"roles", std::move(roles)},
                                      {"commandLineOnly", (setting.readers & config::kCommandLine) != 0},
                                      {"changesOnline", setting.changes_online},
                                      {"obsolete", setting.deprecated}});
}

std::string setting_text(const Setting& setting, const std::string& asked) {
  std::string text;
  const auto line = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += fit(label, 10, false) + value + "\n";
  };
  line("setting", std::string(setting.name) + (asked == setting.name ? "" : " (also written " + asked + ")"));
  line("meaning", std::string(setting.doc));
  line("type", std::string(type_name(setting.type)));
  line("values", values_of(setting));
  line("unit", std::string(setting.unit));
  line("default", default_of(setting).empty() ? "none" : default_of(setting));
  std::string roles;
  for (const auto role : roles_of(setting)) roles += (roles.empty() ? "" : ", ") + std::string(role);
  line("read by", roles);
  if ((setting.readers & config::kCommandLine) != 0) line("given", "on the command line, not in a file");
  line("changes", setting.changes_online ? "may change while the node runs, else at its next start"
                                         : "at the next start of the node");
  if (setting.deprecated) line("obsolete", "parsed and without effect");
  return text;
}

}  // namespace

ExitCode explain_setting(const Words& names, const Arguments& arguments, Terminal& terminal) {
  if (names.size() != 1)
    return report({ErrorCode::kInvalid, "say which setting: pelorus config explain maxMemSize"}, terminal);
  auto name = names[0];
  if (const auto dot = name.rfind('.'); dot != std::string::npos) name = name.substr(dot + 1);  // node1.volumes
  const auto* setting = config::find_setting(name);
  if (setting == nullptr) {
    const bool has_no_effect = config::is_known_without_effect(name);
    return report({ErrorCode::kInvalid, has_no_effect ? "'" + name + "' is accepted and has no effect here"
                                                      : "there is no setting '" + name + "'" +
                                                            config::did_you_mean(name, config::setting_names())},
                  terminal);
  }
  terminal.out() << (arguments.has("json") ? setting_json(*setting) + "\n" : setting_text(*setting, name))
                 << std::flush;
  return ExitCode::kDone;
}

}  // namespace pelorus::cli
