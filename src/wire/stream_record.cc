#include "wire/stream_record.h"

namespace pelorus::wire {

void put_record_head(const StreamRecordHead& head, Chain& out) {
  out.put(uint8_t{1});  // little-endian
  out.put(head.sent_ns);
  out.put(head.last_row);
  out.put_cstring(head.topic);
}

Status encode_columns(const data::Table& rows, Chain& out) {
  out.put(static_cast<uint8_t>(data::Type::kAny));
  out.put(static_cast<uint8_t>(data::Form::kVector));
  out.put(static_cast<int32_t>(rows.columns()));
  out.put(int32_t{1});
  for (size_t c = 0; c < rows.columns(); ++c) {
    ColumnPosition position;
    const ColumnShape shape{.slice = {.from = 0, .count = rows.rows()}, .symbol_base_id = static_cast<int32_t>(c)};
    TRY([[maybe_unused]] const bool complete, encode_column(rows.column(c), shape, position, SIZE_MAX, out));
  }
  out.keep(data::Value(rows));  // a copy shares the columns
  return {};
}

}  // namespace pelorus::wire
