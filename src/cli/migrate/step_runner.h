#pragma once
// One step done or undone: what carry_out.h is made of.

#include "cli/certificates.h"
#include "cli/migrate/carry_out.h"

namespace pelorus::cli::migrate {

/// Between two words about a copy that goes on.
inline constexpr int64_t kTellEvery_ms = 10'000;

/// What a step found: "already so", or nothing to remark.
using Remark = std::string;

class StepRunner {
 public:
  StepRunner(const Plan& plan, Journal& journal, Tools& tools) : plan_(plan), journal_(journal), tools_(tools) {}

  /// The step is done when this returns without an error, whoever did it.
  Result<Remark> act(size_t index);
  Result<Remark> undo(size_t index);
  /// Changes since the controllers of an offline plan have decided again; a rollback would lose them.
  Result<int64_t> written_since();
  /// Removes what members that left have on disk.
  Status remove_leftovers();

 private:
  using Members = std::vector<Member>;
  // On hosts: steps/host_steps.cc
  Result<Remark> check_host(const Step& step);
  Result<Remark> check_arrivals(const Step& step, const Members& members);
  Result<Remark> send_package(const Step& step);
  Result<Remark> remove_package(const Step& step);
  Result<Remark> write_config(const Step& step);
  Result<Remark> write_files(const Step& step);
  Result<Remark> restore_files(const Step& step);
  /// Runs a script of the package, such as startAgent.sh.
  Result<Remark> package_script(const std::string& host, const std::string& server, const std::string& script);
  Result<std::string> output(const std::string& host, const std::string& script, std::string_view input = {});
  Result<std::string> read_text(const std::string& host, const std::string& path);
  Status write_text(const std::string& host, const std::string& path, const std::string& text);
  /// A controller or agent that is about to start knows the controllers of now, whoever leads.
  Status write_addresses(const Addition& member, const Members& members);
  /// Keys: steps/key_steps.cc. `settings`: the file of the member that `made` is like.
  Status copy_keys(const Addition& made, const Member& like, const std::string& settings);
  Status provide_certificate(const Addition& made, const Member& like, const std::string& settings);
  Status widen_certificate(const Addition& member);
  /// `keys`: the folder on the hosts that have one.
  Result<KeyAndCertificate> issue_certificate(const std::string& machine, const std::vector<std::string>& addresses,
                                              const std::string& keys, const std::string& authority);
  Result<std::string> text_if_there(const std::string& host, const std::string& path);
  /// Of the programs given, else of a member's; offline always of `like`, with its modules and plugins.
  Status make_archive(const std::string& archive, const std::string& like);
  /// Directories of a former member are renamed, or removed when `for_good`.
  Status clear_directories(const Addition& member, bool for_good);
  Result<std::vector<std::string>> directories_of(const Addition& member);
  std::vector<config::Site> controller_sites(const Members& members) const;

  /// Where the member's own files are edited and its scripts run, whatever address it has in the cluster just now.
  std::string machine_of(const Addition& member) const;

  // Members that are stopped and started again: steps/in_place_steps.cc
  Result<Remark> check_in_place(const Step& step);
  Result<Remark> yield_leader(const std::string& alias);
  Result<Remark> pause(const std::string& alias);
  Result<Remark> go_on(const std::string& alias);
  Result<Remark> readdress(const std::string& alias, const std::string& host);
  Status write_own_address(const Addition& member, const Members& members);
  Result<Remark> copy_directories(const std::string& alias, bool back);
  Result<Remark> set_directories(const std::string& alias, bool back);
  Status remove_old_directories();
  /// A script about one folder of the member, which must not be running.
  Status move_folder(const Addition& member, const std::string& script);

  // A single node: steps/single_steps.cc
  Result<Remark> check_single(const Step& step);
  Result<Remark> write_cluster_files(const Step& step);
  Result<Remark> move_home(const Step& step, bool back);
  Result<Remark> found(const Addition& controller);
  Result<Remark> forget_source(const Addition& controller);
  /// What a member wrote that a single node's plan made beside it goes with it: no package of its own is removed.
  Result<Remark> end_again(const Step& step, Result<Remark> stopped);

  // Everything stopped: steps/offline_steps.cc
  Result<Remark> check_offline(const Step& step);
  /// Why the plan's folders cannot be there, a line each.
  std::string folder_checks(const std::string& host) const;
  Result<Remark> halt(const Addition& member);
  Result<Remark> start_former(const Addition& member);
  Result<Remark> begin(const Addition& member);
  Result<Remark> join(const Addition& made);
  Result<Remark> keep_state(const Addition& member, bool back);
  Result<Remark> copy_member(const Step& step);
  Status copy_folder(RemoteHost& source, RemoteHost& target, const std::string& from, const std::string& to,
                     const Flow& flow);
  /// A script's output on one host is what a script on another reads.
  Status hand_over(RemoteHost& source, const std::string& script, RemoteHost& target, const std::string& reading,
                   const Flow& flow);
  Result<Remark> remove_copies(const Addition& moved);
  Result<Remark> fence(const Addition& moved, bool back);
  Result<Remark> note_state();
  Result<int64_t> stream_bytes(const Addition& place, const std::string& folders);
  Result<Remark> check_unwritten();
  Result<Remark> undo_offline(const Step& step);
  Result<Remark> undo_stopped(const Step& step);
  Status remove_sources();
  Status remove_former_packages();
  /// The member as it lives when the plan is done.
  Addition place_of(const Step& step) const;
  /// What the cluster's files say when it starts, and cluster.cfg of a running one.
  Result<Members> members_for_files();
  Result<std::string> settings_for_files();
  /// A file as it was before this plan.
  Result<std::string> former_text(const std::string& host, const std::string& path);
  /// Keeps what is there as *.before-ID, once.
  Status replace_text(const std::string& host, const std::string& path, const std::string& text);
  Status write_stopped_files(const Step& step);
  /// kConflict when the folder was written since the copy was made.
  Status check_unchanged(const std::string& host, const std::string& folder, const std::string& other_host,
                         const std::string& copy);
  /// As output() and without what it says, for however long it takes.
  Result<std::string> output_of(const std::string& host, const std::string& script, std::string_view input = {});
  Status run_script(const std::string& host, const std::string& script, std::string_view input = {});

  // On the cluster: steps/cluster_steps.cc
  /// Waits a while for an order to be taken: what speaks against it may pass, such as a member that is silent just now.
  Status repeat_refused(const std::function<Status()>& order);
  Result<Remark> start_controller(const Addition& made);
  Result<Remark> add_controller(const Addition& made);
  Result<Remark> remove_controller(const std::string& alias);
  Status give_up_leading(const std::string& alias);
  Result<Remark> move_leader();
  Result<Remark> add_agent(const Addition& made);
  Result<Remark> start_agent(const Addition& made);
  Result<Remark> stop_program(const Addition& member, const std::string& script);
  Result<Remark> configure_node(const Addition& made);
  Result<Remark> add_node(const Addition& made);
  Result<Remark> remove_node(const std::string& alias);
  Result<Remark> start_node(const std::string& alias);
  Result<Remark> stop_node(const std::string& alias);
  Result<Remark> drain(const Step& step);
  Result<Remark> spread(const Step& step);
  Status await_copies();
  Result<Remark> verify(const Step& step);
  Result<Remark> return_controller(const Addition& member);
  Result<Remark> return_agent(const Addition& member);
  Result<Remark> return_node(const Addition& member);
  Status wait_until(const std::function<bool(const Members&)>& reached, std::chrono::seconds at_most,
                    const std::string& awaited);

  /// The member the step is about, as it is made or as it was.
  Addition subject(const Step& step) const { return subject(step.subject); }
  Addition subject(const std::string& alias) const;
  /// It did not answer when the plan was made.
  bool was_dead(const std::string& alias) const;
  void tell(Note note) const { tools_.tell({index_ + 1, plan_.steps.size(), std::move(note)}); }

  const Plan& plan_;
  Journal& journal_;
  Tools& tools_;
  size_t index_ = 0;
};

}  // namespace pelorus::cli::migrate
