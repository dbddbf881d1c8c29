#include <boost/json.hpp>

#include "cli/config/config_command.h"
#include "cli/config/in_effect.h"
#include "cli/connect.h"

namespace pelorus::cli {
namespace {

std::string differences_json(const std::vector<Difference>& all) {
  namespace json = boost::json;
  json::array rows;
  const auto text_or_null = [](const std::string& text) { return text.empty() ? json::value() : json::value(text); };
  for (const auto& difference : all) {
    rows.push_back(json::object{{"file", difference.file},
                                {"line", difference.line},
                                {"key", difference.key},
                                {"here", text_or_null(difference.here)},
                                {"there", text_or_null(difference.there)}});
  }
  return json::serialize(json::object{{"differences", std::move(rows)}});
}

std::string differences_text(const std::vector<Difference>& all, bool live) {
  const std::string other = live ? "in effect" : "there";
  std::string text;
  for (const auto& difference : all) {
    text += difference.file + (difference.line > 0 ? ":" + std::to_string(difference.line) : "") + ": ";
    text += difference.line > 0 ? difference.key + "=" + difference.here : "(no line) " + difference.key;
    text += ", " + other + ": " + (difference.there.empty() ? "nothing" : difference.there) + "\n";
  }
  if (all.empty()) return live ? "every line is in effect\n" : "no difference\n";
  return text;
}

Result<std::vector<Difference>> compare_with_cluster(const PackageConfig& package, const Arguments& arguments,
                                                     Terminal& terminal, ExitCode& failure) {
  const auto target = live_target(arguments);
  const auto connection = connect(target, terminal, false, failure);
  if (connection == nullptr) return Error{ErrorCode::kUnavailable, ""};
  TRY(const auto live, read_in_effect(*connection, package, connection_options_of(target)));
  return differences(package, live);
}

}  // namespace

ExitCode compare_configuration(const Words& places, const Arguments& arguments, Terminal& terminal) {
  const bool live = arguments.has("host") || arguments.has("port");
  if (places.size() != (live ? 1 : 2)) {
    return report({ErrorCode::kInvalid, "give two places to compare, or one and --host or --port of a node"}, terminal);
  }
  const auto packages = read_packages(places);
  if (!packages.ok()) return report(packages.error(), terminal);
  auto failure = ExitCode::kDone;
  const auto found = live ? compare_with_cluster((*packages)[0], arguments, terminal, failure)
                          : Result<std::vector<Difference>>(differences((*packages)[0], (*packages)[1]));
  if (failure != ExitCode::kDone) return failure;
  if (!found.ok()) return report(found.error(), terminal);
  if (arguments.has("json")) {
    terminal.out() << differences_json(*found) << std::endl;
  } else {
    terminal.out() << differences_text(*found, live) << std::flush;
  }
  return found->empty() ? ExitCode::kDone : ExitCode::kFound;
}

}  // namespace pelorus::cli
