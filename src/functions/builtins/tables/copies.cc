// Values as they are, asked about or in another form: asis enlist deepCopy isOrderedDict tril withNullFill base64Encode
// summary …

#include <openssl/evp.h>

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/append.h"
#include "functions/builtins/tables/register_tables.h"
#include "functions/declare.h"
#include "functions/quantiles.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "values";
constexpr double kNone = types::kNull<double>;

Value itself(CallContext&, std::span<Value> args) {
  return args[0].is_table_object() ? Value(table_argument("deepCopy", args[0])) : args[0];
}

/// difference(X): of a vector's ends; difference(X, Y): as X - Y, which of sets leaves out what is in Y.
Value difference(CallContext& context, std::span<Value> args) {
  if (args.size() > 1 && !args[1].is_missing()) {
    const auto minus = context.find_function("sub");
    return context.call(*minus, args);
  }
  if (args[0].is_scalar()) return Value::of_double(args[0].is_null() ? kNone : 0);
  return lift_reduce("difference", args[0], [](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles("difference", vector);
    const auto values = doubles(numbers);
    const bool has_none = values.empty() || types::is_null(values.front()) || types::is_null(values.back());
    return Value::of_double(has_none ? kNone : values.back() - values.front());
  });
}

/// A scalar as a vector of one; anything else as a tuple of one, a dictionary as a table of one row.
Value enlist(CallContext&, std::span<Value> args) {
  if (args[0].is_scalar() && !args[0].is_void()) return vector_of({args[0]});
  if (!args[0].is_dictionary()) return Vector::tuple({args[0]});
  const auto& d = args[0].dictionary();
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t i = 0; i < d.size(); ++i) {
    names.push_back(cast_text(d.keys().scalar_at(i)));
    const Value value = d.values().at(i);
    columns.emplace_back(value.is_scalar() ? vector_of({value}) : Vector::tuple({value}));
  }
  return data::Table(std::move(names), std::move(columns));
}

Value triangle(std::string_view name, std::span<Value> args, bool lower) {
  Arguments a(name, args);
  if (!args[0].is_matrix()) a.refuse("X", "must be a matrix.");
  const int64_t k = a.integer_or(1, "k", 0);
  data::Matrix matrix = args[0].matrix();
  const auto zero = data::convert(Scalar::of_int(0), matrix.values.type(), matrix.values.scale());
  if (!zero) a.refuse("X", "must be numeric.");
  for (size_t c = 0; c < matrix.columns; ++c) {
    for (size_t r = 0; r < matrix.rows; ++r) {
      const int64_t diagonal = static_cast<int64_t>(c) - static_cast<int64_t>(r);
      if (lower ? diagonal > k : diagonal < k) matrix.values.set(c * matrix.rows + r, *zero);
    }
  }
  return matrix;
}

/// func(x, y) with the fill where one side is null; null where both are.
Value with_null_fill(CallContext& context, std::span<Value> args) {
  Arguments a("withNullFill", args);
  const auto fill = context.find_function("nullFill"), is_null = context.find_function("isNull"),
             both = context.find_function("and"), choose = context.find_function("iif");
  if (!fill || !is_null || !both || !choose)
    throw ScriptError("withNullFill: a function it rests on is hidden by another.");
  const Value result =
      context.call(args[0], {context.call(*fill, {args[1], args[3]}), context.call(*fill, {args[2], args[3]})});
  const Value nulls = context.call(*both, {context.call(*is_null, {args[1]}), context.call(*is_null, {args[2]})});
  if (result.is_scalar()) {
    const bool hide = nulls.is_scalar() && !nulls.is_null() && nulls.scalar().as_double() != 0;
    return hide ? Value(Scalar::null_of(result.type())) : result;
  }
  const auto elements = elements_of(result);
  const auto type = elements ? (*elements)->type() : Type::kDouble;
  const Value hidden = type == Type::kAny ? Value::null() : Value(Scalar::null_of(type));
  return context.call(*choose, {nulls, hidden, result});
}

/// Members of tuples added up place by place.
Value tuple_sum(CallContext& context, std::span<Value> args) {
  if (!args[0].is_tuple()) usage_error("tupleSum", "X must be a tuple of tuples.");
  const auto plus = context.find_function("add");
  if (!plus) throw ScriptError("tupleSum: add is hidden by another function.");
  std::vector<Value> sums;
  for (const auto& member : args[0].vector().values_any()) {
    if (!member.is_vector() || member.vector().empty()) usage_error("tupleSum", "X must be a tuple of tuples.");
    Value sum = member.vector().at(0);
    for (size_t i = 1; i < member.vector().size(); ++i) sum = context.call(*plus, {sum, member.vector().at(i)});
    sums.push_back(std::move(sum));
  }
  return sums.size() == 1 ? sums[0] : Value(Vector::tuple(std::move(sums)));
}

Value codes_of_symbols(CallContext&, std::span<Value> args) {
  return lift_map_any(args[0], Spread::kElements, [](const Shared<Vector>& vector) {
    if (vector->type() != Type::kSymbol) usage_error("symbolCode", "X must be of type SYMBOL.");
    const auto codes = vector->values<int32_t>();
    return Vector::adopt(Type::kInt, data::Buffer<int32_t>(codes.begin(), codes.end()));
  });
}

std::string to_base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}
std::string from_base64(const std::string& text) {
  if (text.size() % 4 != 0) throw ScriptError("base64Decode: the text is not Base64: its length is no multiple of 4.");
  std::string out(text.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) throw ScriptError("base64Decode: the text is not Base64.");
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

// --- summary -------------------------------------------------------------------------------------------------------

/// One row for each numeric column: least, greatest, counts, mean, deviation and percentiles.
Value summary(CallContext&, std::span<Value> args) {
  Arguments a("summary", args);
  const auto table = table_argument("summary", args[0]);
  const auto interpolation = interpolation_of(a, 1);
  std::vector<std::string> wanted{"avg", "std"};
  if (a.has(2) && !args[2].is_null()) wanted = a.texts(2, "characteristic");
  std::vector<double> percents{25, 50, 75};
  if (a.has(3) && !args[3].is_null()) {
    const auto given = numeric_doubles("summary", a.vector(3, "percentile"));
    percents.assign(doubles(given).begin(), doubles(given).end());
  }
  for (const double percent : percents) {
    if (percent < 0 || percent > 100) a.refuse("percentile", "must lie between 0 and 100.");
  }
  const auto wants = [&](std::string_view name) {
    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  std::vector<std::string> columns;
  std::vector<Value> least, most, known, count, mean, deviation, percentiles;
  for (size_t c = 0; c < table.columns(); ++c) {
    if (!types::is_numeric(table.column(c).type()) || table.column(c).is_array()) continue;
    const auto numbers = numeric_doubles("summary", table.column_shared(c));
    std::vector<double> sorted;
    std::copy_if(doubles(numbers).begin(), doubles(numbers).end(), std::back_inserter(sorted),
                 [](double v) { return v != kNone; });
    std::sort(sorted.begin(), sorted.end());
    const auto state = kernels::fold<kernels::SampleDeviation, double>(std::span<const double>(sorted));
    columns.push_back(table.names()[c]);
    least.push_back(Value::of_double(sorted.empty() ? kNone : sorted.front()));
    most.push_back(Value::of_double(sorted.empty() ? kNone : sorted.back()));
    known.push_back(Value::of_long(static_cast<int64_t>(sorted.size())));
    count.push_back(Value::of_long(static_cast<int64_t>(numbers->size())));
    mean.push_back(Value::of_double(sorted.empty() ? kNone : state.mean));
    deviation.push_back(Value::of_double(state.result()));
    Vector shares(Type::kDouble, percents.size());
    for (size_t i = 0; i < percents.size(); ++i)
      shares.edit<double>()[i] = quantile_of(sorted, percents[i] / 100, interpolation);
    percentiles.emplace_back(std::move(shares));
  }
  if (columns.empty()) a.refuse("X", "has no numeric column.");
  std::vector<std::string> names{"name", "min", "max", "nonNullCount", "count"};
  std::vector<Shared<Vector>> result{Vector::of_strings(Type::kString, columns), vector_of(least), vector_of(most),
                                     vector_of(known), vector_of(count)};
  const auto add = [&](const char* name, Vector column) {
    names.emplace_back(name);
    result.emplace_back(std::move(column));
  };
  if (wants("avg")) add("avg", vector_of(mean));
  if (wants("std")) add("std", vector_of(deviation));
  add("percentile", Vector::tuple(std::move(percentiles)));
  return data::Table(std::move(names), std::move(result));
}

Native whether(bool (*test)(const Value&)) {
  return [test](CallContext&, std::span<Value> args) { return Value::of_bool(test(args[0])); };
}

void register_questions(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"isOrderedDict", "X", whether([](const Value& x) { return x.is_dictionary() && x.dictionary().ordered(); }),
       "Whether X is a dictionary whose order counts.", "isOrderedDict(dict(1 2, 3 4, true))", "true"});
  row({"isIndexedSeries", "X", whether([](const Value& x) { return x.is_matrix() && x.matrix().is_indexed_series; }),
       "Whether X is an indexed series.", "isIndexedSeries(indexedSeries(1 2, 3 4))", "true"});
  row({"isIndexedMatrix", "X", whether([](const Value& x) { return x.is_matrix() && x.matrix().is_indexed_matrix; }),
       "Whether X is an indexed matrix.", "isIndexedMatrix(matrix(1 2, 3 4))", "false"});
}

}  // namespace

void register_copies(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"asis", "obj", itself, "The value itself.", "asis(1 2)", "[1,2]"});
  row({"deepCopy", "obj", itself, "A copy that shares nothing with the value.", "deepCopy(1 2)", "[1,2]"});
  row({"enlist", "X", enlist, "A value as a vector, tuple or table of one.", "enlist(5)", "[5]"});
  row({"tril", "X, [k=0]", [](CallContext&, std::span<Value> args) { return triangle("tril", args, true); },
       "A matrix with zeros above a diagonal.", "tril(matrix(1 2, 3 4))", "matrix[[1,2],[0,4]]"});
  row({"triu", "X, [k=0]", [](CallContext&, std::span<Value> args) { return triangle("triu", args, false); },
       "A matrix with zeros below a diagonal.", "triu(matrix(1 2, 3 4))", "matrix[[1,0],[3,4]]"});
  row({"withNullFill", "func, x, y, fillValue", with_null_fill,
       "func of x and y with a value in place of a null where only one of them is null.",
       "withNullFill(add, 1 NULL NULL, 2 3 NULL, 0)", "[3,3,null]", "Null where both are null."});
  row({"tupleSum", "X", tuple_sum, "The members of each tuple of X added up.", "tupleSum([(1 2, 3 4), (0.5, 0.25)])",
       "([4,6],0.75)"});
  row({"symbolCode", "X", codes_of_symbols, "The number each SYMBOL is kept as.", "symbolCode(symbol(`a`b`a))",
       "[1,2,1]"});
  row({"base64Encode", "str",
       [](CallContext&, std::span<Value> args) { return map_text("base64Encode", args[0], to_base64); },
       "The text in Base64.", "base64Encode(\"ab\")", "\"YWI=\""});
  row({"base64Decode", "str",
       [](CallContext&, std::span<Value> args) { return map_text("base64Decode", args[0], from_base64); },
       "The text that Base64 stands for.", "base64Decode(\"YWI=\")", "\"ab\""});
  row({"summary", "X, [interpolation='linear'], [characteristic], [percentile], [precision], [partitionSampling]",
       summary, "Statistics of each numeric column of a table.", "exec max from summary(table(1 5 3 as a))", "[5]",
       "Nulls are skipped."});
  register_questions(registry);
  registry.add_alias("intersection", "bitAnd");
  registry.add_alias("symmetricDifference", "bitXor");
  row({"difference", "X, [Y]", difference, "The last element minus the first; of two sets X without Y.",
       "difference(12.5 15.6 17.8)", "5.3", "A null at either end gives null."});
}

}  // namespace pelorus::functions
