#pragma once
// How values stand to the ones before them.

#include <cstddef>
#include <cstdint>

namespace pelorus::kernels {

/// How many of `rows` values differ from the one before; rows > 0. Fast where PELORUS_WIDE functions call it.
template <class T>
__attribute__((always_inline)) inline size_t changes_between(const T* values, size_t rows) {
  uint32_t changes = 0;
  for (size_t i = 1; i < rows; ++i) changes += values[i] != values[i - 1];
  return changes;
}

/// Sets changes[i], i > 0, where a value differs from the one before; others stay as they are. The same.
template <class T>
__attribute__((always_inline)) inline void mark_changes(const T* values, size_t rows, int8_t* changes) {
  for (size_t i = 1; i < rows; ++i) changes[i] |= static_cast<int8_t>(values[i] != values[i - 1]);
}

}  // namespace pelorus::kernels
