#pragma once
// Joins of two relations: row pairs are found, no column is gathered.

#include <string>
#include <vector>

#include "exec/operators/relation.h"
#include "kernels/join.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// Key columns pairwise, by name in the left and in the right relation.
struct JoinKeys {
  std::vector<size_t> left;
  std::vector<size_t> right;
};
/// By names as the join functions take them. `right_names` empty: the same as left. ScriptError: unknown column.
JoinKeys resolve_keys(const Relation& left, const Relation& right, const std::vector<std::string>& left_names,
                      const std::vector<std::string>& right_names);

enum class JoinType : uint8_t { kInner, kLeft, kLeftFirst, kRight, kFull, kCross, kAsOf, kPrefix };

/// Columns of the result: left ones, then right non-keys; a clashing right name becomes `<qualifier>_name`. Right keys
/// stay reachable as qualifier.name; kFull, kAsOf (last key) and kPrefix show them. kRight: see language reference
/// §3.8.
Relation join(Relation left, Relation right, const JoinKeys& keys, JoinType type, WorkerPool* workers);

/// The rows of `relation` in order of its columns `by`.
void sort_relation(Relation& relation, const std::vector<size_t>& by);

}  // namespace pelorus::exec
