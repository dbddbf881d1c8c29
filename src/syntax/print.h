#pragma once
// Syntax trees back to script text that parses to the same tree: CODE and definitions are printed, sent to other nodes
// and stored this way. Sugar is normalised: `sum x + 1` prints as sum(x + 1), `x f y` as f(x, y).

#include <string>

#include "syntax/sql.h"
#include "syntax/statement.h"

namespace pelorus::syntax {

std::string print(const Expr& expr);
std::string print(const Statement& statement);
/// `def f(a, b = 2){ … }`, `x -> x * 2`.
std::string print(const FunctionDefinition& definition);
std::string print(const ClassDefinition& definition);

}  // namespace pelorus::syntax
