// Functions that build CODE.

#include <algorithm>
#include <cctype>

#include "base/script_error.h"
#include "exec/language_functions.h"
#include "exec/operators/column_names.h"
#include "exec/user_function.h"
#include "functions/declare.h"
#include "functions/parts.h"
#include "plan/walk.h"
#include "syntax/sql.h"

namespace pelorus::exec {
namespace {

using data::Type;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;
using syntax::ExprRef;

constexpr std::string_view kFamily = "metaprogramming";

/// Collects the locals that the parts of a new CODE carry.
class CodeBuilder {
 public:
  /// The tree of a CODE, or any other value held as it is.
  ExprRef part(const Value& value) {
    if (!value.is_code()) {
      if (value.is_scalar()) {
        auto literal = std::make_shared<syntax::Literal>();
        literal->value = value.scalar();
        return literal;
      }
      return HeldValue::node(value);
    }
    const auto* code = dynamic_cast<const CodeValue*>(value.code().get());
    if (code == nullptr) throw ScriptError("This code can't be combined.");
    for (const auto& captured : code->captured()) keep(captured);
    return code->body();
  }
  /// One CODE, a tuple of them, or nothing for void.
  std::vector<ExprRef> parts(const Value& value) {
    std::vector<ExprRef> result;
    if (value.is_void()) return result;
    for (const auto& item : value.is_tuple() ? functions::parts_or_self(value) : std::vector<Value>{value})
      result.push_back(part(item));
    return result;
  }
  Value finish(ExprRef body) {
    return data::CodeRef(std::make_shared<CodeValue>(std::move(body), std::move(captured_)));
  }

 private:
  void keep(const CodeValue::Captured& captured) {
    for (const auto& other : captured_) {
      if (other.slot != captured.slot) continue;
      if (other.name != captured.name)
        throw ScriptError("Code of different functions that mentions their variables can't be combined.");
      return;
    }
    captured_.push_back(captured);
  }

  std::vector<CodeValue::Captured> captured_;
};

ExprRef column(const std::string& name) {
  if (name == "*") return std::make_shared<syntax::Star>();
  auto node = std::make_shared<syntax::Name>();
  node->name = name;
  node->in_query = true;
  return node;
}

ExprRef function_node(const Value& function) {
  if (!function.is_function())
    throw ScriptError("A function is needed to build a call, not " + function.type_text() + ".");
  const auto& object = *function.function();
  if (object.kind() == data::FunctionObject::Kind::kSystem || object.kind() == data::FunctionObject::Kind::kProcedure) {
    auto name = std::make_shared<syntax::Name>();
    name->name = object.print();
    return name;
  }
  if (const auto* user = dynamic_cast<const UserFunction*>(&object);
      user != nullptr && !user->definition().name.empty()) {
    auto name = std::make_shared<syntax::Name>();
    name->name = user->definition().name;
    return name;
  }
  return HeldValue::node(function);
}

/// Operators print and prune as operators when they are built from their functions.
ExprRef call_node(const Value& function, std::vector<ExprRef> arguments) {
  const std::string name = function.is_function() ? function.function()->print() : "";
  if (const auto* row = syntax::find_operator_function(name);
      row != nullptr && arguments.size() == 2 && row->op != syntax::BinaryOperator::kEachAt) {
    auto node = std::make_shared<syntax::Binary>();
    node->op = row->op;
    node->left = std::move(arguments[0]);
    node->right = std::move(arguments[1]);
    return node;
  }
  if (arguments.size() == 1 && (name == "neg" || name == "not")) {
    auto node = std::make_shared<syntax::Unary>();
    node->op = name == "neg" ? syntax::UnaryOperator::kNegate : syntax::UnaryOperator::kNot;
    node->operand = std::move(arguments[0]);
    return node;
  }
  auto node = std::make_shared<syntax::Call>();
  node->function = function_node(function);
  for (auto& argument : arguments) node->arguments.push_back({"", std::move(argument)});
  return node;
}

/// expr(a, +, b, *, c): operators of the same level associate left to right, tighter ones first.
Value expr(CallContext&, std::span<Value> values) {
  CodeBuilder builder;
  std::vector<ExprRef> operands;
  std::vector<const syntax::OperatorRow*> pending;
  const auto reduce = [&] {
    auto node = std::make_shared<syntax::Binary>();
    node->op = pending.back()->op;
    pending.pop_back();
    node->right = std::move(operands.back());
    operands.pop_back();
    node->left = std::move(operands.back());
    operands.back() = std::move(node);
  };
  bool wants_operand = true;
  std::vector<Value> prefix;
  for (const auto& value : values) {
    const auto* row = value.is_function() ? syntax::find_operator_function(value.function()->print()) : nullptr;
    if (wants_operand && value.is_function()) {
      prefix.push_back(value);
      continue;
    }
    if (wants_operand) {
      ExprRef operand = builder.part(value);
      for (; !prefix.empty(); prefix.pop_back()) operand = call_node(prefix.back(), {operand});
      operands.push_back(std::move(operand));
      wants_operand = false;
      continue;
    }
    if (row == nullptr) throw ScriptError("Usage: expr(X...). Operands and operators must alternate.");
    while (!pending.empty() && pending.back()->level >= row->level) reduce();
    pending.push_back(row);
    wants_operand = true;
  }
  if (wants_operand) throw ScriptError("Usage: expr(X...). An operand is missing at the end.");
  while (!pending.empty()) reduce();
  return builder.finish(operands[0]);
}

Value binary_expr(CallContext&, std::span<Value> values) {
  CodeBuilder builder;
  ExprRef left = builder.part(values[0]);
  ExprRef right = builder.part(values[1]);
  return builder.finish(call_node(values[2], {std::move(left), std::move(right)}));
}

/// unifiedExpr((a, b, c), (+, *)): as expr with the operators between the operands.
Value unified_expr(CallContext& context, std::span<Value> values) {
  const auto operands = functions::parts_or_self(values[0]);
  const auto operators = functions::parts_or_self(values[1]);
  if (operands.size() != operators.size() + 1) {
    throw ScriptError("Usage: unifiedExpr(objs, operators). One operator fewer than operands is needed.");
  }
  std::vector<Value> all;
  for (size_t i = 0; i < operands.size(); ++i) {
    all.push_back(operands[i]);
    if (i < operators.size()) all.push_back(operators[i]);
  }
  return expr(context, all);
}

Value make_call(CallContext&, std::span<Value> values) {
  CodeBuilder builder;
  std::vector<ExprRef> arguments;
  for (const auto& value : values.subspan(1)) arguments.push_back(builder.part(value));
  return builder.finish(call_node(values[0], std::move(arguments)));
}

Value make_unified_call(CallContext&, std::span<Value> values) {
  CodeBuilder builder;
  std::vector<ExprRef> arguments;
  if (values[1].is_code()) {
    arguments.push_back(builder.part(values[1]));
  } else {
    for (const auto& value : functions::parts_or_self(values[1])) arguments.push_back(builder.part(value));
  }
  return builder.finish(call_node(values[0], std::move(arguments)));
}

ExprRef with_alias(ExprRef value, std::vector<std::string> names) {
  if (names.empty() || (names.size() == 1 && names[0].empty())) return value;
  auto alias = std::make_shared<syntax::Alias>();
  alias->value = std::move(value);
  alias->names = std::move(names);
  return alias;
}

/// sqlCol(names, [func], [alias]): one CODE per name.
Value sql_column(CallContext&, std::span<Value> values) {
  const Arguments arguments("sqlCol", values);
  const auto names = arguments.texts(0, "colName");
  const bool has_function = arguments.has(1) && !values[1].is_void();
  const auto aliases =
      arguments.has(2) && !values[2].is_void() ? arguments.texts(2, "alias") : std::vector<std::string>();
  const auto qualifier = arguments.has(3) && !values[3].is_void() ? arguments.text(3, "qualifier") : std::string();
  std::vector<Value> codes;
  for (size_t i = 0; i < names.size(); ++i) {
    ExprRef node = column(names[i]);
    if (!qualifier.empty()) {
      auto member = std::make_shared<syntax::Member>();
      member->object = column(qualifier);
      member->name = names[i];
      node = std::move(member);
    }
    if (has_function) node = call_node(values[1], {std::move(node)});
    const bool has_alias = i < aliases.size();
    codes.push_back(CodeBuilder().finish(
        with_alias(std::move(node), has_alias ? std::vector{aliases[i]} : std::vector<std::string>())));
  }
  if (values[0].is_scalar()) return std::move(codes[0]);
  return Vector::tuple(std::move(codes));
}

Value sql_column_alias(CallContext&, std::span<Value> values) {
  const Arguments arguments("sqlColAlias", values);
  CodeBuilder builder;
  ExprRef part = builder.part(values[0]);
  auto names = arguments.has(1) ? arguments.texts(1, "colNames") : std::vector<std::string>();
  if (names.empty() && syntax::as<syntax::Name>(part) == nullptr) names.push_back(automatic_name(*part, nullptr));
  return builder.finish(with_alias(std::move(part), std::move(names)));
}

Value sql_tuple(CallContext&, std::span<Value> values) {
  auto node = std::make_shared<syntax::Tuple>();
  for (const auto& name : Arguments("sqlTuple", values).texts(0, "colNames")) node->elements.push_back(column(name));
  return CodeBuilder().finish(std::move(node));
}

/// `name`: of the variable that held the table; it is what the code shows.
syntax::SourceRef source_of(CodeBuilder* builder, const Value& from, const std::string& name = {}) {
  auto source = std::make_shared<syntax::Source>();
  source->table = from.is_text() ? column(from.text()) : builder->part(from);
  if (const auto* held = syntax::as<syntax::Held>(source->table); held != nullptr && from.is_table() && !name.empty()) {
    auto named = std::make_shared<syntax::Held>(*held);
    named->printed = name;
    source->table = std::move(named);
  }
  return source;
}

std::vector<syntax::OrderKey> order_keys(CodeBuilder* builder, const Value& keys, const Value& ascending) {
  std::vector<syntax::OrderKey> result;
  size_t i = 0;
  for (auto& key : builder->parts(keys)) {
    Value flag = ascending;
    if (ascending.is_vector()) flag = i < ascending.vector().size() ? ascending.vector().at(i) : Value::of_bool(true);
    const bool descending = flag.is_scalar() && !flag.is_null() && flag.scalar().as_double() == 0;
    result.push_back({std::move(key), descending, std::nullopt});
    ++i;
  }
  return result;
}

/// cgroupBy: columns of their own, or true where the last grouping column is the one to run along.
void set_cumulative(CodeBuilder* builder, const Value& keys, syntax::Query* query) {
  const bool is_flag = keys.is_scalar() && !keys.is_code();
  if (!is_flag) {
    query->cumulative_keys = builder->parts(keys);
    return;
  }
  if (keys.is_null() || keys.scalar().as_double() == 0 || query->keys.empty()) return;
  query->cumulative_keys.push_back(std::move(query->keys.back()));
  query->keys.pop_back();
  if (query->keys.empty()) query->grouping = syntax::Grouping::kNone;
}

/// Rows wanted: a constant prints as top, anything else as limit.
void set_limit(CodeBuilder* builder, const Value& limit, syntax::Query* query) {
  if (limit.is_void()) return;
  if (limit.is_vector() && limit.vector().size() == 2) {
    query->offset = builder->part(limit.vector().at(0));
    query->limit = builder->part(limit.vector().at(1));
    return;
  }
  const bool is_constant = limit.is_scalar() && types::is_integral(limit.type()) && limit.scalar().as_int64() >= 0;
  (is_constant ? query->top : query->limit) = builder->part(limit);
}

/// sql(select, from, where, groupBy, groupFlag, csort, ascSort, having, orderBy, ascOrder, limit, hint, exec, map,
/// cgroupBy).
Value sql(CallContext& context, std::span<Value> values) {
  const Arguments arguments("sql", values);
  const auto names = context.argument_names();
  const auto given = [&](size_t i) { return arguments.has(i) ? values[i] : Value::null(); };
  CodeBuilder builder;
  auto query = std::make_shared<syntax::Query>();
  query->items = builder.parts(values[0]);
  query->from = source_of(&builder, values[1], names.size() > 1 ? names[1] : "");
  query->where = builder.parts(given(2));
  query->keys = builder.parts(given(3));
  const int64_t flag = arguments.integer_or(4, "groupFlag", 1);
  if (!query->keys.empty()) {
    query->grouping = flag == 0   ? syntax::Grouping::kContextBy
                      : flag == 1 ? syntax::Grouping::kGroupBy
                                  : syntax::Grouping::kPivotBy;
  }
  query->csort = order_keys(&builder, given(5), given(6));
  if (auto having = builder.parts(given(7)); !having.empty()) query->having = std::move(having[0]);
  query->order = order_keys(&builder, given(8), given(9));
  set_limit(&builder, given(10), query.get());
  query->hints = given(11).is_void() ? 0 : static_cast<int>(arguments.integer(11, "hint"));
  query->is_exec = arguments.flag_or(12, "exec", false);
  query->map = arguments.flag_or(13, "map", false);
  set_cumulative(&builder, given(14), query.get());
  return builder.finish(std::move(query));
}

/// A plain table is a value: to change it the code must name its variable.
ExprRef changed_table(CallContext& context, CodeBuilder* builder, const Value& table) {
  if (table.is_text()) return column(table.text());
  const auto names = context.argument_names();
  if (table.is_plain_table() && !names.empty() && !names[0].empty()) return column(names[0]);
  return builder->part(table);
}

/// sqlUpdate(table, updates, [from], [where], [contextBy], [csort], [ascSort], [having]).
Value sql_update(CallContext& context, std::span<Value> values) {
  const Arguments arguments("sqlUpdate", values);
  const auto given = [&](size_t i) { return arguments.has(i) ? values[i] : Value::null(); };
  CodeBuilder builder;
  auto update = std::make_shared<syntax::Update>();
  update->table = changed_table(context, &builder, values[0]);
  for (const auto& item : builder.parts(values[1])) {
    const auto* alias = syntax::as<syntax::Alias>(item);
    if (alias == nullptr || alias->names.size() != 1) {
      throw ScriptError("Usage: sqlUpdate(table, updates). Each update must be named: <expression as column>.");
    }
    update->items.push_back({alias->names[0], alias->value});
  }
  if (!given(2).is_void()) update->from = source_of(&builder, given(2));
  update->where = builder.parts(given(3));
  update->context = builder.parts(given(4));
  update->csort = order_keys(&builder, given(5), given(6));
  if (auto having = builder.parts(given(7)); !having.empty()) update->having = std::move(having[0]);
  return builder.finish(std::move(update));
}

/// sqlDelete(table, [where], [from]).
Value sql_delete(CallContext& context, std::span<Value> values) {
  const Arguments arguments("sqlDelete", values);
  const auto given = [&](size_t i) { return arguments.has(i) ? values[i] : Value::null(); };
  CodeBuilder builder;
  auto statement = std::make_shared<syntax::Delete>();
  statement->table = changed_table(context, &builder, values[0]);
  statement->where = builder.parts(given(1));
  if (!given(2).is_void()) statement->from = source_of(&builder, given(2));
  return builder.finish(std::move(statement));
}

/// Takes the place of variables and operators in parsed text.
class Substitution {
 public:
  Substitution(const Value& variables, const Value& operators) : variables_(variables), operators_(operators) {}

  ExprRef apply(const ExprRef& expr) {
    return plan::rewrite(expr, [this](const ExprRef& node) { return replacement(node); });
  }

 private:
  ExprRef replacement(const ExprRef& node) {
    if (const auto* name = syntax::as<syntax::Name>(node); name != nullptr && !variables_.is_void()) {
      const auto key = types::Scalar::of_string(name->name);
      return variables_.dictionary().find(key) >= 0 ? builder_.part(variables_.dictionary().get(key)) : nullptr;
    }
    const auto* binary = syntax::as<syntax::Binary>(node);
    if (binary == nullptr || operators_.is_void()) return nullptr;
    const auto sign = types::Scalar::of_string(std::string(syntax::row_of(binary->op).symbol));
    if (operators_.dictionary().find(sign) < 0) return nullptr;
    auto call = std::make_shared<syntax::Call>();
    call->place = node->place;
    call->function = function_node(operators_.dictionary().get(sign));
    call->arguments = {{"", apply(binary->left)}, {"", apply(binary->right)}};
    return call;
  }

  const Value& variables_;
  const Value& operators_;
  CodeBuilder builder_;
};

void use_module(CallContext& context, const std::string& name) {
  const bool is_path = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ':';
  });
  if (!is_path) throw ScriptError("Usage: parseExpr(...). modules must hold names of modules, such as \"a::b\".");
  context.run_script("use " + name);
}

/// A dictionary with texts as keys, or void.
Value dictionary_or_void(const Arguments& a, size_t at, const char* name) {
  if (!a.has(at) || a[at].is_void()) return Value::null();
  if (!a[at].is_dictionary() || !types::is_literal(a[at].dictionary().keys().type()))
    a.refuse(name, "must be a dictionary with texts as keys.");
  return a[at];
}

/// parseExpr(X, [varDict], [modules], [overloadedOperators])
Value parse_expr(CallContext& context, std::span<Value> values) {
  const Arguments a("parseExpr", values);
  const Value variables = dictionary_or_void(a, 1, "varDict");
  const Value operators = dictionary_or_void(a, 3, "overloadedOperators");
  if (a.has(2) && !a[2].is_void()) {
    for (const auto& module : a.texts(2, "modules")) use_module(context, module);
  }
  const auto one = [&](const std::string& text) -> Value {
    if (variables.is_void() && operators.is_void()) return context.parse_expression(text);
    // Inside code no name needs to be known.
    const Value outer = context.parse_expression("<(" + text + "\n)>");
    const auto* parsed = dynamic_cast<const CodeValue*>(outer.code().get());
    const auto* code = parsed != nullptr ? syntax::as<syntax::Code>(parsed->body()) : nullptr;
    if (code == nullptr || code->bodies.size() != 1) a.refuse("X", "must hold one expression.");
    return data::CodeRef(std::make_shared<CodeValue>(Substitution(variables, operators).apply(code->bodies[0])));
  };
  if (a[0].is_scalar()) return one(a.text(0, "X"));
  std::vector<Value> codes;
  for (const auto& text : a.texts(0, "X")) codes.push_back(one(text));
  return Vector::tuple(std::move(codes));
}

}  // namespace

void register_metaprogramming(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"expr", "X...", expr, "Operands and operators as code.", "eval(expr(6, *, 7))", "42"});
  row({"binaryExpr", "X, Y, optr", binary_expr, "A binary operation as code.", "eval(binaryExpr(6, 7, mul))", "42"});
  row({"unifiedExpr", "objs, optrs", unified_expr, "Operands joined by operators as code.",
       "eval(unifiedExpr((1, 2, 3), (add, mul)))", "7"});
  row({"makeCall", "func, args...", make_call, "A call as code.", "eval(makeCall(add, 3, 4))", "7"});
  row({"makeUnifiedCall", "func, args", make_unified_call, "A call with a tuple of arguments as code.",
       "eval(makeUnifiedCall(add, (3, 4)))", "7"});
  row({"parseExpr", "X, [varDict], [modules], [overloadedOperators]", parse_expr,
       "Text as code. varDict gives values of variables, modules are used first, overloadedOperators gives functions "
       "for operators.",
       "parseExpr(\"a + b * c\", dict(`a`b`c, (1, 2, 3))).eval()", "7"});
  row({"sqlCol", "colName, [func], [alias], [qualifier]", sql_column, "Columns as code for select lists.",
       "typestr(sqlCol(`a))", "\"CODE\""});
  row({"sqlColAlias", "colDefs, [colNames]", sql_column_alias, "Code with a column name.",
       "typestr(sqlColAlias(<a + 1>, `b))", "\"CODE\""});
  row({"sqlTuple", "colNames", sql_tuple, "Columns as one tuple.", "typestr(sqlTuple(`a`b))", "\"CODE\""});
  row({"sql",
       "select, from, [where], [groupBy], [groupFlag=1], [csort], [ascSort], [having], [orderBy], [ascOrder], [limit], "
       "[hint], "
       "[exec=false], [map=false], [cgroupBy]",
       sql, "A query as code.",
       "t = table(1 2 3 as a, 4 5 6 as b)\nsql(select=sqlCol(`b), from=t, where=<a > 1>).eval()", "table{b:[5,6]}"});
  row({"sqlUpdate", "table, updates, [from], [where], [contextBy|contextby], [csort], [ascSort], [having]", sql_update,
       "An update as code.", "t = table(1 2 3 as a)\nsqlUpdate(t, <a * 10 as a>).eval()\nt", "table{a:[10,20,30]}"});
  row({"sqlDelete", "table, [where], [from]", sql_delete, "A delete as code.",
       "t = table(1 2 3 as a)\nsqlDelete(t, <a > 1>).eval()\nt", "table{a:[1]}"});
}

}  // namespace pelorus::exec
