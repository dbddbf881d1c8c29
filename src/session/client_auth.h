#pragma once
// What may be called before login when enableClientAuth is set (docs/protocol/native.md §4.1).

#include <string_view>

#include "wire/request.h"

namespace pelorus::session {

/// True for connect and for a call of one of the listed functions: as a function request, or as a script that is
/// exactly one such call with literal arguments.
bool may_run_before_login(const wire::Request& request);

inline constexpr std::string_view kLoginRequired =
    "Login is required for script execution with client authentication enabled. RefId: S04009";

}  // namespace pelorus::session
