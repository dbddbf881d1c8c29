#pragma once
// One node of any role: builds every object in order, starts and stops it.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/service.h"
#include "agent/supervise.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "dist/controller_catalogue.h"
#include "dist/presence.h"
#include "dist/remote_partitions.h"
#include "dist/write_replicas.h"
#include "io/process_files.h"
#include "net/listener.h"
#include "observe/host_metrics.h"
#include "rpc/channel_pool.h"
#include "rpc/server.h"
#include "server/controller_role.h"
#include "server/data_role.h"
#include "server/key_watch.h"
#include "server/node_caller.h"
#include "server/remote_run.h"
#include "server/script_engine.h"
#include "server/stream_group_role.h"

namespace pelorus::server {

/// Order of members is order of life. Created by main, started once, stopped once.
class Node {
 public:
  Node(std::unique_ptr<NodeEnvironment> environment, std::string program);
  ~Node();

  /// Returns when the node listens (data nodes: when their data is open). Errors are sentences for the operator.
  Status start();
  /// Orderly: no new work, data flushed, log closed.
  void stop();
  /// Why a running node has given up; empty while it has not.
  std::string failure() const;
  /// For the interactive prompt of a single node.
  ScriptEngine& scripts() { return *scripts_; }

 private:
  bool has(config::NodeMode mode) const { return environment_->mode == mode; }
  bool is_single() const { return has(config::NodeMode::kSingle); }
  bool holds_data() const { return is_single() || has(config::NodeMode::kDataNode); }
  bool is_controller() const { return is_single() || has(config::NodeMode::kController); }
  rpc::Identity identity() const;
  void learn_addresses();
  std::vector<std::string> controller_aliases() const;
  Status join_cluster();
  /// Reads the metadata log and the data at the same time. Where both fail, the metadata's failure is told.
  Status start_single();
  Status wait_for_metadata();
  Status open_data();
  void make_scripts();
  Status start_listener();
  void watch_keys();
  void start_agent();
  void start_presence();
  /// Addresses as any controller knows them. False: none answered.
  bool refresh_members();
  /// Remembers the level; gives up where this program does not know it.
  void hear_level(uint32_t level);
  void give_up(const std::string& reason);
  bool is_ready() const;
  meta::NodeMetrics metrics();
  net::ListenerOptions listener_options() const;

  const std::unique_ptr<NodeEnvironment> environment_;
  const std::string program_;
  const Uuid boot_ = Uuid::random();
  SystemClock clock_;
  io::ProcessFiles files_;
  AddressTable addresses_;
  ThreadPool peer_pool_{{.name = "peers", .threads_max = 64}};
  ThreadPool local_calls_{{.name = "local-calls", .threads_max = 64}};
  ThreadPool statements_;
  ThreadPool urgent_{{.name = "urgent", .threads_max = 8}};
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::ChannelPool> channels_;
  std::unique_ptr<NodeCaller> caller_;
  std::unique_ptr<dist::ControllerClient> controllers_;
  std::unique_ptr<dist::ControllerCatalogue> catalogue_;
  std::unique_ptr<ControllerRole> controller_;
  std::unique_ptr<ScriptEngine> scripts_;
  std::unique_ptr<StreamGroupRole> stream_groups_;
  std::unique_ptr<DataRole> data_;
  std::unique_ptr<dist::PartitionServiceBook> services_;
  std::unique_ptr<dist::Distribution> distribution_;
  std::unique_ptr<dist::ReplicatedWriter> writer_;
  std::unique_ptr<NodeRemoteRun> remote_;
  std::unique_ptr<const datanode::ChunkServices> chunk_services_;
  std::unique_ptr<agent::Supervisor> supervisor_;
  std::unique_ptr<agent::AgentService> agent_;
  std::unique_ptr<dist::Presence> presence_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<observe::HostSampler> sampler_;
  std::unique_ptr<KeyWatch> key_watch_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> stopping_{false};
  uint64_t configuration_revision_ = 0;  // the presence's thread
  mutable std::mutex failure_mutex_;
  std::string failure_;  // guarded by failure_mutex_
};

}  // namespace pelorus::server
