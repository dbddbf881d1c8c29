#pragma once
// What the log of a stream group carries (docs/formats/stream_group.md).

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "data/table.h"

namespace pelorus::stream {

struct GroupCommand {
  enum class Kind : uint8_t { kCreate, kAppend, kDrop } kind = Kind::kCreate;
  std::string table;
  std::string request;                 // of kAppend: the same for every try, so that a repeated one adds nothing
  int64_t time_ms = 0;                 // of kAppend: when the leader took the rows, since 1970; rows age by it
  int64_t retention_minutes = 0;       // of kCreate
  std::vector<std::string> keys = {};  // of kCreate: key columns; none for a plain stream table
  data::Table rows = {};               // of kAppend; of kCreate: the columns, without rows
};

Result<Bytes> encode(const GroupCommand& command);
/// kCorrupt for bytes that are none.
Result<GroupCommand> decode_command(std::string_view bytes);

/// What applying a command gives to whoever proposed it: rows added, or why not.
Bytes encode_outcome(const Result<int64_t>& outcome);
Result<int64_t> decode_outcome(std::string_view bytes);

}  // namespace pelorus::stream
