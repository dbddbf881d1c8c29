// SQL statements that change data or definitions.

#include "syntax/parser.h"

namespace pelorus::syntax {

bool Parser::at_sql_statement() const {
  const Token& next = peek(1);
  if (next.is("(") && at_keyword("update")) return at_keyword("set", after_bracket(1));
  if (next.is("(") && at_keyword("delete")) return at_keyword("from", after_bracket(1));
  if (!next.is_word() && next.kind != TokenKind::kConstant && !(at_keyword("update") && next.is("_"))) return false;
  if (at_keyword("update")) return !next.is("=");
  if (at_keyword("insert")) return is_keyword(next, "into");
  if (at_keyword("delete")) return true;
  if (at_keyword("create")) {
    return is_keyword(next, "database") || is_keyword(next, "table") || is_keyword(next, "local");
  }
  if (at_keyword("alter")) return is_keyword(next, "table");
  if (at_keyword("drop")) return is_keyword(next, "table") || is_keyword(next, "database");
  return false;
}

ExprRef Parser::parse_sql_statement() {
  Setting<int> queries(&queries_, queries_ + 1);
  Setting<bool> in_from(&in_from_, true);
  if (at_keyword("update")) return parse_update();
  if (at_keyword("delete")) return parse_delete();
  if (at_keyword("insert")) return parse_insert();
  if (at_keyword("create")) return parse_create();
  if (at_keyword("alter")) return parse_alter();
  return parse_drop();
}

template <class S>
void Parser::parse_change_clauses(S* statement) {
  for (;;) {
    if (accept_clause("where")) {
      statement->where = parse_expr_list();
    } else if (accept_clause("context", "by")) {
      statement->context = parse_expr_list();
    } else if (accept_clause("csort")) {
      accept_keyword("by");
      statement->csort = parse_order_keys();
    } else if (accept_clause("having")) {
      statement->having = parse_expr();
    } else if (at_keyword("map") && is_sql_terminator(peek())) {
      take();
      statement->map = true;
    } else {
      return;
    }
  }
}

ExprRef Parser::parse_update() {
  auto node = make<Update>(take());
  node->table = parse_single_source()->table;
  expect_keyword("set", "after the table of 'update'");
  do {
    Update::Item item;
    item.column = expect_word("A column name");
    if (!peek().is("=")) fail("'=' expected after the column " + item.column + ".");
    take();
    item.value = parse_expr();
    node->items.push_back(std::move(item));
  } while (accept(","));
  if (accept_clause("from")) node->from = parse_source();
  parse_change_clauses(node.get());
  return node;
}

ExprRef Parser::parse_delete() {
  auto node = make<Delete>(take());
  const bool second_form = !accept_keyword("from");
  node->table = parse_single_source()->table;
  if (second_form) {
    expect_keyword("from", "after the table of 'delete'");
    node->from = parse_source();
  }
  parse_change_clauses(node.get());
  return node;
}

/// insert into t [(columns)] values (…), (…) | select …
ExprRef Parser::parse_insert() {
  auto node = make<Insert>(take());
  expect_keyword("into", "after 'insert'");
  const Token& at = peek();
  const bool is_plain = at.is_word() && (!is_function(at.text) || is_variable(at.text));
  if (is_plain) {
    ExprRef table = make_name(at, at.text);
    if (in_code_ == 0 && as<Name>(table)->slot < 0 && !is_variable(at.text) && !peek(1).is(".")) {
      fail("Can't recognize table " + at.text);
    }
    take();
    while (peek().is(".") && peek(1).is_word()) {
      auto member = make<Member>(take());
      member->object = std::move(table);
      member->name = take().text;
      table = std::move(member);
    }
    node->table = std::move(table);
  } else {
    node->table = parse_postfix();
  }
  if (accept("(")) {
    do {
      node->columns.push_back(expect_word("A column name"));
    } while (accept(","));
    expect(")", "after the column names");
  }
  if (at_query()) {
    node->query = std::static_pointer_cast<const Query>(parse_query());
    return node;
  }
  if (peek().is("(") && (at_keyword("select", 1) || at_keyword("exec", 1))) {
    node->query = std::static_pointer_cast<const Query>(parse_parenthesis());
    return node;
  }
  expect_keyword("values", "after the table of 'insert into'");
  do {
    std::vector<ExprRef> row;
    Bracket bracket(this);
    expect("(", "before the values");
    while (!peek().is(")")) {
      row.push_back(parse_expr());
      if (!accept(",")) break;
    }
    expect(")", "after the values");
    node->rows.push_back(std::move(row));
  } while (accept(","));
  return node;
}

// ------------------------------------------------------------------ definitions

ExprRef Parser::parse_create() {
  const Token& at = take();
  if (accept_keyword("database")) return parse_create_database(at);
  bool temporary = false;
  if (accept_keyword("local")) {
    expect_keyword("temporary", "after 'local'");
    temporary = true;
  }
  expect_keyword("table", "after 'create'");
  return parse_create_table(at, temporary);
}

bool Parser::parse_if_exists(bool wanted_not) {
  if (!at_keyword("if")) return false;
  take();
  if (wanted_not) expect_keyword("not", "after 'if'");
  expect_keyword("exists", "after 'if'");
  return true;
}

/// "dfs://x"."t", name, schema.name, catalog.schema.name.
TablePath Parser::parse_table_path() {
  TablePath path;
  path.place = peek().place;
  const auto part = [this](std::string_view what) {
    if (peek().kind == TokenKind::kConstant && peek().value.is_text()) return take().value.text();
    return expect_word(what);
  };
  std::vector<std::string> parts{part("A table or database name")};
  while (accept(".")) parts.push_back(part("A name after '.'"));
  if (parts.size() > 3) fail("A table is named by at most catalog.schema.table.");
  path.table = parts.back();
  if (parts.size() == 3) path.catalog = parts[0];
  if (parts.size() >= 2) {
    const std::string& owner = parts[parts.size() - 2];
    (owner.find("://") != std::string::npos ? path.database : path.schema) = owner;
  }
  return path;
}

/// name = expression, …; `keepDuplicates=ALL` and friends are constants.
Options Parser::parse_options(bool after_comma) {
  Options options;
  // On a line of its own it is an assignment, unless a comma came before.
  while (peek().is_word() && peek(1).is("=") && (after_comma || !ends_line(peek()))) {
    Argument option{peek().text, nullptr};
    at_ += 2;
    option.value = parse_expr();
    options.push_back(std::move(option));
    after_comma = accept(",");
    if (!after_comma) break;
  }
  return options;
}

ExprRef Parser::parse_create_database(const Token& at) {
  auto node = make<CreateDatabase>(at);
  node->if_not_exists = parse_if_exists(true);
  const TablePath path = parse_table_path();
  node->path = path.schema.empty() ? path.table : path.schema + "." + path.table;
  bool after_comma = false;
  if (accept_clause("partitioned", "by")) {
    while (peek().is_word() && !peek(1).is("=")) {
      const Token& scheme = peek();
      auto function = make<Name>(scheme);
      function->name = take().text;
      auto call = make<Call>(scheme);
      call->function = std::move(function);
      if (!peek().is("(")) fail("'(' expected after " + scheme.text + ".");
      call->arguments = parse_arguments(")", "");
      node->partitions.push_back(std::move(call));
      after_comma = accept(",");
      if (!after_comma) break;
    }
  }
  after_comma = accept(",") || after_comma;
  node->options = parse_options(after_comma);
  return node;
}

CreateTable::Column Parser::parse_column_definition(bool with_type) {
  CreateTable::Column column;
  const Token& name = peek();
  const bool is_text = name.kind == TokenKind::kConstant && name.value.is_text();
  column.name = is_text ? take().value.text() : expect_word("A column name");
  if (!with_type) return column;
  const Token& type = peek();
  if (!type.is_word() || !types::parse_type(type.text, &column.type)) {
    fail("A type expected after the column " + column.name + ", but found " + describe(type) + ".");
  }
  take();
  if (types::is_decimal(column.type) && accept("(")) {
    const Token& scale = take();
    const bool fits = scale.kind == TokenKind::kConstant && scale.value.type() == types::Type::kInt &&
                      scale.value.get<int32_t>() >= 0 && scale.value.get<int32_t>() <= types::scale_max(column.type);
    if (!fits) fail_at(scale, "A scale between 0 and " + std::to_string(types::scale_max(column.type)) + " expected.");
    column.scale = scale.value.get<int32_t>();
    expect(")", "after the scale");
  }
  if (peek().is("[") && peek(1).is("]")) {
    at_ += 2;
    column.array = true;
  }
  if (peek().is("[")) {
    Bracket bracket(this);
    take();
    column.options = parse_options(true);
    expect("]", "after the column's options");
  }
  return column;
}

ExprRef Parser::parse_create_table(const Token& at, bool temporary) {
  auto node = make<CreateTable>(at);
  node->temporary = temporary;
  node->if_not_exists = parse_if_exists(true);
  node->path = parse_table_path();
  {
    Bracket bracket(this);
    expect("(", "before the columns");
    do {
      node->columns.push_back(parse_column_definition(true));
    } while (accept(","));
    expect(")", "after the columns");
  }
  bool after_comma = false;
  if (accept_clause("partitioned", "by")) {
    while (!(peek().is_word() && peek(1).is("="))) {
      node->partitioned_by.push_back(parse_expr());
      after_comma = accept(",");
      if (!after_comma) break;
    }
  }
  after_comma = accept(",") || after_comma;
  node->options = parse_options(after_comma);
  if (accept_keyword("on")) {
    for (const auto word : {"commit", "preserve", "rows"}) expect_keyword(word, "after 'on'");
  }
  const bool is_named = !node->path.database.empty() || !node->path.schema.empty();
  if (!is_named) declare_variable(node->path.table);
  return node;
}

/// alter table t add c TYPE, … | drop [column] c, … | rename [column] c to d
ExprRef Parser::parse_alter() {
  auto node = make<AlterTable>(take());
  take();
  const Token& at = peek();
  const bool is_call = at.is_word() && peek(1).is("(");
  node->table = at.kind == TokenKind::kConstant || is_call || at.is("(") ? parse_postfix() : make_name(at, at.text);
  if (at.is_word() && !is_call) {
    take();
    ExprRef table = node->table;
    while (peek().is(".") && peek(1).is_word()) {
      auto member = make<Member>(take());
      member->object = std::move(table);
      member->name = take().text;
      table = std::move(member);
    }
    node->table = std::move(table);
  }
  using Action = AlterTable::Action;
  if (accept_keyword("add")) {
    node->action = Action::kAdd;
  } else if (accept_keyword("drop")) {
    node->action = Action::kDrop;
  } else if (accept_keyword("rename")) {
    node->action = Action::kRename;
  } else {
    fail("'add', 'drop' or 'rename' expected, but found " + describe(peek()) + ".");
  }
  if (at_keyword("column") && peek(1).is_word()) take();
  do {
    node->columns.push_back(parse_column_definition(node->action == Action::kAdd));
    if (node->action == Action::kRename) {
      accept_keyword("to");
      node->new_name = expect_word("The new column name");
      break;
    }
  } while (accept(","));
  return node;
}

ExprRef Parser::parse_drop() {
  auto node = make<Drop>(take());
  node->is_database = at_keyword("database");
  take();
  node->if_exists = parse_if_exists(false);
  node->path = parse_table_path();
  if (node->is_database && node->path.database.empty() && node->path.table.find("://") != std::string::npos) {
    node->path.database = std::move(node->path.table);
    node->path.table.clear();
  }
  return node;
}

}  // namespace pelorus::syntax
