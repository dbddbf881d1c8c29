// What acknowledged blocks of quotes could reach at most on this machine: a server that does nothing but receive a
// block over loopback TCP, keep it in memory, append it to the connection's log file and sync that, then answer one
// byte. Client and server share the machine, as they do in wire_ingest. One line of JSON.
//   ingest_limit --directory DIR [--rows 4000000] [--batch 10000] [--writers 4] [--synced 1]
// DIR: where the log files are written and removed again; it should be on the disk the measured server writes to.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kRowBytes = 38;
constexpr off_t kLogBytesMax = 1 << 28;  // a log is used over again, as the product's are

void require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

void send_all(int socket, const char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t sent = send(socket, bytes + done, size - done, 0);
    require(sent > 0, "send");
    done += static_cast<size_t>(sent);
  }
}

/// False at the end of the connection.
bool receive_all(int socket, char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t got = recv(socket, bytes + done, size - done, 0);
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

void no_delay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct Server {
  std::string directory;
  bool synced = true;
  int listener = -1;
  sockaddr_in address{};

  void open() {
    listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    require(listen(listener, 64) == 0, "listen");
    socklen_t size = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  }
  int dial() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    require(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
    no_delay(socket);
    return socket;
  }
  void serve(int connection, size_t number) const {
    const auto path = directory + "/ingest_limit-" + std::to_string(number);
    const int log = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
    require(log >= 0, path.c_str());
    std::vector<char> block, kept;
    off_t at = 0;
    for (uint32_t size = 0; receive_all(connection, reinterpret_cast<char*>(&size), sizeof size);) {
      block.resize(size);
      if (!receive_all(connection, block.data(), size)) break;
      kept.assign(block.begin(), block.end());
      if (at + static_cast<off_t>(size) > kLogBytesMax) at = 0;
      require(pwrite(log, block.data(), size, at) == static_cast<ssize_t>(size), "write");
      at += size;
      if (synced) require(fdatasync(log) == 0, "sync");
      send_all(connection, "+", 1);
    }
    close(connection);
    close(log);
    unlink(path.c_str());
  }
};

}  // namespace

int main(int count, char** words) {
  std::map<std::string, std::string> options{
      {"directory", "."}, {"rows", "4000000"}, {"batch", "10000"}, {"writers", "4"}, {"synced", "1"}};
  for (int i = 1; i + 1 < count; i += 2) options[std::string(words[i]).substr(2)] = words[i + 1];
  const size_t rows = std::stoul(options["rows"]), batch = std::stoul(options["batch"]),
               writers = std::stoul(options["writers"]);
  Server server{.directory = options["directory"], .synced = options["synced"] == "1"};
  server.open();
  std::vector<int> clients;
  std::vector<std::thread> threads;
  for (size_t w = 0; w < writers; ++w) {
    clients.push_back(server.dial());
    const int accepted = accept(server.listener, nullptr, nullptr);
    require(accepted >= 0, "accept");
    no_delay(accepted);
    threads.emplace_back([&server, accepted, w] { server.serve(accepted, w); });
  }
  const size_t blocks = (rows + batch - 1) / batch;
  std::vector<char> block(batch * kRowBytes);
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 7);
  std::atomic<size_t> next{0};
  const auto begin = Clock::now();
  std::vector<std::thread> senders;
  for (const int client : clients) {
    senders.emplace_back([&, client] {
      const auto size = static_cast<uint32_t>(block.size());
      char answer = 0;
      while (next++ < blocks) {
        send_all(client, reinterpret_cast<const char*>(&size), sizeof size);
        send_all(client, block.data(), block.size());
        require(receive_all(client, &answer, 1), "answer");
      }
    });
  }
  for (auto& sender : senders) sender.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (const int client : clients) close(client);
  for (auto& thread : threads) thread.join();
  std::printf(R"({"batch":%zu,"writers":%zu,"synced":%s,"rows_s":%.0f})"
              "\n",
              batch, writers, server.synced ? "true" : "false", static_cast<double>(blocks * batch) / seconds);
  return 0;
}
