#include "functions/series.h"

#include <algorithm>

#include "kernels/group.h"
#include "kernels/sort.h"

namespace pelorus::functions {
namespace {

using data::Buffer;

/// A typed loop filling `count` elements from picks of x.
template <class Pick>
Vector gathered(const Vector& x, size_t count, Pick&& pick) {
  if (x.is_array() || x.repr() == types::Repr::kMixed) {
    Buffer<int64_t> rows(count);
    for (size_t i = 0; i < count; ++i) rows[i] = pick(i);
    return x.take(rows);
  }
  const auto fill = [&]<class T>(Buffer<T>& out, const T& null) {
    const auto in = x.values<T>();
    out.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const int64_t row = pick(i);
      out[i] = row < 0 || row >= static_cast<int64_t>(in.size()) ? null : in[static_cast<size_t>(row)];
    }
  };
  if (x.type() == Type::kSymbol) {
    Buffer<int32_t> codes;
    fill(codes, int32_t{0});
    return Vector::of_symbols(x.symbols_shared(), std::move(codes));
  }
  Vector result(x.type(), 0, x.scale());
  if (x.repr() == types::Repr::kText) {
    fill(result.edit<std::string>(), std::string());
    return result;
  }
  types::visit_fixed(x.repr(), [&]<class T>() {
    if constexpr (std::is_same_v<T, types::Bytes16>)
      fill(result.edit<T>(), types::null_of_bytes16(x.type()));
    else
      fill(result.edit<T>(), types::kNull<T>);
  });
  return result;
}

/// Order of symbol codes by text, as kernels expect it.
std::vector<int32_t> ranks_of(const Vector& x) {
  const auto& base = x.symbols();
  std::vector<int32_t> codes(static_cast<size_t>(base.size()));
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<int32_t>(i);
  std::sort(codes.begin(), codes.end(), [&](int32_t a, int32_t b) { return base.text(a) < base.text(b); });
  std::vector<int32_t> ranks(codes.size());
  for (size_t i = 0; i < codes.size(); ++i)
    ranks[static_cast<size_t>(codes[i])] = static_cast<int32_t>(i) - 1;  // "" comes first
  return ranks;
}

/// `x` as kernels see it; `ranks` and `codes` must outlive the key.
struct Key {
  std::vector<int32_t> ranks;
  kernels::KeyColumn column;

  Key(std::string_view function, const Vector& x) {
    if (x.is_array() || x.repr() == types::Repr::kMixed)
      usage_error(function, "The elements must be scalars of one type.");
    column.repr = x.repr();
    column.rows = x.size();
    kernels::visit_key(x.repr(), [&]<class T>() { column.values = x.values<T>().data(); });
    if (x.type() == Type::kSymbol) {
      ranks = ranks_of(x);
      column.ranks = ranks;
    }
  }
};

}  // namespace

Vector repeated(const Vector& x, size_t start, size_t count) {
  const auto size = static_cast<int64_t>(x.size());
  if (size == 0) return gathered(x, count, [](size_t) { return int64_t{-1}; });
  int64_t at = static_cast<int64_t>(start) % size - 1;
  return gathered(x, count, [at, size](size_t) mutable {
    if (++at == size) at = 0;
    return at;
  });
}

Vector shifted(const Vector& x, int64_t distance) {
  if (x.is_array() || x.repr() == types::Repr::kMixed) {
    const auto size = static_cast<int64_t>(x.size());
    Buffer<int64_t> rows(x.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t from = static_cast<int64_t>(i) - distance;
      rows[i] = from < 0 || from >= size ? INT64_MAX : from;
    }
    return x.take(rows);
  }
  return gathered(x, x.size(), [distance](size_t i) { return static_cast<int64_t>(i) - distance; });
}

Vector reversed(const Vector& x) {
  const auto last = static_cast<int64_t>(x.size()) - 1;
  return gathered(x, x.size(), [last](size_t i) { return last - static_cast<int64_t>(i); });
}

std::vector<int64_t> order_of(std::string_view function, const Vector& x, bool ascending) {
  const Key key(function, x);
  const kernels::SortKey sort{.column = key.column, .descending = !ascending};
  const auto order = kernels::sort_rows({&sort, 1}, x.size());
  return {order.begin(), order.end()};
}

Distinct distinct_of(std::string_view function, const Vector& x) {
  const Key key(function, x);
  const auto groups = kernels::group_rows({&key.column, 1}, x.size());
  std::vector<uint32_t> by_appearance(groups.count());
  for (uint32_t g = 0; g < by_appearance.size(); ++g) by_appearance[g] = g;
  std::sort(by_appearance.begin(), by_appearance.end(),
            [&](uint32_t a, uint32_t b) { return groups.first_row[a] < groups.first_row[b]; });
  Distinct distinct;
  std::vector<uint32_t> renumbered(groups.count());
  for (uint32_t i = 0; i < by_appearance.size(); ++i) {
    renumbered[by_appearance[i]] = i;
    distinct.firsts.push_back(groups.first_row[by_appearance[i]]);
  }
  distinct.group_of_row.resize(x.size());
  for (size_t i = 0; i < x.size(); ++i) distinct.group_of_row[i] = renumbered[groups.of_row[i]];
  return distinct;
}

Finder::Finder(std::string_view function, const Vector& in)
    : function_(function), type_(in.type()), scale_(in.scale()) {
  if (in.is_array() || in.is_tuple()) {
    type_ = Type::kAny;
    for (size_t i = 0; i < in.size(); ++i) {
      const Value element = in.at(i);
      if (element.is_scalar()) index_.add(element.scalar(), static_cast<int64_t>(i));
    }
    return;
  }
  for (size_t i = 0; i < in.size(); ++i) index_.add(in.scalar_at(i), static_cast<int64_t>(i));
}

Buffer<int64_t> Finder::find(const Shared<Vector>& keys) const {
  // Integers looked for among floats and the like: in the type searched.
  Shared<Vector> typed = keys;
  const bool texts = types::is_literal(type_) && types::is_literal(keys->type());
  if (type_ != Type::kAny && !texts && !keys->is_tuple()) typed = converted(function_, keys, type_, scale_);
  Buffer<int64_t> positions(typed->size());
  if (typed->type() == Type::kSymbol) {
    std::vector<int64_t> of_code(static_cast<size_t>(typed->symbols().size()), -2);
    const auto codes = typed->values<int32_t>();
    for (size_t i = 0; i < positions.size(); ++i) {
      auto& known = of_code[static_cast<size_t>(codes[i])];
      if (known == -2) known = index_.find(typed->scalar_at(i));
      positions[i] = known;
    }
    return positions;
  }
  for (size_t i = 0; i < positions.size(); ++i) {
    const Value key = typed->at(i);
    positions[i] = key.is_scalar() ? index_.find(key.scalar()) : -1;
  }
  return positions;
}

}  // namespace pelorus::functions
