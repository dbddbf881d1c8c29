#pragma once
// What functions that ask stores and other nodes do with one call.

#include <string>
#include <string_view>
#include <utility>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/call_context.h"

namespace pelorus::functions {

/// One call: who calls, with what. Errors become ScriptErrors with the function's name in front. A base for the calls
/// of a family.
class FunctionCall {
 public:
  /// `name` is a literal.
  FunctionCall(std::string_view name, CallContext& context, std::span<data::Value> values)
      : name_(name), context_(context), arguments_(name, values) {}

  std::string_view name() const { return name_; }
  const Arguments& arguments() const { return arguments_; }
  CallContext& context() const { return context_; }

  template <class T>
  T checked(Result<T> result) const {
    if (!result.ok()) fail(result.error());
    return std::move(result).value();
  }
  void checked(const Status& status) const {
    if (!status.ok()) fail(status.error());
  }
  /// Tags such as <NoPrivilege> stay at the very beginning: clients look for them there.
  [[noreturn]] void fail(const Error& error) const {
    throw ScriptError(error.message.starts_with("<") ? error.message : std::string(name_) + " => " + error.message);
  }
  /// A text, or nothing where the argument is not given or empty.
  std::string text_or_nothing(size_t i, std::string_view parameter) const {
    const bool given = arguments_.has(i) && !arguments_[i].is_null();
    return given ? arguments_.text(i, parameter) : std::string();
  }

 private:
  const std::string_view name_;
  CallContext& context_;
  const Arguments arguments_;
};

}  // namespace pelorus::functions
