#include "meta/archive.h"

namespace pelorus::meta {
namespace {

bool is_known(types::Type type) {
  return types::is_storable(type) || type == types::Type::kVoid || type == types::Type::kDuration;
}

}  // namespace

// Type code u8, scale u8, then text, or the plain value in its own width.
void Encoder::put(const types::Scalar& scalar) {
  CHECK_WITH(is_known(scalar.type()), types::name_of(scalar.type()));
  put(scalar.type());
  put(static_cast<uint8_t>(scalar.scale()));
  if (scalar.type() == types::Type::kVoid) return;
  if (scalar.is_text()) return put(scalar.text());
  if (scalar.type() == types::Type::kDuration) return ByteWriter(out_).put(scalar.get<types::Duration>());
  types::visit_fixed(scalar.repr(), [&]<class T>() { ByteWriter(out_).put(scalar.get<T>()); });
}

void Decoder::get(types::Scalar& scalar) {
  const auto type = in_.get<types::Type>();
  const auto scale = in_.get<uint8_t>();
  scalar = types::Scalar();
  if (!ok() || !is_known(type) || scale > types::scale_max(type)) return fail();
  if (type == types::Type::kVoid) return;
  if (types::is_literal(type)) {
    scalar = types::Scalar::of_text(type, in_.get_string());
  } else if (type == types::Type::kDuration) {
    scalar = types::Scalar::of_duration(in_.get<types::Duration>());
  } else {
    types::visit_fixed(types::repr_of(type),
                       [&]<class T>() { scalar = types::Scalar::of<T>(type, in_.get<T>(), scale); });
  }
}

}  // namespace pelorus::meta
