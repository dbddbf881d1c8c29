#pragma once
// All publications of a node.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stream/publish/publication.h"

namespace pelorus::stream {

/// Thread-safe.
class PublicationBoard {
 public:
  ~PublicationBoard() { clear(); }

  /// The feed that publications of this table share.
  std::shared_ptr<TableFeed> feed_of(const std::shared_ptr<StreamTable>& table);
  /// Null when a publication of that table and action to that subscriber is there, or when the board has
  /// `connections_max`; the caller tells which. The rest is done by begin().
  std::shared_ptr<Publication> add(PublicationTerms terms, std::shared_ptr<TableFeed> feed,
                                   std::shared_ptr<wire::Peer> peer, size_t connections_max);
  /// Null when there is none.
  std::shared_ptr<Publication> find(const std::string& table, const std::string& action,
                                    const std::string& subscriber) const;
  /// Ends those that the question is answered with yes for; how many.
  size_t end_if(const std::function<bool(const PublicationTerms&)>& question);
  /// It has ended.
  void forget(const Publication& publication);
  bool is_published(const std::string& table) const;
  size_t size() const;
  std::vector<PublicationFacts> all() const;
  /// Ends all of them and their threads; no more can be added.
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Publication>> publications_;        // guarded by mutex_
  std::map<const StreamTable*, std::weak_ptr<TableFeed>> feeds_;  // guarded by mutex_
  bool closed_ = false;                                           // guarded by mutex_
  ThreadPool pool_{{.name = "publish", .threads_max = 4}};        // ends before what its tasks use
};

}  // namespace pelorus::stream
