// SQL nodes as text.

#include <cctype>

#include "syntax/printer.h"
#include "types/format_value.h"

namespace pelorus::syntax {
namespace {

std::string quoted(const std::string& text) { return types::format_literal(types::Scalar::of_string(text)); }

std::string_view join_words(JoinKind kind) {
  switch (kind) {
    case JoinKind::kInner: return " inner join ";
    case JoinKind::kLeft: return " left join ";
    case JoinKind::kRight: return " right join ";
    case JoinKind::kFull: return " full join ";
    case JoinKind::kCross: return " cross join ";
    case JoinKind::kLeftSemi: return " left semi join ";
  }
  return " join ";
}

}  // namespace

bool Printer::sql(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kQuery: query(*as<Query>(expr)); return true;
    case ExprKind::kUpdate: update(*as<Update>(expr)); return true;
    case ExprKind::kDelete: remove(*as<Delete>(expr)); return true;
    case ExprKind::kInsert: insert(*as<Insert>(expr)); return true;
    case ExprKind::kCreateDatabase: create_database(*as<CreateDatabase>(expr)); return true;
    case ExprKind::kCreateTable: create_table(*as<CreateTable>(expr)); return true;
    case ExprKind::kAlterTable: alter(*as<AlterTable>(expr)); return true;
    case ExprKind::kDrop: drop(*as<Drop>(expr)); return true;
    default: return false;
  }
}

void Printer::query(const Query& node) {
  if (!node.with.empty()) {
    put("with ");
    list(node.with, [this](const Query::With& with) {
      name(with.name);
      if (!with.columns.empty()) {
        put("(");
        list(with.columns, [this](const std::string& column) { name(column); });
        put(")");
      }
      put(" as (");
      query(*with.query);
      put(")");
    });
    put(" ");
  }
  if (node.unions.empty()) {
    query_core(node);
    query_tail(node);
    return;
  }
  put("(");
  query_core(node);
  put(")");
  for (const auto& part : node.unions) {
    put(part.all ? " union all (" : " union (");
    query(*part.query);
    put(")");
  }
  query_tail(node);
}

void Printer::query_core(const Query& node) {
  put(node.is_exec ? "exec " : "select ");
  if (node.hints != 0) put("[" + std::to_string(node.hints) + "] ");
  if (node.distinct) put("distinct ");
  if (node.top) {
    put("top ");
    const auto number = [this](const ExprRef& expr) { put(types::format_value(as<Literal>(expr)->value)); };
    if (const PairLiteral* range = as<PairLiteral>(node.top)) {
      number(range->from);
      put(":");
      number(range->to);
    } else {
      number(node.top);
    }
    put(" ");
  }
  bool is_first = true;
  list(node.items, [&](const ExprRef& item) {
    const size_t start = out_.size();
    at_level(item, item->kind == ExprKind::kAlias ? 0 : 1);
    if (is_first) guard_first_item(start);
    is_first = false;
  });
  if (node.from) {
    put(" from ");
    source(*node.from);
  }
  if (!node.where.empty()) {
    put(" where ");
    list(node.where, [this](const ExprRef& condition) { at_level(condition, 1); });
  }
  if (node.grouping != Grouping::kNone) {
    put(node.grouping == Grouping::kGroupBy     ? " group by "
        : node.grouping == Grouping::kContextBy ? " context by "
                                                : " pivot by ");
    list(node.keys, [this](const ExprRef& key) { at_level(key, key->kind == ExprKind::kAlias ? 0 : 1); });
  }
  if (!node.cumulative_keys.empty()) {
    put(" cgroup by ");
    list(node.cumulative_keys, [this](const ExprRef& key) { at_level(key, key->kind == ExprKind::kAlias ? 0 : 1); });
  }
  if (!node.csort.empty()) {
    put(" csort ");
    order_keys(node.csort);
  }
  if (node.having) {
    put(" having ");
    at_level(node.having, 1);
  }
}

/// Keeps the first item, printed from `start` on, from being read as a hint, `top` or `distinct`.
void Printer::guard_first_item(size_t start) {
  constexpr std::string_view kWords[] = {"top", "distinct"};
  guard_first_word(start, kWords, "!(");
  const auto item = std::string_view(out_).substr(start);
  const bool is_like_hint = item.size() > 1 && item[0] == '[' && (item.starts_with("[HINT_") || std::isdigit(item[1]));
  if (!is_like_hint) return;
  out_.insert(start, "(");
  put(")");
}

void Printer::query_tail(const Query& node) {
  if (!node.order.empty()) {
    put(" order by ");
    order_keys(node.order);
  }
  if (node.limit) {
    put(" limit ");
    if (node.offset) {
      at_level(node.offset, 1);
      put(", ");
    }
    at_level(node.limit, 1);
  }
  if (node.map) put(" map");
}

void Printer::order_keys(const std::vector<OrderKey>& keys) {
  list(keys, [this](const OrderKey& key) {
    const size_t start = out_.size();
    at_level(key.key, 1);
    constexpr std::string_view kWords[] = {"by"};
    guard_first_word(start, kWords);
    put(key.descending ? " desc" : " asc");
    if (key.nulls_first) put(*key.nulls_first ? " nulls first" : " nulls last");
  });
}

void Printer::source(const Source& node) {
  if (node.kind == Source::Kind::kTable) {
    operand(node.table);
    if (node.alias.empty()) return;
    put(" as ");
    return name(node.alias);
  }
  source(*node.left);
  put(join_words(node.join));
  source(*node.right);
  if (node.on) {
    put(" on ");
    at_level(node.on, 1);
  }
}

void Printer::over(const Over& node) {
  put(node.function);
  arguments(node.arguments, '(', ')');
  put(" over (");
  if (!node.partition.empty()) {
    put("partition by ");
    list(node.partition, [this](const ExprRef& key) { at_level(key, 1); });
    put(" ");
  }
  if (!node.order.empty()) {
    put("order by ");
    order_keys(node.order);
    put(" ");
  }
  if (node.has_frame) {
    put(node.unit == FrameUnit::kRows ? "rows between " : "range between ");
    frame_bound(node.from);
    put(" and ");
    frame_bound(node.to);
  }
  put(")");
}

void Printer::frame_bound(const FrameBound& bound) {
  using Kind = FrameBound::Kind;
  if (bound.kind == Kind::kCurrentRow) return put("current row");
  if (bound.distance) {
    expr(*bound.distance);
  } else {
    put("unbounded");
  }
  put(bound.kind == Kind::kPreceding || bound.kind == Kind::kUnboundedPreceding ? " preceding" : " following");
}

template <class S>
void Printer::change_clauses(const S& node) {
  const auto conditions = [this](const ExprRef& item) { at_level(item, 1); };
  if (!node.where.empty()) {
    put(" where ");
    list(node.where, conditions);
  }
  if (!node.context.empty()) {
    put(" context by ");
    list(node.context, conditions);
  }
  if (!node.csort.empty()) {
    put(" csort ");
    order_keys(node.csort);
  }
  if (node.having) {
    put(" having ");
    at_level(node.having, 1);
  }
  if (node.map) put(" map");
}

void Printer::update(const Update& node) {
  put("update ");
  table_of_change(node.table);
  put(" set ");
  list(node.items, [this](const Update::Item& item) {
    name(item.column);
    put(" = ");
    at_level(item.value, 1);
  });
  if (node.from) {
    put(" from ");
    source(*node.from);
  }
  change_clauses(node);
}

void Printer::remove(const Delete& node) {
  put(node.from ? "delete " : "delete from ");
  table_of_change(node.table);
  if (node.from) {
    put(" from ");
    source(*node.from);
  }
  change_clauses(node);
}

void Printer::insert(const Insert& node) {
  put("insert into ");
  const bool is_call = node.table->kind == ExprKind::kCall;  // f(x) would be the table f and its column x
  if (is_call) put("(");
  table_of_change(node.table);
  if (is_call) put(")");
  if (!node.columns.empty()) {
    put("(");
    list(node.columns, [this](const std::string& column) { name(column); });
    put(")");
  }
  put(" ");
  if (node.query) return query(*node.query);
  put("values ");
  list(node.rows, [this](const std::vector<ExprRef>& row) {
    put("(");
    exprs(row);
    put(")");
  });
}

void Printer::options(const Options& options) {
  list(options, [this](const Argument& option) {
    put(option.name + "=");
    value(option.value);
  });
}

void Printer::path(const TablePath& path) {
  for (const auto* owner : {&path.catalog, &path.schema}) {
    if (owner->empty()) continue;
    name(*owner);
    put(".");
  }
  if (!path.database.empty()) put(quoted(path.database));
  if (!path.database.empty() && !path.table.empty()) put(".");
  if (path.table.empty() && !path.database.empty()) return;
  if (!path.database.empty()) return put(quoted(path.table));
  name(path.table);
}

void Printer::create_database(const CreateDatabase& node) {
  put(node.if_not_exists ? "create database if not exists " : "create database ");
  put(quoted(node.path));
  if (!node.partitions.empty()) {
    put(" partitioned by ");
    exprs(node.partitions);
  }
  if (!node.options.empty()) put(", ");
  options(node.options);
}

void Printer::column(const CreateTable::Column& column, bool with_type) {
  name(column.name);
  if (!with_type) return;
  put(" ");
  put(types::name_of(column.type));
  if (types::is_decimal(column.type)) put("(" + std::to_string(column.scale) + ")");
  if (column.array) put("[]");
  if (column.options.empty()) return;
  put("[");
  options(column.options);
  put("]");
}

void Printer::create_table(const CreateTable& node) {
  put(node.temporary ? "create local temporary table " : "create table ");
  if (node.if_not_exists) put("if not exists ");
  path(node.path);
  put("(");
  list(node.columns, [this](const CreateTable::Column& c) { column(c, true); });
  put(")");
  if (!node.partitioned_by.empty()) {
    put(" partitioned by ");
    exprs(node.partitioned_by);
  }
  if (!node.options.empty()) put(", ");
  options(node.options);
}

void Printer::alter(const AlterTable& node) {
  put("alter table ");
  table_of_change(node.table);
  using Action = AlterTable::Action;
  put(node.action == Action::kAdd ? " add " : node.action == Action::kDrop ? " drop " : " rename ");
  list(node.columns, [&](const CreateTable::Column& c) { column(c, node.action == Action::kAdd); });
  if (node.action != Action::kRename) return;
  put(" to ");
  name(node.new_name);
}

void Printer::drop(const Drop& node) {
  put(node.is_database ? "drop database " : "drop table ");
  if (node.if_exists) put("if exists ");
  path(node.path);
}

}  // namespace pelorus::syntax
