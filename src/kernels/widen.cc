#include "kernels/widen.h"

#include <algorithm>

#include "base/check.h"

namespace pelorus::kernels {
namespace {

constexpr size_t kWidestBytes = 16;
using Block = unsigned char[kBlockRows * kWidestBytes];

template <class From, class To>
void widen_run(const From* in, To* __restrict out, size_t rows) {
  for (size_t i = 0; i < rows; ++i) {
    if constexpr (std::is_same_v<From, Int128> && !std::is_same_v<To, Int128> && !std::is_floating_point_v<To>) {
      const To narrow = static_cast<To>(in[i]);
      out[i] = static_cast<Int128>(narrow) == in[i] ? narrow : kNull<To>;
    } else {
      out[i] = in[i] == kNull<From> ? kNull<To> : static_cast<To>(in[i]);
    }
  }
}

/// The lane's rows [from, from + rows) in `to`, converted into `block` when they are of another representation.
const void* converted(Lane lane, Repr from, Repr to, size_t at, size_t rows, Block& block) {
  const auto* start = static_cast<const unsigned char*>(lane.data) + at * width_of(from);
  if (from == to) return start;
  widen(from, start, to, block, rows);
  return block;
}

}  // namespace

size_t width_of(Repr repr) {
  switch (repr) {
    case Repr::kI8: return 1;
    case Repr::kI16: return 2;
    case Repr::kI32:
    case Repr::kF32: return 4;
    case Repr::kI64:
    case Repr::kF64: return 8;
    default: return 16;
  }
}

void widen(Repr from, const void* in, Repr to, void* out, size_t rows) {
  CHECK(from != Repr::kB16 && to != Repr::kB16);
  types::visit_fixed(from, [&]<class From>() {
    if constexpr (!std::is_same_v<From, types::Bytes16>) {
      types::visit_fixed(to, [&]<class To>() {
        if constexpr (!std::is_same_v<To, types::Bytes16>) {
          widen_run(static_cast<const From*>(in), static_cast<To*>(out), rows);
        }
      });
    }
  });
}

void run_mixed(BinaryKernel kernel, const MixedRun& run, Lane left, Lane right, void* out, size_t rows) {
  alignas(16) Block left_block, right_block, out_block;
  Repr left_repr = run.left, right_repr = run.right;
  if (left.repeats && left_repr != run.compute) {
    widen(left_repr, left.data, run.compute, left_block, 1);
    left = {left_block, true};
    left_repr = run.compute;
  }
  if (right.repeats && right_repr != run.compute) {
    widen(right_repr, right.data, run.compute, right_block, 1);
    right = {right_block, true};
    right_repr = run.compute;
  }
  if (left_repr == run.compute && right_repr == run.compute && run.produced == run.result) {
    kernel(left, right, out, rows);
    return;
  }
  for (size_t at = 0; at < rows; at += kBlockRows) {
    const size_t count = std::min(kBlockRows, rows - at);
    const Lane l{left.repeats ? left.data : converted(left, left_repr, run.compute, at, count, left_block),
                 left.repeats};
    const Lane r{right.repeats ? right.data : converted(right, right_repr, run.compute, at, count, right_block),
                 right.repeats};
    auto* place = static_cast<unsigned char*>(out) + at * width_of(run.result);
    if (run.produced == run.result) {
      kernel(l, r, place, count);
    } else {
      kernel(l, r, out_block, count);
      widen(run.produced, out_block, run.result, place, count);
    }
  }
}

void run_mixed(UnaryKernel kernel, Repr operand, Repr compute, Repr produced, Repr result, const void* in, void* out,
               size_t rows) {
  alignas(16) Block in_block, out_block;
  if (operand == compute && produced == result) {
    kernel(in, out, rows);
    return;
  }
  for (size_t at = 0; at < rows; at += kBlockRows) {
    const size_t count = std::min(kBlockRows, rows - at);
    const void* from = converted({in, false}, operand, compute, at, count, in_block);
    auto* place = static_cast<unsigned char*>(out) + at * width_of(result);
    if (produced == result) {
      kernel(from, place, count);
    } else {
      kernel(from, out_block, count);
      widen(produced, out_block, result, place, count);
    }
  }
}

}  // namespace pelorus::kernels
