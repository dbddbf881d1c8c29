#include "data/convert.h"

#include <cmath>

#include "data/text_codes.h"
#include "types/format_value.h"
#include "types/parse_value.h"
#include "types/temporal.h"

namespace pelorus::data {
namespace {

using types::Category;
using types::category_of;

bool is_whole(Type type) {
  const auto category = category_of(type);
  return category == Category::kLogical || category == Category::kIntegral || category == Category::kTemporal;
}

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// Half away from zero.
Int128 divide_rounding(Int128 value, Int128 by) {
  const Int128 half = by / 2;
  return value >= 0 ? (value + half) / by : (value - half) / by;
}

/// One plain number into another plain type; nulls map to nulls, out of range to null, 1- and 2-byte targets wrap.
template <class From, class To>
To convert_plain(From value) {
  if (value == types::kNull<From>) return types::kNull<To>;
  if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_floating_point_v<From>) {
    if (std::isnan(value)) return types::kNull<To>;
    const From rounded = std::round(value);
    const auto limit = std::ldexp(1.0, static_cast<int>(sizeof(To) * 8 - 1));
    if (!(static_cast<double>(rounded) < limit && static_cast<double>(rounded) >= -limit)) return types::kNull<To>;
    return static_cast<To>(rounded);
  } else if constexpr (sizeof(To) >= sizeof(From) || sizeof(To) <= 2) {
    return static_cast<To>(value);
  } else {
    const To narrowed = static_cast<To>(value);
    return static_cast<From>(narrowed) == value ? narrowed : types::kNull<To>;
  }
}

/// Numbers, temporals and BOOL among each other (B16 excluded), by scale factors for decimals.
struct PlainRule {
  Type from;
  Type to;
  int from_scale;
  int to_scale;
};

template <class From, class To>
To convert_decimal(From value, const PlainRule& rule) {
  if (value == types::kNull<From>) return types::kNull<To>;
  if constexpr (std::is_floating_point_v<From>) {
    const double scaled = std::round(static_cast<double>(value) * std::pow(10.0, rule.to_scale));
    const auto limit = std::ldexp(1.0, static_cast<int>(sizeof(To) * 8 - 1));
    return std::fabs(scaled) < limit ? static_cast<To>(scaled) : types::kNull<To>;
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(static_cast<double>(value) / std::pow(10.0, rule.from_scale));
  } else {
    Int128 wide = static_cast<Int128>(value);
    const int to_scale = types::is_decimal(rule.to) ? rule.to_scale : 0;
    const int from_scale = types::is_decimal(rule.from) ? rule.from_scale : 0;
    if (to_scale > from_scale) {
      Int128 scaled;
      if (__builtin_mul_overflow(wide, power_of_ten(to_scale - from_scale), &scaled)) return types::kNull<To>;
      wide = scaled;
    } else if (to_scale < from_scale) {
      wide = divide_rounding(wide, power_of_ten(from_scale - to_scale));
    }
    const To narrowed = static_cast<To>(wide);
    return static_cast<Int128>(narrowed) == wide ? narrowed : types::kNull<To>;
  }
}

/// Moments as moments of another type. Neighbours mostly fall into the same day or second: for those the result is
/// known.
template <class From, class To>
void convert_moments(std::span<const From> from, Buffer<To>& to, const PlainRule& rule) {
  const int64_t from_units = types::units_per_day(rule.from), to_units = types::units_per_day(rule.to);
  // So many values, from a multiple of this on, give one result.
  const int64_t alike = rule.to == Type::kMonth ? from_units : to_units > 0 ? from_units / to_units : 0;
  uint64_t low = 0;
  To known = types::kNull<To>;
  bool is_known = false;
  for (size_t i = 0; i < from.size(); ++i) {
    const auto wide = convert_plain<From, int64_t>(from[i]);
    if (is_known && static_cast<uint64_t>(wide) - low < static_cast<uint64_t>(alike)) {
      to[i] = known;
      continue;
    }
    to[i] = convert_plain<int64_t, To>(types::convert_temporal(wide, rule.from, rule.to));
    is_known = alike > 1 && wide != types::kNull<int64_t>;
    if (!is_known) continue;
    const int64_t past = wide % alike;
    low = static_cast<uint64_t>(wide) - static_cast<uint64_t>(past < 0 ? past + alike : past);
    known = to[i];
  }
}

template <class From, class To>
void convert_run(std::span<const From> from, Buffer<To>& to, const PlainRule& rule) {
  to.resize(from.size());
  if (types::is_decimal(rule.from) || types::is_decimal(rule.to)) {
    for (size_t i = 0; i < from.size(); ++i) to[i] = convert_decimal<From, To>(from[i], rule);
  } else if (rule.to == Type::kBool) {
    for (size_t i = 0; i < from.size(); ++i)
      to[i] = from[i] == types::kNull<From> ? types::kNull<To> : static_cast<To>(from[i] != 0);
  } else if (types::is_temporal(rule.from) && types::is_temporal(rule.to)) {
    convert_moments(from, to, rule);
  } else {
    for (size_t i = 0; i < from.size(); ++i) to[i] = convert_plain<From, To>(from[i]);
  }
}

bool is_plain(Type type) { return is_whole(type) || types::is_floating(type) || types::is_decimal(type); }

bool temporal_pair_possible(Type from, Type to) {
  bool possible = true;
  types::convert_temporal(0, from, to, &possible);
  return possible;
}

bool plain_possible(Type from, Type to) {
  if (!is_plain(from) || !is_plain(to)) return false;
  if (types::is_temporal(from) && types::is_temporal(to)) return temporal_pair_possible(from, to);
  return true;
}

Vector convert_plain_vector(const Vector& vector, Type type, int scale) {
  const PlainRule rule{vector.type(), type, vector.scale(), scale};
  Vector out(type, 0, types::is_decimal(type) ? scale : 0);
  types::visit_fixed(vector.repr(), [&]<class From>() {
    if constexpr (!std::is_same_v<From, Bytes16>) {
      types::visit_fixed(out.repr(), [&]<class To>() {
        if constexpr (!std::is_same_v<To, Bytes16>) convert_run<From, To>(vector.values<From>(), out.edit<To>(), rule);
      });
    }
  });
  return out;
}

Vector texts_of(const Vector& vector, Type type) {
  std::vector<std::string> texts;
  texts.reserve(vector.size());
  for (size_t i = 0; i < vector.size(); ++i) texts.push_back(types::format_value(vector.scalar_at(i)));
  return Vector::of_strings(type, std::move(texts));
}

std::optional<Shared<Vector>> convert_text_vector(const Vector& vector, Type type, int scale) {
  if (vector.type() == Type::kSymbol) {
    // Each distinct text once, then by code.
    std::vector<std::string> texts;
    for (int32_t code = 0; code < vector.symbols().size(); ++code) texts.push_back(vector.symbols().text(code));
    auto distinct = convert(Shared<Vector>(Vector::of_strings(Type::kString, std::move(texts))), type, scale);
    if (!distinct) return std::nullopt;
    const auto codes = vector.values<int32_t>();
    return Shared<Vector>((*distinct)->take(Buffer<int64_t>(codes.begin(), codes.end())));
  }
  Vector out(type, 0, scale);
  if (types::is_literal(type)) {
    const auto texts = vector.values<std::string>();
    if (type != Type::kSymbol) return Shared<Vector>(Vector::of_strings(type, {texts.begin(), texts.end()}));
    auto base = std::make_shared<SymbolBase>();
    TextCodes known(*base);
    Buffer<int32_t> codes;
    codes.resize(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) codes[i] = known.code_of(texts[i]);
    return Shared<Vector>(Vector::of_symbols(std::move(base), std::move(codes)));
  }
  out.resize(vector.size());
  for (size_t i = 0; i < vector.size(); ++i) {
    if (!out.set(i, Value(types::parse_value(vector.text_at(i), type, scale)))) return std::nullopt;
  }
  return Shared<Vector>(std::move(out));
}

std::optional<Shared<Vector>> convert_tuple(const Vector& vector, Type type, int scale) {
  Vector out(type, 0, scale);
  out.reserve(vector.size());
  for (const auto& value : vector.values_any()) {
    if (!value.is_scalar() && !value.is_missing()) return std::nullopt;
    if (!out.push_back(value)) return std::nullopt;
  }
  return Shared<Vector>(std::move(out));
}

}  // namespace

bool is_storable_as(Type from, Type to) {
  if (from == to || to == Type::kAny) return true;
  if (types::is_literal(from)) return types::is_literal(to);
  if (types::is_literal(to)) return false;
  if (types::is_temporal(from) != types::is_temporal(to)) {
    return types::is_integral(from) && types::is_temporal(to);
  }
  return plain_possible(from, to);
}

std::optional<Scalar> convert(const Scalar& value, Type type, int scale) {
  if (value.type() == type && (!types::is_decimal(type) || value.scale() == scale)) return value;
  if (value.type() == Type::kVoid) return Scalar::null_of(type, scale);
  if (types::is_literal(type)) {
    if (type == Type::kSymbol && !value.is_text()) return std::nullopt;
    return Scalar::of_text(type, value.is_text() ? value.text() : types::format_value(value));
  }
  if (value.is_text()) return types::parse_value(value.text(), type, scale);
  if (!plain_possible(value.type(), type)) {
    if (value.is_null()) return Scalar::null_of(type, scale);
    return std::nullopt;
  }
  return convert_plain_vector(Vector::filled(value, 1), type, scale).scalar_at(0);
}

std::optional<Shared<Vector>> convert(const Shared<Vector>& vector, Type type, int scale) {
  if (vector->is_array()) {
    auto flat = convert(vector->flat_shared(), type, scale);
    if (!flat) return std::nullopt;
    return Shared<Vector>(Vector::array(*flat, Buffer<int64_t>(vector->ends().begin(), vector->ends().end())));
  }
  if (vector->type() == type && (!types::is_decimal(type) || vector->scale() == scale)) return vector;
  if (vector->type() == Type::kVoid) return Shared<Vector>(Vector::nulls(type, vector->size(), scale));
  if (vector->is_tuple()) return convert_tuple(*vector, type, scale);
  if (type == Type::kAny) {
    std::vector<Value> values;
    values.reserve(vector->size());
    for (size_t i = 0; i < vector->size(); ++i) values.push_back(vector->at(i));
    return Shared<Vector>(Vector::tuple(std::move(values)));
  }
  if (types::is_literal(vector->type())) return convert_text_vector(*vector, type, scale);
  if (types::is_literal(type)) {
    if (type == Type::kSymbol) return std::nullopt;
    return Shared<Vector>(texts_of(*vector, type));
  }
  if (!plain_possible(vector->type(), type)) return std::nullopt;
  return Shared<Vector>(convert_plain_vector(*vector, type, scale));
}

Type common_type(Type left, Type right) {
  if (left == right) return left;
  if (left == Type::kVoid) return right;
  if (right == Type::kVoid) return left;
  if (types::is_literal(left) && types::is_literal(right)) {
    return left == Type::kBlob || right == Type::kBlob ? Type::kBlob : Type::kString;
  }
  if (types::is_numeric(left) && types::is_numeric(right)) {
    const auto rank = [](Type type) {
      switch (type) {
        case Type::kBool: return 0;
        case Type::kChar: return 1;
        case Type::kShort: return 2;
        case Type::kInt: return 3;
        case Type::kLong: return 4;
        case Type::kDecimal32: return 5;
        case Type::kDecimal64: return 6;
        case Type::kDecimal128: return 7;
        case Type::kFloat: return 8;
        default: return 9;
      }
    };
    return rank(left) >= rank(right) ? left : right;
  }
  if (types::is_temporal(left) && types::is_temporal(right)) {
    if (types::is_time_of_day(left) == types::is_time_of_day(right) && temporal_pair_possible(left, right)) {
      // The finer one holds both.
      return types::units_per_day(left) >= types::units_per_day(right) ? left : right;
    }
  }
  return Type::kAny;
}

}  // namespace pelorus::data
