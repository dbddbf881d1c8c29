#include "stream/ha/group_command.h"

#include "stream/engines/engine_snapshot.h"
#include "wire/decode.h"
#include "wire/encode.h"

#include "base/script_error.h"

namespace pelorus::stream {

using data::Value;

Result<Bytes> encode(const GroupCommand& command) {
  StateWriter parts;
  parts.add(static_cast<int64_t>(command.kind));
  parts.add_bytes({command.table, command.request});
  parts.add(std::vector<int64_t>{command.time_ms, command.retention_minutes});
  parts.add_bytes(command.keys);
  parts.add(command.rows);
  wire::Chain chain;
  TRY_DONE(wire::encode(parts.take(), chain));
  return Bytes(chain.flatten());
}

Result<GroupCommand> decode_command(std::string_view bytes) {
  TRY(const Value value, wire::decode(bytes));
  try {
    StateReader parts(value);
    GroupCommand command;
    const int64_t kind = parts.number();
    const auto names = parts.bytes();
    const auto numbers = parts.numbers();
    command.keys = parts.bytes();
    command.rows = parts.table();
    if (kind < 0 || kind > static_cast<int64_t>(GroupCommand::Kind::kDrop) || names.size() != 2 || numbers.size() != 2)
      return Error{ErrorCode::kCorrupt, "a command of a stream group makes no sense"};
    command.kind = static_cast<GroupCommand::Kind>(kind);
    command.table = names[0];
    command.request = names[1];
    command.time_ms = numbers[0];
    command.retention_minutes = numbers[1];
    return command;
  } catch (const ScriptError&) {
    return Error{ErrorCode::kCorrupt, "a command of a stream group makes no sense"};
  }
}

Bytes encode_outcome(const Result<int64_t>& outcome) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put<uint8_t>(outcome.ok() ? 1 : 0);
  if (outcome.ok())
    out.put<int64_t>(*outcome);
  else
    out.put_string(outcome.error().message);
  return bytes;
}

Result<int64_t> decode_outcome(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.get<uint8_t>() == 1) {
    const auto rows = in.get<int64_t>();
    if (in.ok()) return rows;
  } else {
    const auto size = in.get<uint32_t>();
    const auto text = in.get_raw(size);
    if (in.ok()) return Error{ErrorCode::kInvalid, std::string(text)};
  }
  return Error{ErrorCode::kCorrupt, "the answer of a stream group makes no sense"};
}

}  // namespace pelorus::stream
