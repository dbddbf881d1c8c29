#include "syntax/constants.h"

#include <cmath>
#include <iterator>

namespace pelorus::syntax {
namespace {

struct Row {
  std::string_view name;
  int value;
};

constexpr Row kNumbers[] = {
    {"SCALAR", 0},  {"VECTOR", 1}, {"PAIR", 2},  {"MATRIX", 3},  {"SET", 4},       {"DICT", 5},  {"TABLE", 6},
    {"SEQ", 0},     {"VALUE", 1},  {"RANGE", 2}, {"LIST", 3},    {"COMPO", 4},     {"HASH", 5},  {"VAR", 0},
    {"SHARED", 1},  {"DEF", 2},    {"ALL", 0},   {"LAST", 1},    {"FIRST", 2},     {"HEAD", 0},  {"CURRENT", 1},
    {"TAIL", 2},    {"AREA", 0},   {"BAR", 1},   {"COLUMN", 2},  {"HISTOGRAM", 3}, {"LINE", 4},  {"PIE", 5},
    {"SCATTER", 6}, {"TREND", 7},  {"KLINE", 8}, {"SURFACE", 9}, {"NONE", 0},      {"DEBUG", 0}, {"INFO", 1},
    {"WARNING", 2}, {"ERROR", 3},
};

/// Rights, as grant() takes them, in the order of the metadata's.
constexpr std::string_view kRights[] = {
    "TABLE_READ",
    "TABLE_WRITE",
    "TABLE_INSERT",
    "TABLE_UPDATE",
    "TABLE_DELETE",
    "DB_READ",
    "DB_WRITE",
    "DB_INSERT",
    "DB_UPDATE",
    "DB_DELETE",
    "DBOBJ_CREATE",
    "DBOBJ_DELETE",
    "DB_MANAGE",
    "DB_OWNER",
    "VIEW_EXEC",
    "VIEW_OWNER",
    "SCRIPT_EXEC",
    "TEST_EXEC",
    "QUERY_RESULT_MEM_LIMIT",
    "TASK_GROUP_MEM_LIMIT",
    "MAX_PARTITION_NUM_PER_QUERY",
    "COMPUTE_GROUP_EXEC",
};

/// Rights on catalogs and schemas: each is its own name.
constexpr std::string_view kCatalogRights[] = {
    "CATALOG_MANAGE", "CATALOG_READ",  "CATALOG_WRITE",    "CATALOG_INSERT",   "CATALOG_UPDATE",
    "CATALOG_DELETE", "SCHEMA_MANAGE", "SCHEMA_READ",      "SCHEMA_WRITE",     "SCHEMA_INSERT",
    "SCHEMA_UPDATE",  "SCHEMA_DELETE", "SCHEMAOBJ_CREATE", "SCHEMAOBJ_DELETE",
};

constexpr Row kHints[] = {
    {"HINT_LOCAL", 1},      {"HINT_HASH", 32},
    {"HINT_SNAPSHOT", 64},  {"HINT_KEEPORDER", 128},
    {"HINT_SEQ", 512},      {"HINT_NOMERGE", 1024},
    {"HINT_PRELOAD", 4096}, {"HINT_EXPLAIN", 32768},
    {"HINT_SORT", 524288},  {"HINT_VECTORIZED", 4194304},
};

bool is_capital(std::string_view name) {
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') return false;
  }
  return !name.empty();
}

}  // namespace

std::optional<int> find_hint(std::string_view name) {
  for (const auto& row : kHints) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

std::optional<types::Scalar> find_constant(std::string_view name) {
  using types::Scalar;
  if (name == "pi") return Scalar::of_double(M_PI);
  if (name == "e") return Scalar::of_double(M_E);
  if (!is_capital(name)) return std::nullopt;
  types::Type type = types::Type::kVoid;
  if (types::parse_type(name, &type)) return Scalar::of_int(static_cast<int>(type));
  for (const auto& row : kNumbers) {
    if (row.name == name) return Scalar::of_int(row.value);
  }
  for (size_t i = 0; i < std::size(kRights); ++i) {
    if (kRights[i] == name) return Scalar::of_int(static_cast<int>(i));
  }
  for (const auto right : kCatalogRights) {
    if (right == name) return Scalar::of_string(std::string(right));
  }
  if (const auto hint = find_hint(name)) return Scalar::of_int(*hint);
  return std::nullopt;
}

}  // namespace pelorus::syntax
