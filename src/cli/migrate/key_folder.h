#pragma once
// Where members keep their keys, and who can issue certificates.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/certificates.h"
#include "cli/migrate/topology.h"

namespace pelorus::cli::migrate {

/// The text of a file on a host; empty when it is not there. Errors: the host cannot be reached.
using ReadText = std::function<Result<std::string>(const std::string& host, const std::string& path)>;

struct KeyFolder {
  std::string path;
  bool between_nodes = false;  // else only clients are served with TLS
};
/// Of a controller or agent with these settings (the text of its file); nothing: no TLS.
std::optional<KeyFolder> key_folder(const std::string& settings, const std::string& server, const std::string& alias);

/// controller.cfg or agent.cfg of a member, its own file.
std::string own_file(const std::string& server, NodeMode role);

/// The authority that `certificate` (the text of ca.crt) stands for, from `file` (ca.key) on one of the hosts; with an
/// empty text any. Deploy leaves the key on the first host, with its certificate behind it. kNotFound.
Result<KeyAndCertificate> find_authority(const std::vector<std::string>& hosts, const std::string& file,
                                         const std::string& certificate, const ReadText& read);

/// Whether the certificate in the folder, on a machine, serves its members under both addresses.
Result<bool> names_both(const KeyFolder& folder, const std::string& machine, const Target& target,
                        const ReadText& read);

/// Members on target.moved need a certificate for their new address, and nobody can issue it: the file of the
/// authority's key that was looked for. Empty: all is well, or unknown.
std::string missing_authority(const std::vector<Member>& members, const Target& target, const ReadText& read);

}  // namespace pelorus::cli::migrate
