#pragma once
// SQL of one node: what the interpreter calls for every SQL node it meets.

#include "exec/evaluator.h"
#include "exec/operators/explanation.h"

namespace pelorus::exec {

/// Stateless; one serves all sessions.
class QueryRunner final : public SqlRunner {
 public:
  Value run_query(const syntax::Query& query, Evaluator& evaluator, Scope* outer) override;
  Value run_update(const syntax::Update& update, Evaluator& evaluator) override;
  Value run_delete(const syntax::Delete& statement, Evaluator& evaluator) override;
  Value run_insert(const syntax::Insert& insert, Evaluator& evaluator) override;
  Value run_definition(const syntax::Expr& statement, Evaluator& evaluator) override;
  Value run_over(const syntax::Over& over, Evaluator& evaluator, Scope* scope) override;
};

/// A whole query with its `with`, unions and sources; a table even where a nested query would stand for its only
/// column.
Value run_whole_query(const syntax::Query& query, Evaluator& evaluator, Scope* outer,
                      Explanation* explanation = nullptr);

}  // namespace pelorus::exec
