#pragma once
// Whether a statement typed so far goes on with the next line.

#include <string_view>

namespace pelorus::cli {

/// How many brackets are open at the end, those in text and comments left out; an open text or block comment counts as
/// one. Never negative.
int open_brackets(std::string_view script);

}  // namespace pelorus::cli
