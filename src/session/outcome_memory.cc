#include "session/outcome_memory.h"

#include <algorithm>
#include <cstdlib>

namespace pelorus::session {
namespace {

size_t bytes_of(const data::Value& value) {
  if (value.is_vector()) return value.vector().memory_bytes();
  if (value.is_plain_table()) return value.table().memory_bytes();
  if (value.is_scalar()) return value.is_text() ? value.text().size() : sizeof(data::Scalar);
  return SIZE_MAX;
}

}  // namespace

OutcomeMemory::Client& OutcomeMemory::touch(const std::string& client) {
  const auto found = clients_.find(client);
  if (found != clients_.end()) {
    uses_.splice(uses_.begin(), uses_, found->second.used);
    return found->second;
  }
  if (clients_.size() >= limits_.clients_max) {
    const auto longest_unused = clients_.find(uses_.back());
    for (const auto& entry : longest_unused->second.entries) forget(entry);
    clients_.erase(longest_unused);
    uses_.pop_back();
  }
  uses_.push_front(client);
  auto& added = clients_[client];
  added.used = uses_.begin();
  return added;
}

void OutcomeMemory::forget_values_of_longest_unused() {
  for (auto client = uses_.rbegin(); client != uses_.rend() && bytes_ > limits_.bytes_max; ++client) {
    for (auto& entry : clients_[*client].entries) {
      forget(entry);
      entry.bytes = 0;
      entry.outcome.value.reset();
    }
  }
}

std::optional<OutcomeMemory::Remembered> OutcomeMemory::begin(const std::string& client, int64_t sequence) {
  const int64_t number = std::llabs(sequence);
  std::unique_lock lock(mutex_);
  while (true) {
    auto& entries = touch(client).entries;
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.sequence == number; });
    if (found == entries.end()) {
      entries.push_back({.sequence = number});
      if (entries.size() > limits_.outcomes_per_client) {
        forget(entries.front());
        entries.pop_front();
      }
      return std::nullopt;
    }
    if (!found->running) return found->outcome;
    if (sequence > 0) return std::nullopt;  // not a repetition: the client counts anew
    ended_.wait(lock);
  }
}

void OutcomeMemory::end(const std::string& client, int64_t sequence, const Remembered* succeeded) {
  const int64_t number = std::llabs(sequence);
  const std::lock_guard lock(mutex_);
  const auto known = clients_.find(client);
  if (known != clients_.end()) {
    auto& entries = known->second.entries;
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.sequence == number; });
    if (found == entries.end()) {
      // Forgotten while it ran.
    } else if (succeeded == nullptr) {
      entries.erase(found);
    } else {
      found->running = false;
      const size_t bytes = succeeded->value ? bytes_of(*succeeded->value) : 0;
      if (succeeded->value && bytes <= limits_.value_bytes_max) {
        found->outcome = *succeeded;
        found->bytes = bytes;
        bytes_ += bytes;
        forget_values_of_longest_unused();
      }
    }
  }
  ended_.notify_all();
}

}  // namespace pelorus::session
