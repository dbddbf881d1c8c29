#pragma once
// For tests: a host in memory, where scripts of packages start and stop what is in fake_world.h.

#include "cli/migrate/fake_world.h"

namespace pelorus::cli::migrate {

/// Understands of a script what the steps need it to.
class FakeHost final : public RemoteHost {
 public:
  FakeHost(FakeWorld& world, std::string host, const Plan& plan) : world_(world), host_(std::move(host)), plan_(plan) {}
  const std::string& address() const override { return host_; }
  bool is_local() const override { return false; }
  Result<Ran> run(const std::string& script, std::string_view input, std::chrono::milliseconds) override {
    if (dead_) return Error{ErrorCode::kUnavailable, host_ + " does not answer"};
    if (script.find("tar -xzf") != std::string::npos) {
      world_.packages.insert(host_);
      return Ran{};
    }
    if (script.find("echo foreign") != std::string::npos)
      return Ran{0, world_.packages.contains(host_) ? plan_.id : "none", ""};
    if (script.find("sh start") != std::string::npos || script.find("sh stop") != std::string::npos)
      return program(script);
    if (script.find("\ncat >") != std::string::npos) {
      const auto at = script.rfind(' ');
      world_.files[host_ + ":" + script.substr(at + 1)] = std::string(input);
      return Ran{};
    }
    if (script.starts_with("cat ")) return Ran{0, text_of(script.substr(4, script.find(" 2>") - 4)), ""};
    if (script.starts_with("set -eu\n") && script.find("rm -rf") != std::string::npos)
      world_.removed.insert(host_ + ":" + script);
    return Ran{};
  }
  Result<Ran> run_into(const std::string&, RemoteHost&, const std::string&, std::chrono::milliseconds) override {
    return Ran{};
  }
  Result<std::vector<std::string>> words_for(const std::string&) override { return std::vector<std::string>(); }
  Status send(const std::filesystem::path&, const std::string&) override { return {}; }
  Status fetch(const std::string&, const std::filesystem::path&) override { return {}; }
  void die() { dead_ = true; }

 private:
  /// Starts or stops the controller or agent that lives in the package.
  Result<Ran> program(const std::string& script) {
    const bool starts = script.find("sh start") != std::string::npos;
    const auto role = script.find("Controller.sh") != std::string::npos ? NodeMode::kController : NodeMode::kAgent;
    const auto touch = [&](const std::string& alias, const std::string& server) {
      if (script.find(server + "/clusterDemo") == std::string::npos) return;
      ++world_.orders[(starts ? "start " : "stop ") + alias];
      if (starts) world_.running.insert(alias);
      if (!starts) world_.running.erase(alias);
      if (auto* member = world_.find(alias)) member->online = starts;
      world_.count_living();
    };
    for (const auto& member : plan_.before) {
      if (plan_.host_after(member.host) == host_ && member.role == role) touch(member.alias, member.server);
    }
    for (const auto& made : plan_.additions) {
      if (made.host == host_ && made.role == role) touch(made.alias, made.server);
    }
    return Ran{0, "running\n", ""};
  }
  std::string text_of(const std::string& path) const {
    const auto found = world_.files.find(host_ + ":" + path);
    if (found != world_.files.end()) return found->second;
    if (path.find("controller.cfg") != std::string::npos)
      return "localSite=" + host_ + ":8900:controller1\ndfsMetaDir=/ssd/dfsMeta\n";
    if (path.find("agent.cfg") != std::string::npos) return "localSite=" + host_ + ":8901:agent1\n";
    return "";
  }

  FakeWorld& world_;
  const std::string host_;
  const Plan& plan_;
  bool dead_ = false;
};

}  // namespace pelorus::cli::migrate
