#pragma once
// What comes out of an element-wise function, by the element types that go in (language reference §2.3, §2.4).

#include <string_view>

#include "kernels/elementwise.h"
#include "types/type.h"

namespace pelorus::functions {

using types::Repr;
using types::Type;

struct Element {
  Type type = Type::kVoid;
  int scale = 0;
};

struct BinaryTypes {
  Element left;  // each operand is first brought to this meaning …
  Element right;
  Repr compute = Repr::kF64;   // … then to this representation for the kernel,
  Repr produced = Repr::kF64;  // which writes this one,
  Element result;              // kept as this type.
  int64_t wrap = 0;            // times of day: result modulo this; 0: not
  bool by_element = false;     // no kernel: scalar by scalar (16-byte types)
};

/// `function` is for messages. VOID operands have been given the other's type before. Errors: ScriptError.
using BinaryRule = BinaryTypes (*)(std::string_view function, Element left, Element right);

BinaryTypes sum_types(std::string_view function, Element left, Element right);         // add
BinaryTypes difference_types(std::string_view function, Element left, Element right);  // sub
BinaryTypes product_types(std::string_view function, Element left, Element right);     // mul
BinaryTypes quotient_types(std::string_view function, Element left, Element right);    // div
BinaryTypes remainder_types(std::string_view function, Element left, Element right);   // mod
BinaryTypes double_types(std::string_view function, Element left, Element right);      // ratio pow
BinaryTypes bit_types(std::string_view function, Element left, Element right);         // bitAnd lshift
BinaryTypes logic_types(std::string_view function, Element left, Element right);       // and or xor
BinaryTypes comparison_types(std::string_view function, Element left, Element right);  // eq lt
BinaryTypes extreme_types(std::string_view function, Element left, Element right);     // max min of two

/// What a representation is computed in: one of kI32 kI64 kI128 kF64.
Repr compute_repr(Repr repr);
/// The type a mixed temporal comparison is made in; VOID when there is none (TIME with DATE).
Type finer_temporal(Type left, Type right);

}  // namespace pelorus::functions
