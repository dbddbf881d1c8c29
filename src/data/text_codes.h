#pragma once
// Codes for many texts at once.

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "data/symbol_base.h"

namespace pelorus::data {

/// code_of() of a dictionary with a small memory of short texts: a column repeats few of them. Codes are never
/// withdrawn, so the memory cannot go stale. One thread; the dictionary must outlive it.
class TextCodes {
 public:
  explicit TextCodes(SymbolBase& base) : base_(base) {}

  int32_t code_of(std::string_view text) {
    if (text.size() > sizeof(uint64_t)) return base_.code_of(text);
    uint64_t letters = 0;
    std::memcpy(&letters, text.data(), text.size());
    auto& known = known_[(letters * kSpread) >> (64 - kBits)];
    if (known.size != text.size() || known.letters != letters) known = {letters, text.size(), base_.code_of(text)};
    return known.code;
  }

 private:
  static constexpr int kBits = 8;
  static constexpr uint64_t kSpread = 0x9E3779B97F4A7C15ull;
  struct Known {
    uint64_t letters = 0;
    size_t size = SIZE_MAX;  // of no text
    int32_t code = 0;
  };

  SymbolBase& base_;
  std::array<Known, 1u << kBits> known_{};
};

}  // namespace pelorus::data
