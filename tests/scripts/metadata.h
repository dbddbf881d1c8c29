#pragma once
// What controllers answer about catalogs and stream graphs, for scripts that run without a node.

#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "meta/state.h"

namespace pelorus::tests {

/// The same rules as a controller's, on a state of its own, one caller at a time.
class Metadata {
 public:
  Metadata() { state_.users["admin"] = meta::User{.id = "admin", .is_admin = true}; }
  /// kNotFound for methods it does not know.
  Result<Bytes> answer(std::string_view method, std::string_view payload);

 private:
  Result<Bytes> change_graphs(std::string_view payload);
  meta::State state_;
};

}  // namespace pelorus::tests
