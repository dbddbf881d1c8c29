#pragma once
// The sentences of `pelorus migrate`.

#include "cli/steps/words.h"

namespace pelorus::cli::migrate {

using steps::bytes_text;
using steps::duration_text;
using steps::Note;

/// The code must be one of words.cc (checked).
std::string say(Language language, const Note& note);
bool knows(std::string_view code);

}  // namespace pelorus::cli::migrate
