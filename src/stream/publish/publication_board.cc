#include "stream/publish/publication_board.h"

#include <algorithm>

namespace pelorus::stream {

std::shared_ptr<TableFeed> PublicationBoard::feed_of(const std::shared_ptr<StreamTable>& table) {
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = feeds_[table.get()];
  auto feed = known.lock();
  if (feed == nullptr) known = feed = std::make_shared<TableFeed>(table);
  return feed;
}

std::shared_ptr<Publication> PublicationBoard::add(PublicationTerms terms, std::shared_ptr<TableFeed> feed,
                                                   std::shared_ptr<wire::Peer> peer, size_t connections_max) {
  std::shared_ptr<Publication> made;
  {
    const std::lock_guard lock(mutex_);
    const bool is_taken = std::ranges::any_of(publications_, [&](const auto& other) {
      return other->terms().table == terms.table && other->terms().action == terms.action &&
             other->terms().subscriber == terms.subscriber;
    });
    if (closed_ || is_taken || publications_.size() >= connections_max) return nullptr;
    made = std::make_shared<Publication>(std::move(terms), std::move(feed), peer, pool_);
    publications_.push_back(made);
  }
  peer->on_close([this, weak = std::weak_ptr(made)] {
    const auto publication = weak.lock();
    if (publication == nullptr) return;
    publication->end();
    forget(*publication);
  });
  return made;
}

std::shared_ptr<Publication> PublicationBoard::find(const std::string& table, const std::string& action,
                                                    const std::string& subscriber) const {
  const std::lock_guard lock(mutex_);
  for (const auto& publication : publications_) {
    const auto& terms = publication->terms();
    if (terms.table == table && terms.action == action && terms.subscriber == subscriber) return publication;
  }
  return nullptr;
}

size_t PublicationBoard::end_if(const std::function<bool(const PublicationTerms&)>& question) {
  std::vector<std::shared_ptr<Publication>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& publication : publications_) {
      if (question(publication->terms())) ended.push_back(publication);
    }
    std::erase_if(publications_, [&](const auto& p) { return std::ranges::find(ended, p) != ended.end(); });
  }
  for (const auto& publication : ended) publication->end();
  return ended.size();
}

void PublicationBoard::forget(const Publication& publication) {
  const std::lock_guard lock(mutex_);
  std::erase_if(publications_, [&](const auto& p) { return p.get() == &publication; });
}

bool PublicationBoard::is_published(const std::string& table) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(publications_, [&](const auto& p) { return p->terms().table == table; });
}

size_t PublicationBoard::size() const {
  const std::lock_guard lock(mutex_);
  return publications_.size();
}

std::vector<PublicationFacts> PublicationBoard::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<PublicationFacts> facts;
  for (const auto& publication : publications_) facts.push_back(publication->facts());
  return facts;
}

void PublicationBoard::clear() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  end_if([](const PublicationTerms&) { return true; });
  pool_.stop();
}

}  // namespace pelorus::stream
