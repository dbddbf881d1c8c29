#include "dist/joint_appends.h"

#include <condition_variable>
#include <set>

#include "base/memory_limit.h"

namespace pelorus::dist {

struct JointAppends::Waiting {
  const exec::RowRoutes& rows;
  const uint64_t bytes;
  // Guarded by mutex_:
  std::vector<Waiting*> joined;           // of one that leads: all that it leads, itself first
  bool is_its_turn = false;               // of one that leads
  std::optional<meta::BeginReply> begun;  // of one that leads
  std::optional<Status> outcome;
  std::condition_variable changed;
};

namespace {

/// A single append's own table is shared where it can be.
JointAppends::Joined join(const std::vector<const exec::RowRoutes*>& appends) {
  std::map<meta::PartitionKey, std::vector<std::pair<const exec::RowRoutes*, size_t>>> parts;
  for (const auto* one : appends) {
    for (size_t k = 0; k < one->keys().size(); ++k) parts[one->keys()[k]].emplace_back(one, k);
  }
  JointAppends::Joined joined;
  for (const auto& [key, of_key] : parts) {
    joined.keys.push_back(key);
    if (of_key.size() == 1) {
      joined.rows.push_back(of_key[0].first->part(of_key[0].second));
      continue;
    }
    data::Table rows(of_key[0].first->table().schema());
    size_t count = 0;
    for (const auto& [routes, k] : of_key) count += routes->count(k);
    for (size_t c = 0; c < rows.columns(); ++c) rows.edit_column(c).reserve(count);
    for (const auto& [routes, k] : of_key) routes->append_part(k, rows);
    joined.rows.push_back(std::move(rows));
  }
  return joined;
}

}  // namespace

Status JointAppends::append(const Target& target, const exec::RowRoutes& rows, const Arrange& arrange,
                            const Commit& commit) {
  const memory::NeverRefused bounded;  // an exception would leave the others waiting
  Waiting own{
      .rows = rows, .bytes = rows.table().memory_bytes(), .joined = {}, .begun = {}, .outcome = {}, .changed = {}};
  std::unique_lock lock(mutex_);
  auto& queue = queues_[target];
  queue.waiting.push_back(&own);
  go_on(queue);
  own.changed.wait(lock, [&] { return !own.joined.empty() || own.outcome; });
  if (own.outcome) return *own.outcome;
  std::vector<const exec::RowRoutes*> appends;
  for (const auto* one : own.joined) appends.push_back(&one->rows);
  lock.unlock();
  auto together = join(appends);
  for (auto& part : together.rows) part = arrange(std::move(part));
  lock.lock();
  own.changed.wait(lock, [&] { return own.is_its_turn; });
  together.begun = std::move(own.begun);
  lock.unlock();
  Next next(*this, queue);
  const auto outcome = commit(together, next);
  lock.lock();
  for (auto* one : own.joined) {
    one->outcome = outcome;
    if (one != &own) one->changed.notify_one();
  }
  queue.under_way = nullptr;
  go_on(queue);
  if (queue.under_way == nullptr) queues_.erase(target);
  return outcome;
}

/// Of those that wait, from the first on, as many as the limits allow. Who leads them, or null.
JointAppends::Waiting* JointAppends::form_next(Queue& queue) {
  if (queue.next != nullptr || queue.waiting.empty()) return queue.next;
  auto* leader = queue.next = queue.waiting.front();
  uint64_t bytes = 0;
  size_t partitions = 0;
  while (!queue.waiting.empty()) {
    auto* one = queue.waiting.front();
    bytes += one->bytes;
    partitions += one->rows.keys().size();
    const bool fits = bytes <= kBytesMax && partitions <= kPartitionsMax && leader->joined.size() < kAppendsMax;
    if (!leader->joined.empty() && !fits) break;
    leader->joined.push_back(one);
    queue.waiting.pop_front();
  }
  leader->changed.notify_one();
  return leader;
}

std::vector<meta::PartitionKey> JointAppends::Next::form() {
  const std::lock_guard lock(appends_.mutex_);
  std::set<meta::PartitionKey> keys;
  if (const auto* leader = form_next(queue_)) {
    for (const auto* one : leader->joined) keys.insert(one->rows.keys().begin(), one->rows.keys().end());
  }
  return {keys.begin(), keys.end()};
}

void JointAppends::Next::set_begun(meta::BeginReply begun) {
  const std::lock_guard lock(appends_.mutex_);
  queue_.next->begun = std::move(begun);
}

/// When nothing is under way, the next ones are.
void JointAppends::go_on(Queue& queue) {
  if (queue.under_way != nullptr) return;
  form_next(queue);
  queue.under_way = std::exchange(queue.next, nullptr);
  if (queue.under_way == nullptr) return;
  queue.under_way->is_its_turn = true;
  queue.under_way->changed.notify_one();
}

}  // namespace pelorus::dist
