#include "dist/table_options.h"

#include <algorithm>

#include "base/script_error.h"
#include "dist/table_columns.h"
#include "meta/levels.h"

namespace pelorus::dist {
namespace {

using data::Value;

bool given(const Value& value) { return !value.is_missing() && !value.is_void(); }

meta::Column& column_of(meta::Table& table, const std::string& name, const std::string& function) {
  const auto column = std::ranges::find(table.columns, name, &meta::Column::name);
  if (column == table.columns.end()) throw ScriptError(function + " => Unrecognized column name [" + name + "]");
  return *column;
}

bool suits_delta(const meta::Column& column) {
  using types::Type;
  const bool integer = column.type == Type::kShort || column.type == Type::kInt || column.type == Type::kLong;
  return integer || types::is_temporal(column.type);
}

void set_method(meta::Column& column, const std::string& method, const std::string& function) {
  const auto refuse = [&](const std::string& why) {
    throw ScriptError(function + " => the compression method of column " + column.name + " " + why);
  };
  const std::string type(types::name_of(column.type));
  if (method == "delta" && !suits_delta(column))
    refuse("can't be delta: that is for SHORT, INT, LONG and temporal columns, not " + type);
  if (method == "chimp" && column.type != types::Type::kDouble)
    refuse("can't be chimp: that is for DOUBLE, not " + type);
  if (method != kUsualCompression && method != "delta" && method != "zstd" && method != "chimp")
    refuse("must be lz4, delta, zstd or chimp, not " + method);
  column.compress_method = method == kUsualCompression ? "" : method;
}

void take_compression(const Value& methods, const std::string& function, meta::Table& table) {
  if (!given(methods)) return;
  const Error usage{ErrorCode::kInvalid, "Usage: " + function +
                                             ". compressMethods must be a dictionary from columns to the methods lz4, "
                                             "delta, zstd or chimp."};
  if (!methods.is_dictionary()) throw ScriptError(usage.message);
  const auto& dictionary = methods.dictionary();
  const auto names = dictionary.keys();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto name = names.at(i);
    if (!name.is_text()) throw ScriptError(usage.message);
    auto& column = column_of(table, name.text(), function);
    const auto method = dictionary.get(name.text());
    if (!method.is_text()) throw ScriptError(usage.message);
    set_method(column, method.text(), function);
  }
}

void take_keep_duplicates(const Value& keep, const std::string& function, meta::Table& table) {
  static constexpr const char* kKeep[] = {"ALL", "LAST", "FIRST"};  // as the constants of these names count
  if (!given(keep)) return;
  if (keep.is_text())
    table.keep_duplicates = keep.text();
  else if (keep.is_scalar())
    table.keep_duplicates = kKeep[std::clamp<int64_t>(keep.scalar().as_int64(), 0, 2)];
  if (std::ranges::find(kKeep, table.keep_duplicates, [](auto text) { return std::string(text); }) == std::end(kKeep))
    throw ScriptError(function + " => keepDuplicates must be ALL, FIRST or LAST, not " + table.keep_duplicates);
}

/// The engine and sortColumns go together.
void check_order(const meta::Database& db, const meta::Table& table, const std::string& function) {
  const bool sorts = db.engine == "TSDB";
  if (!sorts && !table.sort_columns.empty())
    throw ScriptError(function + " => sortColumns need engine TSDB; the engine of " + db.path + " is " + db.engine);
  if (sorts && table.sort_columns.empty())
    throw ScriptError(function +
                      " => a TSDB table needs sortColumns: the columns its rows are sorted by, the last of an "
                      "integer or temporal type");
  for (size_t k = 0; k < table.sort_columns.size(); ++k) {
    const auto& name = table.sort_columns[k];
    const auto column = std::ranges::find(table.columns, name, &meta::Column::name);
    if (column == table.columns.end()) throw ScriptError(function + " => Unrecognized column name [" + name + "]");
    if (std::find(table.sort_columns.begin(), table.sort_columns.begin() + static_cast<ptrdiff_t>(k), name) !=
        table.sort_columns.begin() + static_cast<ptrdiff_t>(k))
      throw ScriptError(function + " => sortColumns name " + name + " twice");
    const bool last = k + 1 == table.sort_columns.size();
    if (column->array || (last && !types::is_integral(column->type) && !types::is_temporal(column->type)))
      throw ScriptError(function +
                        " => the last of sortColumns must be of an integer or temporal type and none an "
                        "array vector: " +
                        name);
  }
}

void take_soft_delete(const Value& soft, const meta::Database& db, uint32_t level, const std::string& function,
                      meta::Table& table) {
  if (!given(soft)) return;
  if (!soft.is_scalar() || soft.is_null() || !(types::is_integral(soft.type()) || soft.type() == types::Type::kBool))
    throw ScriptError("Usage: " + function + ". softDelete must be true or false.");
  if (soft.scalar().as_int64() == 0) return;
  if (db.engine != "TSDB")
    throw ScriptError(function + " => softDelete needs engine TSDB; the engine of " + db.path + " is " + db.engine);
  if (table.keep_duplicates != "LAST")
    throw ScriptError(function +
                      " => softDelete needs keepDuplicates=LAST: a mark hides the row that came before it; " +
                      table.name + " has keepDuplicates=" + table.keep_duplicates);
  const auto allowed = meta::check_level("softDelete", meta::kTableOptionsLevel, level);
  if (!allowed.ok()) throw ScriptError(function + " => " + allowed.error().message);
  table.options[kSoftDeleteOption] = "true";
}

}  // namespace

std::vector<std::string> texts_of(const Value& value, const std::string& function, const char* parameter) {
  if (value.is_text()) return {value.text()};
  std::vector<std::string> texts;
  const std::string usage = "Usage: " + function + ". " + parameter + " must be a string or a vector of strings.";
  if (!value.is_vector()) throw ScriptError(usage);
  for (size_t i = 0; i < value.vector().size(); ++i) {
    const auto item = value.vector().at(i);
    if (!item.is_text()) throw ScriptError(usage);
    texts.push_back(item.text());
  }
  return texts;
}

void take_table_options(const TableOptions& options, const meta::Database& database, uint32_t level,
                        const std::string& function, meta::Table& table) {
  take_compression(options.compress_methods, function, table);
  if (given(options.sort_columns)) table.sort_columns = texts_of(options.sort_columns, function, "sortColumns");
  take_keep_duplicates(options.keep_duplicates, function, table);
  check_order(database, table, function);
  take_soft_delete(options.soft_delete, database, level, function, table);
}

}  // namespace pelorus::dist
