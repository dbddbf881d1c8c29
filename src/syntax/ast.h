#pragma once
// The syntax tree of scripts. Nodes are immutable after parsing and shared freely between threads: closures, CODE
// values and function views hold them. What a name means is found out by exec; the parser only settles which names are
// locals.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/script_error.h"
#include "syntax/operators.h"
#include "types/scalar.h"

namespace pelorus::syntax {

enum class ExprKind : uint8_t {
  kLiteral,
  kConstantVector,
  kName,
  kFunctionName,
  kMacroName,
  kVectorBracket,
  kTuple,
  kDictionary,
  kUnary,
  kBinary,
  kComparisonChain,
  kConditional,
  kPair,
  kIndex,
  kMember,
  kCall,
  kMethodCall,
  kPartial,
  kTemplate,
  kFunction,
  kCode,
  kAlias,
  kStar,
  kColumnRange,
  kCase,
  kOver,
  kDefault,
  kHeld,
  // SQL; see syntax/sql.h
  kQuery,
  kUpdate,
  kDelete,
  kInsert,
  kCreateDatabase,
  kCreateTable,
  kAlterTable,
  kDrop,
};

/// Every expression. Downcast with as<T>(): each node type names its kind in kKind.
struct Expr {
  const ExprKind kind;
  SourcePlace place;

  virtual ~Expr() = default;

 protected:
  explicit Expr(ExprKind k) : kind(k) {}
};
using ExprRef = std::shared_ptr<const Expr>;

/// The node as T when it is one, else null.
template <class T>
const T* as(const Expr& expr) {
  return expr.kind == T::kKind ? static_cast<const T*>(&expr) : nullptr;
}
template <class T>
const T* as(const ExprRef& expr) {
  return expr ? as<T>(*expr) : nullptr;
}

/// Gives a node its kind.
template <ExprKind K>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = K;
  ExprOf() : Expr(K) {}
};

/// 5, "text", 2021.05.06, NULL; also named constants (INT, pi, VALUE), whose spelling is kept for printing.
struct Literal final : ExprOf<ExprKind::kLiteral> {
  types::Scalar value;
  std::string spelling;  // empty unless it is a named constant
};

/// 1 2 3, `a`b`c: constants separated by blanks (at least two).
struct ConstantVector final : ExprOf<ExprKind::kConstantVector> {
  std::vector<types::Scalar> values;
  mutable std::shared_ptr<const void> cache;  // exec: the built vector; read and written with std::atomic_load/store
};

/// A variable, column or function. `slot` >= 0: a local of the innermost function around the node.
struct Name final : ExprOf<ExprKind::kName> {
  std::string name;  // "f", or "a::b::f" for module-qualified functions
  int slot = -1;
  bool in_query = false;  // columns come first
  bool quoted = false;    // written _"strange name"
  int self_slot = -1;     // in a query inside a method: the object whose field it is when no column has the name
};

/// &f or ::f or an operator where a function is wanted: always the function, never a variable. `name` of an operator is
/// its function's ("add").
struct FunctionName final : ExprOf<ExprKind::kFunctionName> {
  std::string name;
  std::string symbol;  // "+" when it was written as an operator
};

/// _$v (one column) and _$$v (several) in CODE.
struct MacroName final : ExprOf<ExprKind::kMacroName> {
  ExprRef variable;  // a Name
  bool several = false;
};

/// [e1, e2]: typed vector if the elements allow it.
struct VectorBracket final : ExprOf<ExprKind::kVectorBracket> {
  std::vector<ExprRef> elements;
};

/// (e1, e2): always a tuple. A parenthesised single expression is no node; (e1,) and () are.
struct Tuple final : ExprOf<ExprKind::kTuple> {
  std::vector<ExprRef> elements;
};

/// {"a": 1, b: 2}: an ordered dictionary; bare names are text keys.
struct DictionaryLiteral final : ExprOf<ExprKind::kDictionary> {
  std::vector<std::pair<ExprRef, ExprRef>> entries;
};

struct Unary final : ExprOf<ExprKind::kUnary> {
  UnaryOperator op = UnaryOperator::kNegate;
  ExprRef operand;
};

struct Binary final : ExprOf<ExprKind::kBinary> {
  BinaryOperator op = BinaryOperator::kAdd;
  ExprRef left;
  ExprRef right;
};

/// a < b <= c: each operand is evaluated once. operands.size() == operators.size() + 1 >= 3.
struct ComparisonChain final : ExprOf<ExprKind::kComparisonChain> {
  std::vector<ExprRef> operands;
  std::vector<BinaryOperator> operators;
};

/// condition ? yes : no
struct Conditional final : ExprOf<ExprKind::kConditional> {
  ExprRef condition;
  ExprRef yes;
  ExprRef no;
};

/// a:b. Open ends (null) occur only inside an index.
struct PairLiteral final : ExprOf<ExprKind::kPair> {
  ExprRef from;
  ExprRef to;
};

/// x[i], x[i, j], x[, j]: empty places are null.
struct Index final : ExprOf<ExprKind::kIndex> {
  ExprRef object;
  std::vector<ExprRef> positions;
};

/// x.y without a call; in a query also alias.column.
struct Member final : ExprOf<ExprKind::kMember> {
  ExprRef object;
  std::string name;
};

/// Null value: an empty place, "use the default". Named ones come last.
struct Argument {
  std::string name;
  ExprRef value;
};

/// f(a, b), also written `f a` and `a f b`.
struct Call final : ExprOf<ExprKind::kCall> {
  ExprRef function;
  std::vector<Argument> arguments;
  mutable std::atomic<const void*> builtin{nullptr};  // exec: the built-in of that name, once looked up
};

/// a.f(b) = f(a, b); `function` is a Name, a Partial (obj.f{p}(q)), or a lambda.
struct MethodCall final : ExprOf<ExprKind::kMethodCall> {
  ExprRef object;
  ExprRef function;
  std::vector<Argument> arguments;
};

/// f{a, , b}: null values are holes.
struct Partial final : ExprOf<ExprKind::kPartial> {
  ExprRef function;
  std::vector<Argument> arguments;
};

/// f:E, +:L:R, f:EU: `signs` holds one text per stacked sign, first the split letter, then the assembly letter if any.
struct Template final : ExprOf<ExprKind::kTemplate> {
  ExprRef function;
  std::vector<std::string> signs;
};

struct FunctionDefinition;

/// A lambda or nested anonymous def as a value.
struct FunctionLiteral final : ExprOf<ExprKind::kFunction> {
  std::shared_ptr<const FunctionDefinition> definition;
};

/// A local of the surrounding function copied into a closure or CODE when that is created.
struct Capture {
  std::string name;
  int outer_slot = -1;
  int slot = -1;
};

/// < expression > or <[a, b]>. Its names use the slots of the function it stands in; captures tell which.
struct Code final : ExprOf<ExprKind::kCode> {
  std::vector<ExprRef> bodies;
  bool is_list = false;
  std::vector<Capture> captures;
};

/// expr as name, expr as `a`b. In select lists, table(…) calls and share.
struct Alias final : ExprOf<ExprKind::kAlias> {
  ExprRef value;
  std::vector<std::string> names;
  ExprRef macro;  // a MacroName instead of names, or null
};

/// * in select lists and count(*).
struct Star final : ExprOf<ExprKind::kStar> {};

/// col1...colN
struct ColumnRange final : ExprOf<ExprKind::kColumnRange> {
  std::string prefix;
  int from = 0;
  int to = 0;
};

/// case [when c then v]… [else v] end
struct Case final : ExprOf<ExprKind::kCase> {
  std::vector<std::pair<ExprRef, ExprRef>> branches;
  ExprRef otherwise;  // null: null
};

/// A value put into a tree at run time; only exec knows its type. `printed` is script text for it.
struct Held final : ExprOf<ExprKind::kHeld> {
  std::shared_ptr<const void> value;
  std::string printed;
};

/// The constant DFLT.
struct DefaultPlace final : ExprOf<ExprKind::kDefault> {};

}  // namespace pelorus::syntax
