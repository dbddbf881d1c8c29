#include "meta/levels.h"

namespace pelorus::meta {

std::string Build::describe() const {
  return "pelorusd " + version + ", feature levels " + std::to_string(oldest_level) + " to " +
         std::to_string(newest_level);
}

Status check_runs_at(const Build& build, uint32_t level) {
  if (build.runs_at(level)) return {};
  const auto cluster = "the cluster is at feature level " + std::to_string(level) +
                       ", which this program does not know (" + build.describe() + "). ";
  if (level > build.newest_level) {
    return Error{ErrorCode::kInvalid, cluster +
                                          "An upgrade was finalized: start this node with the version the others "
                                          "run; an older one cannot come back"};
  }
  return Error{ErrorCode::kInvalid, cluster +
                                        "Upgrade to a version in between first, finalize that upgrade, and then "
                                        "to this one"};
}

Status check_level(std::string_view what, uint32_t needed, uint32_t level) {
  if (needed <= level) return {};
  return Error{ErrorCode::kInvalid, std::string(what) + " needs feature level " + std::to_string(needed) +
                                        ", the cluster is at " + std::to_string(level) +
                                        ": upgrade every member and finalize the upgrade first"};
}

}  // namespace pelorus::meta
