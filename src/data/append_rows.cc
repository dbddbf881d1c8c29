#include "data/append_rows.h"

#include "base/check.h"
#include "data/symbol_recoding.h"

namespace pelorus::data {
namespace {

using types::Repr;
using types::Type;

void append_symbols(Vector& to, const Vector& from, std::span<const int64_t> rows) {
  const auto codes = from.values<int32_t>();
  SymbolRecoding recoded(from.symbols(), *to.symbols_shared(), rows.size());
  auto& added = to.edit<int32_t>();
  const size_t before = added.size();
  added.resize(before + rows.size());
  for (size_t i = 0; i < rows.size(); ++i) added[before + i] = recoded(codes[static_cast<size_t>(rows[i])]);
}

void append_values(Vector& to, const Vector& from, std::span<const int64_t> rows) {
  const auto add = [&]<class T>() {
    const T* values = from.values<T>().data();
    auto& added = to.edit<T>();
    const size_t before = added.size();
    added.resize(before + rows.size());
    T* place = added.data() + before;
    for (size_t i = 0; i < rows.size(); ++i) place[i] = values[rows[i]];
  };
  if (from.repr() == Repr::kText)
    add.template operator()<std::string>();
  else
    types::visit_fixed(from.repr(), add);
}

}  // namespace

void append_rows(Table& to, const Table& from, std::span<const int64_t> rows) {
  CHECK(to.columns() == from.columns());
  for (size_t c = 0; c < from.columns(); ++c) {
    const Vector& column = from.column(c);
    Vector& grown = to.edit_column(c);
    if (column.is_array() || column.repr() == Repr::kMixed)
      grown.append(column.take(rows));
    else if (column.type() == Type::kSymbol)
      append_symbols(grown, column, rows);
    else
      append_values(grown, column, rows);
  }
}

}  // namespace pelorus::data
