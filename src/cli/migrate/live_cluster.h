#pragma once
// The cluster over the native protocol, whichever controllers are alive.

#include <map>
#include <memory>

#include "cli/migrate/cluster.h"
#include "client/failover.h"

namespace pelorus::cli::migrate {

struct Login {
  client::Endpoint first;  // any node of the cluster
  std::string user;
  std::string password;
};

class LiveCluster final : public Cluster {
 public:
  /// `known`: more addresses of controllers, such as those a plan names.
  LiveCluster(Login login, std::vector<client::Endpoint> known) : login_(std::move(login)), known_(std::move(known)) {}

  Result<std::vector<Member>> members() override;
  Status add_controller(const Addition& made) override;
  Status remove_controller(const std::string& alias) override;
  Status move_leader(const std::string& to) override;
  Status move_member(const std::string& alias, const std::string& host, int port) override;
  Status add_agent(const Addition& made) override;
  Status add_data_node(const Addition& made) override;
  Status remove_node(const std::string& alias, bool force) override;
  Status start_node(const std::string& alias) override;
  Status stop_node(const std::string& alias) override;
  Status drain(const std::string& alias) override;
  Status undrain(const std::string& alias) override;
  Status set_throttle(int64_t mb_per_second) override;
  Result<bool> fill(const std::string& alias) override;
  Result<int64_t> copies_under_way() override;
  Result<std::string> nodes_settings() override;
  Status save_nodes_settings(const std::string& text) override;
  Result<Replicas> replicas() override;
  Result<int> feature_level() override;
  Result<int> finalize() override;
  Result<boost::json::object> state() override;
  Result<boost::json::object> report(const std::vector<std::string>& leaving) override;

  /// Members with the folders of their packages, replication, settings; not the hosts. Errors: kDenied for whoever is
  /// no administrator.
  Result<ClusterFacts> facts();
  /// Directories that members on the host write, for ClusterFacts.
  Result<std::map<std::string, std::vector<Directory>>> directories_on(const std::vector<Member>& members,
                                                                       const std::string& host) const;

 private:
  Result<std::vector<Member>> registered_members();
  /// On a controller, following who leads.
  Result<data::Value> ask(const std::string& script);
  /// An order; an answer that says it is so already is success.
  Status order(const std::string& script, std::string_view already);
  /// On any data node.
  Result<data::Value> ask_data_node(const std::string& script);
  Result<boost::json::object> tables();
  Result<boost::json::object> sections();
  /// Empty where the member's version lacks a function.
  Result<NodeItems> items_of(const Member& member) const;
  /// On that very node.
  Result<data::Value> value_of_member(const Member& member, const std::string& script) const;
  Result<std::string> ask_member(const Member& member, const std::string& script) const;
  client::FailoverOptions options() const;

  const Login login_;
  const std::vector<client::Endpoint> known_;
  std::vector<Member> seen_;  // at the last look
  std::vector<client::Endpoint> sites_;
  std::unique_ptr<client::FailoverConnection> controllers_;
  std::vector<client::Endpoint> data_sites_;
  std::unique_ptr<client::FailoverConnection> data_nodes_;
};

}  // namespace pelorus::cli::migrate
