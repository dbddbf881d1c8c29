#pragma once
// Logical types and forms. The numbers are those of the wire protocol (docs/protocol/native.md).

#include <cstdint>
#include <string>
#include <string_view>

namespace pelorus::types {

enum class Type : uint8_t {
  kVoid = 0,
  kBool = 1,
  kChar = 2,
  kShort = 3,
  kInt = 4,
  kLong = 5,
  kDate = 6,
  kMonth = 7,
  kTime = 8,
  kMinute = 9,
  kSecond = 10,
  kDatetime = 11,
  kTimestamp = 12,
  kNanotime = 13,
  kNanotimestamp = 14,
  kFloat = 15,
  kDouble = 16,
  kSymbol = 17,
  kString = 18,
  kUuid = 19,
  kFunctionDef = 20,
  kHandle = 21,
  kCode = 22,
  kDatasource = 23,
  kResource = 24,
  kAny = 25,
  kCompressed = 26,
  kDictionary = 27,
  kDatehour = 28,
  kDateminute = 29,
  kIpaddr = 30,
  kInt128 = 31,
  kBlob = 32,
  kComplex = 34,
  kPoint = 35,
  kDuration = 36,
  kDecimal32 = 37,
  kDecimal64 = 38,
  kDecimal128 = 39,
};
/// An array vector of T travels as type code 64 + T.
inline constexpr int kArrayTypeOffset = 64;

enum class Form : uint8_t {
  kScalar = 0,
  kVector = 1,
  kPair = 2,
  kMatrix = 3,
  kSet = 4,
  kDictionary = 5,
  kTable = 6,
};

/// Families that decide conversion rules.
enum class Category : uint8_t {
  kNothing,
  kLogical,
  kIntegral,
  kTemporal,
  kFloating,
  kDecimal,
  kLiteral,
  kBinary,
  kMixed,
  kSystem,
};

/// The type's name in scripts, capitals: "INT", "DECIMAL64". Never empty.
std::string_view name_of(Type type);
/// By capital or lower-case name; also "ANY", "INT[]" gives kInt with *array = true (array may be null).
/// False when there is no such type.
bool parse_type(std::string_view name, Type* type, bool* array = nullptr);

Category category_of(Type type);
inline bool is_integral(Type type) { return category_of(type) == Category::kIntegral; }
inline bool is_temporal(Type type) { return category_of(type) == Category::kTemporal; }
inline bool is_floating(Type type) { return category_of(type) == Category::kFloating; }
inline bool is_decimal(Type type) { return category_of(type) == Category::kDecimal; }
inline bool is_literal(Type type) { return category_of(type) == Category::kLiteral; }
/// BOOL, integral, floating or decimal.
bool is_numeric(Type type);
/// May be the type of a stored table column (not VOID, ANY, DURATION, FUNCTIONDEF …).
bool is_storable(Type type);
/// Bytes of one raw element on the wire and on disk; 0 for text and mixed.
int width_of(Type type);
/// Largest scale of a decimal type: 9, 18, 38; 0 for others.
int scale_max(Type type);

}  // namespace pelorus::types
