#include "plan/distribute.h"

#include <strings.h>

#include <algorithm>
#include <set>

#include "plan/prune_partitions.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::plan {
namespace {

using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;
using syntax::Grouping;
using syntax::Query;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

const Expr& bare(const ExprRef& item) {
  const auto* alias = as<syntax::Alias>(item);
  return alias ? *alias->value : *item;
}

ExprRef bare_ref(const ExprRef& item) {
  const auto* alias = as<syntax::Alias>(item);
  return alias ? alias->value : item;
}

std::string name_of(const ExprRef& item) {
  const auto* alias = as<syntax::Alias>(item);
  return alias && !alias->names.empty() ? alias->names[0] : std::string();
}

bool all_row_wise(const std::vector<ExprRef>& exprs, const FunctionLookup& lookup) {
  return std::all_of(exprs.begin(), exprs.end(), [&](const auto& e) { return facts_of(bare(e), lookup).row_wise(); });
}

/// The query's core without what happens after merging.
std::shared_ptr<Query> fragment_core(const Query& query) {
  auto out = std::make_shared<Query>();
  out->where = query.where;
  out->items = query.items;
  return out;
}

/// Appends sort keys as columns so that the merging side can sort; false when one of them cannot be computed by row.
bool add_order_columns(const Query& query, DistributedQuery& out, const FunctionLookup& lookup) {
  for (size_t k = 0; k < query.order.size(); ++k) {
    ExprRef key = query.order[k].key;
    for (const auto& item : query.items) {  // an alias of the select list
      const auto* name = as<syntax::Name>(key);
      if (name && name->name == name_of(item)) key = bare_ref(item);
    }
    if (query.grouping == Grouping::kNone && !facts_of(*key, lookup).row_wise()) return false;
    out.fragment->items.push_back(alias_node(key, "order_" + std::to_string(k) + "_"));
  }
  out.order_columns = query.order.size();
  return true;
}

bool plan_rows(const Query& query, DistributedQuery& out, const TableFacts& table, const FunctionLookup& lookup) {
  if (!all_row_wise(query.items, lookup)) return false;
  const bool single_names = std::all_of(query.items.begin(), query.items.end(), [](const auto& item) {
    const auto* alias = as<syntax::Alias>(item);
    return alias && alias->names.size() == 1;
  });
  if (!single_names) return false;
  if (query.distinct && !query.order.empty()) return false;
  out.kind = Distribution::kRows;
  out.fragment = fragment_core(query);
  out.fragment->distinct = query.distinct;
  if (!add_order_columns(query, out, lookup)) return false;
  if (out.order_columns == 0) return true;
  const auto& first_key = bare(out.fragment->items[query.items.size()]);
  if (rises_with_partitions(first_key, {table.scheme, table.partition_columns}, table.schema))
    out.end = {.last = query.order[0].descending, .levels = 1};
  return true;
}

/// An item that names a key, by alias or by repeating its expression.
const ExprRef* key_behind(const Expr& item, const std::vector<ExprRef>& keys) {
  const auto* name = as<syntax::Name>(item);
  const auto text = syntax::print(item);
  for (const auto& key : keys) {
    if ((name && name->name == name_of(key)) || syntax::print(bare(key)) == text) return &key;
  }
  return nullptr;
}

ExprRef merged_item(const ExprRef& expr, const Query& query, AggregateSplitter& splitter,
                    const FunctionLookup& lookup) {
  if (const auto* key = key_behind(*expr, query.keys)) return name_node(name_of(*key));
  if (facts_of(*expr, lookup).row_wise()) return nullptr;  // neither aggregate nor key
  return splitter.split(expr, !query.keys.empty());
}

/// True when columns stand outside aggregates, where only keys may.
bool has_stray_columns(const Expr& expr, const std::vector<ExprRef>& keys, const TableFacts& table,
                       const FunctionLookup& lookup) {
  if (key_behind(expr, keys)) return false;
  if (const auto* name = as<syntax::Name>(expr)) {
    return std::any_of(table.schema.begin(), table.schema.end(),
                       [&](const auto& c) { return same_name(c.name, name->name); });
  }
  if (expr.kind == ExprKind::kMember) return true;
  if (const auto* call = as<syntax::Call>(expr); call && nature_of(lookup(*call->function)) == CallNature::kAggregate)
    return false;
  if (const auto* call = as<syntax::MethodCall>(expr);
      call && nature_of(lookup(*call->function)) == CallNature::kAggregate)
    return false;
  bool stray = false;
  for_each_child(expr, [&](const Expr& child) { stray = stray || has_stray_columns(child, keys, table, lookup); });
  return stray;
}

bool plan_aggregates(const Query& query, DistributedQuery& out, const TableFacts& table, const FunctionLookup& lookup) {
  if (query.distinct || !query.cumulative_keys.empty() || !all_row_wise(query.keys, lookup)) return false;
  AggregateSplitter splitter(lookup);
  const auto merge = [&](const ExprRef& expr) -> ExprRef {
    if (has_stray_columns(*expr, query.keys, table, lookup) && !key_behind(*expr, query.keys)) return nullptr;
    return merged_item(expr, query, splitter, lookup);
  };
  for (const auto& item : query.items) {
    const auto* alias = as<syntax::Alias>(item);
    const auto merged = alias && alias->names.size() == 1 ? merge(alias->value) : nullptr;
    if (!merged) return false;
    out.merge->items.push_back(alias_node(merged, alias->names[0]));
  }
  if (query.having && !(out.merge->having = merge(query.having))) return false;
  for (const auto& key : query.order) {
    const bool is_item = std::any_of(query.items.begin(), query.items.end(), [&](const auto& item) {
      const auto* name = as<syntax::Name>(key.key);
      return name && name->name == name_of(item);
    });
    const auto merged = is_item ? key.key : merge(key.key);
    if (!merged) return false;
    out.merge->order.push_back({merged, key.descending, key.nulls_first});
  }
  out.kind = Distribution::kAggregates;
  out.fragment = fragment_core(query);
  out.fragment->items.clear();
  for (size_t k = 0; k < query.keys.size(); ++k) {
    const auto name = "key_" + std::to_string(k) + "_";
    out.fragment->keys.push_back(alias_node(bare_ref(query.keys[k]), name));
    out.merge->keys.push_back(alias_node(name_node(name), name_of(query.keys[k])));
  }
  for (const auto& [name, expr] : splitter.partials()) out.fragment->items.push_back(alias_node(expr, name));
  if (!query.keys.empty()) {
    out.fragment->grouping = out.merge->grouping = Grouping::kGroupBy;
    return true;
  }
  out.end = end_that_decides(splitter.partials(), {table.scheme, table.partition_columns}, table.schema);
  // A partition without matching rows must not contribute a null first() or last().
  out.fragment->items.push_back(
      alias_node(call_node("count", {std::make_shared<syntax::Star>()}), std::string(kPartRows)));
  auto present = std::make_shared<syntax::Binary>();
  present->op = syntax::BinaryOperator::kGreater;
  present->left = name_node(std::string(kPartRows));
  auto zero = std::make_shared<syntax::Literal>();
  zero->value = types::Scalar::of_int(0);
  present->right = zero;
  out.merge->where.push_back(present);
  return true;
}

bool plan_local(const Query& query, DistributedQuery& out, const TableFacts& table, const FunctionLookup& lookup) {
  if (!keys_cover_partitions(query.keys, table) || query.distinct) return false;
  out.kind = Distribution::kLocal;
  out.fragment = fragment_core(query);
  out.fragment->grouping = query.grouping;
  out.fragment->keys = query.keys;
  out.fragment->cumulative_keys = query.cumulative_keys;
  out.fragment->csort = query.csort;
  out.fragment->having = query.having;
  if (query.grouping == Grouping::kContextBy) {
    out.fragment->limit = query.limit;
    out.fragment->offset = query.offset;
    out.fragment->top = query.top;
  }
  return add_order_columns(query, out, lookup);
}

void collect_columns(const Expr& expr, const data::Schema& schema, std::set<std::string>& used) {
  if (expr.kind == ExprKind::kStar) return;
  std::string_view name;
  if (const auto* node = as<syntax::Name>(expr)) name = node->name;
  if (const auto* member = as<syntax::Member>(expr)) name = member->name;
  for (const auto& column : schema) {
    if (!name.empty() && same_name(column.name, name)) used.insert(column.name);
  }
  if (const auto* range = as<syntax::ColumnRange>(expr)) {
    for (int i = std::min(range->from, range->to); i <= std::max(range->from, range->to); ++i)
      used.insert(range->prefix + std::to_string(i));
  }
  for_each_child(expr, [&](const Expr& child) { collect_columns(child, schema, used); });
}

}  // namespace

bool keys_cover_partitions(const std::vector<ExprRef>& keys, const TableFacts& table) {
  for (size_t level = 0; level < table.partition_columns.size(); ++level) {
    const auto& column = table.partition_columns[level];
    const bool covered = std::any_of(keys.begin(), keys.end(), [&](const ExprRef& key) {
      const auto& expr = bare(key);
      if (const auto* name = as<syntax::Name>(expr)) return same_name(name->name, column);
      const auto* call = as<syntax::Call>(expr);
      const auto* function = call ? as<syntax::Name>(call->function) : nullptr;
      if (!function || call->arguments.size() != 1 || !call->arguments[0].value) return false;
      const auto* argument = as<syntax::Name>(call->arguments[0].value);
      return argument && same_name(argument->name, column) &&
             type_of_conversion(function->name) == table.scheme.levels[level].value_type &&
             table.scheme.levels[level].value_type != types::Type::kVoid;
    });
    if (!covered) return false;
  }
  return true;
}

std::vector<std::string> columns_used(const Query& query, const data::Schema& schema, bool with_where) {
  std::set<std::string> used;
  bool all = false;
  const auto collect = [&](const ExprRef& expr) {
    if (expr) collect_columns(*expr, schema, used);
  };
  for (const auto& item : query.items) {
    all = all || item->kind == ExprKind::kStar || item->kind == ExprKind::kMacroName;
    collect(item);
  }
  for (const auto* list : {&query.keys, &query.cumulative_keys}) {
    for (const auto& key : *list) collect(key);
  }
  for (const auto* list : {&query.csort, &query.order}) {
    for (const auto& key : *list) collect(key.key);
  }
  collect(query.having);
  for (const auto& condition : query.where) {
    if (with_where) collect(condition);
  }
  std::vector<std::string> out;
  for (const auto& column : schema) {
    if (all || used.count(column.name)) out.push_back(column.name);
  }
  if (out.empty() && !schema.empty()) out.push_back(schema[0].name);
  return out;
}

DistributedQuery distribute(const Query& query, const TableFacts& table, const FunctionLookup& lookup) {
  DistributedQuery out;
  if (query.map) {
    out.kind = Distribution::kLocal;
    out.fragment = std::make_shared<Query>(query);
    out.fragment->map = false;
    return out;
  }
  const bool aggregates = std::any_of(query.items.begin(), query.items.end(),
                                      [&](const auto& item) { return facts_of(bare(item), lookup).aggregates; });
  bool planned = false;
  if (query.grouping == Grouping::kNone && query.cumulative_keys.empty()) {
    planned = aggregates ? plan_aggregates(query, out, table, lookup) : plan_rows(query, out, table, lookup);
  } else if (query.grouping == Grouping::kGroupBy) {
    planned = plan_aggregates(query, out, table, lookup) || plan_local(query, out = DistributedQuery(), table, lookup);
  } else if (query.grouping == Grouping::kContextBy) {
    planned = plan_local(query, out, table, lookup);
  }
  if (!planned) out = DistributedQuery();
  return out;
}

}  // namespace pelorus::plan
