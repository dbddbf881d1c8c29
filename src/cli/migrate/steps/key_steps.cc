// What a new member needs to be trusted: the cluster's key, and with TLS a certificate for its host.

#include <algorithm>

#include "cli/migrate/key_folder.h"
#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/step_runner.h"
#include "config/site.h"

namespace pelorus::cli::migrate {
namespace {

/// Where a member keeps its keys when it is not told.
std::string own_keys(const std::string& server, const std::string& alias) { return home_of(server, alias) + "/keys"; }

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
  const auto folder = key_folder(settings, like.server, like.alias);
  if (!folder) return {};
  const auto told = setting_of(settings, "keyPath");
  const auto& from = folder->path;
  const auto to = told.empty() ? own_keys(made.server, made.alias) : mapped_path(told, made, plan_.target, like.server);
  TRY(const auto authority, text_if_there(like.host, from + "/ca.crt"));
  TRY(const auto there, text_if_there(made.host, to + "/server.crt"));
  if (is_for_host(there, made.host) && (authority.empty() || is_signed_by(there, authority))) return {};
  KeyAndCertificate given;
  TRY(given.certificate, text_if_there(like.host, from + "/server.crt"));
  if (is_for_host(given.certificate, made.host)) {
    TRY(given.key, read_text(like.host, from + "/serverPrivate.key"));
  } else {
    auto issued = issue_certificate(made.host, {made.host}, from, authority);
    if (!issued.ok() && folder->between_nodes) return issued.error();
    if (!issued.ok()) return {};  // clients were content with certificates that nobody checks
    given = std::move(*issued);
  }
  TRY_DONE(write_text(made.host, to + "/serverPrivate.key", given.key));
  TRY_DONE(write_text(made.host, to + "/server.crt", given.certificate));
  return authority.empty() ? Status() : write_text(made.host, to + "/ca.crt", authority);
}

/// A member that stays gets another address: its certificate names that one and the one before, which it has until all
/// of its host have moved, and when the plan is undone.
Status StepRunner::widen_certificate(const Addition& member) {
  if (member.role != NodeMode::kController && member.role != NodeMode::kAgent) return {};
  const auto machine = machine_of(member);
  const auto read = [this](const std::string& host, const std::string& path) { return text_if_there(host, path); };
  TRY(const auto settings, read(machine, own_file(member.server, member.role)));
  const auto folder = key_folder(settings, member.server, member.alias);
  if (!folder) return {};
  const auto& target = plan_.target;
  TRY(const bool is_named, names_both(*folder, machine, target, read));
  if (is_named) return {};
  TRY(const auto authority, read(machine, folder->path + "/ca.crt"));
  TRY(const auto present, read(machine, folder->path + "/server.crt"));
  const auto issued = issue_certificate(machine, {target.moved_to, target.moved}, folder->path, authority);
  if (!issued.ok()) {
    // Good enough where the operator has put it, and for clients, who were content with what nobody checks.
    return is_for_host(present, member.host) || !folder->between_nodes ? Status() : issued.error();
  }
  TRY_DONE(write_text(machine, folder->path + "/serverPrivate.key", issued->key));
  return write_text(machine, folder->path + "/server.crt", issued->certificate);
}

Result<KeyAndCertificate> StepRunner::issue_certificate(const std::string& machine,
                                                        const std::vector<std::string>& addresses,
                                                        const std::string& keys, const std::string& authority) {
  const auto file = keys + "/ca.key";
  const auto issuer =
      find_authority(hosts_of(plan_.before), file, authority,
                     [this](const std::string& host, const std::string& path) { return text_if_there(host, path); });
  if (!issuer.ok()) {
    return Error{ErrorCode::kNotFound,
                 machine +
                     " needs a certificate, and no host of the cluster has the key of its authority. Put it into " +
                     file + " (mode 600) on one of them and go on with: pelorus migrate resume; or put server.crt, " +
                     "serverPrivate.key and ca.crt into the folder of keys on " + machine + " yourself"};
  }
  TRY(const auto told, output(machine, "hostname 2>/dev/null || :"));
  auto names = addresses;
  for (const auto& other : {std::string(config::trim(told)), std::string("localhost"), std::string("127.0.0.1")}) {
    if (!other.empty() && std::find(names.begin(), names.end(), other) == names.end()) names.push_back(other);
  }
  return make_server_certificate(*issuer, names);
}

}  // namespace pelorus::cli::migrate
