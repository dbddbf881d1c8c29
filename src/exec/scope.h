#pragma once
// Names that SQL lays over the variables: columns, aliases, values computed before.

#include <optional>
#include <string_view>

#include "data/value.h"
#include "syntax/ast.h"

namespace pelorus::exec {

/// What the evaluator asks before it looks at variables and functions. Implemented by query operators; lives on their
/// stack. Scopes of nested queries chain through `outer`.
class Scope {
 public:
  explicit Scope(Scope* outer = nullptr) : outer_(outer) {}
  virtual ~Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The column of that name; nothing: ask outer(), then variables, then functions.
  virtual std::optional<data::Value> find(std::string_view name) = 0;
  /// alias.column; nothing: evaluate as the member of a value.
  virtual std::optional<data::Value> find_qualified(std::string_view qualifier, std::string_view name) {
    (void)qualifier;
    (void)name;
    return std::nullopt;
  }
  /// A value that stands for a whole sub-expression (an aggregate computed for all groups, an over() column). Asked for
  /// every Call, MethodCall, Over and Case node; cheap when there is nothing.
  virtual std::optional<data::Value> find_computed(const syntax::Expr& node) {
    (void)node;
    return std::nullopt;
  }
  Scope* outer() const { return outer_; }

 private:
  Scope* outer_;
};

}  // namespace pelorus::exec
