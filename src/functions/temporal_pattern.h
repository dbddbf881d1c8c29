#pragma once
// Patterns such as yyyy-MM-dd HH:mm:ss.SSS (language reference §2.4) for printing and reading temporal values.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/type.h"

namespace pelorus::functions {

/// A compiled pattern. Letters: y M d H h m s a S n; doubled ones are padded, MMM is the month's name; all else is
/// literal.
class TemporalPattern {
 public:
  explicit TemporalPattern(std::string_view pattern);

  /// `value` in `type`'s unit; not null. Parts the type does not have print as zero (dates: 1970).
  std::string format(int64_t value, types::Type type) const;
  /// The value in result_type()'s unit; nothing when the text does not fit.
  std::optional<int64_t> parse(std::string_view text) const;
  /// What the letters add up to: DATE, MINUTE, TIMESTAMP …; VOID when they are no value.
  types::Type result_type() const;

 private:
  struct Piece {
    char letter;  // 0: literal
    int width;
    std::string literal;
  };
  bool has(char letter) const;
  int width(char letter) const;

  std::vector<Piece> pieces_;
};

}  // namespace pelorus::functions
