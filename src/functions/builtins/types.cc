// Type functions (int, date, symbol …), casts, and questions about type and shape.

#include "data/chart.h"
#include "data/nothing.h"
#include "data/tensor.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kConversions = "conversion";
constexpr std::string_view kInspection = "inspection";

struct TypeFunction {
  std::string_view name;
  Type type;
  std::string_view example;
  std::string_view result;
};
const TypeFunction kTypeFunctions[] = {
    {"bool", Type::kBool, "bool(5)", "true"},
    {"char", Type::kChar, "char(97)", "97"},
    {"short", Type::kShort, "short(5.6)", "6"},
    {"int", Type::kInt, "int(3.6)", "4"},
    {"long", Type::kLong, "long(\"42\")", "42"},
    {"float", Type::kFloat, "float(2)", "2"},
    {"double", Type::kDouble, "double(\"2.5\")", "2.5"},
    {"date", Type::kDate, "date(2021.05.06T10:11:12)", "2021.05.06"},
    {"month", Type::kMonth, "month(2021.05.06)", "2021.05M"},
    {"time", Type::kTime, "time(10:11:12)", "10:11:12.000"},
    {"minute", Type::kMinute, "minute(10:11:59)", "10:11m"},
    {"second", Type::kSecond, "second(3661)", "01:01:01"},
    {"datetime", Type::kDatetime, "datetime(2021.05.06)", "2021.05.06T00:00:00"},
    {"timestamp", Type::kTimestamp, "timestamp(2021.05.06)", "2021.05.06T00:00:00.000"},
    {"nanotime", Type::kNanotime, "nanotime(10:11:12)", "10:11:12.000000000"},
    {"nanotimestamp", Type::kNanotimestamp, "nanotimestamp(2021.05.06)", "2021.05.06T00:00:00.000000000"},
    {"datehour", Type::kDatehour, "datehour(2021.05.06T10:11:12)", "2021.05.06T10"},
    {"symbol", Type::kSymbol, "typestr(symbol(`a`b))", "\"FAST SYMBOL VECTOR\""},
    {"string", Type::kString, "string(2.50)", "\"2.5\""},
    {"blob", Type::kBlob, "blob(\"ab\")", "\"ab\""},
    {"ipaddr", Type::kIpaddr, "ipaddr(\"10.0.0.7\")", "10.0.0.7"},
    {"int128", Type::kInt128, "int128(\"e1671797c52e15f763380b45e841ec32\")", "e1671797c52e15f763380b45e841ec32"},
};

Value convert_by_name(const TypeFunction& row, std::span<Value> args) {
  if (args.empty()) return Scalar::null_of(row.type);
  if (row.type == Type::kSymbol && args[0].is_vector() && args[0].is_tuple()) {
    return cast_to(row.name, cast_to(row.name, args[0], {Type::kString}), {Type::kSymbol});
  }
  return cast_to(row.name, args[0], {row.type});
}

Value to_decimal(std::string_view name, Type type, std::span<Value> args) {
  Arguments a(name, args);
  const auto scale = a.integer_or(1, "scale", 0);
  if (scale < 0 || scale > types::scale_max(type))
    a.refuse("scale", "must be between 0 and " + std::to_string(types::scale_max(type)) + ".");
  return cast_to(name, args[0], {type, false, static_cast<int>(scale)});
}

/// Two doubles (or vectors of them) as the halves of 16 bytes.
Value pair_up(std::string_view name, Type type, std::span<Value> args) {
  Arguments a(name, args);
  auto x = as_doubles(name, a.vector(0, "X"));
  auto y = as_doubles(name, a.vector(1, "Y"));
  const size_t rows = std::max(x->size(), y->size());
  x = stretched(name, x, rows);
  y = stretched(name, y, rows);
  Vector result(type, rows);
  auto& out = result.edit<types::Bytes16>();
  for (size_t i = 0; i < rows; ++i) {
    const double halves[2] = {x->values<double>()[i], y->values<double>()[i]};
    std::memcpy(out[i].bytes.data(), halves, sizeof halves);
  }
  if (args[0].is_scalar() && args[1].is_scalar()) return result.at(0);
  return result;
}

Value make_uuid(CallContext&, std::span<Value> args) {
  if (args.empty()) return Scalar::null_of(Type::kUuid);
  if (args.size() == 1) return cast_to("uuid", args[0], {Type::kUuid});
  Arguments a("uuid", args);
  types::Bytes16 value;
  const int64_t low = a.integer(1, "low"), high = a.integer(0, "high");
  std::memcpy(value.bytes.data(), &low, 8);
  std::memcpy(value.bytes.data() + 8, &high, 8);
  return Scalar::of<types::Bytes16>(Type::kUuid, value);
}

Value cast(CallContext&, std::span<Value> args) {
  if (args[1].is_pair()) {
    const auto both = as_longs("cast", Shared<Vector>(args[1].pair().elements));
    const auto shape = both->values<int64_t>();
    auto elements = elements_of(args[0]);
    if (!elements) usage_error("cast", "X must be a vector or a matrix.");
    const auto size = static_cast<int64_t>((*elements)->size());
    const int64_t rows = shape[0] == types::kNull<int64_t> ? size / std::max<int64_t>(shape[1], 1) : shape[0];
    const int64_t columns = shape[1] == types::kNull<int64_t> ? size / std::max<int64_t>(shape[0], 1) : shape[1];
    if (rows < 0 || columns < 0) usage_error("cast", "Rows and columns must not be negative.");
    return reshape_to("cast", args[0], static_cast<size_t>(rows), static_cast<size_t>(columns));
  }
  const auto type = type_argument("cast", args[1]);
  if (type.type == Type::kSymbol && args[0].is_scalar()) return cast_to("cast", args[0], {Type::kString});
  return cast_to("cast", args[0], type);
}

Value to_duration(CallContext&, std::span<Value> args) {
  if (args.size() == 2) {
    Arguments a("duration", args);
    auto d = parse_duration("0" + a.text(1, "unit"));
    if (d.count == types::kNull<int32_t>) a.refuse("unit", "must be one of y M w d B H m s ms us ns.");
    d.count = static_cast<int32_t>(a.integer(0, "count"));
    return Scalar::of_duration(d);
  }
  return cast_to("duration", args[0], {Type::kDuration});
}

int element_code(const Value& x) {
  if (x.is_vector()) return x.vector().type_code();
  return static_cast<int>(x.type());
}

Value rows_of(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_matrix()) return Value::of_int(static_cast<int32_t>(x.matrix().rows));
  return Value::of_int(static_cast<int32_t>(data::size_of(x)));
}

Value columns_of(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_matrix()) return Value::of_int(static_cast<int32_t>(x.matrix().columns));
  if (x.is_plain_table()) return Value::of_int(static_cast<int32_t>(x.table().columns()));
  if (x.is_table_object()) return Value::of_int(static_cast<int32_t>(x.table_object()->schema().size()));
  return Value::of_int(1);
}

Value shape_of(CallContext& context, std::span<Value> args) {
  Vector shape(Type::kInt);
  shape.push_back(rows_of(context, args));
  shape.push_back(columns_of(context, args));
  return data::Pair{shape};
}

Value size_of_value(CallContext&, std::span<Value> args) {
  return Value::of_int(static_cast<int32_t>(data::size_of(args[0])));
}

/// Deep equality; with a precision floats may differ by less.
Value same_object(CallContext&, std::span<Value> args) {
  if (data::equal(args[0], args[1])) return Value::of_bool(true);
  Arguments a("eqObj", args);
  if (!a.has(2) || !types::is_floating(args[0].type()) || args[0].form() != args[1].form())
    return Value::of_bool(false);
  const auto x = elements_of(args[0]), y = elements_of(args[1]);
  if (!x || !y || (*x)->is_array() || (*y)->is_array() || (*x)->size() != (*y)->size() ||
      !types::is_numeric((*y)->type())) {
    return Value::of_bool(false);
  }
  const double tolerance = std::pow(10.0, -static_cast<double>(a.integer(2, "precision")));
  const auto left = as_doubles("eqObj", *x), right = as_doubles("eqObj", *y);
  for (size_t i = 0; i < left->size(); ++i) {
    if (std::fabs(left->values<double>()[i] - right->values<double>()[i]) >= tolerance) return Value::of_bool(false);
  }
  return Value::of_bool(true);
}

void register_conversions(Registry& registry) {
  const auto row = [&](Nature nature, Declaration d) { declare(registry, kConversions, nature, std::move(d)); };
  for (const auto& r : kTypeFunctions) {
    row(Nature::kElementwise,
        {r.name, "[X]", [&r](CallContext&, std::span<Value> args) { return convert_by_name(r, args); },
         "X converted to this type; without X its null.", r.example, r.result,
         "Null stays null; what can't be converted gives null."});
  }
  const auto decimal = [&](std::string_view name, Type type, std::string_view example) {
    row(Nature::kElementwise,
        {name, "X, scale", [name, type](CallContext&, std::span<Value> args) { return to_decimal(name, type, args); },
         "X as a decimal with so many places.", example, "3.14"});
  };
  decimal("decimal32", Type::kDecimal32, "decimal32(3.14159, 2)");
  decimal("decimal64", Type::kDecimal64, "decimal64(3.14159, 2)");
  decimal("decimal128", Type::kDecimal128, "decimal128(3.14159, 2)");
  row(Nature::kElementwise,
      {"point", "X, Y", [](CallContext&, std::span<Value> args) { return pair_up("point", Type::kPoint, args); },
       "A point of the plane.", "point(1.5, 2.5)", "(1.5, 2.5)"});
  row(Nature::kElementwise,
      {"complex", "X, Y", [](CallContext&, std::span<Value> args) { return pair_up("complex", Type::kComplex, args); },
       "A complex number.", "typestr(complex(1, 2))", "\"COMPLEX\""});
  row(Nature::kElementwise, {"uuid", "[X], [low]", make_uuid, "A UUID of its text, or of two LONG halves.",
                             "uuid(\"5d212a78-cc48-e3b1-4235-b4d91473ee87\")", "5d212a78-cc48-e3b1-4235-b4d91473ee87"});
  row(Nature::kElementwise,
      {"cast", "X, dataType", cast, "X as another type, or reshaped to rows:columns.", "cast(3.2, INT)", "3"});
  row(Nature::kWhole, {"duration", "X, [unit]", to_duration, "A duration of its text, or of a count and a unit.",
                       "typestr(duration(\"3d\"))", "\"DURATION\""});
}

}  // namespace

void register_types(Registry& registry) {
  register_conversions(registry);
  const auto row = [&](Declaration d) { declare(registry, kInspection, Nature::kWhole, std::move(d)); };
  row({"typestr", "X", [](CallContext&, std::span<Value> args) { return Value::of_string(args[0].type_text()); },
       "The name of X's type and form.", "typestr(1 2)", "\"FAST INT VECTOR\""});
  row({"type", "X", [](CallContext&, std::span<Value> args) { return Value::of_int(element_code(args[0])); },
       "The code of X's type.", "type(8l)", "5"});
  row({"form", "X",
       [](CallContext&, std::span<Value> args) {
         const auto form = data::Chart::of(args[0]) != nullptr    ? data::kChartForm
                           : data::Tensor::of(args[0]) != nullptr ? data::kTensorForm
                                                                  : args[0].form();
         return Value::of_int(static_cast<int32_t>(form));
       },
       "The code of X's form: 0 scalar, 1 vector, 2 pair, 3 matrix, 4 set, 5 dictionary, 6 table, 10 tensor.",
       "form(7:8)", "2"});
  row({"category", "X",
       [](CallContext&, std::span<Value> args) {
         return Value::of_int(static_cast<int32_t>(types::category_of(args[0].type())));
       },
       "The code of the family X's type belongs to.", "category(1)", "2"});
  declare(registry, kInspection, Nature::kAggregate,
          {"size",
           "X",
           size_of_value,
           "The number of elements, nulls included; of a table its rows.",
           "size(1 NULL 3)",
           "3",
           {},
           grouped_size()});
  row({"rows", "X", rows_of, "The number of rows.", "rows(1..6$2:3)", "2"});
  row({"cols", "X", columns_of, "The number of columns.", "cols(1..6$2:3)", "3"});
  registry.add_alias("columns", "cols");
  row({"shape", "X", shape_of, "Rows and columns as a pair.", "shape(1..6$2:3)", "2:3"});
  row({"eqObj", "X, Y, [precision]", same_object, "Whether X and Y are the same in form, type and content.",
       "eqObj(1 2 3, 1 2 4)", "false"});
  const auto question = [&](std::string_view name, bool (*holds)(const Value&), std::string_view summary,
                            std::string_view example) {
    row({name, "X", [holds](CallContext&, std::span<Value> args) { return Value::of_bool(holds(args[0])); }, summary,
         example, "true"});
  };
  question(
      "isScalar", [](const Value& x) { return x.form() == types::Form::kScalar; }, "Whether X is a scalar.",
      "isScalar(1)");
  question(
      "isVector", [](const Value& x) { return x.is_vector(); }, "Whether X is a vector.", "isVector(1 2)");
  question(
      "isPair", [](const Value& x) { return x.is_pair(); }, "Whether X is a pair.", "isPair(1:2)");
  question(
      "isMatrix", [](const Value& x) { return x.is_matrix(); }, "Whether X is a matrix.", "isMatrix(matrix(1 2))");
  question(
      "isSet", [](const Value& x) { return x.is_set(); }, "Whether X is a set.", "isSet(set(1 2))");
  question(
      "isDict", [](const Value& x) { return x.is_dictionary(); }, "Whether X is a dictionary.",
      "isDict(dict(1 2, 3 4))");
  question(
      "isTable", [](const Value& x) { return x.is_table(); }, "Whether X is a table.", "isTable(table(1 2 as a))");
  question(
      "isTuple", [](const Value& x) { return x.is_tuple(); }, "Whether X is a tuple.", "isTuple((1, `a))");
  question(
      "isArrayVector", [](const Value& x) { return x.is_vector() && x.vector().is_array(); },
      "Whether X is an array vector.", "isArrayVector(array(INT[], 0))");
  row({"isNothing", "X", [](CallContext&, std::span<Value> args) { return Value::of_bool(data::is_nothing(args[0])); },
       "Whether an argument was left out of a call; NULL was not.", "def(x, y){ return isNothing(y) }(1,)", "true"});
  question(
      "isVoid", [](const Value& x) { return x.is_void(); }, "Whether X is the untyped null.", "isVoid(NULL)");
}

}  // namespace pelorus::functions
