#include "cli/doctor/port_owner.h"

#include <arpa/inet.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pelorus::cli::doctor {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShownBytes = 80;

/// "0100007F" for 127.0.0.1, as /proc/net/tcp has it; empty for other hosts.
std::string hex_of(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &address) != 1) return "";
  char text[16];
  std::snprintf(text, sizeof text, "%08X", address.s_addr);
  return text;
}

/// The socket's inode, or empty.
std::string listening_socket(const char* file, const std::string& address, int port) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, "%04X", static_cast<unsigned>(port));
  while (std::getline(in, line)) {
    std::istringstream columns(line);
    std::string skipped, local, remote, state, queues, timer, retries, user, timeout, inode;
    columns >> skipped >> local >> remote >> state >> queues >> timer >> retries >> user >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (state != "0A" || colon == std::string::npos || local.substr(colon + 1) != wanted) continue;
    const auto at = local.substr(0, colon);
    const bool is_any = at.find_first_not_of('0') == std::string::npos;
    if (is_any || address.empty() || at == address) return inode;
  }
  return "";
}

std::string command_line(const fs::path& process) {
  std::ifstream in(process / "cmdline", std::ios::binary);
  std::string text(kShownBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  for (auto& c : text) {
    if (c == '\0') c = ' ';
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

bool holds(const fs::path& process, const std::string& socket) {
  std::error_code failure;
  for (fs::directory_iterator file(process / "fd", failure), end; !failure && file != end; file.increment(failure)) {
    std::error_code gone;
    if (fs::read_symlink(file->path(), gone) == socket) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> owner_of_port(const std::string& host, int port) {
  auto inode = listening_socket("/proc/net/tcp", hex_of(host), port);
  if (inode.empty()) inode = listening_socket("/proc/net/tcp6", "", port);
  if (inode.empty()) return std::nullopt;
  const auto socket = "socket:[" + inode + "]";
  std::error_code failure;
  for (fs::directory_iterator process("/proc", failure), end; !failure && process != end; process.increment(failure)) {
    const auto name = process->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || !holds(process->path(), socket)) continue;
    std::error_code unreadable;
    auto file = fs::read_symlink(process->path() / "exe", unreadable).string();
    return PortOwner{std::stoi(name), command_line(process->path()), unreadable ? "" : file};
  }
  return PortOwner{};
}

}  // namespace pelorus::cli::doctor
