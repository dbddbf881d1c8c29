#include "config/site.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace pelorus::config {
namespace {

constexpr std::string_view kModeNames[] = {"datanode", "agent", "controller", "single", "computenode"};
constexpr size_t kAliasBytesMax = 128;

bool equal_without_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

bool is_host(std::string_view host) {
  return !host.empty() && std::none_of(host.begin(), host.end(), [](unsigned char letter) {
    return std::isspace(letter) || letter == ',' || letter == '=' || letter == '/' || letter < 0x20;
  });
}

}  // namespace

std::string_view mode_name(NodeMode mode) { return kModeNames[static_cast<size_t>(mode)]; }

std::optional<NodeMode> parse_mode(std::string_view name) {
  for (size_t i = 0; i < std::size(kModeNames); ++i) {
    if (equal_without_case(name, kModeNames[i])) return static_cast<NodeMode>(i);
  }
  return std::nullopt;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (trim(text).empty()) return parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Site::address() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Site::to_string() const { return address() + ":" + alias; }

std::string NodeEntry::to_string() const {
  std::string text = site.to_string() + "," + std::string(mode_name(mode));
  if (!group.empty() || !zone.empty()) text += "," + group;
  if (!zone.empty()) text += "," + zone;
  return text;
}

bool is_plain_alias(std::string_view alias) {
  return !alias.empty() && alias.size() <= kAliasBytesMax &&
         std::all_of(alias.begin(), alias.end(),
                     [](unsigned char letter) { return std::isalnum(letter) || letter == '_' || letter == '-'; });
}

Result<Site> parse_site(std::string_view text) {
  text = trim(text);
  const auto wrong = [&](std::string_view what) {
    return Error{ErrorCode::kInvalid, std::string(what) + " in '" + std::string(text) + "', expected host:port:alias"};
  };
  const auto before_alias = text.rfind(':');
  if (before_alias == std::string_view::npos || before_alias == 0) return wrong("port and alias are missing");
  const auto before_port = text.rfind(':', before_alias - 1);
  if (before_port == std::string_view::npos) return wrong("port or alias is missing");

  Site site;
  site.alias = trim(text.substr(before_alias + 1));
  const auto port = trim(text.substr(before_port + 1, before_alias - before_port - 1));
  auto host = trim(text.substr(0, before_port));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  site.host = host;
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (failure != std::errc() || end != port.data() + port.size()) return wrong("the port is not a number");
  if (number < 1 || number > 65535) return wrong("the port is outside 1..65535");
  if (!is_host(site.host)) return wrong("the host is empty or has forbidden letters");
  if (site.alias.empty()) return wrong("the alias is empty");
  if (!is_plain_alias(site.alias)) return wrong("the alias has letters other than A-Z a-z 0-9 _ -");
  site.port = static_cast<uint16_t>(number);
  return site;
}

Result<RoleSite> parse_role_site(std::string_view text) {
  const auto before_type = text.rfind(':');
  if (before_type == std::string_view::npos) {
    return Error{ErrorCode::kInvalid, "'" + std::string(text) + "' is not host:port:alias:type"};
  }
  const auto mode = parse_mode(trim(text.substr(before_type + 1)));
  if (!mode) {
    return Error{ErrorCode::kInvalid, "the type is missing in '" + std::string(text) +
                                          "', expected host:port:alias:controller or host:port:alias:agent"};
  }
  TRY(auto site, parse_site(text.substr(0, before_type)));
  return RoleSite{std::move(site), *mode};
}

}  // namespace pelorus::config
