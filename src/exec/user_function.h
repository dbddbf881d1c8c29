#pragma once
// Callable values made by scripts, and CODE. All immutable.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/instance.h"
#include "syntax/statement.h"

namespace pelorus::exec {

using data::Value;

/// def, lambda, closure.
class UserFunction final : public data::FunctionObject {
 public:
  /// `captured`: one value per capture of the definition, in its order.
  UserFunction(std::shared_ptr<const syntax::FunctionDefinition> definition, std::vector<Value> captured)
      : definition_(std::move(definition)), captured_(std::move(captured)) {}
  Kind kind() const override { return Kind::kUser; }
  /// The whole definition; a closure shows its captured values as bound leading arguments.
  std::string print() const override;
  bool is_aggregate() const override { return definition_->is_aggregate; }
  int parameter_count() const override { return static_cast<int>(definition_->parameters.size()); }
  const syntax::FunctionDefinition& definition() const { return *definition_; }
  const std::shared_ptr<const syntax::FunctionDefinition>& definition_shared() const { return definition_; }
  const std::vector<Value>& captured() const { return captured_; }
  size_t arguments_min() const;
  /// A definition that stands by itself: what it captures comes as leading parameters. Of a closure: without a name and
  /// in brackets, ready for {captured values}.
  std::string open_text() const;

 private:
  const std::shared_ptr<const syntax::FunctionDefinition> definition_;
  const std::vector<Value> captured_;
};

/// class A : B { … }. Calling it makes an object.
class ClassFunction final : public data::FunctionObject {
 public:
  using Fields = std::vector<data::ClassField>;
  /// `base` may be null.
  ClassFunction(std::shared_ptr<const syntax::ClassDefinition> definition, std::shared_ptr<const ClassFunction> base);
  Kind kind() const override { return Kind::kUser; }
  std::string print() const override;
  bool is_aggregate() const override { return false; }
  const std::string& name() const { return definition_->name; }
  const syntax::ClassDefinition& definition() const { return *definition_; }
  const std::shared_ptr<const ClassFunction>& base() const { return base_; }
  /// Those of the base first.
  const std::shared_ptr<const Fields>& fields() const { return fields_; }
  /// A method of this class or else of its bases; null when there is none. Its first parameter is the object.
  std::shared_ptr<const UserFunction> method(std::string_view name) const;
  /// The method named as the class; null when it has none of its own.
  std::shared_ptr<const UserFunction> constructor() const;
  bool extends(std::string_view class_name) const;
  /// Names of all fields and methods.
  std::vector<std::string> members() const;

 private:
  const std::shared_ptr<const syntax::ClassDefinition> definition_;
  const std::shared_ptr<const ClassFunction> base_;
  std::shared_ptr<const Fields> fields_;
  std::vector<std::shared_ptr<const UserFunction>> methods_;
};

/// The class of an object; null when the value is no object.
const ClassFunction* class_of(const Value& value);
/// object.method as a function of its own; nothing when the value is no object or has no such method.
std::optional<Value> bound_method(const Value& object, std::string_view name);

/// f{a, , b}: missing values are open places.
class PartialFunction final : public data::FunctionObject {
 public:
  PartialFunction(data::FunctionRef function, std::vector<Value> bound,
                  std::vector<std::pair<std::string, Value>> named = {})
      : function_(std::move(function)), bound_(std::move(bound)), named_(std::move(named)) {}
  Kind kind() const override { return Kind::kPartial; }
  std::string print() const override;
  bool is_aggregate() const override { return function_->is_aggregate(); }
  const data::FunctionRef& function() const { return function_; }
  const std::vector<Value>& bound() const { return bound_; }
  const std::vector<std::pair<std::string, Value>>& named() const { return named_; }
  /// The whole argument list of a call with `given`: fills the open places, the rest goes behind.
  std::vector<Value> complete(std::span<Value> given) const;

 private:
  const data::FunctionRef function_;
  const std::vector<Value> bound_;
  const std::vector<std::pair<std::string, Value>> named_;
};

/// f:E — a function behind a higher-order one.
class TemplateFunction final : public data::FunctionObject {
 public:
  TemplateFunction(data::FunctionRef function, std::string sign)
      : function_(std::move(function)), sign_(std::move(sign)) {}
  Kind kind() const override { return Kind::kPartial; }
  std::string print() const override { return function_->print() + ":" + sign_; }
  bool is_aggregate() const override { return false; }
  const data::FunctionRef& function() const { return function_; }
  char split() const { return sign_[0]; }
  /// One or two letters: how the arguments are split, how the results are put together.
  const std::string& sign() const { return sign_; }
  /// The built-in that does it: "each" for E; "loop" when the assembly letter wants tuples.
  std::string_view higher_order() const;

 private:
  const data::FunctionRef function_;
  const std::string sign_;
};

/// < expression >. With the values of the locals it mentioned, by the slots of the function it was written in.
class CodeValue final : public data::CodeObject {
 public:
  struct Captured {
    std::string name;
    int slot = -1;
    Value value;
  };
  explicit CodeValue(syntax::ExprRef body, std::vector<Captured> captured = {})
      : body_(std::move(body)), captured_(std::move(captured)) {}
  std::string print() const override;
  const syntax::ExprRef& body() const { return body_; }
  const std::vector<Captured>& captured() const { return captured_; }

 private:
  const syntax::ExprRef body_;
  const std::vector<Captured> captured_;
};

/// A value inside a syntax tree that was built at run time (makeCall, sql).
struct HeldValue final {
  static syntax::ExprRef node(Value value);
  /// The value of a kHeld node.
  static const Value& value(const syntax::Held& node) { return *static_cast<const Value*>(node.value.get()); }
};

/// A value as script text that evaluates to it: literals, vectors, tuples, dictionaries, functions.
std::string to_script(const Value& value);

}  // namespace pelorus::exec
