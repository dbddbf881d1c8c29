#pragma once
// Bytes of IMOLTP databases: records of their redo log and the checkpoint (docs/formats/oltp.md).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/oltp_databases.h"
#include "storage/codec/parts.h"

namespace pelorus::storage {

/// One change, in the order of the log.
struct OltpChange {
  enum class Kind : uint8_t {
    kCreateDatabase = 1,
    kDropDatabase = 2,
    kCreateTable = 3,
    kDropTable = 4,
    kAppend = 5,   // rows
    kReplace = 6,  // the rows at `places` by `rows`
    kRemove = 7,   // the rows at `places`
    kReset = 8,    // all rows by `rows`
  };
  Kind kind = Kind::kAppend;
  std::string database;
  uint64_t table = 0;                // but for databases
  data::OltpTableTerms terms;        // kCreateTable
  std::vector<int64_t> places = {};  // ascending
  data::Table rows = {};
};

/// What a checkpoint holds, and what the changes are made to.
struct OltpTableImage {
  uint64_t id = 0;
  std::string database;
  data::OltpTableTerms terms;
  data::Table rows;
};
struct OltpImage {
  uint64_t sequence = 0;    // of the last record it holds
  uint64_t last_table = 0;  // ids given so far
  std::vector<std::string> databases;
  std::map<uint64_t, OltpTableImage> tables;

  /// kCorrupt when the change does not fit what is there.
  Status apply(const OltpChange& change);
};

/// Rows are viewed: the changes must outlive `parts`.
void encode_changes(const std::vector<OltpChange>& changes, PartList& parts);
/// kCorrupt. `image`: before the changes.
Result<std::vector<OltpChange>> decode_changes(std::string_view bytes, const OltpImage& image);

std::string encode_checkpoint(const OltpImage& image);
/// kCorrupt for bytes that are no whole checkpoint of a known format.
Result<OltpImage> decode_checkpoint(std::string_view bytes);

/// What turns `before` into `after`, which has the same schema. Rows that went keep the order of the others, or all
/// rows are replaced. Cost: O(rows).
OltpChange difference(const data::Table& before, const data::Table& after);
/// The rows after kAppend, kReplace, kRemove or kReset; kCorrupt when it does not fit.
Result<data::Table> changed_rows(const data::Table& before, const OltpChange& change);

}  // namespace pelorus::storage
