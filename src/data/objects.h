#pragma once
// What a value can refer to besides plain data: functions, code, handles. Interfaces; upper floors implement them.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pelorus::data {

class Value;
/// Entries of a descriptor such as schema() returns, in order.
using Properties = std::vector<std::pair<std::string, Value>>;

/// Something callable. Immutable; implementations live in functions (built-ins) and exec (user-defined, partial).
class FunctionObject {
 public:
  /// As on the wire (docs/protocol/native.md, FUNCTIONDEF).
  enum class Kind : uint8_t { kSystem = 0, kProcedure = 1, kOperator = 2, kUser = 3, kPartial = 4, kDynamic = 5 };
  virtual ~FunctionObject() = default;
  virtual Kind kind() const = 0;
  /// Name, or the whole definition for lambdas, as it is printed and sent.
  virtual std::string print() const = 0;
  /// True when it reduces a vector to a scalar (sum, defg).
  virtual bool is_aggregate() const = 0;
  /// -1 when it is not fixed.
  virtual int parameter_count() const { return -1; }
};
using FunctionRef = std::shared_ptr<const FunctionObject>;

/// Quoted script: < expression >. Immutable.
class CodeObject {
 public:
  virtual ~CodeObject() = default;
  virtual std::string print() const = 0;
};
using CodeRef = std::shared_ptr<const CodeObject>;

/// A live thing with identity: database handle, file, connection, mutex, job.
class HandleObject {
 public:
  virtual ~HandleObject() = default;
  /// "DFS database", "remote connection": what typestr() and messages call it.
  virtual std::string kind() const = 0;
  /// One line for print and for clients (it travels as a string).
  virtual std::string describe() const = 0;
  /// What schema(handle) says.
  virtual Properties properties() const;
};
using HandleRef = std::shared_ptr<HandleObject>;

}  // namespace pelorus::data
