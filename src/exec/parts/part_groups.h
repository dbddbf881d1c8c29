#pragma once
// Group keys that are computed part by part: each thread numbers the groups it meets, and the numbers are joined.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "exec/operators/select_items.h"
#include "exec/parts/row_parts.h"
#include "kernels/group_numbers.h"

namespace pelorus::exec {

/// An expression by row and its type.
struct PartTerm {
  const syntax::Expr* expr;
  std::string text;
  data::Shared<data::Vector> like;  // no rows of it
};

/// What goes by parts turns out not to serve: the expressions are to be evaluated over all rows at once.
struct OtherType {};

/// `expr` as a term; nothing when it cannot be taken by parts or is no column of plain numbers, temporals or symbols.
std::optional<PartTerm> part_term(RowParts& parts, const syntax::Expr& expr);
/// The part's values, as columns of the term's type. Throws OtherType.
data::Shared<data::Vector> values_like(const PartTerm& term, RowParts::Part& part);
/// The values of a plain column, `from` on.
const void* data_of(const data::Vector& column, size_t from = 0);
/// The part's values where they are, when the term is a column of the table; otherwise computed and kept in `held`.
const void* values_of(const PartTerm& term, RowParts::Part& part, std::vector<data::Shared<data::Vector>>& held);

/// Values of a key in their order, and the place of each of `met` among them.
struct RankedValues {
  data::Shared<data::Vector> values;
  std::vector<uint32_t> ranks;
};
/// `like`: no values of the key.
RankedValues rank_values(const std::vector<int64_t>& met, const data::Vector& like);

/// For one statement's step. Keys are whole numbers, temporals or symbols.
class PartGroups {
 public:
  explicit PartGroups(RowParts& parts) : parts_(parts) {}

  /// False when some key is of another kind.
  bool take(const std::vector<SelectItem>& keys);
  bool empty() const { return keys_.empty(); }
  const std::vector<PartTerm>& keys() const { return keys_; }

  /// Before the run.
  void prepare(size_t stretches);
  /// Numbers of the part's rows among the groups that `stretch` has met. Throws OtherType when hardly any two rows are
  /// of one group: those are better sorted than numbered in passing.
  void number(size_t stretch, RowParts::Part& part, uint32_t* numbers);
  /// Of those rows, if hardly any differed from the one before; otherwise empty.
  std::span<const kernels::GroupRun> runs(size_t stretch) const { return numbers_[stretch].runs(); }
  size_t met(size_t stretch) const { return numbers_[stretch].count(); }

  /// After the run: all groups, ascending by the keys.
  struct Joined {
    size_t groups = 0;
    std::vector<std::vector<uint32_t>> as;  // by stretch: the group of each that it has met
    std::vector<data::Shared<data::Vector>> key_values;
  };
  Joined join(WorkerPool* workers) const;

 private:
  struct RankedKey;
  /// What keys of a part point into.
  struct HeldKeys {
    std::vector<data::Shared<data::Vector>> values;
    std::vector<std::vector<uint32_t>> ends;  // of those that come by runs
  };
  kernels::RowKey key_values(size_t key, RowParts::Part& part, HeldKeys& held) const;
  RankedKey ranked(size_t key) const;

  RowParts& parts_;
  std::vector<PartTerm> keys_;
  std::vector<std::optional<RowParts::Ascending>> ascending_;  // by key
  std::vector<kernels::GroupNumbers> numbers_;                 // by stretch
  std::vector<size_t> rows_;                                   // numbered, by stretch
};

}  // namespace pelorus::exec
