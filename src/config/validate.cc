#include "config/validate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "config/nearest_name.h"

namespace pelorus::config {
namespace {

std::string place_of(const Settings& settings, std::string_view name, int& line) {
  const auto origin = settings.origin(name);
  line = origin.line;
  return origin.kind == Origin::Kind::kFile ? origin.file : "command line";
}

void report(const Settings& settings, std::string_view name, std::string text, Severity severity, Findings& findings) {
  int line = 0;
  auto file = place_of(settings, name, line);
  findings.push_back({std::move(file), line, std::move(text), severity});
}

std::string join(const std::vector<RoleSite>& sites) {
  std::string text;
  for (const auto& item : sites) text += (text.empty() ? "" : ",") + item.to_string();
  return text;
}

/// Drops repeated items; one alias with two addresses is an error.
std::vector<RoleSite> distinct_sites(const Settings& settings, Findings& findings) {
  std::vector<RoleSite> distinct;
  const auto written = settings.list("sites");
  for (const auto& item : written) {
    const auto site = parse_role_site(item);
    if (!site.ok()) continue;
    const auto same_alias = std::find_if(distinct.begin(), distinct.end(),
                                         [&](const RoleSite& other) { return other.site.alias == site->site.alias; });
    if (same_alias == distinct.end()) {
      distinct.push_back(*site);
    } else if (*same_alias == *site) {
      report(settings, "sites", "'" + item + "' stands twice in sites; one left out", Severity::kWarning, findings);
    } else {
      report(settings, "sites",
             "'" + site->site.alias + "' is " + same_alias->to_string() + " and " + site->to_string() +
                 " in the same line",
             Severity::kError, findings);
    }
  }
  return distinct;
}

/// One address as bytes, to compare with the interfaces'.
std::string address_bytes(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto& four = *reinterpret_cast<const sockaddr_in*>(address);
    return {reinterpret_cast<const char*>(&four.sin_addr), sizeof(four.sin_addr)};
  }
  if (address->sa_family == AF_INET6) {
    const auto& six = *reinterpret_cast<const sockaddr_in6*>(address);
    return {reinterpret_cast<const char*>(&six.sin6_addr), sizeof(six.sin6_addr)};
  }
  return {};
}

}  // namespace

bool is_own_host(const std::string& host) {
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, nullptr, &found) != 0) return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, &freeaddrinfo);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> interfaces(list, &freeifaddrs);
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const auto wanted = address_bytes(address->ai_addr);
    if (wanted.size() == 4 && wanted[0] == 127) return true;  // the whole of 127.0.0.0/8 is the loopback
    for (const auto* interface = interfaces.get(); interface != nullptr; interface = interface->ifa_next) {
      if (!wanted.empty() && address_bytes(interface->ifa_addr) == wanted) return true;
    }
  }
  return false;
}

void check_value(std::string_view name, std::string_view value, const Place& place, Findings& findings) {
  const auto* setting = find_setting(name);
  if (!setting) {
    const bool known = is_known_without_effect(name);
    findings.push_back(
        {place.file, place.line,
         known ? "setting '" + std::string(name) + "' has no effect here"
               : "unknown setting '" + std::string(name) + "' ignored" + did_you_mean(name, setting_names()),
         known ? Severity::kNote : Severity::kWarning});
    return;
  }
  if (setting->deprecated) {
    findings.push_back(
        {place.file, place.line, "setting '" + std::string(name) + "' is obsolete and has no effect", Severity::kNote});
  }
  if (const auto fault = value_fault(*setting, value)) {
    std::string text = std::string(name) + ": ";
    text += setting->choices.empty() ? std::string(*fault) : "expected one of " + std::string(*fault);
    if (!setting->unit.empty()) text += " (" + std::string(setting->unit) + ")";
    if (*fault == "too small") text += ", at least " + std::to_string(static_cast<int64_t>(setting->least));
    if (*fault == "too large") text += ", at most " + std::to_string(static_cast<int64_t>(setting->most));
    findings.push_back({place.file, place.line, text + ": '" + std::string(value) + "'", Severity::kError});
  }
}

void repair_own_site(Settings& settings, const IsOwnHost& is_own_host, Findings& findings) {
  if (!settings.is_set("sites")) return;
  auto sites = distinct_sites(settings, findings);
  auto own = settings.local_site();
  const auto listed =
      std::find_if(sites.begin(), sites.end(), [&](const RoleSite& item) { return item.site.alias == own.alias; });
  if (settings.mode() == NodeMode::kAgent && listed == sites.end()) {
    report(settings, "sites", "sites does not name this agent, '" + own.alias + "'; added", Severity::kWarning,
           findings);
    sites.insert(sites.begin(), {own, NodeMode::kAgent});
  } else if (listed != sites.end() && !listed->site.same_address(own)) {
    const bool own_is_here = is_own_host(own.host);
    const bool listed_is_here = is_own_host(listed->site.host);
    const auto both = own.to_string() + " in localSite and " + listed->site.to_string() + " in sites";
    if (own_is_here == listed_is_here) {
      report(settings, "localSite",
             "'" + own.alias + "' is " + both + "; " + (own_is_here ? "both are addresses" : "neither is an address") +
                 " of this machine, correct one",
             Severity::kError, findings);
    } else {
      const auto right = own_is_here ? own : listed->site;
      report(settings, "localSite",
             "'" + own.alias + "' is " + both + "; taken: " + right.address() + ", the address of this machine",
             Severity::kWarning, findings);
      listed->site = right;
      settings.set("localSite", right.to_string(), settings.origin("localSite"));
    }
  }
  settings.set("sites", join(sites), settings.origin("sites"));
}

void validate(const Settings& settings, Findings& findings) {
  const auto mode = settings.mode();
  const auto demand = [&](std::string_view name, std::string_view why) {
    if (!settings.is_set(name)) {
      findings.push_back(
          {"configuration", 0, std::string(name) + " is missing: " + std::string(why), Severity::kError});
    }
  };
  if (mode != NodeMode::kSingle) demand("localSite", "write localSite=host:port:alias");
  if (mode == NodeMode::kAgent) demand("controllerSite", "write controllerSite=host:port:alias of any controller");

  const auto array_limit = settings.integer("regularArrayMemoryLimit");
  if ((array_limit & (array_limit - 1)) != 0) {
    report(settings, "regularArrayMemoryLimit",
           "regularArrayMemoryLimit must be a power of two: " + std::to_string(array_limit), Severity::kError,
           findings);
  }
  const auto recovery_wait = settings.integer("dfsRecoveryWaitTime");
  if (recovery_wait != 0 && recovery_wait < 60000) {
    report(settings, "dfsRecoveryWaitTime",
           "dfsRecoveryWaitTime below 60000 ms rebuilds replicas at every restart: " + std::to_string(recovery_wait),
           Severity::kWarning, findings);
  }
  if (settings.number("OLAPCacheEngineSize") > 0 && !settings.boolean("dataSync")) {
    report(settings, "OLAPCacheEngineSize", "the OLAP cache needs dataSync=1; without it acknowledged rows can be lost",
           Severity::kWarning, findings);
  }
  if (settings.node_tls() != NodeTlsMode::kOff && !settings.boolean("enableHTTPS")) {
    report(settings, "enableRpcSSL", "enableRpcSSL needs enableHTTPS=1", Severity::kError, findings);
  }
  const auto own = settings.local_site();
  if (mode != NodeMode::kSingle && own.host == "0.0.0.0") {
    report(settings, "localSite", "peers cannot reach host 0.0.0.0; write this machine's address", Severity::kError,
           findings);
  }
}

}  // namespace pelorus::config
