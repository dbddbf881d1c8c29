#pragma once
// Carries a plan out, or takes it back, step by step. A step may be repeated after any interruption.

#include <chrono>
#include <filesystem>
#include <functional>

#include "cli/remote/remote_host.h"
#include "cli/steps/journal.h"
#include "cli/upgrade/host_scripts.h"
#include "cli/upgrade/plan.h"

namespace pelorus::cli::upgrade {

/// What a step found: "already so", or nothing to remark.
using Remark = std::string;

/// What the steps need from outside. Tests bring their own.
struct Tools {
  migrate::Cluster& cluster;
  std::function<Result<RemoteHost*>(const std::string& host)> host;  // connected when first used
  std::function<Result<std::filesystem::path>()> stage;              // a folder with what is sent; made anew
  std::function<Status(std::chrono::milliseconds)> pause;            // kCancelled on Ctrl-C
  std::function<void(size_t step, const Note&)> tell;                // step from 1; 0: the run itself
  std::function<int64_t()> now_ms;
};

class StepRunner {
 public:
  StepRunner(const Plan& plan, steps::Journal& journal, Tools& tools) : plan_(plan), journal_(journal), tools_(tools) {}

  /// From the first step that is not done to the end. Errors: what the step failed with; the journal says how far it
  /// came.
  Status carry_out();
  /// Turns of which anything was begun get their old programs again, the last one first.
  Status roll_back();
  /// Removes what is kept for the way back.
  Status tidy();

 private:
  using Members = std::vector<Member>;
  Result<Remark> act(const Step& step);
  Result<Remark> undo(const Step& step);
  Result<Remark> send(const Step& step);
  Result<Remark> exchange(const Step& step);
  Result<Remark> move_leader(const Step& step);
  Result<Remark> stop(const Step& step);
  Result<Remark> start(const Step& step);
  Result<Remark> await(const Step& step);
  Status await_others(const Step& step);
  Status start_data(const std::vector<Member>& members);
  Status forget_epochs();
  Status keep_epochs(const Step& step, const Members& now);
  Result<Remark> package_script(const Member& member, const std::string& script);
  Result<std::string> output(const std::string& host, const std::string& script);
  /// Until `reached` says nothing; else its last answer is what was waited for.
  Status wait_until(const std::function<std::string(const Members&)>& missing, std::chrono::seconds at_most);
  Places places_of(const std::string& host) const;
  /// Whether anything of the step's unit was begun: its turn, or itself.
  bool is_touched(const Step& step) const;
  /// The file of the journal with the epochs that the turn's members had before they were stopped.
  std::string epochs_file(const Step& step) const;

  const Plan& plan_;
  steps::Journal& journal_;
  Tools& tools_;
  size_t index_ = 0;
  bool back_ = false;
};

}  // namespace pelorus::cli::upgrade
