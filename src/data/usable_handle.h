#pragma once
// Handles that scripts do more with than pass them on.

#include <string_view>

#include "data/objects.h"

namespace pelorus::data {

/// A file, a connection: something a script closes, and may call.
class UsableHandle : public HandleObject {
 public:
  /// The built-in that calling it, handle(…), stands for; empty: it can't be called.
  virtual std::string_view called_by() const { return {}; }
  /// Ends its use before its life ends; once is enough.
  virtual void close() = 0;
};

}  // namespace pelorus::data
