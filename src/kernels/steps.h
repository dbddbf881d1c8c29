#pragma once
// Numbers cut into steps: what a function gives for them that goes up where they do.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "kernels/group_numbers.h"

namespace pelorus::kernels {

/// Neighbouring rows in the same step.
struct StepRuns {
  Buffer<int64_t> steps;       // by run
  std::vector<uint32_t> ends;  // by run: the row before which it ends

  void add(size_t step, size_t end) {
    steps.push_back(static_cast<int64_t>(step));
    ends.push_back(static_cast<uint32_t>(end));
  }
};

/// The runs of some rows, of which step s has the values from begins[s] to before begins[s + 1]; the last one has no
/// end, and no value is below the first. False: there are more than `most` runs, and `out` has some of them. Cost: that
/// of reading the values, and some 50 ns a run.
bool cut_into_steps(const WholeKey& values, size_t rows, std::span<const int64_t> begins, size_t most, StepRuns& out);

}  // namespace pelorus::kernels
