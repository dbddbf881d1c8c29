#pragma once
// The element-wise unary functions: null stays null; outside their domain: null.

#include "kernels/elementwise.h"

namespace pelorus::kernels {

/// Same representation out as in.
extern const UnaryRow kNegate, kAbsolute;
/// In any numeric representation, out int32: -1, 0, 1.
extern const UnaryRow kSign;
/// BOOL bytes.
extern const UnaryRow kNot;
/// double to double.
extern const UnaryRow kSquareRoot, kCubeRoot, kExponential, kExponential2, kExponentialMinus1, kLogarithm,
    kLogarithm1Plus, kLogarithm2, kLogarithm10, kSine, kCosine, kTangent, kArcSine, kArcCosine, kArcTangent,
    kHyperbolicSine, kHyperbolicCosine, kHyperbolicTangent, kReciprocal, kDegrees, kRadians, kSquare, kFloor, kCeiling,
    kRound, kArcHyperbolicSine, kArcHyperbolicCosine, kArcHyperbolicTangent;

}  // namespace pelorus::kernels
