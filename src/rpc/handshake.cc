#include "rpc/handshake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"
#include "rpc/tls_session.h"

namespace pelorus::rpc {
namespace {

constexpr size_t kNonceBytes = 32;
constexpr size_t kProofBytes = 32;
constexpr size_t kAliasBytesMax = 128;
constexpr uint8_t kAccepted = 0;
constexpr uint8_t kRefused = 1;

void put_message(Bytes& out, std::string_view message) { ByteWriter(out).put_string(message); }

void put_identity(ByteWriter& out, const Identity& identity) {
  unsigned char nonce[kNonceBytes];
  CHECK(RAND_bytes(nonce, sizeof(nonce)) == 1);
  out.put(kProtocolVersion);
  out.put(identity.cluster.bytes);
  out.put(identity.node.bytes);
  out.put_string(identity.alias);
  out.put(static_cast<uint8_t>(identity.role));
  out.put(identity.epoch);
  out.put_raw(nonce, sizeof(nonce));
}

Result<Identity> get_identity(ByteReader& in) {
  const auto version = in.get<uint16_t>();
  if (in.ok() && version != kProtocolVersion) {
    return Error{ErrorCode::kDenied, "the peer speaks version " + std::to_string(version) +
                                         " of the protocol, this node " + std::to_string(kProtocolVersion)};
  }
  Identity identity;
  identity.cluster.bytes = in.get<std::array<uint8_t, 16>>();
  identity.node.bytes = in.get<std::array<uint8_t, 16>>();
  identity.alias = in.get_string();
  const auto role = in.get<uint8_t>();
  identity.role = static_cast<config::NodeMode>(role);
  identity.epoch = in.get<uint64_t>();
  in.get_raw(kNonceBytes);
  TRY_DONE(in.finish("the peer's hello"));
  if (role > static_cast<uint8_t>(config::NodeMode::kComputeNode) || identity.alias.size() > kAliasBytesMax) {
    return Error{ErrorCode::kCorrupt, "the peer's hello has an unknown role or too long an alias"};
  }
  return identity;
}

/// The rest of a message that began with kRefused.
Error read_refusal(ByteReader& reader) {
  const auto code = reader.get<uint16_t>();
  const auto text = reader.get_string();
  if (!reader.ok()) return {ErrorCode::kCorrupt, "the peer's refusal makes no sense"};
  return {facts(static_cast<ErrorCode>(code)).code, "refused by the peer: " + text};
}

}  // namespace

Handshake::Handshake(Side side, HandshakeOptions options, Admit admit)
    : side_(side),
      options_(std::move(options)),
      admit_(std::move(admit)),
      step_(side == Side::kClient ? Step::kAnswer : Step::kPreamble) {}

Bytes Handshake::start() {
  if (side_ == Side::kServer) return {};
  ByteWriter hello(hello_);
  put_identity(hello, options_.self);
  hello.put(static_cast<uint8_t>(options_.lane));
  hello.put_string(options_.called_alias);
  Bytes first(kPreamble);
  put_message(first, hello_);
  return first;
}

Status Handshake::advance(std::string_view& bytes, Bytes& reply) {
  while (!done()) {
    if (step_ == Step::kPreamble) {
      const auto seen = bytes.substr(0, kPreamble.size());
      if (!kPreamble.starts_with(seen)) return Error{ErrorCode::kCorrupt, "not a connection between nodes"};
      if (seen.size() < kPreamble.size()) return {};
      bytes.remove_prefix(kPreamble.size());
      step_ = Step::kHello;
    }
    if (step_ == Step::kHello && bytes.starts_with(kTlsMark)) {
      return Error{ErrorCode::kDenied, "the peer wants TLS, which is not set here; set enableRpcSSL=1 on all nodes"};
    }
    ByteReader reader(bytes);
    const auto size = reader.get<uint32_t>();
    if (!reader.ok()) return {};
    if (size > kHandshakeBytesMax) {
      return Error{ErrorCode::kCorrupt, "a message of the handshake states " + std::to_string(size) + " bytes"};
    }
    const auto message = reader.get_raw(size);
    if (!reader.ok()) return {};
    bytes.remove_prefix(sizeof(uint32_t) + size);
    TRY_DONE(on_message(message, reply));
  }
  return {};
}

Status Handshake::on_message(std::string_view message, Bytes& reply) {
  switch (step_) {
    case Step::kHello: return on_hello(message, reply);
    case Step::kAnswer: return on_answer(message, reply);
    case Step::kProof: return on_proof(message, reply);
    case Step::kVerdict: return on_verdict(message);
    default: break;
  }
  return Error{ErrorCode::kInternal, "a handshake went on after its end"};
}

Bytes Handshake::refusal(const Error& error) {
  Bytes body;
  ByteWriter writer(body);
  writer.put(kRefused);
  writer.put(static_cast<uint16_t>(error.code));
  writer.put_string(error.message);
  Bytes message;
  put_message(message, body);
  return message;
}

Error Handshake::refuse(Error error, Bytes& reply) {
  reply += refusal(error);
  return error;
}

Status Handshake::check_cluster() const {
  const auto& own = options_.self.cluster;
  if (own.is_nil() || peer_.cluster.is_nil() || own == peer_.cluster) return {};
  return Error{ErrorCode::kDenied, "'" + peer_.alias + "' belongs to cluster " + peer_.cluster.to_string() + ", '" +
                                       options_.self.alias + "' to cluster " + own.to_string()};
}

Status Handshake::on_hello(std::string_view message, Bytes& reply) {
  hello_ = message;
  ByteReader reader(message);
  auto identity = get_identity(reader);
  if (!identity.ok()) return refuse(identity.error(), reply);
  peer_ = std::move(identity).value();
  const auto lane = reader.get<uint8_t>();
  const auto called = reader.get_string();
  if (!reader.ok() || lane >= kLaneCount) return refuse({ErrorCode::kCorrupt, "the hello makes no sense"}, reply);
  options_.lane = static_cast<Lane>(lane);
  if (auto same = check_cluster(); !same.ok()) return refuse(same.error(), reply);
  if (!called.empty() && called != options_.self.alias) {
    return refuse({ErrorCode::kConflict, "'" + called + "' was called, but '" + options_.self.alias + "' answers here"},
                  reply);
  }
  ByteWriter answer(answer_);
  put_identity(answer, options_.self);
  Bytes body(1, static_cast<char>(kAccepted));
  body += answer_;
  body += proof("server");
  put_message(reply, body);
  step_ = Step::kProof;
  return {};
}

Status Handshake::on_answer(std::string_view message, Bytes& reply) {
  ByteReader reader(message);
  if (reader.get<uint8_t>() != kAccepted) return read_refusal(reader);
  if (message.size() < 1 + kProofBytes) return Error{ErrorCode::kCorrupt, "the peer's answer is too short"};
  answer_ = message.substr(1, message.size() - 1 - kProofBytes);
  ByteReader answer(answer_);
  TRY(peer_, get_identity(answer));
  TRY_DONE(check_cluster());
  const auto stated = message.substr(message.size() - kProofBytes);
  if (CRYPTO_memcmp(stated.data(), proof("server").data(), kProofBytes) != 0) {
    return Error{ErrorCode::kDenied,
                 "'" + peer_.alias + "' does not know the cluster key; copy the key file to all nodes"};
  }
  if (!options_.called_alias.empty() && peer_.alias != options_.called_alias) {
    return Error{ErrorCode::kConflict, "'" + options_.called_alias + "' was called, but '" + peer_.alias + "' answers"};
  }
  put_message(reply, proof("client"));
  step_ = Step::kVerdict;
  return {};
}

Status Handshake::on_proof(std::string_view message, Bytes& reply) {
  const auto expected = proof("client");
  if (message.size() != kProofBytes || CRYPTO_memcmp(message.data(), expected.data(), kProofBytes) != 0) {
    return refuse({ErrorCode::kDenied, "'" + peer_.alias + "' does not know the cluster key of '" +
                                           options_.self.alias + "'; copy the key file to all nodes"},
                  reply);
  }
  if (admit_) {
    if (auto admitted = admit_(peer_); !admitted.ok()) return refuse(admitted.error(), reply);
  }
  put_message(reply, std::string_view("\0", 1));
  step_ = Step::kDone;
  return {};
}

Status Handshake::on_verdict(std::string_view message) {
  ByteReader reader(message);
  if (reader.get<uint8_t>() == kAccepted && reader.ok()) {
    step_ = Step::kDone;
    return {};
  }
  return read_refusal(reader);
}

Bytes Handshake::proof(std::string_view who) const {
  Bytes signed_bytes(who);
  put_message(signed_bytes, hello_);
  put_message(signed_bytes, answer_);
  Bytes digest(kProofBytes, '\0');
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), options_.key.data(), static_cast<int>(options_.key.size()),
                          reinterpret_cast<const unsigned char*>(signed_bytes.data()), signed_bytes.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  CHECK(done != nullptr && size == kProofBytes);
  return digest;
}

}  // namespace pelorus::rpc
