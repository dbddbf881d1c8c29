#include "functions/builtins/finance/described_object.h"

#include <algorithm>

#include "functions/json_value.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

std::string text_at(const data::Dictionary& fields, std::string_view name) {
  const Value value = fields.get(name);
  return value.is_text() ? value.text() : std::string();
}

bool has_marks(const DescribedKind& kind, const data::Dictionary& fields) {
  return std::all_of(kind.marks.begin(), kind.marks.end(),
                     [&](const auto& mark) { return text_at(fields, mark.field) == mark.value; });
}

/// "productType, forwardType" and what they may be, for the message.
std::string known_kinds(std::span<const DescribedKind> kinds) {
  std::string text;
  for (const auto& kind : kinds) {
    std::string words;
    for (const auto& mark : kind.marks)
      words += (words.empty() ? "" : ", ") + std::string(mark.field) + " " + std::string(mark.value);
    text += (text.empty() ? "" : "; ") + words;
  }
  return text;
}

Value null_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText: return Scalar::of_string("");
    case FieldKind::kDate: return Scalar::null_of(Type::kDate);
    case FieldKind::kNumber: return Scalar::null_of(Type::kDouble);
    case FieldKind::kDates: return Vector(Type::kDate, 0);
    case FieldKind::kNumbers: return Vector(Type::kDouble, 0);
    case FieldKind::kAny: return {};
  }
  return {};
}

std::string_view name_of(FieldKind kind) {
  constexpr std::string_view kNames[] = {"a text",   "a DATE", "a number", "a vector of DATE", "a vector of numbers",
                                         "any value"};
  return kNames[static_cast<size_t>(kind)];
}

/// Nothing when the value can't be of that kind.
std::optional<Value> fitted(FieldKind kind, const Value& value) {
  if (kind == FieldKind::kAny) return value;
  if (kind == FieldKind::kText) {
    if (value.is_text()) return value;
    if (value.is_scalar() && types::is_integral(value.type())) return Value(value);  // frequency: 1
    return std::nullopt;
  }
  const bool is_date = kind == FieldKind::kDate || kind == FieldKind::kDates;
  const Type type = is_date ? Type::kDate : Type::kDouble;
  const auto fits = [&](Type from) {
    return is_date ? types::is_temporal(from) || types::is_literal(from) : types::is_numeric(from);
  };
  if (kind == FieldKind::kDate || kind == FieldKind::kNumber) {
    if (!value.is_scalar() || !fits(value.type())) return std::nullopt;
    const auto converted = data::convert(value.scalar(), type);
    if (!converted || converted->is_null()) return std::nullopt;
    return Value(*converted);
  }
  const auto elements = elements_of(value);
  if (!elements || (*elements)->is_array() || (!(*elements)->is_tuple() && !fits((*elements)->type())))
    return std::nullopt;
  auto converted = data::convert(*elements, type);
  if (!converted) return std::nullopt;
  return Value(*std::move(converted));
}

}  // namespace

std::string DescribedObject::describe() const { return to_standard_json(Value(fields_)); }

std::string DescribedObject::text(std::string_view field) const { return text_at(fields_, field); }

Value described(const Arguments& a, std::string_view parameter, std::string_view of,
                std::span<const DescribedKind> kinds, const Value& given) {
  const Value read = given.is_text() ? from_standard_json(a.function(), given.text()) : given;
  if (!read.is_dictionary() || !types::is_literal(read.dictionary().key_type()))
    a.refuse(parameter, "must be a dictionary with STRING keys or the JSON text of one.");
  const auto& fields = read.dictionary();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return has_marks(k, fields); });
  if (kind == kinds.end()) a.refuse(parameter, "must be of a known kind: " + known_kinds(kinds) + ".");
  data::Dictionary kept(Type::kString, Type::kAny, true);
  for (const auto& mark : kind->marks)
    kept.set(Scalar::of_string(std::string(mark.field)), Value::of_string(std::string(mark.value)));
  const Value version = fields.get(std::string_view("version"));
  kept.set(Scalar::of_string("version"), version.is_null() ? Value::of_int(1) : version);
  for (const auto& field : kind->fields) {
    const auto key = Scalar::of_string(std::string(field.name));
    const Value value = fields.get(field.name);
    if (value.is_null() || (value.is_text() && value.text().empty())) {
      if (field.required) a.refuse(parameter, "lacks the field " + std::string(field.name) + ".");
      kept.set(key, null_of(field.kind));
      continue;
    }
    auto typed = fitted(field.kind, value);
    if (!typed)
      a.refuse(parameter, "must have " + std::string(name_of(field.kind)) + " at " + std::string(field.name) +
                              ", not " + value.type_text() + ".");
    kept.set(key, *typed);
  }
  for (size_t i = 0; i < fields.keys().size(); ++i) {
    const auto key = fields.keys().scalar_at(i);
    if (kept.find(key) < 0) kept.set(key, fields.values().at(i));
  }
  return data::HandleRef(std::make_shared<DescribedObject>(of, std::move(kept)));
}

DescribedRef described_object(const Value& value, std::string_view of) {
  auto object = value.is_handle() ? std::dynamic_pointer_cast<const DescribedObject>(value.handle()) : nullptr;
  return object != nullptr && object->kind() == of ? object : nullptr;
}

std::vector<DescribedRef> described_objects(const Arguments& a, std::string_view parameter, std::string_view of,
                                            const std::string& must_be) {
  std::vector<DescribedRef> all;
  for (const auto& part : parts_or_self(a[0])) {
    all.push_back(described_object(part, of));
    if (all.back() == nullptr) a.refuse(parameter, must_be);
  }
  if (all.empty() && !a[0].is_tuple()) a.refuse(parameter, must_be);
  return all;
}

Value extracted(const Arguments& a, std::string_view parameter, std::string_view of) {
  std::vector<Value> all;
  for (const auto& object : described_objects(a, parameter, of, "must be of type " + std::string(of) + "."))
    all.emplace_back(object->fields());
  return a[0].is_tuple() ? Value(Vector::tuple(std::move(all))) : all.at(0);
}

}  // namespace pelorus::functions
