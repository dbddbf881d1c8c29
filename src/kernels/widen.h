#pragma once
// Plain numbers from one representation into another, nulls into nulls.

#include <cstddef>

#include "kernels/elementwise.h"

namespace pelorus::kernels {

/// Rows converted at a time, so that both sides stay in the first-level cache.
inline constexpr size_t kBlockRows = 1024;

/// Converts `rows` values. Floats into integers truncate; narrowing wraps, from Int128: out of range gives null.
/// Neither side may be kB16, kText or kMixed (checked).
void widen(Repr from, const void* in, Repr to, void* out, size_t rows);

/// Runs `kernel`, which takes operands of `compute` and writes `produced`, over operands and a result of other
/// representations, in blocks. Same representations: one call.
struct MixedRun {
  Repr left;
  Repr right;
  Repr compute;
  Repr produced;
  Repr result;
};
void run_mixed(BinaryKernel kernel, const MixedRun& run, Lane left, Lane right, void* out, size_t rows);
void run_mixed(UnaryKernel kernel, Repr operand, Repr compute, Repr produced, Repr result, const void* in, void* out,
               size_t rows);

/// Bytes of one value of a fixed-width representation.
size_t width_of(Repr repr);

}  // namespace pelorus::kernels
