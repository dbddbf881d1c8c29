#pragma once
// Who may touch files of the node.

#include "base/script_error.h"
#include "functions/call_context.h"

namespace pelorus::functions {

/// Guests reach no files: those of the node hold keys, passwords and logs. ScriptError for guests.
inline void require_login(CallContext& context, std::string_view function) {
  if (context.caller().user == "guest")
    throw ScriptError("<NoPrivilege>" + std::string(function) + ": log in to use files of the node.");
}

}  // namespace pelorus::functions
