// Calls of built-ins, script functions, partial applications and templates.

#include <algorithm>

#include "base/check.h"
#include "data/nothing.h"
#include "data/usable_handle.h"
#include "exec/interpreter/frame.h"
#include "exec/interpreter/index_value.h"
#include "functions/assemble.h"
#include "functions/methods.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::FunctionRef;
using functions::Builtin;
using syntax::Argument;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

namespace {

[[noreturn]] void wrong_count(const std::string& name, size_t least, size_t most, size_t actual) {
  std::string expected = std::to_string(least);
  if (most == SIZE_MAX) {
    expected = "at least " + expected;
  } else if (most != least) {
    expected += " to " + std::to_string(most);
  }
  throw ScriptError("The function [" + name + "] expects " + expected +
                    " argument(s), but the actual number of arguments is: " + std::to_string(actual));
}

std::string shown_name(const syntax::FunctionDefinition& definition) {
  return definition.name.empty() ? "lambda" : definition.name;
}

size_t parameter_index(const functions::Function& function, const std::string& name) {
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    if (function.parameters[i].is_called(name)) return i;
  }
  throw ScriptError("The function [" + function.name + "] has no parameter named " + name + ".");
}

size_t parameter_index(const syntax::FunctionDefinition& definition, const std::string& name) {
  for (size_t i = 0; i < definition.parameters.size(); ++i) {
    if (definition.parameters[i].name == name) return i;
  }
  throw ScriptError("The function [" + shown_name(definition) + "] has no parameter named " + name + ".");
}

/// Puts a named argument at its place.
void put_at(std::vector<Value>* values, size_t index, Value value) {
  while (values->size() <= index) values->push_back(Value::missing());
  (*values)[index] = std::move(value);
}

}  // namespace

// ------------------------------------------------------------------ finding what is called

std::optional<Value> Interpreter::find_named(std::string_view name, ViewSearch search) {
  if (FunctionRef own = session_.find_definition(name)) return Value(std::move(own));
  if (auto builtin = surroundings_.registry.find(name)) return Value(FunctionRef(std::move(builtin)));
  if (surroundings_.find_view) {
    if (FunctionRef view = surroundings_.find_view(name, search)) return Value(std::move(view));
  }
  return std::nullopt;
}

std::optional<Value> Interpreter::find_function(std::string_view name) { return find_named(name); }

Interpreter::Callee Interpreter::find_callee(const Expr& expr) {
  if (const auto* operation = as<syntax::FunctionName>(expr)) {
    auto function = find_named(operation->name, ViewSearch::kAskAgain);
    if (!function) throw ScriptError("Cannot recognize the token " + operation->name, expr.place);
    return {nullptr, *std::move(function)};
  }
  const auto* name = as<syntax::Name>(expr);
  if (name == nullptr) return {nullptr, eval(expr)};
  const Value* place = place_of(expr);
  if (place != nullptr && (place->is_function() || place->is_tuple())) return {nullptr, *place};
  if (session_.find_definition(name->name) == nullptr) {
    if (const auto builtin = surroundings_.registry.find(name->name)) return {builtin.get(), {}};
  }
  if (auto function = find_named(name->name)) return {nullptr, *std::move(function)};
  if (place != nullptr) return {nullptr, *place};
  if (auto function = find_named(name->name, ViewSearch::kAskAgain)) return {nullptr, *std::move(function)};
  throw ScriptError("Cannot recognize the token " + name->name, expr.place);
}

std::optional<FunctionRef> Interpreter::find_function(const Expr& callee, Scope* scope) {
  if (const auto* name = as<syntax::Name>(callee)) {
    const Value* place = place_of(callee);
    if (place != nullptr && place->is_function()) return place->function();
    if (auto function = find_named(name->name)) return function->function();
    return std::nullopt;
  }
  const bool may_be = callee.kind == ExprKind::kFunctionName || callee.kind == ExprKind::kPartial ||
                      callee.kind == ExprKind::kTemplate || callee.kind == ExprKind::kFunction;
  if (!may_be) return std::nullopt;
  const Value value = evaluate(callee, scope);
  if (!value.is_function()) return std::nullopt;
  return value.function();
}

// ------------------------------------------------------------------ calls in scripts

Value Interpreter::eval_call(const syntax::Call& node) {
  if (scope_ != nullptr) {
    if (auto value = computed(node)) return *std::move(value);
  }
  // A built-in's name can be hidden by variables only, and those only at the top level or in slots.
  const auto* name = as<syntax::Name>(node.function);
  const bool may_cache = name != nullptr && name->slot < 0 && is_local_evaluation();
  if (may_cache) {
    if (const void* cached = node.builtin.load(std::memory_order_acquire)) {
      return call_builtin(*static_cast<const Builtin*>(cached), node, nullptr, node.arguments);
    }
  }
  const Callee callee = find_callee(*node.function);
  if (may_cache && callee.builtin != nullptr) node.builtin.store(callee.builtin, std::memory_order_release);
  return call_with(callee, node, nullptr, node.arguments);
}

Value Interpreter::eval_method_call(const syntax::MethodCall& node) {
  if (scope_ != nullptr) {
    if (auto value = computed(node)) return *std::move(value);
  }
  if (const auto* name = as<syntax::Name>(node.function)) {
    if (session_.is_method(name->name) || functions::is_method_name(surroundings_.registry, name->name)) {
      if (auto result = call_method(node, name->name)) return *std::move(result);
    }
    // d.f(x) calls a function kept in a dictionary when no function has that name.
    const bool is_known = place_of(*node.function) != nullptr || find_named(name->name).has_value();
    if (!is_known) {
      const Value object = eval(*node.object);
      if (auto method = bound_method(object, name->name))
        return call_with({nullptr, *method}, node, nullptr, node.arguments);
      if (!object.is_dictionary() && !object.is_handle())
        throw ScriptError("Cannot recognize the token " + name->name, node.place);
      const Value member = member_value(object, name->name);
      if (!member.is_function()) throw ScriptError("Cannot recognize the token " + name->name, node.place);
      return call_with({nullptr, member}, node, nullptr, node.arguments);
    }
  }
  return call_with(find_callee(*node.function), node, &node.object, node.arguments);
}

Value Interpreter::call_with(const Callee& callee, const Expr& node, const ExprRef* object,
                             const std::vector<Argument>& arguments) {
  if (callee.builtin != nullptr) return call_builtin(*callee.builtin, node, object, arguments);
  if (callee.function.is_function()) {
    const FunctionRef function = callee.function.function();
    if (const auto* builtin = dynamic_cast<const Builtin*>(function.get())) {
      return call_builtin(*builtin, node, object, arguments);
    }
    if (const auto* user = dynamic_cast<const UserFunction*>(function.get())) {
      return call_user_ast(*user, object, arguments);
    }
  }
  const auto* made =
      callee.function.is_function() ? dynamic_cast<const ClassFunction*>(callee.function.function().get()) : nullptr;
  const auto constructor = made != nullptr ? made->constructor() : nullptr;
  std::vector<Value> values;
  if (object != nullptr) values.push_back(eval(**object));
  std::vector<std::pair<std::string, Value>> named;
  for (const auto& argument : arguments) {
    Value value = argument.value ? eval(*argument.value) : Value::missing();
    if (argument.name.empty()) {
      values.push_back(std::move(value));
    } else if (constructor != nullptr) {
      put_at(&values, parameter_index(constructor->definition(), argument.name) - 1, std::move(value));
    } else {
      named.emplace_back(argument.name, std::move(value));
    }
  }
  try {
    const auto* pattern = callee.function.is_function()
                              ? dynamic_cast<const TemplateFunction*>(callee.function.function().get())
                              : nullptr;
    if (pattern != nullptr && named.empty() && object == nullptr)
      return call_written(*pattern, node, arguments, values);
    if (!named.empty() && callee.function.is_function()) {
      const PartialFunction with_names(callee.function.function(), {}, std::move(named));
      return call_partial(with_names, values);
    }
    return call(callee.function, std::span<Value>(values));
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::call_builtin(const Builtin& builtin, const Expr& node, const ExprRef* object,
                                const std::vector<Argument>& arguments) {
  const auto& function = builtin.function();
  const bool begins_with_first =
      !arguments.empty() && (arguments[0].name.empty() || parameter_index(function, arguments[0].name) == 0);
  const ExprRef* first = object != nullptr ? object : begins_with_first ? &arguments[0].value : nullptr;
  const bool changes = function.changes_first && first != nullptr && *first != nullptr;
  std::vector<Value> values;
  values.reserve(arguments.size() + 1);
  if (object != nullptr) values.push_back(changes ? Value() : eval(**object));
  for (const auto& argument : arguments) {
    const bool is_first = changes && values.empty();
    Value value = is_first ? Value() : argument.value ? eval(*argument.value) : Value::missing();
    if (argument.name.empty()) {
      values.push_back(std::move(value));
    } else {
      put_at(&values, parameter_index(function, argument.name), std::move(value));
    }
  }
  Value* place = nullptr;
  std::optional<FieldPlace> field;
  if (changes) {
    place = place_of(**first);
    if (place == nullptr) field = field_place(**first);
    values[0] = place != nullptr ? std::exchange(*place, Value())
                : field          ? field->object->take(field->name)
                                 : eval(**first);
  }
  const bool write_back = changes && place == nullptr && !field &&
                          ((*first)->kind == ExprKind::kIndex || (*first)->kind == ExprKind::kMember);
  naming_object_ = object;
  naming_arguments_ = &arguments;
  naming_builtin_ = &builtin;
  const auto give_back = [&] {
    naming_arguments_ = nullptr;
    if (place != nullptr) {
      // The variable may have been erased meanwhile: look again.
      if (Value* again = place_of(**first)) *again = std::move(values[0]);
    }
    if (field) (void)field->object->set(field->name, std::move(values[0]));
  };
  try {
    Value result = functions::invoke(builtin, *this, std::span<Value>(values));
    give_back();
    if (write_back && !values[0].is_table_object()) assign_target(**first, values[0]);
    return result;
  } catch (ScriptError& error) {
    give_back();
    fail_at(error, node);
  } catch (...) {  // memory was refused, most likely
    give_back();
    throw;
  }
}

namespace {

/// How a call's argument is named: by its alias, or as a plain variable or column.
std::string name_of(const ExprRef& expr) {
  if (const auto* alias = as<syntax::Alias>(expr)) return alias->names.size() == 1 ? alias->names[0] : "";
  if (const auto* name = as<syntax::Name>(expr)) return name->name;
  if (const auto* member = as<syntax::Member>(expr)) return member->name;
  return "";
}

}  // namespace

std::vector<std::string> Interpreter::element_names(size_t argument) const {
  if (naming_arguments_ == nullptr) return {};
  const size_t before = naming_object_ != nullptr ? 1 : 0;
  ExprRef expr;
  if (argument < before)
    expr = *naming_object_;
  else if (argument - before < naming_arguments_->size())
    expr = (*naming_arguments_)[argument - before].value;
  std::vector<ExprRef> elements;
  if (const auto* bracket = as<syntax::VectorBracket>(expr)) elements = bracket->elements;
  if (const auto* tuple = as<syntax::Tuple>(expr)) elements = tuple->elements;
  std::vector<std::string> names;
  for (const auto& element : elements) names.push_back(name_of(element));
  return names;
}

std::span<const std::string> Interpreter::argument_names() const {
  argument_names_.clear();
  if (naming_arguments_ == nullptr) return {};
  if (naming_object_ != nullptr) argument_names_.push_back(name_of(*naming_object_));
  for (const auto& argument : *naming_arguments_) {
    size_t place = argument_names_.size();
    const auto& parameters = naming_builtin_->function().parameters;
    for (size_t p = 0; p < parameters.size() && !argument.name.empty(); ++p) {
      if (parameters[p].is_called(argument.name)) place = p;
    }
    argument_names_.resize(std::max(argument_names_.size(), place + 1));
    argument_names_[place] = name_of(argument.value);
  }
  return argument_names_;
}

Value Interpreter::call_user_ast(const UserFunction& function, const ExprRef* object,
                                 const std::vector<Argument>& arguments) {
  const auto& definition = function.definition();
  std::vector<Value> values;
  std::vector<Value*> places;
  values.reserve(definition.parameters.size());
  const auto add = [&](size_t index, const ExprRef& expr) {
    const bool is_mutable = index < definition.parameters.size() && definition.parameters[index].is_mutable;
    Value* place = is_mutable && expr != nullptr ? place_of(*expr) : nullptr;
    if (place != nullptr) {
      places.resize(std::max(places.size(), index + 1), nullptr);
      places[index] = place;
    }
    put_at(&values, index, place != nullptr ? Value() : expr != nullptr ? eval(*expr) : Value::missing());
  };
  size_t next = 0;
  std::vector<bool> given(definition.parameters.size());
  const auto put = [&](size_t index, const ExprRef& expr) {
    if (index < given.size()) given[index] = true;
    add(index, expr);
  };
  if (object != nullptr) put(next++, *object);
  for (const auto& argument : arguments) {
    put(argument.name.empty() ? next++ : parameter_index(definition, argument.name), argument.value);
  }
  for (size_t i = 0; i < std::min(given.size(), values.size()); ++i) {
    if (given[i] || definition.parameters[i].default_value) continue;
    wrong_count(shown_name(definition), function.arguments_min(), given.size(), arguments.size());
  }
  return call_user(function, values, places);
}

// ------------------------------------------------------------------ calls of values

Value Interpreter::call(const Value& function, std::span<Value> arguments) {
  const ThreadGuard thread(this);
  naming_arguments_ = nullptr;
  if (function.is_function()) {
    const FunctionRef& target = function.function();
    if (const auto* builtin = dynamic_cast<const Builtin*>(target.get()))
      return functions::invoke(*builtin, *this, arguments);
    if (const auto* user = dynamic_cast<const UserFunction*>(target.get())) {
      std::vector<Value*> places;
      for (size_t i = 0; i < std::min(arguments.size(), user->definition().parameters.size()); ++i) {
        if (!user->definition().parameters[i].is_mutable) continue;
        places.resize(i + 1, nullptr);
        places[i] = &arguments[i];
      }
      return call_user(*user, arguments, places);
    }
    if (const auto* partial = dynamic_cast<const PartialFunction*>(target.get()))
      return call_partial(*partial, arguments);
    if (const auto* pattern = dynamic_cast<const TemplateFunction*>(target.get()))
      return call_template(*pattern, arguments);
    if (dynamic_cast<const ClassFunction*>(target.get()) != nullptr) return construct(target, arguments);
    throw ScriptError("This function can't be called here: " + target->print());
  }
  if (function.is_tuple()) {  // [sum, avg](x)
    std::vector<Value> results;
    for (const auto& each : function.vector().values_any()) {
      std::vector<Value> copy(arguments.begin(), arguments.end());
      results.push_back(call(each, std::span<Value>(copy)));
    }
    return functions::assemble(std::move(results));
  }
  if (function.is_text()) {
    if (auto named = find_named(function.text())) return call(*named, arguments);
  }
  const auto* handle = function.is_handle() ? dynamic_cast<data::UsableHandle*>(function.handle().get()) : nullptr;
  if (handle != nullptr && !handle->called_by().empty()) {
    std::vector<Value> all{function};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return call_named(handle->called_by(), all);
  }
  throw ScriptError("A value of type " + function.type_text() + " can't be called.");
}

Value Interpreter::call_partial(const PartialFunction& function, std::span<Value> arguments) {
  std::vector<Value> all = function.complete(arguments);
  const Value target(function.function());
  if (!function.named().empty()) {
    for (const auto& [name, value] : function.named()) {
      if (const auto* builtin = dynamic_cast<const Builtin*>(function.function().get())) {
        put_at(&all, parameter_index(builtin->function(), name), value);
      } else if (const auto* user = dynamic_cast<const UserFunction*>(function.function().get())) {
        put_at(&all, parameter_index(user->definition(), name), value);
      } else {
        throw ScriptError("Named arguments need a built-in or a defined function.");
      }
    }
  }
  if (const auto* user = dynamic_cast<const UserFunction*>(function.function().get())) {
    const auto& parameters = user->definition().parameters;
    for (size_t i = 0; i < std::min(all.size(), parameters.size()); ++i) {
      if (!all[i].is_missing() || parameters[i].default_value) continue;
      const auto left = static_cast<size_t>(std::ranges::count_if(all, [](const Value& v) { return !v.is_missing(); }));
      wrong_count(shown_name(user->definition()), user->arguments_min(), parameters.size(), left);
    }
  }
  return call(target, std::span<Value>(all));
}

Value Interpreter::call_template(const TemplateFunction& function, std::span<Value> arguments) {
  const bool takes_start = std::string_view("PATO").find(function.split()) != std::string_view::npos;
  std::vector<Value> all{Value(function.function())};
  if (takes_start && arguments.size() == 2 && function.split() != 'O') {
    all.push_back(arguments[1]);
    all.push_back(arguments[0]);  // start op:A x
  } else {
    all.insert(all.end(), arguments.begin(), arguments.end());
  }
  return call_named(function.higher_order(), all);
}

/// x f:G y, so that the result may be named after x and y.
Value Interpreter::call_written(const TemplateFunction& function, const Expr& node,
                                const std::vector<Argument>& arguments, std::span<Value> values) {
  const auto* call = as<syntax::Call>(node);
  const auto builtin = surroundings_.registry.find(function.higher_order());
  naming_arguments_ = nullptr;
  if (call != nullptr && builtin != nullptr) {
    naming_object_ = &call->function;
    naming_arguments_ = &arguments;
    naming_builtin_ = builtin.get();
  }
  Value result = call_template(function, values);
  naming_arguments_ = nullptr;
  return result;
}

Value Interpreter::call_user(const UserFunction& function, std::span<Value> values, std::span<Value* const> places) {
  const auto& definition = function.definition();
  const size_t most = definition.parameters.size();
  check_stack(definition.name);
  check_cancelled();
  Frame frame(definition.slot_names.size());
  try {
    if (values.size() > most) wrong_count(shown_name(definition), function.arguments_min(), most, values.size());
    for (size_t i = 0; i < most; ++i) {
      Slot& slot = frame.slots[i];
      const bool is_given = i < values.size() && !values[i].is_missing();
      if (i < places.size() && places[i] != nullptr) {
        slot.alias = places[i];
      } else if (is_given) {
        slot.value = std::move(values[i]);
      } else if (definition.parameters[i].default_value) {
        slot.value = eval(*definition.parameters[i].default_value);
      } else if (i < values.size()) {
        slot.value = data::nothing();  // an empty place: f(5,)
      } else {
        wrong_count(shown_name(definition), function.arguments_min(), most, values.size());
      }
    }
    for (size_t i = 0; i < definition.captures.size(); ++i) {
      frame.slots[static_cast<size_t>(definition.captures[i].slot)].value = function.captured()[i];
    }
    if (definition.self_slot >= 0) {
      frame.slots[static_cast<size_t>(definition.self_slot)].value =
          FunctionRef(std::make_shared<UserFunction>(function.definition_shared(), function.captured()));
    }
    FrameGuard guard(this, &frame, nullptr);
    return run_body(definition);
  } catch (ScriptError& error) {
    error.set_place_if_unknown(definition.place);
    if (calls_ < kErrorFramesMax) error.add_frame(shown_name(definition) + "()");
    throw;
  }
}

Value Interpreter::run_body(const syntax::FunctionDefinition& definition) {
  if (definition.expression) return eval(*definition.expression);
  if (definition.is_mapr) return run_mapr(definition);
  if (definition.body == nullptr) {
    // Only declared when this call was compiled: the definition came later.
    const auto found = session_.find_definition(definition.name);
    const auto* user = dynamic_cast<const UserFunction*>(found.get());
    if (user == nullptr || user->definition().body == nullptr) {
      throw ScriptError("The function [" + definition.name + "] is declared but not defined.");
    }
    return run_body(user->definition());
  }
  for (const auto& statement : definition.body->statements) {
    if (exec(*statement) == Flow::kReturn) return std::exchange(return_value_, Value());
  }
  return Value::null();
}

Value Interpreter::run_mapr(const syntax::FunctionDefinition& definition) {
  std::vector<Value> parts;
  for (const auto& map : definition.map_calls) parts.push_back(eval(*map));
  return call(eval(*definition.reduce), std::span<Value>(parts));
}

Value Interpreter::make_function(std::shared_ptr<const syntax::FunctionDefinition> definition) {
  std::vector<Value> captured;
  for (const auto& capture : definition->captures) {
    if (capture.outer_slot >= 0 && frame_ != nullptr) {
      captured.push_back(frame_->slots[static_cast<size_t>(capture.outer_slot)].get());
    } else {
      const Value* value = session_.find(capture.name);
      if (value == nullptr) throw ScriptError("Cannot recognize the token " + capture.name, definition->place);
      captured.push_back(*value);
    }
  }
  return FunctionRef(std::make_shared<UserFunction>(std::move(definition), std::move(captured)));
}

}  // namespace pelorus::exec
