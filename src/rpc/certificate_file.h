#pragma once
// When certificates end.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::rpc {

/// The last seconds (since 1970) of the certificates in a PEM file, in their order. Errors: kNotFound, kIo; kInvalid
/// when it holds none.
Result<std::vector<int64_t>> certificate_ends(const std::string& file);

}  // namespace pelorus::rpc
