#pragma once
// Text that may leave the operator's hands: without passwords, tokens and keys.

#include <string>
#include <string_view>

namespace pelorus::cli {

inline constexpr std::string_view kRedacted = "(removed)";

/// A setting marked as secret, or an unknown one whose name speaks of a password, a secret or a token; an alias before
/// it does not matter.
bool is_secret_setting(std::string_view name);
/// `value`, or that it was removed.
std::string shown_value(std::string_view name, const std::string& value);
/// A line of a configuration file. Secret settings keep their name and lose their value, and what is glued behind it.
std::string redact_setting(const std::string& line);
/// A line of a log: that, and the password that the first start of a cluster tells.
std::string redact_log(const std::string& line);

}  // namespace pelorus::cli
