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
  Status begin(stream::StreamGroup& group, const std::vector<raft::Member>& members);
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
