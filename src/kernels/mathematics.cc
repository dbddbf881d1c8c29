#include "kernels/mathematics.h"

#include <cmath>
#include <numbers>

namespace pelorus::kernels {
namespace {

struct Negate {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_floating_point_v<T>)
      return -a;
    else
      return a == kNull<T> ? a : -a;
  }
};
struct Absolute {
  template <class T>
  static T apply(T a) {
    return a == kNull<T> || a >= 0 ? a : -a;
  }
};
struct Sign {
  template <class T>
  static int32_t apply(T a) {
    return (a > 0) - (a < 0);
  }
};
struct Not {
  static int8_t apply(int8_t a) { return a == 0; }
};

/// A function of the standard library as an Op.
template <double (*F)(double)>
struct Function {
  static double apply(double a) { return finite_or_null(F(a)); }
};

double reciprocal(double a) { return a == 0 ? kNull<double> : 1 / a; }
double degrees(double a) { return a * (180 / std::numbers::pi); }
double radians(double a) { return a * (std::numbers::pi / 180); }
double square(double a) { return a * a; }

template <double (*F)(double)>
constexpr UnaryRow doubles() {
  return unary_kernels_for<NullIfNull<Function<F>>>(TypeList<double>{});
}

}  // namespace

const UnaryRow kNegate = unary_kernels_for<NullIfNull<Negate>>(Numeric{});
const UnaryRow kAbsolute = unary_kernels_for<Absolute>(Numeric{});
const UnaryRow kSign = unary_kernels_for<NullIfNull<Sign>>(Numeric{});
const UnaryRow kNot = unary_kernels_for<NullIfNull<Not>>(TypeList<int8_t>{});
const UnaryRow kSquareRoot = doubles<std::sqrt>();
const UnaryRow kCubeRoot = doubles<std::cbrt>();
const UnaryRow kExponential = doubles<std::exp>();
const UnaryRow kExponential2 = doubles<std::exp2>();
const UnaryRow kExponentialMinus1 = doubles<std::expm1>();
const UnaryRow kLogarithm = doubles<std::log>();
const UnaryRow kLogarithm1Plus = doubles<std::log1p>();
const UnaryRow kLogarithm2 = doubles<std::log2>();
const UnaryRow kLogarithm10 = doubles<std::log10>();
const UnaryRow kSine = doubles<std::sin>();
const UnaryRow kCosine = doubles<std::cos>();
const UnaryRow kTangent = doubles<std::tan>();
const UnaryRow kArcSine = doubles<std::asin>();
const UnaryRow kArcCosine = doubles<std::acos>();
const UnaryRow kArcTangent = doubles<std::atan>();
const UnaryRow kHyperbolicSine = doubles<std::sinh>();
const UnaryRow kHyperbolicCosine = doubles<std::cosh>();
const UnaryRow kHyperbolicTangent = doubles<std::tanh>();
const UnaryRow kArcHyperbolicSine = doubles<std::asinh>();
const UnaryRow kArcHyperbolicCosine = doubles<std::acosh>();
const UnaryRow kArcHyperbolicTangent = doubles<std::atanh>();
const UnaryRow kReciprocal = doubles<reciprocal>();
const UnaryRow kDegrees = doubles<degrees>();
const UnaryRow kRadians = doubles<radians>();
const UnaryRow kSquare = doubles<square>();
const UnaryRow kFloor = doubles<std::floor>();
const UnaryRow kCeiling = doubles<std::ceil>();
const UnaryRow kRound = doubles<std::round>();

}  // namespace pelorus::kernels
