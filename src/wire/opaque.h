#pragma once
// Values that travel as text only: what a peer names, and the receiver's session resolves.

#include <string>
#include <utility>

#include "data/objects.h"

namespace pelorus::wire {

/// A FUNCTIONDEF as it came: a name or a whole definition. The session turns it into a callable.
class FunctionText final : public data::FunctionObject {
 public:
  FunctionText(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  Kind kind() const override { return kind_; }
  std::string print() const override { return text_; }
  bool is_aggregate() const override { return false; }

 private:
  const Kind kind_;
  const std::string text_;
};

/// A CODE as it came: "< expression >" or the bare expression.
class CodeText final : public data::CodeObject {
 public:
  explicit CodeText(std::string text) : text_(std::move(text)) {}
  std::string print() const override { return text_; }

 private:
  const std::string text_;
};

/// A HANDLE, DATASOURCE or RESOURCE as it came: only its description crossed.
class HandleText final : public data::HandleObject {
 public:
  explicit HandleText(std::string text) : text_(std::move(text)) {}
  std::string kind() const override { return "remote handle"; }
  std::string describe() const override { return text_; }

 private:
  const std::string text_;
};

}  // namespace pelorus::wire
