#include "controller/functions/settings_file.h"

#include <cstring>

#include "base/bytes.h"
#include "io/checksum.h"
#include "meta/archive.h"

namespace pelorus::controller {
namespace {

constexpr uint32_t kMagic = 0x53524C50;  // "PLRS"
constexpr uint32_t kFormat = 1;

}  // namespace

std::string encode_settings(const SavedSettings& settings) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kMagic);
  writer.put<uint32_t>(kFormat);
  bytes += meta::encode(settings);
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

Result<SavedSettings> decode_settings(std::string_view bytes, const std::string& path) {
  const Error corrupt{ErrorCode::kCorrupt, "the file of settings is damaged, or is none: " + path};
  if (bytes.size() < 12) return corrupt;
  const auto covered = bytes.substr(0, bytes.size() - 4);
  uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + covered.size(), sizeof crc);
  ByteReader reader(covered);
  if (reader.get<uint32_t>() != kMagic || crc != io::crc32c(covered)) return corrupt;
  const auto format = reader.get<uint32_t>();
  if (format != kFormat)
    return Error{ErrorCode::kInvalid, "the file of settings has a format this version does not know: " + path + ", " +
                                          std::to_string(format)};
  auto settings = meta::decode<SavedSettings>(covered.substr(reader.position()), "settings");
  if (!settings.ok()) return corrupt;
  return settings;
}

}  // namespace pelorus::controller
