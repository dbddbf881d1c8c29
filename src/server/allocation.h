#pragma once
// The program's operator new and delete: they count large blocks and refuse those that would pass maxMemSize
// (base/memory_limit.h). The memory itself comes from malloc, which is jemalloc's in pelorusd.

#include "config/settings.h"

namespace pelorus::server {

/// Sets the process's limit: maxMemSize, and no more than nine tenths of what the machine or its control group has,
/// so that a generous file of an operator does not end in the system's killer. Returns the bytes.
uint64_t set_memory_limit(const config::Settings& settings, const std::string& holder);

}  // namespace pelorus::server
