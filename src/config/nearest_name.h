#pragma once
// Which known word a misspelt one was meant to be.

#include <span>
#include <string>
#include <string_view>

namespace pelorus::config {

/// The candidate with the fewest changed letters (case counts least), or empty when none is close:
/// more than a third of the letters would have to change.
std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> candidates);

/// "; did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates);

}  // namespace pelorus::config
