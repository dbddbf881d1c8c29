#pragma once
// For tests: a member that speaks the preamble and the engine's frames by hand.

#include "raft/internal/entry_format.h"
#include "raft/internal/test_cluster.h"

namespace pelorus::raft {

class FakePeer {
 public:
  explicit FakePeer(uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~FakePeer() { ::close(fd_); }

  void send(std::string_view bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// Up to the line feed; what there was when the other side closed.
  std::string read_line() {
    std::string line;
    char c = 0;
    while (::recv(fd_, &c, 1, 0) == 1 && c != '\n') line += c;
    return line;
  }
  /// The acceptor's answer to the first line.
  std::string greet(const Preamble& preamble, std::string_view key) {
    auto line = encode_preamble(preamble, key);
    send(line);
    preamble_line_ = line.substr(0, line.size() - 1);
    return read_line();
  }
  /// greet() and confirm; true when the acceptor let us in.
  bool join(const Preamble& preamble, std::string_view key) {
    const auto answer = greet(preamble, key);
    const auto nonce = decode_consent(answer, preamble_line_, key);
    if (nonce.ok()) send(encode_confirmation(preamble_line_, nonce.value(), key));
    return nonce.ok();
  }
  /// The engine's AppendEntries: commands behind entry `previous`.
  void append(uint64_t term, uint64_t previous, uint64_t previous_term, uint64_t commit,
              const std::vector<Bytes>& entries) {
    Bytes header;
    ByteWriter out(header);
    for (const uint64_t each : {term, previous, previous_term, commit, uint64_t{entries.size()}}) out.put(each);
    Bytes payload;
    for (const auto& each : entries) {
      out.put(term);
      out.put<uint32_t>(1);  // a command
      out.put(static_cast<uint32_t>(each.size()));
      payload += each;
    }
    out.put<uint64_t>(0);
    frame(1, header, payload);
  }
  /// The engine's InstallSnapshot.
  void install(uint64_t term, uint64_t last_index, uint64_t last_term, const std::vector<Member>& members,
               const Bytes& snapshot) {
    Bytes configuration;
    ByteWriter list(configuration);
    list.put<uint8_t>(1);
    list.put<uint64_t>(members.size());
    for (const auto& each : members) {
      list.put(each.id);
      list.put_cstring(each.alias);
      list.put<uint8_t>(1);  // a voter
    }
    configuration.resize((configuration.size() + 7) / 8 * 8);
    Bytes header;
    ByteWriter out(header);
    for (const uint64_t each : {term, last_index, last_term, uint64_t{1}, uint64_t{configuration.size()}})
      out.put(each);
    header += configuration;
    out.put<uint64_t>(snapshot.size());
    out.put<uint64_t>(0);
    frame(5, header, snapshot);
  }

 private:
  void frame(uint8_t type, const Bytes& header, const Bytes& payload) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.put<uint64_t>(type);
    out.put<uint64_t>(header.size());
    send(bytes + header + payload);
  }

  int fd_ = -1;
  std::string preamble_line_;
};

}  // namespace pelorus::raft
