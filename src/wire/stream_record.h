#pragma once
// Records of a stream on a subscriber's connection (docs/protocol/native.md §8).

#include <string>

#include "wire/encode.h"

namespace pelorus::wire {

struct StreamRecordHead {
  int64_t sent_ns = 0;   // since 1970-01-01 UTC
  int64_t last_row = 0;  // number of the last row in the record
  std::string topic;
};

/// What comes before a record's object.
void put_record_head(const StreamRecordHead& head, Chain& out);
/// The object of a record of rows: a tuple of the columns. Errors as encode().
Status encode_columns(const data::Table& rows, Chain& out);

}  // namespace pelorus::wire
