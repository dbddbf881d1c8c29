#pragma once
// Row-wise expressions over a part of the rows at a time, so that what they compute stays in the cache, and on as many
// threads as the statement may use.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"
#include "exec/parts/bounded_parts.h"
#include "kernels/pick_rows.h"

namespace pelorus::exec {

class WorkerSession;

/// For one step of one statement. Expressions are shown to take() first, by the statement's thread; then run().
class RowParts {
 public:
  class Part;

  /// Both outlive this. The rows in `rows` must not change until run() is over.
  RowParts(RowScope& rows, Evaluator& evaluator);
  ~RowParts();

  /// Whether `expr` rests on columns, scalars and built-in functions of one row alone. Reads the columns it names.
  bool take(const syntax::Expr& expr);
  /// A taken expression over no rows, for its type; nothing when it does not give a column.
  std::optional<data::Shared<data::Vector>> over_nothing(const syntax::Expr& expr);

  /// Only rows that meet all of these are wanted. Taken expressions, shown once, after all others that are taken. Parts
  /// in which columns' bounds or directories say that no row meets them are left out; Part::filter() does the rest.
  void filter_by(const std::vector<syntax::ExprRef>& conditions);

  /// Rows of a part may come ordered by the column that `key`, once taken, names, if it names one; those with one value
  /// stay in their order. Before filter_by().
  void let_order_by(const syntax::Expr& key);

  /// How the values of a part's rows stand to one another.
  enum class Order : uint8_t { kUnknown, kSame, kAscending, kMixed };  // kUnknown: some are null
  /// A column whose bounds are known, or a function of it that goes up where it does, as bar() and date().
  struct Ascending {
    const syntax::Expr* expr;
    std::string name;  // of the column
    data::Shared<data::Vector> column;
    data::Shared<data::Vector> least, greatest;  // by part
    std::vector<Order> order;                    // by part
    // Where parts are mixed and there are few values beside the rows: steps[i] is the value of all elements of the
    // column from begins[i] to before begins[i + 1]. Otherwise empty.
    std::vector<int64_t> begins;
    data::Shared<data::Vector> steps;
  };
  /// Nothing where `expr`, a taken one, is none, or bounds are not known. Once all expressions are taken.
  std::optional<Ascending> ascending(const syntax::Expr& expr);

  /// Where the values of the column that `key`, once taken, names are; null: not known, or it names none.
  std::shared_ptr<const kernels::PartDirectory> directory_of(const syntax::Expr& key);

  bool reads_all() const { return !read_; }
  size_t rows() const { return rows_.rows(); }
  /// How many stretches run() makes: one for each thread that is worth while.
  size_t stretches() const;
  /// The rows [first, second) of a stretch, while no parts are left out.
  std::pair<size_t, size_t> bounds(size_t stretch) const;
  /// Calls work(stretch, part) for the parts of each stretch in the order of the rows; stretches run beside one
  /// another. The result does not depend on which thread takes which. Errors: the first one thrown.
  void run(const std::function<void(size_t stretch, Part& part)>& work);

 private:
  class Columns;
  struct Condition {
    syntax::ExprRef expr;
    std::vector<Met> met;                         // by part; empty: nothing is known
    std::optional<kernels::JudgedValues> judged;  // of the only column it names, if that one has few values
    // Where that column's rows are, if few of its values meet the condition; and those values' places there.
    std::shared_ptr<const kernels::PartDirectory> directory = {};
    std::vector<uint32_t> held = {};
    size_t rows_held = 0;
    const data::Vector* ordered_by = nullptr;  // that column, if rows may come value by value
  };

  bool take_name(const syntax::Name& name);
  bool take_column(int column, const std::string& key);
  bool take_call(const syntax::Expr& callee, const std::vector<const syntax::Expr*>& arguments);
  bool take_set(const syntax::Expr& expr);
  bool take_pair(const syntax::Expr& expr);
  bool is_constant(const syntax::Expr& expr) const;
  BoundedParts& bounds();
  void leave_out_parts();
  void judge_values();
  void look_up(Condition& condition, const NamedColumns::value_type& column);
  const NamedColumns::value_type* only_column(const syntax::Expr& expr) const;
  void find_steps(const data::PartBounds& ends, Ascending& known);
  data::Shared<data::Vector> values_of(const Ascending& known, data::Vector elements, Evaluator& evaluator) const;
  size_t parts() const;
  /// Places among the parts that are read.
  std::pair<size_t, size_t> parts_of(size_t stretch) const;

  RowScope& rows_;
  Evaluator& evaluator_;
  std::vector<Condition> conditions_;
  const Condition* looked_up_ = nullptr;          // the one whose rows its directory gives
  NamedColumns columns_;                          // by name or qualifier.name
  std::set<std::string, std::less<>> may_order_;  // names of columns
  std::map<std::string, Value, std::less<>> variables_;
  std::optional<BoundedParts> bounds_;
  std::optional<std::vector<size_t>> read_;  // parts that are not left out; nothing: all are read
};

/// What an expression comes to, by runs of rows.
struct ValueRuns {
  data::Shared<data::Vector> values;  // by run
  std::vector<uint32_t> ends;         // by run: the rows before which it ends
};
/// By row.
data::Shared<data::Vector> expand(const ValueRuns& runs);

/// Some neighbouring rows, or those of them that conditions kept.
class RowParts::Part {
 public:
  Part(const RowParts& owner, Evaluator& evaluator);
  ~Part();

  void enter(size_t from, size_t count);
  /// Leaves the rows that meet the conditions; true when some are left.
  bool filter();
  /// Leaves those of the rows that are left whose flag is 1; true when some are.
  bool keep(std::span<const int8_t> flags);
  /// One element for each row that is left.
  data::Shared<data::Vector> values(const syntax::Expr& expr);
  /// The same of one of the columns.
  data::Shared<data::Vector> read(const data::Vector& column);
  /// The values of `expr`, a taken one, where they are runs of equal ones: those of a directory, or of what `known`
  /// says of the expression (null: nothing). Cost: a small part of computing them; its column is read through only
  /// where its values are known not to ascend.
  std::optional<ValueRuns> runs(const syntax::Expr& expr, const Ascending* known);
  /// The whole column `expr` names, when all rows are left: theirs begin at first(). Null: it names none, or some rows
  /// are gone.
  const data::Vector* column(const syntax::Expr& expr) const;
  size_t rows() const { return count_; }
  /// Which of the parts of data::kPartRows rows it is.
  size_t number() const { return from_ / data::kPartRows; }
  /// The first row, when all rows are left; and the rows' numbers otherwise.
  size_t first() const { return from_; }
  std::optional<std::span<const int64_t>> kept() {
    return is_whole_ ? std::nullopt : std::optional(std::span<const int64_t>(numbers(), count_));
  }

 private:
  Evaluator& evaluator_;
  std::unique_ptr<Columns> columns_;
  bool look_up(const Condition& condition);
  bool keep(const Condition& condition);
  bool leave(size_t picked);
  const int64_t* numbers();
  ValueRuns runs_of_lists(const data::Vector& column) const;
  size_t rows_at_first() const;
  std::optional<ValueRuns> runs_of_ascending(const Ascending& known) const;
  std::optional<ValueRuns> runs_of_mixed(const Ascending& known) const;
  ValueRuns of_rows_left(const ValueRuns& steps);

  const RowParts& owner_;
  size_t from_ = 0, count_ = 0;
  bool is_whole_ = true;
  RowNumbers kept_, next_;
  std::vector<std::span<const uint16_t>> lists_;  // the part's rows by value, where a directory tells them
  bool are_lists_ = false;                        // the rows that are left are those, one list after the other
  bool are_numbered_ = false;                     // and kept_ are their numbers
};

}  // namespace pelorus::exec
