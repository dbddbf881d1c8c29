#pragma once
// One block of one column as bytes, in the encoding that is smallest of a few cheap ones
// (docs/formats/column_file.md §4).

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "data/vector.h"
#include "storage/compression.h"
#include "storage/row_selection.h"

namespace pelorus::storage {

/// Numbers are on disk: never reuse one.
enum class Encoding : uint8_t {
  kPlain = 1,           // values as they are in memory
  kConstant = 2,        // one value
  kPacked = 3,          // integers less their minimum, bit-packed; nulls as 0
  kDelta = 4,           // differences of neighbours less their minimum, bit-packed
  kLz4 = 5,             // kPlain under LZ4
  kDecimal = 6,         // doubles that are whole numbers over a power of ten: those numbers as in kPacked
  kText = 7,            // lengths, then bytes
  kTextLz4 = 8,         // kText under LZ4
  kArray = 9,           // lengths of the rows as a block of INT, then the elements as a block
  kGroups = 10,         // integers in groups, each packed in its own way
  kDecimalGroups = 11,  // as kDecimal with the numbers as in kGroups
  kRuns = 12,           // lengths of runs of equal values as a block of INT, then one value of each as a block
  kTextCodes = 13,      // the distinct texts as a block, then which of them each row is as a block of INT
  kStepGroups = 14,     // integers in groups by how their steps change
  kZstd = 15,           // kPlain under ZSTD
  kTextZstd = 16,       // kText under ZSTD
  kXor = 17,            // doubles by the bits in which they differ
};

/// Which encodings a file may hold.
enum class EncodingSet : uint8_t {
  kFirst = 1,   // 1 to 9: column files of format 1
  kSecond = 2,  // to 13; of format 3 all
};

/// Facts about a block's values beside its bytes. `min` and `max` hold the plain value; unset when `ordered` is false.
struct BlockFacts {
  bool ordered = false;
  uint64_t nulls = 0;
  unsigned char min[16] = {};
  unsigned char max[16] = {};
};

struct EncodedBlock {
  Encoding encoding = Encoding::kPlain;
  std::string bytes;
  BlockFacts facts;
};

/// SYMBOL columns come as INT vectors of codes.
EncodedBlock encode_block(const data::Vector& values, EncodingSet set = EncodingSet::kFirst);
/// With one encoding more to choose from, if the method suits the values; column files of format 3 hold it.
EncodedBlock encode_block(const data::Vector& values, EncodingSet set, Compression method);
/// A block inside other bytes: its encoding, its length, its bytes.
struct NestedBlock {
  Encoding encoding = Encoding::kPlain;
  std::string_view bytes;
};
void put_nested(const EncodedBlock& block, ByteWriter& writer);
/// The caller looks at reader.ok().
NestedBlock get_nested(ByteReader& reader);

/// Adds the block's values to `out`, whose type, scale and arrayness are those of the encoded vector.
/// kCorrupt when the bytes do not make exactly `rows` values (the caller has already checked their checksum).
Status decode_block(Encoding encoding, std::string_view bytes, size_t rows, data::Vector& out);
/// The same for some of its rows: `ranges` ascend and lie within `rows`. Cost: of grouped encodings only the groups
/// they touch are decoded, of others the block.
Status decode_rows(Encoding encoding, std::string_view bytes, size_t rows, std::span<const RowRange> ranges,
                   data::Vector& out);

}  // namespace pelorus::storage
