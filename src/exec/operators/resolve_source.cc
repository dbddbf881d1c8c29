#include "exec/operators/resolve_source.h"

#include <functional>

#include "base/script_error.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/join_call.h"
#include "exec/operators/join_relations.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Value;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;

std::string qualifier_of(const Expr& expr) {
  if (const auto* name = as<syntax::Name>(expr)) return name->name;
  if (const auto* member = as<syntax::Member>(expr)) return member->name;  // catalog.schema.table
  if (const auto* alias = as<syntax::Alias>(expr)) return alias->names.empty() ? std::string() : alias->names[0];
  return {};
}

/// A table that is somewhere else as this statement reads it.
Value opened(Value table, Evaluator& evaluator) {
  const auto outside =
      table.is_table_object() ? std::dynamic_pointer_cast<const OutsideTable>(table.table_object()) : nullptr;
  if (!outside) return table;
  return data::TableRef(std::make_shared<LazyTable>(outside->open(&evaluator.context())));
}

Value table_value(const Expr& expr, Evaluator& evaluator, Scope* outer) {
  if (const auto* alias = as<syntax::Alias>(expr)) return table_value(*alias->value, evaluator, outer);
  if (const auto* name = as<syntax::Name>(expr)) {
    for (Scope* scope = outer; scope; scope = scope->outer()) {  // with a as (…)
      if (auto found = scope->find(name->name); found && found->is_table()) return *found;
    }
  }
  return opened(evaluator.evaluate(expr, nullptr), evaluator);
}

/// The rows that are still in, their columns gathered when they are asked for.
Relation remaining(RowScope& rows) {
  Relation out = rows.relation();
  if (rows.has_all_rows()) return out;
  const auto selection = std::make_shared<const RowNumbers>(*rows.selection());
  for (auto& map : out.maps) {
    auto through = std::make_shared<RowNumbers>(selection->size());
    for (size_t i = 0; i < selection->size(); ++i) (*through)[i] = (*map)[static_cast<size_t>((*selection)[i])];
    map = std::move(through);
  }
  out.maps.push_back(selection);
  for (auto& column : out.columns) column.map = column.map < 0 ? static_cast<int>(out.maps.size()) - 1 : column.map;
  out.rows = selection->size();
  return out;
}

std::shared_ptr<const LazyTable> lazy_table_of(const Value& value) {
  return value.is_table_object() ? std::dynamic_pointer_cast<const LazyTable>(value.table_object()) : nullptr;
}

/// `select * from name where …` and no more.
bool is_plain_filter(const syntax::Query& query) {
  return query.items.size() == 1 && query.items[0]->kind == ExprKind::kStar && query.from &&
         query.from->kind == syntax::Source::Kind::kTable && as<syntax::Name>(query.from->table) &&
         query.with.empty() && query.unions.empty() && query.hints == 0 && !query.is_exec && !query.distinct &&
         !query.top && !query.limit && query.grouping == syntax::Grouping::kNone && query.cumulative_keys.empty() &&
         query.order.empty() && !query.having && !query.map;
}

/// What such a query leaves of a table in memory: columns nobody asks for are not gathered. Nothing for others.
std::optional<Relation> filtered_rows(const Expr& expr, const std::string& qualifier, Evaluator& evaluator) {
  const auto* query = as<syntax::Query>(expr);
  if (!query || !is_plain_filter(*query)) return std::nullopt;
  const auto table = resolve_single(*query->from, evaluator, nullptr);
  if (!table || stored_table_of(table->table) || lazy_table_of(table->table)) return std::nullopt;
  RowScope rows(relation_of(*table, evaluator), nullptr);
  rows.share_work(evaluator.workers());
  filter_rows(query->where, rows, evaluator);
  auto out = remaining(rows);
  for (auto& column : out.columns) column.qualifier = qualifier, column.own_name = column.name;
  return out;
}

Relation resolve_expr(const Expr& expr, const std::string& alias, Evaluator& evaluator, Scope* outer) {
  const Expr& bare = as<syntax::Alias>(expr) ? *as<syntax::Alias>(expr)->value : expr;
  const std::string qualifier = alias.empty() ? qualifier_of(expr) : alias;
  if (const auto join_call = as_join_call(bare)) {
    const auto resolve = [&](const Expr& table) { return resolve_expr(table, {}, evaluator, outer); };
    auto relation = run_join_call(*join_call, resolve, evaluator, outer);
    if (!qualifier.empty() && &bare != &expr) {
      for (auto& column : relation.columns) column.qualifier = qualifier, column.own_name = column.name;
    }
    return relation;
  }
  if (auto rows = filtered_rows(bare, qualifier, evaluator)) return *std::move(rows);
  Value value = table_value(expr, evaluator, outer);
  if (!value.is_table()) throw ScriptError("Can't recognize table " + syntax::print(bare));
  return relation_of({std::move(value), qualifier}, evaluator);
}

/// The pieces of `on a.x = b.x and a.y = b.y and b.z > 3`.
struct OnParts {
  JoinKeys keys;
  std::vector<const Expr*> filters;
};

int side_column(const Relation& relation, const Expr& expr) {
  if (const auto* name = as<syntax::Name>(expr)) return relation.find(name->name);
  if (const auto* member = as<syntax::Member>(expr)) {
    if (const auto* object = as<syntax::Name>(member->object))
      return relation.find_qualified(object->name, member->name);
  }
  return -1;
}

void split_on(const Expr& on, const Relation& left, const Relation& right, OnParts& parts) {
  const auto* binary = as<syntax::Binary>(on);
  if (binary && binary->op == syntax::BinaryOperator::kAnd) {
    split_on(*binary->left, left, right, parts);
    split_on(*binary->right, left, right, parts);
    return;
  }
  if (binary && binary->op == syntax::BinaryOperator::kOr)
    throw ScriptError("The on clause of a join does not support or.");
  if (binary && binary->op == syntax::BinaryOperator::kEqual) {
    int l = side_column(left, *binary->left), r = side_column(right, *binary->right);
    if (l < 0 || r < 0) l = side_column(left, *binary->right), r = side_column(right, *binary->left);
    if (l >= 0 && r >= 0) {
      parts.keys.left.push_back(static_cast<size_t>(l));
      parts.keys.right.push_back(static_cast<size_t>(r));
      return;
    }
  }
  parts.filters.push_back(&on);
}

bool names_only(const Expr& expr, const Relation& relation);

/// Filters that name the right side only cut it before the join, so that a left join keeps its left rows.
Relation cut(Relation side, const std::vector<const Expr*>& filters, Evaluator& evaluator, Scope* outer) {
  if (filters.empty()) return side;
  RowScope rows(std::move(side), outer);
  for (const auto* filter : filters) rows.filter(flags_of(evaluator.evaluate(*filter, &rows), rows.rows()));
  return remaining(rows);
}

JoinType type_of(syntax::JoinKind kind) {
  switch (kind) {
    case syntax::JoinKind::kInner: return JoinType::kInner;
    case syntax::JoinKind::kLeft: return JoinType::kLeft;
    case syntax::JoinKind::kRight: return JoinType::kRight;
    case syntax::JoinKind::kFull: return JoinType::kFull;
    case syntax::JoinKind::kCross: return JoinType::kCross;
    case syntax::JoinKind::kLeftSemi: return JoinType::kLeftFirst;
  }
  return JoinType::kInner;
}

/// Whether every column the filter names can be found in `relation`, and there is one.
bool names_only(const Expr& expr, const Relation& relation) {
  if (expr.kind == syntax::ExprKind::kName || expr.kind == syntax::ExprKind::kMember)
    return side_column(relation, expr) >= 0;
  bool all = true;
  if (const auto* binary = as<syntax::Binary>(expr)) {
    const auto constant = [](const Expr& e) {
      return e.kind == syntax::ExprKind::kLiteral || e.kind == syntax::ExprKind::kConstantVector;
    };
    all = (constant(*binary->left) || names_only(*binary->left, relation)) &&
          (constant(*binary->right) || names_only(*binary->right, relation));
    return all;
  }
  return false;
}

Relation resolve_join(const syntax::Source& source, Evaluator& evaluator, Scope* outer) {
  Relation left = resolve_source(*source.left, evaluator, outer);
  Relation right = resolve_source(*source.right, evaluator, outer);
  const JoinType type = type_of(source.join);
  OnParts parts;
  if (source.on) split_on(*source.on, left, right, parts);
  if (type == JoinType::kCross || parts.keys.left.empty()) {
    if (type != JoinType::kCross && type != JoinType::kInner)
      throw ScriptError("A join needs an equality of columns of both tables in its on clause.");
    Relation product = join(std::move(left), std::move(right), {}, JoinType::kCross, evaluator.workers());
    return cut(std::move(product), parts.filters, evaluator, outer);
  }
  std::vector<const Expr*> of_left, of_right, after;
  for (const auto* filter : parts.filters) {
    if (names_only(*filter, right))
      of_right.push_back(filter);
    else if (names_only(*filter, left) && type == JoinType::kInner)
      of_left.push_back(filter);
    else
      after.push_back(filter);
  }
  if (!after.empty() && type != JoinType::kInner)
    throw ScriptError("Only an inner join may filter by both tables in its on clause.");
  left = cut(std::move(left), of_left, evaluator, outer);
  if (type != JoinType::kRight && type != JoinType::kFull)
    right = cut(std::move(right), of_right, evaluator, outer);
  else if (!of_right.empty())
    throw ScriptError("A right or full join may not filter the right table in its on clause.");
  return cut(join(std::move(left), std::move(right), parts.keys, type, evaluator.workers()), after, evaluator, outer);
}

}  // namespace

std::shared_ptr<StoredTable> stored_table_of(const Value& value) {
  if (!value.is_table_object() || !value.table_object()->is_stored()) return nullptr;
  return std::dynamic_pointer_cast<StoredTable>(value.table_object());
}

Relation relation_of(const NamedTable& named, Evaluator& evaluator) {
  if (named.table.is_plain_table()) return Relation::of(named.table.table(), named.qualifier);
  if (const auto lazy = lazy_table_of(named.table))
    return Relation::of(std::shared_ptr<ColumnSource>(lazy, &lazy->source()), named.qualifier);
  const auto& object = named.table.table_object();
  auto table = value_or_throw(object->snapshot());
  if (object->is_stored()) evaluator.context().reserve_memory(static_cast<int64_t>(table.memory_bytes()));
  return Relation::of(table, named.qualifier);
}

std::optional<NamedTable> resolve_single(const syntax::Source& source, Evaluator& evaluator, Scope* outer) {
  if (source.kind != syntax::Source::Kind::kTable) return std::nullopt;
  const Expr& expr = *source.table;
  if (as_join_call(as<syntax::Alias>(expr) ? *as<syntax::Alias>(expr)->value : expr)) return std::nullopt;
  Value value = table_value(expr, evaluator, outer);
  if (!value.is_table()) throw ScriptError("Can't recognize table " + syntax::print(expr));
  return NamedTable{std::move(value), source.alias.empty() ? qualifier_of(expr) : source.alias};
}

Relation resolve_source(const syntax::Source& source, Evaluator& evaluator, Scope* outer) {
  if (source.kind == syntax::Source::Kind::kJoin) return resolve_join(source, evaluator, outer);
  return resolve_expr(*source.table, source.alias, evaluator, outer);
}

}  // namespace pelorus::exec
