// Classes and their objects.

#include "exec/catalog_names.h"
#include "exec/interpreter/frame.h"
#include "functions/methods.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::InstanceObject;
using syntax::as;

// ------------------------------------------------------------------ classes

ClassFunction::ClassFunction(std::shared_ptr<const syntax::ClassDefinition> definition,
                             std::shared_ptr<const ClassFunction> base)
    : definition_(std::move(definition)), base_(std::move(base)) {
  auto fields = base_ ? *base_->fields() : Fields();
  for (const auto& field : definition_->fields) {
    std::erase_if(fields, [&](const auto& inherited) { return inherited.name == field.name; });
    fields.push_back(data::parse_field(field.name, field.type));
  }
  fields_ = std::make_shared<const Fields>(std::move(fields));
  for (const auto& method : definition_->methods)
    methods_.push_back(std::make_shared<UserFunction>(method, std::vector<Value>()));
}

std::string ClassFunction::print() const { return syntax::print(*definition_); }

std::shared_ptr<const UserFunction> ClassFunction::method(std::string_view name) const {
  for (auto it = methods_.rbegin(); it != methods_.rend(); ++it) {
    if ((*it)->definition().name == name) return *it;
  }
  return base_ ? base_->method(name) : nullptr;
}

std::shared_ptr<const UserFunction> ClassFunction::constructor() const {
  for (const auto& method : methods_) {
    if (method->definition().name == name()) return method;
  }
  return nullptr;
}

bool ClassFunction::extends(std::string_view class_name) const {
  return definition_->base == class_name || (base_ && base_->extends(class_name));
}

std::vector<std::string> ClassFunction::members() const {
  std::vector<std::string> names = base_ ? base_->members() : std::vector<std::string>();
  for (const auto& field : definition_->fields) names.push_back(field.name);
  for (const auto& method : definition_->methods) names.push_back(method->name);
  return names;
}

const ClassFunction* class_of(const Value& value) {
  const auto instance = data::instance_of(value);
  return instance ? dynamic_cast<const ClassFunction*>(instance->of().get()) : nullptr;
}

std::optional<Value> bound_method(const Value& object, std::string_view name) {
  const auto* defined = class_of(object);
  const auto method = defined != nullptr ? defined->method(name) : nullptr;
  if (method == nullptr) return std::nullopt;
  return Value(data::FunctionRef(std::make_shared<PartialFunction>(method, std::vector<Value>{object})));
}

// ------------------------------------------------------------------ objects

/// A new object: the constructors of the bases that need nothing run first.
Value Interpreter::construct(const data::FunctionRef& function, std::span<Value> arguments) {
  const auto& defined = dynamic_cast<const ClassFunction&>(*function);
  const Value object = data::HandleRef(std::make_shared<InstanceObject>(defined.name(), function, defined.fields()));
  std::vector<const ClassFunction*> bases;
  for (const auto* base = defined.base().get(); base != nullptr; base = base->base().get()) bases.push_back(base);
  for (auto base = bases.rbegin(); base != bases.rend(); ++base) {
    const auto constructor = (*base)->constructor();
    if (constructor == nullptr || constructor->arguments_min() > 1) continue;
    Value self = object;
    call_user(*constructor, std::span<Value>(&self, 1), {});
  }
  const auto constructor = defined.constructor();
  if (constructor == nullptr) {
    if (!arguments.empty())
      throw ScriptError("The class " + defined.name() + " has no constructor that takes arguments.");
    return object;
  }
  std::vector<Value> values{object};
  values.insert(values.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  call_user(*constructor, values, {});
  return object;
}

std::optional<Interpreter::FieldPlace> Interpreter::field_place(const syntax::Expr& expr) {
  const auto* member = as<syntax::Member>(expr);
  if (member == nullptr) return std::nullopt;
  const auto kind = member->object->kind;
  if (kind != syntax::ExprKind::kName && kind != syntax::ExprKind::kMember) return std::nullopt;
  // A table of a catalog is no field.
  if (const auto* name = leading_name(*member);
      name != nullptr && name->self_slot < 0 && place_of(*name) == nullptr && !shared_.find(name->name))
    return std::nullopt;
  Value temporary;
  auto object = data::instance_of(eval_reference(*member->object, &temporary));
  if (object == nullptr || !object->has(member->name)) return std::nullopt;
  return FieldPlace{std::move(object), member->name};
}

/// object.name(…) where classes or handles have a method of that name; nothing when this object is of another kind.
std::optional<Value> Interpreter::call_method(const syntax::MethodCall& node, const std::string& name) {
  Value temporary;
  const Value& object = eval_reference(*node.object, &temporary);
  if (auto method = bound_method(object, name)) return call_with({nullptr, *method}, node, nullptr, node.arguments);
  if (const auto builtin = functions::find_method(surroundings_.registry, object, name)) {
    const syntax::ExprRef held = HeldValue::node(object);
    return call_with({builtin.get(), {}}, node, &held, node.arguments);
  }
  if (node.object->kind == syntax::ExprKind::kName || node.object->kind == syntax::ExprKind::kMember)
    return std::nullopt;
  // Evaluated once only.
  const syntax::ExprRef held = HeldValue::node(object);
  return call_with(find_callee(*node.function), node, &held, node.arguments);
}

}  // namespace pelorus::exec
