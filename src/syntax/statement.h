#pragma once
// Statements and function definitions.

#include <memory>
#include <string>
#include <vector>

#include "syntax/ast.h"

namespace pelorus::syntax {

enum class StatementKind : uint8_t {
  kExpression,
  kAssign,
  kDefine,
  kDefineClass,
  kBlock,
  kIf,
  kFor,
  kWhile,
  kDoWhile,
  kBreak,
  kContinue,
  kReturn,
  kTry,
  kThrow,
  kAssert,
  kTimer,
  kGo,
  kUse,
  kModule,
  kShare,
  kTransaction,
  kCommit,
  kRollback,
};

struct Statement {
  const StatementKind kind;
  SourcePlace place;

  virtual ~Statement() = default;

 protected:
  explicit Statement(StatementKind k) : kind(k) {}
};
using StatementRef = std::shared_ptr<const Statement>;

template <StatementKind K>
struct StatementOf : Statement {
  static constexpr StatementKind kKind = K;
  StatementOf() : Statement(K) {}
};

template <class T>
const T* as(const Statement& statement) {
  return statement.kind == T::kKind ? static_cast<const T*>(&statement) : nullptr;
}

struct ExpressionStatement final : StatementOf<StatementKind::kExpression> {
  ExprRef value;
};

/// Targets are Name, Index or Member nodes. Several targets: distribution. `op` kAssign or the operator of `+=`.
struct Assign final : StatementOf<StatementKind::kAssign> {
  std::vector<ExprRef> targets;
  ExprRef value;
  bool compound = false;
  BinaryOperator op = BinaryOperator::kAdd;  // when compound
  bool by_reference = false;                 // &x = y
  bool constant = false;                     // const x = …
};

struct Parameter {
  std::string name;
  ExprRef default_value;  // null: required
  bool is_mutable = false;
};

struct Block final : StatementOf<StatementKind::kBlock> {
  std::vector<StatementRef> statements;
};

/// One function: named, lambda, aggregate or with its map-reduce form. Parameters take the first slots.
struct FunctionDefinition {
  std::string name;  // empty: anonymous
  SourcePlace place;
  std::vector<Parameter> parameters;
  std::vector<Capture> captures;
  std::vector<std::string> slot_names;  // size: slots of a call
  int self_slot = -1;                   // nested def that calls itself: the slot that holds it
  std::shared_ptr<const Block> body;    // null: forward declaration
  ExprRef expression;                   // instead of body: `x -> x*x`, `def(x): x+1`
  bool is_aggregate = false;            // defg
  bool is_mapr = false;
  bool is_lambda = false;          // written with ->
  std::vector<ExprRef> map_calls;  // mapr: map1(x), map2(x)
  ExprRef reduce;
  std::vector<ExprRef> running;
  ExprRef running_reduce;
  std::vector<std::string> annotations;  // "state", "jit"
};

struct Define final : StatementOf<StatementKind::kDefine> {
  std::shared_ptr<const FunctionDefinition> definition;
  int slot = -1;  // nested def: the local that holds it
};

/// class A : B { x :: INT  def A(v){…} }. The first parameter of every method is "self".
struct ClassDefinition {
  struct Field {
    std::string name;
    std::string type;  // as it is written: "INT", "DOUBLE VECTOR", "STRING[]", the name of a class
  };
  std::string name;
  SourcePlace place;
  std::string base;  // empty: none
  std::vector<Field> fields;
  std::vector<std::shared_ptr<const FunctionDefinition>> methods;
};

struct DefineClass final : StatementOf<StatementKind::kDefineClass> {
  std::shared_ptr<const ClassDefinition> definition;
};

struct If final : StatementOf<StatementKind::kIf> {
  ExprRef condition;
  StatementRef then;
  StatementRef otherwise;  // may be null
};

/// for(i in x); for(i, j in x) is not in the language.
struct For final : StatementOf<StatementKind::kFor> {
  ExprRef variable;  // a Name
  ExprRef source;
  StatementRef body;
};

struct While final : StatementOf<StatementKind::kWhile> {
  ExprRef condition;
  StatementRef body;
};

struct DoWhile final : StatementOf<StatementKind::kDoWhile> {
  StatementRef body;
  ExprRef condition;
};

struct Break final : StatementOf<StatementKind::kBreak> {};
struct Continue final : StatementOf<StatementKind::kContinue> {};

struct Return final : StatementOf<StatementKind::kReturn> {
  ExprRef value;  // may be null
};

struct Try final : StatementOf<StatementKind::kTry> {
  StatementRef body;
  ExprRef variable;  // a Name
  StatementRef handler;
};

struct Throw final : StatementOf<StatementKind::kThrow> {
  ExprRef value;
};

struct Assert final : StatementOf<StatementKind::kAssert> {
  ExprRef name;  // may be null
  ExprRef condition;
};

struct Timer final : StatementOf<StatementKind::kTimer> {
  ExprRef count;  // may be null: once
  StatementRef body;
};

/// Ends a separately parsed part; the parser stops at it (parse_script.h).
struct Go final : StatementOf<StatementKind::kGo> {};

/// use a::b; use catalog c
struct Use final : StatementOf<StatementKind::kUse> {
  std::string path;
  bool is_catalog = false;
};

struct Module final : StatementOf<StatementKind::kModule> {
  std::string path;
};

/// share t as name
struct Share final : StatementOf<StatementKind::kShare> {
  ExprRef value;
  std::string name;
};

struct Transaction final : StatementOf<StatementKind::kTransaction> {
  StatementRef body;
};
struct Commit final : StatementOf<StatementKind::kCommit> {};
struct Rollback final : StatementOf<StatementKind::kRollback> {};

}  // namespace pelorus::syntax
