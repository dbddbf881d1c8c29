#include "controller/live_nodes.h"

namespace pelorus::controller {
namespace {

constexpr std::chrono::minutes kDropFor{1};

}  // namespace

void LiveNodes::begin_term() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  drops_.clear();
  term_began_ = clock_.now();
}

void LiveNodes::registered(const std::string& alias, const Uuid& boot, uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[alias];
  entry.boot = boot;
  entry.epoch = epoch;
  entry.heard = clock_.now();
}

bool LiveNodes::heard(const meta::Heartbeat& beat) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(beat.alias);
  if (found == entries_.end() || found->second.boot != beat.boot || found->second.epoch != beat.epoch) return false;
  // After a long silence its replicas may have been given up: it must report what it holds.
  if (!is_live_locked(found->second)) return false;
  found->second.heard = clock_.now();
  found->second.metrics = beat.metrics;
  found->second.log_index = beat.log_index;
  return true;
}

void LiveNodes::forget(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  entries_.erase(alias);
  drops_.erase(alias);
}

bool LiveNodes::is_live(const std::string& alias) const { return live_boot(alias).has_value(); }

std::optional<Uuid> LiveNodes::live_boot(const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(alias);
  if (found == entries_.end() || !is_live_locked(found->second)) return {};
  return found->second.boot;
}

std::set<std::string> LiveNodes::live() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> aliases;
  for (const auto& [alias, entry] : entries_) {
    if (is_live_locked(entry)) aliases.insert(alias);
  }
  return aliases;
}

bool LiveNodes::is_gone(const std::string& alias, milliseconds wait) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(alias);
  const auto since = found == entries_.end() ? term_began_ : found->second.heard;
  return clock_.now() - since >= wait;
}

bool LiveNodes::is_awaited(const std::string& alias, milliseconds wait) const {
  const std::lock_guard lock(mutex_);
  return !entries_.contains(alias) && clock_.now() - term_began_ < wait;
}

meta::NodeMetrics LiveNodes::metrics(const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(alias);
  return found == entries_.end() ? meta::NodeMetrics() : found->second.metrics;
}

uint64_t LiveNodes::log_index(const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(alias);
  return found == entries_.end() ? 0 : found->second.log_index;
}

milliseconds LiveNodes::timeout() const {
  const std::lock_guard lock(mutex_);
  return timeout_;
}

void LiveNodes::set_timeout(milliseconds timeout) {
  const std::lock_guard lock(mutex_);
  timeout_ = timeout;
}

void LiveNodes::add_drops(const meta::Dropped& dropped) {
  const std::lock_guard lock(mutex_);
  for (const auto& [chunk, nodes] : dropped.chunks) {
    for (const auto& node : nodes) {
      auto& waiting = drops_[node];
      if (waiting.size() < kDropsMax) waiting.emplace(chunk, clock_.now());
    }
  }
}

std::vector<ChunkId> LiveNodes::drops_for(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  std::vector<ChunkId> chunks;
  const auto found = drops_.find(alias);
  if (found == drops_.end()) return chunks;
  std::erase_if(found->second, [&](const auto& waiting) { return clock_.now() - waiting.second > kDropFor; });
  for (const auto& [chunk, since] : found->second) chunks.push_back(chunk);
  return chunks;
}

}  // namespace pelorus::controller
