#pragma once
// Makes expressions self-contained: what does not depend on a table's columns is evaluated here and travels by value.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exec/evaluator.h"
#include "exec/stored_table.h"
#include "exec/user_function.h"
#include "plan/constraint.h"
#include "plan/split_aggregates.h"

namespace pelorus::exec {

/// Used for one statement.
class ConstantCapture {
 public:
  /// `names`: further names that stand for columns (aliases).
  ConstantCapture(const data::Schema& schema, std::string qualifier, Evaluator& evaluator, Scope* constants);

  void know(const std::string& name) { known_.insert(name); }
  /// The expression with every maximal column-free part replaced by a variable.
  syntax::ExprRef capture(const syntax::ExprRef& expr);
  /// The other way round: the values of variables in their places.
  syntax::ExprRef release(const syntax::ExprRef& expr) const;
  /// Adds variables and function definitions found so far.
  void fill(Fragment& fragment) const;
  bool depends_on_columns(const syntax::Expr& expr) const;
  plan::FunctionLookup lookup() const;
  plan::ConstantValue constant_value() const;

 private:
  bool is_column(std::string_view name) const;
  void note_function(const syntax::Expr& callee);
  /// Script that defines a function of the session under `name` elsewhere; those it calls come first.
  void define(const std::string& name, const data::FunctionRef& function);
  /// Text that evaluates to the function elsewhere; values it holds travel as variables.
  std::string callable_text(const data::FunctionRef& function);
  std::string closure_text(const UserFunction& function);
  std::string bound_text(const PartialFunction& function);
  /// Text that evaluates to the value elsewhere.
  std::string reference_to(const Value& value);
  std::string add_variable(Value value);
  /// `x > all(y)` and `x = any(y)` compare with each element of y: only y is a constant. Null for other expressions.
  syntax::ExprRef capture_comparison_with_each(const syntax::Expr& expr);
  /// Null where the elements are no list.
  syntax::ExprRef compared_with_each(const syntax::Binary& comparison, const Value& elements, bool all);
  void define_mentioned(const std::string& text);

  const data::Schema& schema_;
  const std::string qualifier_;
  Evaluator& evaluator_;
  Scope* const constants_;
  std::set<std::string> known_;
  std::vector<std::pair<std::string, Value>> variables_;
  std::map<std::string, std::string> by_text_;  // variables by what they were written as; calls may differ each time
  std::set<std::string> defined_;
  std::set<std::string> written_;  // functions whose own definition is in definitions_
  std::string definitions_;
};

}  // namespace pelorus::exec
