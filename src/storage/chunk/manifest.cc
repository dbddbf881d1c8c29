#include "storage/chunk/manifest.h"

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

constexpr uint32_t kManifestMagic = 0x4D524C50;  // "PLRM"
constexpr uint32_t kFormat = 1;
constexpr uint32_t kFormatSorted = 2;   // with a sort rule behind the schema
constexpr uint32_t kFormatOptions = 3;  // with table options there
constexpr uint64_t kManifestBytesMax = 256u << 20;
constexpr size_t kVersionBytes = 16;
constexpr size_t kSegmentBytes = 28;

}  // namespace

std::string manifest_path(const std::string& chunk_directory) { return io::join_path(chunk_directory, "manifest"); }

std::string encode_manifest(const Manifest& manifest) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kManifestMagic);
  const bool options = has_options(manifest.sort, manifest.compression);
  writer.put<uint32_t>(options ? kFormatOptions : manifest.sort.sorts() ? kFormatSorted : kFormat);
  writer.put<uint64_t>(manifest.chunk.value);
  writer.put<uint32_t>(manifest.dropped ? 1 : 0);
  writer.put<uint64_t>(manifest.version);
  writer.put<uint64_t>(manifest.generation);
  writer.put<uint64_t>(manifest.log_floor);
  writer.put<uint64_t>(manifest.next_file);
  encode_schema(manifest.schema, writer);
  if (options)
    encode_options(manifest.sort, manifest.compression, writer);
  else if (manifest.sort.sorts())
    encode_sort(manifest.sort, writer);
  writer.put<uint32_t>(static_cast<uint32_t>(manifest.versions.size()));
  for (const auto& entry : manifest.versions) {
    writer.put<uint64_t>(entry.version);
    writer.put<uint64_t>(entry.rows);
  }
  writer.put<uint32_t>(static_cast<uint32_t>(manifest.segments.size()));
  for (const auto& segment : manifest.segments) {
    writer.put<uint64_t>(segment.file_number);
    writer.put<uint64_t>(segment.rows);
    writer.put<uint64_t>(segment.file_bytes);
    writer.put<uint32_t>(segment.footer_crc);
  }
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path) {
  const Error corrupt{ErrorCode::kCorrupt, "chunk manifest is damaged: " + path};
  if (bytes.size() < 12) return corrupt;
  uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + bytes.size() - 4, 4);
  const auto covered = bytes.substr(0, bytes.size() - 4);
  ByteReader reader(covered);
  if (reader.get<uint32_t>() != kManifestMagic || io::crc32c(covered) != crc) return corrupt;
  const auto format = reader.get<uint32_t>();
  if (format != kFormat && format != kFormatSorted && format != kFormatOptions) {
    return Error{ErrorCode::kInvalid, "chunk manifest has a format this version does not know: " + path + ", format " +
                                          std::to_string(format)};
  }
  Manifest manifest;
  manifest.chunk.value = reader.get<uint64_t>();
  manifest.dropped = reader.get<uint32_t>() != 0;
  manifest.version = reader.get<uint64_t>();
  manifest.generation = reader.get<uint64_t>();
  manifest.log_floor = reader.get<uint64_t>();
  manifest.next_file = reader.get<uint64_t>();
  TRY(manifest.schema, decode_schema(reader));
  if (format == kFormatSorted) {
    TRY(manifest.sort, decode_sort(reader, manifest.schema));
  } else if (format == kFormatOptions) {
    TRY_DONE(decode_options(reader, manifest.schema, manifest.sort, manifest.compression));
  }
  const auto versions = reader.get<uint32_t>();
  if (versions > reader.left() / kVersionBytes) return corrupt;
  for (uint32_t i = 0; i < versions; ++i) {
    VersionEntry entry;
    entry.version = reader.get<uint64_t>();
    entry.generation = manifest.generation;
    entry.rows = reader.get<uint64_t>();
    manifest.versions.push_back(entry);
  }
  const auto segments = reader.get<uint32_t>();
  if (segments > reader.left() / kSegmentBytes) return corrupt;
  for (uint32_t i = 0; i < segments; ++i) {
    SegmentFacts facts;
    facts.file_number = reader.get<uint64_t>();
    facts.rows = reader.get<uint64_t>();
    facts.file_bytes = reader.get<uint64_t>();
    facts.footer_crc = reader.get<uint32_t>();
    manifest.segments.push_back(facts);
  }
  if (!reader.ok() || !reader.at_end()) return corrupt;
  return manifest;
}

Status write_manifest(io::FileSystem& files, const std::string& chunk_directory, const Manifest& manifest) {
  return io::replace_file(files, manifest_path(chunk_directory), encode_manifest(manifest));
}

Result<Manifest> read_manifest(io::FileSystem& files, const std::string& chunk_directory) {
  const std::string path = manifest_path(chunk_directory);
  TRY(const auto bytes, io::read_file(files, path, kManifestBytesMax));
  return decode_manifest(bytes, path);
}

}  // namespace pelorus::storage
