// Nulls and choices: isNull nullFill iif coalesce dropna fill! mask conditionalFilter …

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/lift.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "nulls";

using data::Buffer;

Vector null_flags(const Vector& vector, bool wanted) {
  Vector result(Type::kBool, vector.size());
  auto& out = result.edit<int8_t>();
  if (has_reserved_null(vector)) {
    types::visit_fixed(vector.repr(), [&]<class T>() {
      const auto values = vector.values<T>();
      for (size_t i = 0; i < values.size(); ++i) out[i] = (values[i] == types::kNull<T>) == wanted;
    });
  } else {
    for (size_t i = 0; i < vector.size(); ++i) out[i] = vector.is_null_at(i) == wanted;
  }
  return result;
}

/// Whether elements are no numbers: NaN or infinite. Null is neither.
Vector nan_flags(const Vector& vector, bool with_nulls) {
  Vector result(Type::kBool, vector.size());
  auto& out = result.edit<int8_t>();
  for (size_t i = 0; i < vector.size(); ++i) {
    const bool is_null = vector.is_null_at(i);
    out[i] = is_null ? with_nulls : !std::isfinite(vector.scalar_at(i).as_double());
  }
  return result;
}

Value is_nan_or_infinite(CallContext&, std::span<Value> args) {
  Arguments a("isNanInf", args);
  const bool with_nulls = a.flag_or(1, "includeNull", false);
  return lift_map("isNanInf", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    return nan_flags(*numeric_doubles("isNanInf", vector), with_nulls);
  });
}

Value count_nan_or_infinite(CallContext&, std::span<Value> args) {
  Arguments a("countNanInf", args);
  const auto flags = nan_flags(*numeric_doubles("countNanInf", a.vector(0, "X")), a.flag_or(1, "includeNull", false));
  return Value::of_int(static_cast<int32_t>(std::ranges::count(flags.values<int8_t>(), 1)));
}

Native null_test(bool wanted) {
  return [wanted](CallContext&, std::span<Value> args) {
    if (!args[0].is_scalar() && !elements_of(args[0]) && !args[0].is_table()) return Value::of_bool(!wanted);
    return lift_map_any(args[0], Spread::kElements,
                        [&](const Shared<Vector>& vector) { return null_flags(*vector, wanted); });
  };
}

bool holds_null(const Value& x) {
  if (x.is_tuple()) {
    const auto parts = x.vector().values_any();
    return std::any_of(parts.begin(), parts.end(),
                       [](const Value& part) { return part.is_scalar() && part.is_null(); });
  }
  const auto elements = x.is_vector() && x.vector().is_array() ? x.vector().flat_shared() : elements_of(x);
  if (!elements) return false;
  for (size_t i = 0; i < (*elements)->size(); ++i) {
    if ((*elements)->is_null_at(i)) return true;
  }
  return false;
}

Value has_null(CallContext&, std::span<Value> args) {
  if (!args[0].is_table()) return Value::of_bool(holds_null(args[0]));
  const auto table = table_argument("hasNull", args[0]);
  bool found = false;
  for (size_t c = 0; c < table.columns(); ++c) found = found || holds_null(table.column_shared(c));
  return Value::of_bool(found);
}

/// Element i of `yes` where keep[i], else of `no`; each as long as keep or of one element.
Vector choose(std::string_view name, std::span<const int8_t> keep, const Shared<Vector>& yes,
              const Shared<Vector>& no) {
  if (yes->is_array() != no->is_array()) usage_error(name, "Only one of the two choices is an array vector.");
  Type type = data::common_type(yes->type(), no->type());
  if (type == Type::kAny && yes->type() != Type::kAny && no->type() != Type::kAny) {
    usage_error(name,
                "The two choices have types that do not go together: " + std::string(types::name_of(yes->type())) +
                    " and " + std::string(types::name_of(no->type())) + ".");
  }
  if (type == Type::kVoid) throw ScriptError("Not allowed to create void vector");
  if (type == Type::kSymbol && yes->type() != no->type()) type = Type::kString;
  const int scale = std::max(yes->scale(), no->scale());
  for (const auto* side : {&yes, &no}) {
    if ((*side)->size() != keep.size() && (*side)->size() != 1) refuse_lengths(name, keep.size(), (*side)->size());
  }
  // Both behind one another, then one gather.
  Vector both = *converted(name, yes, type, scale);
  const auto offset = static_cast<int64_t>(both.size());
  both.append(*converted(name, no, type, scale));
  const bool yes_repeats = yes->size() == 1, no_repeats = no->size() == 1;
  Buffer<int64_t> rows(keep.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    rows[i] = keep[i] == 1 ? (yes_repeats ? 0 : row) : offset + (no_repeats ? 0 : row);
  }
  return both.take(rows);
}

Value iif(CallContext& context, std::span<Value> args) {
  const auto& condition = args[0];
  if (condition.is_scalar()) {
    const auto type = condition.type();
    if (type != Type::kVoid && type != Type::kBool && !types::is_numeric(type))
      usage_error("iif", "The condition must be a boolean scalar, vector or matrix.");
    const bool holds = !condition.is_null() && condition.scalar().as_double() != 0;
    return args[holds ? 1 : 2];
  }
  if (condition.is_tuple()) {
    std::vector<Value> parts;
    for (const auto& choice : {args[1], args[2]}) {
      if (choice.is_vector() && choice.vector().size() != condition.vector().size())
        refuse_lengths("iif", condition.vector().size(), choice.vector().size());
    }
    const auto pick = [](const Value& v, size_t i) { return v.is_vector() ? v.vector().at(i) : v; };
    for (size_t i = 0; i < condition.vector().size(); ++i) {
      std::vector<Value> inner = {condition.vector().at(i), pick(args[1], i), pick(args[2], i)};
      parts.push_back(iif(context, inner));
    }
    return vector_of(std::move(parts));
  }
  const auto elements = elements_of(condition);
  if (!elements || (*elements)->is_array())
    usage_error("iif", "The condition must be a boolean scalar, vector or matrix.");
  const auto keep = converted("iif", *elements, Type::kBool);
  const auto yes = elements_of(args[1]), no = elements_of(args[2]);
  if (!yes || !no) usage_error("iif", "The choices must be scalars, vectors or matrices.");
  auto chosen = choose("iif", keep->values<int8_t>(), *yes, *no);
  if (!condition.is_matrix()) return chosen;
  data::Matrix matrix = condition.matrix();
  matrix.values = std::move(chosen);
  return matrix;
}

Value fill_nulls(std::string_view name, const Value& x, const Value& with) {
  if (x.is_scalar())
    return x.is_null()
               ? (with.is_scalar() && !x.is_void() ? cast_to(name, with, {x.type(), false, x.scalar().scale()}) : with)
               : x;
  if (x.is_table() && with.is_scalar()) {
    // Only columns the value fits.
    auto table = table_argument(name, x);
    for (size_t c = 0; c < table.columns(); ++c) {
      const auto& column = table.column(c);
      const bool fits = types::is_literal(column.type()) == types::is_literal(with.type()) &&
                        types::is_temporal(column.type()) == types::is_temporal(with.type());
      if (fits && data::is_storable_as(with.type(), column.type())) {
        table.set_column(table.names()[c], fill_nulls(name, table.column_shared(c), with).vector_shared());
      }
    }
    return table;
  }
  auto filler = elements_of(with);
  if (!filler) usage_error(name, "Y must be a scalar or a vector.");
  return lift_map_any(x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (vector->type() == Type::kVoid) return *stretched(name, *filler, vector->size());
    auto typed = data::convert(*filler, vector->type(), vector->scale());
    if (!typed) usage_error(name, "Y can't be converted to the type of X.");
    const auto keep = null_flags(*vector, false);
    return choose(name, keep.values<int8_t>(), vector, *typed);
  });
}

Value null_fill(CallContext&, std::span<Value> args) { return fill_nulls("nullFill", args[0], args[1]); }
Value null_fill_in_place(CallContext&, std::span<Value> args) {
  args[0] = fill_nulls("nullFill!", args[0], args[1]);
  return args[0];
}

/// X where it is null, else Y.
Value if_null(CallContext& context, std::span<Value> args) {
  const auto is_null = context.find_function("isNull"), choose = context.find_function("iif");
  if (!is_null || !choose) usage_error("ifNull", "isNull and iif are not there.");
  const Value y = args[0].is_vector() && args[1].is_matrix() ? Value(args[1].matrix().values) : args[1];
  return context.call(*choose, {context.call(*is_null, {args[0]}), args[0], y});
}

Value coalesce(CallContext&, std::span<Value> args) {
  Value result = args[0];
  for (size_t i = 1; i < args.size(); ++i) result = fill_nulls("coalesce", result, args[i]);
  return result;
}

Value null_if(CallContext&, std::span<Value> args) {
  if (args[0].is_scalar()) {
    if (!args[1].is_scalar()) usage_error("nullIf", "Y must be a scalar where X is one.");
    const bool same = types::is_literal(args[0].type()) ? args[1].is_text() && args[0].text() == args[1].text()
                                                        : equals(args[0], args[1]).scalar().as_double() == 1;
    return same ? Value(Scalar::null_of(args[0].type(), args[0].scalar().scale())) : args[0];
  }
  const auto same = equals(args[0], args[1]);
  const auto flags = elements_of(same);
  if (!flags) usage_error("nullIf", "X must be a scalar, a vector or a matrix.");
  const auto keep = converted("nullIf", *flags, Type::kBool);
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    return choose("nullIf", keep->values<int8_t>(), Vector::nulls(vector->type(), 1, vector->scale()), vector);
  });
}

Value drop_nulls(CallContext&, std::span<Value> args) {
  Arguments a("dropna", args);
  if (args[0].is_vector()) return args[0].vector().filter(null_flags(args[0].vector(), false).values<int8_t>());
  const bool is_table = args[0].is_table();
  if (!is_table && !args[0].is_matrix()) usage_error("dropna", "X must be a vector, matrix or table.");
  std::vector<Shared<Vector>> columns;
  if (is_table) {
    const auto table = table_argument("dropna", args[0]);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
  } else {
    for (size_t c = 0; c < args[0].matrix().columns; ++c) columns.emplace_back(args[0].matrix().column(c));
  }
  const size_t rows = columns.empty() ? 0 : columns[0]->size();
  const auto wanted = a.integer_or(2, "thresh", static_cast<int64_t>(columns.size()));
  Buffer<int8_t> keep(rows);
  for (size_t i = 0; i < rows; ++i) {
    int64_t filled = 0;
    for (const auto& column : columns) filled += !column->is_null_at(i);
    keep[i] = filled >= wanted;
  }
  if (is_table) return table_argument("dropna", args[0]).filter(keep);
  auto matrix = args[0].matrix();
  Vector values(matrix.values.type(), 0, matrix.values.scale());
  for (const auto& column : columns) values.append(column->filter(keep));
  matrix.values = std::move(values);
  matrix.rows = static_cast<size_t>(std::count(keep.begin(), keep.end(), int8_t{1}));
  if (matrix.row_labels) matrix.row_labels = Shared<Vector>((*matrix.row_labels)->filter(keep));
  return matrix;
}

/// Assigns to columns of a matrix: a column, several, or one cell (row, column) each.
Value fill_matrix(const Arguments& a, std::span<Value> args) {
  auto& matrix = args[0].edit_matrix();
  const auto place = [&](int64_t row, int64_t column, const Value& value) {
    if (row < 0 || column < 0 || row >= static_cast<int64_t>(matrix.rows) ||
        column >= static_cast<int64_t>(matrix.columns))
      a.refuse("index", "is out of range.");
    if (!matrix.values.set(static_cast<size_t>(column) * matrix.rows + static_cast<size_t>(row), value))
      a.refuse("value", "does not fit the type of the matrix.");
  };
  const bool cells = args[1].is_tuple() && args[1].vector().size() == 2;
  if (cells) {
    const auto rows = as_longs("fill!", elements_for("fill!", args[1].vector().at(0)));
    const auto columns = as_longs("fill!", elements_for("fill!", args[1].vector().at(1)));
    for (const auto column : columns->values<int64_t>()) {
      for (const auto row : rows->values<int64_t>()) place(row, column, args[2]);
    }
    return args[0];
  }
  const Value of_tuple = args[1].is_tuple() ? args[1].vector().at(0) : args[1];
  const auto lines = as_longs("fill!", elements_for("fill!", of_tuple));
  // A tuple of one element names rows, anything else columns.
  for (const auto line : lines->values<int64_t>()) {
    const size_t count = args[1].is_tuple() ? matrix.columns : matrix.rows;
    for (size_t i = 0; i < count; ++i) {
      const Value value = args[2].is_vector() ? args[2].vector().at(i) : args[2];
      args[1].is_tuple() ? place(line, static_cast<int64_t>(i), value) : place(static_cast<int64_t>(i), line, value);
    }
  }
  return args[0];
}

/// Sets a column of a table; one it does not have is added.
Value fill_column(const Arguments& a, std::span<Value> args) {
  if (!args[0].is_plain_table()) a.refuse("obj", "must be an in-memory table that is not shared.");
  auto& table = args[0].edit_table();
  const auto value = a.vector(2, "value");
  Vector column = value->size() == table.rows() ? *value : repeated(*value, 0, table.rows());
  const auto name = a.text(1, "index");
  const int at = table.find(name);
  table.set_column(name,
                   at < 0 ? Shared<Vector>(std::move(column))
                          : converted("fill!", Shared<Vector>(column), table.column(static_cast<size_t>(at)).type()));
  return args[0];
}

/// Assigns one value to positions.
Value fill_positions(CallContext&, std::span<Value> args) {
  Arguments a("fill!", args);
  if (args[0].is_matrix()) return fill_matrix(a, args);
  if (args[0].is_table()) return fill_column(a, args);
  if (args[0].is_dictionary()) {
    const auto keys = a.vector(1, "index");
    for (size_t i = 0; i < keys->size(); ++i)
      args[0].edit_dictionary().set(keys->scalar_at(i), args[2].is_vector() ? args[2].vector().at(i) : args[2]);
    return args[0];
  }
  if (!args[0].is_vector()) usage_error("fill!", "The first argument must be a vector, matrix, table or dictionary.");
  const auto positions = as_longs("fill!", a.vector(1, "index"));
  const bool one = args[2].is_scalar();
  if (!one && (!args[2].is_vector() || args[2].vector().size() != positions->size()))
    usage_error("fill!", "The value must be a scalar or as long as the positions.");
  for (size_t i = 0; i < positions->size(); ++i) {
    const auto at = positions->values<int64_t>()[i];
    if (at < 0 || at >= static_cast<int64_t>(args[0].vector().size()))
      throw ScriptError("fill!: position " + std::to_string(at) + " is out of range.");
    if (!args[0].edit_vector().set(static_cast<size_t>(at), one ? args[2] : args[2].vector().at(i))) {
      throw ScriptError("Incompatible type. Expected: " + std::string(types::name_of(args[0].type())) +
                        ", Actual: " + std::string(types::name_of(args[2].type())));
    }
  }
  return args[0];
}

Value mask(CallContext&, std::span<Value> args) {
  const auto conditions = elements_of(args[1]);
  if (!conditions) usage_error("mask", "The condition must be boolean.");
  const auto keep = converted("mask", *conditions, Type::kBool);
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    return choose("mask", keep->values<int8_t>(), Vector::nulls(vector->type(), 1, vector->scale()), vector);
  });
}

/// True where the value is among those its condition's key stands for.
Value conditional_filter(CallContext&, std::span<Value> args) {
  Arguments a("conditionalFilter", args);
  const auto x = a.vector(0, "X"), conditions = a.vector(1, "condition");
  if (!args[2].is_dictionary()) a.refuse("filterMap", "must be a dictionary.");
  if (x->size() != conditions->size()) refuse_lengths("conditionalFilter", x->size(), conditions->size());
  const auto& map = args[2].dictionary();
  std::vector<std::optional<Finder>> finders(map.size());
  Vector result(Type::kBool, x->size());
  for (size_t i = 0; i < x->size(); ++i) {
    const auto at = map.find(conditions->scalar_at(i));
    bool held = false;
    if (at >= 0) {
      auto& finder = finders[static_cast<size_t>(at)];
      if (!finder)
        finder.emplace("conditionalFilter",
                       *elements_for("conditionalFilter", map.values().at(static_cast<size_t>(at))));
      held = finder->find(Vector::filled(x->scalar_at(i), 1))[0] >= 0;
    }
    result.edit<int8_t>()[i] = held;
  }
  return result;
}

}  // namespace

void register_nulls(Registry& registry) {
  const auto row = [&](Nature nature, Declaration d) { declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kElementwise,
      {"isNull", "X", null_test(true), "Whether elements are null.", "isNull(4 NULL 6)", "[false,true,false]"});
  row(Nature::kElementwise,
      {"isValid", "X", null_test(false), "Whether elements are not null.", "isValid(4 NULL 6)", "[true,false,true]"});
  row(Nature::kElementwise,
      {"isNanInf", "X, [includeNull=false]", is_nan_or_infinite, "Whether elements are NaN or infinite.",
       "isNanInf(1.5 NULL)", "[false,false]", "Null is neither, unless includeNull says so."});
  row(Nature::kAggregate,
      {"countNanInf", "X, [includeNull=false]", count_nan_or_infinite, "How many elements are NaN or infinite.",
       "countNanInf(1.5 NULL, true)", "1", "Nulls are counted when includeNull says so."});
  row(Nature::kAggregate, {"hasNull", "X", has_null, "Whether some element is null.", "hasNull(4 NULL)", "true"});
  row(Nature::kElementwise, {"iif", "cond, trueResult, falseResult", iif, "Element by element one of two choices.",
                             "iif(true false, 1 2, 7 8)", "[1,8]", "A null condition does not hold."});
  row(Nature::kElementwise,
      {"nullFill", "X, Y", null_fill, "X with nulls replaced by Y.", "nullFill(4 NULL 6, -1)", "[4,-1,6]"});
  declare(registry, kFamily, Nature::kCommand,
          {.name = "nullFill!",
           .parameters = "X, Y",
           .run = null_fill_in_place,
           .summary = "Replaces nulls of X by Y.",
           .example = "x = 4 NULL; x.nullFill!(0); x",
           .result = "[4,0]",
           .changes_first = true});
  row(Nature::kElementwise, {"coalesce", "X, Y, [args...]", coalesce, "The first of the arguments that is not null.",
                             "coalesce(2 NULL, 7 8)", "[2,8]"});
  row(Nature::kElementwise,
      {"ifNull", "X, Y", if_null, "X where it is null, else Y.", "ifNull(4 NULL, 7 8)", "[7,null]"});
  row(Nature::kElementwise, {"nullIf", "X, Y", null_if, "Null where X equals Y.", "nullIf(1 2, 2)", "[1,null]"});
  row(Nature::kWhole, {"dropna", "X, [byRow=true], [thresh]", drop_nulls,
                       "X without nulls, or without rows that hold one.", "dropna(4 NULL 6)", "[4,6]"});
  row(Nature::kElementwise,
      {"mask", "X, Y", mask, "X with null where Y holds.", "mask(1 2 3, 1 2 3 > 2)", "[1,2,null]"});
  row(Nature::kElementwise, {"conditionalFilter", "X, condition, filterMap", conditional_filter,
                             "Whether each element is among the values its condition stands for.",
                             "conditionalFilter(1 2, `a`b, dict(`a`b, (1 5, 3 4)))", "[true,false]"});
  declare(registry, kFamily, Nature::kCommand,
          {.name = "fill!",
           .parameters = "X, index, value",
           .run = fill_positions,
           .summary = "Assigns a value to positions of X.",
           .example = "x = 1 2 3; x.fill!(0 2, 9); x",
           .result = "[9,2,9]",
           .changes_first = true});
}

}  // namespace pelorus::functions
