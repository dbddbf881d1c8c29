#pragma once
// Carrying a plan out and undoing it, step by step. A step looks first whether it is done already, so it may be
// repeated after any interruption.

#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "cli/migrate/cluster.h"
#include "cli/migrate/journal.h"
#include "cli/remote/remote_host.h"

namespace pelorus::cli::migrate {

/// Where the run is.
struct Event {
  size_t step = 0;  // from 1; 0: the run itself
  size_t steps = 0;
  Note note;
};

/// What a step needs from outside. Tests bring their own.
struct Tools {
  Cluster& cluster;
  std::function<Result<RemoteHost*>(const std::string& host)> host;  // connected when first used
  std::string package;  // folder server/ of the programs sent; empty: fetched from a member
  int64_t throttle_mb = 0;
  std::function<Status(std::chrono::milliseconds)> pause;  // kCancelled on Ctrl-C
  std::function<void(const Event&)> tell;
  std::function<int64_t()> now_ms;
  bool accept_loss = false;  // a rollback of an offline plan may lose what was written since
  std::string scratch;       // a folder on this machine for packages on their way; made when needed
};

/// From the first step that is not done to the end of the plan; sets the run's state. Errors: kConflict when the
/// content differs from before; else what the step failed with. The journal then says how far it came.
Status carry_out(Journal& journal, Tools& tools);
/// Undoes the steps in reverse order. Errors as above; kConflict also when an offline plan finds that somebody wrote
/// while it was stopping: the run is then as before, and resume starts again what was stopped.
Status roll_back(Journal& journal, Tools& tools);
/// Of an offline plan: how many changes a rollback would lose. Errors: kUnavailable when the cluster does not answer.
Result<int64_t> written_since(Journal& journal, Tools& tools);
/// Removes what the members that left had on disk: their directories, their lines of cluster.cfg.
Status finish(Journal& journal, Tools& tools);
/// Directories that finish() removes, as "host: path".
std::vector<std::string> left_behind(const Plan& plan, const std::string& nodes_settings);

}  // namespace pelorus::cli::migrate
