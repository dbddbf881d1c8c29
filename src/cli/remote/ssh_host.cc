#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "cli/remote/shell_host.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kSshFailed = 255;
constexpr auto kConnectLimit = std::chrono::seconds(40);

/// Where the shared connections' sockets are: a folder of this user only, with a short name. Empty: none can be had.
fs::path socket_folder() {
  static const fs::path folder = []() -> fs::path {
    std::error_code failure;
    std::string pattern = (fs::temp_directory_path(failure) / "pelorus-ssh-XXXXXX").string();
    return failure || mkdtemp(pattern.data()) == nullptr ? fs::path() : fs::path(pattern);
  }();
  return folder;
}

class SshHost final : public ShellHost {
 public:
  SshHost(HostAccess access, CancellationToken cancellation)
      : ShellHost(std::move(cancellation)), access_(std::move(access)) {}
  ~SshHost() override;
  const std::string& address() const override { return access_.address; }
  bool is_local() const override { return false; }
  Result<std::vector<std::string>> words_for(const std::string& command) override;

 private:
  std::vector<std::string> rsync_options() const override;
  std::string rsync_name(const std::string& path) const override;
  Status judge(const Ran& ran) const override;

  /// "ssh" and its options, without the host.
  std::vector<std::string> ssh_words() const;
  std::string target() const { return access_.user.empty() ? access_.address : access_.user + "@" + access_.address; }
  std::string socket_name() const;
  /// Opens the shared connection. It is a process of its own, so that no command's output waits for its end.
  Status connect();

  const HostAccess access_;
  std::mutex mutex_;
  bool is_connected_ = false;  // guarded by mutex_
};

std::string SshHost::socket_name() const {
  const auto folder = socket_folder();
  return folder.empty() ? "none" : (folder / "%C").string();
}

std::vector<std::string> SshHost::ssh_words() const {
  std::vector<std::string> words{"ssh"};
  // The first of two equal options counts: the operator's.
  for (const auto& option : access_.ssh_options) words.insert(words.end(), {"-o", option});
  for (const char* option : {"BatchMode=yes", "StrictHostKeyChecking=accept-new", "ConnectTimeout=10",
                             "ServerAliveInterval=10", "ServerAliveCountMax=3", "LogLevel=ERROR"}) {
    words.insert(words.end(), {"-o", option});
  }
  words.insert(words.end(), {"-o", "ControlPath=" + socket_name(), "-p", std::to_string(access_.port)});
  if (!access_.identity_file.empty()) words.insert(words.end(), {"-i", access_.identity_file});
  return words;
}

Status SshHost::connect() {
  const std::lock_guard lock(mutex_);
  if (is_connected_ || socket_folder().empty()) return {};
  auto words = ssh_words();
  words.insert(words.end(), {"-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-f", "-N", "--", target()});
  TRY(const auto ran, run_captured(words, "", {kConnectLimit, cancellation()}));
  if (ran.status != 0) {
    TRY_DONE(judge({kSshFailed, ran.out, ran.err}));
  }
  is_connected_ = true;
  return {};
}

SshHost::~SshHost() {
  const std::lock_guard lock(mutex_);
  if (!is_connected_) return;
  auto words = ssh_words();
  words.insert(words.end(), {"-O", "exit", "--", target()});
  // It would end by itself after a minute.
  static_cast<void>(run_captured(words, "", {std::chrono::seconds(5), {}}).ok());
  std::error_code failure;
  fs::remove(socket_folder(), failure);  // fails while other hosts' sockets are in it
}

Result<std::vector<std::string>> SshHost::words_for(const std::string& command) {
  TRY_DONE(connect());
  auto words = ssh_words();
  words.insert(words.end(), {"-o", "ControlMaster=no", "-T", "--", target(), command});
  return words;
}

std::vector<std::string> SshHost::rsync_options() const {
  std::string line;
  for (const auto& word : ssh_words()) line += (line.empty() ? "" : " ") + shell_word(word);
  return {"-e", line};
}

std::string SshHost::rsync_name(const std::string& path) const {
  const bool is_v6 = access_.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + access_.address + "]" : access_.address;
  return (access_.user.empty() ? host : access_.user + "@" + host) + ":" + path;
}

Status SshHost::judge(const Ran& ran) const {
  if (ran.status != kSshFailed) return {};
  std::string said = ran.err;
  while (said.ends_with('\n')) said.pop_back();
  if (said.find("Permission denied") != std::string::npos) {
    return Error{ErrorCode::kDenied,
                 access_.address + ": ssh is refused: " + said + ". Put a key there: ssh-copy-id " + target()};
  }
  return Error{ErrorCode::kUnavailable,
               access_.address + ": ssh has no connection: " + (said.empty() ? "no reason given" : said)};
}

}  // namespace

std::unique_ptr<RemoteHost> make_ssh_host(HostAccess access, CancellationToken cancellation) {
  return std::make_unique<SshHost>(std::move(access), std::move(cancellation));
}

}  // namespace pelorus::cli
