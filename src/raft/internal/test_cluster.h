#pragma once
// For the tests of this folder: members of one group in this process that talk
// over loopback sockets.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "raft/libraft_log.h"
#include "raft/internal/remembering.h"
#include "raft/preamble.h"

namespace pelorus::raft {

using namespace std::chrono_literals;

class TestBook final : public AddressBook {
 public:
  Result<Endpoint> resolve(uint64_t, std::string_view alias) const override {
    const std::lock_guard lock(mutex_);
    const auto at = ports_.find(std::string(alias));
    if (at == ports_.end()) return Error{ErrorCode::kNotFound, "no address of " + std::string(alias)};
    return Endpoint{"127.0.0.1", at->second};
  }
  void set(const std::string& alias, uint16_t port) {
    const std::lock_guard lock(mutex_);
    ports_[alias] = port;
  }
  void erase(const std::string& alias) {
    const std::lock_guard lock(mutex_);
    ports_.erase(alias);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint16_t> ports_;  // guarded by mutex_
};

/// A listening socket of this process on 127.0.0.1; hands what begins with the preamble to `log`.
class TestListener {
 public:
  TestListener() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd_, 64) == 0);
    CHECK(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TestListener() {
    ends_ = true;
    thread_.join();
    ::close(fd_);
  }
  uint16_t port() const { return port_; }
  void serve_for(LibraftLog* log) {
    const std::lock_guard lock(mutex_);
    log_ = log;
  }

 private:
  void serve() {
    while (!ends_) {
      pollfd waiting{fd_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) continue;
      char bytes[8];  // as many as the node's listener reads: the log must read the rest itself
      const auto size = ::recv(peer, bytes, sizeof bytes, 0);
      const std::lock_guard lock(mutex_);
      const std::string read(bytes, size > 0 ? static_cast<size_t>(size) : 0);
      if (log_ != nullptr && read.starts_with(kPreambleMagic)) {
        log_->accept_connection(peer, read);
      } else {
        ::close(peer);
      }
    }
  }

  int fd_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> ends_{false};
  std::mutex mutex_;
  LibraftLog* log_ = nullptr;  // guarded by mutex_
  std::thread thread_;
};

inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = 8s) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// Members a, b, c … of one group. Each may be started, stopped and started again.
class TestCluster {
 public:
  struct Node {
    std::string alias;
    Member member;
    Uuid uuid;
    std::string directory;
    std::unique_ptr<TestListener> listener;
    std::unique_ptr<Remembering> machine;
    std::unique_ptr<LibraftLog> log;
  };

  explicit TestCluster(const std::string& name, std::function<void(LibraftOptions&)> adjust = {})
      : root_(std::filesystem::temp_directory_path() / ("pelorus_raft_" + name + "_" + std::to_string(::getpid()))),
        adjust_(std::move(adjust)) {
    std::filesystem::remove_all(root_);
  }
  ~TestCluster() {
    for (auto& [alias, node] : nodes_) stop(alias);
    nodes_.clear();
    std::filesystem::remove_all(root_);
  }

  /// A member with a directory and an address, not started.
  Node& make(const std::string& alias) {
    auto& node = nodes_[alias];
    node.alias = alias;
    node.uuid = Uuid::random();
    node.member = Member{member_id_of(node.uuid.to_string()), alias, MemberRole::kVoter};
    node.directory = root_ / alias;
    node.listener = std::make_unique<TestListener>();
    book_.set(alias, node.listener->port());
    return node;
  }
  LibraftOptions options(const Node& node) const {
    LibraftOptions options;
    options.directory = node.directory;
    options.group = "test";
    options.cluster = cluster_;
    options.node = node.uuid;
    options.cluster_key = "key of the test";
    options.self = node.member;
    options.election_timeout = 250ms;
    options.heartbeat = 25ms;
    options.connect_retry = 30ms;
    options.segment_bytes = 1u << 20;
    if (adjust_) adjust_(options);
    return options;
  }
  void create(const std::string& alias) {
    auto& node = nodes_.at(alias);
    node.machine = std::make_unique<Remembering>();
    auto log = make_libraft_log(options(node), *node.machine, book_);
    ASSERT_TRUE(log.ok()) << log.error().describe();
    node.log = std::move(log).value();
  }
  Status start(const std::string& alias) {
    create(alias);
    return run(alias);
  }
  Status run(const std::string& alias) {
    auto& node = nodes_.at(alias);
    const auto started = node.log->start();
    if (started.ok()) node.listener->serve_for(node.log.get());
    return started;
  }
  void stop(const std::string& alias) {
    auto& node = nodes_.at(alias);
    if (node.listener) node.listener->serve_for(nullptr);
    node.log.reset();
  }
  /// Makes, founds and starts these members.
  void found(const std::vector<std::string>& aliases) {
    std::vector<Member> members;
    for (const auto& alias : aliases) members.push_back(make(alias).member);
    for (const auto& alias : aliases) {
      create(alias);
      const auto founded = nodes_.at(alias).log->bootstrap(members);
      ASSERT_TRUE(founded.ok()) << founded.error().describe();
      const auto started = run(alias);
      ASSERT_TRUE(started.ok()) << started.error().describe();
    }
  }
  Node& operator[](const std::string& alias) { return nodes_.at(alias); }
  TestBook& book() { return book_; }
  const Uuid& uuid() const { return cluster_; }

  /// The alias of the member that leads and is ready; waits for one.
  std::string leader() {
    std::string found;
    eventually([&] {
      for (const auto& [alias, node] : nodes_) {
        if (node.log && node.machine->leads_now && node.log->status().role == LogRole::kLeader) found = alias;
      }
      return !found.empty();
    });
    return found;
  }
  std::vector<std::string> followers() {
    const auto leads = leader();
    std::vector<std::string> others;
    for (const auto& [alias, node] : nodes_) {
      if (alias != leads) others.push_back(alias);
    }
    return others;
  }
  /// Proposes at whoever leads until it is answered.
  Result<Bytes> propose(const std::string& command) {
    Result<Bytes> answer = Error{ErrorCode::kTimeout, "no leader"};
    eventually([&] {
      const auto alias = leader();
      if (alias.empty()) return true;
      answer = nodes_.at(alias).log->propose_and_wait(command, 5s);
      return answer.ok() || answer.error().code != ErrorCode::kNotLeader;
    });
    return answer;
  }
  bool agree(size_t count) {
    return eventually([&] {
      const std::vector<std::string>* first = nullptr;
      std::vector<std::vector<std::string>> all;
      for (const auto& [alias, node] : nodes_) {
        if (node.log) all.push_back(node.machine->commands());
      }
      for (const auto& each : all) {
        if (each.size() != count || (first != nullptr && each != *first)) return false;
        first = &each;
      }
      return true;
    });
  }

 private:
  std::filesystem::path root_;
  std::function<void(LibraftOptions&)> adjust_;
  Uuid cluster_ = Uuid::random();
  TestBook book_;
  std::map<std::string, Node> nodes_;
};

}  // namespace pelorus::raft
