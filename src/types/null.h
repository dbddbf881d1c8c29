#pragma once
// One reserved value per plain type means "null", as on the wire.

#include <cfloat>
#include <cstdint>
#include <limits>
#include <string>

#include "types/representation.h"

namespace pelorus::types {

template <class T>
inline constexpr T kNull = std::numeric_limits<T>::min();
template <>
inline constexpr float kNull<float> = -FLT_MAX;
template <>
inline constexpr double kNull<double> = -DBL_MAX;
template <>
inline constexpr Int128 kNull<Int128> = static_cast<Int128>(static_cast<unsigned __int128>(1) << 127);
template <>
inline constexpr Bytes16 kNull<Bytes16> = {};

template <class T>
constexpr bool is_null(const T& value) {
  return value == kNull<T>;
}
/// The empty string is the null of STRING, SYMBOL and BLOB.
inline bool is_null(const std::string& text) { return text.empty(); }

/// The 16-byte null differs for COMPLEX and POINT: both halves -DBL_MAX.
Bytes16 null_of_bytes16(Type type);

}  // namespace pelorus::types
