#include "session/completed_queries.h"

#include <algorithm>

namespace pelorus::session {

void CompletedQueries::add(CompletedQuery query) {
  if (query.text.size() > kTextBytesMax) query.text.resize(kTextBytesMax);
  if (query.error.size() > kTextBytesMax) query.error.resize(kTextBytesMax);
  const std::lock_guard lock(mutex_);
  queries_.push_front(std::move(query));
  if (queries_.size() > kKept) queries_.pop_back();
}

std::vector<CompletedQuery> CompletedQueries::last(size_t count) const {
  const std::lock_guard lock(mutex_);
  const auto end = queries_.begin() + static_cast<std::ptrdiff_t>(std::min(count, queries_.size()));
  return {queries_.begin(), end};
}

}  // namespace pelorus::session
