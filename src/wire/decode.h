#pragma once
// Reading objects (docs/protocol/native.md §6) from bytes that arrive in pieces.

#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace pelorus::wire {

/// What a peer may make us hold. Objects carry no total length, so nothing is allocated by a stated count before
/// the bytes (or one chunk) are there.
struct DecodeLimits {
  int depth_max = 64;                          // objects inside objects
  size_t text_bytes_max = 256u << 20;          // one string or blob
  uint64_t object_bytes_max = 16ull << 30;     // one top-level object on the wire
  uint64_t bodiless_elements_max = 16u << 20;  // VOID elements per top-level object: they cost no bytes to state
  size_t columns_max = 32768;                  // of one table
  bool allow_compressed = true;
};

/// Resumable: give it bytes until done(). After an error it must not be used again. Not thread-safe.
///
/// Functions arrive as FunctionText, code as CodeText, handles as HandleText (wire/opaque.h). Dictionaries come
/// unordered. NaN becomes null.
class Decoder {
 public:
  explicit Decoder(DecodeLimits limits = {});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Takes bytes until the object ends; returns how many were taken: all of them unless done().
  /// Errors: kCorrupt for bytes that make no sense, kLimit for objects beyond the limits.
  Result<size_t> feed(std::string_view in);
  /// Where the next bytes may be read to without a copy (the body of a big column); empty: use feed().
  std::span<char> direct();
  /// `size` bytes were put into direct(). Errors: as feed().
  Status direct_done(size_t size);
  bool done() const;
  /// The object, once; the decoder is then ready for the next one.
  data::Value take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Exactly one object and nothing behind it.
Result<data::Value> decode(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace pelorus::wire
