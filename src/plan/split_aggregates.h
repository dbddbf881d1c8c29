#pragma once
// Aggregates that can be computed by partition and put together: what each part sends, and how parts are merged.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/objects.h"
#include "syntax/sql.h"

namespace pelorus::plan {

/// The function a callee stands for; null when it is none or not known.
using FunctionLookup = std::function<data::FunctionRef(const syntax::Expr& callee)>;

enum class CallNature : uint8_t { kElementwise, kAggregate, kVector, kOther };
CallNature nature_of(const data::FunctionRef& function);

/// What the expression asks of rows.
struct ExprFacts {
  bool aggregates = false;       // a call that reduces
  bool order_sensitive = false;  // a call over neighbouring rows (cumsum, prev), over(), x[i]
  bool unknown = false;          // a user's function or one that takes columns whole
  bool row_wise() const { return !aggregates && !order_sensitive && !unknown; }
};
ExprFacts facts_of(const syntax::Expr& expr, const FunctionLookup& lookup);

/// The function that merged counts go through (exec registers it): INT, as counts of one partition are, unless one is
/// too large.
inline constexpr std::string_view kNarrowCount = "narrowCount";

/// Turns an expression over aggregates into partial expressions and one over their columns. Partials of one query share
/// columns: the same partial is computed once.
class AggregateSplitter {
 public:
  explicit AggregateSplitter(const FunctionLookup& lookup) : lookup_(lookup) {}

  /// `grouped`: merging happens in groups that are never empty. Null when an aggregate cannot be split.
  syntax::ExprRef split(const syntax::ExprRef& expr, bool grouped);
  /// (column name, expression) of all partials so far.
  const std::vector<std::pair<std::string, syntax::ExprRef>>& partials() const { return partials_; }

 private:
  syntax::ExprRef partial(syntax::ExprRef expr);
  syntax::ExprRef split_call(const syntax::Call& call, const std::string& function, bool grouped);
  syntax::ExprRef merged_spread(const std::string& function, const syntax::ExprRef& x);
  syntax::ExprRef merged_pair(const std::string& function, const syntax::ExprRef& x, const syntax::ExprRef& y);

  const FunctionLookup& lookup_;
  std::vector<std::pair<std::string, syntax::ExprRef>> partials_;
  std::vector<std::string> texts_;
};

}  // namespace pelorus::plan
