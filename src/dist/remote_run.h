#pragma once
// Running a function on another node of the cluster: rpc(), pnodeRun().

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace pelorus::dist {

struct RemoteCall {
  std::string user;  // on whose behalf
  bool is_admin = false;
  std::string function;  // an expression that evaluates to a callable there: name, definition, partial application
  std::vector<data::Value> arguments;
};

/// Thread-safe; blocks until the answer. The node itself is called without the network.
class RemoteRun {
 public:
  virtual ~RemoteRun() = default;
  /// kScript with the function's own message; kNotFound for an unknown alias; kUnavailable and kin of the way there.
  virtual Result<data::Value> run(const std::string& alias, const RemoteCall& call) = 0;
  /// Aliases of data and compute nodes (compute nodes with a group left out), whether they run or not.
  virtual Result<std::vector<std::string>> data_nodes() = 0;
  /// The controller that leads now, as getControllerAlias() tells it.
  virtual Result<std::string> controller() = 0;
};

}  // namespace pelorus::dist
