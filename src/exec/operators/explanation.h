#pragma once
// What a query does and how long its steps take, as [HINT_EXPLAIN] shows it.

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace pelorus::exec {

/// Of one query: its steps in the order in which they began, each an object with its `cost` in microseconds and what
/// else is known of it. One thread at a time.
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

  /// What one partition did for a query. Times in microseconds.
  struct Part {
    std::string sql;
    boost::json::object steps;  // with `rows` and `cost`

    int64_t number(std::string_view name) const;
  };
  /// Of all partitions of a scan: how many there were where, the slowest and the quickest, and of `merge` those with
  /// the most and the fewest rows. A later scan of the same query adds to the counts.
  void tell_parts(const std::vector<Part>& parts, size_t local, size_t rows);

 private:
  boost::json::object closed(const data::Value& result) const;

  boost::json::object steps_;
  Timed* current_ = nullptr;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// A result and the text of its explanation as a table with one row, as partitions answer; and back.
data::Value result_with(data::Value text, data::Value result);
struct ExplainedResult {
  data::Table result;
  boost::json::object steps;
};
/// ScriptError: no such table.
ExplainedResult without_explanation(const data::Table& answer);

}  // namespace pelorus::exec
