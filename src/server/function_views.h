#pragma once
// The cluster's function views, callable by name from every session of this node.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "data/objects.h"
#include "dist/controller_client.h"
#include "exec/interpreter.h"

namespace pelorus::server {

/// Thread-safe. The controllers are asked when a name is looked for that is no other function: at most every
/// kAskedAgain for a name that is not known here, every kKept for one that is, every kSilence when they did not answer.
/// A view of another node is therefore callable at once, for practical purposes, and for so long after it was dropped.
class FunctionViews {
 public:
  static constexpr std::chrono::milliseconds kAskedAgain{50};
  static constexpr std::chrono::milliseconds kKept{1000};
  static constexpr std::chrono::milliseconds kSilence{10'000};

  /// All outlive it; `surroundings` are those views are compiled in.
  FunctionViews(const exec::Surroundings& surroundings, dist::ControllerClient& controllers, const Clock& clock)
      : surroundings_(surroundings), controllers_(controllers), clock_(clock) {}

  /// Null when there is no such view. ScriptError for one that can't be compiled: it may call built-in functions and
  /// other views only.
  data::FunctionRef find(std::string_view name);
  /// The next look-up asks: this node changed the views itself.
  void forget();

 private:
  struct View {
    std::string body;
    data::FunctionRef function;  // compiled with the first use
  };

  /// What is known of `name` after asking, if that is due.
  View look_up(const std::string& name);
  data::FunctionRef compile(const std::string& name, const std::string& body) const;

  const exec::Surroundings& surroundings_;
  dist::ControllerClient& controllers_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, View, std::less<>> views_;  // guarded by mutex_
  std::chrono::steady_clock::time_point asked_{};   // guarded by mutex_; the epoch: never
  bool were_silent_ = false;                        // guarded by mutex_; they did not answer then
};

}  // namespace pelorus::server
