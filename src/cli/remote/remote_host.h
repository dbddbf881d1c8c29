#pragma once
// Servers that commands work on: through ssh, or this machine itself.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"
#include "cli/process/captured_run.h"

namespace pelorus::cli {

struct HostAccess {
  std::string address;  // name or address
  std::string user;     // empty: ssh's own choice
  uint16_t port = 22;
  std::string identity_file;             // empty: ssh's own choice
  std::vector<std::string> ssh_options;  // as behind -o
};

/// One server: by ssh, or this machine itself when the address is one of its own and local is asked for. Thread-safe:
/// hosts are worked on in parallel. Errors of every call: kDenied when ssh is refused, kUnavailable when the host
/// cannot be reached, kTimeout, kCancelled.
class RemoteHost {
 public:
  virtual ~RemoteHost() = default;
  virtual const std::string& address() const = 0;
  virtual bool is_local() const = 0;
  /// Runs the script by sh there; it reads `input` and is not seen in the list of processes. Its status is in Ran; 255
  /// is ssh's own. On kTimeout and kCancelled it may go on there.
  virtual Result<Ran> run(const std::string& script, std::string_view input, std::chrono::milliseconds timeout) = 0;
  /// What `script` writes here is what `reading` reads on the host `to`; both by sh. The status and words are those of
  /// `reading`. Errors: also kIo when `script` fails.
  virtual Result<Ran> run_into(const std::string& script, RemoteHost& to, const std::string& reading,
                               std::chrono::milliseconds timeout, const Flow& flow) = 0;
  /// The program and its arguments that have `command` run there by a shell.
  virtual Result<std::vector<std::string>> words_for(const std::string& command) = 0;
  /// A file becomes `remote`, whole or not at all, with its rights. A folder's content is put into the folder `remote`,
  /// which is made; links stay links, other files there stay. Errors: also kIo.
  virtual Status send(const std::filesystem::path& local, const std::string& remote) = 0;
  /// The other way round. Errors: also kIo, kNotFound.
  virtual Status fetch(const std::string& remote, const std::filesystem::path& local) = 0;
};

/// The system's OpenSSH client; host keys seen for the first time are accepted, passwords are never asked for. One
/// connection is shared by all calls and left open for a minute.
std::unique_ptr<RemoteHost> make_ssh_host(HostAccess access, CancellationToken cancellation = {});
/// `address`: what it is called among the hosts.
std::unique_ptr<RemoteHost> make_local_host(std::string address = "127.0.0.1", CancellationToken cancellation = {});

/// Can be listened on here. Names are looked up.
bool is_own_address(const std::string& address);
/// For a script: one word, whatever it holds.
std::string shell_word(std::string_view text);

}  // namespace pelorus::cli
