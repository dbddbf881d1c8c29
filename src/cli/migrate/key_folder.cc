#include "cli/migrate/key_folder.h"

#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "config/setting.h"

namespace pelorus::cli::migrate {
namespace {

constexpr std::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----";

}  // namespace

std::optional<KeyFolder> key_folder(const std::string& settings, const std::string& server, const std::string& alias) {
  const bool between_nodes = config::parse_node_tls(setting_of(settings, "enableRpcSSL")) != config::NodeTlsMode::kOff;
  if (!between_nodes && !config::parse_bool(setting_of(settings, "enableHTTPS")).value_or(false)) return std::nullopt;
  const auto told = setting_of(settings, "keyPath");
  return KeyFolder{told.empty() ? home_of(server, alias) + "/keys" : told, between_nodes};
}

std::string own_file(const std::string& server, NodeMode role) {
  return server + "/clusterDemo/config/" + (role == NodeMode::kController ? "controller.cfg" : "agent.cfg");
}

Result<KeyAndCertificate> find_authority(const std::vector<std::string>& hosts, const std::string& file,
                                         const std::string& certificate, const ReadText& read) {
  for (const auto& host : hosts) {
    const auto found = read(host, file);
    if (!found.ok() || found->find("PRIVATE KEY-----") == std::string::npos) continue;  // that host may be lost
    const auto cut = found->find(kBeginCertificate);
    KeyAndCertificate authority{found->substr(0, cut), cut == std::string::npos ? certificate : found->substr(cut)};
    if (certificate.empty() || is_signed_by(certificate, authority.certificate)) return authority;
  }
  return Error{ErrorCode::kNotFound, file};
}

Result<bool> names_both(const KeyFolder& folder, const std::string& machine, const Target& target,
                        const ReadText& read) {
  TRY(const auto authority, read(machine, folder.path + "/ca.crt"));
  TRY(const auto certificate, read(machine, folder.path + "/server.crt"));
  return is_for_host(certificate, target.moved_to) && is_for_host(certificate, target.moved) &&
         (authority.empty() || is_signed_by(certificate, authority));
}

std::string missing_authority(const std::vector<Member>& members, const Target& target, const ReadText& read) {
  for (const auto& member : members_on(members, target.moved)) {
    if (member.role != NodeMode::kController && member.role != NodeMode::kAgent) continue;
    const auto settings = read(member.host, own_file(member.server, member.role));
    const auto folder = settings.ok() ? key_folder(*settings, member.server, member.alias) : std::nullopt;
    if (!folder || !folder->between_nodes) continue;
    const auto certificate = read(member.host, folder->path + "/server.crt");
    const auto authority = read(member.host, folder->path + "/ca.crt");
    if (!certificate.ok() || !authority.ok() || is_for_host(*certificate, target.moved_to)) continue;
    const auto found = find_authority(hosts_of(members), folder->path + "/ca.key", *authority, read);
    if (!found.ok()) return found.error().message;
  }
  return "";
}

}  // namespace pelorus::cli::migrate
