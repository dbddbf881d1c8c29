#pragma once
// Internal to syntax: the recursive descent and precedence parser. Its methods are spread over parse_*.cc by topic.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "syntax/lexer.h"
#include "syntax/parse_script.h"

namespace pelorus::syntax {

/// Locals of the function or CODE being parsed.
struct LocalNames {
  LocalNames* outer = nullptr;
  bool takes_session_variables = false;  // lambdas copy session variables they mention
  std::vector<std::string> names;        // by slot
  std::unordered_map<std::string, int> slots;
  std::vector<Capture> captures;
  std::unordered_set<std::string> read_only;
  std::vector<int>* used = nullptr;  // set while CODE is parsed: slots it mentions

  int add(const std::string& name) {
    const auto [found, is_new] = slots.emplace(name, static_cast<int>(names.size()));
    if (is_new) names.push_back(name);
    return found->second;
  }
};

class Parser {
 public:
  Parser(const std::vector<Token>& tokens, size_t at, const NameOracle& names)
      : tokens_(tokens), at_(at), names_(names) {}

  /// Statements up to `go` or the end.
  ScriptPart parse_part();
  ExprRef parse_single_expression();

 private:
  // ------------------------------------------------ tokens (parser.cc)
  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_.back(); }
  bool accept(std::string_view punctuation);
  void expect(std::string_view punctuation, std::string_view where);
  /// Keywords are all lower or all upper case.
  static bool is_keyword(const Token& token, std::string_view lower);
  bool at_keyword(std::string_view lower, size_t ahead = 0) const { return is_keyword(peek(ahead), lower); }
  bool accept_keyword(std::string_view lower);
  void expect_keyword(std::string_view lower, std::string_view where);
  std::string expect_word(std::string_view what);
  [[noreturn]] void fail(const std::string& reason) const;
  [[noreturn]] void fail_at(const Token& token, const std::string& reason) const;
  static std::string describe(const Token& token);
  /// =, +=, -= …
  static bool is_assignment(const Token& token);
  /// Words that begin or part statements and stand for no value.
  static bool is_statement_word(std::string_view text);
  /// A newline ends a statement unless a bracket is open.
  bool ends_line(const Token& token) const { return token.newline_before && brackets_ == 0; }
  bool at_statement_end() const;
  /// Tokens from the opening bracket at `ahead` to the one behind its closing bracket.
  size_t after_bracket(size_t ahead) const;
  bool has_as_ahead() const;
  void expect_statement_end();

  template <class T>
  std::shared_ptr<T> make(const Token& at) const {
    auto node = std::make_shared<T>();
    node->place = at.place;
    return node;
  }

  /// Sets a variable until the end of the block.
  template <class T>
  struct Setting {
    Setting(T* variable, T value) : variable_(variable), before_(*variable) { *variable = value; }
    ~Setting() { *variable_ = before_; }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;
    T* variable_;
    T before_;
  };
  /// Inside a bracket of the given kind newlines are blanks and the outer context's special words are ordinary again.
  struct Bracket {
    explicit Bracket(Parser* parser);
    Setting<int> brackets, codes;
    Setting<bool> no_pair, open_pair, in_from, in_case, in_over, no_lambda, in_union;
  };
  struct Nesting {
    explicit Nesting(Parser* parser);
    ~Nesting() { --parser_->depth_; }
    Parser* parser_;
  };

  // ------------------------------------------------ names (parse_names.cc)
  int find_local(LocalNames* locals, const std::string& name);
  bool is_variable(const std::string& name);
  bool is_function(const std::string& name) const;
  /// Makes `name` known from here on: a local, or at top level a session variable.
  int declare_variable(const std::string& name);
  ExprRef make_name(const Token& token, const std::string& name);
  ExprRef make_target(const Token& token);
  /// The same where a field of the class around may be meant.
  ExprRef make_target_or_field(const Token& token);
  /// Whether what begins with this name may be catalog.schema.table, or schema.table of the current catalog.
  bool may_begin_catalog_name(const Token& token) const;
  bool is_member_of_class(const std::string& name) const { return locals_ != nullptr && members_.contains(name); }
  ExprRef make_member_of_self(const Token& token, const std::string& name);
  std::string qualified_name();

  // ------------------------------------------------ expressions (parse_expression.cc)
  ExprRef parse_expr();
  ExprRef parse_binary(int level_min);
  ExprRef parse_unary();
  ExprRef parse_prefix_application(ExprRef function, const Token& at);
  bool starts_operand(size_t ahead) const;
  bool is_prefix_function(const ExprRef& primary);
  struct Infix {
    enum class Kind : uint8_t {
      kNone,
      kOperator,
      kPair,
      kFunction,
      kTemplate,
      kBrace,
      kIn,
      kBetween,
      kLike,
      kIs
    } kind = Kind::kNone;
    int level = 0;
    BinaryOperator op = BinaryOperator::kAdd;
    bool negated = false;
    size_t tokens = 1;
    std::string name;
  };
  Infix peek_infix() const;
  Infix peek_infix_word(const Token& token) const;
  ExprRef apply_infix(const Infix& infix, ExprRef left, const Token& at);
  ExprRef parse_between(ExprRef left, bool negated, const Token& at);
  ExprRef parse_is_null(ExprRef left, const Token& at);
  ExprRef parse_comparison_chain(ExprRef left);
  ExprRef call_of(const std::string& function, std::vector<ExprRef> values, const Token& at) const;
  ExprRef negate(ExprRef value, const Token& at) const;

  // ------------------------------------------------ operands (parse_primary.cc, parse_postfix.cc)
  ExprRef parse_postfix();
  ExprRef parse_postfix_step(const ExprRef& value, bool* took);
  bool may_be_called(const Expr& value, const Token& bracket) const;
  ExprRef parse_call(ExprRef function, const Token& at);
  ExprRef parse_index(ExprRef object, const Token& at);
  ExprRef parse_member(ExprRef object, const Token& at);
  ExprRef parse_partial(ExprRef function, const Token& at);
  ExprRef parse_conditional(ExprRef condition, const Token& at);
  std::vector<Argument> parse_arguments(std::string_view close, const std::string& function);
  Argument parse_argument(const std::string& function);
  ExprRef parse_aliased(ExprRef value);
  bool at_template_sign(size_t ahead) const;
  ExprRef parse_template(ExprRef function, const Token& at);
  ExprRef parse_primary();
  ExprRef parse_word_primary();
  bool at_word_constant() const;
  ExprRef parse_constant();
  ExprRef parse_operator_function();
  ExprRef parse_parenthesis();
  ExprRef parse_vector_bracket();
  ExprRef parse_brace();
  bool at_brace_lambda(size_t ahead) const;
  ExprRef parse_dictionary();
  ExprRef parse_code();
  bool at_code_end() const;
  ExprRef parse_named_constant(const Token& token);

  // ------------------------------------------------ functions (parse_function.cc)
  ExprRef parse_lambda(bool brace);
  ExprRef parse_anonymous_function();
  std::shared_ptr<FunctionDefinition> parse_definition();
  void parse_parameters(FunctionDefinition* definition, std::string_view close);
  void parse_function_body(FunctionDefinition* definition);
  void parse_mapr_body(FunctionDefinition* definition);
  bool at_lambda(size_t ahead) const;
  void finish_function(FunctionDefinition* definition, LocalNames* locals) const;

  // ------------------------------------------------ classes (parse_class.cc)
  StatementRef parse_class();
  std::unordered_set<std::string> find_members() const;
  void parse_field(ClassDefinition* definition);

  // ------------------------------------------------ statements (parse_statement.cc)
  StatementRef parse_statement();
  StatementRef parse_keyword_statement(bool* is_one);
  StatementRef parse_block_or_statement();
  std::shared_ptr<const Block> parse_block();
  StatementRef parse_define();
  StatementRef parse_if();
  StatementRef parse_for();
  StatementRef parse_while();
  StatementRef parse_do();
  StatementRef parse_try();
  StatementRef parse_return();
  StatementRef parse_assert();
  StatementRef parse_timer();
  StatementRef parse_share();
  StatementRef parse_use_or_module();
  StatementRef parse_expression_or_assignment();
  StatementRef parse_assignment(std::vector<ExprRef> targets, const Token& at);
  ExprRef to_target(const ExprRef& expr);
  size_t assignment_operator_at() const;

  // ------------------------------------------------ SQL (parse_query.cc, parse_sql.cc)
  bool at_query() const;
  ExprRef parse_query();
  void parse_select(Query* query);
  ExprRef parse_unions(std::shared_ptr<Query> query);
  void parse_with(Query* query);
  void parse_hints(Query* query);
  void parse_top(Query* query);
  std::vector<ExprRef> parse_items();
  ExprRef parse_item();
  bool parse_clause(Query* query);
  bool at_clause(std::string_view first, std::string_view second = {}) const;
  bool accept_clause(std::string_view first, std::string_view second = {});
  std::vector<ExprRef> parse_expr_list();
  std::vector<OrderKey> parse_order_keys();
  SourceRef parse_source();
  SourceRef parse_single_source();
  bool parse_join_kind(JoinKind* kind);
  ExprRef parse_case();
  ExprRef parse_over(const ExprRef& call);
  void parse_frame(Over* over);
  FrameBound parse_frame_bound();
  bool is_sql_terminator(const Token& token) const;

  ExprRef parse_update();
  ExprRef parse_delete();
  ExprRef parse_insert();
  ExprRef parse_create();
  ExprRef parse_create_database(const Token& at);
  ExprRef parse_create_table(const Token& at, bool temporary);
  ExprRef parse_alter();
  ExprRef parse_drop();
  CreateTable::Column parse_column_definition(bool with_type);
  TablePath parse_table_path();
  Options parse_options(bool after_comma);
  bool parse_if_exists(bool wanted_not);
  bool at_sql_statement() const;
  ExprRef parse_sql_statement();
  template <class S>
  void parse_change_clauses(S* statement);

  const std::vector<Token>& tokens_;
  size_t at_;
  const NameOracle& names_;
  int depth_ = 0;
  int brackets_ = 0;        // open brackets of the current statement; newlines count when 0
  int queries_ = 0;         // > 0 inside a query or CODE: names may be columns
  int codes_ = 0;           // > 0 inside CODE: ">" may end it
  bool no_pair_ = false;    // ":" belongs to ? : or to a dictionary
  bool open_pair_ = false;  // inside an index: open ends allowed
  bool in_from_ = false;    // join words are keywords
  bool in_case_ = false;    // when, then, else, end are keywords
  bool in_over_ = false;    // rows, range are keywords
  bool no_lambda_ = false;  // "->" belongs to mapr
  bool in_union_ = false;   // a union behind a query in brackets goes on with the one around it
  int in_code_ = 0;         // > 0 anywhere inside CODE
  int loops_ = 0;
  std::unordered_set<std::string> with_names_;
  LocalNames* locals_ = nullptr;
  std::unordered_set<std::string> top_variables_;  // assigned at top level in this part
  std::unordered_map<std::string, std::shared_ptr<const FunctionDefinition>> top_functions_;
  std::unordered_set<std::string> top_constants_;
  std::unordered_map<std::string, std::unordered_set<std::string>> top_classes_;  // members, those of bases included
  std::unordered_set<std::string> members_;  // of the class being parsed; empty outside of classes
  bool in_class_ = false;
};

}  // namespace pelorus::syntax
