// Order and search: sort isort rank distinct reverse in find binsrch asof isDuplicated groups bar bucket …

#include <algorithm>
#include <cmath>

#include "data/row_index.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/lift.h"
#include "functions/series.h"
#include "functions/unary.h"
#include "functions/windows.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "order";

using data::Buffer;
using types::kNull;

Value sort(CallContext&, std::span<Value> args) {
  const bool ascending = Arguments("sort", args).flag_or(1, "ascending", true);
  return lift_map_any(args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    const auto order = order_of("sort", *vector, ascending);
    return vector->take(order);
  });
}

/// One flag for all, or one for each key.
bool flag_at(const Arguments& a, size_t i, size_t key) {
  if (!a.has(i)) return true;
  if (a[i].is_scalar()) return a.flag_or(i, "ascending", true);
  const auto flags = as_longs(a.function(), a.vector(i, "ascending"));
  return key < flags->size() && flags->values<int64_t>()[key] != 0;
}

Value sorted_positions(CallContext&, std::span<Value> args) {
  Arguments a("isort", args);
  std::vector<int64_t> order;
  if (args[0].is_tuple() && !args[0].vector().empty()) {
    // Last key first, each pass stable.
    const auto& keys = args[0].vector();
    for (size_t k = keys.size(); k-- > 0;) {
      const auto key = elements_for("isort", keys.at(k));
      if (order.empty()) {
        order = order_of("isort", *key, flag_at(a, 1, k));
        continue;
      }
      const auto pass = order_of("isort", key->take(order), flag_at(a, 1, k));
      std::vector<int64_t> next(order.size());
      for (size_t i = 0; i < pass.size(); ++i) next[i] = order[static_cast<size_t>(pass[i])];
      order = std::move(next);
    }
  } else {
    order = order_of("isort", *a.vector(0, "X"), flag_at(a, 1, 0));
  }
  Vector result(Type::kInt, order.size());
  for (size_t i = 0; i < order.size(); ++i) result.edit<int32_t>()[i] = static_cast<int32_t>(order[i]);
  return result;
}

// --- rank --------------------------------------------------------------------------------------------------------

struct RankRule {
  bool ascending = true;
  int64_t groups = 0;
  bool ignore_nulls = true;
  std::string ties = "min";
  bool percent = false;
  double tolerance = -1;  // numbers not further apart than it are equal; negative: equal ones only
};

/// The group of a place in the order when as many groups as asked for share the places, the first ones one more.
size_t group_of(size_t place, size_t places, size_t groups) {
  const size_t least = places / groups, larger = places % groups, in_larger = larger * (least + 1);
  return place < in_larger ? place / (least + 1) : larger + (place - in_larger) / least;
}

/// Ranks from 0 of non-null elements (nulls get null, or rank lowest when not ignored).
Vector ranks_of(const Shared<Vector>& vector, const RankRule& rule) {
  const auto order = order_of("rank", *vector, rule.ascending);
  std::vector<size_t> rows;
  for (const auto row : order) {
    if (!rule.ignore_nulls || !vector->is_null_at(static_cast<size_t>(row))) rows.push_back(static_cast<size_t>(row));
  }
  Vector ranks = Vector::nulls(Type::kDouble, vector->size());
  auto& out = ranks.edit<double>();
  const auto are_equal = [&](const Scalar& left, const Scalar& right) {
    if (rule.tolerance < 0 || left.is_null() || right.is_null()) return types::compare(left, right) == 0;
    return std::fabs(left.as_double() - right.as_double()) <= rule.tolerance;
  };
  double dense = 0;
  for (size_t from = 0; from < rows.size();) {
    size_t to = from + 1;
    while (to < rows.size() && are_equal(vector->scalar_at(rows[from]), vector->scalar_at(rows[to]))) ++to;
    for (size_t k = from; k < to; ++k) {
      double rank = static_cast<double>(from);
      if (rule.ties == "max")
        rank = static_cast<double>(to - 1);
      else if (rule.ties == "average")
        rank = static_cast<double>(from + to - 1) / 2;
      else if (rule.ties == "first")
        rank = static_cast<double>(k);
      else if (rule.ties == "dense")
        rank = dense;
      if (rule.groups > 0)
        rank = static_cast<double>(group_of(from, rows.size(), static_cast<size_t>(rule.groups)));
      else if (rule.percent)
        rank = (rank + 1) / static_cast<double>(rows.size());
      out[rows[k]] = rank;
    }
    ++dense;
    from = to;
  }
  if (rule.percent || rule.ties == "average") return ranks;
  return *converted("rank", Shared<Vector>(ranks), Type::kInt);
}

Value rank(CallContext&, std::span<Value> args) {
  Arguments a("rank", args);
  RankRule rule{.ascending = a.flag_or(1, "ascending", true)};
  if (a.has(2) && !args[2].is_null()) rule.groups = a.integer(2, "groupNum");
  if (rule.groups < 0) a.refuse("groupNum", "must be positive.");
  rule.ignore_nulls = a.flag_or(3, "ignoreNA", true);
  rule.ties = a.text_or(4, "tiesMethod", "min");
  rule.percent = a.flag_or(5, "percent", false);
  const bool has_precision = a.has(6) && !args[6].is_null();
  if (has_precision) {
    const auto digits = a.integer(6, "precision");
    if (digits < 1 || digits > 15) a.refuse("precision", "must be between 1 and 15.");
    if (rule.ties == "first") a.refuse("tiesMethod", "must not be first when precision is given.");
    rule.tolerance = std::pow(10.0, -static_cast<double>(digits));
  }
  const Value& x = args[0].is_dictionary() ? Value(args[0].dictionary().values()) : args[0];
  return lift_map_any(x, Spread::kSeries, [&](const Shared<Vector>& vector) {
    if (has_precision && !types::is_numeric(vector->type())) a.refuse("X", "must be numeric when precision is given.");
    return ranks_of(vector, rule);
  });
}

Value dense_rank(CallContext&, std::span<Value> args) {
  Arguments a("denseRank", args);
  const RankRule rule{.ascending = a.flag_or(1, "ascending", true),
                      .ignore_nulls = a.flag_or(2, "ignoreNA", true),
                      .ties = "dense",
                      .percent = a.flag_or(3, "percent", false)};
  const Value& x = args[0].is_dictionary() ? Value(args[0].dictionary().values()) : args[0];
  return lift_map_any(x, Spread::kSeries, [&](const Shared<Vector>& vector) { return ranks_of(vector, rule); });
}

// --- distinct and search -----------------------------------------------------------------------------------------

Value distinct(CallContext&, std::span<Value> args) {
  const auto x = Arguments("distinct", args).vector(0, "X");
  if (x->is_tuple()) {
    auto flat = vector_of({x->values_any().begin(), x->values_any().end()});
    if (!flat.is_tuple()) return flat.take(distinct_of("distinct", flat).firsts);
  }
  if (x->is_array()) return x->flat().take(distinct_of("distinct", x->flat()).firsts);
  return x->take(distinct_of("distinct", *x).firsts);
}

Value reverse(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_table()) {
    const auto table = table_argument("reverse", x);
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(reversed(table.column(c)));
    return data::Table(table.names(), std::move(columns));
  }
  if (x.is_vector()) return reversed(x.vector());
  if (x.is_pair()) return data::Pair{reversed(x.pair().elements)};
  if (x.is_dictionary()) {
    const auto& d = x.dictionary();
    return data::Dictionary(reversed(d.keys()), reversed(d.values()), d.ordered());
  }
  return lift_map_any(x, Spread::kSeries, [](const Shared<Vector>& vector) { return reversed(*vector); });
}

/// What is searched: a vector, set, dictionary's keys, one-column table, pair.
Shared<Vector> searched(std::string_view name, const Value& y) {
  if (y.is_dictionary()) return y.dictionary().keys();
  if (y.is_table()) {
    const auto table = table_argument(name, y);
    if (table.columns() == 0) usage_error(name, "The table has no columns.");
    return table.column_shared(0);
  }
  if (auto elements = elements_of(y)) return *elements;
  usage_error(name, "Y must be a vector, set, dictionary or table.");
}

/// Whole numbers that lie close together, as flags; nothing for other sets.
class CloseSet {
 public:
  static std::optional<CloseSet> of(const Vector& in) {
    constexpr uint64_t kWidest = 1 << 16;
    if (in.is_array() || !types::is_integral(in.type()) || in.empty()) return std::nullopt;
    std::optional<CloseSet> set;
    types::visit_fixed(in.repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
        const auto values = in.values<T>();
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        const auto width = static_cast<uint64_t>(*high) - static_cast<uint64_t>(*low);
        if (*low == types::kNull<T> || width > kWidest) return;
        set.emplace();
        set->low_ = static_cast<int64_t>(*low);
        set->flags_.resize(width + 1);
        for (const T value : values) set->flags_[static_cast<uint64_t>(value) - static_cast<uint64_t>(*low)] = 1;
      }
    });
    return set;
  }
  /// `keys` are of whole numbers.
  Vector holds(const Vector& keys) const {
    Vector result(Type::kBool, keys.size());
    auto* const out = result.edit<int8_t>().data();
    const auto* const flags = flags_.data();  // what is written might be any other's bytes
    const uint64_t width = flags_.size(), low = static_cast<uint64_t>(low_);
    types::visit_fixed(keys.repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
        const auto values = keys.values<T>();
        for (size_t i = 0; i < values.size(); ++i) {
          const auto place = static_cast<uint64_t>(static_cast<int64_t>(values[i])) - low;
          out[i] = place < width ? flags[place] : int8_t{0};
        }
      }
    });
    return result;
  }

 private:
  int64_t low_ = 0;
  std::vector<int8_t> flags_;
};

/// Each symbol is looked up once.
Vector symbols_in(const Finder& finder, const Vector& symbols) {
  const auto& base = symbols.symbols();
  data::Buffer<int32_t> all(static_cast<size_t>(base.size()));
  std::iota(all.begin(), all.end(), 0);
  const auto positions = finder.find(Shared<Vector>(Vector::of_symbols(symbols.symbols_shared(), std::move(all))));
  Vector result(Type::kBool, symbols.size());
  auto* out = result.edit<int8_t>().data();
  for (const auto code : symbols.values<int32_t>()) *out++ = positions[static_cast<size_t>(code)] >= 0;
  return result;
}

/// Whether the argument asks for rows of a table with several keys (or one): a tuple or table of that many columns.
bool asks_for_keys(const Value& table, const Value& keys) {
  if (!table.is_table() || (!keys.is_tuple() && !keys.is_table())) return false;
  const auto rows = table_argument("find", table);
  const size_t columns = keys.is_table() ? table_argument("find", keys).columns() : keys.vector().values_any().size();
  return columns > 0 && columns == rows.key_columns().size();
}

/// The rows with those keys, -1 where there is none. `keys`: one vector (or scalar) for each key column, or a table.
Buffer<int64_t> rows_of_keys(std::string_view name, const Value& keys, const data::Table& table) {
  std::vector<Value> values;
  if (keys.is_table()) {
    const auto asked = table_argument(name, keys);
    for (size_t c = 0; c < asked.columns(); ++c) values.emplace_back(asked.column_shared(c));
  } else {
    for (const auto& column : keys.vector().values_any())
      values.push_back(column.is_scalar() ? Value(Vector::filled(column.scalar(), 1)) : column);
  }
  const Arguments a(name, values);
  std::vector<Shared<Vector>> asked;
  data::RowIndex::Columns kept, wanted;
  for (size_t k = 0; k < values.size(); ++k) {
    kept.push_back(&table.column(static_cast<size_t>(table.find(table.key_columns()[k]))));
    asked.push_back(converted(name, a.vector(k, "keys"), kept[k]->type(), kept[k]->scale()));
    if (asked[k]->size() != asked[0]->size()) usage_error(name, "The columns of keys must be equally long.");
  }
  for (const auto& column : asked) wanted.push_back(&*column);
  const data::RowIndex index(kept, table.rows());
  Buffer<int64_t> rows(asked[0]->size());
  for (size_t r = 0; r < rows.size(); ++r) rows[r] = index.find(data::RowIndex::key_of(wanted, r));
  return rows;
}

/// A tuple of scalars asks for one row.
bool is_one_key(const Value& keys) {
  return keys.is_tuple() &&
         std::ranges::all_of(keys.vector().values_any(), [](const Value& v) { return v.is_scalar(); });
}

Value is_in(CallContext&, std::span<Value> args) {
  if (args[1].is_void()) {
    return lift_map_any(args[0], Spread::kElements, [](const Shared<Vector>& vector) {
      return Vector::filled(Scalar::of_bool(false), vector->size());
    });
  }
  if (asks_for_keys(args[1], args[0])) {
    const auto rows = rows_of_keys("in", args[0], table_argument("in", args[1]));
    Vector result(Type::kBool, rows.size());
    for (size_t r = 0; r < rows.size(); ++r) result.edit<int8_t>()[r] = rows[r] >= 0;
    return result;
  }
  const auto in = searched("in", args[1]);
  if (args[0].is_vector() && !args[0].vector().is_array() && types::is_integral(args[0].type())) {
    if (const auto close = CloseSet::of(*in)) return Value(close->holds(args[0].vector()));
  }
  const Finder finder("in", *in);
  if (args[0].is_vector() && !args[0].vector().is_array() && args[0].type() == Type::kSymbol &&
      static_cast<size_t>(args[0].vector().symbols().size()) < args[0].vector().size()) {
    return Value(symbols_in(finder, args[0].vector()));
  }
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const auto positions = finder.find(vector);
    Vector result(Type::kBool, positions.size());
    for (size_t i = 0; i < positions.size(); ++i) result.edit<int8_t>()[i] = positions[i] >= 0;
    return result;
  });
}

Vector as_positions(Buffer<int64_t> positions) {
  Vector result(Type::kInt, positions.size());
  for (size_t i = 0; i < positions.size(); ++i) result.edit<int32_t>()[i] = static_cast<int32_t>(positions[i]);
  return result;
}

Value find(CallContext&, std::span<Value> args) {
  if (args[0].is_dictionary()) {
    const auto& d = args[0].dictionary();
    if (args[1].is_scalar()) return d.get(args[1].scalar());
    const auto keys = Arguments("find", args).vector(1, "Y");
    std::vector<Value> found;
    for (size_t i = 0; i < keys->size(); ++i) found.push_back(d.get(keys->scalar_at(i)));
    return vector_of(std::move(found));
  }
  if (asks_for_keys(args[0], args[1])) {
    auto rows = as_positions(rows_of_keys("find", args[1], table_argument("find", args[0])));
    return is_one_key(args[1]) ? rows.at(0) : Value(std::move(rows));
  }
  const Finder finder("find", *searched("find", args[0]));
  return lift_map_any(args[1], Spread::kElements,
                      [&](const Shared<Vector>& keys) { return as_positions(finder.find(keys)); });
}

/// Last position whose element is not greater than the key; -1 when all are.
int64_t last_not_greater(const Vector& sorted, const Scalar& key) {
  int64_t low = 0, high = static_cast<int64_t>(sorted.size());
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (types::compare(sorted.scalar_at(static_cast<size_t>(middle)), key) <= 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

Value search_sorted(std::string_view name, std::span<Value> args, bool exact) {
  const auto sorted = Arguments(name, args).vector(0, "X");
  return lift_map_any(args[1], Spread::kElements, [&](const Shared<Vector>& keys) {
    if (types::is_literal(sorted->type()) != types::is_literal(keys->type()) && keys->type() != Type::kVoid)
      usage_error(name, "X and Y must both hold texts, or both none.");
    Buffer<int64_t> positions(keys->size());
    for (size_t i = 0; i < positions.size(); ++i) {
      const auto key = keys->scalar_at(i);
      positions[i] = last_not_greater(*sorted, key);
      if (exact && positions[i] >= 0 && types::compare(sorted->scalar_at(static_cast<size_t>(positions[i])), key) != 0)
        positions[i] = -1;
    }
    return as_positions(std::move(positions));
  });
}

/// Row groups of a vector, or of a tuple of columns.
Distinct groups_of_rows(std::string_view name, const Value& x) {
  std::vector<Shared<Vector>> columns;
  if (x.is_tuple()) {
    for (const auto& column : x.vector().values_any()) columns.push_back(elements_for(name, column));
  } else if (x.is_table()) {
    const auto table = table_argument(name, x);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
  } else {
    columns.push_back(searched(name, x));
  }
  Distinct result;
  for (size_t c = 0; c < columns.size(); ++c) {
    auto part = distinct_of(name, *columns[c]);
    if (c == 0) {
      result = std::move(part);
      continue;
    }
    if (part.group_of_row.size() != result.group_of_row.size())
      refuse_lengths(name, result.group_of_row.size(), part.group_of_row.size());
    Vector combined(Type::kLong, part.group_of_row.size());
    for (size_t i = 0; i < part.group_of_row.size(); ++i) {
      combined.edit<int64_t>()[i] = static_cast<int64_t>(result.group_of_row[i]) << 32 | part.group_of_row[i];
    }
    result = distinct_of(name, combined);
  }
  return result;
}

Value is_duplicated(CallContext&, std::span<Value> args) {
  const Arguments a("isDuplicated", args);
  std::string keep = "first";
  if (args.size() > 1) {
    if (args[1].is_text())
      keep = args[1].text();
    else if (args[1].is_scalar() && !args[1].is_null())
      keep = a.integer(1, "keep") == 2 ? "first" : a.integer(1, "keep") == 1 ? "last" : "none";
  }
  for (auto& c : keep) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto groups = groups_of_rows("isDuplicated", args[0]);
  std::vector<int64_t> kept = groups.firsts, counts(groups.firsts.size());
  for (size_t i = 0; i < groups.group_of_row.size(); ++i) {
    ++counts[groups.group_of_row[i]];
    if (keep == "last") kept[groups.group_of_row[i]] = static_cast<int64_t>(i);
  }
  Vector result(Type::kBool, groups.group_of_row.size());
  for (size_t i = 0; i < groups.group_of_row.size(); ++i) {
    const auto g = groups.group_of_row[i];
    result.edit<int8_t>()[i] = keep == "none" ? counts[g] > 1 : kept[g] != static_cast<int64_t>(i);
  }
  return result;
}

/// groups(X, [mode]): the positions of equal elements as a dictionary, a table by key, or one group after another.
Value groups(CallContext&, std::span<Value> args) {
  Arguments a("groups", args);
  const auto x = a.vector(0, "X");
  const auto mode = a.text_or(1, "mode", "dict");
  if (mode != "dict" && mode != "table" && mode != "vector" && mode != "tuple")
    a.refuse("mode", "must be dict, table, vector or tuple.");
  const auto found = distinct_of("groups", *x);
  std::vector<std::vector<int32_t>> members(found.firsts.size());
  for (size_t i = 0; i < x->size(); ++i) members[found.group_of_row[i]].push_back(static_cast<int32_t>(i));
  std::vector<Value> values;
  for (const auto& rows : members)
    values.emplace_back(Vector::adopt(Type::kInt, Buffer<int32_t>(rows.begin(), rows.end())));
  const Vector keys = x->take(found.firsts);
  if (mode == "dict") return data::Dictionary(keys, Vector::tuple(std::move(values)));
  std::vector<Value> sorted;
  Vector flat(Type::kInt);
  Buffer<int64_t> ends;
  const auto order = order_of("groups", keys, true);
  for (const auto at : order) {
    sorted.push_back(values[static_cast<size_t>(at)]);
    flat.append(sorted.back().vector());
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  if (mode == "tuple") return Vector::tuple(std::move(sorted));
  Vector rows = Vector::array(std::move(flat), std::move(ends));
  if (mode == "vector") return rows;
  return data::Table({"key", "index"}, {Shared<Vector>(keys.take(order)), Shared<Vector>(std::move(rows))});
}

/// Number of each run of equal neighbours; with labels the value of the run's first element.
Value segment(CallContext&, std::span<Value> args) {
  Arguments a("segment", args);
  const bool labels = a.flag_or(1, "segmentOffset", true);
  const auto x = a.vector(0, "X");
  Vector result(Type::kInt, x->size());
  int32_t run = -1, start = 0;
  for (size_t i = 0; i < x->size(); ++i) {
    if (i == 0 || !(x->scalar_at(i) == x->scalar_at(i - 1))) {
      ++run;
      start = static_cast<int32_t>(i);
    }
    result.edit<int32_t>()[i] = labels ? start : run;
  }
  return result;
}

// --- buckets -----------------------------------------------------------------------------------------------------

int64_t round_down(int64_t value, int64_t interval, bool right) {
  if (value == kNull<int64_t>) return value;
  int64_t rest = value % interval;
  if (rest < 0) rest += interval;
  if (!right) return value - rest;
  return rest == 0 ? value : value + interval - rest;
}

/// Multiples of an interval, counted from an origin. Elements that follow one another mostly are in one interval, which
/// costs no division.
class Multiples {
 public:
  Multiples(int64_t interval, bool right, int64_t origin = 0) : interval_(interval), right_(right), origin_(origin) {
    find(origin);
  }
  int64_t around(int64_t value) {
    if (value == kNull<int64_t>) return value;
    const auto from_first = static_cast<uint64_t>(value) - static_cast<uint64_t>(first_);
    if (from_first >= static_cast<uint64_t>(interval_)) find(value);
    return multiple_;
  }

 private:
  void find(int64_t value) {
    multiple_ = round_down(value - origin_, interval_, right_) + origin_;
    first_ = right_ ? multiple_ - interval_ + 1 : multiple_;
  }

  const int64_t interval_;
  const bool right_;
  const int64_t origin_;
  int64_t multiple_ = 0, first_ = 0;  // the first of the values that are rounded to it
};

/// Months and years count from year 0, weeks from a Monday.
int64_t bar_calendar(int64_t value, Type type, types::Duration d, bool right) {
  if (value == kNull<int64_t>) return value;
  const auto unit = static_cast<types::DurationUnit>(d.unit);
  const int64_t months = unit == types::DurationUnit::kYear ? int64_t{12} * d.count : d.count;
  const int64_t month = types::convert_temporal(value, type, Type::kMonth);
  int64_t start = types::convert_temporal(round_down(month, months, false), Type::kMonth, type);
  if (right && start != value)
    start = types::convert_temporal(round_down(month, months, false) + months, Type::kMonth, type);
  return start;
}

Value bar(CallContext&, std::span<Value> args) {
  Arguments a("bar", args);
  const auto closed = a.text_or(2, "closed", "left");
  if (closed != "left" && closed != "right") a.refuse("closed", "must be left or right.");
  const bool right = closed == "right";
  const auto duration = duration_of(args[1]);
  return lift_map("bar", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const Type type = vector->type();
    if (types::is_floating(type) && !duration) {
      const double interval = a.number(1, "interval");
      Vector result = *as_doubles("bar", vector);
      for (auto& value : result.edit<double>()) {
        if (value != kNull<double>)
          value = (right ? std::ceil(value / interval) : std::floor(value / interval)) * interval;
      }
      return result;
    }
    if (!types::is_integral(type) && !types::is_temporal(type))
      a.refuse("X", "must be integral, floating or temporal.");
    if (duration) {
      const auto unit = static_cast<types::DurationUnit>(duration->unit);
      if (duration->count <= 0) a.refuse("interval", "must be positive.");
      if ((unit == types::DurationUnit::kMonth || unit == types::DurationUnit::kYear) && type != Type::kMonth) {
        if (!types::is_temporal(type) || types::is_time_of_day(type))
          a.refuse("interval", "counts months or years: X must have dates.");
        return map_whole(*vector, type, [&](int64_t value) { return bar_calendar(value, type, *duration, right); });
      }
      const int64_t interval = units_of("bar", *duration, type);
      // Weeks begin on Monday: 1970.01.01 was a Thursday.
      const int64_t origin = unit == types::DurationUnit::kWeek ? -3 * types::units_per_day(type) : 0;
      Multiples multiples(interval, right, origin);
      return map_whole(*vector, type, [&](int64_t value) { return multiples.around(value); });
    }
    const int64_t interval = a.integer(1, "interval");
    if (interval == 0) return *vector;
    if (interval < 0) a.refuse("interval", "must be positive.");
    Multiples multiples(interval, right);
    return map_whole(*vector, type, [&](int64_t value) { return multiples.around(value); });
  });
}

Value bucket(CallContext&, std::span<Value> args) {
  Arguments a("bucket", args);
  const auto range = as_doubles("bucket", a.vector(1, "dataRange"));
  const auto count = a.integer(2, "bucketNum");
  const bool outbound = a.flag_or(3, "includeOutbound", false);
  if (count < 1 || range->size() != 2) a.refuse("dataRange", "must be a rising pair, bucketNum positive.");
  const double low = range->values<double>()[0], high = range->values<double>()[1],
               width = (high - low) / static_cast<double>(count);
  if (!(width > 0)) a.refuse("dataRange", "must be a rising pair, bucketNum positive.");
  return lift_map("bucket", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const auto numbers = as_doubles("bucket", vector);
    Vector result(Type::kInt, numbers->size());
    for (size_t i = 0; i < numbers->size(); ++i) {
      const double value = numbers->values<double>()[i];
      auto& out = result.edit<int32_t>()[i];
      out = kNull<int32_t>;
      if (value == kNull<double>) continue;
      if (value < low)
        out = outbound ? 0 : kNull<int32_t>;
      else if (value >= high)
        out = outbound ? static_cast<int32_t>(count) + 1 : kNull<int32_t>;
      else
        out = static_cast<int32_t>((value - low) / width) + (outbound ? 1 : 0);
    }
    return result;
  });
}

Value cut_points(CallContext&, std::span<Value> args) {
  Arguments a("cutPoints", args);
  const auto bins = a.integer(1, "binNum");
  if (bins < 1) a.refuse("binNum", "must be positive.");
  const auto x = a.vector(0, "X");
  const auto sorted = x->take(order_of("cutPoints", *x, true));
  Buffer<int64_t> rows;
  const auto size = static_cast<int64_t>(sorted.size());
  if (size == 0) return sorted;
  for (int64_t b = 0; b < bins; ++b) rows.push_back(b * size / bins);
  Vector result = sorted.take(rows);
  // The last boundary lies just above the largest element, so that every element falls in a bin.
  const auto last = sorted.at(sorted.size() - 1);
  Value end = last;
  if (types::is_integral(x->type()) || types::is_temporal(x->type())) end = add(last, Value::of_int(1));
  result.push_back(end);
  return result;
}

Value is_sorted(CallContext&, std::span<Value> args) {
  Arguments a("isSorted", args);
  const auto x = a.vector(0, "X");
  const bool ascending = a.flag_or(1, "ascending", true);
  for (size_t i = 1; i < x->size(); ++i) {
    const int order = types::compare(x->scalar_at(i - 1), x->scalar_at(i));
    if (ascending ? order > 0 : order < 0) return Value::of_bool(false);
  }
  return Value::of_bool(true);
}

Value search_k(CallContext&, std::span<Value> args) {
  Arguments a("searchK", args);
  const auto x = a.vector(0, "X");
  const auto k = a.integer(1, "k");
  auto order = order_of("searchK", *x, true);
  std::erase_if(order, [&](int64_t row) { return x->is_null_at(static_cast<size_t>(row)); });
  if (k < 1 || k > static_cast<int64_t>(order.size()))
    a.refuse("k", "must be between 1 and the number of elements that are not null.");
  return x->at(static_cast<size_t>(order[static_cast<size_t>(k - 1)]));
}

Value in_place(CallContext& context, std::span<Value> args, Native function) {
  args[0] = function(context, args);
  return args[0];
}

}  // namespace

void register_order(Registry& registry) {
  const auto row = [&](Nature nature, Declaration d) { declare(registry, kFamily, nature, std::move(d)); };
  const auto change = [&](std::string_view name, std::string_view parameters, Native function, std::string_view example,
                          std::string_view result) {
    declare(registry, kFamily, Nature::kCommand,
            {.name = name,
             .parameters = parameters,
             .run = [function](CallContext& c, std::span<Value> args) { return in_place(c, args, function); },
             .summary = "Changes X in place.",
             .example = example,
             .result = result,
             .changes_first = true});
  };
  row(Nature::kVector,
      {"sort", "X, [ascending=true]", sort, "X in order.", "sort(3 NULL 1)", "[null,1,3]", "Nulls are smallest."});
  change("sort!", "X, [ascending=true]", sort, "x = 3 1; x.sort!(); x", "[1,3]");
  row(Nature::kVector,
      {"isort", "X, [ascending=true]", sorted_positions, "The positions that sort X, a vector or a tuple of keys.",
       "isort(8 3 5)", "[1,2,0]", "Nulls are smallest."});
  row(Nature::kVector,
      {"rank", "X, [ascending=true], [groupNum], [ignoreNA=true], [tiesMethod='min'], [percent=false], [precision]",
       rank, "The rank of each element, from 0.", "rank(10 30 30 20)", "[0,2,2,1]", "Null ranks are null."});
  row(Nature::kVector, {"denseRank", "X, [ascending=true], [ignoreNA=true], [percent=false]", dense_rank,
                        "The rank of each element without gaps, from 0.", "denseRank(10 30 30 20)", "[0,2,2,1]",
                        "Null ranks are null."});
  row(Nature::kWhole,
      {"distinct", "X", distinct, "The distinct elements as they first appear.", "distinct(3 1 3)", "[3,1]"});
  row(Nature::kVector, {"reverse", "X", reverse, "X backwards.", "reverse(1 2 3)", "[3,2,1]"});
  change("reverse!", "X", reverse, "x = 1 2; x.reverse!(); x", "[2,1]");
  row(Nature::kElementwise, {"in", "X, Y", is_in, "Whether elements of X occur in Y.", "5 4 in 1 5", "[true,false]",
                             "Null is found if Y holds a null."});
  row(Nature::kWhole,
      {"find", "X, Y", find, "The first position of each element of Y in X, or -1; of a dictionary the values.",
       "find(8 3 5, 5 4)", "[2,-1]"});
  row(Nature::kWhole,
      {"binsrch", "X, Y", [](CallContext&, std::span<Value> args) { return search_sorted("binsrch", args, true); },
       "The position of each element of Y in the sorted X, or -1.", "binsrch(2 4 6 8, 6 5)", "[2,-1]"});
  row(Nature::kWhole,
      {"asof", "X, Y", [](CallContext&, std::span<Value> args) { return search_sorted("asof", args, false); },
       "The last position in the sorted X not above each element of Y, or -1.", "asof(2 4 6 8, 5 8 1)", "[1,3,-1]"});
  row(Nature::kVector, {"isDuplicated", "X, [keep='first']", is_duplicated, "Whether a row repeats one that is kept.",
                        "isDuplicated(1 2 1)", "[false,false,true]"});
  row(Nature::kWhole,
      {"groups", "X, [mode]", groups, "The positions of each distinct element.", "groups(3 1 3)[3]", "[0,2]"});
  row(Nature::kVector,
      {"segment", "X, [segmentOffset=true]", segment,
       "Numbers runs of equal elements, by their start or counting from 0.", "segment(1 1 2, false)", "[0,0,1]"});
  row(Nature::kElementwise,
      {"bar", "X, interval, [closed='left']", bar, "X rounded down (or up) to multiples of an interval or duration.",
       "bar(0 4 5 11 -1, 5)", "[0,0,5,10,-5]", "Null stays null."});
  row(Nature::kElementwise, {"bucket", "X, dataRange, bucketNum, [includeOutbound=false]", bucket,
                             "The number of the even part of a range an element falls in.", "bucket(1 5 9, 0:10, 2)",
                             "[0,1,1]", "Outside: null."});
  row(Nature::kWhole, {"cutPoints", "X, binNum, [freq]", cut_points, "The boundaries of so many groups of equal size.",
                       "cutPoints(1 2 3 4, 2)", "[1,3,5]"});
  row(Nature::kWhole,
      {"isSorted", "X, [ascending=true]", is_sorted, "Whether X is in order.", "isSorted(1 2 2)", "true"});
  row(Nature::kWhole, {"searchK", "X, k", search_k, "The k-th smallest element.", "searchK(8 3 5, 2)", "5"});
}

}  // namespace pelorus::functions
