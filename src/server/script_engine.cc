#include "server/script_engine.h"

#include "base/log.h"
#include "stream/graph/graph_board.h"
#include "base/memory_limit.h"
#include "base/script_error.h"
#include "controller/functions.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "functions/builtins/register_builtins.h"
#include "meta/messages.h"
#include "server/scripts/register_scripts.h"
#include "server/scripts/stream_feeds.h"
#include "storage/oltp/oltp_store.h"

namespace pelorus::server {
namespace {

/// Users are known to every controller that has joined: no election has to be waited out.
constexpr std::chrono::milliseconds kLoginPatience{3000};
constexpr const char* kVersion = "3.00.4.2 2026.11.23 LINUX x86_64 Pelorus 0.1";

/// A fragment's session together with its interpreter.
class FragmentContext {
 public:
  FragmentContext(const exec::Surroundings& surroundings, functions::Caller caller)
      : scope_(0), interpreter_(surroundings, scope_) {
    scope_.caller = std::move(caller);
  }
  exec::Interpreter& interpreter() { return interpreter_; }

 private:
  exec::SessionScope scope_;
  exec::Interpreter interpreter_;
};

}  // namespace

void require_memory(int64_t bytes) {
  if (bytes <= static_cast<int64_t>(memory::kLargeBlockBytes)) return;
  try {
    memory::require(static_cast<uint64_t>(bytes));
  } catch (const OutOfMemory& refused) {
    throw ScriptError(refused.what());
  }
}

Result<std::optional<session::UserFacts>> ControllersAuthenticator::find_user(std::string_view user) {
  const auto reply = controllers_.ask<meta::UserReply>(meta::kUserFacts, meta::UserRequest{std::string(user)},
                                                       {.timeout = kLoginPatience});
  if (!reply.ok()) {
    const bool is_founding = reply.error().message.find("<ControllerNotReady>") != std::string::npos;
    if (!is_founding) return reply.error();
    return Error{ErrorCode::kUnavailable, "<ControllerNotReady>the cluster is still being founded; try again"};
  }
  if (!reply->user) return std::optional<session::UserFacts>();
  if (reply->user->locked)
    return Error{ErrorCode::kDenied,
                 "The user " + reply->user->id + " is locked; an administrator can call unlockUser."};
  return std::optional(session::UserFacts{.verifier = reply->user->verifier, .is_admin = reply->user->is_admin});
}

ScriptEngine::ScriptEngine(const NodeEnvironment& environment, Clock& clock, dist::ControllerClient& controllers)
    : environment_(environment),
      controllers_(controllers),
      workers_(static_cast<size_t>(environment.settings().integer("workerNum"))),
      modules_(files_, environment.settings().path("moduleDir").string()),
      file_tables_(files_),
      surroundings_{
          .registry = registry_,
          .shared = shared_,
          .sql = sql_,
          .clock = clock,
          .find_view = [this](std::string_view name, exec::ViewSearch search) { return views_.find(name, search); },
          .read_module = [this](std::string_view name) { return modules_.read(name); },
          .workers = &workers_,
          .access = &shared_access_},
      views_(surroundings_, controllers, clock),
      hosts_(surroundings_, require_memory),
      users_(controllers),
      login_(users_, clock, {.ticket_secret = environment.cluster_key}),
      sessions_(clock, static_cast<size_t>(environment.settings().integer("maxConnections"))),
      runner_(hosts_, login_, jobs_, outcomes_, clock,
              {.client_auth = environment.settings().boolean("enableClientAuth")}),
      backup_jobs_(clock),
      background_jobs_(clock),
      scheduled_jobs_(surroundings_, background_jobs_, clock) {
  if (environment.settings().boolean("perfMonitoring"))
    surroundings_.query_finished = [this](const functions::Caller& caller, const exec::FinishedQuery& query) {
      note_query(caller, query);
    };
}

void ScriptEngine::note_query(const functions::Caller& caller, const exec::FinishedQuery& query) {
  const auto id = Uuid::random().to_string();
  const auto root = jobs_.id_on(std::this_thread::get_id());
  completed_queries_.add({.user = caller.user,
                          .session_id = caller.session_id,
                          .job_id = id,
                          .root_id = root.empty() ? id : root,
                          .begin_ns = query.begin_ns,
                          .end_ns = query.end_ns,
                          .text = query.text,
                          .error = query.error,
                          .remote_ip = caller.remote_ip});
}

void ScriptEngine::stop_jobs() {
  scheduled_jobs_.stop();
  background_jobs_.stop();
}

void ScriptEngine::open_schedule() {
  constexpr uint64_t kScheduleBytesMax = uint64_t{64} << 20;
  const auto path = (environment_.directory / "scheduledJobs").string();
  const auto opened = scheduled_jobs_.open(
      {.load = [this, path]() -> Result<std::string> {
         TRY(const bool exists, files_.exists(path));
         if (!exists) return std::string();
         return io::read_file(files_, path, kScheduleBytesMax);
       },
       .save = [this, path](const std::string& bytes) { return io::replace_file(files_, path, bytes); }});
  if (!opened.ok()) log_error("The scheduled jobs in " + path + " can't be used: " + opened.error().message);
  scheduled_jobs_.start();
}

void ScriptEngine::open_oltp() {
  const auto& settings = environment_.settings();
  if (environment_.mode != config::NodeMode::kSingle || !settings.boolean("enableIMOLTPEngine")) return;
  auto opened = storage::OltpStore::open(
      files_, {.directory = settings.path("IMOLTPDir").string(),
               .sync = settings.boolean("IMOLTPSyncOnTxnCommit"),
               .checkpoints = settings.boolean("enableIMOLTPCheckpoint"),
               .checkpoint_bytes = static_cast<uint64_t>(settings.integer("IMOLTPCheckpointThreshold")) << 20});
  if (opened.ok())
    oltp_ = std::move(*opened);
  else
    log_error("The IMOLTP databases can't be opened: " + opened.error().message);
}

/// Where a member of the cluster listens.
Result<client::Endpoint> ScriptEngine::endpoint_of(const std::string& alias) {
  TRY(const auto bytes, controllers_.call(meta::kGetConfiguration, {}));
  TRY(const auto reply, meta::decode<meta::ConfigurationReply>(bytes, meta::kGetConfiguration));
  const auto found = reply.nodes.find(alias);
  if (found == reply.nodes.end())
    return Error{ErrorCode::kNotFound, "the cluster has no node " + alias + "; a host needs its port as well"};
  return client::Endpoint{.host = found->second.host, .port = found->second.port};
}

void ScriptEngine::register_scripts() {
  register_remote_connections(registry_, [this](const std::string& alias) { return endpoint_of(alias); });
  register_external_tables(registry_);
  register_shell(registry_, environment_.settings().boolean("enableShellFunction"));
  register_models_on_disk(registry_, files_);
  register_modules(registry_, modules_);
  register_object_files(registry_);
}

void ScriptEngine::prepare_streams(dist::RemoteRun& remote) {
  streams_.node = environment_.site.to_string();
  streams_.alias = environment_.site.alias;
  streams_.run_on = [&remote](const std::string& alias, const functions::Caller& caller, const std::string& function,
                              std::vector<data::Value> arguments) {
    return remote.run(
        alias,
        {.user = caller.user, .is_admin = caller.is_admin, .function = function, .arguments = std::move(arguments)});
  };
  streams_.ask_controllers = [this](std::string_view method, const Bytes& payload, std::chrono::milliseconds patience) {
    return controllers_.call(method, payload, {.timeout = patience});
  };
  streams_.files = &files_;
  streams_.persistence_folder = environment_.settings().path("persistenceDir").string();
  streams_.topic_offsets.open(files_, environment_.settings().path("persistenceOffsetDir").string());
  streams_.publishing = {.connections_max = static_cast<size_t>(environment_.settings().integer("maxPubConnections")),
                         .waiting_rows_max = environment_.settings().integer("maxPubQueueDepthPerSite")};
  streams_.peer_of = [this](uint64_t session) {
    const auto found = sessions_.find(session);
    return found == nullptr ? nullptr : found->peer();
  };
  streams_.site_of = [this](const data::Value& server) {
    return publisher_site(server, [this](const std::string& alias) { return endpoint_of(alias); });
  };
  streams_.open_feed = make_open_feed(
      environment_.site, [this](const std::string& alias, const std::string& user) -> Result<std::string> {
        TRY(const auto ticket,
            streams_.run_on(alias, functions::Caller{.user = user}, "getAuthenticatedUserTicket", {}));
        if (!ticket.is_text()) return Error{ErrorCode::kDenied, alias + " gives no ticket for " + user};
        return std::string(ticket.scalar().text());
      });
  streams_.relay_rows_max = environment_.settings().integer("maxSubQueueDepth");
}

void ScriptEngine::register_functions(dist::DistributedServices distributed, const datanode::ChunkServices& chunks,
                                      std::function<bool()> is_initialized,
                                      std::function<std::optional<raft::LogStatus>()> raft_status) {
  distributed.files = &file_tables_;
  open_oltp();
  distributed.oltp = oltp_.get();
  functions::register_builtins(registry_);
  exec::register_language_functions(registry_);
  exec::register_sql_functions(registry_);
  prepare_streams(distributed.remote);
  const auto grants_of = [&catalogue = distributed.distribution.catalogue](const std::string& user) {
    return catalogue.access(user);
  };
  shared_access_.set_grants(environment_.site.alias, grants_of);
  streams_.engine_access.set_grants(environment_.site.alias, grants_of);
  stream::register_stream_functions(registry_, streams_);
  session::register_job_functions(registry_, background_jobs_, environment_.site.alias);
  dist::register_definition_functions(registry_, distributed);
  dist::register_cluster_functions(registry_, distributed);
  dist::register_loading_functions(registry_);
  dist::register_file_tables(registry_, file_tables_);
  dist::register_oltp_functions(registry_, distributed);
  backups_.reset(new backup::BackupServices{files_, distributed.distribution, distributed.writer, surroundings_.clock,
                                            backup_jobs_});
  backup::register_backup_functions(registry_, *backups_);
  backup::register_backup_questions(registry_, *backups_);
  datanode::register_chunk_questions(registry_, chunks);
  datanode::register_volume_functions(registry_, chunks);
  datanode::register_cache_functions(registry_, chunks);
  datanode::register_compaction_functions(registry_, chunks);
  datanode::register_sorted_file_functions(registry_, chunks);
  controller::register_controller_functions(registry_, [this](std::string_view method, const Bytes& payload) {
    auto answer = controllers_.call(method, payload);
    if (method == meta::kChange) views_.forget();
    return answer;
  });
  session::register_session_functions(
      registry_, {.sessions = sessions_,
                  .login = login_,
                  .jobs = jobs_,
                  .node_alias = environment_.site.alias,
                  .version = kVersion,
                  .client_auth = environment_.settings().boolean("enableClientAuth"),
                  .completed_queries = surroundings_.query_finished ? &completed_queries_ : nullptr,
                  .is_initialized = is_initialized});
  register_scripts();
  register_node_facts(registry_, environment_, distributed.remote, is_initialized);
  register_machine_functions(registry_, environment_, std::move(raft_status));
  session::register_scheduled_jobs(registry_, scheduled_jobs_, environment_.site.alias);
  open_schedule();
}

void ScriptEngine::resume_graphs() { streams_.graphs->resume(surroundings_); }

std::shared_ptr<functions::CallContext> ScriptEngine::open_context(const std::string& user) {
  auto context = std::make_shared<FragmentContext>(surroundings_, functions::Caller{.user = user});
  return {context, &context->interpreter()};
}

}  // namespace pelorus::server
