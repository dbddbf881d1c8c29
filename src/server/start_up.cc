#include "server/start_up.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"

namespace pelorus::server {
namespace {

constexpr uint64_t kKeyBytesMax = 4096;

Status start_log(const config::Settings& settings, const std::filesystem::path& home) {
  LogOptions options;
  const auto where = settings.integer("stdoutLog");
  if (where != 1) {
    const auto path = settings.path("logFile");
    options.path = (path.is_absolute() ? path : home / path).string();
  }
  options.also_stdout = where != 0;
  options.bytes_max = settings.integer("maxLogSize") << 20;
  const auto level = settings.text("logLevel");
  options.level = level == "DEBUG"     ? LogLevel::kDebug
                  : level == "WARNING" ? LogLevel::kWarning
                  : level == "ERROR"   ? LogLevel::kError
                                       : LogLevel::kInfo;
  return open_log(options);
}

void log_findings(const config::Findings& findings) {
  for (const auto& finding : findings) {
    const auto level = finding.severity == config::Severity::kError     ? LogLevel::kError
                       : finding.severity == config::Severity::kWarning ? LogLevel::kWarning
                                                                        : LogLevel::kInfo;
    log_message(level, finding.describe());
  }
}

/// As many files as the system allows: column files and connections each take one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Result<std::string> read_cluster_key(io::FileSystem& files, const config::Settings& settings) {
  const auto path = settings.path("clusterKeyFile");
  if (path.empty()) return std::string();
  TRY(const bool exists, files.exists(path.string()));
  if (!exists) {
    if (settings.is_set("clusterKeyFile"))
      return Error{ErrorCode::kNotFound, "the cluster key file does not exist: " + path.string()};
    return std::string();
  }
  return io::read_file(files, path.string(), kKeyBytesMax);
}

/// Null when nodes speak in plain text.
Result<std::shared_ptr<rpc::NodeTls>> load_tls(const config::Settings& settings, const config::Site& site) {
  const auto mode = settings.node_tls();
  if (mode == config::NodeTlsMode::kOff) return std::shared_ptr<rpc::NodeTls>();
  const auto keys = settings.path("keyPath");
  return rpc::NodeTls::load(
      {.authority = (keys / "ca.crt").string(),
       .certificate = (keys / "server.crt").string(),
       .key = (keys / "serverPrivate.key").string()},
      site.host, mode == config::NodeTlsMode::kMixed ? rpc::TlsDemand::kWhereSpoken : rpc::TlsDemand::kAlways);
}

}  // namespace

Uuid NodeEnvironment::cluster() const {
  const std::lock_guard lock(identity_mutex);
  return identity.cluster;
}

Uuid NodeEnvironment::node() const {
  const std::lock_guard lock(identity_mutex);
  return identity.node;
}

Status NodeEnvironment::renew(io::FileSystem& files) {
  const std::lock_guard lock(identity_mutex);
  identity.node = Uuid::random();
  return save_identity(files, directory, identity);
}

Status NodeEnvironment::take_over(io::FileSystem& files, const Uuid& node, const Uuid& cluster) {
  const std::lock_guard lock(identity_mutex);
  identity.node = node;
  identity.cluster = cluster;
  return save_identity(files, directory, identity);
}

Status NodeEnvironment::keep_place(io::FileSystem& files, std::string NodeIdentity::*place, const std::string& path) {
  const std::lock_guard lock(identity_mutex);
  if (identity.*place == path) return {};
  identity.*place = path;
  return save_identity(files, directory, identity);
}

Status NodeEnvironment::raise_level(io::FileSystem& files, uint32_t level) {
  const std::lock_guard lock(identity_mutex);
  if (level <= identity.level) return {};
  identity.level = level;
  return save_identity(files, directory, identity);
}

uint32_t NodeEnvironment::level() const {
  const std::lock_guard lock(identity_mutex);
  return identity.level;
}

Status NodeEnvironment::join(io::FileSystem& files, const Uuid& cluster) {
  const std::lock_guard lock(identity_mutex);
  if (identity.cluster == cluster) return {};
  identity.cluster = cluster;
  return save_identity(files, directory, identity);
}

void NodeEnvironment::announce(config::NodePhase phase, const std::string& detail) const {
  const config::NodeState state{phase, detail};
  const bool failed = phase == config::NodePhase::kFailed;
  log_message(failed ? LogLevel::kError : LogLevel::kInfo, "node " + site.alias + " is " + state.to_string());
  if (const auto written = config::write_node_state(directory, state); !written.ok())
    log_warning(written.error().message);
}

Result<std::unique_ptr<NodeEnvironment>> start_up(config::Loaded loaded, io::FileSystem& files, meta::Build build) {
  auto environment = std::make_unique<NodeEnvironment>();
  environment->build = std::move(build);
  environment->loaded = std::move(loaded);
  const auto& settings = environment->settings();
  environment->mode = settings.mode();
  environment->site = settings.local_site();
  environment->home = settings.path("home");
  const auto& alias = environment->site.alias;
  // An agent starts data nodes with the node's own directory as home.
  environment->directory = environment->home.filename() == alias ? environment->home : environment->home / alias;
  TRY_DONE(start_log(settings, environment->home));
  log_findings(environment->loaded.findings);
  if (config::has_errors(environment->loaded.findings)) {
    const auto first =
        std::ranges::find(environment->loaded.findings, config::Severity::kError, &config::Finding::severity);
    return Error{ErrorCode::kInvalid, "the configuration cannot be used: " + first->describe()};
  }
  raise_file_limit();
  TRY(auto lock, config::NodeLock::take(environment->directory));
  environment->lock.emplace(std::move(lock));
  environment->announce(config::NodePhase::kStarting);
  if (const auto left = check_not_left(files, environment->directory, alias); !left.ok()) {
    environment->announce(config::NodePhase::kFailed, left.error().message);
    return left.error();
  }
  TRY(environment->identity, load_identity(files, environment->directory, alias));
  if (environment->identity.level > 0) {
    if (auto able = check_runs_at(environment->build, environment->identity.level); !able.ok()) {
      environment->announce(config::NodePhase::kFailed, able.error().message);
      return able.error();
    }
  }
  TRY(environment->cluster_key, read_cluster_key(files, settings));
  auto tls = load_tls(settings, environment->site);
  if (!tls.ok()) {
    TRY_DONE(config::write_node_state(environment->directory, {config::NodePhase::kFailed, tls.error().message}));
    return tls.error();
  }
  environment->tls = std::move(*tls);
  return environment;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

bool is_loopback_only(const NodeEnvironment& environment) {
  const auto own = environment.settings().text("listenAddress");
  if (!is_loopback(environment.site.host) || (!own.empty() && !is_loopback(own))) return false;
  const auto& loaded = environment.loaded;
  const auto nodes = loaded.nodes.nodes();
  return std::ranges::all_of(nodes, [&](const config::NodeEntry& node) {
    const auto settings = loaded.cluster.effective_settings(node.site.alias);
    const auto listens = settings.find("listenAddress");
    return is_loopback(node.site.host) && (listens == settings.end() || is_loopback(listens->second.text));
  });
}

std::string listen_host(const NodeEnvironment& environment) {
  auto told = environment.settings().text("listenAddress");
  if (!told.empty()) return told;
  const auto& host = environment.site.host;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  if (!is_loopback(host)) return is_ipv6 ? "::" : "0.0.0.0";
  return host == "localhost" ? "127.0.0.1" : host;
}

}  // namespace pelorus::server
