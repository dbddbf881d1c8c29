#include "exec/operators/take_rows.h"

#include <algorithm>

namespace pelorus::exec {
namespace {

using data::Vector;
using types::Repr;
using types::Type;

/// What a thread takes at once.
constexpr size_t kStretchRows = 1 << 16;

template <class T>
void gather(std::span<const T> values, std::span<const int64_t> rows, T none, T* out) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<uint64_t>(rows[i]);
    out[i] = row < values.size() ? values[row] : none;
  }
}

}  // namespace

void share_range(WorkerPool* workers, size_t count, const std::function<void(size_t, size_t)>& work) {
  const size_t stretches = (count + kStretchRows - 1) / kStretchRows;
  if (!workers || stretches < 2) return work(0, count);
  run_parts(workers, stretches, [&](size_t, size_t stretch) {
    work(stretch * kStretchRows, std::min(count, (stretch + 1) * kStretchRows));
  });
}

Vector take_rows(const Vector& values, std::span<const int64_t> rows, WorkerPool* workers) {
  const auto repr = values.repr();
  const bool is_plain = !values.is_array() && repr != Repr::kMixed && repr != Repr::kText && repr != Repr::kB16 &&
                        values.type() != Type::kVoid;
  if (!is_plain || !workers || rows.size() < 2 * kStretchRows) return values.take(rows);
  const auto taken = [&]<class T>(T none) {
    data::Buffer<T> out(rows.size());
    share_range(workers, rows.size(), [&](size_t from, size_t to) {
      gather<T>(values.values<T>(), rows.subspan(from, to - from), none, out.data() + from);
    });
    return out;
  };
  if (values.type() == Type::kSymbol) return Vector::of_symbols(values.symbols_shared(), taken.operator()<int32_t>(0));
  return types::visit_fixed(repr, [&]<class T>() -> Vector {
    if constexpr (std::is_same_v<T, types::Bytes16>)
      return values.take(rows);
    else
      return Vector::adopt<T>(values.type(), taken.template operator()<T>(types::kNull<T>), values.scale());
  });
}

}  // namespace pelorus::exec
