// Functions of each element and its neighbours: prev next move deltas ratios percentChange; fills of nulls along a
// vector.

#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/series.h"
#include "functions/windows.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "neighbours";

using data::Buffer;

Value shift(std::string_view name, const Value& x, int64_t distance) {
  return lift_map_any(x, Spread::kSeries, [&](const Shared<Vector>& vector) {
    (void)name;
    return shifted(*vector, distance);
  });
}

/// Each label of an indexed series or matrix takes the row that was current so much earlier.
Value moved_by(std::string_view name, const Value& x, types::Duration duration) {
  if (!x.is_matrix() || !x.matrix().row_labels)
    usage_error(name, "steps may be a duration only for an indexed series or an indexed matrix.");
  const auto& labels = *x.matrix().row_labels;
  const int64_t span = units_of(name, duration, labels->type());
  const auto times = as_longs(name, labels);
  const auto values = times->values<int64_t>();
  Buffer<int64_t> rows(values.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = std::upper_bound(values.begin(), values.end(), values[i] - span) - values.begin();
    rows[i] = at == 0 ? INT64_MAX : at - 1;
  }
  return lift_map_any(x, Spread::kSeries, [&](const Shared<Vector>& vector) { return vector->take(rows); });
}

/// Matrices of rows (tuples of columns) are shifted column by column; scalars become null.
Value previous(std::string_view name, std::span<Value> args, int64_t sign) {
  Arguments a(name, args);
  if (const auto duration = duration_of(args[1])) return moved_by(name, args[0], *duration);
  return shift(name, args[0], sign * a.integer_or(1, "steps", 1));
}

Value deltas(CallContext&, std::span<Value> args) {
  const auto n = Arguments("deltas", args).integer_or(1, "n", 1);
  return subtract(args[0], shift("deltas", args[0], n));
}
Value ratios(CallContext&, std::span<Value> args) {
  const auto n = Arguments("ratios", args).integer_or(1, "n", 1);
  return ratio(args[0], shift("ratios", args[0], n));
}
Value percent_change(CallContext&, std::span<Value> args) {
  const auto n = Arguments("percentChange", args).integer_or(1, "n", 1);
  return subtract(ratio(args[0], shift("percentChange", args[0], n)), Value::of_double(1));
}

/// Carries the last value forward (or the next backward) over at most `limit` nulls in a row.
Vector fill_from_neighbour(const Vector& vector, bool forward, int64_t limit) {
  Buffer<int64_t> rows(vector.size());
  int64_t held = INT64_MAX, gap = 0;
  for (size_t step = 0; step < rows.size(); ++step) {
    const size_t i = forward ? step : rows.size() - 1 - step;
    if (!vector.is_null_at(i)) {
      held = static_cast<int64_t>(i);
      gap = 0;
    } else {
      ++gap;
    }
    rows[i] = gap == 0 ? static_cast<int64_t>(i) : gap <= limit ? held : INT64_MAX;
  }
  return vector.take(rows);
}

/// Array vectors: element c of a row is filled from the rows before (or after); a row without elements takes a whole
/// row.
Value fill_rows(const Vector& array, bool forward) {
  const size_t rows = array.size();
  std::vector<Value> filled(rows);
  Value held;
  for (size_t step = 0; step < rows; ++step) {
    const size_t row = forward ? step : rows - 1 - step;
    Value now = array.at(row);
    const bool is_empty = now.vector().empty() || (now.vector().size() == 1 && now.vector().is_null_at(0));
    if (is_empty && held.is_vector()) now = held;
    for (size_t c = 0; !is_empty && held.is_vector() && c < now.vector().size() && c < held.vector().size(); ++c) {
      if (now.vector().is_null_at(c)) now.edit_vector().set(c, held.vector().at(c));
    }
    filled[row] = now;
    held = now;
  }
  Vector flat(array.flat().type(), 0, array.flat().scale());
  Buffer<int64_t> ends;
  for (const auto& row : filled) {
    flat.append(row.vector());
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  return Vector::array(std::move(flat), std::move(ends));
}

Value fill(std::string_view name, std::span<Value> args, bool forward) {
  if (args[0].is_vector() && args[0].vector().is_array()) return fill_rows(args[0].vector(), forward);
  const auto limit = Arguments(name, args).integer_or(1, "limit", INT64_MAX);
  return lift_map_any(args[0], Spread::kSeries,
                      [&](const Shared<Vector>& vector) { return fill_from_neighbour(*vector, forward, limit); });
}

/// The n-th vector of lags: lag(X, offset, default).
Value lag(std::string_view name, std::span<Value> args, int64_t sign) {
  Arguments a(name, args);
  const auto offset = a.integer_or(1, "offset", 1);
  const auto x = a.vector(0, "X");
  Vector result = shifted(*x, sign * offset);
  if (!a.has(2) || args[2].is_void()) return result;
  const auto size = static_cast<int64_t>(x->size());
  for (int64_t i = 0; i < size; ++i) {
    const int64_t from = i - sign * offset;
    if (from < 0 || from >= size) result.set(static_cast<size_t>(i), args[2]);
  }
  return result;
}

Native in_place(Native function) {
  return [function](CallContext& context, std::span<Value> args) {
    args[0] = function(context, args);
    return args[0];
  };
}

}  // namespace

void register_neighbours(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  row({"prev", "X", [](CallContext&, std::span<Value> args) { return shift("prev", args[0], 1); },
       "Each element's predecessor.", "prev(8 3 5)", "[null,8,3]"});
  row({"next", "X", [](CallContext&, std::span<Value> args) { return shift("next", args[0], -1); },
       "Each element's successor.", "next(8 3 5)", "[3,5,null]"});
  row({"move", "X, steps", [](CallContext&, std::span<Value> args) { return previous("move", args, 1); },
       "Elements moved to the right, or to the left when steps is negative.", "move(8 3 5, -1)", "[3,5,null]"});
  row({"lag", "X, [offset=1], [default]", [](CallContext&, std::span<Value> args) { return lag("lag", args, 1); },
       "The element so many rows before.", "lag(8 3 5, 1, 0)", "[0,8,3]"});
  row({"lead", "X, [offset=1], [default]", [](CallContext&, std::span<Value> args) { return lag("lead", args, -1); },
       "The element so many rows after.", "lead(8 3 5, 1, 0)", "[3,5,0]"});
  row({"deltas", "X, [n=1]", deltas, "Each element minus the n-th before it.", "deltas(4 NULL 9 11)",
       "[null,null,null,2]", "Null if either is null."});
  row({"ratios", "X, [n=1]", ratios, "Each element divided by the n-th before it.", "ratios(2.0 3 6)", "[null,1.5,2]",
       "Null if either is null."});
  row({"percentChange", "X, [n=1]", percent_change, "The relative change to the n-th element before.",
       "percentChange(2 3)", "[null,0.5]", "Null if either is null."});
  const Native forward = [](CallContext&, std::span<Value> args) { return fill("ffill", args, true); };
  const Native backward = [](CallContext&, std::span<Value> args) { return fill("bfill", args, false); };
  row({"ffill", "X, [limit]", forward, "Nulls replaced by the last element before that is not null.",
       "ffill(NULL 2 NULL)", "[null,2,2]"});
  row({"bfill", "X, [limit]", backward, "Nulls replaced by the next element that is not null.", "bfill(NULL 2 NULL)",
       "[2,2,null]"});
  const auto change = [&](std::string_view name, Native function, std::string_view example, std::string_view result) {
    declare(registry, kFamily, Nature::kCommand,
            {.name = name,
             .parameters = "X, [limit]",
             .run = in_place(std::move(function)),
             .summary = "Fills nulls of X in place.",
             .example = example,
             .result = result,
             .changes_first = true});
  };
  change("ffill!", forward, "x = 1 NULL; x.ffill!(); x", "[1,1]");
  change("bfill!", backward, "x = NULL 1; x.bfill!(); x", "[1,1]");
}

}  // namespace pelorus::functions
