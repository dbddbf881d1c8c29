#pragma once
// Files that scripts keep values in: docs/formats/stored_object.md.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "data/value.h"

namespace pelorus::server {

enum class StoredKind : uint16_t { kModel = 1, kModule = 2, kTable = 3 };

/// The bytes of a whole file.
Bytes stored_object(StoredKind kind, std::string_view payload);
/// What such a file holds. Errors: kCorrupt for damaged bytes, for another kind and for files of another program;
/// kInvalid for a version that this program does not know.
Result<std::string> stored_payload(std::string_view bytes, StoredKind kind);

/// A dictionary as the payload of kModel. Errors: kInvalid when it holds something that is bound to this session: a
/// handle, a table with identity, a function that is no built-in.
Result<Bytes> pack_model(const data::Value& model);
/// The dictionary. Functions come as their names (wire::FunctionText). Errors: kCorrupt.
Result<data::Value> unpack_model(std::string_view payload);

}  // namespace pelorus::server
