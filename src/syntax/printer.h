#pragma once
// Internal to syntax: the visitor behind print().

#include <span>
#include <string>
#include <vector>

#include "syntax/print.h"

namespace pelorus::syntax {

class Printer {
 public:
  /// `explicit_brackets`: every operator in parentheses, so that the text shows the tree's shape (for tests).
  explicit Printer(bool explicit_brackets = false) : explicit_brackets_(explicit_brackets) {}

  void expr(const Expr& expr);
  void statement(const Statement& statement);
  void definition(const FunctionDefinition& definition);
  void definition(const ClassDefinition& definition);
  std::string take() { return std::move(out_); }

 private:
  void put(std::string_view text) { out_ += text; }
  /// With parentheses unless it binds tighter than everything that may stand around it.
  void operand(const ExprRef& expr);
  /// With parentheses when its level is below `level_min`.
  void at_level(const ExprRef& expr, int level_min);
  /// With parentheses when it is an alias or a statement of SQL, which stand where nothing else does.
  void value(const ExprRef& expr);
  /// Puts the word that was printed from `start` on in parentheses when it is one of `words`, which have a meaning
  /// there unless one of the signs `harmless_before` follows: join!(…) is a word of its own.
  void guard_first_word(size_t start, std::span<const std::string_view> words, std::string_view harmless_before = "!");
  template <class T, class F>
  void list(const std::vector<T>& items, F&& each, std::string_view separator = ", ");
  void exprs(const std::vector<ExprRef>& items);
  void list_item(const ExprRef& item, bool is_among_others);
  void object_of_member(const ExprRef& object);
  void arguments(const std::vector<Argument>& arguments, char open, char close);
  void name(std::string_view name);
  void collection(const Expr& expr);
  void key(const ExprRef& expr);
  void constants(const ConstantVector& node);
  void call(const Expr& expr);
  void unary(const Unary& node);
  void binary(const Binary& node);
  void chain(const ComparisonChain& node);
  void pair(const PairLiteral& node);
  void index(const Index& node);
  void code(const Code& node);
  void alias(const Alias& node);
  void case_when(const Case& node);
  void over(const Over& node);
  void frame_bound(const FrameBound& bound);

  // SQL (print_sql.cc)
  bool sql(const Expr& expr);
  void query(const Query& node);
  void query_core(const Query& node);
  void guard_first_item(size_t start);
  void query_tail(const Query& node);
  void order_keys(const std::vector<OrderKey>& keys);
  void source(const Source& source);
  void table_of_change(const ExprRef& table) { operand(table); }
  void update(const Update& node);
  void remove(const Delete& node);
  void insert(const Insert& node);
  void create_database(const CreateDatabase& node);
  void create_table(const CreateTable& node);
  void alter(const AlterTable& node);
  void drop(const Drop& node);
  void options(const Options& options);
  void path(const TablePath& path);
  void column(const CreateTable::Column& column, bool with_type);
  template <class S>
  void change_clauses(const S& node);

  // statements (print_statement.cc)
  void block(const Block& block);
  void body(const StatementRef& statement);
  void guard_first_statement(const Statement& statement, size_t start);
  void target(const ExprRef& place);
  void assign(const Assign& node);
  void expression_statement(const Expr& value);
  void control(const Statement& statement);
  void parameters(const FunctionDefinition& definition);

  const bool explicit_brackets_;
  std::string out_;
  int indent_ = 0;
};

template <class T, class F>
void Printer::list(const std::vector<T>& items, F&& each, std::string_view separator) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) put(separator);
    first = false;
    each(item);
  }
}

}  // namespace pelorus::syntax
