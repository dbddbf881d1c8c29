#include "server/scripts/stored_object.h"

#include "functions/registry.h"
#include "io/checksum.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace pelorus::server {
namespace {

using data::Value;

constexpr uint32_t kMark = 0x424F4C50;  // "PLOB"
constexpr uint16_t kVersion = 1;
constexpr size_t kChecksumBytes = sizeof(uint32_t);

/// Why a value can't be kept; nothing when it can.
std::optional<std::string> obstacle_in(const Value& value) {
  if (value.is_handle()) return "a " + value.handle()->kind();
  if (value.is_table_object()) return "a " + value.type_text();
  if (value.is_code()) return "code";
  if (value.is_function() && dynamic_cast<const functions::Builtin*>(value.function().get()) == nullptr)
    return "a function of the session";
  const data::Vector* parts = value.is_vector() ? &value.vector() : nullptr;
  if (value.is_dictionary()) parts = &value.dictionary().values();
  if (parts == nullptr || !parts->is_tuple()) return std::nullopt;
  for (const auto& part : parts->values_any()) {
    if (auto found = obstacle_in(part)) return found;
  }
  return std::nullopt;
}

}  // namespace

Bytes stored_object(StoredKind kind, std::string_view payload) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put<uint32_t>(kMark);
  out.put<uint16_t>(kVersion);
  out.put<uint16_t>(static_cast<uint16_t>(kind));
  out.put<uint64_t>(payload.size());
  out.put_raw(payload.data(), payload.size());
  out.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

Result<std::string> stored_payload(std::string_view bytes, StoredKind kind) {
  ByteReader in(bytes);
  const auto mark = in.get<uint32_t>();
  const auto version = in.get<uint16_t>();
  const auto stored_kind = in.get<uint16_t>();
  const auto size = in.get<uint64_t>();
  if (!in.ok() || mark != kMark) return Error{ErrorCode::kCorrupt, "it is no file of this program"};
  if (version != kVersion)
    return Error{ErrorCode::kInvalid, "its version " + std::to_string(version) + " is not known here; version " +
                                          std::to_string(kVersion) + " is"};
  if (in.left() < kChecksumBytes || size != in.left() - kChecksumBytes)
    return Error{ErrorCode::kCorrupt, "it is damaged: its length is not the one it states"};
  const auto payload = in.get_raw(size);
  if (in.get<uint32_t>() != io::crc32c(bytes.substr(0, bytes.size() - kChecksumBytes)))
    return Error{ErrorCode::kCorrupt, "it is damaged: its checksum does not hold"};
  if (stored_kind != static_cast<uint16_t>(kind))
    return Error{ErrorCode::kCorrupt, "it holds something else than asked for"};
  return std::string(payload);
}

Result<Bytes> pack_model(const Value& model) {
  if (!model.is_dictionary()) return Error{ErrorCode::kInvalid, "a model is a dictionary"};
  if (const auto obstacle = obstacle_in(model))
    return Error{ErrorCode::kInvalid, "the model holds " + *obstacle + ", which can't be kept in a file"};
  wire::Chain chain;
  TRY_DONE(wire::encode(model, chain));
  Bytes bytes(1, model.dictionary().ordered() ? '\1' : '\0');
  return bytes + chain.flatten();
}

Result<Value> unpack_model(std::string_view payload) {
  if (payload.empty()) return Error{ErrorCode::kCorrupt, "the model is empty"};
  TRY(auto value, wire::decode(payload.substr(1)));
  if (!value.is_dictionary()) return Error{ErrorCode::kCorrupt, "it holds no dictionary"};
  if (payload[0] == '\0') return value;
  const auto& read = value.dictionary();
  return Value(data::Dictionary(read.keys(), read.values(), true));
}

}  // namespace pelorus::server
