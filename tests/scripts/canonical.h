#pragma once
// The canonical text of a value that golden scripts and the conformance corpus compare (tests/scripts/README.md).

#include <string>

#include "data/value.h"

namespace pelorus::tests {

std::string canonical(const data::Value& value);

/// Whether `actual` matches `expected`: numbers within 1e-6 relative or 1e-9 absolute, everything else as text; matrix
/// labels and the difference between a tuple of one type and a vector count only where `expected` asks for them.
bool matches(const std::string& expected, const std::string& actual);

}  // namespace pelorus::tests
