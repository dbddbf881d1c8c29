#pragma once
// Which rows may be among the first of an order while rows go by, so that only those need to be kept and sorted.

#include <cstdint>
#include <vector>

#include "types/representation.h"

namespace pelorus::kernels {

/// Of one key of whole or floating numbers, nulls being the lowest. One thread.
class BestValues {
 public:
  /// The first `count` > 0 are wanted, the least ones or, `descending`, the greatest. `keeps_ties`: rows equal to the
  /// last of them count as well; otherwise the earlier row wins.
  BestValues(types::Repr repr, bool descending, size_t count, bool keeps_ties)
      : repr_(repr), descending_(descending), keeps_ties_(keeps_ties), count_(count) {}

  /// flags[i]: 0 when `count` earlier rows, of this call or those before, are sure to go before row i; otherwise 1.
  /// Cost: a comparison a row and, for those that are kept, some 10 ns.
  void judge(const void* values, size_t rows, int8_t* flags);

 private:
  template <class T, class Wide>
  void judge(const T* values, size_t rows, std::vector<Wide>& best, int8_t* flags);

  types::Repr repr_;
  bool descending_, keeps_ties_;
  size_t count_;
  bool has_worst_ = false;     // then the last of those below is the worst of the first `count`
  std::vector<double> reals_;  // the best so far
  std::vector<int64_t> wholes_;
};

}  // namespace pelorus::kernels
