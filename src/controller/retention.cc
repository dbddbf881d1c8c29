// Partitions whose time is over (setRetentionPolicy) are dropped by the leader.

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "controller/metadata_service.h"
#include "functions/local_time.h"
#include "meta/retention.h"

namespace pelorus::controller {
namespace {

constexpr std::chrono::minutes kLookPeriod{1};

/// What is to go of a database, and what is said of it.
struct Expiry {
  meta::DropPartitions drop;
  int64_t hours = 0;
  std::string last_path;  // of the newest partition that goes
};

std::vector<meta::PartitionKey> filled_keys(const meta::State& state, const meta::Table& table) {
  std::vector<meta::PartitionKey> keys;
  for (const auto& [key, id] : table.chunks) {
    if (state.chunks.at(id).version > 0) keys.push_back(key);
  }
  return keys;
}

void add_expiries(const meta::State& state, const meta::Database& database, const meta::RetentionPolicy& policy,
                  int64_t now_hours, std::vector<Expiry>* all) {
  for (const auto& [name, id] : database.tables) {
    const auto* table = state.find_table(database.path, name);
    if (table == nullptr || table->is_dimension()) continue;
    auto keys = meta::expired(database.scheme, policy, filled_keys(state, *table), now_hours);
    if (keys.empty()) continue;
    const auto path = meta::chunk_path(state, state.chunks.at(table->chunks.at(keys.back())));
    all->push_back({.drop = {.database = database.path, .table = name, .keys = std::move(keys)},
                    .hours = policy.hours,
                    .last_path = path});
  }
}

}  // namespace

void MetadataService::expire_partitions() {
  const bool at_once = [&] {
    const std::lock_guard lock(mutex_);
    return std::exchange(expires_at_once_, false);
  }();
  if (!at_once && clock_.now() - expired_ < kLookPeriod) return;
  expired_ = clock_.now();
  const auto utc_seconds = clock_.wall_ns() / 1'000'000'000;
  const auto now_hours = (utc_seconds + functions::zone_offset(utc_seconds)) / 3600;
  std::vector<std::string> ownerless;  // their databases are gone
  const auto expiries = machine_.read([&](const meta::State& state) {
    std::vector<Expiry> all;
    for (auto at = state.records.lower_bound({meta::kRetentionArea, ""});
         at != state.records.end() && at->first.first == meta::kRetentionArea; ++at) {
      const auto policy = meta::decode<meta::RetentionPolicy>(at->second, "retention policy");
      if (!policy.ok()) continue;
      const auto database =
          std::ranges::find_if(state.databases, [&](const auto& entry) { return entry.second.id == policy->database; });
      if (database == state.databases.end())
        ownerless.push_back(at->first.second);
      else
        add_expiries(state, database->second, *policy, now_hours, &all);
    }
    return all;
  });
  for (const auto& name : ownerless)
    (void)propose(meta::PutRecord{.area = meta::kRetentionArea, .name = name, .value = {}});
  for (const auto& expiry : expiries) {
    const auto what = std::to_string(expiry.drop.keys.size()) + " partition(s) of " + expiry.drop.database + "/" +
                      expiry.drop.table + " up to " + expiry.last_path + ", kept for " + std::to_string(expiry.hours) +
                      " hours";
    const auto answer = propose(expiry.drop);
    if (!answer.ok()) {
      log_warning("not dropped yet: " + what + ": " + answer.error().message);
      continue;
    }
    log_info("their time is over, drops " + what);
    if (const auto dropped = meta::decode<meta::Dropped>(*answer, "dropped chunks"); dropped.ok())
      live_.add_drops(*dropped);
  }
}

}  // namespace pelorus::controller
