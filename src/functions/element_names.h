#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pelorus::functions {

/// Of a call context that knows how the call that is starting was written.
class ElementNames {
 public:
  virtual ~ElementNames() = default;
  /// Names of the elements of a bracketed or tuple argument, as in f([v as a, w]): aliases, variables and columns; ""
  /// for other expressions. Empty for other arguments.
  virtual std::vector<std::string> element_names(size_t argument) const = 0;
};

}  // namespace pelorus::functions
