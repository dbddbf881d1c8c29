#pragma once
// The options of createPartitionedTable and createDimensionTable that say how a table's rows are kept.

#include <string>

#include "data/value.h"
#include "meta/catalogue.h"

namespace pelorus::dist {

/// As given by a script; those left out are missing or void.
struct TableOptions {
  data::Value compress_methods;  // a dictionary from column to lz4, delta, zstd, chimp
  data::Value sort_columns;
  data::Value keep_duplicates;
  data::Value soft_delete;
};

/// Takes the options over into `table`, whose columns are set. ScriptError, naming `function`, for those that make no
/// sense for the table, or for a cluster of feature level `level`.
void take_table_options(const TableOptions& options, const meta::Database& database, uint32_t level,
                        const std::string& function, meta::Table& table);

/// What schema() shows of a column without a method of its own: light encodings, LZ4 where it pays.
inline constexpr const char* kUsualCompression = "lz4";

/// The texts of a string or a vector of strings. ScriptError naming the function and the parameter.
std::vector<std::string> texts_of(const data::Value& value, const std::string& function, const char* parameter);

}  // namespace pelorus::dist
