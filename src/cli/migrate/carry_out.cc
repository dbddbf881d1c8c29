#include "cli/migrate/carry_out.h"

#include "cli/migrate/in_place.h"
#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/offline.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

/// Does or undoes one step, in the journal and before the operator's eyes.
Status walk(Journal& journal, Tools& tools, size_t step, StepState during, StepState after,
            const std::function<Result<Remark>()>& deed) {
  TRY(const auto remark, steps::journalled(journal.journal(), tools.now_ms, step, during, after, deed));
  if (!remark.empty()) tools.tell({step + 1, journal.plan().steps.size(), {"progress.remark", {remark}}});
  return {};
}

/// Nothing before the step was undone, so what was is done again by resume.
Status return_to_running(Journal& journal, size_t step) {
  auto record = journal.record().steps[step];
  record.state = StepState::kDone;
  TRY_DONE(journal.journal().set_step(step, record));
  return journal.set_run(RunState::kRunning);
}

}  // namespace

Status carry_out(Journal& journal, Tools& tools) {
  const auto& plan = journal.plan();
  StepRunner runner(plan, journal, tools);
  TRY_DONE(journal.set_run(RunState::kRunning));
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    if (journal.record().steps[i].state == StepState::kDone) continue;
    TRY_DONE(tools.pause(std::chrono::milliseconds(0)));
    tools.tell({i + 1, plan.steps.size(), deed_of(plan.steps[i])});
    TRY_DONE(walk(journal, tools, i, StepState::kBegun, StepState::kDone, [&] { return runner.act(i); }));
  }
  return journal.set_run(RunState::kDone);
}

Status roll_back(Journal& journal, Tools& tools) {
  const auto& plan = journal.plan();
  StepRunner runner(plan, journal, tools);
  TRY_DONE(journal.set_run(RunState::kRollingBack));
  for (size_t i = plan.steps.size(); i-- > 0;) {
    const auto state = journal.record().steps[i].state;
    if (state == StepState::kWaiting || state == StepState::kUndone) continue;
    TRY_DONE(tools.pause(std::chrono::milliseconds(0)));
    tools.tell({i + 1, plan.steps.size(), undo_of(plan.steps[i])});
    const auto undone =
        walk(journal, tools, i, StepState::kUndoing, StepState::kUndone, [&] { return runner.undo(i); });
    if (undone.ok()) continue;
    const bool goes_forward = plan.steps[i].kind == StepKind::kNoteState && undone.error().code == ErrorCode::kConflict;
    if (goes_forward) TRY_DONE(return_to_running(journal, i));
    return undone;
  }
  return journal.set_run(RunState::kRolledBack);
}

Result<int64_t> written_since(Journal& journal, Tools& tools) {
  return StepRunner(journal.plan(), journal, tools).written_since();
}

Status finish(Journal& journal, Tools& tools) {
  StepRunner runner(journal.plan(), journal, tools);
  TRY_DONE(runner.remove_leftovers());
  return journal.set_run(RunState::kFinished);
}

std::vector<std::string> left_behind(const Plan& plan, const std::string& nodes_settings) {
  std::vector<std::string> places;
  for (const auto& moved : plan.relocations) {
    const auto* before = find_member(plan.before, moved.alias);
    for (const auto& [from, to] : folders_of_member(plan, moved.alias, false))
      places.push_back(before->host + ": " + from);
  }
  if (plan.target.offline) return places;
  for (const auto& member : plan.target.to_cluster ? std::vector<Member>() : plan.before) {
    for (const auto& [from, to] : folders_of(plan.moves, member.alias)) places.push_back(member.host + ": " + from);
  }
  for (const auto& alias : plan.leaving) {
    const auto* member = find_member(plan.before, alias);
    if (member == nullptr || member->server.empty()) continue;
    places.push_back(member->host + ": " + home_of(member->server, alias));
    if (member->role == NodeMode::kController) places.push_back(member->host + ": dfsMetaDir of " + alias);
    if (member->role != NodeMode::kDataNode) continue;
    for (const auto& directory : own_directories(nodes_settings, alias, plan.neighbours(alias, member->host)))
      places.push_back(member->host + ": " + directory);
  }
  return places;
}

}  // namespace pelorus::cli::migrate
