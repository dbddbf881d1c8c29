#include "meta/state.h"

#include <openssl/evp.h>

#include "meta/catalogs.h"

namespace pelorus::meta {
namespace {

constexpr std::string_view kMagic = "PELOMETA";
constexpr uint32_t kFormat = 1;
constexpr size_t kDigestBytes = 32;

std::string digest_of(std::string_view bytes) {
  std::string digest(kDigestBytes, '\0');
  unsigned size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
                   nullptr) == 1);
  return digest;
}

}  // namespace

std::set<std::string> removed_members(const State& state) {
  std::set<std::string> aliases;
  for (auto at = state.records.lower_bound({kRemovedMembersArea, ""});
       at != state.records.end() && at->first.first == kRemovedMembersArea; ++at) {
    aliases.insert(at->first.second);
  }
  return aliases;
}

bool has_to_go(const State& state, const Replica& replica) {
  const auto* node = state.find_node(replica.node);
  return !replica.successor.empty() || (node != nullptr && node->draining);
}

std::string chunk_path(const State& state, const Chunk& chunk) {
  const auto* table = state.find_table(chunk.table);
  const auto* database = table == nullptr ? nullptr : state.find_database(table->database);
  if (database == nullptr) return "";
  return database->path + "/" + table->name + path_of(database->scheme, chunk.key);
}

Access access_of(const State& state, const std::string& user) {
  Access access{.user = user};
  const auto* found = state.find_user(user);
  if (found == nullptr) return access;
  access.is_admin = found->is_admin;
  access.groups = found->groups;
  access.grants = found->grants;
  for (const auto& id : found->groups) {
    const auto group = state.groups.find(id);
    if (group != state.groups.end()) access.grants.insert(group->second.grants.begin(), group->second.grants.end());
  }
  if (const auto catalogs = catalogs_of(state); catalogs.ok()) spread_grants(*catalogs, access.grants);
  return access;
}

// magic 8 bytes, format u32, SHA-256 of the rest, the State.
Bytes write_snapshot(const State& state) {
  const auto body = encode(state);
  Bytes out;
  ByteWriter writer(out);
  writer.put_raw(kMagic.data(), kMagic.size());
  writer.put(kFormat);
  out += digest_of(body);
  out += body;
  return out;
}

Result<State> read_snapshot(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto magic = reader.get_raw(kMagic.size());
  const auto format = reader.get<uint32_t>();
  const auto digest = reader.get_raw(kDigestBytes);
  if (!reader.ok() || magic != kMagic) return Error{ErrorCode::kCorrupt, "not a metadata snapshot"};
  if (format != kFormat) {
    return Error{ErrorCode::kCorrupt, "metadata snapshot of an unknown format: " + std::to_string(format)};
  }
  const auto body = reader.get_raw(reader.left());
  if (digest != digest_of(body)) return Error{ErrorCode::kCorrupt, "metadata snapshot fails its checksum"};
  return decode<State>(body, "metadata snapshot");
}

}  // namespace pelorus::meta
