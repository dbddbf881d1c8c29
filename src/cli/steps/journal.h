#pragma once
// What has been done of a plan, kept so that a tool that was killed can go on. Not the truth about the cluster: every
// step asks the cluster itself whether it is done.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"

namespace pelorus::cli::steps {

enum class StepState : uint8_t { kWaiting, kBegun, kDone, kUndoing, kUndone };
std::string_view state_name(StepState state);

enum class RunState : uint8_t { kPlanned, kRunning, kDone, kRollingBack, kRolledBack, kFinished };
std::string_view state_name(RunState state);

struct StepRecord {
  StepState state = StepState::kWaiting;
  int64_t began_ms = 0;  // since 1970
  int64_t ended_ms = 0;
  std::string remark;  // what was found already so, or why it failed
  bool operator==(const StepRecord&) const = default;
};

struct Record {
  RunState state = RunState::kPlanned;
  std::vector<StepRecord> steps;  // as many as the plan's
  std::string ssh;                // how hosts are reached: JSON of the command's options, without secrets
  bool operator==(const Record&) const = default;
};

/// $XDG_DATA_HOME or ~/.local/share, and pelorus/<kind> behind it.
std::string default_state_directory(std::string_view kind);

/// One plan's folder: plan.json, journal.json, the command's own files, lock. Every change is on disk when a call
/// returns. What a plan means is the command's business: here it is a text and a number of steps.
class Journal {
 public:
  struct Kept {
    std::string plan;
    Record record;
  };
  /// Writes the plan. One that is there already with the same id stays with its journal, unless it was rolled back or
  /// finished: then it begins anew. Errors: kIo, kNoSpace, kConflict when a run holds it just then.
  static Status create(io::FileSystem& files, const std::string& directory, const std::string& id,
                       const std::string& plan, size_t steps, const std::string& ssh);
  /// For one run at a time. Errors: kNotFound (no such plan), kConflict (another run holds it), kCorrupt, kInvalid for
  /// what is no id.
  static Result<std::unique_ptr<Journal>> open(io::FileSystem& files, const std::string& directory,
                                               const std::string& id);
  /// Without a lock, to show it. Errors: kNotFound, kCorrupt, kInvalid.
  static Result<Kept> read(io::FileSystem& files, const std::string& directory, const std::string& id);
  /// Ids of the plans in the directory.
  static std::vector<std::string> list(io::FileSystem& files, const std::string& directory);

  const std::string& plan() const { return kept_.plan; }
  const Record& record() const { return kept_.record; }
  /// Errors of all that write: kIo, kNoSpace; the record in memory is then as before.
  Status set_run(RunState state);
  Status set_step(size_t step, StepRecord record);
  /// All steps wait again, as before the first run.
  Status restart();
  /// Another file of the plan, such as before.json.
  Status put(const std::string& name, const std::string& text);
  Result<std::string> get(const std::string& name) const;
  const std::string& folder() const { return folder_; }

 private:
  Journal(io::FileSystem& files, std::string folder, std::unique_ptr<io::FileLock> lock, Kept kept)
      : files_(files), folder_(std::move(folder)), lock_(std::move(lock)), kept_(std::move(kept)) {}
  Status write(Record record);
  io::FileSystem& files_;
  const std::string folder_;
  const std::unique_ptr<io::FileLock> lock_;
  Kept kept_;
};

/// Journals a step around `deed`: on disk before it begins and after it ends. Gives back the deed's remark.
Result<std::string> journalled(Journal& journal, const std::function<int64_t()>& now_ms, size_t step, StepState during,
                               StepState after, const std::function<Result<std::string>()>& deed);

}  // namespace pelorus::cli::steps
