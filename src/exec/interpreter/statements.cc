// Statements and assignment.

#include <algorithm>
#include <cstdio>
#include <map>

#include "data/shared_table.h"
#include "data/table_transaction.h"
#include "exec/catalog_names.h"
#include "exec/interpreter/fast_scalars.h"
#include "exec/interpreter/frame.h"
#include "exec/interpreter/index_value.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::Scalar;
using data::Type;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::StatementKind;

namespace {

void refuse_nested_transaction(SourcePlace place) {
  if (data::TableTransaction::current() != nullptr)
    throw ScriptError("A transaction block can't stand inside another.", place);
}

/// Of the transaction block the statement stands in; without one there is nothing to do.
void commit(SourcePlace place) {
  auto* const transaction = data::TableTransaction::current();
  if (transaction == nullptr) return;
  if (const auto done = transaction->commit(); !done.ok()) throw ScriptError(done.error().message, place);
}

void roll_back(SourcePlace place) {
  auto* const transaction = data::TableTransaction::current();
  if (transaction == nullptr || !transaction->has_parts())
    throw ScriptError("rollback undoes changes of IMOLTP tables in a transaction block; there are none.", place);
  transaction->roll_back();
}

}  // namespace

Interpreter::Flow Interpreter::exec(const syntax::Statement& statement) {
  check_stack("block");
  switch (statement.kind) {
    case StatementKind::kExpression:
      if (frame_ == nullptr) {
        last_value_.reset();
        last_value_ = eval(*as<syntax::ExpressionStatement>(statement)->value);
      } else {
        eval(*as<syntax::ExpressionStatement>(statement)->value);
      }
      return Flow::kNext;
    case StatementKind::kAssign: exec_assign(*as<syntax::Assign>(statement)); break;
    case StatementKind::kDefine: exec_define(*as<syntax::Define>(statement)); break;
    case StatementKind::kDefineClass: exec_define_class(*as<syntax::DefineClass>(statement)); break;
    case StatementKind::kBlock: return exec_block(*as<syntax::Block>(statement));
    case StatementKind::kIf: {
      const auto& node = *as<syntax::If>(statement);
      if (condition(*node.condition)) return exec(*node.then);
      return node.otherwise ? exec(*node.otherwise) : Flow::kNext;
    }
    case StatementKind::kFor: return exec_for(*as<syntax::For>(statement));
    case StatementKind::kWhile: {
      const auto& node = *as<syntax::While>(statement);
      for (bool leave = false; !leave && condition(*node.condition);) {
        if (exec_loop_body(*node.body, &leave) == Flow::kReturn) return Flow::kReturn;
      }
      break;
    }
    case StatementKind::kDoWhile: {
      const auto& node = *as<syntax::DoWhile>(statement);
      bool leave = false;
      do {
        if (exec_loop_body(*node.body, &leave) == Flow::kReturn) return Flow::kReturn;
      } while (!leave && condition(*node.condition));
      break;
    }
    case StatementKind::kBreak: return Flow::kBreak;
    case StatementKind::kContinue: return Flow::kContinue;
    case StatementKind::kReturn: {
      const auto& node = *as<syntax::Return>(statement);
      return_value_ = node.value ? eval(*node.value) : Value::null();
      if (frame_ == nullptr) last_value_ = return_value_;
      return Flow::kReturn;
    }
    case StatementKind::kTry: return exec_try(*as<syntax::Try>(statement));
    case StatementKind::kThrow: {
      const Value value = eval(*as<syntax::Throw>(statement)->value);
      throw ThrownError(value.is_text() ? value.text() : to_script(value), statement.place);
    }
    case StatementKind::kAssert: exec_assert(*as<syntax::Assert>(statement)); break;
    case StatementKind::kTimer: exec_timer(*as<syntax::Timer>(statement)); break;
    case StatementKind::kShare: exec_share(*as<syntax::Share>(statement)); break;
    case StatementKind::kUse: exec_use(*as<syntax::Use>(statement)); break;
    case StatementKind::kTransaction: {
      refuse_nested_transaction(statement.place);
      data::TableTransaction transaction;
      const Flow flow = exec(*as<syntax::Transaction>(statement)->body);
      commit(statement.place);
      return flow;
    }
    case StatementKind::kRollback: roll_back(statement.place); break;
    case StatementKind::kCommit: commit(statement.place); break;
    case StatementKind::kGo:
    case StatementKind::kModule: break;
  }
  if (frame_ == nullptr) last_value_.reset();
  return Flow::kNext;
}

Interpreter::Flow Interpreter::exec_block(const syntax::Block& block) {
  for (const auto& statement : block.statements) {
    const Flow flow = exec(*statement);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

/// One turn; *leave after `break`.
Interpreter::Flow Interpreter::exec_loop_body(const syntax::Statement& body, bool* leave) {
  check_cancelled();
  const Flow flow = exec(body);
  if (flow == Flow::kBreak) *leave = true;
  return flow == Flow::kReturn ? Flow::kReturn : Flow::kNext;
}

Interpreter::Flow Interpreter::exec_for(const syntax::For& node) {
  const Value source = eval(*node.source);
  const auto& variable = *as<syntax::Name>(node.variable);
  bool leave = false;
  Flow flow = Flow::kNext;
  const auto turn = [&](Value value) {
    assign_name(variable, std::move(value));
    flow = exec_loop_body(*node.body, &leave);
    return !leave && flow != Flow::kReturn;
  };
  if (source.is_vector() || source.is_set() || source.is_dictionary()) {
    const data::Vector& elements = source.is_vector() ? source.vector()
                                   : source.is_set()  ? source.set().elements()
                                                      : source.dictionary().keys();
    for (size_t i = 0; i < elements.size() && turn(elements.at(i)); ++i) {
    }
  } else if (source.is_pair()) {
    const int64_t from = source.pair().elements.scalar_at(0).as_int64();
    const int64_t to = source.pair().elements.scalar_at(1).as_int64();
    const Type type = source.pair().elements.type();
    const auto value = [&](int64_t i) {
      return type == Type::kLong ? Value::of_long(i) : Value::of_int(static_cast<int32_t>(i));
    };
    if (from <= to) {
      for (int64_t i = from; i < to && turn(value(i)); ++i) {
      }
    } else {
      for (int64_t i = from - 1; i >= to && turn(value(i)); --i) {
      }
    }
  } else if (source.is_matrix()) {
    for (size_t c = 0; c < source.matrix().columns && turn(source.matrix().column(c)); ++c) {
    }
  } else if (source.is_table()) {
    const size_t rows = data::size_of(source);
    const Value all = data::Pair{data::Vector::nulls(Type::kInt, 2)};
    const Value table = source.is_table_object() ? index_value(source, std::span(&all, 1)) : source;  // one snapshot
    for (size_t r = 0; r < rows; ++r) {
      const Value row = Value::of_long(static_cast<int64_t>(r));
      if (!turn(index_value(table, std::span(&row, 1)))) break;
    }
  } else {
    turn(source);
  }
  return flow == Flow::kReturn ? Flow::kReturn : Flow::kNext;
}

Interpreter::Flow Interpreter::exec_try(const syntax::Try& node) {
  std::string caught;
  try {
    return exec(*node.body);
  } catch (const ThrownError& error) {
    caught = "\"USER\" : \"" + error.message() + "\"";
  } catch (const ScriptError& error) {
    if (session_.cancellation.cancelled()) throw;
    caught = "\"SYSTEM_Operator\" : \"" + error.message() + "\"";
  }
  assign_name(*as<syntax::Name>(node.variable), Value::of_string(std::move(caught)));
  return exec(*node.handler);
}

void Interpreter::exec_define(const syntax::Define& node) {
  const auto& definition = *node.definition;
  const bool is_declaration = definition.body == nullptr && definition.expression == nullptr && !definition.is_mapr;
  if (is_declaration && session_.find_definition(definition.name) != nullptr) return;
  Value function = make_function(node.definition);
  if (node.slot >= 0 && frame_ != nullptr) {
    frame_->slots[static_cast<size_t>(node.slot)].get() = std::move(function);
    return;
  }
  session_.define(definition.name, function.function());
}

void Interpreter::exec_define_class(const syntax::DefineClass& node) {
  const auto& definition = *node.definition;
  std::shared_ptr<const ClassFunction> base;
  if (!definition.base.empty() && definition.base != syntax::kMonitorClass) {
    base = std::dynamic_pointer_cast<const ClassFunction>(session_.find_definition(definition.base));
    if (base == nullptr) throw ScriptError("There is no class " + definition.base + " to extend.", node.place);
  }
  session_.define(definition.name, std::make_shared<ClassFunction>(node.definition, std::move(base)));
}

void Interpreter::exec_timer(const syntax::Timer& node) {
  int64_t count = 1;
  if (node.count) {
    const Value value = eval(*node.count);
    if (!value.is_scalar() || !types::is_integral(value.type()) || value.is_null()) {
      throw ScriptError("The number of turns of 'timer' must be an integer.", node.place);
    }
    count = value.scalar().as_int64();
  }
  const auto start = surroundings_.clock.now();
  for (int64_t i = 0; i < count; ++i) {
    check_cancelled();
    exec(*node.body);
  }
  const std::chrono::duration<double, std::milli> elapsed = surroundings_.clock.now() - start;
  char text[64];
  std::snprintf(text, sizeof text, "Time elapsed: %.3f ms", elapsed.count());
  print(text);
}

void Interpreter::exec_share(const syntax::Share& node) {
  Value value = eval(*node.value);
  if (value.is_plain_table()) value = data::TableRef(std::make_shared<data::SharedTable>(value.table()));
  if (session_.find(node.name) != nullptr && as<syntax::Name>(node.value) == nullptr) {
    throw ScriptError("The shared name [" + node.name + "] collides with a variable of the session.", node.place);
  }
  shared_.put(node.name, value);
  if (Value* place = place_of(*node.value)) *place = value;
}

void Interpreter::exec_assert(const syntax::Assert& node) {
  Value name;
  if (node.name) name = eval(*node.name);
  if (condition(*node.condition)) return;
  const std::string label =
      node.name ? (name.is_text() ? name.text() : to_script(name)) : syntax::print(*node.condition);
  throw ScriptError("assert failed: " + label, node.place);
}

namespace {

/// By `use` statements that run on this thread now, outermost first: modules may use one another.
thread_local std::vector<std::string> modules_being_used;

}  // namespace

/// Runs the module's definitions under their path and under their plain names.
void Interpreter::exec_use(const syntax::Use& node) {
  if (node.is_catalog) {
    set_current_catalog(*this, node.path);
    return;
  }
  if (node.path.empty() || !surroundings_.read_module) throw ScriptError("Can't find module " + node.path, node.place);
  auto& open = modules_being_used;
  if (std::find(open.begin(), open.end(), node.path) != open.end()) return;
  const auto text = surroundings_.read_module(node.path);
  if (!text) throw ScriptError("Can't find module " + node.path, node.place);
  std::map<std::string, data::FunctionRef> before;
  for (const auto& name : session_.definition_names()) before.emplace(name, session_.find_definition(name));
  const auto kept = last_value_;
  open.push_back(node.path);
  try {
    run(*text);
  } catch (ScriptError& error) {
    open.pop_back();
    throw ScriptError("module " + node.path + ": " + error.message());
  }
  open.pop_back();
  last_value_ = kept;
  for (const auto& name : session_.definition_names()) {
    auto function = session_.find_definition(name);
    const auto found = before.find(name);
    if (name.find("::") != std::string::npos || (found != before.end() && found->second == function)) continue;
    session_.define(node.path + "::" + name, std::move(function));
  }
}

// ------------------------------------------------------------------ assignment

Value* Interpreter::place_of(const Expr& expr) {
  const auto* name = as<syntax::Name>(expr);
  if (name == nullptr || name->self_slot >= 0) return nullptr;
  if (name->slot >= 0 && frame_ != nullptr) {
    if (static_cast<size_t>(name->slot) >= frame_->size) return nullptr;
    return &frame_->slots[static_cast<size_t>(name->slot)].get();
  }
  if (is_local_evaluation()) return nullptr;
  return session_.find(name->name);
}

Value* Interpreter::find_variable(const syntax::Name& name) {
  if (Value* place = place_of(name)) return place;
  return find_variable(std::string_view(name.name));
}

void Interpreter::assign_name(const syntax::Name& name, Value value) {
  if (name.slot >= 0 && frame_ != nullptr) {
    frame_->slots[static_cast<size_t>(name.slot)].get() = std::move(value);
    return;
  }
  if (is_local_evaluation())
    throw ScriptError("The variable [" + name.name + "] can't be assigned to here.", name.place);
  session_.set(name.name, std::move(value));
}

void Interpreter::assign_reference(const syntax::Name& name, const Expr& source) {
  const auto* other = as<syntax::Name>(source);
  if (other == nullptr) return assign_name(name, eval(source));
  if (name.slot >= 0 && frame_ != nullptr) {
    if (Value* place = place_of(source)) {
      if (place != &frame_->slots[static_cast<size_t>(name.slot)].value) {
        frame_->slots[static_cast<size_t>(name.slot)].alias = place;
      }
      return;
    }
  } else if (session_.bind(name.name, other->name)) {
    return;
  }
  assign_name(name, eval(source));
}

/// x[i].y[j] = v: reads down to the innermost container, writes back up.
void Interpreter::assign_target(const Expr& target, Value value) {
  if (const auto* name = as<syntax::Name>(target)) return assign_name(*name, std::move(value));
  const Expr* object = nullptr;
  std::vector<Value> positions;
  if (const auto* index = as<syntax::Index>(target)) {
    object = index->object.get();
    for (const auto& position : index->positions) positions.push_back(position ? eval(*position) : Value::missing());
  } else if (const auto* member = as<syntax::Member>(target)) {
    object = member->object.get();
    positions.push_back(Value::of_string(member->name));
  } else {
    throw ScriptError("The left side of an assignment must be a variable.", target.place);
  }
  if (Value* place = place_of(*object)) {
    for (auto& position : positions) {
      if (!position.is_code()) continue;
      const Value condition_code = position;  // t[`v, <id = 3>]
      position = rows_where(*place, *condition_code.code());
    }
    place = place_of(*object);
    return assign_index(*place, positions, value);
  }
  if (object->kind == ExprKind::kName) {
    Value shared = eval(*object);
    for (auto& position : positions) {
      if (position.is_code()) position = rows_where(shared, *position.code());
    }
    return assign_index(shared, positions, value);
  }
  if (const auto field = field_place(*object)) {
    Value held = field->object->take(field->name);
    try {
      assign_index(held, positions, value);
    } catch (...) {
      (void)field->object->set(field->name, std::move(held));
      throw;
    }
    (void)field->object->set(field->name, std::move(held));
    return;
  }
  Value container = eval(*object);
  assign_index(container, positions, value);
  assign_target(*object, std::move(container));
}

void Interpreter::assign_compound(const syntax::Assign& node) {
  const Expr& target = *node.targets[0];
  Value temporary;
  if (target.kind == ExprKind::kName) {
    Value* place = place_of(target);
    if (PlainScalar left, right; place != nullptr && place->is_scalar() && plain_of(place->scalar(), &left) &&
                                 Frame::eval_plain(*this, *node.value, &right) &&
                                 fast_binary(node.op, left, right, &left)) {
      *place = scalar_of(left);
      return;
    }
    Value right_value;
    const Value& right = eval_reference(*node.value, &right_value);
    place = place_of(target);
    if (place == nullptr) throw ScriptError("Cannot recognize the token " + as<syntax::Name>(target)->name, node.place);
    Value result = apply_binary(node.op, *place, right);
    if (Value* again = place_of(target)) *again = std::move(result);
    return;
  }
  const Value right = eval(*node.value);
  const Value left = eval(target);
  assign_target(target, apply_binary(node.op, left, right));
}

void Interpreter::exec_assign(const syntax::Assign& node) {
  try {
    if (node.compound) return assign_compound(node);
    if (node.by_reference) {
      const auto* name = as<syntax::Name>(node.targets[0]);
      if (name == nullptr || node.targets.size() > 1)
        throw ScriptError("'&' needs one variable before '='.", node.place);
      return assign_reference(*name, *node.value);
    }
    Value value = eval(*node.value);
    if (value.is_missing()) value = Value::null();
    if (node.targets.size() == 1) return assign_target(*node.targets[0], std::move(value));
    assign_several(node, value);
  } catch (ScriptError& error) {
    error.set_place_if_unknown(node.place);
    throw;
  }
}

/// x, y = e: elements of tuples and vectors, columns of matrices, rows of tables; a scalar goes to all.
void Interpreter::assign_several(const syntax::Assign& node, const Value& value) {
  const size_t count = node.targets.size();
  const size_t parts = value.is_matrix()                       ? value.matrix().columns
                       : value.is_pair()                       ? 2
                       : value.is_vector() || value.is_table() ? data::size_of(value)
                                                               : count;
  if (parts != count) {
    throw ScriptError("The number of variables (" + std::to_string(count) + ") doesn't match the number of values (" +
                      std::to_string(parts) + ").");
  }
  const bool is_spread = value.is_matrix() || value.is_pair() || value.is_vector() || value.is_table();
  for (size_t i = 0; i < count; ++i) {
    const Value position = Value::of_long(static_cast<int64_t>(i));
    const bool is_array = value.is_vector() && value.vector().is_array();
    Value part = !is_spread ? value : is_array ? value.vector().at(i) : index_value(value, std::span(&position, 1));
    assign_target(*node.targets[i], std::move(part));
  }
}

}  // namespace pelorus::exec
