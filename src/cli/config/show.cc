#include <boost/json.hpp>

#include "cli/config/config_command.h"
#include "cli/connect.h"
#include "cli/value_text.h"
#include "config/setting.h"

namespace pelorus::cli {
namespace {

using config::Origin;
using config::Settings;

constexpr std::string_view kHidden = "(hidden)";

config::Readers reader_of(config::NodeMode mode) {
  switch (mode) {
    case config::NodeMode::kDataNode: return config::kDataNode;
    case config::NodeMode::kAgent: return config::kAgent;
    case config::NodeMode::kController: return config::kController;
    case config::NodeMode::kSingle: return config::kSingle;
    case config::NodeMode::kComputeNode: return config::kComputeNode;
  }
  return config::kAll;
}

/// Whose lines of cluster.cfg a value came from: "" for everybody's, an alias or a pattern.
std::string qualifier_of(const PackageConfig& package, const std::string& name, const Origin& origin) {
  const auto& values = package.cluster.values();
  if (origin.kind != Origin::Kind::kFile || origin.file != values.file) return "";
  for (const auto& entry : values.entries) {
    if (entry.line == origin.line && entry.key == name) return entry.qualifier;
  }
  return "";
}

struct Row {
  std::string name;
  std::string value;
  std::string unit;
  Origin origin;
  std::string qualifier;
};

Result<Settings> settings_of_role(const PackageConfig& package, const std::string& role) {
  const auto missing = [&](const char* file) {
    return Error{ErrorCode::kNotFound, name_of(package) + " has no readable " + file};
  };
  const std::string wanted = !role.empty()        ? role
                             : package.controller ? "controller"
                             : package.agent      ? "agent"
                                                  : "single";
  if (wanted == "controller")
    return package.controller ? Result<Settings>(package.controller->settings) : missing("controller.cfg");
  if (wanted == "agent") return package.agent ? Result<Settings>(package.agent->settings) : missing("agent.cfg");
  if (wanted == "single" && package.single) return package.single->settings;
  if (wanted != "single") return settings_of_node(package, wanted);
  if (package.place.single_file.empty()) return missing("dolphindb.cfg");
  auto alone = package.place;
  alone.config.clear();
  const auto single = read_package(alone);
  return single.single ? Result<Settings>(single.single->settings) : missing("dolphindb.cfg");
}

std::vector<Row> rows_of(const PackageConfig& package, const Settings& settings) {
  std::vector<Row> rows;
  const auto reader = reader_of(settings.mode());
  for (const auto& setting : config::all_settings()) {
    if ((setting.readers & reader) == 0 || setting.deprecated) continue;
    const std::string name(setting.name);
    const bool hides = setting.is_secret && settings.is_set(name);
    const auto origin = settings.origin(name);
    rows.push_back({name, hides ? std::string(kHidden) : settings.text(name), std::string(setting.unit), origin,
                    qualifier_of(package, name, origin)});
  }
  return rows;
}

std::string origin_text(const Row& row) {
  auto text = row.origin.describe(row.name);
  if (config::is_pattern(row.qualifier)) return text + " (pattern " + row.qualifier + ")";
  return row.qualifier.empty() ? text : text + " (" + row.qualifier + ")";
}

std::string origin_kind(const Row& row) {
  if (row.origin.kind == Origin::Kind::kDefault) return "default";
  if (row.origin.kind != Origin::Kind::kFile) return "option";
  return config::is_pattern(row.qualifier) ? "pattern" : row.qualifier.empty() ? "file" : "alias";
}

std::string rows_json(const Settings& settings, const std::vector<Row>& rows) {
  namespace json = boost::json;
  json::array all;
  for (const auto& row : rows) {
    all.push_back(json::object{{"name", row.name},
                               {"value", row.value},
                               {"unit", row.unit},
                               {"origin",
                                {{"kind", origin_kind(row)},
                                 {"file", row.origin.file},
                                 {"line", row.origin.line},
                                 {"qualifier", row.qualifier}}}});
  }
  return json::serialize(json::object{
      {"role", config::mode_name(settings.mode())}, {"alias", settings.alias()}, {"settings", std::move(all)}});
}

}  // namespace

ExitCode show_configuration(const Words& places, const Arguments& arguments, Terminal& terminal) {
  if (places.size() > 1) return report({ErrorCode::kInvalid, "'" + places[1] + "' was not expected"}, terminal);
  const auto packages = read_packages(places);
  if (!packages.ok()) return report(packages.error(), terminal);
  const auto settings = settings_of_role(packages->front(), arguments.text("role"));
  if (!settings.ok()) return report(settings.error(), terminal);
  const auto rows = rows_of(packages->front(), *settings);
  if (arguments.has("json")) {
    terminal.out() << rows_json(*settings, rows) << std::endl;
    return ExitCode::kDone;
  }
  TextTable table;
  table.names = {"setting", "value", "unit"};
  if (arguments.has("origin")) table.names.push_back("from");
  table.right.assign(table.names.size(), false);
  for (const auto& row : rows) {
    table.rows.push_back({row.name, row.value, row.unit});
    if (arguments.has("origin")) table.rows.back().push_back(origin_text(row));
  }
  terminal.out() << text_table(table, 0) << std::endl;
  return ExitCode::kDone;
}

}  // namespace pelorus::cli
