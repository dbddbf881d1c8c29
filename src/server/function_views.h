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

/// Thread-safe. The leading controller is asked when a name is looked for that is no other function: every kKept, and
/// before a name is refused. A new view is therefore callable at once on every node, and a dropped one is not callable
/// after kKept. Controllers that did not answer are asked after kSilence, or before a name is refused.
class FunctionViews {
 public:
  static constexpr std::chrono::milliseconds kKept{1000};
  static constexpr std::chrono::milliseconds kSilence{10'000};

  /// All outlive it; `surroundings` are those views are compiled in.
  FunctionViews(const exec::Surroundings& surroundings, dist::ControllerClient& controllers, const Clock& clock)
      : surroundings_(surroundings), controllers_(controllers), clock_(clock) {}

  /// Null when there is no such view. ScriptError for one that can't be compiled: it may call built-in functions and
  /// other views only.
  data::FunctionRef find(std::string_view name, exec::ViewSearch search);
  /// The next look-up asks: this node changed the views itself.
  void forget();

 private:
  struct View {
    std::string body;
    data::FunctionRef function;  // compiled with the first use
  };

  /// What is known of `name` after asking, if that is due.
  View look_up(const std::string& name, exec::ViewSearch search);
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
