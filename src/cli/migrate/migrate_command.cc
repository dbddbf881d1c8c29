// pelorus migrate: the verbs.

#include <algorithm>
#include <set>
#include <thread>

#include "cli/connect.h"
#include "cli/migrate/carry_out.h"
#include "cli/migrate/plan_json.h"
#include "cli/migrate/plan_text.h"
#include "cli/migrate/report.h"
#include "cli/migrate/request.h"
#include "cli/process/interrupt.h"
#include "cli/steps/answers.h"
#include "io/posix_file_system.h"

namespace pelorus::cli {
namespace migrate {
namespace {

namespace json = boost::json;

constexpr int kLooksAtFirst = 120;  // a second apart

std::vector<client::Endpoint> controllers_of(const Plan& plan) {
  std::vector<client::Endpoint> sites;
  for (const auto& member : members_of(plan.before, NodeMode::kController)) {
    sites.push_back({member.host, member.port});
    if (plan.host_after(member.host) != member.host) sites.push_back({plan.host_after(member.host), member.port});
  }
  for (const auto* list : {&plan.relocations, &plan.additions}) {
    for (const auto& made : *list) {
      if (made.role == NodeMode::kController) sites.push_back({made.host, made.port});
    }
  }
  if (plan.target.to_cluster) sites.push_back({plan.before[0].host, plan.before[0].port});
  return sites;
}

/// One call of the command.
class Call {
 public:
  Call(Request request, const Arguments& arguments, Terminal& terminal)
      : request_(std::move(request)),
        arguments_(arguments),
        terminal_(terminal),
        answers_(terminal, say, request_.language, request_.json),
        files_(std::make_shared<io::PosixFileSystem>()) {}

  ExitCode run() {
    if (request_.verb == "plan") return request_.files.empty() || request_.target.offline ? plan() : plan_from_files();
    if (request_.verb == "status") return status();
    if (request_.verb == "verify" && request_.id.empty()) return verify_now();
    auto opened = Journal::open(*files_, request_.state_directory, request_.id);
    if (!opened.ok()) return refuse(opened.error());
    journal_ = std::move(opened).value();
    take_means(request_, arguments_, journal_->record().ssh);
    auto sites = controllers_of(journal_->plan());
    request_.login.first = sites[0];
    cluster_ = std::make_unique<LiveCluster>(request_.login, std::move(sites));
    hosts_ = std::make_unique<HostPool>(request_.access);
    if (request_.verb == "apply") return apply();
    if (request_.verb == "resume") return resume();
    if (request_.verb == "rollback") return roll_back();
    if (request_.verb == "verify") return verify();
    return finish();
  }

 private:
  std::string words(const Note& note) const { return answers_.words(note); }

  template <class Reason>
  ExitCode refuse(const Reason& reason) const {
    return answers_.refuse(reason);
  }

  Status measure(ClusterFacts& facts, const Target& target) {
    const bool is_single = target.to_cluster && !facts.members.empty();
    const auto& host = is_single ? facts.members[0].host : target.directory_host;
    if (!host.empty()) {
      TRY(facts.directories, cluster_->directories_on(facts.members, host));
    }
    if (target.offline && target.sources.empty()) read_inventories(facts, *hosts_);
    measure_hosts(facts, target, *hosts_);
    return {};
  }

  ExitCode plan() {
    cluster_ = std::make_unique<LiveCluster>(request_.login, std::vector<client::Endpoint>());
    hosts_ = std::make_unique<HostPool>(request_.access);
    config::Findings findings;
    auto facts = facts_of(request_.target, findings);
    if (!facts.ok()) return refuse(facts.error());
    const auto target = target_of(request_, facts->members);
    if (!target.ok()) return refuse(target.error());
    const auto measured = measure(*facts, *target);
    if (!measured.ok()) return refuse(measured.error());
    auto outcome = make_plan(*facts, *target);
    warn_of(findings, outcome.plan);
    if (config::has_errors(findings)) {
      for (const auto& warning : outcome.plan.warnings) terminal_.err() << words(warning) << std::endl;
      return ExitCode::kBadConfiguration;
    }
    if (!outcome.refusals.empty()) return refuse(outcome.refusals);
    const auto object = json_of(outcome.plan, request_.language);
    const auto kept =
        Journal::create(*files_, request_.state_directory, outcome.plan, json::serialize(object), means_of(request_));
    if (!kept.ok()) return refuse(kept.error());
    if (request_.json) {
      terminal_.out() << json::serialize(object) << std::endl;
    } else {
      terminal_.out() << text_of(outcome.plan, request_.language) << "\n"
                      << words({"label.apply", {outcome.plan.id}}) << std::endl;
    }
    return ExitCode::kDone;
  }

  /// Of the running cluster, or of the files that an offline plan is made from.
  Result<ClusterFacts> facts_of(const Target& target, config::Findings& findings) {
    if (target.sources.empty()) return cluster_->facts();
    TRY(auto read, facts_of_files(target.sources, *hosts_));
    findings = std::move(read.findings);
    return std::move(read.facts);
  }

  static void warn_of(const config::Findings& findings, Plan& plan) {
    std::set<std::string> told;
    for (const auto& finding : findings) {
      if (finding.severity == config::Severity::kNote) continue;  // repaired, and no doubt what was meant
      if (told.insert(finding.describe()).second) plan.warnings.push_back({"warn.finding", {finding.describe()}});
    }
  }

  ExitCode plan_from_files() {
    hosts_ = std::make_unique<HostPool>(request_.access);
    auto read = facts_of_files(request_.files, *hosts_);
    if (!read.ok()) return refuse(read.error());
    for (auto& member : read->facts.members) {
      for (const auto& other : read->facts.members) {
        if (member.server.empty()) member.server = other.server;  // a guess is enough to look at
      }
    }
    const auto target = target_of(request_, read->facts.members);
    if (!target.ok()) return refuse(target.error());
    auto outcome = make_plan(read->facts, *target);
    warn_of(read->findings, outcome.plan);
    if (!outcome.refusals.empty()) {
      for (const auto& warning : outcome.plan.warnings) terminal_.err() << words(warning) << std::endl;
      return refuse(outcome.refusals);
    }
    if (request_.json) {
      terminal_.out() << json::serialize(json_of(outcome.plan, request_.language)) << std::endl;
    } else {
      terminal_.out() << text_of(outcome.plan, request_.language) << "\n"
                      << words({"label.plan_only", {}}) << std::endl;
    }
    return config::has_errors(read->findings) ? ExitCode::kBadConfiguration : ExitCode::kDone;
  }

  ExitCode status() {
    auto ids =
        request_.id.empty() ? Journal::list(*files_, request_.state_directory) : std::vector<std::string>{request_.id};
    json::array array;
    for (const auto& id : ids) {
      const auto found = Journal::read(*files_, request_.state_directory, id);
      if (!found.ok()) return refuse(found.error());
      if (request_.json) {
        array.push_back(json_of(found->first, found->second, request_.language));
      } else {
        terminal_.out() << text_of(found->first, found->second, request_.language);
      }
    }
    if (request_.json) terminal_.out() << json::serialize(json::object{{"plans", std::move(array)}}) << std::endl;
    if (!request_.json && ids.empty())
      terminal_.out() << words({"label.no_plans", {request_.state_directory}}) << std::endl;
    return ExitCode::kDone;
  }

  /// What would keep the plan from being applied now: a changed cluster, another migration of it.
  Result<bool> still_fits() {
    const auto& plan = journal_->plan();
    for (const auto& id : Journal::list(*files_, request_.state_directory)) {
      const auto other = Journal::read(*files_, request_.state_directory, id);
      if (!other.ok() || id == plan.id) continue;
      if (other->second.state != RunState::kRunning && other->second.state != RunState::kRollingBack) continue;
      for (const auto& member : other->first.before) {
        const auto* same = find_member(plan.before, member.alias);
        if (same == nullptr) continue;
        const bool by_files = same->uuid.empty() || member.uuid.empty();  // which know no identities
        if (by_files ? same->site() == member.site() : same->uuid == member.uuid) {
          return Error{ErrorCode::kConflict,
                       "plan " + id + " of the same cluster is under way: resume it or roll it back first"};
        }
      }
    }
    config::Findings findings;
    auto known = facts_of(plan.target, findings);
    // It may be stopped by now: its hosts are looked at by the first steps.
    if (!known.ok() && plan.target.offline && is_silence(known.error())) return true;
    TRY(auto facts, std::move(known));
    TRY_DONE(measure(facts, plan.target));
    const auto outcome = make_plan(facts, plan.target);
    if (outcome.refusals.empty() && outcome.plan.id == plan.id) return true;
    std::string what;
    for (const auto& refusal : outcome.refusals) what += (what.empty() ? "" : "; ") + words(refusal);
    for (const auto& member : facts.members) {
      const auto* before = find_member(plan.before, member.alias);
      if (before == nullptr || before->uuid != member.uuid || before->site() != member.site() ||
          before->online != member.online) {
        what += (what.empty() ? "" : "; ") + member.site();
      }
    }
    for (const auto& member : plan.before) {
      if (find_member(facts.members, member.alias) == nullptr) what += (what.empty() ? "" : "; ") + member.site();
    }
    return Error{ErrorCode::kConflict, words({"label.changed", {plan.id, what}})};
  }

  ExitCode apply() {
    const auto state = journal_->record().state;
    if (state != RunState::kPlanned && state != RunState::kRolledBack) {
      terminal_.complain("plan " + request_.id + " is " + std::string(state_name(state)) + ": " +
                         words({"label.resume", {request_.id}}));
      return ExitCode::kNotMet;
    }
    const auto fits = still_fits();
    if (!fits.ok()) return refuse(fits.error());
    const auto noted = note_content();
    if (noted) return *noted;
    if (journal_->plan().target.offline) {
      const auto unknown = journal_->put("start.json", "null");  // what an earlier run noted counts no more
      if (!unknown.ok()) return refuse(unknown.error());
    }
    const auto fresh = journal_->restart();
    if (!fresh.ok()) return refuse(fresh.error());
    return go_on();
  }

  static bool is_silence(const Error& error) {
    return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
  }

  /// Keeps before.json; why it cannot, or nothing. A cluster that is stopped already has nothing to say.
  std::optional<ExitCode> note_content() {
    tell({0, 0, {"progress.before", {}}});
    // Replicas on a dead host cannot be read; that is why it is replaced.
    const auto& members = journal_->plan().before;
    const bool all_live =
        std::all_of(members.begin(), members.end(), [](const Member& member) { return member.online; });
    auto before = cluster_->report(journal_->plan().leaving);
    if (!before.ok() && journal_->plan().target.offline && is_silence(before.error())) before = json::object();
    if (!before.ok()) return refuse(before.error());
    auto faults = compare(*before, *before).differences;
    // Replicas that are just being brought up to date lack something for a moment.
    for (int looks = 0; all_live && !faults.empty() && looks < kLooksAtFirst; ++looks) {
      if (interrupt_.wait(std::chrono::seconds(1))) return ExitCode::kInterrupted;
      before = cluster_->report(journal_->plan().leaving);
      if (!before.ok()) return refuse(before.error());
      faults = compare(*before, *before).differences;
    }
    if (all_live && !faults.empty()) return refuse(faults);
    const auto kept = journal_->put("before.json", json::serialize(*before));
    if (!kept.ok()) return refuse(kept.error());
    return std::nullopt;
  }

  ExitCode resume() {
    const auto state = journal_->record().state;
    if (state == RunState::kRollingBack) return roll_back();
    if (state == RunState::kRunning || state == RunState::kDone) return go_on();
    terminal_.complain("plan " + request_.id + " is " + std::string(state_name(state)) +
                       ", so there is nothing to resume");
    return ExitCode::kNotMet;
  }

  ExitCode go_on() {
    auto tools = make_tools();
    return end_of(migrate::carry_out(*journal_, tools), {"progress.done", {request_.id}});
  }

  ExitCode roll_back() {
    const auto state = journal_->record().state;
    if (state == RunState::kPlanned || state == RunState::kFinished || state == RunState::kRolledBack) {
      terminal_.complain("plan " + request_.id + " is " + std::string(state_name(state)) +
                         " and cannot be rolled back");
      return ExitCode::kNotMet;
    }
    if (journal_->plan().target.to_cluster) {
      const auto lost = written_by_cluster();
      if (!lost.ok()) return refuse(lost.error());
      if (*lost > 0) return refuse(std::vector<Note>{{"refuse.written", {std::to_string(*lost)}}});
    }
    auto tools = make_tools();
    if (journal_->plan().target.offline && state != RunState::kRollingBack && !tools.accept_loss) {
      const auto lost = migrate::written_since(*journal_, tools);
      if (!lost.ok()) return refuse(lost.error());
      if (*lost > 0) return refuse(std::vector<Note>{{"refuse.written_offline", {std::to_string(*lost)}}});
    }
    return end_of(migrate::roll_back(*journal_, tools), {"progress.rolled_back", {}});
  }

  /// Partitions that the cluster wrote and the single node would not have. While nothing answers nothing is written.
  Result<int64_t> written_by_cluster() {
    TRY(const auto text, journal_->get("before.json"));
    boost::system::error_code failure;
    const auto before = json::parse(text, failure);
    if (failure || !before.is_object()) return Error{ErrorCode::kCorrupt, "before.json cannot be understood"};
    const auto& steps = journal_->plan().steps;
    bool was_started = false;
    for (size_t i = 0; i < steps.size(); ++i) {
      was_started = was_started ||
                    (steps[i].kind == StepKind::kContinue && journal_->record().steps[i].state != StepState::kWaiting &&
                     journal_->record().steps[i].state != StepState::kUndone);
    }
    if (!was_started) return 0;
    TRY(const auto after, cluster_->report(journal_->plan().leaving));
    const auto result = compare(before.get_object(), after);
    return result.chunks_written + static_cast<int64_t>(result.differences.size());
  }

  ExitCode finish() {
    const auto& plan = journal_->plan();
    if (journal_->record().state != RunState::kDone) {
      terminal_.complain("plan " + request_.id + " is " + std::string(state_name(journal_->record().state)) +
                         ": only what is done is finished");
      return ExitCode::kNotMet;
    }
    if (!request_.yes) {
      const auto settings = cluster_->nodes_settings();
      if (!settings.ok()) return refuse(settings.error());
      terminal_.out() << words({"label.leftovers", {}}) << "\n";
      for (const auto& place : left_behind(plan, *settings)) terminal_.out() << "  " << place << "\n";
      terminal_.out() << words({"label.ask_yes", {}}) << std::endl;
      return ExitCode::kNotMet;
    }
    auto tools = make_tools();
    return end_of(migrate::finish(*journal_, tools), {"progress.finished", {}});
  }

  ExitCode verify() {
    const auto text = journal_->get("before.json");
    if (!text.ok()) return refuse(text.error());
    boost::system::error_code failure;
    const auto before = json::parse(*text, failure);
    if (failure || !before.is_object())
      return refuse(Error{ErrorCode::kCorrupt, "before.json cannot be understood: " + journal_->folder()});
    const auto members = cluster_->members();
    if (!members.ok()) return refuse(members.error());
    const auto after = cluster_->report(journal_->plan().leaving);
    if (!after.ok()) return refuse(after.error());
    return show(compare(before.get_object(), *after));
  }

  /// Without a plan there is nothing to compare with but the replicas among each other.
  ExitCode verify_now() {
    cluster_ = std::make_unique<LiveCluster>(request_.login, std::vector<client::Endpoint>());
    const auto now = cluster_->report({});
    if (!now.ok()) return refuse(now.error());
    return show(compare(*now, *now));
  }

  ExitCode show(const Comparison& result) {
    json::array differences;
    for (const auto& difference : result.differences) differences.push_back(json_of(difference, request_.language));
    if (request_.json) {
      terminal_.out() << json::serialize(json::object{{"equal", result.differences.empty()},
                                                      {"tables", result.tables},
                                                      {"rowsBefore", result.rows_before},
                                                      {"rowsAfter", result.rows_after},
                                                      {"chunksEqual", result.chunks_equal},
                                                      {"chunksWritten", result.chunks_written},
                                                      {"differences", std::move(differences)}})
                      << std::endl;
    } else if (result.differences.empty()) {
      terminal_.out() << words({"verify.equal",
                                {std::to_string(result.tables), with_commas(result.rows_before),
                                 with_commas(result.rows_after), with_commas(result.chunks_equal),
                                 with_commas(result.chunks_written)}})
                      << std::endl;
    } else {
      for (const auto& difference : result.differences) terminal_.out() << words(difference) << "\n";
      terminal_.out() << std::flush;
    }
    return result.differences.empty() ? ExitCode::kDone : ExitCode::kFound;
  }

  Tools make_tools() {
    return Tools{.cluster = *cluster_,
                 .host = [this](const std::string& host) { return hosts_->of(host); },
                 .package = request_.package,
                 .throttle_mb = request_.throttle_mb,
                 .pause = [this](std::chrono::milliseconds time) -> Status {
                   if (interrupt_.wait(time)) return Error{ErrorCode::kCancelled, "interrupted"};
                   return {};
                 },
                 .tell = [this](const Event& event) { tell(event); },
                 .now_ms =
                     [] {
                       using namespace std::chrono;
                       return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
                     },
                 .accept_loss = request_.target.accept_risk,
                 .scratch = io::join_path(journal_->folder(), "scratch")};
  }

  void tell(const Event& event) const { answers_.tell(event.step, event.steps, event.note); }

  ExitCode end_of(const Status& status, Note done) {
    if (request_.json)
      terminal_.out() << json::serialize(json_of(journal_->plan(), journal_->record(), request_.language)) << std::endl;
    if (status.ok()) {
      tell({0, 0, std::move(done)});
      return ExitCode::kDone;
    }
    const auto at = answers_.tell_stopped(journal_->record(), status.error());
    terminal_.err() << words({"label.resume", {request_.id}}) << std::endl;
    if (status.error().code == ErrorCode::kCancelled) return ExitCode::kInterrupted;
    const bool differs = at > 0 && journal_->plan().steps[at - 1].kind == StepKind::kVerify &&
                         status.error().code == ErrorCode::kConflict;
    return differs ? ExitCode::kFound : ExitCode::kPartlyDone;
  }

  Request request_;
  const Arguments& arguments_;
  Terminal& terminal_;
  const steps::Answers answers_;
  Interrupt interrupt_;
  const std::shared_ptr<io::PosixFileSystem> files_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<LiveCluster> cluster_;
  std::unique_ptr<HostPool> hosts_;
};

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  auto request = request_of(arguments);
  if (!request.ok()) {
    terminal.complain(request.error().message);
    terminal.err() << "See: pelorus migrate --help" << std::endl;
    return ExitCode::kUsage;
  }
  return Call(std::move(request).value(), arguments, terminal).run();
}

}  // namespace
}  // namespace migrate

const Command& migrate_command() {
  static const Command command{
      .name = "migrate",
      .summary = "Moves a running cluster to other hosts, in small steps.",
      .usage = "migrate VERB [ID] [OPTIONS]",
      .examples = {"pelorus migrate plan --to-hosts 10.0.0.1,10.0.0.2,10.0.0.3 --port 8900",
                   "pelorus migrate plan --replace 10.0.0.2=10.0.0.4 --port 8900 -u admin",
                   "pelorus migrate plan --move-host 10.0.0.2=10.0.1.2 --port 8900 -u admin",
                   "pelorus migrate plan --move-dir 10.0.0.2:/ssd=/nvme --port 8900 -u admin",
                   "pelorus migrate plan --offline --to-hosts A,B,C --from-config /home/d1,/home/d2,/home/d3",
                   "pelorus migrate apply 0123456789ab --throttle 100 -u admin"},
      .options = migrate::request_options(),
      .notes =
          "Verbs: plan shows the steps and changes nothing; apply ID carries them out; status\n"
          "[ID]; resume ID goes on after an interruption; rollback ID undoes; verify [ID]\n"
          "compares with before; finish ID --yes removes what the old members left.\n"
          "Status 3: faults in configuration files, 8: partly done, go on with resume,\n"
          "9: content differs from before.",
      .words_max = 2,
      .run = migrate::run,
  };
  return command;
}

}  // namespace pelorus::cli
