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
    if (auto ran = carry(script)) return *ran;
    if (script.find("sh start") != std::string::npos || script.find("sh stop") != std::string::npos)
      return program(script);
    if (script.find("\ncat >") != std::string::npos) {
      const auto at = script.rfind(' ');
      world_.files[host_ + ":" + script.substr(at + 1)] = std::string(input);
      return Ran{};
    }
    if (script.find("*.before-") != std::string::npos) return put_files_back();
    if (script.starts_with("[ -e ") && script.find("cp -p ") != std::string::npos) return keep_file(script);
    if (script.starts_with("if [ -e ") && script.find("; else cat ") != std::string::npos) {
      const auto kept = world_.files.find(host_ + ":" + between(script, "if [ -e ", " ]"));
      return Ran{0, kept == world_.files.end() ? text_of(between(script, "else cat ", "; fi")) : kept->second, ""};
    }
    if (script.starts_with("cat ")) return Ran{0, text_of(script.substr(4, script.find(" 2>") - 4)), ""};
    if (script.starts_with("set -eu\n") && script.find("rm -rf") != std::string::npos)
      world_.removed.insert(host_ + ":" + script);
    return Ran{};
  }
  Result<Ran> run_into(const std::string&, RemoteHost&, const std::string&, std::chrono::milliseconds,
                       const Flow&) override {
    return Ran{};
  }
  Result<std::vector<std::string>> words_for(const std::string&) override { return std::vector<std::string>(); }
  Status send(const std::filesystem::path&, const std::string&) override { return {}; }
  Status fetch(const std::string&, const std::filesystem::path&) override { return {}; }
  void die() { dead_ = true; }

 private:
  static std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const auto at = text.find(before) + before.size();
    return text.substr(at, text.find(after, at) - at);
  }
  Result<Ran> keep_file(const std::string& script) {
    world_.files.try_emplace(host_ + ":" + between(script, "[ -e ", " ]"), text_of(between(script, "[ ! -e ", " ]")));
    return Ran{};
  }
  Result<Ran> put_files_back() {
    const auto suffix = ".before-" + plan_.id + "'";
    for (auto it = world_.files.begin(); it != world_.files.end();) {
      if (!it->first.starts_with(host_ + ":") || !it->first.ends_with(suffix)) {
        ++it;
        continue;
      }
      world_.files[it->first.substr(0, it->first.size() - suffix.size()) + "'"] = it->second;
      it = world_.files.erase(it);
    }
    return Ran{};
  }

  /// "node2" of the first ".../clusterDemo/data/node2'" or ".../node2/moved'"; empty without one.
  static std::string alias_in(const std::string& script) {
    const std::string folder = "/clusterDemo/data/";
    const auto at = script.find(folder);
    if (at == std::string::npos) return "";
    const auto begin = at + folder.size();
    return script.substr(begin, script.find_first_of("'/.", begin) - begin);
  }
  /// What a planned full stop does on a host.
  std::optional<Ran> carry(const std::string& script) {
    const auto has = [&](const char* part) { return script.find(part) != std::string::npos; };
    const auto place = host_ + ":" + alias_in(script);
    if (has("echo none; fi")) return Ran{0, "folder\n", ""};
    if (has("! -name . | wc -l\n") && !has("$copy")) return Ran{0, "1\n", ""};
    if (has("echo there; exit 0")) return Ran{0, world_.copies.contains(place) ? "there\n" : "", ""};
    if (has("wanted=1\n") && !alias_in(script).empty()) world_.copies.insert(place);
    if (has("rm -rf \"$copy\"\nif [ -e \"$sums\" ]")) world_.copies.erase(place);
    if (has("/moved.new'")) return world_.fenced.insert(place), Ran{};
    if (script.starts_with("rm -f ") && has("/moved'")) return world_.fenced.erase(place), Ran{};
    if (has("stop_processes")) return halt(alias_in(script));
    if (has("cp -a") && has(".before-")) world_.kept = world_.members;
    if (has("mv \"$kept\" \"$from\"") && !world_.kept.empty()) world_.members = world_.kept;
    return std::nullopt;
  }
  Ran halt(const std::string& alias) {
    ++world_.orders["halt " + alias];
    auto* member = world_.find(alias);
    if (member == nullptr || member->host != host_ || !member->online) return Ran{0, "already\n", ""};
    member->online = false;
    world_.running.erase(alias);
    return Ran{};
  }
  /// Where the members of a carried cluster are: where their homes may begin.
  void find_places() {
    for (const auto& moved : plan_.relocations) {
      const auto& former = find_member(plan_.before, moved.alias)->host;
      auto* member = world_.find(moved.alias);
      const bool is_moved = world_.fenced.contains(former + ":" + moved.alias);
      if (member != nullptr) member->host = is_moved ? moved.host : former;
      if (is_moved && !world_.copies.contains(moved.host + ":" + moved.alias)) member->uuid = "lost";
    }
  }

  /// Starts or stops the controller or agent that lives in the package.
  Result<Ran> program(const std::string& script) {
    const bool starts = script.find("sh start") != std::string::npos;
    const auto role = script.find("Controller.sh") != std::string::npos ? NodeMode::kController : NodeMode::kAgent;
    if (world_.is_carried && starts) find_places();
    const auto touch = [&](const std::string& alias, const std::string& server) {
      if (script.find(server + "/clusterDemo") == std::string::npos) return;
      const auto* here = world_.find(alias);
      if (world_.is_carried && here != nullptr && here->host != host_) world_.was_double = true;
      ++world_.orders[(starts ? "start " : "stop ") + alias];
      if (starts) world_.running.insert(alias);
      if (!starts) world_.running.erase(alias);
      if (auto* member = world_.find(alias)) member->online = starts;
      world_.count_living();
    };
    for (const auto& member : plan_.before) {
      if (plan_.host_after(member.host) == host_ && member.role == role) touch(member.alias, member.server);
    }
    for (const auto& made : plan_.arrivals(host_)) {
      if (made.role == role) touch(made.alias, made.server);
    }
    return Ran{0, "running\n", ""};
  }
  std::string text_of(const std::string& path) const {
    const auto found = world_.files.find(host_ + ":" + path);
    if (found != world_.files.end()) return found->second;
    if (path.find("controller.cfg") != std::string::npos)
      return "localSite=" + host_ + ":8900:controller1\ndfsMetaDir=/ssd/dfsMeta\n";
    if (path.find("cluster.cfg") != std::string::npos) return world_.settings;
    if (path.find("agent.cfg") != std::string::npos) return "localSite=" + host_ + ":8901:agent1\n";
    return "";
  }

  FakeWorld& world_;
  const std::string host_;
  const Plan& plan_;
  bool dead_ = false;
};

}  // namespace pelorus::cli::migrate
