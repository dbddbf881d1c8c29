#pragma once
// The dictionary behind a SYMBOL column: code 0 is the empty string (null), codes are dense and never change.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/check.h"

namespace pelorus::data {

/// Append-only. Not thread-safe while codes are being added; a base that is only read may be shared freely.
class SymbolBase {
 public:
  static constexpr int32_t kSymbolsMax = 1 << 21;

  SymbolBase() { add(""); }
  SymbolBase(const SymbolBase& other) {
    for (const auto& text : other.texts_) add(text);
  }
  SymbolBase& operator=(const SymbolBase&) = delete;

  /// The code of `text`, a new one if it is unknown.
  int32_t code_of(std::string_view text) {
    const auto found = codes_.find(text);
    return found != codes_.end() ? found->second : add(text);
  }
  /// -1 when unknown.
  int32_t find(std::string_view text) const {
    const auto found = codes_.find(text);
    return found != codes_.end() ? found->second : -1;
  }
  const std::string& text(int32_t code) const {
    DCHECK(code >= 0 && code < size());
    return texts_[static_cast<size_t>(code)];
  }
  int32_t size() const { return static_cast<int32_t>(texts_.size()); }

 private:
  int32_t add(std::string_view text) {
    const auto code = static_cast<int32_t>(texts_.size());
    texts_.emplace_back(text);
    codes_.emplace(texts_.back(), code);
    return code;
  }

  std::deque<std::string> texts_;  // stable addresses: codes_ views into it
  std::unordered_map<std::string_view, int32_t> codes_;
};

}  // namespace pelorus::data
