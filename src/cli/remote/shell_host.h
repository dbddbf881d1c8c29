#pragma once
// What hosts by ssh and this machine have in common: everything goes through a shell.

#include <atomic>

#include "cli/remote/remote_host.h"

namespace pelorus::cli {

/// A RemoteHost over "the words that run this command line there".
class ShellHost : public RemoteHost {
 public:
  explicit ShellHost(CancellationToken cancellation) : cancellation_(std::move(cancellation)) {}
  Result<Ran> run(const std::string& script, std::string_view input, std::chrono::milliseconds timeout) final;
  Result<Ran> run_into(const std::string& script, RemoteHost& to, const std::string& reading,
                       std::chrono::milliseconds timeout, const Flow& flow) final;
  Status send(const std::filesystem::path& local, const std::string& remote) final;
  Status fetch(const std::string& remote, const std::filesystem::path& local) final;

 protected:
  const CancellationToken& cancellation() const { return cancellation_; }

 private:
  /// As rsync names the path; the options it needs stand before it.
  virtual std::vector<std::string> rsync_options() const = 0;
  virtual std::string rsync_name(const std::string& path) const = 0;
  /// What a status means that is not the script's own; success otherwise.
  virtual Status judge(const Ran& ran) const = 0;

  Result<Ran> shell(const std::string& command, const std::filesystem::path& file, FileEnd end);
  Status send_file(const std::filesystem::path& local, const std::string& remote);
  Status fetch_file(const std::string& remote, const std::filesystem::path& local);
  Status send_folder(const std::filesystem::path& local, const std::string& remote);
  Status fetch_folder(const std::string& remote, const std::filesystem::path& local);
  /// Copies by rsync. False: one of the sides has none.
  Result<bool> by_rsync(const std::string& from, const std::string& to);

  const CancellationToken cancellation_;
  std::atomic<int> has_rsync_ = -1;  // unknown
};

}  // namespace pelorus::cli
