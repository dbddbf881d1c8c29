#pragma once
// Who may change files of the node.

#include "base/script_error.h"
#include "functions/call_context.h"

namespace pelorus::functions {

/// Guests may read files, not write or delete them. ScriptError for guests.
inline void require_login(CallContext& context, std::string_view function) {
  if (context.caller().user == "guest")
    throw ScriptError("<NoPrivilege>" + std::string(function) + ": log in to change files of the node.");
}

}  // namespace pelorus::functions
