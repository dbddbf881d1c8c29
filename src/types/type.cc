#include "types/type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

namespace pelorus::types {
namespace {

struct Row {
  Type type;
  std::string_view name;
  Category category;
  int width;
};

constexpr Row kRows[] = {
    {Type::kVoid, "VOID", Category::kNothing, 1},
    {Type::kBool, "BOOL", Category::kLogical, 1},
    {Type::kChar, "CHAR", Category::kIntegral, 1},
    {Type::kShort, "SHORT", Category::kIntegral, 2},
    {Type::kInt, "INT", Category::kIntegral, 4},
    {Type::kLong, "LONG", Category::kIntegral, 8},
    {Type::kDate, "DATE", Category::kTemporal, 4},
    {Type::kMonth, "MONTH", Category::kTemporal, 4},
    {Type::kTime, "TIME", Category::kTemporal, 4},
    {Type::kMinute, "MINUTE", Category::kTemporal, 4},
    {Type::kSecond, "SECOND", Category::kTemporal, 4},
    {Type::kDatetime, "DATETIME", Category::kTemporal, 4},
    {Type::kTimestamp, "TIMESTAMP", Category::kTemporal, 8},
    {Type::kNanotime, "NANOTIME", Category::kTemporal, 8},
    {Type::kNanotimestamp, "NANOTIMESTAMP", Category::kTemporal, 8},
    {Type::kFloat, "FLOAT", Category::kFloating, 4},
    {Type::kDouble, "DOUBLE", Category::kFloating, 8},
    {Type::kSymbol, "SYMBOL", Category::kLiteral, 4},
    {Type::kString, "STRING", Category::kLiteral, 0},
    {Type::kUuid, "UUID", Category::kBinary, 16},
    {Type::kFunctionDef, "FUNCTIONDEF", Category::kSystem, 0},
    {Type::kHandle, "HANDLE", Category::kSystem, 0},
    {Type::kCode, "CODE", Category::kSystem, 0},
    {Type::kDatasource, "DATASOURCE", Category::kSystem, 0},
    {Type::kResource, "RESOURCE", Category::kSystem, 0},
    {Type::kAny, "ANY", Category::kMixed, 0},
    {Type::kCompressed, "COMPRESSED", Category::kSystem, 1},
    {Type::kDictionary, "DICTIONARY", Category::kSystem, 0},
    {Type::kDatehour, "DATEHOUR", Category::kTemporal, 4},
    {Type::kDateminute, "DATEMINUTE", Category::kTemporal, 4},
    {Type::kIpaddr, "IPADDR", Category::kBinary, 16},
    {Type::kInt128, "INT128", Category::kBinary, 16},
    {Type::kBlob, "BLOB", Category::kLiteral, 0},
    {Type::kComplex, "COMPLEX", Category::kBinary, 16},
    {Type::kPoint, "POINT", Category::kBinary, 16},
    {Type::kDuration, "DURATION", Category::kSystem, 8},
    {Type::kDecimal32, "DECIMAL32", Category::kDecimal, 4},
    {Type::kDecimal64, "DECIMAL64", Category::kDecimal, 8},
    {Type::kDecimal128, "DECIMAL128", Category::kDecimal, 16},
};

/// Which row describes a type; numbers that are none have the first.
constexpr auto kRowOf = [] {
  std::array<uint8_t, 256> places{};
  for (uint8_t r = 0; r < std::size(kRows); ++r) places[static_cast<uint8_t>(kRows[r].type)] = r;
  return places;
}();

const Row& row_of(Type type) { return kRows[kRowOf[static_cast<uint8_t>(type)]]; }

}  // namespace

std::string_view name_of(Type type) { return row_of(type).name; }

bool parse_type(std::string_view name, Type* type, bool* array) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const bool is_array = upper.ends_with("[]");
  if (is_array) upper.resize(upper.size() - 2);
  if (is_array && array == nullptr) return false;
  for (const auto& row : kRows) {
    if (row.name != upper) continue;
    *type = row.type;
    if (array != nullptr) *array = is_array;
    return true;
  }
  return false;
}

Category category_of(Type type) { return row_of(type).category; }

bool is_numeric(Type type) {
  const auto category = category_of(type);
  return category == Category::kLogical || category == Category::kIntegral || category == Category::kFloating ||
         category == Category::kDecimal;
}

bool is_storable(Type type) {
  const auto category = category_of(type);
  return category != Category::kNothing && category != Category::kSystem && category != Category::kMixed;
}

int width_of(Type type) { return row_of(type).width; }

int scale_max(Type type) {
  switch (type) {
    case Type::kDecimal32: return 9;
    case Type::kDecimal64: return 18;
    case Type::kDecimal128: return 38;
    default: return 0;
  }
}

}  // namespace pelorus::types
