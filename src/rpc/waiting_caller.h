#pragma once
// Whether the thread that begins a call will do nothing but wait for its answer.

namespace pelorus::rpc {

/// Marks the making thread until destroyed: a call it begins to this very process may be carried out on it, which
/// spares two hand-overs between threads. Set by Caller::call.
class WaitingCaller {
 public:
  WaitingCaller() noexcept;
  ~WaitingCaller();
  WaitingCaller(const WaitingCaller&) = delete;
  WaitingCaller& operator=(const WaitingCaller&) = delete;

  /// True once for each mark: what is carried out on the thread begins calls of its own.
  static bool take() noexcept;

 private:
  const bool before_;
};

}  // namespace pelorus::rpc
