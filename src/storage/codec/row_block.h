#pragma once
// Whole tables as bytes: the content of redo log records and of replica copies (docs/formats/write_ahead_log.md §4).

#include "base/bytes.h"
#include "data/table.h"
#include "storage/codec/parts.h"
#include "storage/compression.h"
#include "storage/sort_rule.h"

namespace pelorus::storage {

void encode_schema(const data::Schema& schema, ByteWriter& writer);
/// kCorrupt when the bytes make no schema (unknown type, no or too many columns).
Result<data::Schema> decode_schema(ByteReader& reader);

/// A rule that sorts, and back: kCorrupt when it does not fit the schema.
void encode_sort(const SortRule& sort, ByteWriter& writer);
Result<SortRule> decode_sort(ByteReader& reader, const data::Schema& schema);
/// What programs of feature level 2 do not know: rows that mark deletions, compression methods.
bool has_options(const SortRule& sort, const Compressions& compression);
/// Table options: the sort rule, if there is one, and a compression method for each column. kCorrupt as above.
void encode_options(const SortRule& sort, const Compressions& compression, ByteWriter& writer);
Status decode_options(ByteReader& reader, const data::Schema& schema, SortRule& sort, Compressions& compression);
/// kInvalid naming the column unless the rule can order rows of the schema.
Status check_sort_fits(const SortRule& sort, const data::Schema& schema);

inline constexpr size_t kColumnsMax = 32768;

/// kInvalid naming the column unless the table has exactly the schema's columns, by position, and each type is
/// storable.
Status check_rows_fit(const data::Schema& schema, const data::Table& rows);

/// The rows with SYMBOL columns coded by bases that hold nothing but the texts they use, numbered as they
/// come. Columns that are so already, and all others, are shared.
data::Table with_compact_symbols(const data::Table& rows);

/// Adds the rows; fixed-width columns are viewed, not copied: `rows` must outlive `parts`.
void encode_rows(const data::Table& rows, PartList& parts);
/// Reads what encode_rows wrote. kCorrupt when the bytes do not fit the schema.
Result<data::Table> decode_rows(const data::Schema& schema, ByteReader& reader);

}  // namespace pelorus::storage
