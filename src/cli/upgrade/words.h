#pragma once
// The sentences of `pelorus upgrade`.

#include "cli/steps/words.h"

namespace pelorus::cli::upgrade {

/// The code must be one of words.cc (checked).
std::string say(Language language, const steps::Note& note);
bool knows(std::string_view code);

}  // namespace pelorus::cli::upgrade
