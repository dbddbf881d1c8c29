#pragma once
// Objects of classes that scripts define.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace pelorus::data {

/// What a field takes.
struct ClassField {
  std::string name;
  std::string type_text;    // as it is written
  Type type = Type::kVoid;  // kVoid: anything
  int scale = 0;
  bool is_vector = false;
};

/// The type a field's text names: "INT", "double vector", "DECIMAL32(3)[]"; anything for other words.
ClassField parse_field(std::string name, const std::string& type_text);

/// One object. Its identity is shared by all values that hold it; thread-safe field by field.
class InstanceObject final : public HandleObject {
 public:
  /// Fields hold nulls, vectors are empty. `of`: the class, which knows the methods.
  InstanceObject(std::string class_name, FunctionRef of, std::shared_ptr<const std::vector<ClassField>> fields);

  std::string kind() const override { return class_name_; }
  std::string describe() const override;
  Properties properties() const override { return values(); }

  const std::string& class_name() const { return class_name_; }
  const FunctionRef& of() const { return of_; }
  const std::vector<ClassField>& fields() const { return *fields_; }
  bool has(std::string_view field) const { return find(field) >= 0; }
  /// Nothing when there is no such field.
  std::optional<Value> get(std::string_view field) const;
  /// Moves the value out, for a change in place; put back by set(). VOID when there is no such field.
  Value take(std::string_view field);
  /// Converts to the type of the field. Errors: kInvalid, no such field or a value of another kind.
  Status set(std::string_view field, Value value);
  /// Name and value of every field, in order.
  Properties values() const;
  /// An object of its own with copies of the fields; objects among them are copied, too, up to kCopyDepthMax.
  std::shared_ptr<InstanceObject> copy() const { return copy(kCopyDepthMax); }

 private:
  static constexpr int kCopyDepthMax = 8;
  std::shared_ptr<InstanceObject> copy(int depth) const;
  int find(std::string_view field) const;

  const std::string class_name_;
  const FunctionRef of_;
  const std::shared_ptr<const std::vector<ClassField>> fields_;
  mutable std::mutex mutex_;
  std::vector<Value> values_;  // guarded by mutex_
};

/// The object behind a value; null when it is none.
std::shared_ptr<InstanceObject> instance_of(const Value& value);

}  // namespace pelorus::data
