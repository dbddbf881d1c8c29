#pragma once
// A user's mistake in a script or query: thrown by syntax, functions, plan and exec, visible to the script's
// try/catch, turned into an Error in exactly one place (session/run_statement.cc).

#include <exception>
#include <string>
#include <utility>

namespace pelorus {

/// Where in the script text: both count from 1; 0 means unknown.
struct SourcePlace {
  int line = 0;
  int column = 0;
};

/// `what()` is the whole text a client sees on the error line, frames joined by " => ".
class ScriptError : public std::exception {
 public:
  explicit ScriptError(std::string message, SourcePlace place = {}) : message_(std::move(message)), place_(place) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }
  SourcePlace place() const { return place_; }

  /// Puts `frame` before the message as the clients expect it: "frame => message".
  void add_frame(const std::string& frame) { message_ = frame + " => " + message_; }
  void set_place_if_unknown(SourcePlace place) {
    if (place_.line == 0) place_ = place;
  }

 private:
  std::string message_;
  SourcePlace place_;
};

}  // namespace pelorus
