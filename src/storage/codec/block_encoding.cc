#include "storage/codec/block_encoding.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "kernels/column_facts.h"
#include "storage/codec/bit_packing.h"
#include "storage/codec/integer_groups.h"
#include "storage/codec/step_groups.h"
#include "storage/codec/xor_doubles.h"

namespace pelorus::storage {
namespace {

using data::Buffer;
using data::Vector;
using types::Repr;

template <class T>
inline constexpr bool kInteger =
    std::is_same_v<T, int8_t> || std::is_same_v<T, int16_t> || std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t>;
template <class T>
inline constexpr bool kOrdered = !std::is_same_v<T, types::Bytes16>;

constexpr int64_t kArrayElementsMax = 1 << 30;  // of one block

Error corrupt(std::string_view what) { return {ErrorCode::kCorrupt, "block makes no sense: " + std::string(what)}; }

template <class T>
bool has_nan(std::span<const T> values) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::any_of(values.begin(), values.end(), [](T v) { return v != v; });
  }
  return false;
}

template <class T>
BlockFacts facts_of(std::span<const T> values, const kernels::Extremes<T>& extremes) {
  BlockFacts facts;
  facts.nulls = extremes.nulls;
  if (!kOrdered<T> || extremes.nulls == values.size() || has_nan(values)) return facts;
  facts.ordered = true;
  std::memcpy(facts.min, &extremes.least, sizeof(T));
  std::memcpy(facts.max, &extremes.greatest, sizeof(T));
  return facts;
}

/// `plain` under LZ4 with its length in front, if that saves at least a tenth; empty otherwise.
std::string compressed(std::string_view plain) {
  if (plain.size() < 64 || plain.size() > LZ4_MAX_INPUT_SIZE) return {};
  const int size = static_cast<int>(plain.size());
  std::string out;
  ByteWriter(out).put<uint64_t>(plain.size());
  const size_t header = out.size();
  const size_t limit = plain.size() - plain.size() / 10;
  out.resize(header + limit);
  const int written = LZ4_compress_default(plain.data(), out.data() + header, size, static_cast<int>(limit));
  if (written <= 0) return {};
  out.resize(header + static_cast<size_t>(written));
  return out;
}

Status decompress(std::string_view bytes, uint64_t bytes_max, std::string& plain) {
  ByteReader reader(bytes);
  const auto size = reader.get<uint64_t>();
  // LZ4 expands at most 255 times.
  if (!reader.ok() || size > bytes_max || size > 255 * static_cast<uint64_t>(reader.left()))
    return corrupt("LZ4 length");
  const auto body = reader.get_raw(reader.left());
  plain.resize(size);
  const int got = LZ4_decompress_safe(body.data(), plain.data(), static_cast<int>(body.size()), static_cast<int>(size));
  if (got < 0 || static_cast<uint64_t>(got) != size) return corrupt("LZ4 content");
  return {};
}

constexpr int kZstdLevel = 3;
/// More than this no block of text takes, and no frame makes of so many bytes (a sign of damage).
constexpr uint64_t kZstdBytesMax = 1u << 30;
constexpr uint64_t kZstdExpansionMax = 1u << 16;

/// `plain` under ZSTD with its length in front; empty when that is no smaller than `below` bytes.
std::string zstd_compressed(std::string_view plain, size_t below) {
  if (plain.size() > kZstdBytesMax) return {};
  std::string out;
  ByteWriter(out).put<uint64_t>(plain.size());
  const size_t header = out.size();
  out.resize(header + ZSTD_compressBound(plain.size()));
  const size_t written =
      ZSTD_compress(out.data() + header, out.size() - header, plain.data(), plain.size(), kZstdLevel);
  if (ZSTD_isError(written) != 0 || header + written >= below || plain.size() / kZstdExpansionMax >= written) return {};
  out.resize(header + written);
  return out;
}

Status zstd_decompress(std::string_view bytes, uint64_t bytes_max, std::string& plain) {
  ByteReader reader(bytes);
  const auto size = reader.get<uint64_t>();
  if (!reader.ok() || size > bytes_max || size / kZstdExpansionMax > reader.left()) return corrupt("ZSTD length");
  const auto body = reader.get_raw(reader.left());
  plain.resize(size);
  const size_t got = ZSTD_decompress(plain.data(), plain.size(), body.data(), body.size());
  if (ZSTD_isError(got) != 0 || got != size) return corrupt("ZSTD content");
  return {};
}

/// min, bits, then value - min (+1 and 0 for null when there are nulls).
template <class T>
std::string packed(std::span<const T> values, const kernels::Extremes<T>& extremes, unsigned bits) {
  std::string out;
  ByteWriter writer(out);
  writer.put<int64_t>(extremes.least);
  writer.put<uint8_t>(static_cast<uint8_t>(bits));
  writer.put<uint8_t>(extremes.nulls > 0 ? 1 : 0);
  const auto min = static_cast<uint64_t>(static_cast<int64_t>(extremes.least));
  if (extremes.nulls > 0) {
    pack(values.size(), bits, out, [&](size_t i) {
      return values[i] == types::kNull<T> ? 0 : static_cast<uint64_t>(static_cast<int64_t>(values[i])) - min + 1;
    });
  } else {
    pack(values.size(), bits, out,
         [&](size_t i) { return static_cast<uint64_t>(static_cast<int64_t>(values[i])) - min; });
  }
  return out;
}

template <class T>
unsigned packed_bits(const kernels::Extremes<T>& extremes) {
  const uint64_t range = static_cast<uint64_t>(static_cast<int64_t>(extremes.greatest)) -
                         static_cast<uint64_t>(static_cast<int64_t>(extremes.least));
  if (extremes.nulls > 0 && range == UINT64_MAX) return 65;
  return bits_for(range + (extremes.nulls > 0 ? 1 : 0));
}

/// Bytes of what packed() gives.
size_t packed_size(size_t count, unsigned bits) { return sizeof(int64_t) + 2 + packed_bytes(count, bits); }

unsigned bits_of(const kernels::Steps& steps) {
  return bits_for(static_cast<uint64_t>(steps.greatest) - static_cast<uint64_t>(steps.least));
}

/// first value, min step, bits, then step - min for all but the first.
std::string deltas(std::span<const int64_t> values, const kernels::Steps& steps) {
  std::string out;
  ByteWriter writer(out);
  writer.put<int64_t>(values[0]);
  writer.put<int64_t>(steps.least);
  const unsigned bits = bits_of(steps);
  writer.put<uint8_t>(static_cast<uint8_t>(bits));
  pack(values.size() - 1, bits, out, [&](size_t i) {
    return static_cast<uint64_t>(values[i + 1]) - static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(steps.least);
  });
  return out;
}

template <class T>
EncodedBlock encode_fixed(std::span<const T> values, EncodingSet set);

/// As runs of equal values when they are few; empty otherwise.
template <class T>
std::string encode_runs(std::span<const T> values) {
  Buffer<int32_t> lengths;
  Buffer<T> heads;
  const size_t runs_max = values.size() / 16;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && std::memcmp(&values[i], &values[i - 1], sizeof(T)) == 0) {
      ++lengths.back();
      continue;
    }
    if (heads.size() == runs_max) return {};
    heads.push_back(values[i]);
    lengths.push_back(1);
  }
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(static_cast<uint32_t>(heads.size()));
  put_nested(encode_fixed(std::span<const int32_t>(lengths), EncodingSet::kFirst), writer);
  put_nested(encode_fixed(std::span<const T>(heads), EncodingSet::kFirst), writer);
  return bytes;
}

/// Null is INT64_MIN.
template <class T>
Buffer<int64_t> widened(std::span<const T> values) {
  Buffer<int64_t> wide(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    wide[i] = values[i] == types::kNull<T> ? INT64_MIN : static_cast<int64_t>(values[i]);
  return wide;
}

/// Encodes as the smallest of several ways, which are compared by their sizes before any of them is made. False: none
/// is worth it.
template <class T>
bool encode_integers(std::span<const T> values, const kernels::Extremes<T>& extremes, EncodingSet set,
                     EncodedBlock& block) {
  const size_t plain = values.size_bytes();
  const auto wide = widened(values);
  const unsigned bits = packed_bits(extremes);
  size_t best = bits <= kPackedBitsMax ? packed_bytes(values.size(), bits) : SIZE_MAX;
  kernels::Steps steps;
  const bool near = static_cast<uint64_t>(static_cast<int64_t>(extremes.greatest)) -
                        static_cast<uint64_t>(static_cast<int64_t>(extremes.least)) <=
                    INT64_MAX;
  size_t delta = SIZE_MAX;
  if (sizeof(T) >= 4 && extremes.nulls == 0 && values.size() > 2 && near) {
    steps = kernels::steps_of(wide);
    if (bits_of(steps) <= kPackedBitsMax) delta = packed_bytes(values.size(), bits_of(steps));
  }
  // Deltas decode slower and not from the middle: they have to be clearly smaller.
  const bool use_delta = delta != SIZE_MAX && (best == SIZE_MAX || delta < best - best / 4);
  best = use_delta ? delta : best;
  const bool packs = best <= plain - plain / 4;
  size_t known = plain;
  if (packs) {
    block.encoding = use_delta ? Encoding::kDelta : Encoding::kPacked;
    known = use_delta ? packed_size(values.size() - 1, bits_of(steps)) + sizeof(int64_t) - 1
                      : packed_size(values.size(), bits);
  }
  if (set == EncodingSet::kSecond) {
    const IntegerGroups groups(wide);
    // What decodes as one piece is kept unless something is clearly smaller.
    const bool use_groups = groups.bytes() < known - known / 16;
    if (use_groups) known = groups.bytes();
    std::string runs = encode_runs(values);
    if (!runs.empty() && runs.size() < known / 2) {
      block.encoding = Encoding::kRuns;
      block.bytes = std::move(runs);
      return true;
    }
    if (use_groups) {
      block.encoding = Encoding::kGroups;
      block.bytes = groups.encode();
      return true;
    }
  }
  if (packs) block.bytes = use_delta ? deltas(wide, steps) : packed(values, extremes, bits);
  return packs;
}

constexpr double kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

/// The block as whole numbers over 10^places, if every value is exactly that.
bool encode_decimals(std::span<const double> values, EncodingSet set, EncodedBlock& block) {
  Buffer<int64_t> wholes(values.size());
  for (uint8_t places = 0; places < std::size(kPowers); ++places) {
    if (!kernels::as_wholes(values, kPowers[places], wholes.data())) continue;
    const std::span<const int64_t> whole_values(wholes);
    if (set == EncodingSet::kSecond) {
      const IntegerGroups groups(whole_values);
      if (1 + groups.bytes() >= values.size_bytes() - values.size_bytes() / 8) return false;
      block.encoding = Encoding::kDecimalGroups;
      block.bytes = std::string(1, static_cast<char>(places)) + groups.encode();
      return true;
    }
    const auto extremes = kernels::extremes_of(whole_values);
    const unsigned bits = packed_bits(extremes);
    if (bits > kPackedBitsMax) return false;
    block.encoding = Encoding::kDecimal;
    block.bytes = std::string(1, static_cast<char>(places)) + packed(whole_values, extremes, bits);
    return true;
  }
  return false;
}

template <class T>
EncodedBlock encode_fixed(std::span<const T> values, EncodingSet set) {
  EncodedBlock block;
  const std::string_view plain(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  kernels::Extremes<T> extremes;
  if constexpr (kOrdered<T>) {
    extremes = kernels::extremes_of(values);
    block.facts = facts_of(values, extremes);
  }
  if (!values.empty() && std::memcmp(plain.data(), plain.data() + sizeof(T), plain.size() - sizeof(T)) == 0) {
    block.encoding = Encoding::kConstant;
    block.bytes = plain.substr(0, sizeof(T));
    return block;
  }
  if constexpr (kInteger<T>) {
    if (encode_integers(values, extremes, set, block)) return block;
  } else if (set == EncodingSet::kSecond) {
    block.bytes = encode_runs(values);
    block.encoding = Encoding::kRuns;
    if (!block.bytes.empty()) return block;
  }
  if constexpr (std::is_same_v<T, double>) {
    if (!has_nan(values) && encode_decimals(values, set, block)) return block;
  }
  block.bytes = compressed(plain);
  block.encoding = block.bytes.empty() ? Encoding::kPlain : Encoding::kLz4;
  if (block.bytes.empty()) block.bytes = plain;
  return block;
}

/// The distinct texts in the order they come, then codes, when they are few; nothing otherwise.
std::optional<EncodedBlock> encode_text_codes(std::span<const std::string> texts);

EncodedBlock encode_texts(std::span<const std::string> texts, EncodingSet set) {
  if (set == EncodingSet::kSecond) {
    if (auto coded = encode_text_codes(texts)) return std::move(*coded);
  }
  EncodedBlock block;
  std::string plain;
  ByteWriter writer(plain);
  for (const auto& text : texts) {
    writer.put<uint32_t>(static_cast<uint32_t>(text.size()));
    block.facts.nulls += text.empty() ? 1 : 0;
  }
  for (const auto& text : texts) plain.append(text);
  block.bytes = compressed(plain);
  block.encoding = block.bytes.empty() ? Encoding::kText : Encoding::kTextLz4;
  if (block.bytes.empty()) block.bytes = std::move(plain);
  return block;
}

std::optional<EncodedBlock> encode_text_codes(std::span<const std::string> texts) {
  std::unordered_map<std::string_view, int32_t> known;
  std::vector<std::string> distinct;
  Buffer<int32_t> codes(texts.size());
  EncodedBlock block;
  for (size_t i = 0; i < texts.size(); ++i) {
    block.facts.nulls += texts[i].empty() ? 1 : 0;
    const auto [place, is_new] = known.try_emplace(texts[i], static_cast<int32_t>(distinct.size()));
    codes[i] = place->second;
    if (!is_new) continue;
    if (distinct.size() == texts.size() / 4) return std::nullopt;
    distinct.push_back(texts[i]);
  }
  block.encoding = Encoding::kTextCodes;
  ByteWriter writer(block.bytes);
  writer.put<uint32_t>(static_cast<uint32_t>(distinct.size()));
  put_nested(encode_texts(distinct, EncodingSet::kFirst), writer);
  put_nested(encode_fixed(std::span<const int32_t>(codes), EncodingSet::kSecond), writer);
  return block;
}

/// Lengths, then bytes.
std::string plain_texts(std::span<const std::string> texts) {
  std::string plain;
  ByteWriter writer(plain);
  for (const auto& text : texts) writer.put<uint32_t>(static_cast<uint32_t>(text.size()));
  for (const auto& text : texts) plain.append(text);
  return plain;
}

/// What the method makes of the values if it suits them and is smaller than `block`.
template <class T>
void encode_smaller(std::span<const T> values, Compression method, EncodedBlock& block) {
  if (block.encoding == Encoding::kConstant) return;
  std::string bytes;
  auto encoding = Encoding::kPlain;
  if (method == Compression::kZstd) {
    encoding = Encoding::kZstd;
    bytes = zstd_compressed({reinterpret_cast<const char*>(values.data()), values.size_bytes()}, block.bytes.size());
  }
  if constexpr (kInteger<T>) {
    if (method == Compression::kDelta) {
      encoding = Encoding::kStepGroups;
      Buffer<int64_t> wide(values.size());
      std::copy(values.begin(), values.end(), wide.begin());
      bytes = encode_step_groups(wide);
    }
  } else if constexpr (std::is_same_v<T, double>) {
    if (method == Compression::kChimp) {
      encoding = Encoding::kXor;
      bytes = encode_xor_doubles(values);
    }
  }
  if (bytes.empty() || bytes.size() >= block.bytes.size()) return;
  block.encoding = encoding;
  block.bytes = std::move(bytes);
}

EncodedBlock encode_arrays(const Vector& values, EncodingSet set, Compression method) {
  EncodedBlock block;
  block.encoding = Encoding::kArray;
  Buffer<int32_t> lengths;
  int64_t before = 0;
  for (const auto end : values.ends()) {
    lengths.push_back(static_cast<int32_t>(end - before));
    block.facts.nulls += end == before ? 1 : 0;
    before = end;
  }
  ByteWriter writer(block.bytes);
  put_nested(encode_fixed(std::span<const int32_t>(lengths), set), writer);
  put_nested(encode_block(values.flat(), set, method), writer);
  return block;
}

struct PackedHeader {
  int64_t min = 0;
  unsigned bits = 0;
  bool nulls = false;
  std::string_view body;
};

Result<PackedHeader> packed_header(std::string_view bytes, size_t rows) {
  ByteReader reader(bytes);
  PackedHeader header;
  header.min = reader.get<int64_t>();
  header.bits = reader.get<uint8_t>();
  header.nulls = reader.get<uint8_t>() != 0;
  if (!reader.ok() || header.bits > kPackedBitsMax || reader.left() != packed_bytes(rows, header.bits)) {
    return corrupt("bit-packed length");
  }
  header.body = reader.get_raw(reader.left());
  return header;
}

template <class T>
Status decode_packed(std::string_view bytes, size_t rows, T* out) {
  TRY(const auto header, packed_header(bytes, rows));
  const auto min = static_cast<uint64_t>(header.min);
  if (header.nulls) {
    unpack(header.body, rows, header.bits,
           [&](size_t i, uint64_t code) { out[i] = code == 0 ? types::kNull<T> : static_cast<T>(min + code - 1); });
  } else {
    unpack(header.body, rows, header.bits, [&](size_t i, uint64_t code) { out[i] = static_cast<T>(min + code); });
  }
  return {};
}

template <class T>
Status decode_deltas(std::string_view bytes, size_t rows, T* out) {
  ByteReader reader(bytes);
  auto value = static_cast<uint64_t>(reader.get<int64_t>());
  const auto step = static_cast<uint64_t>(reader.get<int64_t>());
  const unsigned bits = reader.get<uint8_t>();
  if (!reader.ok() || rows == 0 || bits > kPackedBitsMax || reader.left() != packed_bytes(rows - 1, bits)) {
    return corrupt("delta length");
  }
  out[0] = static_cast<T>(value);
  unpack(reader.get_raw(reader.left()), rows - 1, bits, [&](size_t i, uint64_t code) {
    value += step + code;
    out[i + 1] = static_cast<T>(value);
  });
  return {};
}

Status decode_decimals(std::string_view bytes, size_t rows, double* out) {
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) >= std::size(kPowers)) return corrupt("decimal places");
  const double power = kPowers[static_cast<uint8_t>(bytes[0])];
  TRY(const auto header, packed_header(bytes.substr(1), rows));
  const auto min = static_cast<uint64_t>(header.min);
  const uint64_t first = header.nulls ? 1 : 0;
  unpack(header.body, rows, header.bits, [&](size_t i, uint64_t code) {
    out[i] =
        code < first ? types::kNull<double> : static_cast<double>(static_cast<int64_t>(min + code - first)) / power;
  });
  return {};
}

/// Rows of grouped encodings to consecutive places, each number turned by `turn`.
template <class T, class Turn>
Status decode_turned(std::string_view groups, size_t rows, std::span<const RowRange> ranges, T* out, Turn&& turn) {
  return decode_groups(groups, rows, ranges, [&](size_t, std::span<const int64_t> values) {
    for (size_t i = 0; i < values.size(); ++i) out[i] = values[i] == INT64_MIN ? types::kNull<T> : turn(values[i]);
    out += values.size();
  });
}

/// Whole numbers over 10^places.
Status decode_decimal_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, double* out) {
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) >= std::size(kPowers)) return corrupt("decimal places");
  const double power = kPowers[static_cast<uint8_t>(bytes[0])];
  return decode_turned(bytes.substr(1), rows, ranges, out,
                       [power](int64_t whole) { return static_cast<double>(whole) / power; });
}

template <class T>
Status decode_integer_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, T* out) {
  return decode_turned(bytes, rows, ranges, out, [](int64_t value) { return static_cast<T>(value); });
}

template <class T>
Status decode_steps(std::string_view bytes, size_t rows, T* out) {
  Buffer<int64_t> wide(rows);
  TRY_DONE(decode_step_groups(bytes, {wide.data(), rows}));
  for (size_t i = 0; i < rows; ++i) out[i] = static_cast<T>(wide[i]);
  return {};
}

template <class T>
Status decode_fixed(Encoding encoding, std::string_view bytes, size_t rows, T* out);

template <class T>
Status decode_runs(std::string_view bytes, size_t rows, T* out) {
  ByteReader reader(bytes);
  const size_t runs = reader.get<uint32_t>();
  const auto lengths_block = get_nested(reader), heads_block = get_nested(reader);
  const bool nested = lengths_block.encoding == Encoding::kRuns || heads_block.encoding == Encoding::kRuns;
  if (!reader.ok() || !reader.at_end() || runs > rows || nested) return corrupt("runs");
  Buffer<int32_t> lengths;
  lengths.resize(runs);
  Buffer<T> heads;
  heads.resize(runs);
  TRY_DONE(decode_fixed(lengths_block.encoding, lengths_block.bytes, runs, lengths.data()));
  TRY_DONE(decode_fixed(heads_block.encoding, heads_block.bytes, runs, heads.data()));
  size_t row = 0;
  for (size_t run = 0; run < runs; ++run) {
    if (lengths[run] <= 0 || static_cast<size_t>(lengths[run]) > rows - row) return corrupt("length of a run");
    std::fill_n(out + row, lengths[run], heads[run]);
    row += static_cast<size_t>(lengths[run]);
  }
  return row == rows ? Status() : Status(corrupt("runs end too early"));
}

template <class T>
Status decode_fixed(Encoding encoding, std::string_view bytes, size_t rows, T* out) {
  switch (encoding) {
    case Encoding::kPlain:
      if (bytes.size() != rows * sizeof(T)) return corrupt("plain length");
      if (rows > 0) std::memcpy(out, bytes.data(), bytes.size());
      return {};
    case Encoding::kConstant: {
      if (bytes.size() != sizeof(T)) return corrupt("constant length");
      T value;
      std::memcpy(&value, bytes.data(), sizeof(T));
      std::fill_n(out, rows, value);
      return {};
    }
    case Encoding::kLz4: {
      std::string plain;
      TRY_DONE(decompress(bytes, rows * sizeof(T), plain));
      return decode_fixed(Encoding::kPlain, plain, rows, out);
    }
    case Encoding::kZstd: {
      std::string plain;
      TRY_DONE(zstd_decompress(bytes, rows * sizeof(T), plain));
      return decode_fixed(Encoding::kPlain, plain, rows, out);
    }
    case Encoding::kStepGroups:
      if constexpr (kInteger<T>) return decode_steps(bytes, rows, out);
      break;
    case Encoding::kXor:
      if constexpr (std::is_same_v<T, double>) return decode_xor_doubles(bytes, {out, rows});
      break;
    case Encoding::kPacked:
      if constexpr (kInteger<T>) return decode_packed(bytes, rows, out);
      break;
    case Encoding::kDelta:
      if constexpr (kInteger<T>) return decode_deltas(bytes, rows, out);
      break;
    case Encoding::kRuns: return decode_runs(bytes, rows, out);
    case Encoding::kGroups:
      if constexpr (kInteger<T>) return decode_integer_groups(bytes, rows, std::array{RowRange{0, rows}}, out);
      break;
    case Encoding::kDecimalGroups:
      if constexpr (std::is_same_v<T, double>)
        return decode_decimal_groups(bytes, rows, std::array{RowRange{0, rows}}, out);
      break;
    case Encoding::kDecimal:
      if constexpr (std::is_same_v<T, double>) return decode_decimals(bytes, rows, out);
      break;
    default: break;
  }
  return corrupt("encoding " + std::to_string(static_cast<int>(encoding)));
}

Status decode_texts(std::string_view bytes, size_t rows, Buffer<std::string>& out) {
  ByteReader reader(bytes);
  if (rows > bytes.size() / sizeof(uint32_t)) return corrupt("text lengths");
  const auto lengths = reader.get_raw(rows * sizeof(uint32_t));
  out.reserve(out.size() + rows);
  for (size_t i = 0; i < rows; ++i) {
    uint32_t length = 0;
    std::memcpy(&length, lengths.data() + i * sizeof length, sizeof length);
    const auto text = reader.get_raw(length);
    if (!reader.ok()) return corrupt("text length");
    out.emplace_back(text);
  }
  if (!reader.at_end()) return corrupt("text too long");
  return {};
}

Status decode_text_codes(std::string_view bytes, size_t rows, Buffer<std::string>& out) {
  ByteReader reader(bytes);
  const size_t count = reader.get<uint32_t>();
  const auto texts_block = get_nested(reader), codes_block = get_nested(reader);
  if (!reader.ok() || !reader.at_end() || count > rows) return corrupt("distinct texts");
  Vector distinct(types::Type::kString);
  if (texts_block.encoding == Encoding::kTextCodes) return corrupt("nested text codes");
  TRY_DONE(decode_block(texts_block.encoding, texts_block.bytes, count, distinct));
  Buffer<int32_t> codes;
  codes.resize(rows);
  TRY_DONE(decode_fixed(codes_block.encoding, codes_block.bytes, rows, codes.data()));
  const auto texts = distinct.values<std::string>();
  out.reserve(out.size() + rows);
  for (const auto code : codes) {
    if (code < 0 || static_cast<size_t>(code) >= count) return corrupt("code of a text");
    out.push_back(texts[static_cast<size_t>(code)]);
  }
  return {};
}

Status decode_arrays(std::string_view bytes, size_t rows, Vector& out) {
  ByteReader reader(bytes);
  const auto length_block = get_nested(reader), element_block = get_nested(reader);
  if (!reader.ok() || !reader.at_end()) return corrupt("array parts");
  Buffer<int32_t> lengths;
  lengths.resize(rows);
  TRY_DONE(decode_fixed(length_block.encoding, length_block.bytes, rows, lengths.data()));
  Buffer<int64_t> ends;
  int64_t end = 0;
  for (const auto length : lengths) {
    if (length < 0) return corrupt("array length");
    ends.push_back(end += length);
  }
  if (end > kArrayElementsMax) return corrupt("array is too long");
  Vector flat(out.type(), 0, out.scale());
  TRY_DONE(decode_block(element_block.encoding, element_block.bytes, static_cast<size_t>(end), flat));
  out.append(Vector::array(data::Shared<Vector>(std::move(flat)), std::move(ends)));
  return {};
}

}  // namespace

void put_nested(const EncodedBlock& block, ByteWriter& writer) {
  writer.put<uint8_t>(static_cast<uint8_t>(block.encoding));
  writer.put<uint64_t>(block.bytes.size());
  writer.put_raw(block.bytes.data(), block.bytes.size());
}

NestedBlock get_nested(ByteReader& reader) {
  const auto encoding = static_cast<Encoding>(reader.get<uint8_t>());
  const auto size = reader.get<uint64_t>();
  return {encoding, reader.get_raw(size)};
}

EncodedBlock encode_block(const Vector& values, EncodingSet set) {
  return encode_block(values, set, Compression::kUsual);
}

EncodedBlock encode_block(const Vector& values, EncodingSet set, Compression method) {
  if (values.is_array()) return encode_arrays(values, set, method);
  if (values.repr() == Repr::kText) {
    auto block = encode_texts(values.values<std::string>(), set);
    if (method != Compression::kZstd) return block;
    auto bytes = zstd_compressed(plain_texts(values.values<std::string>()), block.bytes.size());
    if (bytes.empty()) return block;
    return {Encoding::kTextZstd, std::move(bytes), block.facts};
  }
  return types::visit_fixed(values.repr(), [&]<class T>() {
    auto block = encode_fixed(values.values<T>(), set);
    if (method != Compression::kUsual) encode_smaller(values.values<T>(), method, block);
    return block;
  });
}

Status decode_block(Encoding encoding, std::string_view bytes, size_t rows, Vector& out) {
  if (encoding == Encoding::kArray) {
    if (!out.is_array()) return corrupt("array block in a plain column");
    return decode_arrays(bytes, rows, out);
  }
  if (out.is_array()) return corrupt("plain block in an array column");
  if (out.repr() == Repr::kText) {
    auto& texts = out.edit<std::string>();
    if (encoding == Encoding::kText) return decode_texts(bytes, rows, texts);
    if (encoding == Encoding::kTextCodes) return decode_text_codes(bytes, rows, texts);
    std::string plain;
    if (encoding == Encoding::kTextZstd)
      TRY_DONE(zstd_decompress(bytes, kZstdBytesMax, plain));
    else if (encoding == Encoding::kTextLz4)
      TRY_DONE(decompress(bytes, LZ4_MAX_INPUT_SIZE, plain));
    else
      return corrupt("encoding of text");
    return decode_texts(plain, rows, texts);
  }
  return types::visit_fixed(out.repr(), [&]<class T>() -> Status {
    auto& values = out.edit<T>();
    const size_t before = values.size();
    values.resize(before + rows);
    const Status decoded = decode_fixed(encoding, bytes, rows, values.data() + before);
    if (!decoded.ok()) values.resize(before);
    return decoded;
  });
}

Status decode_rows(Encoding encoding, std::string_view bytes, size_t rows, std::span<const RowRange> ranges,
                   Vector& out) {
  if (ranges.size() == 1 && ranges[0] == RowRange{0, rows}) return decode_block(encoding, bytes, rows, out);
  const bool grouped = encoding == Encoding::kGroups || encoding == Encoding::kDecimalGroups;
  if (!grouped || out.is_array() || out.repr() == Repr::kText) {
    Vector whole = out.slice(0, 0);
    TRY_DONE(decode_block(encoding, bytes, rows, whole));
    for (const auto& range : ranges) out.append(whole, range.from, range.size());
    return {};
  }
  size_t count = 0;
  for (const auto& range : ranges) count += range.size();
  return types::visit_fixed(out.repr(), [&]<class T>() -> Status {
    auto& values = out.edit<T>();
    const size_t before = values.size();
    values.resize(before + count);
    Status decoded = corrupt("encoding " + std::to_string(static_cast<int>(encoding)));
    if constexpr (kInteger<T>) {
      if (encoding == Encoding::kGroups) decoded = decode_integer_groups(bytes, rows, ranges, values.data() + before);
    } else if constexpr (std::is_same_v<T, double>) {
      if (encoding == Encoding::kDecimalGroups)
        decoded = decode_decimal_groups(bytes, rows, ranges, values.data() + before);
    }
    if (!decoded.ok()) values.resize(before);
    return decoded;
  });
}

}  // namespace pelorus::storage
