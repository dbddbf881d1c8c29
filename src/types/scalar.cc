#include "types/scalar.h"

#include <cmath>

#include "base/check.h"

namespace pelorus::types {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12,
                                   1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25,
                                   1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38};

bool is_whole(const Scalar& s) {
  const auto category = category_of(s.type());
  return category == Category::kLogical || category == Category::kIntegral || category == Category::kTemporal;
}

}  // namespace

Bytes16 null_of_bytes16(Type type) {
  Bytes16 value;
  if (type == Type::kComplex || type == Type::kPoint) {
    const double both[2] = {kNull<double>, kNull<double>};
    std::memcpy(value.bytes.data(), both, sizeof both);
  }
  return value;
}

Scalar Scalar::null_of(Type type, int scale) {
  if (type == Type::kDuration) return of_duration({});
  if (is_literal(type)) return of_text(type, {});
  const auto repr = repr_of(type);
  if (repr == Repr::kB16) return of<Bytes16>(type, null_of_bytes16(type));
  if (!is_fixed(repr) || type == Type::kVoid) {
    Scalar s;
    s.type_ = type;
    return s;
  }
  return visit_fixed(repr, [&]<class T>() { return of<T>(type, kNull<T>, scale); });
}

Scalar Scalar::of_text(Type type, std::string text) {
  Scalar s;
  s.type_ = type;
  if (!text.empty()) s.text_ = std::make_shared<const std::string>(std::move(text));
  return s;
}

bool Scalar::is_null() const {
  if (type_ == Type::kVoid) return true;
  if (is_text()) return text().empty();
  if (type_ == Type::kDuration) return get<Duration>().count == kNull<int32_t>;
  const auto r = repr();
  if (r == Repr::kB16) return get<Bytes16>() == null_of_bytes16(type_);
  if (!is_fixed(r)) return true;
  return visit_fixed(r, [&]<class T>() { return get<T>() == kNull<T>; });
}

int64_t Scalar::as_int64() const {
  switch (repr()) {
    case Repr::kI8: {
      const auto v = get<int8_t>();
      return v == kNull<int8_t> || type_ == Type::kVoid ? kNull<int64_t> : v;
    }
    case Repr::kI16: {
      const auto v = get<int16_t>();
      return v == kNull<int16_t> ? kNull<int64_t> : v;
    }
    case Repr::kI32: {
      const auto v = get<int32_t>();
      return v == kNull<int32_t> ? kNull<int64_t> : v;
    }
    case Repr::kI64: return get<int64_t>();
    default: break;
  }
  DCHECK(false);
  return kNull<int64_t>;
}

double Scalar::as_double() const {
  if (is_null()) return kNull<double>;
  switch (repr()) {
    case Repr::kF64: return get<double>();
    case Repr::kF32: return static_cast<double>(get<float>());
    case Repr::kI128: return static_cast<double>(get<Int128>()) / kPowersOfTen[scale_];
    case Repr::kI8:
    case Repr::kI16:
    case Repr::kI32:
    case Repr::kI64: {
      const auto value = static_cast<double>(as_int64());
      return is_decimal(type_) ? value / kPowersOfTen[scale_] : value;
    }
    default: break;
  }
  DCHECK(false);
  return kNull<double>;
}

bool Scalar::operator==(const Scalar& other) const {
  if (is_text() && other.is_text()) return text() == other.text();
  if (type_ != other.type_) return false;
  if (type_ == Type::kDuration) return get<Duration>() == other.get<Duration>();
  const auto r = repr();
  if (!is_decimal(type_)) {  // null is a number of its own
    if (r == Repr::kI32) return get<int32_t>() == other.get<int32_t>();
    if (r == Repr::kI64) return get<int64_t>() == other.get<int64_t>();
  }
  if (is_null() || other.is_null()) return is_null() == other.is_null();
  if (is_decimal(type_) && scale_ != other.scale_) return compare(*this, other) == 0;
  if (!is_fixed(r)) return false;
  return visit_fixed(r, [&]<class T>() { return get<T>() == other.get<T>(); });
}

size_t Scalar::hash() const {
  if (is_text()) return std::hash<std::string>()(text());
  if (repr() == Repr::kF64 || repr() == Repr::kF32 || is_decimal(type_)) return std::hash<double>()(as_double());
  uint64_t halves[2];
  if (repr() == Repr::kB16 || type_ == Type::kDuration) {
    std::memcpy(halves, payload_, 16);
  } else if (is_whole(*this)) {
    halves[0] = static_cast<uint64_t>(as_int64());
    halves[1] = 0;
  } else {
    halves[0] = halves[1] = 0;
  }
  uint64_t mixed = halves[0] * 0x9E3779B97F4A7C15ULL ^ (halves[1] + 0x7F4A7C15ULL);
  mixed ^= mixed >> 32;
  return static_cast<size_t>(mixed * 0xD6E8FEB86659FD93ULL);
}

int compare(const Scalar& left, const Scalar& right) {
  if (is_whole(left) && is_whole(right)) {  // null is the least number
    const auto a = left.as_int64();
    const auto b = right.as_int64();
    return a < b ? -1 : a > b;
  }
  const bool left_null = left.is_null();
  const bool right_null = right.is_null();
  if (left_null || right_null) return static_cast<int>(right_null) - static_cast<int>(left_null);
  if (left.is_text() && right.is_text()) return left.text().compare(right.text());
  if (is_decimal(left.type()) && left.type() == right.type() && left.scale() == right.scale()) {
    return visit_fixed(left.repr(), [&]<class T>() -> int {
      const auto a = left.get<T>();
      const auto b = right.get<T>();
      if constexpr (std::is_same_v<T, Bytes16>)
        return a < b ? -1 : a > b;
      else
        return a < b ? -1 : a > b;
    });
  }
  if (left.repr() == Repr::kB16 && right.repr() == Repr::kB16) {
    // Wire order is the reverse of the printed one: the last byte is the most significant.
    const auto a = left.get<Bytes16>();
    const auto b = right.get<Bytes16>();
    for (int i = 15; i >= 0; --i) {
      if (a.bytes[static_cast<size_t>(i)] != b.bytes[static_cast<size_t>(i)]) {
        return a.bytes[static_cast<size_t>(i)] < b.bytes[static_cast<size_t>(i)] ? -1 : 1;
      }
    }
    return 0;
  }
  // What can't be compared as numbers is put behind them, by its kind.
  const auto rank = [](const Scalar& x) {
    return x.is_text() ? 3 : x.repr() == Repr::kB16 ? 2 : is_fixed(x.repr()) && x.type() != Type::kDuration ? 0 : 1;
  };
  const int left_rank = rank(left), right_rank = rank(right);
  if (left_rank != 0 || right_rank != 0) return left_rank - right_rank;
  const auto a = left.as_double();
  const auto b = right.as_double();
  return a < b ? -1 : a > b;
}

}  // namespace pelorus::types
