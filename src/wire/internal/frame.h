#pragma once
// Readers of whole objects, one per form; the decoder keeps a stack of them.

#include <memory>
#include <span>

#include "data/value.h"
#include "wire/internal/body.h"
#include "wire/internal/input.h"

namespace pelorus::wire {

/// Type 145: a SYMBOL vector with its dictionary.
inline constexpr uint8_t kExtendedSymbol = 145;

struct ObjectFlag {
  uint8_t type = 0;
  uint8_t form = 0;
};

class Frame {
 public:
  virtual ~Frame() = default;
  virtual Step step(Input& in) = 0;
  /// The object asked for by kChild. kFault when it does not fit; otherwise step() goes on.
  virtual Step child(Input& in, data::Value value);
  virtual std::span<char> direct() { return {}; }
  virtual void direct_done(size_t) {}
  virtual data::Value result() = 0;
  /// Where the columns of this table keep their symbol bases; null for everything but tables.
  virtual SymbolDictionaries* dictionaries() { return nullptr; }
};

/// The reader for an object that begins with `flag`; null when there is no such object (the caller reports it).
/// `parent` may be null.
std::unique_ptr<Frame> make_frame(ObjectFlag flag, Frame* parent);

// The makers of one source file each.
std::unique_ptr<Frame> make_scalar_frame(uint8_t type);
std::unique_ptr<Frame> make_vector_frame(ObjectFlag flag, Frame* parent);
std::unique_ptr<Frame> make_compressed_frame();
std::unique_ptr<Frame> make_collection_frame(ObjectFlag flag);
std::unique_ptr<Frame> make_tensor_frame(uint8_t type);

/// Type code of a vector, 64 + t taken apart. False for codes no vector has.
bool split_type_code(uint8_t code, data::Type* type, bool* array);
/// Decimals carry their scale. False when it is not within 0 and the type's maximum.
bool is_scale_valid(data::Type type, int32_t scale);

}  // namespace pelorus::wire
