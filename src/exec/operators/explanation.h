#pragma once
// What a query does and how long its steps take, as [HINT_EXPLAIN] shows it.

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "data/value.h"

namespace pelorus::exec {

/// Of one query: its steps in the order in which they began, each an object with its `cost` in microseconds and what
/// else is known of it. One thread.
class Explanation {
 public:
  /// Measures a step while it lives, less the steps within it, and adds that to its cost. Does nothing where
  /// `explanation` is null.
  class Timed {
   public:
    Timed(Explanation* explanation, std::string_view step);
    ~Timed();
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

   private:
    Explanation* const explanation_;
    Timed* outer_ = nullptr;
    const std::string step_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    int64_t within_ = 0;  // microseconds
  };

  /// The step of that name, made when there is none yet. Valid until the next one is made.
  boost::json::object& step(std::string_view name);
  /// Adds what another query, which is part of this one, did to a step.
  void nest(std::string_view step, const Explanation& inner, const data::Value& result);
  /// {"measurement":"microsecond","explain":{…}}; closes the account.
  std::string text(const data::Value& result) const;

 private:
  boost::json::object closed(const data::Value& result) const;

  boost::json::object steps_;
  Timed* current_ = nullptr;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace pelorus::exec
