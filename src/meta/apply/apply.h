#pragma once
// The one way the replicated state changes.

#include <string>

#include "base/error.h"
#include "meta/command.h"
#include "meta/state.h"

namespace pelorus::meta {

/// What a command came to: an answer (a struct named at the command, or nothing), or an error and an unchanged state.
struct Outcome {
  uint16_t code = 0;  // an ErrorCode; 0: done
  std::string message;
  Bytes answer;

  Outcome() = default;
  Outcome(Error error) : code(static_cast<uint16_t>(error.code)), message(std::move(error.message)) {}
  Outcome(const Status& status) {
    if (!status.ok()) *this = Outcome(status.error());
  }
  template <class T>
  static Outcome of(const T& object) {
    Outcome outcome;
    outcome.answer = encode(object);
    return outcome;
  }
  bool ok() const { return code == 0; }
  Result<Bytes> result() const {
    if (ok()) return answer;
    return Error{static_cast<ErrorCode>(code), message};
  }
  template <class A>
  void fields(A& a) {
    a(code, message, answer);
  }
};

/// Deterministic: equal states and equal commands give equal states and outcomes. Cost: O(log n) in the size of the
/// state for all but drops, which are linear in what they drop.
Outcome apply(State& state, const Command& command);

/// Finished transactions remembered for status tables; older ones are forgotten. Running and committed ones never are.
inline constexpr size_t kFinishedTransactionsMax = 1024;
/// Clients whose last sequence number is remembered; beyond, those unused for longest are forgotten.
inline constexpr size_t kClientsMax = 65536;
/// Configuration files larger are refused.
inline constexpr size_t kConfigurationBytesMax = 1u << 20;

}  // namespace pelorus::meta
