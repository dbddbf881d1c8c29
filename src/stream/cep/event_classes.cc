#include "stream/cep/event_classes.h"

#include "base/bytes.h"
#include "base/script_error.h"
#include "wire/decode.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using data::Vector;

Value unpacked_scalar(const EventField& field, ByteReader& in) {
  if (field.type == Type::kBlob) {
    const auto size = in.get<int32_t>();
    if (size < 0) in.fail();
    return data::Scalar::of_text(Type::kBlob, std::string(in.get_raw(size < 0 ? 0 : static_cast<size_t>(size))));
  }
  if (types::is_literal(field.type)) return data::Scalar::of_text(field.type, std::string(in.get_cstring()));
  Vector one(field.type, 1);
  types::visit_fixed(one.repr(), [&]<class T>() { one.edit<T>()[0] = in.get<T>(); });
  return one.scalar_at(0);
}

/// A whole object stands in the way of a common reader: it says itself where it ends.
Value unpacked_texts(ByteReader& in) {
  wire::Decoder decoder;
  while (!decoder.done()) {
    const auto byte = in.get_raw(1);
    if (!in.ok() || !decoder.feed(byte).ok()) {
      in.fail();
      return {};
    }
  }
  return decoder.take();
}

Value unpacked_vector(const EventField& field, ByteReader& in) {
  if (types::is_literal(field.type)) return unpacked_texts(in);
  if (in.get<uint16_t>() == 0) return Vector(field.type, 0);
  const auto width = in.get<uint8_t>();
  (void)in.get<uint8_t>();
  const uint64_t count = width == 1   ? in.get<uint8_t>()
                         : width == 2 ? in.get<uint16_t>()
                         : width == 4 ? in.get<uint32_t>()
                                      : UINT64_MAX;
  if (count > in.left()) {  // an element takes a byte or more
    in.fail();
    return {};
  }
  Vector vector(field.type, static_cast<size_t>(count));
  types::visit_fixed(vector.repr(), [&]<class T>() {
    for (auto& value : vector.edit<T>()) value = in.get<T>();
  });
  return vector;
}

}  // namespace

EventKind kind_of_class(const exec::ClassFunction& of) {
  EventKind kind;
  for (const auto& field : *of.fields()) {
    if (field.type == Type::kVoid || types::is_decimal(field.type))
      throw ScriptError("The field " + field.name + " of the event " + of.name() + " is " + field.type_text +
                        ": fields of events are scalars or vectors of types that columns have, but decimals.");
    kind.fields.push_back({field.name, field.type, field.is_vector});
  }
  if (kind.fields.empty()) throw ScriptError("The event " + of.name() + " must have a field.");
  return kind;
}

std::shared_ptr<const exec::ClassFunction> event_class(std::string_view function, const Value& value) {
  auto of = value.is_function() ? std::dynamic_pointer_cast<const exec::ClassFunction>(value.function()) : nullptr;
  if (of == nullptr)
    throw ScriptError("Usage: " + std::string(function) + "(…). eventSchema must name classes, not " +
                      value.type_text() + ".");
  return of;
}

std::shared_ptr<data::InstanceObject> empty_event(const std::shared_ptr<const exec::ClassFunction>& of) {
  return std::make_shared<data::InstanceObject>(of->name(), of, of->fields());
}

data::Dictionary event_dictionary(const data::InstanceObject& event) {
  data::Dictionary fields(Type::kString, Type::kAny, true);
  fields.set(data::Scalar::of_string("eventType"), Value::of_string(event.class_name()));
  for (const auto& [name, value] : event.values()) fields.set(data::Scalar::of_string(name), value);
  return fields;
}

std::vector<Value> unpacked_event(const EventKind& kind, std::string_view name, std::string_view bytes) {
  ByteReader in(bytes);
  std::vector<Value> values;
  for (const auto& field : kind.fields)
    values.push_back(field.is_vector ? unpacked_vector(field, in) : unpacked_scalar(field, in));
  if (!in.ok() || !in.at_end())
    throw ScriptError("The " + std::to_string(bytes.size()) + " bytes of an event are not the fields of " +
                      std::string(name) + ".");
  return values;
}

}  // namespace pelorus::stream
