#include "exec/user_function.h"

#include "syntax/print.h"
#include "types/format_value.h"

namespace pelorus::exec {
namespace {

using data::Type;

/// Longest vector printed element by element inside code.
constexpr size_t kPrintedElementsMax = 100'000;

std::string list_text(const data::Vector& vector, char open, char close) {
  std::string text(1, open);
  const size_t shown = std::min(vector.size(), kPrintedElementsMax);
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) text += ", ";
    text += to_script(vector.at(i));
  }
  if (vector.is_tuple() && shown == 1) text += ",";
  return text + close;
}

std::string vector_text(const data::Vector& vector) {
  if (vector.is_tuple()) return list_text(vector, '(', ')');
  const std::string type(types::name_of(vector.type()));
  if (vector.empty()) return "array(" + type + ", 0)";
  const std::string text = list_text(vector, '[', ']');
  return vector.type() == Type::kSymbol ? "symbol(" + text + ")" : text;
}

}  // namespace

std::string to_script(const Value& value) {
  if (value.is_missing()) return "";
  if (value.is_scalar()) return types::format_literal(value.scalar());
  if (value.is_vector()) return vector_text(value.vector());
  if (value.is_pair()) return to_script(value.pair().elements.at(0)) + ":" + to_script(value.pair().elements.at(1));
  if (value.is_function()) return value.function()->print();
  if (value.is_code()) return value.code()->print();
  if (value.is_handle()) return value.handle()->describe();
  if (value.is_set()) return "set(" + vector_text(value.set().elements()) + ")";
  if (value.is_dictionary()) {
    const auto& dictionary = value.dictionary();
    return "dict(" + vector_text(dictionary.keys()) + ", " + vector_text(dictionary.values()) +
           (dictionary.ordered() ? ", true)" : ")");
  }
  if (value.is_matrix()) {
    const auto& matrix = value.matrix();
    return "reshape(" + vector_text(matrix.values) + ", " + std::to_string(matrix.rows) + ":" +
           std::to_string(matrix.columns) + ")";
  }
  if (!value.is_plain_table()) return value.type_text();
  std::string text = "table(";
  for (size_t c = 0; c < value.table().columns(); ++c) {
    if (c > 0) text += ", ";
    text += vector_text(value.table().column(c)) + " as " +
            types::format_literal(data::Scalar::of_string(value.table().names()[c]));
  }
  return text + ")";
}

std::string UserFunction::print() const {
  const std::string text = syntax::print(*definition_);
  if (captured_.empty()) return text;
  std::string bound;
  for (const auto& value : captured_) bound += (bound.empty() ? "" : ", ") + to_script(value);
  return text + "{" + bound + "}";
}

std::string UserFunction::open_text() const {
  if (captured_.empty()) return syntax::print(*definition_);
  auto open = *definition_;
  std::vector<syntax::Parameter> parameters;
  for (const auto& capture : open.captures) parameters.push_back({capture.name, nullptr, false});
  parameters.insert(parameters.end(), open.parameters.begin(), open.parameters.end());
  open.parameters = std::move(parameters);
  open.captures.clear();
  open.name.clear();
  return open.is_lambda ? syntax::print(open) : "(" + syntax::print(open) + ")";
}

size_t UserFunction::arguments_min() const {
  size_t count = 0;
  for (const auto& parameter : definition_->parameters) count += parameter.default_value ? 0 : 1;
  return count;
}

std::string PartialFunction::print() const {
  std::string text = function_->print() + "{";
  for (size_t i = 0; i < bound_.size(); ++i) text += (i > 0 ? ", " : "") + to_script(bound_[i]);
  for (const auto& [name, value] : named_) text += (text.back() == '{' ? "" : ", ") + name + "=" + to_script(value);
  return text + "}";
}

std::vector<Value> PartialFunction::complete(std::span<Value> given) const {
  std::vector<Value> all = bound_;
  size_t next = 0;
  for (auto& place : all) {
    if (place.is_missing() && next < given.size()) place = std::move(given[next++]);
  }
  for (; next < given.size(); ++next) all.push_back(std::move(given[next]));
  return all;
}

std::string_view TemplateFunction::higher_order() const {
  const bool as_tuple = sign_.size() > 1 && sign_[1] == 'U';
  switch (sign_[0]) {
    case 'E': return as_tuple ? "loop" : "each";
    case 'U': return "loop";
    case 'L': return "eachLeft";
    case 'R': return "eachRight";
    case 'P': return "eachPre";
    case 'O': return "eachPost";
    case 'C': return "cross";
    case 'A': return "accumulate";
    case 'T': return "reduce";
    case 'G': return "groupby";
    case 'X': return "contextby";
    case 'H': return "byRow";
    default: return "byColumn";
  }
}

std::string CodeValue::print() const {
  syntax::Code code;
  code.bodies.push_back(body_);
  return syntax::print(code);
}

syntax::ExprRef HeldValue::node(Value value) {
  auto node = std::make_shared<syntax::Held>();
  node->printed = to_script(value);
  node->value = std::make_shared<const Value>(std::move(value));
  return node;
}

}  // namespace pelorus::exec
