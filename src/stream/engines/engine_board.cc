#include "stream/engines/engine_board.h"

#include "base/script_error.h"

namespace pelorus::stream {

void EngineBoard::add(std::shared_ptr<Engine> engine) {
  const std::lock_guard lock(mutex_);
  if (engines_.size() >= kEnginesMax)
    throw ScriptError("The node has " + std::to_string(kEnginesMax) + " engines; drop some.");
  const auto name = engine->name();
  if (!engines_.emplace(name, std::move(engine)).second)
    throw ScriptError("A stream engine named " + name + " exists already; see dropStreamEngine.");
}

std::shared_ptr<Engine> EngineBoard::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = engines_.find(name);
  return found == engines_.end() ? nullptr : found->second;
}

bool EngineBoard::remove(const std::string& name) {
  std::shared_ptr<Engine> dropped;  // may end here, outside of the lock
  const std::lock_guard lock(mutex_);
  const auto found = engines_.find(name);
  if (found == engines_.end()) return false;
  dropped = std::move(found->second);
  engines_.erase(found);
  return true;
}

std::vector<std::shared_ptr<Engine>> EngineBoard::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Engine>> engines;
  for (const auto& [name, engine] : engines_) engines.push_back(engine);
  return engines;
}

void EngineBoard::clear() {
  std::map<std::string, std::shared_ptr<Engine>> ended;
  const std::lock_guard lock(mutex_);
  ended.swap(engines_);
}

}  // namespace pelorus::stream
