#include "stream/messages/event_serializer.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/script_error.h"
#include "data/convert.h"
#include "functions/arguments.h"
#include "wire/encode.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using data::Vector;

void pack_scalar(const Value& value, ByteWriter& out) {
  const auto& scalar = value.scalar();
  if (scalar.type() == Type::kBlob) {
    out.put<int32_t>(static_cast<int32_t>(scalar.text().size()));
    return out.put_raw(scalar.text().data(), scalar.text().size());
  }
  if (types::is_literal(scalar.type())) return out.put_cstring(scalar.text());
  const Vector one = Vector::filled(scalar, 1);
  types::visit_fixed(one.repr(), [&]<class T>() { out.put<T>(one.values<T>()[0]); });
}

/// Numbers: one row of an array vector; texts: a whole object.
void pack_vector(const Vector& vector, ByteWriter& out) {
  if (types::is_literal(vector.type())) {
    wire::Chain chain;
    const auto done = wire::encode(Value(vector), chain);
    if (!done.ok()) throw ScriptError(done.error().message);
    const auto bytes = chain.flatten();
    return out.put_raw(bytes.data(), bytes.size());
  }
  if (vector.empty()) return out.put<uint16_t>(0);
  out.put<uint16_t>(1);  // rows
  const size_t count = vector.size();
  const uint8_t width = count <= UINT8_MAX ? 1 : count <= UINT16_MAX ? 2 : 4;
  out.put<uint8_t>(width);
  out.put<uint8_t>(0);
  if (width == 1) out.put<uint8_t>(static_cast<uint8_t>(count));
  if (width == 2) out.put<uint16_t>(static_cast<uint16_t>(count));
  if (width == 4) out.put<uint32_t>(static_cast<uint32_t>(count));
  types::visit_fixed(vector.repr(), [&]<class T>() {
    const auto values = vector.values<T>();
    out.put_raw(values.data(), values.size_bytes());
  });
}

Value typed(const std::string& kind, const EventField& field, const Value& value) {
  const auto refuse = [&]() {
    return ScriptError("The field " + field.name + " of the event " + kind + " must be a " +
                       (field.is_vector ? "vector of type " : "scalar of type ") +
                       std::string(types::name_of(field.type)) + ", not " + value.type_text() + ".");
  };
  if (field.is_vector) {
    if (!value.is_vector() || value.is_tuple() || value.vector().is_array()) throw refuse();
    auto converted = data::convert(value.vector_shared(), field.type);
    if (!converted) throw refuse();
    return *converted;
  }
  if (!value.is_scalar()) throw refuse();
  auto converted = data::convert(value.scalar(), field.type);
  if (!converted) throw refuse();
  return *converted;
}

size_t field_at(const std::string& kind, const EventKind& described, const std::string& name) {
  for (size_t i = 0; i < described.fields.size(); ++i) {
    if (described.fields[i].name == name) return i;
  }
  throw ScriptError("The event " + kind + " has no field " + name + ".");
}

}  // namespace

std::string packed_event(const EventKind& kind, const std::vector<Value>& values) {
  std::string bytes;
  ByteWriter out(bytes);
  for (size_t i = 0; i < kind.fields.size(); ++i) {
    if (kind.fields[i].is_vector)
      pack_vector(values[i].vector(), out);
    else
      pack_scalar(values[i], out);
  }
  return bytes;
}

EventSerializer::EventSerializer(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                                 std::map<std::string, EventKind> kinds, std::vector<std::string> common)
    : Engine(std::move(terms), std::move(session)),
      kinds_(std::move(kinds)),
      common_(std::move(common)),
      has_time_(!kinds_.begin()->second.time_field.empty()) {
  for (const auto& [name, kind] : kinds_) {
    for (const auto& field : common_) field_at(name, kind, field);
    if (has_time_) field_at(name, kind, kind.time_field);
  }
  const auto schema = this->terms().output->schema();
  const size_t first = has_time_ ? 1 : 0;
  const bool fits = schema.size() == first + 2 + common_.size() && types::is_literal(schema[first].type) &&
                    schema[first + 1].type == Type::kBlob && (!has_time_ || types::is_temporal(schema[0].type));
  if (!fits)
    throw ScriptError("streamEventSerializer: outputTable must have " +
                      std::string(has_time_ ? "a time column, " : "") +
                      "a STRING or SYMBOL column, a BLOB column and one column for each of commonField.");
}

Result<int64_t> EventSerializer::append_event(const data::Dictionary& event) {
  TRY_DONE(feed(data::Table(), {}, [&](const data::Table&) { return row_of(event); }));
  return 1;
}

data::Table EventSerializer::row_of(const data::Dictionary& event) const {
  const Value named = event.get(std::string_view("eventType"));
  const auto name = named.is_text() ? named.text() : std::string();
  const auto found = kinds_.find(name);
  if (found == kinds_.end())
    throw ScriptError("An event must have its kind at eventType, one of those of eventSchema; there is no " + name +
                      ".");
  const auto& kind = found->second;
  std::vector<Value> values;
  for (const auto& field : kind.fields) {
    if (event.find(data::Scalar::of_string(field.name)) < 0)
      throw ScriptError("The event " + name + " lacks its field " + field.name + ".");
    values.push_back(typed(name, field, event.get(std::string_view(field.name))));
  }
  const auto schema = terms().output->schema();
  std::vector<Value> cells;
  if (has_time_) cells.push_back(values[field_at(name, kind, kind.time_field)]);
  cells.push_back(Value::of_string(name));
  cells.push_back(Value(types::Scalar::of_text(Type::kBlob, packed_event(kind, values))));
  for (const auto& field : common_) cells.push_back(values[field_at(name, kind, field)]);
  std::vector<std::string> names;
  std::vector<data::Shared<Vector>> columns;
  for (size_t c = 0; c < cells.size(); ++c) {
    names.push_back(schema[c].name);
    if (cells[c].is_vector()) {
      const auto size = static_cast<int64_t>(cells[c].vector().size());
      columns.emplace_back(Vector::array(cells[c].vector_shared(), {size}));
    } else {
      columns.emplace_back(Vector::filled(cells[c].scalar(), 1));
    }
  }
  return data::Table(std::move(names), std::move(columns));
}

data::Table EventSerializer::process(const data::Table&) {
  throw ScriptError("events come by appendEvent, one at a time.");
}

}  // namespace pelorus::stream
