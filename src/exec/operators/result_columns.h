#pragma once
// The columns of a query's result while they are being collected.

#include <string>
#include <vector>

#include "data/table.h"
#include "data/value.h"
#include "exec/operators/select_items.h"

namespace pelorus::exec {

/// Scalars wait until the number of rows is known, then repeat.
class ResultColumns {
 public:
  /// The value of an item; several names spread a tuple, vector, dictionary or matrix over columns.
  /// ScriptError when it is nothing that can be a column.
  void add(const SelectItem& item, const data::Value& value);
  void add(const std::string& name, data::Shared<data::Vector> column, bool named);
  /// One value per group for a composite column: part p of each becomes column names[p].
  void add_parts(const SelectItem& item, const std::vector<data::Value>& by_group);

  bool all_scalar() const;
  size_t size() const { return entries_.size(); }
  const data::Value& value(size_t i) const { return entries_[i].value; }
  /// ScriptError: unlike lengths (S02010), a repeated given name (S02001).
  data::Table table() const;

 private:
  struct Entry {
    std::string name;
    data::Value value;  // a scalar or a vector
    bool named = false;
  };
  void add_value(const std::string& name, data::Value value, bool named);
  std::vector<Entry> entries_;
};

/// The value spread into `count` parts.
std::vector<data::Value> spread(const data::Value& value, size_t count);

}  // namespace pelorus::exec
