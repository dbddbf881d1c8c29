#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/remote/shell_host.h"

namespace pelorus::cli {
namespace {

class LocalHost final : public ShellHost {
 public:
  LocalHost(std::string address, CancellationToken cancellation)
      : ShellHost(std::move(cancellation)), address_(std::move(address)) {}
  const std::string& address() const override { return address_; }
  bool is_local() const override { return true; }
  Result<std::vector<std::string>> words_for(const std::string& command) override {
    return std::vector<std::string>{"sh", "-c", command};
  }

 private:
  std::vector<std::string> rsync_options() const override { return {}; }
  std::string rsync_name(const std::string& path) const override { return path; }
  Status judge(const Ran&) const override { return {}; }

  const std::string address_;
};

}  // namespace

std::unique_ptr<RemoteHost> make_local_host(std::string address, CancellationToken cancellation) {
  return std::make_unique<LocalHost>(std::move(address), std::move(cancellation));
}

bool is_own_address(const std::string& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), nullptr, &hints, &found) != 0) return false;
  bool is_own = false;
  for (const auto* one = found; one != nullptr && !is_own; one = one->ai_next) {
    const int probe = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    is_own = probe >= 0 && bind(probe, one->ai_addr, one->ai_addrlen) == 0;
    if (probe >= 0) close(probe);
  }
  freeaddrinfo(found);
  return is_own;
}

}  // namespace pelorus::cli
