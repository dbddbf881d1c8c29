// Values of any form in files of the node: writeObject readObject.

#include <cstring>

#include "dist/partition_messages.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/open_file.h"
#include "io/checksum.h"
#include "server/scripts/register_scripts.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;

constexpr uint64_t kObjectBytesMax = uint64_t{1} << 36;

/// Before each value: how many bytes it has, and their CRC-32C.
struct Head {
  uint64_t bytes = 0;
  uint32_t crc = 0;
};
constexpr size_t kHeadBytes = sizeof(uint64_t) + sizeof(uint32_t);

Value write_object(CallContext& context, std::span<Value> args) {
  functions::require_login(context, "writeObject");
  auto& file = functions::file_of("writeObject", args[0]);
  const auto packed = dist::pack_value(args[1]);
  if (!packed.ok()) throw ScriptError("writeObject => " + packed.error().message);
  Bytes head;
  ByteWriter writer(head);
  writer.put(uint64_t{packed->size()});
  writer.put(io::crc32c(*packed));
  functions::write_all(file, head);
  functions::write_all(file, *packed);
  return Value::null();
}

Value read_object(CallContext& context, std::span<Value> args) {
  functions::require_login(context, "readObject");
  auto& file = functions::file_of("readObject", args[0]);
  const auto bytes = file.with([&](FILE* from) {
    char raw[kHeadBytes];
    if (std::fread(raw, 1, kHeadBytes, from) != kHeadBytes)
      throw ScriptError("readObject => the file " + file.path() + " holds no more objects here.");
    ByteReader reader({raw, kHeadBytes});
    Head head;
    head.bytes = reader.get<uint64_t>();
    head.crc = reader.get<uint32_t>();
    const auto damaged =
        "readObject => what stands here in the file " + file.path() + " was not written by writeObject.";
    if (head.bytes > kObjectBytesMax) throw ScriptError(damaged);
    // As many bytes as there are: a length alone takes no memory.
    std::string read;
    constexpr size_t kPiece = size_t{1} << 24;
    while (read.size() < head.bytes) {
      const size_t before = read.size(), more = std::min<uint64_t>(kPiece, head.bytes - before);
      context.reserve_memory(static_cast<int64_t>(more));
      read.resize(before + more);
      if (std::fread(read.data() + before, 1, more, from) != more) throw ScriptError(damaged);
    }
    if (io::crc32c(read) != head.crc) throw ScriptError(damaged);
    return read;
  });
  auto value = dist::unpack_value(bytes);
  if (!value.ok()) throw ScriptError("readObject => " + value.error().message);
  return *std::move(value);
}

}  // namespace

void register_object_files(functions::Registry& registry) {
  using functions::Nature;
  functions::declare(
      registry, "files", Nature::kCommand,
      {"writeObject", "handle, object", write_object, "Writes a value of any form, for readObject to read.",
       "f = file(\"/tmp/pelorus-example-q\", \"w\"); f.writeObject(table(1 2 as a)); f.close()"});
  functions::declare(
      registry, "files", Nature::kWhole,
      {"readObject", "handle", read_object, "The next value that writeObject wrote; an error at the end of the file.",
       "f = file(\"/tmp/pelorus-example-r\", \"w\"); f.writeObject(1 2 3); f.close(); "
       "file(\"/tmp/pelorus-example-r\").readObject()"});
}

}  // namespace pelorus::server
