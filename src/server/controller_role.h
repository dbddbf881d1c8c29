#pragma once
// A controller: its member of the Raft group, the metadata and the service over it. Also the single node's metadata,
// over a log of one.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "controller/bootstrap.h"
#include "controller/metadata_service.h"
#include "raft/libraft_log.h"
#include "raft/single_node_log.h"
#include "server/address_table.h"
#include "server/foundation.h"
#include "server/start_up.h"

namespace pelorus::server {

/// Owns log, machine and service. The log begins as soon as the bootstrap rule allows, on a thread of the role's own.
class ControllerRole {
 public:
  ControllerRole(NodeEnvironment& environment, io::FileSystem& files, const Clock& clock, AddressTable& addresses,
                 rpc::Caller& peers);
  ~ControllerRole();  // stop()

  /// The service's methods appear in `methods` once the log has begun.
  /// `reconnect` drops the connections to other nodes: those made before the cluster had its UUID are a stranger's.
  void start(rpc::Methods& methods, std::function<meta::NodeMetrics()> metrics, std::function<void()> reconnect,
             Uuid boot);
  void stop();

  /// A connection of another controller's Raft transport; closed when the log has not begun.
  void accept_raft(int fd, std::string already_read);
  /// Null until the log has begun.
  controller::MetadataService* service() const { return service_pointer_.load(); }
  /// Nothing until the log has begun, and for a log of one.
  std::optional<raft::LogStatus> raft_status() const;
  /// Why the role cannot go on; empty while it can.
  std::string failure() const;

 private:
  void run();
  Status check_alone() const;
  Status check_log_place() const;
  Status write_foundation();
  Status begin_alone();
  Status begin_in_group();
  Status begin_with(const controller::BootstrapDecision& decision);
  /// After `damage` was found in the log: waits until another controller is known to have the cluster's, and sets this
  /// one aside. The damage when no other has it.
  Status give_up_log(const Error& damage);
  Status begin_service();
  Status read_foundation();
  Status found(const Uuid& cluster, std::vector<meta::Founder> founders);
  /// The password of a new cluster that the configuration names; empty: it names none. Errors: its file cannot be read.
  Result<std::string> chosen_password() const;
  Status check_password() const;
  controller::Founding founding();
  /// takeOverFrom: the state of the single node that becomes this cluster, before that is founded.
  Status read_taken_over();
  std::map<std::string, std::string> configuration_files() const;
  Status write_config_file(const std::string& name, const std::string& text);
  void tell_password();
  /// Takes addresses and the feature level from the state, once a second.
  void look_around();
  meta::ControllerState state() const;
  raft::Member self_member() const;
  std::vector<std::string> others() const;
  bool pause(std::chrono::milliseconds time);
  void fail(const std::string& reason);
  bool has_log() const;
  std::string raft_directory() const;

  NodeEnvironment& environment_;
  io::FileSystem& files_;
  const Clock& clock_;
  AddressTable& addresses_;
  rpc::Caller& peers_;
  const bool is_alone_;  // a log of one, no group: a single node, or the only controller of an ordinary cluster
  rpc::Methods* methods_ = nullptr;
  std::function<meta::NodeMetrics()> metrics_;
  std::function<void()> reconnect_;
  bool has_joined_now_ = false;       // the role's thread only
  bool has_joined_existing_ = false;  // as above: the cluster was there before this controller
  Uuid boot_;
  Foundation foundation_;         // the role's thread only
  Bytes taken_over_;              // as above; the state of a single node
  Uuid taken_cluster_;            // as above; its UUID
  std::string initial_password_;  // as above
  meta::Verifier verifier_;       // as above
  bool tells_password_ = false;   // as above

  controller::MetadataMachine machine_{environment_.build};
  std::unique_ptr<controller::Bootstrap> bootstrap_;
  std::unique_ptr<raft::ReplicatedLog> log_;
  std::unique_ptr<controller::MetadataService> service_;
  std::atomic<raft::LibraftLog*> group_{nullptr};
  std::atomic<controller::MetadataService*> service_pointer_{nullptr};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string failure_;    // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::server
