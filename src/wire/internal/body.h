#pragma once
// Readers of the element area of vectors and matrices.

#include <memory>
#include <span>
#include <unordered_map>

#include "wire/internal/input.h"

namespace pelorus::wire {

/// A symbol base a peer sent: its texts under our own codes.
struct SymbolDictionary {
  std::shared_ptr<data::SymbolBase> base = std::make_shared<data::SymbolBase>();
  std::vector<int32_t> codes;  // code of the peer -> code in base
};
/// The bases of one table by the peer's number.
using SymbolDictionaries = std::unordered_map<int32_t, std::shared_ptr<SymbolDictionary>>;

class Body {
 public:
  virtual ~Body() = default;
  /// kMore, kDone or kFault.
  virtual Step step(Input& in) = 0;
  /// Room inside the column for bytes still to come; empty when they must go through step().
  virtual std::span<char> direct() { return {}; }
  virtual void direct_done(size_t) {}
  /// The column, once step() said kDone.
  virtual data::Vector finish() = 0;
};

/// What the element area of a column looks like.
struct BodyShape {
  data::Type type = data::Type::kVoid;
  bool array = false;
  size_t count = 0;  // elements; rows of an array vector
  int scale = 0;
  std::optional<uint64_t> array_elements;  // stated total of an array vector; unknown in some compressed ones
};

/// Null when elements of this type have no such form (the caller reports it).
std::unique_ptr<Body> make_body(const BodyShape& shape);
/// Type 145: a base (or the number of one already in `known`), then codes.
std::unique_ptr<Body> make_symbol_body(size_t count, SymbolDictionaries& known);

}  // namespace pelorus::wire
