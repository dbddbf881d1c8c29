#pragma once
// The stream groups a node belongs to: made from streamingRaftGroups, begun once their members are known.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dist/controller_client.h"
#include "server/address_table.h"
#include "server/start_up.h"
#include "stream/functions.h"

namespace pelorus::server {

/// Owned by the node; the groups themselves belong to the streams' services.
class StreamGroupRole {
 public:
  StreamGroupRole(const NodeEnvironment& environment, io::FileSystem& files, const Clock& clock,
                  const AddressTable& addresses, dist::ControllerClient& controllers, stream::StreamServices& services)
      : environment_(environment),
        files_(files),
        clock_(clock),
        addresses_(addresses),
        controllers_(controllers),
        services_(services) {}
  ~StreamGroupRole() { stop(); }

  /// Before the functions of scripts. kInvalid naming the setting.
  Status make_groups(functions::SharedObjects& shared);
  /// Begins the groups' logs on a thread of its own, as their members become known.
  void start();
  /// Ends the logs. Appends that wait are answered.
  void stop();
  /// A connection of another member's Raft transport. Any thread; may read what is missing of its first line.
  void accept_raft(int fd, std::string already_read);

 private:
  void run();
  /// The members as the controllers know them; empty with the reason in the group while some are unknown.
  std::vector<raft::Member> members_of(stream::StreamGroup& group);
  /// Whether this node has begun the group before.
  Result<bool> is_noted(const stream::StreamGroup& group);
  /// How a member begins that has not begun before. It founds only where all the others answer that nobody leads yet:
  /// a node that came back with empty directories is a stranger to the group, which must not be founded a second time.
  enum class Beginning { kWait, kFound, kJoin };
  Beginning beginning_of(stream::StreamGroup& group);
  /// `founders`: none where the group is there already.
  Status begin(stream::StreamGroup& group, const std::vector<raft::Member>& founders, bool is_noted);
  std::string notes_path() const { return (environment_.directory / "stream_groups").string(); }
  std::string folder_of(const stream::StreamGroup& group) const;
  raft::LibraftOptions options_of(const stream::StreamGroup& group) const;
  bool pause();

  const NodeEnvironment& environment_;
  io::FileSystem& files_;
  const Clock& clock_;
  const AddressTable& addresses_;
  dist::ControllerClient& controllers_;
  stream::StreamServices& services_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::server
