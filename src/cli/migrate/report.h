#pragma once
// What must be the same before and after: content, users, views, settings. Pure; live_cluster.cc reads it.
//
// {"tables": {"dfs://db/t": {"rows": n, "chunks": {"7": {"path", "version", "rows", "hash", "replicas", "problem"}}}},
//  "sections": {"users": …, "function views": …}}

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cli/migrate/plan.h"
#include "cli/migrate/words.h"
#include "data/value.h"

namespace pelorus::cli::migrate {

/// From getReplicaHashes: one entry a chunk; "problem" when replicas lack something, differ, or cannot be read.
boost::json::object table_report(const data::Table& hashes);

struct Comparison {
  std::vector<Note> differences;  // empty: equal
  int64_t tables = 0;
  int64_t rows_before = 0;
  int64_t rows_after = 0;
  int64_t chunks_equal = 0;    // the same version and the same hash
  int64_t chunks_written = 0;  // newer than before: somebody wrote, so hashes cannot be equal
};
Comparison compare(const boost::json::object& before, const boost::json::object& after);

/// From one state() of a cluster to a later one: chunks written, made or gone, and sections that differ.
int64_t changes_between(const boost::json::object& earlier, const boost::json::object& later);

}  // namespace pelorus::cli::migrate
