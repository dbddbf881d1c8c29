#pragma once
// The storage of columns.

#include "base/buffer.h"

namespace pelorus::data {

template <class T>
using Buffer = pelorus::Buffer<T>;

}  // namespace pelorus::data
