#pragma once
// Where the running demo is, for `pelorus demo kill` in another terminal.

#include <filesystem>

#include "cli/demo/demo_place.h"

namespace pelorus::cli {

/// $XDG_RUNTIME_DIR/pelorus-demo.json, or /tmp/pelorus-demo-<uid>.json.
std::filesystem::path demo_state_path();
/// Readable by this user only; replaces an older one. Errors: kIo.
Status write_demo_state(const std::filesystem::path& path, const DemoPlace& place);
/// Errors: kUnavailable when no demo runs; kDenied when the file is another user's; kCorrupt.
Result<DemoPlace> read_demo_state(const std::filesystem::path& path);

}  // namespace pelorus::cli
