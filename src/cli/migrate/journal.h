#pragma once
// A migration's plan with its journal.

#include <memory>
#include <string>
#include <vector>

#include "cli/migrate/plan.h"
#include "cli/steps/journal.h"

namespace pelorus::cli::migrate {

using steps::Record;
using steps::RunState;
using steps::state_name;
using steps::StepRecord;
using steps::StepState;

/// One migration's folder: plan.json, journal.json, before.json, lock.
class Journal {
 public:
  /// As steps::Journal. Errors: also kCorrupt for a plan that was changed after it was made.
  static Status create(io::FileSystem& files, const std::string& directory, const Plan& plan,
                       const std::string& plan_json, const std::string& ssh);
  static Result<std::unique_ptr<Journal>> open(io::FileSystem& files, const std::string& directory,
                                               const std::string& id);
  static Result<std::pair<Plan, Record>> read(io::FileSystem& files, const std::string& directory,
                                              const std::string& id);
  static std::vector<std::string> list(io::FileSystem& files, const std::string& directory) {
    return steps::Journal::list(files, directory);
  }

  const Plan& plan() const { return plan_; }
  steps::Journal& journal() { return *steps_; }
  const Record& record() const { return steps_->record(); }
  Status set_run(RunState state) { return steps_->set_run(state); }
  Status restart() { return steps_->restart(); }
  Status put(const std::string& name, const std::string& text) { return steps_->put(name, text); }
  Result<std::string> get(const std::string& name) const { return steps_->get(name); }
  const std::string& folder() const { return steps_->folder(); }

 private:
  Journal(std::unique_ptr<steps::Journal> steps, Plan plan) : steps_(std::move(steps)), plan_(std::move(plan)) {}
  const std::unique_ptr<steps::Journal> steps_;
  const Plan plan_;
};

}  // namespace pelorus::cli::migrate
