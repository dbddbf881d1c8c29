// Row forms: rowSum of a matrix, of several vectors, of a table, of array-vector rows. Each is the plain function on
// the transposed argument.

#include <numeric>

#include "data/columnar.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/builtins/series/same_labels.h"
#include "functions/elementwise.h"
#include "functions/lift.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "rows";

using data::Buffer;
using data::Matrix;

Matrix flipped(const Matrix& m) {
  Buffer<int64_t> cells(m.values.size());
  for (size_t r = 0; r < m.rows; ++r) {
    for (size_t c = 0; c < m.columns; ++c) cells[r * m.columns + c] = static_cast<int64_t>(c * m.rows + r);
  }
  return {.values = m.values.take(cells), .rows = m.columns, .columns = m.rows};
}

/// Columns of equal length, widened to one type.
Matrix columns_matrix(std::string_view name, const std::vector<Value>& columns) {
  Type type = Type::kVoid;
  int scale = 0;
  size_t rows = 1;
  for (const auto& column : columns) {
    const auto elements = elements_of(column);
    if (!elements) usage_error(name, "Vectors, matrices or tables are expected.");
    if ((*elements)->is_array()) usage_error(name, "An array vector can't stand beside other columns.");
    type = data::common_type(type, (*elements)->type());
    scale = std::max(scale, (*elements)->scale());
    if (column.is_vector()) rows = column.vector().size();
  }
  if (type == Type::kAny) usage_error(name, "The columns must hold values of one type.");
  if (!types::is_decimal(type)) scale = 0;
  Vector values(type, 0, scale);
  for (const auto& column : columns)
    values.append(*converted(name, stretched(name, *elements_of(column), rows), type, scale));
  return {.values = std::move(values), .rows = rows, .columns = columns.size()};
}

std::vector<Value> table_columns(std::string_view name, const Value& x) {
  const auto table = table_argument(name, x);
  std::vector<Value> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
  return columns;
}

bool is_rows_already(const Value& x) {
  return x.is_vector() && (x.vector().is_array() || data::is_columnar(x.vector()));
}

std::vector<Value> rows_already(const Value& x) {
  std::vector<Value> rows;
  for (size_t r = 0; r < x.vector().size(); ++r) rows.emplace_back(data::row_vector(x.vector(), r));
  return rows;
}

/// Arguments that stand for one matrix: itself, a table, a tuple of columns, or several vectors.
Matrix as_matrix(std::string_view name, std::span<const Value> args) {
  std::vector<Value> columns;
  for (const auto& arg : args) {
    if (arg.is_matrix() && args.size() == 1) return arg.matrix();
    if (arg.is_matrix()) {
      for (size_t c = 0; c < arg.matrix().columns; ++c) columns.emplace_back(arg.matrix().column(c));
    } else if (arg.is_table()) {
      for (auto& column : table_columns(name, arg)) columns.push_back(std::move(column));
    } else if (arg.is_tuple()) {
      for (const auto& column : arg.vector().values_any()) columns.push_back(column);
    } else if (arg.is_dictionary()) {
      const auto& values = arg.dictionary().values();
      for (size_t i = 0; i < values.size(); ++i) columns.push_back(values.at(i));
    } else {
      columns.push_back(arg);
    }
  }
  if (columns.empty()) usage_error(name, "Vectors, matrices or tables are expected.");
  return columns_matrix(name, columns);
}

using Plain = std::shared_ptr<const Builtin>;

Value call(const Plain& plain, CallContext& context, std::vector<Value> args) { return invoke(*plain, context, args); }

/// Column by column, each row being a group; nothing, where the function has no such form for the elements' type.
std::optional<Vector> reduced_as_groups(const Builtin& plain, const Matrix& matrix) {
  const auto& grouped = plain.function().grouped;
  if (!grouped.run || matrix.rows == 0 || (grouped.accepts && !grouped.accepts(matrix.values))) return std::nullopt;
  std::vector<uint32_t> row_of(matrix.values.size());
  for (size_t from = 0; from < row_of.size(); from += matrix.rows)
    std::iota(&row_of[from], &row_of[from] + matrix.rows, 0);
  return grouped.run(matrix.values, row_of, matrix.rows);
}

/// One result per row.
Native reduced_by_row(std::string_view name, Plain plain) {
  return [name, plain](CallContext& context, std::span<Value> args) {
    std::vector<Value> results;
    if (args.size() == 1 && is_rows_already(args[0])) {
      for (auto& row : rows_already(args[0])) results.push_back(call(plain, context, {std::move(row)}));
      return Value(vector_of(std::move(results)));
    }
    const auto matrix = as_matrix(name, args);
    if (auto reduced = reduced_as_groups(*plain, matrix)) return Value(std::move(*reduced));
    const auto rows = flipped(matrix);
    for (size_t r = 0; r < rows.columns; ++r) results.push_back(call(plain, context, {rows.column(r)}));
    if (results.empty()) return Value(Vector(Type::kDouble));
    return Value(vector_of(std::move(results)));
  };
}

/// One row of results per row; matrices stay matrices, tables tables. Other arguments are passed on.
Native mapped_by_row(std::string_view name, Plain plain) {
  return [name, plain](CallContext& context, std::span<Value> args) -> Value {
    const auto with = [&](Value row) {
      std::vector<Value> all(args.begin(), args.end());
      all[0] = std::move(row);
      return all;
    };
    if (data::is_columnar(args[0])) {
      std::vector<Value> results;
      for (auto& row : rows_already(args[0])) results.push_back(call(plain, context, with(std::move(row))));
      return data::marked_columnar(Vector::tuple(std::move(results)), true);
    }
    if (is_rows_already(args[0])) return call(plain, context, with(args[0]));
    const auto source = as_matrix(name, args.subspan(0, 1));
    const auto rows = flipped(source);
    std::optional<Vector> values;
    for (size_t r = 0; r < rows.columns; ++r) {
      const Value result = call(plain, context, with(rows.column(r)));
      if (values)
        values->append(result.vector());
      else
        values = result.vector();
    }
    if (!values) return args[0];
    Matrix result = flipped({.values = std::move(*values), .rows = rows.rows, .columns = rows.columns});
    if (args[0].is_matrix()) {
      result.row_labels = args[0].matrix().row_labels;
      result.column_labels = args[0].matrix().column_labels;
      return result;
    }
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < result.columns; ++c) columns.emplace_back(result.column(c));
    if (args[0].is_table()) return data::Table(table_argument(name, args[0]).names(), std::move(columns));
    return Vector::tuple({columns.begin(), columns.end()});
  };
}

/// Two matrices row against row; a vector meets every row.
Native paired_by_row(std::string_view name, Plain plain) {
  return [name, plain](CallContext& context, std::span<Value> args) -> Value {
    const auto rows_of_side = [&](const Value& side) {
      std::vector<Value> rows;
      if (is_rows_already(side)) {
        rows = rows_already(side);
      } else if (side.is_vector() && !side.is_tuple()) {
        rows.push_back(side);
      } else {
        const auto m = flipped(as_matrix(name, {&side, 1}));
        for (size_t r = 0; r < m.columns; ++r) rows.emplace_back(m.column(r));
      }
      return rows;
    };
    const auto is_column = [](const Value& side) {
      return side.is_vector() && !side.is_tuple() && !is_rows_already(side);
    };
    if (is_column(args[0]) && is_column(args[1])) {
      const Value columns = Vector::tuple({args[0]}), others = Vector::tuple({args[1]});
      const auto one = rows_of_side(columns), other = rows_of_side(others);
      if (one.size() != other.size()) refuse_lengths(name, one.size(), other.size());
      std::vector<Value> results;
      for (size_t r = 0; r < one.size(); ++r) results.push_back(call(plain, context, {one[r], other[r]}));
      return vector_of(std::move(results));
    }
    const auto [x, y] = over_same_labels(context, args[0], args[1]);
    const auto left = rows_of_side(x), right = rows_of_side(y);
    const size_t count = std::max(left.size(), right.size());
    if ((left.size() != count && left.size() != 1) || (right.size() != count && right.size() != 1))
      refuse_lengths(name, left.size(), right.size());
    std::vector<Value> results;
    for (size_t r = 0; r < count; ++r)
      results.push_back(call(plain, context, {left[left.size() == 1 ? 0 : r], right[right.size() == 1 ? 0 : r]}));
    return vector_of(std::move(results));
  };
}

/// The rows of a matrix, table, array vector or tuple of columns, one by one.
std::vector<Value> rows_one_by_one(std::string_view name, const Value& x) {
  if (is_rows_already(x)) return rows_already(x);
  std::vector<Value> rows;
  const Matrix m = flipped(as_matrix(name, {&x, 1}));
  for (size_t r = 0; r < m.columns; ++r) rows.emplace_back(m.column(r));
  return rows;
}

/// The positions of true, or the elements at several positions, of each row: an array vector, of a columnar tuple one
/// again.
Value at_several(const Value& x, const Value* places) {
  const auto rows = rows_one_by_one("rowAt", x);
  const auto chosen = places != nullptr ? rows_one_by_one("rowAt", *places) : rows;
  if (chosen.size() != rows.size()) refuse_lengths("rowAt", rows.size(), chosen.size());
  std::optional<Vector> flat;
  Buffer<int64_t> ends;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto& row = rows[r].vector();
    const auto picks = as_longs("rowAt", chosen[r].vector_shared());
    const bool flags = chosen[r].vector().type() == Type::kBool;
    Buffer<int64_t> at;
    for (size_t i = 0; i < picks->size(); ++i) {
      const auto pick = picks->values<int64_t>()[i];
      if (!flags) at.push_back(pick < 0 || pick >= static_cast<int64_t>(row.size()) ? INT64_MAX : pick);
      if (flags && pick == 1) at.push_back(static_cast<int64_t>(i));
    }
    const Vector part =
        places != nullptr ? row.take(at)
                          : *converted("rowAt", Shared<Vector>(Vector::adopt(Type::kLong, std::move(at))), Type::kInt);
    if (!flat) flat = Vector(part.type(), 0, part.scale());
    flat->append(part);
    ends.push_back(static_cast<int64_t>(flat->size()));
  }
  if (!flat) return Vector(Type::kInt);
  Vector result = Vector::array(std::move(*flat), std::move(ends));
  if (!data::is_columnar(x)) return result;
  std::vector<Value> parts;
  for (size_t r = 0; r < result.size(); ++r) parts.push_back(result.at(r));
  return data::marked_columnar(Vector::tuple(std::move(parts)), true);
}

/// The element of each row at that row's position.
Value at_each(CallContext&, std::span<Value> args) {
  if (args.size() < 2 || args[1].is_missing()) return at_several(args[0], nullptr);
  if (!args[1].is_scalar() && (args[1].is_matrix() || is_rows_already(args[1]))) return at_several(args[0], &args[1]);
  const auto positions = as_longs("rowAt", elements_for("rowAt", args[1]));
  std::vector<Value> results;
  const bool arrays = is_rows_already(args[0]);
  const Matrix m = arrays ? Matrix{} : flipped(as_matrix("rowAt", args.subspan(0, 1)));
  const size_t rows = arrays ? args[0].vector().size() : m.columns;
  if (positions->size() != rows) refuse_lengths("rowAt", rows, positions->size());
  for (size_t r = 0; r < rows; ++r) {
    const auto at = positions->values<int64_t>()[r];
    const Vector row = arrays ? *data::row_vector(args[0].vector(), r) : m.column(r);
    results.push_back(at < 0 || at >= static_cast<int64_t>(row.size()) ? Value(Scalar::null_of(row.type(), row.scale()))
                                                                       : row.at(static_cast<size_t>(at)));
  }
  return vector_of(std::move(results));
}

Value row_numbers(CallContext&, std::span<Value> args) {
  const size_t rows = args[0].is_matrix() ? args[0].matrix().rows : data::size_of(args[0]);
  Vector result(Type::kInt, rows);
  for (size_t i = 0; i < rows; ++i) result.edit<int32_t>()[i] = static_cast<int32_t>(i);
  return result;
}

struct RowFunction {
  std::string_view name;
  std::string_view plain;
};
constexpr RowFunction kReduced[] = {
    {"rowSum", "sum"},
    {"rowSum2", "sum2"},
    {"rowAvg", "avg"},
    {"rowMax", "max"},
    {"rowMin", "min"},
    {"rowCount", "count"},
    {"rowStd", "std"},
    {"rowStdp", "stdp"},
    {"rowVar", "var"},
    {"rowVarp", "varp"},
    {"rowProd", "prod"},
    {"rowSize", "size"},
    {"rowImax", "imax"},
    {"rowImin", "imin"},
    {"rowSkew", "skew"},
    {"rowKurtosis", "kurtosis"},
    {"rowMed", "med"},
    {"rowAnd", "all"},
    {"rowOr", "any"},
    {"rowFirst", "first"},
    {"rowLast", "last"},
    {"rowMode", "mode"},
    {"rowFirstNot", "firstNot"},
    {"rowLastNot", "lastNot"},
    {"rowImaxLast", "imaxLast"},
    {"rowIminLast", "iminLast"},
};
struct MappedFunction {
  std::string_view name;
  std::string_view plain;
  std::string_view parameters;  // the plain one's
};
constexpr MappedFunction kMapped[] = {
    {"rowRank", "rank",
     "X, [ascending=true], [groupNum], [ignoreNA=true], [tiesMethod='min'], [percent=false], [precision]"},
    {"rowDenseRank", "denseRank", "X, [ascending=true], [ignoreNA=true], [percent=false]"},
    {"rowCumsum", "cumsum", "X"},
    {"rowCumprod", "cumprod", "X"},
    {"rowCummax", "cummax", "X"},
    {"rowCummin", "cummin", "X"},
    {"rowPrev", "prev", "X"},
    {"rowNext", "next", "X"},
    {"rowMove", "move", "X, steps"},
    {"rowFfill", "ffill", "X, [limit]"},
    {"rowBfill", "bfill", "X, [limit]"},
    {"rowZscore", "zscore", "X"},
    {"rowDeltas", "deltas", "X, [n=1]"},
    {"rowRatios", "ratios", "X, [n=1]"},
};
constexpr RowFunction kPaired[] = {
    {"rowWavg", "wavg"},     {"rowWsum", "wsum"},           {"rowCorr", "corr"},
    {"rowCovar", "covar"},   {"rowBeta", "beta"},           {"rowDot", "wsum"},
    {"rowCovarp", "covarp"}, {"rowEuclidean", "euclidean"}, {"rowTanimoto", "tanimoto"},
};

}  // namespace

void register_rows(Registry& registry) {
  const auto plain = [&](std::string_view name) { return registry.find(name); };
  for (const auto& [name, base] : kReduced) {
    declare(registry, kFamily, Nature::kElementwise,
            {name,
             "X, [args...]",
             reduced_by_row(name, plain(base)),
             "The plain function of each row; several vectors are columns.",
             {},
             {},
             "As the plain function."});
  }
  for (const auto& [name, base, parameters] : kMapped) {
    declare(registry, kFamily, Nature::kElementwise,
            {name,
             parameters,
             mapped_by_row(name, plain(base)),
             "The plain function along each row.",
             {},
             {},
             "As the plain function."});
  }
  for (const auto& [name, base] : kPaired) {
    declare(registry, kFamily, Nature::kElementwise,
            {name,
             "X, Y",
             paired_by_row(name, plain(base)),
             "The plain function of each row of X and of Y.",
             {},
             {},
             "As the plain function."});
  }
  declare(registry, kFamily, Nature::kElementwise,
          {"rowAt", "X, [Y]", at_each, "The element of each row at a position of its own.",
           "rowAt(matrix(1 2, 3 4), 1 0)", "[3,2]", "Out of range: null."});
  declare(registry, kFamily, Nature::kVector,
          {"rowNo", "X", row_numbers, "The number of each row, from 0.", "rowNo(7 7 7)", "[0,1,2]"});
}

}  // namespace pelorus::functions
