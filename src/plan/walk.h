#pragma once
// Looking through expressions, changing and making them.

#include <functional>
#include <string>
#include <vector>

#include "syntax/sql.h"

namespace pelorus::plan {

/// Sub-expressions of a node, without those inside quoted code and function bodies.
void for_each_child(const syntax::Expr& expr, const std::function<void(const syntax::Expr&)>& visit);
/// Whether `question` is answered with yes for the node or for one below it. It isn't asked below such a node.
bool any_node(const syntax::Expr& expr, const std::function<bool(const syntax::Expr&)>& question);

/// A node to stand in place of the given one, or null: look inside.
using Replace = std::function<syntax::ExprRef(const syntax::ExprRef&)>;
/// A copy of the tree with parts replaced; parts that did not change may be shared. Null stays null.
syntax::ExprRef rewrite(const syntax::ExprRef& expr, const Replace& replace);

/// `expr` with the expressions of select items or keys in place of the names they go by: having may name what is
/// selected. A name for which `is_column` stays.
syntax::ExprRef items_spelled_out(const syntax::ExprRef& expr, const std::vector<syntax::ExprRef>& items,
                                  const std::function<bool(const syntax::Name&)>& is_column);

/// A Name node that stands for a column.
syntax::ExprRef name_node(const std::string& name);
syntax::ExprRef call_node(const std::string& function, std::vector<syntax::ExprRef> arguments);
syntax::ExprRef alias_node(syntax::ExprRef value, const std::string& name);

/// True for count(*).
bool is_count_of_rows(const syntax::Expr& node);

/// Element i of its result depends on element i of its operands only.
bool is_elementwise(syntax::BinaryOperator op);

/// A call taken apart: a.f(b) and f(a, b) look the same.
struct CallShape {
  const syntax::Expr* function = nullptr;
  std::vector<const syntax::Expr*> arguments;  // null: an empty place
  bool plain = true;                           // no named arguments
};
/// Of a Call or MethodCall.
CallShape shape_of_call(const syntax::Expr& call);

}  // namespace pelorus::plan
