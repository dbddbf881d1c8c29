#include "dist/joint_appends.h"

#include <condition_variable>
#include <optional>

#include "base/memory_limit.h"

namespace pelorus::dist {
namespace {

uint64_t bytes_of(std::span<const data::Table> tables) {
  uint64_t bytes = 0;
  for (const auto& table : tables) bytes += table.memory_bytes();
  return bytes;
}

/// One below the other; a single one shares its columns.
data::Table joined_rows(const std::vector<const data::Table*>& parts) {
  if (parts.size() == 1) return *parts[0];
  size_t rows = 0;
  for (const auto* part : parts) rows += part->rows();
  std::vector<data::Shared<data::Vector>> columns;
  for (size_t c = 0; c < parts[0]->columns(); ++c) {
    auto column = parts[0]->column(c).slice(0, 0);
    column.reserve(rows);
    for (const auto* part : parts) column.append(part->column(c));
    columns.emplace_back(std::move(column));
  }
  return {parts[0]->names(), std::move(columns)};
}

}  // namespace

struct JointAppends::Waiting {
  std::span<const meta::PartitionKey> keys;
  std::span<const data::Table> rows;
  uint64_t bytes = 0;
  bool leads = false;  // guarded by mutex_, like what follows
  std::optional<Status> outcome;
  std::condition_variable changed;
};

Status JointAppends::append(const Target& target, std::span<const meta::PartitionKey> keys,
                            std::span<const data::Table> rows, const Commit& commit) {
  Waiting own{.keys = keys, .rows = rows, .bytes = bytes_of(rows), .leads = false, .outcome = {}, .changed = {}};
  std::unique_lock lock(mutex_);
  auto& queue = queues_[target];
  queue.push_back(&own);
  own.leads = queue.size() == 1;
  own.changed.wait(lock, [&] { return own.leads || own.outcome; });
  if (own.outcome) return *own.outcome;
  const auto joined = next_to_join(queue);
  lock.unlock();
  const auto outcome = carry_out(joined, commit);
  lock.lock();
  for (auto* one : joined) {
    queue.pop_front();
    one->outcome = outcome;
    if (one != &own) one->changed.notify_one();
  }
  if (queue.empty()) {
    queues_.erase(target);
  } else {
    queue.front()->leads = true;
    queue.front()->changed.notify_one();
  }
  return outcome;
}

/// From the first on, as many as the limits allow.
std::vector<JointAppends::Waiting*> JointAppends::next_to_join(const Queue& queue) {
  std::vector<Waiting*> joined;
  uint64_t bytes = 0;
  size_t partitions = 0;
  for (auto* one : queue) {
    bytes += one->bytes;
    partitions += one->keys.size();
    const bool fits = bytes <= kBytesMax && partitions <= kPartitionsMax && joined.size() < kAppendsMax;
    if (!joined.empty() && !fits) break;
    joined.push_back(one);
  }
  return joined;
}

Status JointAppends::carry_out(std::span<Waiting* const> joined, const Commit& commit) {
  const memory::NeverRefused bounded;  // an exception would leave the others waiting
  if (joined.size() == 1) return commit(joined[0]->keys, joined[0]->rows);
  std::map<meta::PartitionKey, std::vector<const data::Table*>> parts;
  for (const auto* one : joined) {
    for (size_t k = 0; k < one->keys.size(); ++k) parts[one->keys[k]].push_back(&one->rows[k]);
  }
  std::vector<meta::PartitionKey> keys;
  std::vector<data::Table> rows;
  for (const auto& [key, tables] : parts) {
    keys.push_back(key);
    rows.push_back(joined_rows(tables));
  }
  return commit(keys, rows);
}

}  // namespace pelorus::dist
