#include "cli/deploy/topology.h"

#include <algorithm>
#include <charconv>

#include "config/nearest_name.h"
#include "config/site.h"

namespace pelorus::cli::deploy {
namespace {

constexpr int kHostsMax = 64;
constexpr int kDataNodesMax = 16;

struct Key {
  std::string_view name;
  Status (*set)(Topology&, std::string_view value);
};

Result<int> number_of(std::string_view text, int low, int high) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size() && number >= low && number <= high) return number;
  return Error{ErrorCode::kInvalid, "a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                                        " is needed, not '" + std::string(text) + "'"};
}

template <int Topology::*member, int low, int high>
Status set_number(Topology& topology, std::string_view value) {
  TRY(topology.*member, number_of(value, low, high));
  return {};
}

template <std::string Topology::*member>
Status set_text(Topology& topology, std::string_view value) {
  topology.*member = value;
  return {};
}

template <bool Topology::*member>
Status set_switch(Topology& topology, std::string_view value) {
  if (value != "yes" && value != "no")
    return Error{ErrorCode::kInvalid, "yes or no is needed, not '" + std::string(value) + "'"};
  topology.*member = value == "yes";
  return {};
}

Status add_ssh_option(Topology& topology, std::string_view value) {
  topology.ssh_options.emplace_back(value);
  return {};
}

constexpr Key kKeys[] = {
    {"name", set_text<&Topology::name>},
    {"hosts", set_hosts},
    {"user", set_text<&Topology::user>},
    {"ssh port", set_number<&Topology::ssh_port, 1, 65535>},
    {"identity", set_text<&Topology::identity_file>},
    {"ssh option", add_ssh_option},
    {"directory", set_text<&Topology::directory>},
    {"data", set_text<&Topology::data>},
    {"port", set_number<&Topology::port, 1024, 65000>},
    {"data nodes", set_number<&Topology::data_nodes, 1, kDataNodesMax>},
    {"replicas", set_number<&Topology::replicas, 1, 16>},
    {"controllers", set_number<&Topology::controllers, 1, 9>},
    {"tls", set_switch<&Topology::tls>},
    {"node tls", set_switch<&Topology::node_tls>},
    {"pseudo ha", set_switch<&Topology::pseudo_ha>},
};

Status set_key(Topology& topology, std::string_view name, std::string_view value) {
  std::vector<std::string_view> names;
  for (const auto& key : kKeys) {
    if (key.name == name) return key.set(topology, value);
    names.push_back(key.name);
  }
  return Error{ErrorCode::kInvalid, "there is no key '" + std::string(name) + "'" + config::did_you_mean(name, names)};
}

bool is_plain(std::string_view text, std::string_view also) {
  return !text.empty() && std::ranges::all_of(text, [&](const char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || also.find(letter) != std::string_view::npos;
  });
}

Status validate_path(const std::string& key, const std::string& path) {
  if (path.starts_with('/') && path.size() > 1 && is_plain(path, "/._-+") && path.find("..") == std::string::npos)
    return {};
  return Error{ErrorCode::kInvalid, key + " must be an absolute path of letters, digits and /._-+ without .., not '" +
                                        path + "': it stands in configuration files and scripts"};
}

}  // namespace

Status set_hosts(Topology& topology, std::string_view list) {
  topology.hosts.clear();
  for (const auto host : config::split(list, ',')) topology.hosts.emplace_back(host);
  return {};
}

Result<Topology> parse_topology(std::string_view text) {
  Topology topology;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    line = config::trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const auto equals = line.find('=');
    const auto failed = [&](const std::string& why) {
      return Error{ErrorCode::kInvalid, "line " + std::to_string(number) + ": " + why};
    };
    if (equals == std::string_view::npos) return failed("key = value is expected, not '" + std::string(line) + "'");
    const auto set = set_key(topology, config::trim(line.substr(0, equals)), config::trim(line.substr(equals + 1)));
    if (!set.ok()) return failed(set.error().message);
  }
  return topology;
}

Status validate_topology(const Topology& topology) {
  const auto& hosts = topology.hosts;
  if (hosts.empty()) return Error{ErrorCode::kInvalid, "no hosts are named: --hosts a,b,c or a topology file"};
  if (hosts.size() > kHostsMax) return Error{ErrorCode::kInvalid, "at most " + std::to_string(kHostsMax) + " hosts"};
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (!is_plain(hosts[i], ".-_:") || hosts[i].starts_with('-')) {
      return Error{ErrorCode::kInvalid, "no name or address of a host: '" + hosts[i] + "'"};
    }
    if (std::find(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(i), hosts[i]) !=
        hosts.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Error{ErrorCode::kInvalid, "the host is named twice: " + hosts[i]};
    }
  }
  if (!config::is_plain_alias(topology.name)) {
    return Error{ErrorCode::kInvalid, "the name of a cluster is letters, digits, _ and -, not '" + topology.name + "'"};
  }
  if (!topology.user.empty() && !is_plain(topology.user, "._-")) {
    return Error{ErrorCode::kInvalid, "no name of a user: '" + topology.user + "'"};
  }
  TRY_DONE(validate_path("directory", topology.directory));
  if (!topology.data.empty()) TRY_DONE(validate_path("data", topology.data));
  return {};
}

}  // namespace pelorus::cli::deploy
