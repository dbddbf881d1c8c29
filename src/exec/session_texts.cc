#include "exec/session_texts.h"

#include <cctype>
#include <set>

#include "base/script_error.h"
#include "exec/interpreter.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Value;

/// Names are letters, digits and '_'; words inside of texts count, too: a function may be called by its name.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words{""};
  for (const unsigned char letter : text) {
    if (std::isalnum(letter) != 0 || letter == '_')
      words.back() += static_cast<char>(letter);
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

/// Adds what the function calls first, then itself.
void define_mentioned(SessionScope& session, const std::string& text, std::set<std::string>* defined,
                      std::string* definitions) {
  for (const auto& word : words_of(text)) {
    const auto function = session.find_definition(word);
    const auto* user = dynamic_cast<const UserFunction*>(function.get());
    if (user == nullptr || !user->captured().empty() || !defined->insert(word).second) continue;
    const auto own_text = user->print();
    define_mentioned(session, own_text, defined, definitions);
    *definitions += own_text + "\n";
  }
}

}  // namespace

std::string function_text(const data::FunctionObject& function) {
  if (const auto* user = dynamic_cast<const UserFunction*>(&function);
      user != nullptr && !user->definition().name.empty() && user->captured().empty()) {
    return user->definition().name;
  }
  const auto* partial = dynamic_cast<const PartialFunction*>(&function);
  if (partial == nullptr) return function.print();
  std::string text = function_text(*partial->function()) + "{";
  for (size_t i = 0; i < partial->bound().size(); ++i) text += (i > 0 ? ", " : "") + to_script(partial->bound()[i]);
  for (const auto& [name, value] : partial->named())
    text += (text.back() == '{' ? "" : ", ") + name + "=" + to_script(value);
  return text + "}";
}

std::string definitions_for(functions::CallContext& context, const std::vector<std::string>& texts) {
  auto* interpreter = dynamic_cast<Interpreter*>(&context);
  std::string definitions;
  std::set<std::string> defined;
  if (interpreter == nullptr) return definitions;
  for (const auto& text : texts) define_mentioned(interpreter->session(), text, &defined, &definitions);
  return definitions;
}

Value closed_code(const Value& value) {
  if (value.is_tuple()) {
    std::vector<Value> parts;
    for (const auto& part : value.vector().values_any()) parts.push_back(closed_code(part));
    return data::Vector::tuple(std::move(parts));
  }
  const auto* code = value.is_code() ? dynamic_cast<const CodeValue*>(value.code().get()) : nullptr;
  if (code == nullptr || code->captured().empty()) return value;
  const auto body = plan::rewrite(code->body(), [&](const syntax::ExprRef& part) -> syntax::ExprRef {
    const auto* name = syntax::as<syntax::Name>(part);
    if (name == nullptr || name->slot < 0) return nullptr;
    for (const auto& captured : code->captured()) {
      if (captured.slot == name->slot) return HeldValue::node(captured.value);
    }
    return nullptr;
  });
  return data::CodeRef(std::make_shared<CodeValue>(body));
}

std::string value_text(const Value& value) {
  if (value.is_function()) return function_text(*value.function());
  if (value.is_handle() || value.is_table_object())
    throw ScriptError("A " + value.type_text() + " can't be kept: give its rows, or name it.");
  if (value.is_plain_table() && !value.table().key_columns().empty()) {
    using KeyKind = data::Table::KeyKind;
    const auto kind = value.table().key_kind();
    const auto keys = data::Vector::of_strings(data::Type::kString, value.table().key_columns());
    const auto maker = kind == KeyKind::kIndexed ? "indexedTable(" : "keyedTable(";
    if (kind == KeyKind::kLatestKeyed) throw ScriptError("A latest-keyed table can't be kept: use keyedTable.");
    return maker + to_script(Value(keys)) + ", " + to_script(value) + ")";
  }
  if (!value.is_tuple()) return to_script(value);
  std::string text = "(";
  const auto parts = value.vector().values_any();
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? ", " : "") + value_text(parts[i]);
  return text + (parts.size() == 1 ? ",)" : ")");
}

}  // namespace pelorus::exec
