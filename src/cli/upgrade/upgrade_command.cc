// pelorus upgrade: the verbs.

#include <algorithm>

#include "cli/connect.h"
#include "cli/deploy/package_facts.h"
#include "cli/migrate/request.h"
#include "cli/process/interrupt.h"
#include "cli/steps/answers.h"
#include "cli/upgrade/gather.h"
#include "cli/upgrade/plan_json.h"
#include "cli/upgrade/step_runner.h"
#include "cli/upgrade/words.h"
#include "io/posix_file_system.h"

namespace pelorus::cli {
namespace upgrade {
namespace {

namespace json = boost::json;
using migrate::Request;
using steps::Journal;
using steps::RunState;

struct Kept {
  Plan plan;
  steps::Record record;
};

Result<Kept> read_plan(io::FileSystem& files, const std::string& directory, const std::string& id) {
  TRY(auto kept, Journal::read(files, directory, id));
  TRY(auto plan, plan_of(kept.plan));
  return Kept{std::move(plan), std::move(kept.record)};
}

/// One call of the command.
class Call {
 public:
  Call(Request request, Wish wish, const Arguments& arguments, Terminal& terminal)
      : request_(std::move(request)),
        wish_(wish),
        arguments_(arguments),
        terminal_(terminal),
        answers_(terminal, say, request_.language, request_.json),
        files_(std::make_shared<io::PosixFileSystem>()) {}

  ExitCode run() {
    if (request_.verb == "plan") return plan();
    if (request_.verb == "status") return status();
    auto opened = Journal::open(*files_, request_.state_directory, request_.id);
    if (!opened.ok()) return refuse(opened.error());
    journal_ = std::move(opened).value();
    auto plan = plan_of(journal_->plan());
    if (!plan.ok()) return refuse(plan.error());
    plan_ = std::move(plan).value();
    take_means(request_, arguments_, journal_->record().ssh);
    std::vector<client::Endpoint> sites;
    for (const auto& member : migrate::members_of(plan_.members, NodeMode::kController))
      sites.push_back({member.host, member.port});
    if (!sites.empty()) request_.login.first = sites[0];
    reach(std::move(sites));
    if (request_.verb == "apply") return apply();
    if (request_.verb == "rollback") return roll_back();
    return finalize();
  }

 private:
  std::string words(const Note& note) const { return answers_.words(note); }

  void reach(std::vector<client::Endpoint> sites) {
    cluster_ = std::make_unique<migrate::LiveCluster>(request_.login, std::move(sites));
    hosts_ = std::make_unique<migrate::HostPool>(request_.access);
  }

  template <class Reason>
  ExitCode refuse(const Reason& reason) const {
    return answers_.refuse(reason);
  }

  ExitCode not_now() {
    terminal_.complain(
        words({"label.not_now", {request_.id, std::string(state_name(journal_->record().state)), request_.verb}}));
    return ExitCode::kNotMet;
  }

  Result<PlanOutcome> outcome_of(const Wish& wish, const std::string& package) {
    Program program;
    if (!wish.restart_only) {
      TRY(program, read_program(package));
    }
    TRY(const auto facts, gather(*cluster_, *hosts_));
    return make_plan(facts, wish, program);
  }

  ExitCode plan() {
    reach({});
    const auto outcome = outcome_of(wish_, request_.package);
    if (!outcome.ok()) return refuse(outcome.error());
    if (!outcome->refusals.empty()) return refuse(outcome->refusals);
    const auto& made = outcome->plan;
    const auto object = json_of(made, request_.language);
    const auto kept = Journal::create(*files_, request_.state_directory, made.id, json::serialize(object),
                                      made.steps.size(), means_of(request_));
    if (!kept.ok()) return refuse(kept.error());
    if (request_.json) {
      terminal_.out() << json::serialize(object) << std::endl;
    } else {
      terminal_.out() << text_of(made, nullptr, request_.language) << words({"label.apply", {made.id}}) << std::endl;
    }
    return ExitCode::kDone;
  }

  ExitCode status() {
    const auto ids =
        request_.id.empty() ? Journal::list(*files_, request_.state_directory) : std::vector<std::string>{request_.id};
    json::array array;
    for (const auto& id : ids) {
      const auto kept = read_plan(*files_, request_.state_directory, id);
      if (!kept.ok()) return refuse(kept.error());
      if (request_.json) {
        array.push_back(json_of(kept->plan, kept->record, request_.language));
      } else {
        terminal_.out() << text_of(kept->plan, &kept->record, request_.language);
      }
    }
    if (request_.json) terminal_.out() << json::serialize(json::object{{"plans", std::move(array)}}) << std::endl;
    if (!request_.json && ids.empty())
      terminal_.out() << words({"label.no_plans", {request_.state_directory}}) << std::endl;
    return ExitCode::kDone;
  }

  /// Another plan of the same members is under way: their programs would be exchanged twice.
  Status check_alone() {
    for (const auto& id : Journal::list(*files_, request_.state_directory)) {
      const auto other = read_plan(*files_, request_.state_directory, id);
      if (!other.ok() || id == plan_.id) continue;
      const auto state = other->record.state;
      const bool exchanges = !other->plan.wish.restart_only && !plan_.wish.restart_only;
      const bool is_under_way =
          state == RunState::kRunning || state == RunState::kRollingBack || (state == RunState::kDone && exchanges);
      if (!is_under_way) continue;
      for (const auto& member : other->plan.members) {
        const auto* same = migrate::find_member(plan_.members, member.alias);
        if (same == nullptr || same->uuid != member.uuid) continue;
        return Error{ErrorCode::kConflict, "plan " + id + " of the same cluster is " + std::string(state_name(state)) +
                                               ": apply, finalize or roll it back first"};
      }
    }
    return {};
  }

  ExitCode apply() {
    const auto state = journal_->record().state;
    if (state == RunState::kRollingBack || state == RunState::kFinished) return not_now();
    if (state == RunState::kPlanned || state == RunState::kRolledBack) {
      const auto alone = check_alone();
      if (!alone.ok()) return refuse(alone.error());
      const auto now = outcome_of(plan_.wish, request_.package);
      if (!now.ok()) return refuse(now.error());
      if (!now->refusals.empty()) return refuse(now->refusals);
      if (now->plan.id != plan_.id) {
        const auto changed = words({"label.changed", {plan_.id, now->plan.id}});
        return refuse(Error{ErrorCode::kConflict, changed});
      }
      const auto fresh = journal_->restart();
      if (!fresh.ok()) return refuse(fresh.error());
    }
    auto tools = make_tools();
    const auto done = StepRunner(plan_, *journal_, tools).carry_out();
    return end_of(done, plan_.wish.restart_only ? Note{"progress.done_restart", {}}
                                                : Note{"progress.done_upgrade", {plan_.program.version, plan_.id}});
  }

  ExitCode roll_back() {
    const auto state = journal_->record().state;
    const bool may = state == RunState::kRunning || state == RunState::kDone || state == RunState::kRollingBack;
    if (!may || plan_.wish.restart_only) return not_now();
    auto tools = make_tools();
    return end_of(StepRunner(plan_, *journal_, tools).roll_back(), {"progress.rolled_back", {}});
  }

  /// Every member is there with the new program. Errors: kConflict naming those that are not.
  Status check_members() {
    TRY(const auto members, cluster_->members());
    std::string others;
    for (const auto& member : members) {
      if (member.online && member.version == plan_.program.version) continue;
      others += (others.empty() ? "" : ", ") + member.alias +
                (member.online ? " runs " + (member.version.empty() ? "?" : member.version) : " is not running");
    }
    if (others.empty()) return {};
    return Error{ErrorCode::kConflict, "not every member runs " + plan_.program.version + ": " + others};
  }

  ExitCode finalize() {
    if (journal_->record().state != RunState::kDone || plan_.wish.restart_only) return not_now();
    const auto checked = check_members();
    if (!checked.ok()) return refuse(checked.error());
    const auto level = cluster_->feature_level();
    if (!level.ok()) return refuse(level.error());
    if (!request_.yes) {
      terminal_.out() << words({"label.finalize",
                                {plan_.program.version, std::to_string(*level),
                                 std::to_string(std::max(*level, plan_.program.newest_level))}})
                      << "\n"
                      << words({"label.ask_yes", {}}) << std::endl;
      return ExitCode::kNotMet;
    }
    const auto raised = cluster_->finalize();
    if (!raised.ok()) return refuse(raised.error());
    auto tools = make_tools();
    auto done = StepRunner(plan_, *journal_, tools).tidy();
    if (done.ok()) done = journal_->set_run(RunState::kFinished);
    return end_of(done, {"progress.finalized", {std::to_string(*raised)}});
  }

  /// A folder of links to the package's files, in the plan's own.
  Result<std::filesystem::path> stage() {
    const std::filesystem::path folder = io::join_path(journal_->folder(), "package");
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    TRY_DONE(deploy::stage_package(request_.package, folder));
    return folder;
  }

  Tools make_tools() {
    return Tools{.cluster = *cluster_,
                 .host = [this](const std::string& host) { return hosts_->of(host); },
                 .stage = [this] { return stage(); },
                 .pause = [this](std::chrono::milliseconds time) -> Status {
                   if (interrupt_.wait(time)) return Error{ErrorCode::kCancelled, "interrupted"};
                   return {};
                 },
                 .tell = [this](size_t step, const Note& note) { tell(step, note); },
                 .now_ms =
                     [] {
                       using namespace std::chrono;
                       return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
                     }};
  }

  void tell(size_t step, const Note& note) const { answers_.tell(step, plan_.steps.size(), note); }

  ExitCode end_of(const Status& status, const Note& done) {
    std::error_code ignored;
    std::filesystem::remove_all(io::join_path(journal_->folder(), "package"), ignored);
    const auto& record = journal_->record();
    if (request_.json) terminal_.out() << json::serialize(json_of(plan_, record, request_.language)) << std::endl;
    if (status.ok()) {
      tell(0, done);
      return ExitCode::kDone;
    }
    answers_.tell_stopped(record, status.error());
    const bool goes_back = record.state == RunState::kRollingBack;
    if (record.state != RunState::kDone)
      terminal_.err() << words({goes_back ? "label.resume_back" : "label.resume", {request_.id}}) << std::endl;
    return status.error().code == ErrorCode::kCancelled ? ExitCode::kInterrupted : ExitCode::kPartlyDone;
  }

  Request request_;
  const Wish wish_;
  const Arguments& arguments_;
  Terminal& terminal_;
  const steps::Answers answers_;
  Interrupt interrupt_;
  const std::shared_ptr<io::PosixFileSystem> files_;
  Plan plan_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<migrate::LiveCluster> cluster_;
  std::unique_ptr<migrate::HostPool> hosts_;
};

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  auto request = migrate::common_request_of(arguments, {"plan", "apply", "status", "rollback", "finalize"}, "upgrades");
  if (!request.ok()) {
    terminal.complain(request.error().message);
    terminal.err() << "See: pelorus upgrade --help" << std::endl;
    return ExitCode::kUsage;
  }
  const Wish wish{.restart_only = arguments.has("restart-only"), .accept_downtime = arguments.has("accept-downtime")};
  return Call(std::move(request).value(), wish, arguments, terminal).run();
}

std::vector<Option> options() {
  std::vector<Option> options{
      {"restart-only", '\0', "", "plan: the programs stay, processes are restarted", ""},
      {"accept-downtime", '\0', "", "plan: also where something is not served", ""},
  };
  for (const auto& option : migrate::common_options()) options.push_back(option);
  return options;
}

}  // namespace
}  // namespace upgrade

const Command& upgrade_command() {
  static const Command command{
      .name = "upgrade",
      .summary = "Gives a running cluster other programs, or restarts it.",
      .usage = "upgrade VERB [ID] [OPTIONS]",
      .examples = {"pelorus upgrade plan --package /tmp/new --host 10.0.0.1 --port 8900 -u admin",
                   "pelorus upgrade apply 0123456789ab -u admin",
                   "pelorus upgrade plan --restart-only --host 10.0.0.1 --port 8900 -u admin"},
      .options = upgrade::options(),
      .notes =
          "Verbs: plan shows the steps and changes nothing; apply ID carries them out, and\n"
          "goes on after an interruption; status [ID]; rollback ID puts the old programs\n"
          "back, also on the way; finalize ID --yes ends it: no way back afterwards.\n"
          "Status 7: not possible now, 8: partly done, go on with apply or rollback.",
      .words_max = 2,
      .first_words = {"plan", "apply", "status", "rollback", "finalize"},
      .run = upgrade::run,
  };
  return command;
}

}  // namespace pelorus::cli
