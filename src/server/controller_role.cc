#include "server/controller_role.h"

#include <unistd.h>

#include <algorithm>
#include <random>

#include "base/log.h"
#include "meta/verifier.h"

namespace pelorus::server {
namespace {

using std::chrono::milliseconds;
using Verdict = controller::BootstrapDecision::Verdict;

constexpr milliseconds kPollTimeout{1000};
constexpr milliseconds kPollPause{200};
constexpr uint64_t kConfigBytesMax = 64 << 20;
constexpr const char* kStockPassword = "123456";

std::string random_password() {
  static constexpr char kLetters[] = "abcdefghjkmnpqrstuvwxyz23456789";
  std::random_device source;
  std::string password;
  for (int i = 0; i < 16; ++i) password.push_back(kLetters[source() % (sizeof kLetters - 1)]);
  return password;
}

meta::Node as_node(const config::NodeEntry& entry) {
  meta::Node node{.alias = entry.site.alias, .role = static_cast<meta::NodeRole>(entry.mode)};
  node.host = entry.site.host;
  node.port = entry.site.port;
  node.compute_group = entry.group;
  node.zone = entry.zone;
  return node;
}

}  // namespace

ControllerRole::ControllerRole(NodeEnvironment& environment, io::FileSystem& files, const Clock& clock,
                               AddressTable& addresses, rpc::Caller& peers)
    : environment_(environment),
      files_(files),
      clock_(clock),
      addresses_(addresses),
      peers_(peers),
      is_alone_(environment.mode == config::NodeMode::kSingle || environment.settings().text("dfsHAMode").empty()) {}

ControllerRole::~ControllerRole() { stop(); }

std::string ControllerRole::raft_directory() const {
  return (environment_.settings().path("dfsMetaDir") / "raft").string();
}

bool ControllerRole::has_log() const {
  const auto entries = files_.list(raft_directory());
  return entries.ok() && !entries->empty();
}

meta::ControllerState ControllerRole::state() const {
  meta::ControllerState state{
      .alias = environment_.site.alias, .cluster = foundation_.cluster, .node = environment_.node()};
  state.has_log = has_log();
  state.had_log = foundation_.log_made;
  state.founders = foundation_.founders;
  for (const auto& entry : environment_.loaded.nodes.nodes()) {
    if (entry.mode == config::NodeMode::kController) state.controllers.push_back(entry.site.to_string());
  }
  std::ranges::sort(state.controllers);
  return state;
}

void ControllerRole::start(rpc::Methods& methods, std::function<meta::NodeMetrics()> metrics,
                           std::function<void()> reconnect, Uuid boot) {
  methods_ = &methods;
  metrics_ = std::move(metrics);
  reconnect_ = std::move(reconnect);
  boot_ = boot;
  thread_ = std::thread([this] { run(); });
}

void ControllerRole::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (service_) service_->stop();
  if (log_) log_->stop();
}

bool ControllerRole::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [&] { return stopping_; });
}

void ControllerRole::fail(const std::string& reason) {
  environment_.announce(config::NodePhase::kFailed, reason);
  const std::lock_guard lock(mutex_);
  failure_ = reason;
}

std::string ControllerRole::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void ControllerRole::run() {
  const auto begun = is_alone_ ? begin_alone() : begin_in_group();
  if (!begun.ok()) return fail(begun.error().message);
  if (!service_) return;  // stopped while waiting
  // A single node is ready, and has all its methods, when its data are there, too.
  if (environment_.mode != config::NodeMode::kSingle) {
    methods_->complete();
    environment_.announce(config::NodePhase::kReady);
  }
  // The other founders take the UUID at the same time: a connection made a moment too early is a stranger's for good.
  for (int turn = 0; has_joined_now_ && turn < 3; ++turn) {
    reconnect_();
    if (!pause(std::chrono::seconds(1))) return;
  }
  tell_password();
}

Status ControllerRole::read_foundation() {
  TRY(foundation_, load_foundation(files_, environment_.directory));
  return {};
}

Status ControllerRole::found(const Uuid& cluster, std::vector<meta::Founder> founders) {
  foundation_ = {cluster, std::move(founders)};
  TRY_DONE(write_foundation());
  return environment_.join(files_, cluster);
}

/// Several controllers with a log each would be several clusters over the same data nodes.
Status ControllerRole::check_alone() const {
  for (const auto& entry : environment_.loaded.nodes.nodes()) {
    if (entry.mode != config::NodeMode::kController || entry.site.alias == environment_.site.alias) continue;
    return Error{ErrorCode::kInvalid,
                 "cluster.nodes lists another controller, " + entry.site.to_string() +
                     ", but the controllers form no group: set dfsHAMode=Raft in controller.cfg, or remove it"};
  }
  return {};
}

Status ControllerRole::write_foundation() { return save_foundation(files_, environment_.directory, foundation_); }

Status ControllerRole::check_log_place() const {
  if (has_log()) return {};
  return check_place(files_, environment_.identity.log, raft_directory(), "dfsMetaDir");
}

Status ControllerRole::begin_alone() {
  TRY_DONE(check_alone());
  TRY_DONE(read_foundation());
  TRY_DONE(check_log_place());
  if (foundation_.cluster.is_nil()) {
    TRY_DONE(check_password());
    TRY_DONE(found(Uuid::random(), {{environment_.site.alias, environment_.node()}}));
  }
  raft::SingleNodeOptions options{.directory = raft_directory(), .self = self_member()};
  const auto& settings = environment_.settings();
  if (settings.is_set("raftSnapshotAfter"))
    options.snapshot_after_bytes = static_cast<uint64_t>(settings.integer("raftSnapshotAfter")) << 10;
  log_ = raft::make_single_node_log(std::move(options), machine_, files_);
  return begin_service();
}

std::vector<std::string> ControllerRole::others() const {
  std::vector<std::string> aliases;
  for (const auto& site : environment_.loaded.controllers()) {
    if (site.alias != environment_.site.alias) aliases.push_back(site.alias);
  }
  return aliases;
}

Status ControllerRole::begin_in_group() {
  TRY_DONE(files_.make_directories(raft_directory()));  // a place that cannot be written shows at once
  TRY_DONE(read_foundation());
  TRY_DONE(check_log_place());
  if (has_log() && foundation_.cluster.is_nil()) {
    return Error{ErrorCode::kCorrupt, "the metadata log is there, but the controller's identity is not. Restore " +
                                          environment_.directory.string() +
                                          ", or remove the log too and the controller " +
                                          "joins its cluster anew: " + raft_directory()};
  }
  bootstrap_ = std::make_unique<controller::Bootstrap>(state(), others(), peers_);
  bootstrap_->register_methods(*methods_);
  std::string reported;
  while (true) {
    auto decision = bootstrap_->poll(kPollTimeout, environment_.settings().boolean("bootstrap"));
    if (decision.verdict != Verdict::kWait) {
      const auto begun = begin_with(decision);
      const bool damaged = !begun.ok() && begun.error().code == ErrorCode::kCorrupt;
      if (!damaged || decision.verdict != Verdict::kResume) return begun;
      TRY_DONE(give_up_log(begun.error()));
      if (has_log()) return {};  // stopped while waiting
      continue;
    }
    if (decision.reason != reported) environment_.announce(config::NodePhase::kListening, decision.reason);
    reported = decision.reason;
    if (!pause(kPollPause)) return {};
  }
}

Status ControllerRole::give_up_log(const Error& damage) {
  service_.reset();
  log_.reset();
  machine_.clear();  // some of the log may have been applied before the damage was met
  log_error(damage.message);
  auto self = state();
  self.has_log = false;  // the others are not to count on it
  self.had_log = true;
  bootstrap_->set_self(self);
  std::string reported;
  while (true) {
    const auto decision = bootstrap_->poll_damaged(kPollTimeout);
    if (decision.verdict == controller::DamageDecision::Verdict::kStop)
      return Error{damage.code,
                   damage.message + " (" + decision.reason + "; restore it from a copy: " + raft_directory() + ")"};
    if (decision.verdict == controller::DamageDecision::Verdict::kRejoin) break;
    if (decision.reason != reported)
      environment_.announce(config::NodePhase::kListening, "the metadata log is damaged; " + decision.reason);
    reported = decision.reason;
    if (!pause(kPollPause)) return {};
  }
  foundation_.log_made = true;  // so it comes back under another node UUID, whatever it had noted before
  TRY_DONE(write_foundation());
  const auto aside = raft_directory() + ".damaged_" + std::to_string(clock_.wall_ns() / 1000000000);
  TRY_DONE(files_.rename(raft_directory(), aside));
  TRY_DONE(files_.sync_directory(environment_.settings().path("dfsMetaDir").string()));
  TRY_DONE(files_.make_directories(raft_directory()));
  log_warning("the damaged metadata log is set aside to " + aside + ", which can be removed once the group is whole");
  bootstrap_->set_self(state());
  return {};
}

Status ControllerRole::begin_with(const controller::BootstrapDecision& decision) {
  log_info("bootstrap: " + decision.reason);
  const bool founds = decision.verdict == Verdict::kFound || decision.verdict == Verdict::kAdopt;
  if (founds) TRY_DONE(check_password());
  if (const auto taken = read_taken_over(); !taken.ok()) {
    if (decision.verdict == Verdict::kFound) return taken.error();
    log_warning(taken.error().message + "; a cluster that has its state does not need it: remove the setting");
  }
  if (decision.verdict != Verdict::kResume) {
    if (foundation_.log_made) TRY_DONE(environment_.renew(files_));
    const auto made = taken_cluster_.is_nil() ? Uuid::random() : taken_cluster_;
    TRY_DONE(found(decision.verdict == Verdict::kFound ? made : decision.cluster, decision.founders));
    bootstrap_->set_self(state());
    has_joined_now_ = true;
    has_joined_existing_ = decision.verdict == Verdict::kJoin;
  }
  const auto& settings = environment_.settings();
  raft::LibraftOptions options{.directory = raft_directory(),
                               .group = "controllers",
                               .cluster = foundation_.cluster,
                               .node = environment_.node(),
                               .cluster_key = environment_.cluster_key,
                               .self = self_member(),
                               .tls = environment_.tls,
                               .hosts = [this](const std::string& alias) { return addresses_.hosts_of(alias); }};
  options.election_timeout = milliseconds(settings.integer("raftElectionTimeout"));
  options.heartbeat = milliseconds(settings.integer("raftHeartbeat"));
  options.snapshot_after_bytes = static_cast<uint64_t>(settings.integer("raftSnapshotAfter")) << 10;
  if (settings.is_set("raftElectionTick"))
    options.election_timeout = milliseconds(settings.integer("raftElectionTick") * 10);
  options.failed = [this](const Error& error) { fail("the metadata log has stopped: " + error.message); };
  options.stuck = [](milliseconds silent) {
    log_warning("the metadata log's thread has been busy for " + std::to_string(silent.count()) + " ms");
  };
  TRY(auto group, raft::make_libraft_log(options, machine_, addresses_));
  auto* const pointer = group.get();
  log_ = std::move(group);
  if (founds) {
    const auto made = log_->bootstrap(decision.voters);
    if (!made.ok() && made.error().code != ErrorCode::kAlreadyExists) return made;
  }
  TRY_DONE(begin_service());
  if (!foundation_.log_made) {
    foundation_.log_made = true;
    TRY_DONE(write_foundation());
  }
  bootstrap_->set_self(state());  // it has a log now
  group_.store(pointer);
  return {};
}

raft::Member ControllerRole::self_member() const {
  return {raft::member_id_of(environment_.node().to_string()), environment_.site.alias, raft::MemberRole::kVoter};
}

Status ControllerRole::read_taken_over() {
  const auto from = environment_.settings().path("takeOverFrom");
  if (from.empty()) return {};
  const auto directory = (from / "raft").string();
  const auto names = files_.list(directory);
  if (!names.ok() || names->empty())
    return Error{ErrorCode::kNotFound, "takeOverFrom leads to no metadata of a single node: " + from.string()};
  controller::MetadataMachine single(environment_.build);
  const auto log = raft::make_single_node_log({.directory = directory, .self = self_member()}, single, files_);
  TRY_DONE(log->start());
  log->stop();
  taken_over_ = single.snapshot();
  const auto cluster = single.read([](const meta::State& state) { return state.cluster; });
  if (cluster.is_nil())
    return Error{ErrorCode::kInvalid,
                 "the single node was never founded: there is nothing to take over from " + from.string()};
  taken_cluster_ = cluster;
  return {};
}

Result<std::string> ControllerRole::chosen_password() const {
  constexpr uint64_t kBytesMax = 4096;
  const auto& settings = environment_.settings();
  if (!settings.is_set("initialAdminPasswordFile")) return settings.text("initialAdminPassword");
  TRY(auto text, io::read_file(files_, settings.path("initialAdminPasswordFile").string(), kBytesMax));
  text = std::string(config::trim(text));
  if (text.empty()) return Error{ErrorCode::kInvalid, "initialAdminPasswordFile names an empty file"};
  return text;
}

Status ControllerRole::check_password() const {
  const auto chosen = chosen_password();
  if (chosen.ok()) return {};
  return Error{chosen.error().code,
               "the cluster cannot be founded without admin's password: " + chosen.error().message};
}

controller::Founding ControllerRole::founding() {
  controller::Founding founding{.cluster = foundation_.cluster};
  const auto chosen = chosen_password();
  initial_password_ = chosen.ok() ? *chosen : "";  // founded already, or founding would have been refused
  if (initial_password_.empty() && is_loopback_only(environment_)) initial_password_ = kStockPassword;
  if (initial_password_.empty()) {
    initial_password_ = random_password();
    tells_password_ = true;
  }
  founding.verifier = meta::make_verifier(initial_password_).value();
  verifier_ = founding.verifier;
  for (const auto& entry : environment_.loaded.nodes.nodes()) founding.nodes.push_back(as_node(entry));
  // A cluster.nodes without a controller is allowed where there is only this one; a single node has no such file.
  const auto is_self = [&](const meta::Node& node) { return node.alias == environment_.site.alias; };
  if (is_alone_ && std::ranges::none_of(founding.nodes, is_self)) {
    founding.nodes.push_back(
        {.alias = environment_.site.alias,
         .role = environment_.mode == config::NodeMode::kSingle ? meta::NodeRole::kSingle : meta::NodeRole::kController,
         .host = environment_.site.host,
         .port = environment_.site.port});
  }
  founding.configuration = configuration_files();
  founding.level = environment_.build.newest_level;  // nobody has written anything yet that others must read
  founding.takes_over = environment_.settings().is_set("takeOverFrom");
  founding.state = taken_over_;
  return founding;
}

std::map<std::string, std::string> ControllerRole::configuration_files() const {
  std::map<std::string, std::string> files;
  if (!environment_.loaded.nodes_text.empty()) files["cluster.nodes"] = environment_.loaded.nodes_text;
  if (!environment_.loaded.cluster_text.empty()) files["cluster.cfg"] = environment_.loaded.cluster_text;
  return files;
}

/// What this controller read at its start goes aside. What was edited since stays: it is taken over at the next start.
Status ControllerRole::write_config_file(const std::string& name, const std::string& text) {
  auto& loaded = environment_.loaded;
  const bool is_nodes = name == "cluster.nodes";
  const auto& path = is_nodes ? loaded.nodes.file : loaded.cluster_file;
  auto& read = is_nodes ? loaded.nodes_text : loaded.cluster_text;
  if (path.empty()) return {};
  TRY(const auto present, io::read_file(files_, path, kConfigBytesMax));
  if (present != read) {
    log_warning(path + " has been edited since the start; it stays as it is and is taken over at the next start");
    return {};
  }
  const auto revision = machine_.read([](const meta::State& state) { return state.configuration.revision; });
  const auto aside = path + ".bak-" + std::to_string(revision);
  TRY_DONE(io::replace_file(files_, aside, present));
  TRY_DONE(io::replace_file(files_, path, text));
  read = text;
  log_info(path + " says now what the cluster agreed on; what it said before is in " + aside);
  return {};
}

Status ControllerRole::begin_service() {
  const auto& settings = environment_.settings();
  controller::ServiceOptions options;
  options.build = environment_.build;
  options.self = {
      .alias = environment_.site.alias,
      .role = environment_.mode == config::NodeMode::kSingle ? meta::NodeRole::kSingle : meta::NodeRole::kController,
      // A single node reports itself as a data node, with its chunks.
      .uuid = environment_.mode == config::NodeMode::kSingle ? Uuid{} : environment_.node(),
      .boot = boot_,
      .host = environment_.site.host,
      .port = environment_.site.port};
  options.controllers = others();
  options.founding = founding();
  options.placement.replicas = environment_.mode == config::NodeMode::kSingle
                                   ? 1
                                   : static_cast<uint32_t>(settings.integer("dfsReplicationFactor"));
  options.placement.reliability = static_cast<meta::Reliability>(settings.integer("dfsReplicaReliabilityLevel"));
  options.prepared_min = static_cast<uint32_t>(settings.integer("minReplicasForWrite"));
  options.restarts_after_crash = settings.integer("datanodeRestartInterval") > 0;
  options.heartbeat_timeout = std::chrono::seconds(settings.integer("dfsChunkNodeHeartBeatTimeout"));
  options.recovery_wait = milliseconds(settings.integer("dfsRecoveryWaitTime"));
  options.files = configuration_files();
  if (environment_.mode == config::NodeMode::kController) {
    options.write_file = [this](const std::string& name, const std::string& text) {
      return write_config_file(name, text);
    };
  }
  options.metrics = metrics_;
  options.forms_group = !is_alone_;
  options.joins = has_joined_existing_;
  options.copy_megabytes_per_second = static_cast<uint64_t>(settings.integer("dfsRecoveryThrottle"));
  if (settings.is_set("dfsRecoveryConcurrency"))
    options.copies_max = static_cast<size_t>(settings.integer("dfsRecoveryConcurrency"));
  options.removed = [this](const std::string& reason) { fail(reason); };
  service_ = std::make_unique<controller::MetadataService>(std::move(options), *log_, machine_, clock_, peers_);
  TRY_DONE(log_->start());
  TRY_DONE(environment_.keep_place(files_, &NodeIdentity::log, raft_directory()));
  service_->register_methods(*methods_);
  service_->start();
  service_pointer_.store(service_.get());
  return {};
}

void ControllerRole::tell_password() {
  // Of all founders only the one whose foundation was recorded knows the password that holds.
  while (pause(kPollPause)) {
    const auto recorded = machine_.read([](const meta::State& state) -> std::optional<meta::Verifier> {
      const auto* admin = state.find_user("admin");
      return admin == nullptr ? std::nullopt : std::optional(admin->verifier);
    });
    look_around();
    if (!recorded) continue;
    if (tells_password_ && *recorded == verifier_) {
      log_warning("a new cluster was founded. User admin has the password " + initial_password_ +
                  " — it is not shown again; change it with changePwd()");
    }
    initial_password_.clear();
    tells_password_ = false;
    break;
  }
  while (pause(std::chrono::seconds(1))) look_around();
}

void ControllerRole::look_around() {
  const auto [nodes, level] = machine_.read(
      [](const meta::State& state) { return std::pair(state.nodes, state.cluster.is_nil() ? 0 : state.level); });
  addresses_.put_all(nodes);
  if (service_->has_settled_nodes()) addresses_.settle();
  if (const auto kept = environment_.raise_level(files_, level); !kept.ok())
    log_error("the feature level was not saved: " + kept.error().message);
}

void ControllerRole::accept_raft(int fd, std::string already_read) {
  auto* const group = group_.load();
  if (group == nullptr) {
    ::close(fd);
    return;
  }
  group->accept_connection(fd, std::move(already_read));
}

std::optional<raft::LogStatus> ControllerRole::raft_status() const {
  const auto* const group = group_.load();
  return group == nullptr ? std::nullopt : std::optional(group->status());
}

}  // namespace pelorus::server
