#pragma once
// Escapes in addresses: %41 is an A.

#include <optional>
#include <string>
#include <string_view>

namespace pelorus::net {

/// Nothing for a broken escape or a NUL. `plus_is_blank`: as in what forms send.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false);

}  // namespace pelorus::net
