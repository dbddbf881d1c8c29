#pragma once
// Patterns such as #,##0.00, 0.0%, 0.00E00, 0.0;(0.0) for printing numbers.

#include <string>
#include <string_view>

namespace pelorus::functions {

/// A compiled pattern: 0 a digit always shown, # one shown when needed, comma groups thousands, % shows hundredths, E
/// the power of ten; after ; the pattern of negative numbers. Other characters stand as they are.
class NumberPattern {
 public:
  explicit NumberPattern(std::string_view pattern);
  std::string format(double value) const;

 private:
  struct Form {
    std::string prefix, suffix;
    int whole_digits = 0;     // 0s before the point
    int places_min = 0;       // 0s after it
    int places_max = 0;       // 0s and #s after it
    int exponent_digits = 0;  // 0: no exponent
    bool grouped = false;
    bool percent = false;
  };
  static Form read(std::string_view text);
  static std::string apply(const Form& form, double magnitude);

  Form positive_;
  Form negative_;
  bool has_negative_ = false;
};

}  // namespace pelorus::functions
