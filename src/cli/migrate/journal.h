#pragma once
// What has been done of a plan, kept so that a tool that was killed can go on. Not the truth about the cluster: every
// step asks the cluster itself whether it is done.

#include <memory>
#include <string>
#include <vector>

#include "cli/migrate/plan.h"
#include "io/file_system.h"

namespace pelorus::cli::migrate {

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

/// $XDG_DATA_HOME or ~/.local/share, and pelorus/migrations behind it.
std::string default_state_directory();

/// One migration's folder: plan.json, journal.json, before.json, lock. Every change is on disk when a call returns.
class Journal {
 public:
  /// Writes the plan; one that is there already with the same id stays with its journal. Errors: kIo, kNoSpace.
  static Status create(io::FileSystem& files, const std::string& directory, const Plan& plan,
                       const std::string& plan_json, const std::string& ssh);
  /// For one run at a time. Errors: kNotFound (no such plan), kConflict (another run holds it), kCorrupt.
  static Result<std::unique_ptr<Journal>> open(io::FileSystem& files, const std::string& directory,
                                               const std::string& id);
  /// Without a lock, to show it. Errors: kNotFound, kCorrupt.
  static Result<std::pair<Plan, Record>> read(io::FileSystem& files, const std::string& directory,
                                              const std::string& id);
  /// Ids of the plans in the directory.
  static std::vector<std::string> list(io::FileSystem& files, const std::string& directory);

  const Plan& plan() const { return plan_; }
  const Record& record() const { return record_; }
  /// Errors of all that write: kIo, kNoSpace; the record in memory is then as before.
  Status set_run(RunState state);
  Status set_step(size_t step, StepRecord record);
  /// All steps wait again, as before the first run.
  Status restart();
  /// Another file of the migration, such as before.json.
  Status put(const std::string& name, const std::string& text);
  Result<std::string> get(const std::string& name) const;
  const std::string& folder() const { return folder_; }

 private:
  Journal(io::FileSystem& files, std::string folder, std::unique_ptr<io::FileLock> lock, Plan plan, Record record)
      : files_(files),
        folder_(std::move(folder)),
        lock_(std::move(lock)),
        plan_(std::move(plan)),
        record_(std::move(record)) {}
  Status write(Record record);
  io::FileSystem& files_;
  const std::string folder_;
  const std::unique_ptr<io::FileLock> lock_;
  const Plan plan_;
  Record record_;
};

}  // namespace pelorus::cli::migrate
