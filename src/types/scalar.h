#pragma once
// One typed value: 16 bytes of payload, or text.

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "types/null.h"
#include "types/representation.h"
#include "types/type.h"

namespace pelorus::types {

/// Units of DURATION as on the wire; codes above kBusinessDay are 4-letter trading calendars packed big-endian.
enum class DurationUnit : int32_t {
  kNanosecond = 0,
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kYear,
  kBusinessDay,
};
struct Duration {
  int32_t count = kNull<int32_t>;
  int32_t unit = 0;
  bool operator==(const Duration&) const = default;
};

/// A value of any scalar type. Copies are cheap (text is shared and immutable). Default: VOID null.
class Scalar {
 public:
  Scalar() = default;

  static Scalar null_of(Type type, int scale = 0);
  /// T must be the plain type of `type` (checked).
  template <class T>
  static Scalar of(Type type, T value, int scale = 0) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 16);
    Scalar s;
    s.type_ = type;
    s.scale_ = static_cast<int16_t>(scale);
    std::memcpy(s.payload_, &value, sizeof(T));
    return s;
  }
  static Scalar of_text(Type type, std::string text);
  static Scalar of_bool(bool value) { return of<int8_t>(Type::kBool, value ? 1 : 0); }
  static Scalar of_int(int32_t value) { return of<int32_t>(Type::kInt, value); }
  static Scalar of_long(int64_t value) { return of<int64_t>(Type::kLong, value); }
  static Scalar of_double(double value) { return of<double>(Type::kDouble, value); }
  static Scalar of_string(std::string text) { return of_text(Type::kString, std::move(text)); }
  static Scalar of_duration(Duration value) { return of<Duration>(Type::kDuration, value); }

  Type type() const { return type_; }
  int scale() const { return scale_; }
  Repr repr() const { return repr_of(type_); }
  bool is_text() const { return is_literal(type_); }  // SYMBOL scalars carry text, not a code
  bool is_null() const;

  /// The payload as plain type T: the caller knows it from type().
  template <class T>
  T get() const {
    T value;
    std::memcpy(&value, payload_, sizeof(T));
    return value;
  }
  const std::string& text() const {
    static const std::string kEmpty;
    return text_ ? *text_ : kEmpty;
  }

  /// BOOL, integral and temporal types widened; null gives kNull<int64_t>. Other types: DCHECK.
  int64_t as_int64() const;
  /// Any numeric or temporal type; decimals scaled down; null gives kNull<double>.
  double as_double() const;

  /// Same type (SYMBOL and STRING count as one) and same value; nulls of one type are equal.
  bool operator==(const Scalar& other) const;
  /// Hash consistent with ==.
  size_t hash() const;

 private:
  alignas(16) unsigned char payload_[16] = {};
  std::shared_ptr<const std::string> text_;
  Type type_ = Type::kVoid;
  int16_t scale_ = 0;
};

struct ScalarHash {
  size_t operator()(const Scalar& scalar) const { return scalar.hash(); }
};

/// Orders two scalars of one type family as the language does: null smallest, text bytewise, numbers by value
/// across widths. Returns <0, 0, >0.
int compare(const Scalar& left, const Scalar& right);

}  // namespace pelorus::types
