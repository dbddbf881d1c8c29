#pragma once
// From hosts to a running cluster, step by step. What is done already is seen on the hosts and left alone, so that a
// deployment that was cut off anywhere goes on when it is run again.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/deploy/checks.h"
#include "cli/deploy/progress.h"
#include "cli/process/interrupt.h"
#include "cli/remote/remote_host.h"

namespace pelorus::cli::deploy {

class ClusterWatch;

struct DeployInput {
  Topology topology;
  std::filesystem::path package;     // server/
  std::string password;              // chosen by the operator; empty: made
  bool renews_certificates = false;  // of all hosts, however long they last; else those of the last month only
};

class Deployment {
 public:
  Deployment(DeployInput input, bool local, Interrupt& interrupt, Progress& progress);
  ~Deployment();

  /// Reads the package and asks all hosts. Errors: kIo for the package, kCancelled.
  Status look();
  std::vector<Finding> check() const { return judge(input_.topology, layout_, package_, facts_); }
  /// Runs the repairs of the findings, as root, and looks again. Errors: what failed, with the host.
  Status repair(const std::vector<Finding>& findings);
  /// Errors: kUnavailable when a founded cluster has other members or places than this deployment's.
  Status check_founded() const;
  /// Nothing is left to do: everything is installed, configured and running.
  bool is_complete() const;

  // The steps, in order. Errors end with what to do; run it again.
  Status install();
  Status configure();
  Status probe();
  Status start();
  Status prove();
  /// Removes the file of admin's first password, which has been told.
  Status forget_password();

  const Topology& topology() const { return input_.topology; }
  const Layout& layout() const { return layout_; }
  const std::vector<HostFacts>& facts() const { return facts_; }
  /// Admin's first password; empty when it was told before and is not known here.
  const std::string& password() const { return password_; }
  bool is_founded() const { return !founded_cluster(layout_, facts_).empty(); }

 private:
  using Work = std::function<Status(size_t)>;
  Status on_hosts(const Work& work);
  Status on_packages(const Work& work);
  /// Runs it on the host. Errors: kIo when its status is not 0, with what it said.
  Result<std::string> run(size_t host, const std::string& script, std::string_view input, std::chrono::seconds at_most);
  /// A small file, whole or not at all.
  Status write(size_t host, const std::string& path, const std::string& text, const char* mode);
  /// The text of keys/<name> of the first host that has it; empty: none.
  Result<std::string> read_key(const char* name, size_t& from);
  Status install_on(size_t host);
  Status share_cluster_key();
  Status share_certificates();
  /// The host's certificate lasts a month more, unless all are to be renewed. Also true where there is none.
  bool lasts(size_t host) const;
  bool has_certificate_of(const std::string& authority, size_t host) const;
  Status share_password();
  Status write_files(size_t package);
  bool needs_package(size_t package) const;
  bool is_running(const std::string& alias) const;
  /// Files that are not as wanted, of a package: name → text.
  Result<std::map<std::string, std::string>> files_to_write(size_t package) const;
  Status start_nodes(size_t package);
  /// Until all are online. Errors: who is away; kDenied without admin's password, which would start data nodes.
  Status await_nodes(const ClusterWatch& watch);
  Result<std::string> start_listening(size_t host);

  const DeployInput input_;
  const Layout layout_;
  Interrupt& interrupt_;
  Progress& progress_;
  CancellationToken token_;
  std::vector<std::unique_ptr<RemoteHost>> hosts_;
  PackageFacts package_;
  std::vector<HostFacts> facts_;
  std::string password_;
};

}  // namespace pelorus::cli::deploy
