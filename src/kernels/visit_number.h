#pragma once
// A template's instance by representation: f.operator()<T>() with T the plain type.

#include <cstdint>

#include "types/representation.h"

namespace pelorus::kernels {

inline bool is_real(types::Repr repr) { return repr == types::Repr::kF32 || repr == types::Repr::kF64; }

/// Whole numbers of 8 to 64 bits and floating ones; others are taken for 64 bits.
template <class F>
decltype(auto) visit_number(types::Repr repr, F&& f) {
  switch (repr) {
    case types::Repr::kI8: return f.template operator()<int8_t>();
    case types::Repr::kI16: return f.template operator()<int16_t>();
    case types::Repr::kI32: return f.template operator()<int32_t>();
    case types::Repr::kF32: return f.template operator()<float>();
    case types::Repr::kF64: return f.template operator()<double>();
    default: return f.template operator()<int64_t>();
  }
}

/// Whole numbers only.
template <class F>
decltype(auto) visit_whole(types::Repr repr, F&& f) {
  switch (repr) {
    case types::Repr::kI8: return f.template operator()<int8_t>();
    case types::Repr::kI16: return f.template operator()<int16_t>();
    case types::Repr::kI32: return f.template operator()<int32_t>();
    default: return f.template operator()<int64_t>();
  }
}

}  // namespace pelorus::kernels
