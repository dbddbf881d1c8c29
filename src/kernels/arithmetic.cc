#include "kernels/arithmetic.h"

#include <cmath>

namespace pelorus::kernels {
namespace {

template <class T>
struct UnsignedOf {
  using type = std::make_unsigned_t<T>;
};
template <>
struct UnsignedOf<Int128> {
  __extension__ using type = unsigned __int128;
};
template <class T>
using Unsigned = typename UnsignedOf<T>::type;

struct Add {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return finite_or_null(a + b);
    else
      return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
  }
};
struct Subtract {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return finite_or_null(a - b);
    else
      return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
  }
};
struct Multiply {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return finite_or_null(a * b);
    else
      return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b));
  }
};
// Division traps, so nulls and zero are tested first; NullIfEither is not needed around these.
struct Divide {
  template <class T>
  static T apply(T a, T b) {
    if (a == kNull<T> || b == kNull<T> || b == 0) return kNull<T>;
    if constexpr (std::is_floating_point_v<T>) {
      return finite_or_null(a / b);
    } else {
      const T quotient = a / b;
      return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }
  }
};
struct Modulo {
  template <class T>
  static T apply(T a, T b) {
    if (a == kNull<T> || b == kNull<T> || b == 0) return kNull<T>;
    if constexpr (std::is_floating_point_v<T>) {
      return finite_or_null(a - std::floor(a / b) * b);
    } else {
      const T rest = a % b;
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
  }
};
struct Ratio {
  static double apply(double a, double b) {
    const double value = finite_or_null(a / b);
    return b == 0 ? kNull<double> : value;
  }
};
struct Power {
  static double apply(double a, double b) { return finite_or_null(std::pow(a, b)); }
};
struct ArcTangent2 {
  static double apply(double a, double b) { return std::atan2(a, b); }
};

struct BitAnd {
  template <class T>
  static T apply(T a, T b) {
    return a & b;
  }
};
struct BitOr {
  template <class T>
  static T apply(T a, T b) {
    return a | b;
  }
};
struct BitXor {
  template <class T>
  static T apply(T a, T b) {
    return a ^ b;
  }
};
struct ShiftLeft {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) << (static_cast<Unsigned<T>>(b) % (sizeof(T) * 8)));
  }
};
struct ShiftRight {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) >> (static_cast<Unsigned<T>>(b) % (sizeof(T) * 8)));
  }
};

struct And {
  static int8_t apply(int8_t a, int8_t b) { return static_cast<int8_t>((a != 0) & (b != 0)); }
};
struct Xor {
  static int8_t apply(int8_t a, int8_t b) { return static_cast<int8_t>((a != 0) ^ (b != 0)); }
};
struct Or {
  static int8_t apply(int8_t a, int8_t b) {
    const auto both = static_cast<int8_t>((a != 0) | (b != 0));
    return a == kNull<int8_t> ? b : b == kNull<int8_t> ? a : both;
  }
};

struct Equal {
  template <class T>
  static int8_t apply(T a, T b) {
    return a == b;
  }
};
struct NotEqual {
  template <class T>
  static int8_t apply(T a, T b) {
    return a != b;
  }
};
struct Less {
  template <class T>
  static int8_t apply(T a, T b) {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  static int8_t apply(T a, T b) {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  static int8_t apply(T a, T b) {
    return a > b;
  }
};
struct GreaterEqual {
  template <class T>
  static int8_t apply(T a, T b) {
    return a >= b;
  }
};
struct Maximum {
  template <class T>
  static T apply(T a, T b) {
    return a < b ? b : a;
  }  // null is the smallest
};
struct Minimum {
  template <class T>
  static T apply(T a, T b) {
    if (a == kNull<T>) return b;
    if (b == kNull<T>) return a;
    return b < a ? b : a;
  }
};

template <class T>
void wrap(T* values, size_t rows, T modulus) {
  for (size_t i = 0; i < rows; ++i) {
    const T rest = values[i] % modulus;
    values[i] = values[i] == kNull<T> ? values[i] : rest < 0 ? rest + modulus : rest;
  }
}

using Bool = TypeList<int8_t>;
using Double = TypeList<double>;

}  // namespace

const KernelRow kAdd = kernels_for<NullIfEither<Add>>(Numeric{});
const KernelRow kSubtract = kernels_for<NullIfEither<Subtract>>(Numeric{});
const KernelRow kMultiply = kernels_for<NullIfEither<Multiply>>(Numeric{});
const KernelRow kDivide = kernels_for<Divide>(Numeric{});
const KernelRow kModulo = kernels_for<Modulo>(Numeric{});
const KernelRow kRatio = kernels_for<NullIfEither<Ratio>>(Double{});
const KernelRow kPower = kernels_for<NullIfEither<Power>>(Double{});
const KernelRow kArcTangent2 = kernels_for<NullIfEither<ArcTangent2>>(Double{});
const KernelRow kBitAnd = kernels_for<NullIfEither<BitAnd>>(Whole{});
const KernelRow kBitOr = kernels_for<NullIfEither<BitOr>>(Whole{});
const KernelRow kBitXor = kernels_for<NullIfEither<BitXor>>(Whole{});
const KernelRow kShiftLeft = kernels_for<NullIfEither<ShiftLeft>>(Whole{});
const KernelRow kShiftRight = kernels_for<NullIfEither<ShiftRight>>(Whole{});
const KernelRow kAnd = kernels_for<NullIfEither<And>>(Bool{});
const KernelRow kXor = kernels_for<NullIfEither<Xor>>(Bool{});
const KernelRow kOr = kernels_for<Or>(Bool{});
const KernelRow kEqual = kernels_for<Equal>(Numeric{});
const KernelRow kNotEqual = kernels_for<NotEqual>(Numeric{});
const KernelRow kLess = kernels_for<Less>(Numeric{});
const KernelRow kLessEqual = kernels_for<LessEqual>(Numeric{});
const KernelRow kGreater = kernels_for<Greater>(Numeric{});
const KernelRow kGreaterEqual = kernels_for<GreaterEqual>(Numeric{});
const KernelRow kMaximum = kernels_for<Maximum>(Numeric{});
const KernelRow kMinimum = kernels_for<Minimum>(Numeric{});

void wrap_modulo(int32_t* values, size_t rows, int32_t modulus) { wrap(values, rows, modulus); }
void wrap_modulo(int64_t* values, size_t rows, int64_t modulus) { wrap(values, rows, modulus); }

}  // namespace pelorus::kernels
