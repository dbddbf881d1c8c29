#pragma once
// How a query over a partitioned table is cut into work for each partition and work on what comes back.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"
#include "meta/partition_scheme.h"
#include "plan/partitions_end.h"
#include "plan/split_aggregates.h"
#include "syntax/sql.h"

namespace pelorus::plan {

enum class Distribution : uint8_t {
  kRows,        // items are computed by row where the rows lie
  kAggregates,  // partial aggregates by partition, merged
  kLocal,       // whole groups lie in one partition (or `map`): computed there, results put one after another
  kPull,        // rows are fetched, everything else happens here
};

/// Of a fragment that aggregates without groups: its last column, how many rows the partition had.
inline constexpr std::string_view kPartRows = "part_rows_";

struct TableFacts {
  const data::Schema& schema;
  const meta::PartitionScheme& scheme;
  const std::vector<std::string>& partition_columns;
};

/// `fragment` runs in each partition (its source is set by the caller). What is left to do with the concatenated
/// results: kAggregates: run `merge` over them; kRows, kLocal: sort by the last `order_columns` columns and drop those,
/// then limit; kPull: run the original query without its where.
struct DistributedQuery {
  Distribution kind = Distribution::kPull;
  std::shared_ptr<syntax::Query> fragment = std::make_shared<syntax::Query>();
  std::shared_ptr<syntax::Query> merge = std::make_shared<syntax::Query>();
  size_t order_columns = 0;
  /// kAggregates: partitions beyond the first one with rows change nothing. kRows: nor do those beyond the first so
  /// many rows that the limit wants.
  std::optional<PartitionsEnd> end;
};

/// `query`: no unions, no `with`; every item and key an Alias that carries its result name; names are columns or
/// variables that travel along; conditions judge each row alone (without map). Limits are not looked at.
DistributedQuery distribute(const syntax::Query& query, const TableFacts& table, const FunctionLookup& lookup);

/// True when equal keys imply equal partition: all partition columns are among the keys, as they are or converted to
/// what the scheme is made of.
bool keys_cover_partitions(const std::vector<syntax::ExprRef>& keys, const TableFacts& table);

/// Names of the table's columns that any part of the query mentions; all of them for `*`.
std::vector<std::string> columns_used(const syntax::Query& query, const data::Schema& schema, bool with_where);

}  // namespace pelorus::plan
