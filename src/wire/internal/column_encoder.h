#pragma once
// Element areas of vectors, as the encoder of values and that of table blocks need them.

#include "data/vector.h"
#include "wire/chain.h"

namespace pelorus::wire {

/// An array vector of texts: no client reads one. It leaves as a tuple of vectors.
bool leaves_as_lists(const data::Vector& vector);
/// Type code a vector leaves under: DURATION, other vectors of boxed values and arrays of texts leave as ANY.
uint8_t wire_type_of(const data::Vector& vector);

/// Elements [from, from+count) of a vector that is neither tuple nor array, without any header. SYMBOL as texts.
void encode_elements(const data::Vector& vector, size_t from, size_t count, Chain& out);
/// Raw values of fixed width; NaN leaves as null.
void encode_fixed(const data::Vector& vector, size_t from, size_t count, Chain& out);
/// One block of rows of an array vector that doesn't leave as lists; returns the rows it holds (at least 1, at most
/// `count`).
size_t encode_array_block(const data::Vector& vector, size_t from, size_t count, Chain& out);
/// Elements an array vector's rows [from, from+count) have on the wire: an empty row leaves as one null.
uint64_t array_elements_on_wire(const data::Vector& vector, size_t from, size_t count);

}  // namespace pelorus::wire
