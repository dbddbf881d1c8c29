#include "server/node.h"

#include <unistd.h>

#include <thread>

#include "base/log.h"
#include "stream/graph/graph_board.h"

namespace pelorus::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kJoinPause{200};
constexpr std::chrono::seconds kSingleMetadataWait{30};

dist::NewValuePolicy new_value_policy(const std::string& setting) {
  if (setting == "add") return dist::NewValuePolicy::kAdd;
  return setting == "fail" ? dist::NewValuePolicy::kFail : dist::NewValuePolicy::kSkip;
}

}  // namespace

Node::Node(std::unique_ptr<NodeEnvironment> environment, std::string program)
    : environment_(std::move(environment)),
      program_(std::move(program)),
      statements_({.name = "statements",
                   .threads_max = static_cast<size_t>(environment_->settings().integer("maxConnections"))}) {}

Node::~Node() { stop(); }

rpc::Identity Node::identity() const {
  return {.cluster = environment_->cluster(),
          .node = environment_->node(),
          .alias = environment_->site.alias,
          .role = environment_->mode,
          .epoch = 0};
}

void Node::learn_addresses() {
  const auto add = [this](const config::Site& site) { addresses_.put(site.alias, site.host, site.port); };
  for (const auto& entry : environment_->loaded.nodes.nodes()) add(entry.site);
  for (const auto& site : environment_->loaded.agents_controllers) add(site);
  for (const auto& site : environment_->settings().sites()) add(site.site);
  if (const auto contact = config::parse_site(environment_->settings().text("controllerSite")); contact.ok())
    add(*contact);
  add(environment_->site);
}

std::vector<std::string> Node::controller_aliases() const {
  std::vector<std::string> aliases;
  const auto add = [&](const std::string& alias) {
    if (!alias.empty() && std::ranges::find(aliases, alias) == aliases.end()) aliases.push_back(alias);
  };
  if (is_controller()) add(environment_->site.alias);
  for (const auto& site : environment_->loaded.controllers()) add(site.alias);
  for (const auto& site : environment_->settings().sites()) {
    if (site.mode == config::NodeMode::kController) add(site.site.alias);
  }
  if (const auto contact = config::parse_site(environment_->settings().text("controllerSite")); contact.ok())
    add(contact->alias);
  return aliases;
}

Status Node::start() {
  learn_addresses();
  if (holds_data() && !is_single()) TRY_DONE(take_over_data(*environment_, files_));
  const auto who = [this] { return identity(); };
  const auto where = [this](const std::string& alias) { return addresses_.find(alias); };
  server_ = std::make_unique<rpc::Server>(
      rpc::ServerOptions{.identity = who,
                         .key = environment_->cluster_key,
                         .workers = static_cast<size_t>(environment_->settings().integer("rpcWorkerNum")),
                         .tls = environment_->tls,
                         .hosts = [this](const std::string& alias) { return addresses_.hosts_of(alias); }});
  channels_ = std::make_unique<rpc::ChannelPool>(rpc::ChannelOptions{
      .identity = who, .key = environment_->cluster_key, .addresses = where, .tls = environment_->tls});
  caller_ = std::make_unique<NodeCaller>(identity(), server_->methods(), channels_.get(), local_calls_);
  controllers_ = std::make_unique<dist::ControllerClient>(*caller_, controller_aliases());
  catalogue_ = std::make_unique<dist::ControllerCatalogue>(*controllers_, boot_);
  sampler_ = std::make_unique<observe::HostSampler>(environment_->home.string());
  scripts_ = std::make_unique<ScriptEngine>(*environment_, clock_, *controllers_);
  if (is_controller())
    controller_ = std::make_unique<ControllerRole>(*environment_, files_, clock_, addresses_, *caller_);
  if (is_single()) {
    TRY_DONE(start_single());
  } else if (holds_data()) {
    TRY_DONE(join_cluster());
    TRY_DONE(open_data());
  }
  make_scripts();
  stream_groups_ =
      std::make_unique<StreamGroupRole>(*environment_, files_, clock_, addresses_, *controllers_, scripts_->streams());
  TRY_DONE(stream_groups_->make_groups(scripts_->shared_objects()));
  TRY_DONE(start_listener());
  watch_keys();
  environment_->announce(config::NodePhase::kListening, "port " + std::to_string(environment_->site.port));
  if (has(config::NodeMode::kController))
    controller_->start(
        server_->methods(), [this] { return metrics(); }, [this] { channels_->reconnect_all(); }, boot_);
  if (has(config::NodeMode::kAgent)) start_agent();
  if (!has(config::NodeMode::kController)) start_presence();
  stream_groups_->start();
  if (holds_data() || has(config::NodeMode::kComputeNode)) scripts_->resume_graphs();
  return {};
}

Status Node::start_single() {
  controller_->start(
      server_->methods(), [this] { return metrics(); }, [this] { channels_->reconnect_all(); }, boot_);
  // The data carry the cluster's UUID, which the first start only makes with the metadata.
  const bool is_known = !environment_->cluster().is_nil();
  const Status opened = is_known ? open_data() : Status();
  TRY_DONE(wait_for_metadata());
  return is_known ? opened : open_data();
}

Status Node::wait_for_metadata() {
  const auto give_up = std::chrono::steady_clock::now() + kSingleMetadataWait;
  while (controller_->service() == nullptr) {
    if (!controller_->failure().empty()) return Error{ErrorCode::kCorrupt, controller_->failure()};
    if (std::chrono::steady_clock::now() > give_up)
      return Error{ErrorCode::kTimeout, "the metadata log could not be read in time"};
    std::this_thread::sleep_for(milliseconds(5));
  }
  return {};
}

/// A node that has never belonged to a cluster learns which one it is before it makes its directories.
Status Node::join_cluster() {
  if (!environment_->cluster().is_nil()) return {};
  const meta::RegisterRequest request{.alias = environment_->site.alias,
                                      .role = static_cast<meta::NodeRole>(environment_->mode),
                                      .cluster = {},
                                      .uuid = environment_->node(),
                                      .boot = boot_,
                                      .host = environment_->site.host,
                                      .port = environment_->site.port,
                                      .chunks = {},
                                      .build = environment_->build,
                                      .learns_cluster = true};
  std::string reported;
  while (!stopping_) {
    const auto reply = controllers_->ask<meta::RegisterReply>(meta::kRegisterNode, request);
    if (reply.ok() && !reply->refusal.empty()) return Error{ErrorCode::kDenied, reply->refusal};
    if (reply.ok() && !reply->cluster.is_nil()) {
      TRY_DONE(environment_->join(files_, reply->cluster));
      channels_->reconnect_all();
      return {};
    }
    if (reply.ok()) continue;
    if (reply.error().code == ErrorCode::kDenied) {
      return Error{ErrorCode::kDenied, reply.error().message + ". If the node was moved here: its home, " +
                                           environment_->directory.string() +
                                           ", and its data directories are new; were they copied to the right place?"};
    }
    if (reply.error().message != reported)
      environment_->announce(config::NodePhase::kStarting, "waits for the controllers: " + reply.error().message);
    reported = reply.error().message;
    std::this_thread::sleep_for(kJoinPause);
  }
  return Error{ErrorCode::kCancelled, "stopped while waiting for the controllers"};
}

Status Node::open_data() {
  TRY(data_, DataRole::open(
                 *environment_, files_, clock_, *catalogue_, *caller_,
                 [this](const std::string& user) { return scripts_->open_context(user); },
                 [this] { return presence_ ? presence_->epoch() : 0; }));
  data_->register_methods(server_->methods());
  return {};
}

void Node::make_scripts() {
  // Not owned: the data role lives as long as the book.
  std::shared_ptr<dist::PartitionService> local;
  if (data_) local = std::shared_ptr<dist::PartitionService>(std::shared_ptr<void>(), &data_->partitions());
  services_ = std::make_unique<dist::PartitionServiceBook>(*caller_, environment_->site.alias, std::move(local));
  distribution_.reset(new dist::Distribution{*catalogue_, *services_, peer_pool_, environment_->site.alias,
                                             [this] { return environment_->level(); }});
  writer_ = std::make_unique<dist::ReplicatedWriter>(
      *distribution_, [this] { return presence_ ? presence_->epoch() : 0; },
      new_value_policy(environment_->settings().text("newValuePartitionPolicy")));
  remote_ = std::make_unique<NodeRemoteRun>(*caller_, *controllers_, scripts_->hosts());
  remote_->register_methods(server_->methods());
  chunk_services_.reset(new datanode::ChunkServices{.store = data_ ? &data_->store() : nullptr,
                                                    .controllers = *controllers_,
                                                    .remote = *remote_,
                                                    .files = files_,
                                                    .self = environment_->site.alias});
  scripts_->register_functions(
      {*distribution_, *writer_, *remote_, environment_->settings().boolean("enableChunkGranularityConfig")},
      *chunk_services_, [this] { return is_ready(); },
      [this] { return controller_ ? controller_->raft_status() : std::nullopt; });
}

bool Node::is_ready() const {
  if (has(config::NodeMode::kController)) return controller_->service() != nullptr && !stopping_;
  return ready_;
}

net::ListenerOptions Node::listener_options() const {
  const auto& settings = environment_->settings();
  net::ListenerOptions options;
  options.host = listen_host(*environment_);
  options.port = environment_->site.port;
  options.web_root = settings.path("webRoot").string();
  if (settings.boolean("enableHTTPS")) {
    options.tls_certificate_file = (settings.path("keyPath") / "server.crt").string();
    options.tls_key_file = (settings.path("keyPath") / "serverPrivate.key").string();
  }
  return options;
}

Status Node::start_listener() {
  net::ListenerHandlers handlers;
  handlers.rpc = [this](int fd, std::string read) { server_->accept_connection(fd, std::move(read)); };
  handlers.raft = [this](int fd, std::string read) {
    if (controller_)
      controller_->accept_raft(fd, std::move(read));
    else
      stream_groups_->accept_raft(fd, std::move(read));
  };
  listener_ = std::make_unique<net::Listener>(
      listener_options(), net::NativeSurroundings{scripts_->sessions(), scripts_->runner(), statements_, urgent_},
      std::move(handlers));
  return listener_->start();
}

void Node::watch_keys() {
  const auto& settings = environment_->settings();
  if (!settings.boolean("enableHTTPS")) return;
  key_watch_ = std::make_unique<KeyWatch>(
      settings.path("keyPath"),
      [this]() -> Status {
        if (environment_->tls) TRY_DONE(environment_->tls->renew());
        return listener_->renew_tls();
      },
      clock_);
  key_watch_->start();
}

void Node::start_agent() {
  supervisor_ = std::make_unique<agent::Supervisor>(agent::place_of(environment_->settings(), program_), clock_);
  agent_ = std::make_unique<agent::AgentService>(*supervisor_, agent::StartSource());
  agent_->register_methods(server_->methods());
  agent_->start();
}

void Node::start_presence() {
  dist::PresenceHooks hooks;
  hooks.metrics = [this] { return metrics(); };
  hooks.registered = [this](const meta::RegisterReply& reply) {
    if (environment_->cluster() != reply.cluster) {
      if (const auto joined = environment_->join(files_, reply.cluster); !joined.ok())
        log_error("identity not saved: " + joined.error().message);
      channels_->reconnect_all();
    }
    hear_level(reply.level);
    refresh_members();
    server_->methods().complete();
    if (!ready_.exchange(true)) environment_->announce(config::NodePhase::kReady);
  };
  hooks.heard = [this](const meta::HeartbeatReply& reply) {
    hear_level(reply.level);
    if (data_) data_->limit_copies(reply.copy_bytes_per_second);
    if (reply.configuration_revision == configuration_revision_) return;
    if (refresh_members()) configuration_revision_ = reply.configuration_revision;
  };
  hooks.astray = [this] { refresh_members(); };
  hooks.refused = [this](const std::string& reason) { give_up(reason); };
  if (data_) data_->add_hooks(hooks);
  const dist::PresenceFacts facts{.alias = environment_->site.alias,
                                  .role = static_cast<meta::NodeRole>(environment_->mode),
                                  .cluster = environment_->cluster(),
                                  .node = environment_->node(),
                                  .boot = boot_,
                                  .host = environment_->site.host,
                                  .port = environment_->site.port,
                                  .build = environment_->build};
  presence_ = std::make_unique<dist::Presence>(*controllers_, facts, std::move(hooks));
  if (data_) data_->start([this] { presence_->report(); }, [this] { presence_->hurry(); });
  presence_->start();
}

std::string Node::failure() const {
  if (controller_ && !controller_->failure().empty()) return controller_->failure();
  const std::lock_guard lock(failure_mutex_);
  return failure_;
}

void Node::give_up(const std::string& reason) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (!failure_.empty()) return;
    failure_ = reason;
  }
  environment_->announce(config::NodePhase::kFailed, reason);
}

void Node::hear_level(uint32_t level) {
  if (level == 0) return;
  if (const auto able = check_runs_at(environment_->build, level); !able.ok()) return give_up(able.error().message);
  if (const auto kept = environment_->raise_level(files_, level); !kept.ok())
    log_error("the feature level was not saved: " + kept.error().message);
}

bool Node::refresh_members() {
  const auto bytes =
      controllers_->call(meta::kGetConfiguration, {}, {.repeat = dist::Repeat::kSafe, .timeout = milliseconds(2000)});
  if (!bytes.ok()) return false;
  const auto reply = meta::decode<meta::ConfigurationReply>(*bytes, meta::kGetConfiguration);
  if (!reply.ok()) return false;
  addresses_.put_all(reply->nodes);
  if (is_single()) return true;
  std::vector<std::string> controllers;
  for (const auto& [alias, node] : reply->nodes) {
    if (node.role == meta::NodeRole::kController) controllers.push_back(alias);
  }
  if (!controllers.empty()) controllers_->set_controllers(std::move(controllers));
  return true;
}

meta::NodeMetrics Node::metrics() {
  const auto host = sampler_->sample();
  const auto& settings = environment_->settings();
  meta::NodeMetrics metrics;
  metrics.connections_max = static_cast<int32_t>(settings.integer("maxConnections"));
  metrics.memory_max_gb = settings.number("maxMemSize");
  metrics.workers = static_cast<int32_t>(settings.integer("workerNum"));
  metrics.connections = static_cast<int32_t>(scripts_->sessions().size());
  metrics.memory_used_bytes = host.memory_used_bytes;
  metrics.memory_allocated_bytes = host.memory_allocated_bytes;
  metrics.cpu_percent = host.cpu_usage_percent;
  metrics.load_average = host.load_average;
  metrics.jobs_running = static_cast<int32_t>(statements_.running());
  metrics.jobs_queued = static_cast<int32_t>(statements_.waiting());
  metrics.disk_capacity_bytes = host.disk_capacity_bytes;
  metrics.disk_free_bytes = host.disk_free_bytes;
  metrics.disk_write_rate = host.disk_write_bytes_per_second;
  metrics.disk_read_rate = host.disk_read_bytes_per_second;
  metrics.network_send_rate = host.network_send_bytes_per_second;
  metrics.network_receive_rate = host.network_receive_bytes_per_second;
  return metrics;
}

void Node::stop() {
  if (stopping_.exchange(true)) return;
  if (failure().empty()) environment_->announce(config::NodePhase::kStopping);  // else its state goes on saying why
  ready_ = false;
  if (key_watch_) key_watch_->stop();
  if (listener_) listener_->stop();
  if (presence_) presence_->stop();
  if (agent_) agent_->stop();
  if (stream_groups_) stream_groups_->stop();
  if (scripts_) {  // they reach for other nodes, and handlers write
    if (scripts_->streams().graphs) scripts_->streams().graphs->clear();
    scripts_->streams().subscriptions.clear();
  }
  if (data_) data_->begin_stop();
  if (writer_) writer_->end_patience();
  if (scripts_) scripts_->stop_jobs();
  statements_.stop();
  urgent_.stop();
  if (data_) data_->stop();
  if (server_) server_->stop();
  if (controller_) controller_->stop();
  if (channels_) channels_->stop();
  peer_pool_.stop();
  local_calls_.stop();
  log_info("MainServer shutdown.");
}

}  // namespace pelorus::server
