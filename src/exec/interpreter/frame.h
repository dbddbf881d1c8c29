#pragma once
// Internal to the interpreter: the locals of one call.

#include <memory>

#include "exec/interpreter.h"
#include "exec/interpreter/fast_scalars.h"

namespace pelorus::exec {

struct Interpreter::Slot {
  Value value;
  Value* alias = nullptr;  // a mutable parameter or &x = y: another variable's storage

  Value& get() { return alias != nullptr ? *alias : value; }
};

struct Interpreter::Frame {
  std::unique_ptr<Slot[]> slots;
  size_t size = 0;
  bool sees_session = false;  // CODE; function bodies do not see session variables

  /// The value of an expression of numbers and of variables that hold numbers, without a Value around each step; false
  /// when there is more to it. Changes nothing.
  static bool eval_plain(Interpreter& interpreter, const syntax::Expr& expr, PlainScalar* value);

  explicit Frame(size_t count) : slots(count > 0 ? std::make_unique<Slot[]>(count) : nullptr), size(count) {}
};

/// Notes this thread's stack at the outermost entry.
class Interpreter::ThreadGuard {
 public:
  explicit ThreadGuard(Interpreter* interpreter);
  ~ThreadGuard() { interpreter_->stack_floor_ = floor_; }
  ThreadGuard(const ThreadGuard&) = delete;
  ThreadGuard& operator=(const ThreadGuard&) = delete;

 private:
  Interpreter* const interpreter_;
  const char* const floor_;
};

/// Makes a frame current and the outer one again at the end; the query scope is hidden meanwhile.
class Interpreter::FrameGuard {
 public:
  FrameGuard(Interpreter* interpreter, Frame* frame, Scope* scope)
      : interpreter_(interpreter), frame_(interpreter->frame_), scope_(interpreter->scope_) {
    interpreter->frame_ = frame;
    interpreter->scope_ = scope;
    ++interpreter->calls_;
  }
  ~FrameGuard() {
    interpreter_->frame_ = frame_;
    interpreter_->scope_ = scope_;
    --interpreter_->calls_;
  }
  FrameGuard(const FrameGuard&) = delete;
  FrameGuard& operator=(const FrameGuard&) = delete;

 private:
  Interpreter* const interpreter_;
  Frame* const frame_;
  Scope* const scope_;
};

}  // namespace pelorus::exec
