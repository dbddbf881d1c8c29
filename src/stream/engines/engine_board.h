#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stream/engines/engine.h"

namespace pelorus::stream {

/// The engines of a node, or of a part of it, by name. Thread-safe.
class EngineBoard {
 public:
  static constexpr size_t kEnginesMax = 4096;

  /// ScriptError when the name is taken or the board is full.
  void add(std::shared_ptr<Engine> engine);
  /// Null when there is none.
  std::shared_ptr<Engine> find(const std::string& name) const;
  bool remove(const std::string& name);
  std::vector<std::shared_ptr<Engine>> all() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Engine>> engines_;  // guarded by mutex_
};

}  // namespace pelorus::stream
