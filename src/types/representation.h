#pragma once
// Some forty logical types share ten plain C++ types. visit() is the only switch over them.

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "types/type.h"

namespace pelorus::types {

__extension__ using Int128 = __int128;

/// 16 bytes without arithmetic: UUID, IPADDR, INT128 in wire order; COMPLEX, POINT as two doubles.
struct Bytes16 {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Bytes16&) const = default;
};

enum class Repr : uint8_t {
  kI8,     // BOOL CHAR
  kI16,    // SHORT
  kI32,    // INT, 4-byte temporals, DECIMAL32, SYMBOL codes
  kI64,    // LONG, 8-byte temporals, DECIMAL64
  kI128,   // DECIMAL128
  kF32,    // FLOAT
  kF64,    // DOUBLE
  kB16,    // UUID IPADDR INT128 COMPLEX POINT
  kText,   // STRING BLOB
  kMixed,  // ANY: a value per element
};

constexpr Repr repr_of(Type type) {
  switch (type) {
    case Type::kVoid:
    case Type::kBool:
    case Type::kChar:
    case Type::kCompressed: return Repr::kI8;
    case Type::kShort: return Repr::kI16;
    case Type::kLong:
    case Type::kTimestamp:
    case Type::kNanotime:
    case Type::kNanotimestamp:
    case Type::kDecimal64: return Repr::kI64;
    case Type::kFloat: return Repr::kF32;
    case Type::kDouble: return Repr::kF64;
    case Type::kString:
    case Type::kBlob: return Repr::kText;
    case Type::kUuid:
    case Type::kIpaddr:
    case Type::kInt128:
    case Type::kComplex:
    case Type::kPoint: return Repr::kB16;
    case Type::kDecimal128: return Repr::kI128;
    case Type::kAny:
    case Type::kDuration:
    case Type::kFunctionDef:
    case Type::kHandle:
    case Type::kCode:
    case Type::kDatasource:
    case Type::kResource:
    case Type::kDictionary: return Repr::kMixed;
    default: return Repr::kI32;
  }
}

/// Calls f.template operator()<T>() with the plain type of a fixed-width representation (not kText, kMixed).
template <class F>
decltype(auto) visit_fixed(Repr repr, F&& f) {
  switch (repr) {
    case Repr::kI8: return f.template operator()<int8_t>();
    case Repr::kI16: return f.template operator()<int16_t>();
    case Repr::kI32: return f.template operator()<int32_t>();
    case Repr::kI64: return f.template operator()<int64_t>();
    case Repr::kI128: return f.template operator()<Int128>();
    case Repr::kF32: return f.template operator()<float>();
    case Repr::kF64: return f.template operator()<double>();
    case Repr::kB16: return f.template operator()<Bytes16>();
    case Repr::kText:
    case Repr::kMixed: break;
  }
  CHECK_WITH(false, "representation without a fixed width");
  return f.template operator()<int8_t>();
}

inline bool is_fixed(Repr repr) { return repr != Repr::kText && repr != Repr::kMixed; }

}  // namespace pelorus::types
