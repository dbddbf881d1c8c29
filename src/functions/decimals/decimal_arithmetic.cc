#include "functions/decimals/decimal_arithmetic.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/script_error.h"
#include "types/null.h"
#include "types/representation.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using data::Vector;
using types::Int128;
using types::Type;

[[noreturn]] void refuse_overflow(std::string_view operation, Type type) {
  throw ScriptError("Decimal math overflow: a result of " + std::string(operation) + " does not fit " +
                    std::string(types::name_of(type)) + "; use a wider type or a smaller scale.");
}

/// Values of a lane at `scale`, one for a scalar.
Buffer<Int128> at_scale(std::string_view operation, DecimalLane lane, int scale, Type type) {
  Buffer<Int128> values(lane.vector != nullptr ? lane.vector->size() : 1);
  const int own_scale = lane.vector != nullptr ? lane.vector->scale() : lane.scalar->scale();
  Int128 factor = 1;
  for (int i = own_scale; i < scale; ++i) factor *= 10;
  const auto put = [&]<class T>(size_t i, T value) {
    if (types::is_null(value)) {
      values[i] = types::kNull<Int128>;
    } else if (__builtin_mul_overflow(static_cast<Int128>(value), factor, &values[i])) {
      refuse_overflow(operation, type);
    }
  };
  const auto repr = lane.vector != nullptr ? lane.vector->repr() : lane.scalar->repr();
  types::visit_fixed(repr, [&]<class T>() {
    if constexpr (std::is_same_v<T, int8_t> || std::is_same_v<T, int16_t> || std::is_same_v<T, int32_t> ||
                  std::is_same_v<T, int64_t> || std::is_same_v<T, Int128>) {
      if (lane.vector == nullptr) return put(0, lane.scalar->get<T>());
      const auto cells = lane.vector->values<T>();
      for (size_t i = 0; i < cells.size(); ++i) put(i, cells[i]);
    }
  });
  return values;
}

/// False when 128 bits do not hold the result.
bool compute(std::string_view operation, Int128 x, Int128 y, Int128* out) {
  if (operation == "add") return !__builtin_add_overflow(x, y, out);
  if (operation == "sub") return !__builtin_sub_overflow(x, y, out);
  return !__builtin_mul_overflow(x, y, out);
}

Int128 largest_of(Type type) {
  if (type == Type::kDecimal32) return std::numeric_limits<int32_t>::max();
  if (type == Type::kDecimal64) return std::numeric_limits<int64_t>::max();
  return ~types::kNull<Int128>;
}

Type wider(Type type) { return type == Type::kDecimal32 ? Type::kDecimal64 : Type::kDecimal128; }

}  // namespace

bool is_decimal_arithmetic(std::string_view operation, const BinaryTypes& types) {
  return types::is_decimal(types.result.type) && (operation == "add" || operation == "sub" || operation == "mul");
}

Vector decimal_result(std::string_view operation, const BinaryTypes& types, DecimalLane left, DecimalLane right,
                      size_t rows) {
  Type type = types.result.type;
  const auto x = at_scale(operation, left, types.left.scale, type);
  const auto y = at_scale(operation, right, types.right.scale, type);
  Buffer<Int128> results(rows);
  Int128 extreme = 0;
  for (size_t i = 0; i < rows; ++i) {
    const Int128 a = x[left.vector != nullptr ? i : 0], b = y[right.vector != nullptr ? i : 0];
    results[i] = types::kNull<Int128>;
    if (types::is_null(a) || types::is_null(b)) continue;
    if (!compute(operation, a, b, &results[i]) || types::is_null(results[i])) refuse_overflow(operation, type);
    extreme = std::max(extreme, results[i] < 0 ? -results[i] : results[i]);
  }
  while (extreme > largest_of(type)) {
    if (operation != "mul" || type == Type::kDecimal128) refuse_overflow(operation, type);
    type = wider(type);
  }
  Vector result(type, rows, types.result.scale);
  types::visit_fixed(result.repr(), [&]<class T>() {
    if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> || std::is_same_v<T, Int128>) {
      auto& cells = result.edit<T>();
      for (size_t i = 0; i < rows; ++i)
        cells[i] = types::is_null(results[i]) ? types::kNull<T> : static_cast<T>(results[i]);
    }
  });
  return result;
}

}  // namespace pelorus::functions
