// ChunkSnapshot::content_hash: the same for the same rows, whatever lies under them.

#include <xxhash.h>

#include <algorithm>

#include "base/bytes.h"
#include "storage/chunk_snapshot.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

constexpr size_t kRowsAtOnce = 65536;

class Hasher {
 public:
  Hasher() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
  ~Hasher() { XXH3_freeState(state_); }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void add(const void* bytes, size_t size) { XXH3_128bits_update(state_, bytes, size); }
  void add_text(std::string_view text) {
    const uint64_t size = text.size();
    add(&size, sizeof size);
    add(text.data(), text.size());
  }
  ContentHash hash() const {
    const auto digest = XXH3_128bits_digest(state_);
    return {digest.high64, digest.low64};
  }

 private:
  XXH3_state_t* const state_;
};

/// Values as they are; texts (also of symbols) as length and bytes; arrays as length and elements, so that the stream
/// of bytes does not depend on where ranges were cut.
void add_rows(const data::Vector& rows, Hasher& hasher) {
  if (rows.is_array()) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto from = static_cast<size_t>(i == 0 ? 0 : rows.ends()[i - 1]);
      const uint64_t count = static_cast<uint64_t>(rows.ends()[i]) - from;
      hasher.add(&count, sizeof count);
      add_rows(rows.flat().slice(from, count), hasher);
    }
  } else if (rows.type() == types::Type::kSymbol || rows.repr() == types::Repr::kText) {
    for (size_t i = 0; i < rows.size(); ++i) hasher.add_text(rows.text_at(i));
  } else {
    types::visit_fixed(rows.repr(), [&]<class T>() { hasher.add(rows.values<T>().data(), rows.size() * sizeof(T)); });
  }
}

}  // namespace

Result<ContentHash> ChunkSnapshot::content_hash() const {
  Hasher hasher;
  std::string schema_bytes;
  ByteWriter writer(schema_bytes);
  data::Schema names_and_types = schema();
  for (auto& column : names_and_types) column.comment.clear();
  encode_schema(names_and_types, writer);
  TRY(const size_t count, rows());
  writer.put<uint64_t>(count);
  hasher.add_text(schema_bytes);
  for (size_t c = 0; c < schema().size(); ++c) {
    for (size_t from = 0; from < count; from += kRowsAtOnce) {
      TRY(const auto part, read(c, RowRange{from, std::min(count, from + kRowsAtOnce)}));
      add_rows(part, hasher);
    }
  }
  return hasher.hash();
}

}  // namespace pelorus::storage
