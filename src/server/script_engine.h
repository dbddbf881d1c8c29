#pragma once
// Everything scripts run with on one node: functions, shared objects, queries, sessions.

#include <memory>

#include "backup/functions.h"
#include "client/connection.h"
#include "datanode/chunk_functions.h"
#include "dist/controller_client.h"
#include "dist/functions.h"
#include "exec/session_scope.h"
#include "exec/sql_runner.h"
#include "functions/registry.h"
#include "io/process_files.h"
#include "raft/replicated_log.h"
#include "session/background_jobs.h"
#include "session/functions.h"
#include "session/interpreter_host.h"
#include "session/run_statement.h"
#include "session/scheduled_jobs.h"
#include "stream/functions.h"
#include "server/function_views.h"
#include "server/scripts/file_tables.h"
#include "server/scripts/modules.h"
#include "server/start_up.h"

namespace pelorus::server {

/// Users as the controllers have them.
class ControllersAuthenticator final : public session::Authenticator {
 public:
  explicit ControllersAuthenticator(dist::ControllerClient& controllers) : controllers_(controllers) {}
  Result<std::optional<session::UserFacts>> find_user(std::string_view user) override;

 private:
  dist::ControllerClient& controllers_;
};

/// Members in order of life.
class ScriptEngine {
 public:
  /// `clock` and `controllers` outlive it.
  ScriptEngine(const NodeEnvironment& environment, Clock& clock, dist::ControllerClient& controllers);

  /// Adds every built-in of the node. Call once, before any script runs.
  void register_functions(dist::DistributedServices distributed, const datanode::ChunkServices& chunks,
                          std::function<bool()> is_initialized,
                          std::function<std::optional<raft::LogStatus>()> raft_status);

  /// Cancels the jobs that go on behind statements and waits for them; while what they write to still works.
  void stop_jobs();
  /// Stream graphs and tables this node had before it was restarted go on, once controllers answer.
  void resume_graphs();

  session::InterpreterHosts& hosts() { return hosts_; }
  session::StatementRunner& runner() { return runner_; }
  session::SessionTable& sessions() { return sessions_; }
  stream::StreamServices& streams() { return streams_; }
  /// Of the node, whoever may use them.
  functions::SharedObjects& shared_objects() { return shared_; }
  /// A session of its own for fragments of other nodes' queries.
  std::shared_ptr<functions::CallContext> open_context(const std::string& user);

 private:
  void open_schedule();
  /// A store that can't be opened is logged; its databases are off then.
  void open_oltp();
  /// Keeps account of a query that ended on this thread.
  void note_query(const functions::Caller& caller, const exec::FinishedQuery& query);
  void register_scripts();
  void prepare_streams(dist::RemoteRun& remote);
  Result<client::Endpoint> endpoint_of(const std::string& alias);

  const NodeEnvironment& environment_;
  dist::ControllerClient& controllers_;
  functions::Registry registry_;
  exec::NodeSharedObjects shared_;
  exec::SharedAccess shared_access_;
  exec::QueryRunner sql_;
  WorkerPool workers_;
  io::ProcessFiles files_;
  ModuleFiles modules_;
  StoredFileTables file_tables_;
  std::unique_ptr<data::OltpDatabases> oltp_;  // null: off
  exec::Surroundings surroundings_;
  FunctionViews views_;
  session::InterpreterHosts hosts_;
  ControllersAuthenticator users_;
  session::Login login_;
  session::JobBoard jobs_;
  session::CompletedQueries completed_queries_;
  session::OutcomeMemory outcomes_;
  session::SessionTable sessions_;
  session::StatementRunner runner_;
  backup::Jobs backup_jobs_;
  std::unique_ptr<const backup::BackupServices> backups_;  // made with the functions
  stream::StreamServices streams_;
  session::BackgroundJobs background_jobs_;
  session::ScheduledJobs scheduled_jobs_;
};

/// getNodeAlias getNodeType getNodeHost getNodePort getControllerAlias getHomeDir getConfig license writeLog
/// isDataNodeInitialized clearAllCache
void register_node_facts(functions::Registry& registry, const NodeEnvironment& environment, dist::RemoteRun& remote,
                         std::function<bool()> is_initialized);

/// getMachineFacts getVolumes. `raft_status`: of a member of the controllers' group, else nothing.
void register_machine_functions(functions::Registry& registry, const NodeEnvironment& environment,
                                std::function<std::optional<raft::LogStatus>()> raft_status);

/// Throws ScriptError, which scripts can catch, when so many bytes more would pass maxMemSize.
void require_memory(int64_t bytes);

}  // namespace pelorus::server
