#pragma once
// Expressions over rows that fall into groups: group by, context by, pivot by, update … context by. Works on whole
// columns wherever the expression allows it; only calls that need a group's rows together are made group by group.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"
#include "kernels/group.h"

namespace pelorus::exec {

/// What a value has one element for.
enum class Level : uint8_t { kConstant, kGroup, kRow };

struct LeveledValue {
  Level level = Level::kConstant;
  data::Value value;
};

/// A group key as items may name it.
struct GroupKey {
  std::string name;
  std::string text;                   // the printed key expression
  data::Shared<data::Vector> values;  // by group
};

/// Lives as long as the statement step that made it; one thread.
class GroupedEvaluation {
 public:
  struct Options {
    std::vector<GroupKey> keys;             // group by: names that stand for one value per group; empty for context by
    bool refuse_nested = true;              // sum(sum(x)) is an error
    std::vector<size_t> first_groups = {};  // cgroup by: group g is computed over the rows of first_groups[g] … g
    std::vector<int64_t> starts = {};       // context by: rows of group g are starts[g] … starts[g + 1] - 1
  };
  /// `groups` numbers the rows of `rows` (left alone when `starts` is given); both must outlive this.
  GroupedEvaluation(Evaluator& evaluator, RowScope& rows, const kernels::Groups& groups, Options options);
  ~GroupedEvaluation();

  /// The value of a call, computed elsewhere, by group or by row. Rows need no group numbers when every call is put.
  void put(const syntax::Expr& call, Level level, data::Shared<data::Vector> values);
  /// Of groups.
  size_t count() const { return options_.starts.empty() ? groups_.count() : options_.starts.size() - 1; }
  LeveledValue evaluate(const syntax::Expr& expr);
  /// One value per group; of distinct(…) one list, as an array.
  data::Shared<data::Vector> by_group(const syntax::Expr& expr);
  /// One value per row; aggregates are repeated over their group.
  data::Shared<data::Vector> by_row(const syntax::Expr& expr);
  /// The value of the expression for each group by itself (composite columns).
  std::vector<data::Value> each_group(const syntax::Expr& expr);

 private:
  class LevelScope;
  class SliceScope;
  class PlacedResults;
  struct Leaves;
  struct CallParts;
  enum class CallNature : uint8_t { kElementwise, kAggregate, kVector, kOther };

  LeveledValue evaluate_at(const syntax::Expr& expr, bool in_call);
  LeveledValue evaluate_tree(const syntax::Expr& expr, bool in_call);
  LeveledValue evaluate_call(const syntax::Expr& expr, bool in_call);
  LeveledValue run_call(const syntax::Expr& expr, const CallParts& parts);
  std::optional<LeveledValue> run_grouped(const CallParts& parts, const std::vector<LeveledValue>& arguments);
  LeveledValue run_by_group(const CallParts& parts, std::vector<LeveledValue> arguments);
  LeveledValue run_generic(const syntax::Expr& expr);
  LeveledValue assemble(std::vector<data::Value> results);
  LeveledValue assemble_scalars(std::vector<data::Value> results);
  LeveledValue to_array(const LeveledValue& argument);
  bool is_list_of_group(const syntax::Expr& expr);
  data::Shared<data::Vector> lists_by_group(const syntax::Expr& expr);

  const CallParts& parts_of(const syntax::Expr& expr);
  CallNature nature_of(const CallParts& parts) const;
  void find_leaves(const syntax::Expr& expr, Leaves& leaves);
  bool depends_on_rows(const syntax::Expr& expr);
  bool can_level(const syntax::Expr& expr);
  void refuse_aggregates(const syntax::Expr& expr);
  const GroupKey* key_of(const syntax::Expr& expr);
  data::Value lifted(const LeveledValue& value, Level level);
  data::Shared<data::Vector> contiguous(const data::Shared<data::Vector>& rows);
  data::Value part_of(const LeveledValue& value, size_t group);
  LeveledValue call_by_group(const CallParts& parts, const std::vector<LeveledValue>& arguments);
  bool shares_groups() const;
  std::span<const uint32_t> numbers();
  const kernels::GroupDirectory& directory();
  const std::vector<int64_t>& starts() { return options_.starts.empty() ? directory().starts : options_.starts; }
  size_t rows_in(size_t group);
  size_t begin_of(size_t group);

  Evaluator& evaluator_;
  RowScope& rows_;
  const kernels::Groups& groups_;
  const Options options_;
  std::vector<uint32_t> numbers_;  // of rows, where `starts` is given and somebody asks
  std::optional<kernels::GroupDirectory> directory_;
  std::optional<bool> is_contiguous_;
  std::optional<RowNumbers> group_of_row_;
  std::unordered_map<const syntax::Expr*, std::unique_ptr<CallParts>> calls_;
  std::unordered_map<const syntax::Expr*, LeveledValue> put_;
};

/// Scalars of unlike types as one typed vector where a common type exists, else a tuple.
data::Shared<data::Vector> vector_of_scalars(const std::vector<data::Value>& values);

}  // namespace pelorus::exec
