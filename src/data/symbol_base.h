#pragma once
// The dictionary behind a SYMBOL column: code 0 is the empty string (null), codes are dense and never change.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace pelorus::data {

/// Append-only. Not thread-safe while codes are being added; a base that is only read may be shared freely.
class SymbolBase {
 public:
  static constexpr int32_t kSymbolsMax = 1 << 21;

  SymbolBase() { texts_.emplace_back(); }
  SymbolBase(const SymbolBase&) = default;
  SymbolBase& operator=(const SymbolBase&) = delete;

  /// The code of `text`, a new one if it is unknown.
  int32_t code_of(std::string_view text) {
    if (text.empty()) return 0;
    if (texts_.size() >= places_.size() / 4 * 3) widen(std::max(kPlacesLeast, places_.size() * 2));
    const auto hashed = hash(text);
    auto& place = places_[place_of(text, hashed)];
    if (place.code == 0) {
      place = {hashed, size()};
      texts_.emplace_back(text);
    }
    return place.code;
  }
  /// -1 when unknown.
  int32_t find(std::string_view text) const {
    if (text.empty()) return 0;
    if (places_.empty()) return -1;
    const auto code = places_[place_of(text, hash(text))].code;
    return code != 0 ? code : -1;
  }
  /// Stays where it is as long as the base lives.
  const std::string& text(int32_t code) const {
    DCHECK(code >= 0 && code < size());
    return texts_[static_cast<size_t>(code)];
  }
  int32_t size() const { return static_cast<int32_t>(texts_.size()); }
  /// So many texts are to come, in all: saves the table its growth.
  void reserve(size_t texts) {
    const size_t places = std::bit_ceil(texts / 3 * 4 + kPlacesLeast);
    if (places > places_.size()) widen(places);
  }

 private:
  /// Of the table of codes by text: open addressing, at most three quarters in use.
  struct Place {
    uint32_t hash = 0;
    int32_t code = 0;  // 0: vacant; the empty string has no place
  };
  static constexpr size_t kPlacesLeast = 16;

  static uint32_t hash(std::string_view text) { return static_cast<uint32_t>(std::hash<std::string_view>()(text)); }
  /// Where `text` is, or the vacant place where it belongs.
  size_t place_of(std::string_view text, uint32_t hash) const {
    const size_t mask = places_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      const auto& place = places_[at];
      if (place.code == 0 || (place.hash == hash && this->text(place.code) == text)) return at;
    }
  }
  void widen(size_t places) {
    std::vector<Place> wider(places);
    for (const auto& place : places_) {
      if (place.code == 0) continue;
      size_t at = place.hash & (wider.size() - 1);
      while (wider[at].code != 0) at = (at + 1) & (wider.size() - 1);
      wider[at] = place;
    }
    places_ = std::move(wider);
  }

  std::deque<std::string> texts_;  // by code
  std::vector<Place> places_;      // a power of two, or none yet
};

}  // namespace pelorus::data
