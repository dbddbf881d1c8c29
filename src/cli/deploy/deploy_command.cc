#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/demo/demo_place.h"
#include "cli/deploy/deployment.h"
#include "cli/deploy/plan_text.h"
#include "cli/deploy/reach.h"

namespace pelorus::cli::deploy {
namespace {

namespace json = boost::json;

constexpr int kPhases = 7;

/// One run of the command, from arguments to an exit code.
class DeployRun {
 public:
  DeployRun(Deployment& deployment, const Arguments& arguments, Progress& progress)
      : deployment_(deployment), arguments_(arguments), progress_(progress) {}
  ExitCode check();
  ExitCode deploy();

 private:
  ExitCode failed(const Error& error);
  /// Asks the hosts, repairs when told to, shows what was found. Nothing: go on.
  std::optional<ExitCode> look();
  ExitCode carry_out();
  ExitCode tell(const char* status);
  json::object result(const char* status) const;
  void show(const std::string& text) {
    if (!progress_.json()) progress_.terminal().out() << text << std::flush;
  }
  void put(const json::object& object) { progress_.terminal().out() << json::serialize(object) << std::endl; }

  Deployment& deployment_;
  const Arguments& arguments_;
  Progress& progress_;
  std::vector<Finding> findings_;
  bool has_changed_ = false;
};

ExitCode DeployRun::failed(const Error& error) {
  progress_.complain(same(error.message));
  auto code = exit_code_of(error);
  if (has_changed_ && code != ExitCode::kDenied && code != ExitCode::kInterrupted) code = ExitCode::kPartlyDone;
  if (has_changed_)
    progress_.note(
        {"What was done stays; run the same command again to go on.", "已完成的部分保留；再次运行同一命令即可继续。"});
  if (progress_.json()) put({{"status", "failed"}, {"error", error.message}, {"exit", static_cast<int>(code)}});
  return code;
}

std::optional<ExitCode> DeployRun::look() {
  const auto hosts = std::to_string(deployment_.topology().hosts.size());
  progress_.phase({"Checking " + hosts + " hosts", "检查 " + hosts + " 台主机"});
  auto looked = deployment_.look();
  if (looked.ok()) findings_ = deployment_.check();
  if (looked.ok() && arguments_.has("fix")) {
    looked = deployment_.repair(findings_);
    if (looked.ok()) findings_ = deployment_.check();
  }
  if (!looked.ok()) return failed(looked.error());
  for (const auto& facts : deployment_.facts()) {
    // Which of the three it is decides what a script does next.
    if (!facts.failure) continue;
    show(findings_text(findings_, progress_.language()));
    const auto code = facts.failure->code;
    failed(*facts.failure);
    return code == ErrorCode::kDenied    ? ExitCode::kDenied
           : code == ErrorCode::kTimeout ? ExitCode::kTimedOut
                                         : ExitCode::kCannotConnect;
  }
  return std::nullopt;
}

ExitCode DeployRun::check() {
  if (const auto code = look()) return *code;
  const bool is_bad = worst(findings_) == Grade::kProblem;
  show(findings_text(findings_, progress_.language()));
  if (progress_.json()) {
    put({{"status", is_bad ? "problems" : "good"}, {"checks", findings_json(findings_, progress_.language())}});
  }
  return is_bad ? ExitCode::kFound : ExitCode::kDone;
}

ExitCode DeployRun::deploy() {
  if (const auto code = look()) return *code;
  const auto same_members = deployment_.check_founded();
  if (!same_members.ok()) return failed(same_members.error());
  const bool is_bad = worst(findings_) == Grade::kProblem;
  if (!is_bad && deployment_.is_complete()) {
    progress_.note({"Nothing to do: the cluster " + deployment_.topology().name + " is deployed and its nodes run.",
                    "无需操作：集群 " + deployment_.topology().name + " 已部署，节点都在运行。"});
    return tell("unchanged");
  }
  progress_.phase({"Plan", "计划"});
  show(findings_text(findings_, progress_.language()) + "\n" +
       plan_text(deployment_.topology(), deployment_.layout(), progress_.language()));
  const auto unsafe = unsafe_points(deployment_.topology(), deployment_.layout());
  for (const auto& point : unsafe) progress_.complain(point);
  if (!unsafe.empty() || is_bad) {
    if (unsafe.empty())
      progress_.complain({"the hosts are not ready: see the problems above", "主机尚未就绪：见上面的问题"});
    const auto code = unsafe.empty() ? ExitCode::kFound : ExitCode::kNotMet;
    auto object = result("refused");
    object["checks"] = findings_json(findings_, progress_.language());
    if (progress_.json()) put(object);
    return code;
  }
  if (arguments_.has("dry-run")) {
    auto object = result("planned");
    object["checks"] = findings_json(findings_, progress_.language());
    if (progress_.json()) put(object);
    return ExitCode::kDone;
  }
  return carry_out();
}

ExitCode DeployRun::carry_out() {
  struct Step {
    BothLanguages text;
    Status (Deployment::*run)();
  };
  const Step steps[] = {
      {{"Installing the package", "安装程序包"}, &Deployment::install},
      {{"Configuring: keys, certificates, settings", "配置：密钥、证书、设置"}, &Deployment::configure},
      {{"Testing the ports between the hosts", "测试主机之间的端口"}, &Deployment::probe},
      {{"Starting controllers, agents and data nodes", "启动控制节点、代理和数据节点"}, &Deployment::start},
      {{"Proving: writes and reads a table, looks at its replicas", "验证：写入并读取一张表，检查其副本"},
       &Deployment::prove}};
  for (const auto& step : steps) {
    progress_.phase(step.text);
    has_changed_ = true;
    const auto done = (deployment_.*step.run)();
    if (!done.ok()) return failed(done.error());
  }
  const auto told = tell("deployed");
  const auto forgotten = deployment_.forget_password();
  return forgotten.ok() ? told : failed(forgotten.error());
}

json::object DeployRun::result(const char* status) const {
  auto object = plan_json(deployment_.topology(), deployment_.layout());
  object["status"] = status;
  return object;
}

ExitCode DeployRun::tell(const char* status) {
  const auto& topology = deployment_.topology();
  const std::string scheme = topology.tls ? "https://" : "http://";
  json::array consoles;
  std::string lines;
  for (const auto* node : deployment_.layout().of(config::NodeMode::kController)) {
    consoles.emplace_back(scheme + node->entry.site.address() + "/");
    lines += "  " + BothLanguages{"Console", "控制台"}.in(progress_.language()) + "   " + scheme +
             node->entry.site.address() + "/\n";
  }
  const auto& password = deployment_.password();
  const bool is_news = std::string_view(status) == "deployed" && !password.empty();
  if (is_news) {
    lines += "  " + BothLanguages{"User      admin   password  ", "用户     admin   密码  "}.in(progress_.language()) +
             password +
             BothLanguages{"   (shown once; change it with changePwd)\n", "   （只显示一次；用 changePwd 修改）\n"}.in(
                 progress_.language());
  }
  if (topology.tls) {
    lines += "  " + BothLanguages{"TLS       trust ", "TLS       信任 "}.in(progress_.language()) + topology.directory +
             "/keys/ca.crt\n";
  }
  show(lines);
  if (progress_.json()) {
    auto object = result(status);
    object["consoles"] = std::move(consoles);
    if (is_news) object["password"] = password;
    object["seconds"] = progress_.seconds();
    put(object);
  } else {
    char took[48];
    std::snprintf(took, sizeof took, "%.1f s", progress_.seconds());
    progress_.note({std::string("Done after ") + took, std::string("用时 ") + took});
  }
  return ExitCode::kDone;
}

Result<Topology> topology_of(const Arguments& arguments) {
  Topology topology;
  if (const auto path = arguments.text("topology"); !path.empty()) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::kInvalid, "the topology file cannot be read: " + path};
    std::ostringstream text;
    text << file.rdbuf();
    auto parsed = parse_topology(text.str());
    if (!parsed.ok()) return Error{ErrorCode::kInvalid, path + ", " + parsed.error().message};
    topology = std::move(*parsed);
  }
  if (arguments.has("hosts")) TRY_DONE(set_hosts(topology, arguments.text("hosts")));
  const std::pair<const char*, std::string*> texts[] = {{"name", &topology.name},
                                                        {"user", &topology.user},
                                                        {"directory", &topology.directory},
                                                        {"data", &topology.data},
                                                        {"identity", &topology.identity_file}};
  for (const auto& [name, member] : texts) {
    if (arguments.has(name)) *member = arguments.text(name);
  }
  struct Number {
    const char* name;
    int* member;
    int64_t low, high;
  };
  const Number numbers[] = {{"ssh-port", &topology.ssh_port, 1, 65535},
                            {"port", &topology.port, 1024, 65000},
                            {"data-nodes", &topology.data_nodes, 1, 16},
                            {"replicas", &topology.replicas, 1, 16},
                            {"controllers", &topology.controllers, 1, 9}};
  for (const auto& [name, member, low, high] : numbers) {
    if (!arguments.has(name)) continue;
    TRY(const auto number, arguments.number(name, low, high));
    *member = static_cast<int>(number);
  }
  if (arguments.has("ssh-option")) topology.ssh_options.push_back(arguments.text("ssh-option"));
  if (arguments.has("no-tls")) topology.tls = false;
  if (arguments.has("pseudo-ha")) topology.pseudo_ha = true;
  if (arguments.has("even-voters")) topology.even_voters = true;
  TRY_DONE(validate_topology(topology));
  return topology;
}

/// The two ends of the port test, on the hosts.
ExitCode run_probe(const Arguments& arguments, Terminal& terminal) {
  const auto seconds = arguments.number("timeout", 1, 600);
  if (!seconds.ok()) return report(seconds.error(), terminal);
  const std::vector<std::string> places(arguments.words().begin() + 1, arguments.words().end());
  if (arguments.words()[0] == "listen") {
    const auto listened = listen_for_peers(places, static_cast<int>(*seconds), terminal.out());
    return listened.ok() ? ExitCode::kDone : report(listened.error(), terminal);
  }
  bool all = true;
  for (const auto& one : reach(places, static_cast<int>(*seconds) * 1000)) {
    if (one.failure.empty()) continue;
    all = false;
    terminal.out() << "  " << one.place << ": " << one.failure << std::endl;
  }
  return all ? ExitCode::kDone : ExitCode::kNotMet;
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto& words = arguments.words();
  if (!words.empty() && (words[0] == "listen" || words[0] == "reach")) return run_probe(arguments, terminal);
  if (words.size() > 1 || (words.size() == 1 && words[0] != "check")) {
    terminal.complain("there is no 'deploy " + words[0] + "', only deploy and deploy check");
    return ExitCode::kUsage;
  }
  const auto language = language_of(arguments);
  if (!language.ok()) return report(language.error(), terminal);
  auto topology = topology_of(arguments);
  if (!topology.ok()) {
    terminal.complain(topology.error().message);
    return arguments.has("topology") && !arguments.has("hosts") ? ExitCode::kBadConfiguration : ExitCode::kUsage;
  }
  auto package = own_package();
  if (!package.ok()) return report(package.error(), terminal);
  signal(SIGPIPE, SIG_IGN);
  const char* secret = std::getenv("PELORUS_PASSWORD");
  const bool is_check = !words.empty();
  Interrupt interrupt;
  Progress progress(terminal, {.language = *language, .json = arguments.has("json"), .phases = is_check ? 1 : kPhases});
  Deployment deployment({.topology = std::move(*topology),
                         .package = std::move(*package),
                         .password = secret == nullptr ? "" : secret,
                         .renews_certificates = arguments.has("renew-certificates")},
                        arguments.has("local"), interrupt, progress);
  DeployRun run(deployment, arguments, progress);
  return is_check ? run.check() : run.deploy();
}

}  // namespace
}  // namespace pelorus::cli::deploy

namespace pelorus::cli {

const Command& deploy_command() {
  static const Command command{
      .name = "deploy",
      .summary = "Makes a secure, running cluster of this package on your hosts.",
      .usage = "deploy [check] (--hosts A,B,C | --topology FILE) [OPTIONS]",
      .examples = {"pelorus deploy check --hosts 10.0.0.11,10.0.0.12,10.0.0.13",
                   "pelorus deploy --topology prod.topology --dry-run",
                   "pelorus deploy --hosts 127.0.0.1 --pseudo-ha --local"},
      .options = {{"hosts", 'H', "A,B,C", "servers, as they shall know each other", ""},
                  {"topology", 't', "FILE", "hosts and choices (docs/operations/deploy.md)", ""},
                  {"name", '\0', "NAME", "of the cluster (pelorus)", ""},
                  {"user", 'u', "NAME", "of ssh and of the nodes' processes", ""},
                  {"ssh-port", '\0', "PORT", "of the hosts' ssh (22)", ""},
                  {"identity", 'i', "FILE", "private key for ssh", ""},
                  {"ssh-option", 'o', "K=V", "one more option of ssh", ""},
                  {"directory", 'd', "DIR", "on the hosts (/opt/pelorus)", ""},
                  {"data", '\0', "DIR", "on the hosts (DIRECTORY/data)", ""},
                  {"port", 'P', "PORT", "of each host's first node (8900)", ""},
                  {"controllers", '\0', "N", "that vote (3; 5 from five hosts on)", ""},
                  {"data-nodes", '\0', "N", "on every host (1)", ""},
                  {"replicas", 'r', "N", "of every partition (2)", ""},
                  {"pseudo-ha", '\0', "", "voters and replicas may share a host", ""},
                  {"even-voters", '\0', "", "accept an even number of voters", ""},
                  {"local", 'l', "", "own addresses without ssh", ""},
                  {"no-tls", '\0', "", "make no certificates", ""},
                  {"renew-certificates", '\0', "", "of all hosts, not of the last month only", ""},
                  {"fix", 'f', "", "repair what checks find, as root", ""},
                  {"dry-run", 'n', "", "show the plan, change nothing", ""},
                  {"json", 'j', "", "one JSON object; progress too, on stderr", ""},
                  language_option(),
                  {"timeout", '\0', "S", "of the port test's ends", "20"}},
      .notes =
          "Run it again after a failure: it goes on from what it finds on the hosts. The\n"
          "environment's PELORUS_PASSWORD chooses admin's password. Status 3: the\n"
          "topology file is wrong.\n"
          "(deploy listen|reach HOST:PORT... are the ends of its own port test.)",
      .words_max = 1024,
      .run = deploy::run,
  };
  return command;
}

}  // namespace pelorus::cli
