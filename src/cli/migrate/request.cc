#include "cli/migrate/request.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <tuple>

#include "cli/connect.h"

namespace pelorus::cli::migrate {
namespace {

namespace json = boost::json;

std::vector<std::string> items(const std::string& text) {
  std::vector<std::string> found;
  for (const auto item : config::split(text, ',')) {
    if (!item.empty()) found.emplace_back(item);
  }
  return found;
}

/// The package this program lies in, or empty.
std::string own_package() {
  std::error_code failure;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) return "";
  const auto folder = program.parent_path();
  return std::filesystem::exists(folder / "scripts/node_control.sh", failure) &&
                 std::filesystem::exists(folder / "pelorusd", failure)
             ? folder.string()
             : "";
}

Status take_target(Request& request, const Arguments& arguments) {
  request.hosts_text = arguments.text("to-hosts");
  request.replace_text = arguments.text("replace");
  request.address_text = arguments.text("move-host");
  request.directory_text = arguments.text("move-dir");
  request.to_cluster = arguments.has("to-cluster");
  request.files = items(arguments.text("from-config"));
  auto& target = request.target;
  target.controllers_only = arguments.has("controllers-only");
  target.accept_risk = arguments.has("accept-risk");
  target.offline = arguments.has("offline");
  if (target.offline) target.sources = request.files;
  target.directory = arguments.text("dir");
  if (!target.directory.empty() && !target.directory.starts_with('/')) {
    return Error{ErrorCode::kInvalid, "--dir wants an absolute path, not '" + target.directory + "'"};
  }
  for (const auto& rule : items(arguments.text("map-path"))) {
    const auto equals = rule.find('=');
    if (equals == std::string::npos || rule[0] != '/' || rule[equals + 1] != '/') {
      return Error{ErrorCode::kInvalid, "--map-path wants /old=/new, not '" + rule + "'"};
    }
    target.paths.push_back({rule.substr(0, equals), rule.substr(equals + 1)});
  }
  return {};
}

Result<std::pair<std::string, std::string>> old_and_new(const std::string& text, const std::string& option) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return Error{ErrorCode::kInvalid, option + " wants OLDHOST=NEWHOST, not '" + text + "'"};
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

/// "HOST:/old=/new[,HOST:/old2=/new2…]", one host.
Status take_directories(const std::string& text, Target& target) {
  target.paths.clear();
  for (const auto& item : items(text)) {
    const auto colon = item.find(":/"), equals = item.find("=/");
    if (colon == std::string::npos || colon == 0 || equals == std::string::npos || equals < colon)
      return Error{ErrorCode::kInvalid, "--move-dir wants HOST:/old=/new, not '" + item + "'"};
    const auto host = item.substr(0, colon);
    if (!target.directory_host.empty() && host != target.directory_host)
      return Error{ErrorCode::kInvalid, "--move-dir moves directories of one host at a time"};
    target.directory_host = host;
    target.paths.push_back({item.substr(colon + 1, equals - colon - 1), item.substr(equals + 1)});
  }
  return {};
}

Status take_access(Request& request, const Arguments& arguments) {
  request.access.user = arguments.text("ssh-user");
  request.access.identity_file = arguments.text("identity");
  request.access.ssh_options = items(arguments.text("ssh-options"));
  TRY(const auto port, arguments.number("ssh-port", 1, 65535));
  request.access.port = static_cast<uint16_t>(port);
  request.package = arguments.text("package");
  if (!request.package.empty() && std::filesystem::exists(request.package + "/server")) request.package += "/server";
  if (request.package.empty()) request.package = own_package();
  return {};
}

}  // namespace

std::vector<Option> common_options() {
  std::vector<Option> options{
      {"package", '\0', "DIR", "the programs to send; else this tool's own", ""},
      {"ssh-user", '\0', "NAME", "on the hosts", ""},
      {"ssh-port", '\0', "PORT", "of the hosts", "22"},
      {"identity", '\0', "FILE", "private key for ssh", ""},
      {"ssh-options", '\0', "A=B", "as behind ssh -o", ""},
      {"state", '\0', "DIR", "plans and journals, on this computer", ""},
      {"yes", 'y', "", "finish, finalize: without asking", ""},
      {"json", 'j', "", "one JSON object instead of text", ""},
      language_option(),
  };
  for (const auto& option : connection_options()) options.push_back(option);
  return options;
}

std::vector<Option> request_options() {
  std::vector<Option> options{
      {"to-hosts", '\0', "A,B,C", "the hosts the cluster shall live on", ""},
      {"replace", '\0', "OLD=NEW", "one host takes the place of another", ""},
      {"move-host", '\0', "OLD=NEW", "the same machine gets another address", ""},
      {"move-dir", '\0', "HOST:/A=/B", "directories of members there go elsewhere", ""},
      {"to-cluster", '\0', "", "a single node becomes a cluster on its host", ""},
      {"offline", '\0', "", "stop everything, move members as they are, start", ""},
      {"from-config", '\0', "DIRS", "from packages' files: DIR here, or HOST:DIR", ""},
      {"controllers-only", '\0', "", "new hosts get no agent and no data node", ""},
      {"accept-risk", '\0', "", "also if no failure may be survived then", ""},
      {"dir", '\0', "DIR", "packages of new hosts; <HOST> is filled in", ""},
      {"map-path", '\0', "/A=/B,…", "directories on new hosts; <HOST>, <ALIAS>", ""},
      {"throttle", '\0', "MB/S", "copy replicas, and with --offline directories, no faster; 0: no limit", "0"},
  };
  for (const auto& option : common_options()) options.push_back(option);
  return options;
}

Result<Request> common_request_of(const Arguments& arguments, const std::vector<std::string_view>& verbs,
                                  std::string_view kind) {
  std::string all;
  for (const auto verb : verbs) all += (all.empty() ? "" : ", ") + std::string(verb);
  Request request;
  if (arguments.words().empty()) return Error{ErrorCode::kInvalid, "say what: " + all};
  request.verb = arguments.words()[0];
  if (std::find(verbs.begin(), verbs.end(), request.verb) == verbs.end())
    return Error{ErrorCode::kInvalid, "'" + request.verb + "' is none of " + all};
  if (arguments.words().size() > 1) request.id = arguments.words()[1];
  const bool needs_id = request.verb != "plan" && request.verb != "status" && request.verb != "verify";
  if (needs_id && request.id.empty()) return Error{ErrorCode::kInvalid, request.verb + " needs a plan's id"};
  if (request.verb == "plan" && !request.id.empty())
    return Error{ErrorCode::kInvalid, "'" + request.id + "' was not expected"};
  request.state_directory =
      arguments.text("state").empty() ? steps::default_state_directory(kind) : arguments.text("state");
  TRY(request.language, language_of(arguments));
  request.json = arguments.has("json");
  request.yes = arguments.has("yes");
  TRY_DONE(take_access(request, arguments));
  TRY(const auto port, arguments.number("port", 1, 65535));
  request.login.first = {arguments.text("host"), static_cast<int>(port)};
  request.login.user = arguments.text("user");
  request.login.password = arguments.text("password");
  const char* secret = std::getenv("PELORUS_PASSWORD");
  if (!arguments.has("password") && secret != nullptr) request.login.password = secret;
  return request;
}

Result<Request> request_of(const Arguments& arguments) {
  TRY(auto request, common_request_of(arguments, {"plan", "apply", "status", "resume", "rollback", "verify", "finish"},
                                      "migrations"));
  TRY_DONE(take_target(request, arguments));
  TRY(request.throttle_mb, arguments.number("throttle", 0, 1000000));
  const int targets = !request.hosts_text.empty() + !request.replace_text.empty() + !request.address_text.empty() +
                      !request.directory_text.empty() + request.to_cluster;
  if (request.verb == "plan" && targets != 1) {
    return Error{ErrorCode::kInvalid,
                 "plan needs one of --to-hosts A,B,C, --replace OLD=NEW, --move-host OLD=NEW, "
                 "--move-dir HOST:/old=/new and --to-cluster"};
  }
  if (request.target.offline && request.hosts_text.empty() && request.replace_text.empty())
    return Error{ErrorCode::kInvalid, "--offline goes with --to-hosts A,B,C or --replace OLD=NEW"};
  return request;
}

Result<Target> target_of(const Request& request, const std::vector<Member>& members) {
  auto target = request.target;
  if (request.to_cluster) {
    target.to_cluster = true;
    target.hosts = {request.login.first.host};
    return target;
  }
  if (!request.hosts_text.empty()) {
    target.hosts = items(request.hosts_text);
    if (target.hosts.empty()) return Error{ErrorCode::kInvalid, "--to-hosts names no host"};
    return target;
  }
  const auto others = [&](const std::string& gone, const std::string& come) {
    for (const auto& host : hosts_of(members)) target.hosts.push_back(host == gone ? come : host);
  };
  if (!request.directory_text.empty()) {
    TRY_DONE(take_directories(request.directory_text, target));
    others("", "");
    return target;
  }
  const bool replaces = !request.replace_text.empty();
  TRY(const auto hosts,
      replaces ? old_and_new(request.replace_text, "--replace") : old_and_new(request.address_text, "--move-host"));
  if (replaces) {
    target.replaced = hosts.first;
  } else {
    std::tie(target.moved, target.moved_to) = hosts;
  }
  others(hosts.first, hosts.second);
  return target;
}

std::string means_of(const Request& request) {
  json::array options;
  for (const auto& option : request.access.ssh_options) options.emplace_back(option);
  return json::serialize(json::object{{"sshUser", request.access.user},
                                      {"sshPort", request.access.port},
                                      {"identity", request.access.identity_file},
                                      {"sshOptions", std::move(options)},
                                      {"throttle", request.throttle_mb},
                                      {"package", request.package},
                                      {"user", request.login.user}});
}

void take_means(Request& request, const Arguments& arguments, const std::string& means) {
  boost::system::error_code failure;
  const auto value = json::parse(means, failure);
  if (failure || !value.is_object()) return;
  const auto& object = value.get_object();
  const auto text = [&](const char* name, std::string& into, const char* option) {
    const auto* found = object.if_contains(name);
    if (arguments.text(option).empty() && found != nullptr && found->is_string())
      into = std::string(found->get_string());
  };
  const auto number = [&](const char* name, auto& into, const char* option, const char* fallback) {
    const auto* found = object.if_contains(name);
    if (arguments.text(option) == fallback && found != nullptr && found->is_number()) {
      into = found->to_number<std::remove_reference_t<decltype(into)>>();
    }
  };
  text("sshUser", request.access.user, "ssh-user");
  text("identity", request.access.identity_file, "identity");
  text("package", request.package, "package");
  text("user", request.login.user, "user");
  number("sshPort", request.access.port, "ssh-port", "22");
  number("throttle", request.throttle_mb, "throttle", "0");
  const auto* options = object.if_contains("sshOptions");
  if (!arguments.text("ssh-options").empty() || options == nullptr || !options->is_array()) return;
  request.access.ssh_options.clear();
  for (const auto& option : options->get_array()) request.access.ssh_options.emplace_back(option.as_string());
}

}  // namespace pelorus::cli::migrate
