#pragma once
// Functions and code cross the wire as text.

#include <vector>

#include "session/script_host.h"

namespace pelorus::session {

/// Makes the functions and the code among the arguments live in `host`. ScriptError for unknown ones.
void revive_texts(ScriptHost& host, std::vector<data::Value>& arguments, const StatementSurroundings& with);

}  // namespace pelorus::session
