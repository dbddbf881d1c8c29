#pragma once
// Failures somebody above can act on: Error, and Result<T>, a value or an Error.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error_codes.h"

namespace pelorus {

/// A failure with its code and one sentence: fact first, values last, what to do where we know it.
/// The message never holds secrets or row data.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  /// "kNotFound: no such file: /x"
  std::string describe() const { return std::string(facts(code).name) + ": " + message; }
  ErrorKind kind() const { return facts(code).kind; }
  bool may_retry() const { return facts(code).may_retry; }
};

/// A T or an Error. Must be looked at: value() on an error stops the process.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK_WITH(ok(), error().describe());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK_WITH(ok(), error().describe());
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK_WITH(ok(), error().describe());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const { CHECK_WITH(ok(), error_->describe()); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace pelorus

#define PELORUS_CONCAT_INNER(a, b) a##b
#define PELORUS_CONCAT(a, b) PELORUS_CONCAT_INNER(a, b)

/// TRY(auto file, open(path)): declares `file`, or returns the Error from the enclosing function.
#define TRY(declaration, expression) TRY_NAMED(PELORUS_CONCAT(try_, __LINE__), declaration, expression)
#define TRY_NAMED(name, declaration, expression) \
  auto name = (expression);                      \
  if (!name.ok()) return name.error();           \
  declaration = std::move(name).value()

/// TRY_DONE(file.sync()): returns the Error from the enclosing function, if there is one.
#define TRY_DONE(expression)                                                   \
  do {                                                                         \
    if (auto try_done = (expression); !try_done.ok()) return try_done.error(); \
  } while (false)
