#include "cli/deploy/reach.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ostream>
#include <utility>

#include "client/socket.h"

namespace pelorus::cli::deploy {
namespace {

using Clock = std::chrono::steady_clock;

/// A socket for the place and its address; the caller closes it.
struct Opened {
  int fd = -1;
  sockaddr_storage address{};
  socklen_t size = 0;
};

Result<Opened> open_socket(const std::string& place) {
  TRY(const auto endpoint, client::parse_endpoint(place));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failure = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
      failure != 0) {
    return Error{ErrorCode::kIo, endpoint.host + ": " + gai_strerror(failure)};
  }
  Opened opened;
  opened.size = found->ai_addrlen;
  std::memcpy(&opened.address, found->ai_addr, found->ai_addrlen);
  opened.fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  freeaddrinfo(found);
  if (opened.fd < 0) return Error{ErrorCode::kIo, std::string("no socket: ") + std::strerror(errno)};
  return opened;
}

Result<int> listen_on(const std::string& place) {
  TRY(const auto opened, open_socket(place));
  const int on = 1;
  setsockopt(opened.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(opened.fd, reinterpret_cast<const sockaddr*>(&opened.address), opened.size) == 0 &&
      listen(opened.fd, 64) == 0)
    return opened.fd;
  const std::string why = std::strerror(errno);
  close(opened.fd);
  return Error{ErrorCode::kIo, "cannot listen on " + place + ": " + why};
}

int milliseconds_until(Clock::time_point end) {
  return static_cast<int>(
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count()));
}

}  // namespace

Status listen_for_peers(const std::vector<std::string>& places, int seconds, std::ostream& out) {
  std::vector<pollfd> waits;
  for (const auto& place : places) {
    const auto fd = listen_on(place);
    if (!fd.ok()) {
      for (const auto& wait : waits) close(wait.fd);
      return fd.error();
    }
    waits.push_back({*fd, POLLIN, 0});
  }
  out << "ready" << std::endl;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  while (const int left = milliseconds_until(end)) {
    if (poll(waits.data(), waits.size(), left) <= 0) continue;
    for (const auto& wait : waits) {
      if ((wait.revents & POLLIN) == 0) continue;
      const int peer = accept4(wait.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer >= 0) close(peer);
    }
  }
  for (const auto& wait : waits) close(wait.fd);
  return {};
}

std::vector<Reached> reach(const std::vector<std::string>& places, int milliseconds) {
  std::vector<Reached> reached;
  std::vector<pollfd> waits;
  for (const auto& place : places) {
    reached.push_back({place, ""});
    const auto opened = open_socket(place);
    waits.push_back({opened.ok() ? opened->fd : -1, POLLOUT, 0});
    if (!opened.ok()) {
      reached.back().failure = opened.error().message;
    } else if (connect(opened->fd, reinterpret_cast<const sockaddr*>(&opened->address), opened->size) != 0 &&
               errno != EINPROGRESS) {
      reached.back().failure = std::strerror(errno);
      close(std::exchange(waits.back().fd, -1));
    }
  }
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  const auto is_open = [](const pollfd& wait) { return wait.fd >= 0; };
  while (std::any_of(waits.begin(), waits.end(), is_open)) {
    const int left = milliseconds_until(end);
    if (left > 0) poll(waits.data(), waits.size(), left);
    for (size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].fd < 0 || (waits[i].revents == 0 && left > 0)) continue;
      int failure = 0;
      socklen_t size = sizeof failure;
      getsockopt(waits[i].fd, SOL_SOCKET, SO_ERROR, &failure, &size);
      if (waits[i].revents == 0)
        reached[i].failure = "no answer: a firewall drops it";
      else if (failure != 0)
        reached[i].failure = std::strerror(failure);
      close(std::exchange(waits[i].fd, -1));
    }
  }
  return reached;
}

}  // namespace pelorus::cli::deploy
