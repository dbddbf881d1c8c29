// Load on the replicated log: three member processes on loopback, each commit synced, clients over TCP.
//
//   raft_bench [--directory D] [--clients 1,64] [--seconds 3] [--value 200] [--failovers 0]
//              [--election 300] [--heartbeat 50] [--keys D]     keys: ca.crt, server.crt, serverPrivate.key; TLS
//
// Prints one JSON object a line: commits/s, p50 and p99 for each number of clients, then the time from kill -9 of the
// leader to the next acknowledged write. Members are this program again, started with --member.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "raft/libraft_log.h"
#include "raft/preamble.h"

namespace pelorus::raft {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kMembers = 3;
constexpr std::string_view kClientMagic = "LOAD";
constexpr char kDone = 1;
constexpr char kNotDone = 0;

struct Settings {
  std::string directory = "raft_bench_data";
  std::string keys;  // empty: plain text
  std::vector<int> clients = {1, 64};
  int seconds = 3;
  size_t value_bytes = 200;
  int failovers = 0;
  int election_ms = 300;
  int heartbeat_ms = 50;
  int member = -1;  // which member this process is; -1: the driver
  std::vector<uint16_t> ports;
};

std::string alias_of(int member) { return std::string("m") + std::to_string(member); }
Uuid node_of(int member) {
  Uuid uuid;
  uuid.bytes.fill(static_cast<uint8_t>(member + 1));
  return uuid;
}
Member member_of(int member) { return {member_id_of(node_of(member).to_string()), alias_of(member)}; }

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool read_fully(int fd, void* into, size_t bytes) {
  return ::recv(fd, into, bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes);
}

// ---- a member ----

class Counting final : public StateMachine {
 public:
  Bytes apply(uint64_t index, std::string_view command) override {
    count_ = index;
    bytes_ += command.size();
    return {};
  }
  Bytes snapshot() override {
    Bytes bytes;
    ByteWriter out(bytes);
    out.put(count_);
    out.put(bytes_);
    return bytes;
  }
  Status restore(std::string_view snapshot) override {
    ByteReader in(snapshot);
    count_ = in.get<uint64_t>();
    bytes_ = in.get<uint64_t>();
    return in.finish("bench snapshot");
  }
  void leadership_changed(bool, uint64_t) override {}

 private:
  uint64_t count_ = 0;
  uint64_t bytes_ = 0;
};

class Ports final : public AddressBook {
 public:
  explicit Ports(const Settings& settings) {
    for (int i = 0; i < kMembers; ++i) ports_[alias_of(i)] = settings.ports[static_cast<size_t>(i)];
  }
  Result<Endpoint> resolve(uint64_t, std::string_view alias) const override {
    return Endpoint{"127.0.0.1", ports_.at(std::string(alias))};
  }

 private:
  std::map<std::string, uint16_t> ports_;
};

/// Requests are u32 length and bytes; answers one byte. One thread a connection reads, the log's thread answers.
void serve_client(int fd, ReplicatedLog& log) {
  Bytes command;
  uint32_t size = 0;
  while (read_fully(fd, &size, sizeof size) && size <= (1u << 20)) {
    command.resize(size);
    if (!read_fully(fd, command.data(), size)) break;
    log.propose(command, [fd](Result<Bytes> answer) {
      const char done = answer.ok() ? kDone : kNotDone;
      (void)!::send(fd, &done, 1, MSG_NOSIGNAL);
    });
  }
}

int run_member(const Settings& settings) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Counting machine;
  const Ports book(settings);
  LibraftOptions options;
  options.directory = settings.directory + "/" + alias_of(settings.member);
  options.group = "bench";
  options.cluster.bytes.fill(9);
  options.node = node_of(settings.member);
  options.cluster_key = "bench";
  options.self = member_of(settings.member);
  options.election_timeout = std::chrono::milliseconds(settings.election_ms);
  options.heartbeat = std::chrono::milliseconds(settings.heartbeat_ms);
  if (!settings.keys.empty()) {
    auto tls = rpc::NodeTls::load(
        {settings.keys + "/ca.crt", settings.keys + "/server.crt", settings.keys + "/serverPrivate.key"}, "127.0.0.1");
    CHECK_WITH(tls.ok(), tls.ok() ? "" : tls.error().message);
    options.tls = *tls;
  }
  auto made = make_libraft_log(options, machine, book);
  CHECK(made.ok());
  auto& log = *made.value();
  std::vector<Member> members;
  for (int i = 0; i < kMembers; ++i) members.push_back(member_of(i));
  (void)log.bootstrap(members).ok();  // a restarted member holds the group already
  const auto started = log.start();
  CHECK_WITH(started.ok(), started.ok() ? "" : started.error().message);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(settings.ports[static_cast<size_t>(settings.member)]);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(listener, 128) == 0);
  for (;;) {
    const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    char magic[4];
    if (!read_fully(peer, magic, sizeof magic)) {
      ::close(peer);
    } else if (std::string_view(magic, sizeof magic) == kPreambleMagic) {
      log.accept_connection(peer, std::string(magic, sizeof magic));
    } else {
      ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::thread([peer, &log] { serve_client(peer, log); }).detach();
    }
  }
}

// ---- the driver ----

class Driver {
 public:
  explicit Driver(Settings settings) : settings_(std::move(settings)) {}

  int run(const char* program) {
    program_ = program;
    std::filesystem::remove_all(settings_.directory);
    std::filesystem::create_directories(settings_.directory);
    choose_ports();
    for (int i = 0; i < kMembers; ++i) start(i);
    for (const int clients : settings_.clients) load(clients);
    if (settings_.failovers > 0) fail_over();
    for (const auto pid : pids_) ::kill(pid, SIGKILL);
    for (const auto pid : pids_) ::waitpid(pid, nullptr, 0);
    std::filesystem::remove_all(settings_.directory);
    return 0;
  }

 private:
  void choose_ports() {
    for (int i = 0; i < kMembers; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof address;
      CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
      CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
      settings_.ports.push_back(ntohs(address.sin_port));
      ::close(fd);
    }
  }

  void start(int member) {
    std::string ports;
    for (const auto port : settings_.ports) ports += (ports.empty() ? "" : ",") + std::to_string(port);
    const auto number = std::to_string(member);
    const auto election = std::to_string(settings_.election_ms);
    const auto heartbeat = std::to_string(settings_.heartbeat_ms);
    const pid_t pid = ::fork();
    if (pid == 0) {
      (void)!::freopen((settings_.directory + "/" + alias_of(member) + ".log").c_str(), "a", stderr);
      ::execl(program_, program_, "--member", number.c_str(), "--ports", ports.c_str(), "--directory",
              settings_.directory.c_str(), "--election", election.c_str(), "--heartbeat", heartbeat.c_str(), "--keys",
              settings_.keys.c_str(), nullptr);
      ::_exit(127);
    }
    pids_[static_cast<size_t>(member)] = pid;
  }

  /// One acknowledged write; false when refused, dead or silent for `patience`.
  bool write_once(int fd, std::chrono::milliseconds patience) const {
    Bytes request;
    ByteWriter(request).put_string(Bytes(settings_.value_bytes, 'v'));
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return false;
    pollfd waiting{fd, POLLIN, 0};
    char done = kNotDone;
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1 && ::recv(fd, &done, 1, 0) == 1 &&
           done == kDone;
  }

  int open_client(int member) const {
    const int fd = connect_to(settings_.ports[static_cast<size_t>(member)]);
    if (fd >= 0) (void)!::send(fd, kClientMagic.data(), kClientMagic.size(), MSG_NOSIGNAL);
    return fd;
  }

  /// The member that acknowledges a write; waits for one.
  int leader() const {
    for (;;) {
      for (int i = 0; i < kMembers; ++i) {
        const int fd = open_client(i);
        if (fd < 0) continue;
        const bool leads = write_once(fd, 200ms);
        ::close(fd);
        if (leads) return i;
      }
      std::this_thread::sleep_for(1ms);
    }
  }

  void load(int clients) {
    const int leads = leader();
    std::vector<std::vector<double>> waits(static_cast<size_t>(clients));
    std::vector<std::thread> threads;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::seconds(settings_.seconds);
    for (auto& own : waits) {
      threads.emplace_back([this, leads, end, &own] {
        const int fd = open_client(leads);
        while (Clock::now() < end) {
          const auto sent = Clock::now();
          if (!write_once(fd, 5s)) break;
          own.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
        }
        ::close(fd);
      });
    }
    for (auto& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::vector<double> all;
    for (const auto& own : waits) all.insert(all.end(), own.begin(), own.end());
    std::sort(all.begin(), all.end());
    if (all.empty()) all.push_back(0);
    const auto at = [&](double part) { return all[static_cast<size_t>(part * static_cast<double>(all.size() - 1))]; };
    std::printf("{\"what\":\"put\",\"clients\":%d,\"ops_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", clients,
                static_cast<double>(all.size()) / seconds, at(0.5), at(0.99));
    std::fflush(stdout);
  }

  void fail_over() {
    std::vector<double> gaps;
    for (int round = 0; round < settings_.failovers; ++round) {
      const int killed = leader();
      std::this_thread::sleep_for(std::chrono::milliseconds(4 * settings_.election_ms));  // followers settle
      ::kill(pids_[static_cast<size_t>(killed)], SIGKILL);
      const auto begin = Clock::now();
      ::waitpid(pids_[static_cast<size_t>(killed)], nullptr, 0);
      leader();
      gaps.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
      start(killed);
      std::this_thread::sleep_for(300ms);
    }
    std::sort(gaps.begin(), gaps.end());
    const auto at = [&](double part) { return gaps[static_cast<size_t>(part * static_cast<double>(gaps.size() - 1))]; };
    std::printf(
        "{\"what\":\"failover\",\"kills\":%zu,\"min_ms\":%.0f,\"p50_ms\":%.0f,\"p90_ms\":%.0f,\"max_ms\":%.0f}\n",
        gaps.size(), at(0), at(0.5), at(0.9), at(1));
  }

  Settings settings_;
  const char* program_ = nullptr;
  pid_t pids_[kMembers] = {};
};

template <class T>
std::vector<T> list_of(const std::string& text) {
  std::vector<T> values;
  std::istringstream in(text);
  for (std::string each; std::getline(in, each, ',');) values.push_back(static_cast<T>(std::stoi(each)));
  return values;
}

Settings parse(int count, char** words) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    const std::string value = words[i + 1];
    if (name == "--directory") settings.directory = value;
    if (name == "--keys") settings.keys = value;
    if (name == "--clients") settings.clients = list_of<int>(value);
    if (name == "--seconds") settings.seconds = std::stoi(value);
    if (name == "--value") settings.value_bytes = std::stoul(value);
    if (name == "--failovers") settings.failovers = std::stoi(value);
    if (name == "--election") settings.election_ms = std::stoi(value);
    if (name == "--heartbeat") settings.heartbeat_ms = std::stoi(value);
    if (name == "--member") settings.member = std::stoi(value);
    if (name == "--ports") settings.ports = list_of<uint16_t>(value);
  }
  return settings;
}

}  // namespace
}  // namespace pelorus::raft

int main(int count, char** words) {
  auto settings = pelorus::raft::parse(count, words);
  if (settings.member >= 0) return pelorus::raft::run_member(settings);
  return pelorus::raft::Driver(std::move(settings)).run("/proc/self/exe");
}
