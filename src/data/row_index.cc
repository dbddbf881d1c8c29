#include "data/row_index.h"

#include "base/check.h"
#include "data/value.h"

namespace pelorus::data {
namespace {

void add_bytes(const Vector& column, size_t row, std::string& key) {
  if (column.type() == Type::kSymbol || column.repr() == Repr::kText) {
    const auto& text = column.text_at(row);
    const auto size = static_cast<uint32_t>(text.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof(size));
    key += text;
    return;
  }
  types::visit_fixed(column.repr(), [&]<class T>() {
    const T value = column.values<T>()[row];
    key.append(reinterpret_cast<const char*>(&value), sizeof(T));
  });
}

RowIndex::Columns picked(const std::vector<size_t>& numbers, const std::vector<Shared<Vector>>& columns) {
  RowIndex::Columns out;
  for (const auto c : numbers) out.push_back(columns[c].get());
  return out;
}

}  // namespace

RowIndex::RowIndex(const Columns& columns, size_t rows) : rows_(rows) {
  for (size_t row = 0; row < rows; ++row) positions_.emplace(key_of(columns, row), static_cast<int64_t>(row));
}

std::string RowIndex::key_of(const Columns& columns, size_t row) {
  std::string key;
  for (const auto* column : columns) add_bytes(*column, row, key);
  return key;
}

void overwrite_rows(const std::vector<size_t>& keys, const std::vector<Shared<Vector>>& added, bool ignore_null,
                    std::vector<Shared<Vector>>& columns) {
  const size_t old_rows = columns[0]->size();
  RowIndex known(picked(keys, columns), old_rows);
  const auto added_keys = picked(keys, added);
  std::vector<int64_t> fresh;  // rows of `added` with new keys, in the order the keys came
  for (size_t row = 0; row < added[0]->size(); ++row) {
    const auto key = RowIndex::key_of(added_keys, row);
    const int64_t at = known.find(key);
    if (at < 0) {
      known.add(key);
      fresh.push_back(static_cast<int64_t>(row));
    } else if (static_cast<size_t>(at) >= old_rows) {
      fresh[static_cast<size_t>(at) - old_rows] = static_cast<int64_t>(row);
    } else {
      for (size_t c = 0; c < columns.size(); ++c) {
        if (ignore_null && added[c]->is_null_at(row)) continue;
        CHECK(columns[c].edit().set(static_cast<size_t>(at), added[c]->at(row)));
      }
    }
  }
  for (size_t c = 0; c < columns.size(); ++c) columns[c].edit().append(added[c]->take(fresh));
}

}  // namespace pelorus::data
