#pragma once
// The seam between the interpreter and SQL: each calls the other through these two interfaces.

#include <functional>
#include <span>
#include <string_view>

#include "base/worker_pool.h"
#include "exec/scope.h"
#include "functions/call_context.h"
#include "syntax/sql.h"

namespace pelorus::exec {

using data::Value;

/// The interpreter as a query sees it: one running statement, used by its thread only.
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// Evaluates with `scope` (may be null) laid over the variables visible where the statement stands. Errors:
  /// ScriptError.
  virtual Value evaluate(const syntax::Expr& expr, Scope* scope) = 0;
  /// The value of a variable (local, session, shared) for editing in place; null when there is none. Valid until the
  /// next evaluation. Plain tables are edited through it, table objects through the object.
  virtual Value* find_variable(const syntax::Name& name) = 0;
  /// Creates or overwrites a session variable or local (create table ct(…)).
  virtual void assign(const std::string& name, Value value) = 0;
  /// The function a name or expression in call position stands for (variables holding functions included); nothing when
  /// it is none. For asking is_aggregate() before running.
  virtual std::optional<data::FunctionRef> find_function(const syntax::Expr& callee, Scope* scope) = 0;
  virtual functions::CallContext& context() = 0;
  /// Notes that a query of stored tables begins; what is returned is called once when it has ended, with the error or
  /// nothing. Null: nobody wants to know.
  virtual std::function<void(const std::string& error)> watch_query(const syntax::Query&) { return nullptr; }
  /// Threads that may share the work; null: this one alone.
  virtual WorkerPool* workers() { return nullptr; }
};

/// Runs SQL nodes. Implemented by exec's query side; dist gives one that plans stored tables.
class SqlRunner {
 public:
  virtual ~SqlRunner() = default;

  /// select: a table; exec: vector, scalar, matrix or table.
  virtual Value run_query(const syntax::Query& query, Evaluator& evaluator, Scope* outer) = 0;
  virtual Value run_update(const syntax::Update& update, Evaluator& evaluator) = 0;
  virtual Value run_delete(const syntax::Delete& statement, Evaluator& evaluator) = 0;
  virtual Value run_insert(const syntax::Insert& insert, Evaluator& evaluator) = 0;
  /// CreateDatabase, CreateTable, AlterTable, Drop.
  virtual Value run_definition(const syntax::Expr& statement, Evaluator& evaluator) = 0;
  /// f(…) over (…) met outside the select list of a query being run: an error text of the runner's choosing.
  virtual Value run_over(const syntax::Over& over, Evaluator& evaluator, Scope* scope) = 0;
};

}  // namespace pelorus::exec
