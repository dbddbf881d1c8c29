#pragma once
// Codes of one dictionary as codes of another.

#include <vector>

#include "data/symbol_base.h"

namespace pelorus::data {

/// Looks a text up when its first row comes and remembers its code. Both bases outlive it.
class SymbolRecoding {
 public:
  /// `rows`: how many are to be coded. Few rows of a large base are looked up one by one.
  SymbolRecoding(const SymbolBase& from, SymbolBase& to, size_t rows) : from_(from), to_(to) {
    constexpr size_t kTextsARow = 4;
    const auto texts = static_cast<size_t>(from.size());
    if (texts <= kTextsARow * rows) known_.resize(texts, kUnknown);
  }
  /// The code of the same text in the other base, which gets it if it lacks it.
  int32_t operator()(int32_t code) {
    if (known_.empty()) return to_.code_of(from_.text(code));
    int32_t& known = known_[static_cast<size_t>(code)];
    if (known == kUnknown) known = to_.code_of(from_.text(code));
    return known;
  }

 private:
  static constexpr int32_t kUnknown = -1;

  const SymbolBase& from_;
  SymbolBase& to_;
  std::vector<int32_t> known_;  // by code of from_
};

}  // namespace pelorus::data
