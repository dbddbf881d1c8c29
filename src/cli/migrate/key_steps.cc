// What a new member needs to be trusted: the cluster's key, and with TLS a certificate for its host.

#include <set>

#include "cli/migrate/new_files.h"
#include "cli/migrate/step_runner.h"
#include "config/site.h"

namespace pelorus::cli::migrate {
namespace {

constexpr std::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----";

bool is_on(const std::string& settings, std::string_view name) {
  const auto value = setting_of(settings, name);
  return value == "1" || value == "true";
}

/// Where a member keeps its keys when it is not told.
std::string own_keys(const std::string& server, const std::string& alias) {
  return server + "/clusterDemo/data/" + alias + "/keys";
}

}  // namespace

Result<std::string> StepRunner::text_if_there(const std::string& host, const std::string& path) {
  return output(host, "cat " + shell_word(path) + " 2>/dev/null || :");
}

/// The cluster's key, and what the old member has in its own directory.
Status StepRunner::copy_keys(const Addition& made, const Member& like, const std::string& settings) {
  const auto key = setting_of(settings, "clusterKeyFile");
  if (!key.empty()) {
    TRY(const auto secret, read_text(like.host, key));
    TRY_DONE(write_text(made.host, mapped_path(key, made, plan_.target, like.server), secret));
  }
  const auto from = own_keys(like.server, like.alias);
  TRY(const auto listed, output(like.host, "ls " + shell_word(from) + " 2>/dev/null || :"));
  for (const auto name : config::split(listed, '\n')) {
    if (name.empty() || name == "ca.key") continue;  // who has it may issue certificates: it stays where it is
    TRY(const auto text, read_text(like.host, from + "/" + std::string(name)));
    TRY_DONE(write_text(made.host, own_keys(made.server, made.alias) + "/" + std::string(name), text));
  }
  return {};
}

/// A certificate that is good for the new host stays, or is taken over from the old one; else one is issued.
Status StepRunner::provide_certificate(const Addition& made, const Member& like, const std::string& settings) {
  const bool between_nodes = is_on(settings, "enableRpcSSL");
  if (!between_nodes && !is_on(settings, "enableHTTPS")) return {};
  const auto told = setting_of(settings, "keyPath");
  const auto from = told.empty() ? own_keys(like.server, like.alias) : told;
  const auto to = told.empty() ? own_keys(made.server, made.alias) : mapped_path(told, made, plan_.target, like.server);
  TRY(const auto authority, text_if_there(like.host, from + "/ca.crt"));
  TRY(const auto there, text_if_there(made.host, to + "/server.crt"));
  if (deploy::is_for_host(there, made.host) && (authority.empty() || deploy::is_signed_by(there, authority))) return {};
  deploy::KeyAndCertificate given;
  TRY(given.certificate, text_if_there(like.host, from + "/server.crt"));
  if (deploy::is_for_host(given.certificate, made.host)) {
    TRY(given.key, read_text(like.host, from + "/serverPrivate.key"));
  } else {
    auto issued = issue_certificate(made, from, authority);
    if (!issued.ok() && between_nodes) return issued.error();
    if (!issued.ok()) return {};  // clients were content with certificates that nobody checks
    given = std::move(*issued);
  }
  TRY_DONE(write_text(made.host, to + "/serverPrivate.key", given.key));
  TRY_DONE(write_text(made.host, to + "/server.crt", given.certificate));
  return authority.empty() ? Status() : write_text(made.host, to + "/ca.crt", authority);
}

Result<deploy::KeyAndCertificate> StepRunner::issue_certificate(const Addition& made, const std::string& keys,
                                                                const std::string& authority) {
  TRY(const auto issuer, find_authority(keys, authority));
  TRY(const auto told, output(made.host, "hostname 2>/dev/null || :"));
  const std::string hostname(config::trim(told));
  std::set<std::string> others{"localhost", "127.0.0.1"};
  if (!hostname.empty()) others.insert(hostname);
  others.erase(made.host);
  std::vector<std::string> names{made.host};
  names.insert(names.end(), others.begin(), others.end());
  return deploy::make_server_certificate(issuer, names);
}

/// `keys` is the folder on the hosts that have one. Deploy leaves the authority's key on the first of them, with its
/// certificate behind it.
Result<deploy::KeyAndCertificate> StepRunner::find_authority(const std::string& keys, const std::string& certificate) {
  const auto file = keys + "/ca.key";
  for (const auto& host : hosts_of(plan_.before)) {
    const auto found = text_if_there(host, file);
    if (!found.ok() || found->find("PRIVATE KEY-----") == std::string::npos) continue;  // that host may be lost
    const auto cut = found->find(kBeginCertificate);
    deploy::KeyAndCertificate authority{found->substr(0, cut),
                                        cut == std::string::npos ? certificate : found->substr(cut)};
    if (certificate.empty() || deploy::is_signed_by(certificate, authority.certificate)) return authority;
  }
  return Error{
      ErrorCode::kNotFound,
      "the new host needs a certificate, and no host of the cluster has the key of its authority. Put it into " + file +
          " (mode 600) on one of them and go on with: pelorus migrate resume; or put server.crt, " +
          "serverPrivate.key and ca.crt into the new host's folder of keys yourself"};
}

}  // namespace pelorus::cli::migrate
