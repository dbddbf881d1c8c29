#include "functions/decimals/decimal_arithmetic.h"

#include <optional>
#include <type_traits>

#include "base/script_error.h"
#include "types/null.h"
#include "types/representation.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using data::Vector;
using types::Int128;
using types::kNull;
using types::Type;

struct Add {
  template <class T>
  static bool overflows(T x, T y, T* out) {
    return __builtin_add_overflow(x, y, out);
  }
};
struct Subtract {
  template <class T>
  static bool overflows(T x, T y, T* out) {
    return __builtin_sub_overflow(x, y, out);
  }
};
struct Multiply {
  template <class T>
  static bool overflows(T x, T y, T* out) {
    return __builtin_mul_overflow(x, y, out);
  }
};

/// A side in the representation of the result, at the scale asked for.
template <class T>
struct Operand {
  Buffer<T> held;
  const T* values = nullptr;  // held's, or the side's own
  size_t step = 1;            // 0: one value for all rows
};

/// value * factor; true when T does not hold it. Nulls stay nulls.
template <class T, class From>
bool rescale(From value, Int128 factor, T* out) {
  if (types::is_null(value)) {
    *out = kNull<T>;
    return false;
  }
  Int128 scaled;
  const bool is_wide = __builtin_mul_overflow(static_cast<Int128>(value), factor, &scaled);
  *out = static_cast<T>(scaled);
  return is_wide || static_cast<Int128>(*out) != scaled || *out == kNull<T>;
}

/// Nothing when some value does not fit.
template <class T>
std::optional<Operand<T>> operand(DecimalLane lane, int scale) {
  const auto repr = lane.vector ? lane.vector->repr() : lane.scalar->repr();
  const int own_scale = lane.vector ? lane.vector->scale() : lane.scalar->scale();
  Int128 factor = 1;
  for (int i = own_scale; i < scale; ++i) factor *= 10;
  Operand<T> out{.step = lane.vector ? size_t{1} : size_t{0}};
  bool overflows = false;
  types::visit_fixed(repr, [&]<class From>() {
    if constexpr (std::is_integral_v<From> || std::is_same_v<From, Int128>) {
      if constexpr (std::is_same_v<From, T>) {
        if (lane.vector && factor == 1) return void(out.values = lane.vector->values<T>().data());
      }
      out.held.resize(lane.vector ? lane.vector->size() : 1);
      if (!lane.vector) return void(overflows = rescale(lane.scalar->get<From>(), factor, out.held.data()));
      const auto cells = lane.vector->values<From>();
      for (size_t i = 0; i < cells.size(); ++i) overflows |= rescale(cells[i], factor, &out.held[i]);
    }
  });
  if (overflows) return std::nullopt;
  if (!out.values) out.values = out.held.data();
  return out;
}

/// Nothing when T does not hold some result.
template <class T, class Operation>
std::optional<Buffer<T>> compute(const Operand<T>& left, const Operand<T>& right, size_t rows) {
  Buffer<T> out(rows);
  bool overflows = false;
  for (size_t i = 0; i < rows; ++i) {
    const T x = left.values[i * left.step], y = right.values[i * right.step];
    T result;
    const bool is_wide = Operation::overflows(x, y, &result) || result == kNull<T>;
    const bool is_null = x == kNull<T> || y == kNull<T>;
    overflows |= is_wide && !is_null;
    out[i] = is_null ? kNull<T> : result;
  }
  return overflows ? std::nullopt : std::optional(std::move(out));
}

template <class Operation>
std::optional<Vector> result_of_type(Type type, const BinaryTypes& types, DecimalLane left, DecimalLane right,
                                     size_t rows) {
  std::optional<Vector> out;
  types::visit_fixed(types::repr_of(type), [&]<class T>() {
    if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> || std::is_same_v<T, Int128>) {
      const auto x = operand<T>(left, types.left.scale), y = operand<T>(right, types.right.scale);
      if (!x || !y) return;
      if (auto results = compute<T, Operation>(*x, *y, rows))
        out = Vector::adopt<T>(type, *std::move(results), types.result.scale);
    }
  });
  return out;
}

[[noreturn]] void refuse_overflow(std::string_view operation, Type type) {
  throw ScriptError("Decimal math overflow: a result of " + std::string(operation) + " does not fit " +
                    std::string(types::name_of(type)) + "; use a wider type or a smaller scale.");
}

}  // namespace

bool is_decimal_arithmetic(std::string_view operation, const BinaryTypes& types) {
  return types::is_decimal(types.result.type) && (operation == "add" || operation == "sub" || operation == "mul");
}

Vector decimal_result(std::string_view operation, const BinaryTypes& types, DecimalLane left, DecimalLane right,
                      size_t rows) {
  Type type = types.result.type;
  const auto of_type = operation == "add"   ? result_of_type<Add>
                       : operation == "sub" ? result_of_type<Subtract>
                                            : result_of_type<Multiply>;
  while (true) {
    if (auto result = of_type(type, types, left, right, rows)) return *std::move(result);
    if (operation != "mul" || type == Type::kDecimal128) refuse_overflow(operation, type);
    type = type == Type::kDecimal32 ? Type::kDecimal64 : Type::kDecimal128;
  }
}

}  // namespace pelorus::functions
