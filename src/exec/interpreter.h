#pragma once
// Runs scripts: a tree walker over syntax trees. The one implementation of Evaluator (for SQL) and CallContext (for
// built-in functions).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exec/evaluator.h"
#include "exec/session_scope.h"
#include "exec/sharing/shared_access.h"
#include "exec/user_function.h"
#include "functions/element_names.h"
#include "functions/registry.h"
#include "syntax/parse_script.h"

namespace pelorus::exec {

/// Calls of script functions inside one another; far below what the stack allows is checked separately.
inline constexpr int kRecursionMax = 4000;
/// Innermost calls beyond this depth add no frames to an error.
inline constexpr int kErrorFramesMax = 20;

/// How a function view is looked for: among those known here, or by asking once more before a name is refused.
enum class ViewSearch : uint8_t { kKnown, kAskAgain };

/// A query of a stored table that has ended.
struct FinishedQuery {
  std::string text;
  std::string error;                 // empty: none
  int64_t begin_ns = 0, end_ns = 0;  // wall clock
};

/// What a node gives every interpreter. All outlive it.
struct Surroundings {
  const functions::Registry& registry;
  functions::SharedObjects& shared;
  SqlRunner& sql;
  Clock& clock;
  /// Function views of the cluster; null result when unknown. May be empty.
  std::function<data::FunctionRef(std::string_view name, ViewSearch search)> find_view;
  /// The text of module "a::b"; nothing when there is none. May be empty.
  std::function<std::optional<std::string>(std::string_view path)> read_module;
  /// Shared by all statements of the node; null: statements compute on their own thread alone.
  WorkerPool* workers = nullptr;
  /// Told of every query of a stored table, on the thread that ran it. May be empty.
  std::function<void(const functions::Caller& caller, const FinishedQuery& query)> query_finished = {};
  /// Of shared objects; null: they are open to everybody.
  SharedAccess* access = nullptr;
};

/// An error raised by `throw`: catch() shows its class as "USER".
class ThrownError final : public ScriptError {
 public:
  using ScriptError::ScriptError;
};

/// One session's interpreter; used by one thread at a time. Cheap to make.
class Interpreter final : public Evaluator, public functions::CallContext, public functions::ElementNames {
 public:
  Interpreter(const Surroundings& surroundings, SessionScope& session);
  ~Interpreter() override;

  /// Parses and runs; the value of the last statement, nothing when that is no expression. ScriptError; the part before
  /// a syntax error behind `go` has run by then.
  std::optional<Value> run_statements(std::string_view script);
  /// The same with VOID for nothing.
  Value run(std::string_view script) { return run_statements(script).value_or(Value::null()); }
  /// Calls what `function` names: a name, a partial application (`tableInsert{t}`), a lambda or any expression whose
  /// value is a function. The arguments may be changed by functions that change their first argument.
  Value call_text(std::string_view function, std::span<Value> arguments);

  // Evaluator
  Value evaluate(const syntax::Expr& expr, Scope* scope) override;
  Value* find_variable(const syntax::Name& name) override;
  void assign(const std::string& name, Value value) override;
  std::optional<data::FunctionRef> find_function(const syntax::Expr& callee, Scope* scope) override;
  functions::CallContext& context() override { return *this; }
  WorkerPool* workers() override { return surroundings_.workers; }

  // CallContext
  using CallContext::call;
  Value call(const Value& function, std::span<Value> arguments) override;
  std::optional<Value> find_function(std::string_view name) override;
  Value* find_variable(std::string_view name) override;
  void set_variable(const std::string& name, Value value) override;
  bool erase_variable(std::string_view name) override;
  std::vector<std::string> variable_names() override;
  functions::SharedObjects& shared_objects() override { return shared_; }
  Value run_script(std::string_view text) override { return run(text); }
  Value parse_expression(std::string_view text) override;
  Value evaluate(const data::CodeObject& code) override;
  /// With names laid over the variables.
  Value evaluate(const data::CodeObject& code, Scope* scope);
  std::span<const std::string> argument_names() const override;
  std::vector<std::string> element_names(size_t argument) const override;
  const functions::Caller& caller() const override { return session_.caller; }
  void print(std::string_view text) override;
  const CancellationToken& cancellation() const override { return session_.cancellation; }
  std::mt19937_64& random() override { return session_.random; }
  void sleep_ms(int64_t milliseconds) override;
  void reserve_memory(int64_t bytes) override;

  std::function<void(const std::string& error)> watch_query(const syntax::Query& query) override;
  SessionScope& session() { return session_; }
  const Surroundings& surroundings() const { return surroundings_; }

 private:
  class Names;
  struct Slot;
  struct Frame;
  class FrameGuard;
  enum class Flow : uint8_t { kNext, kBreak, kContinue, kReturn };

  // ---- expressions (evaluate.cc)
  Value eval(const syntax::Expr& expr);
  /// Without a copy when the expression is a variable; `temporary` holds the value otherwise.
  const Value& eval_reference(const syntax::Expr& expr, Value* temporary);
  Value eval_name(const syntax::Name& name);
  Value eval_constants(const syntax::ConstantVector& node);
  Value eval_unary(const syntax::Unary& node);
  Value eval_binary(const syntax::Binary& node);
  Value eval_chain(const syntax::ComparisonChain& node);
  Value eval_conditional(const syntax::Conditional& node);
  Value eval_case(const syntax::Case& node);
  Value eval_pair(const syntax::PairLiteral& node);
  Value eval_index(const syntax::Index& node);
  Value eval_member(const syntax::Member& node);
  Value eval_partial(const syntax::Partial& node);
  Value eval_template(const syntax::Template& node);
  Value eval_code(const syntax::Code& node);
  Value eval_macro(const syntax::MacroName& node);
  Value eval_list(const std::vector<syntax::ExprRef>& elements, bool as_tuple);
  Value eval_dictionary(const syntax::DictionaryLiteral& node);
  Value eval_sql(const syntax::Expr& expr);
  Value apply_binary(syntax::BinaryOperator op, const Value& left, const Value& right);
  Value call_named(std::string_view function, std::span<Value> arguments);
  bool condition(const syntax::Expr& expr);
  static bool truth(const Value& value, SourcePlace place);
  bool is_local_evaluation() const;
  std::optional<Value> computed(const syntax::Expr& node);
  /// Adds the expression as a frame when the error does not say yet where it arose.
  [[noreturn]] void fail_at(ScriptError& error, const syntax::Expr& node);

  // ---- calls (calls.cc)
  struct Callee {
    const functions::Builtin* builtin = nullptr;
    Value function;  // when builtin is null: any callable
  };
  Value eval_call(const syntax::Call& node);
  Value eval_method_call(const syntax::MethodCall& node);
  Callee find_callee(const syntax::Expr& callee);
  std::optional<Value> find_named(std::string_view name, ViewSearch search = ViewSearch::kKnown);
  Value call_with(const Callee& callee, const syntax::Expr& node, const syntax::ExprRef* object,
                  const std::vector<syntax::Argument>& arguments);
  Value call_builtin(const functions::Builtin& builtin, const syntax::Expr& node, const syntax::ExprRef* object,
                     const std::vector<syntax::Argument>& arguments);
  Value call_user_ast(const UserFunction& function, const syntax::ExprRef* object,
                      const std::vector<syntax::Argument>& arguments);
  Value call_user(const UserFunction& function, std::span<Value> values, std::span<Value* const> places);
  Value call_partial(const PartialFunction& function, std::span<Value> arguments);
  Value call_template(const TemplateFunction& function, std::span<Value> arguments);
  Value call_written(const TemplateFunction& function, const syntax::Expr& node,
                     const std::vector<syntax::Argument>& arguments, std::span<Value> values);
  Value run_body(const syntax::FunctionDefinition& definition);
  Value run_mapr(const syntax::FunctionDefinition& definition);
  Value make_function(std::shared_ptr<const syntax::FunctionDefinition> definition);
  Value construct(const data::FunctionRef& function, std::span<Value> arguments);
  /// A field of an object that a changing call or assignment may take out and put back.
  struct FieldPlace {
    std::shared_ptr<data::InstanceObject> object;
    std::string name;
  };
  std::optional<FieldPlace> field_place(const syntax::Expr& expr);
  std::optional<Value> call_method(const syntax::MethodCall& node, const std::string& name);
  void check_stack(std::string_view what) const {
    const char here = 0;
    if (&here <= stack_floor_ || calls_ > kRecursionMax) refuse_depth(what);
  }
  [[noreturn]] void refuse_depth(std::string_view what) const;
  void check_cancelled() const;
  class Entry;
  class ThreadGuard;

  // ---- statements (statements.cc)
  Flow exec(const syntax::Statement& statement);
  Flow exec_block(const syntax::Block& block);
  Flow exec_for(const syntax::For& node);
  Flow exec_loop_body(const syntax::Statement& body, bool* leave);
  Flow exec_try(const syntax::Try& node);
  void exec_assign(const syntax::Assign& node);
  void exec_define(const syntax::Define& node);
  void exec_define_class(const syntax::DefineClass& node);
  void exec_timer(const syntax::Timer& node);
  void exec_share(const syntax::Share& node);
  void exec_use(const syntax::Use& node);
  void exec_assert(const syntax::Assert& node);
  void assign_name(const syntax::Name& name, Value value);
  void assign_reference(const syntax::Name& name, const syntax::Expr& source);
  void assign_target(const syntax::Expr& target, Value value);
  void assign_several(const syntax::Assign& node, const Value& value);
  void assign_compound(const syntax::Assign& node);
  /// Flags of the rows of `object`, a table, for which `condition` holds.
  Value rows_where(const Value& object, const data::CodeObject& condition);
  /// The storage of a variable; null when there is none.
  Value* place_of(const syntax::Expr& expr);

  const Surroundings& surroundings_;
  SessionScope& session_;
  SharedView shared_;
  Frame* frame_ = nullptr;  // null at the top level of a script
  Scope* scope_ = nullptr;  // of the query being evaluated, if any
  int calls_ = 0;
  const char* stack_floor_ = nullptr;  // lowest address calls may reach
  Value return_value_;
  std::optional<Value> last_value_;                 // of the last top-level statement
  const syntax::ExprRef* naming_object_ = nullptr;  // of the built-in call that is starting
  const std::vector<syntax::Argument>* naming_arguments_ = nullptr;
  const functions::Builtin* naming_builtin_ = nullptr;
  mutable std::vector<std::string> argument_names_;
  NameMap<Value> shared_seen_;  // keeps what find_variable pointed to
};

}  // namespace pelorus::exec
