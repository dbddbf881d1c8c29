#pragma once
// Rows of unlike tables in one stream: each row is a message, its fields one BLOB (docs/protocol/native.md tells how
// clients read them).

#include <span>
#include <string>
#include <vector>

#include "data/table.h"

namespace pelorus::stream {

/// The fields of each row behind one another: fixed widths little-endian, texts ended by NUL, BLOBs behind their INT
/// length. ScriptError for columns that have no such form (array vectors).
std::vector<std::string> packed_rows(const data::Table& rows);
/// The rows of messages. ScriptError when one does not fit the schema.
data::Table unpacked_rows(const data::Schema& schema, std::span<const std::string> messages);

}  // namespace pelorus::stream
