// Matrices: transpose reshape dot diag solve inverse det rename! concatMatrix panel …

#include <algorithm>
#include <cmath>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/lift.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "matrices";

using data::Buffer;
using data::Dictionary;
using data::Matrix;
using data::Table;
using types::kNull;

/// A matrix of doubles, column-major; a vector counts as one column.
struct Numbers {
  size_t rows = 0, columns = 0;
  std::vector<double> cells;

  double& at(size_t r, size_t c) { return cells[c * rows + r]; }
  double at(size_t r, size_t c) const { return cells[c * rows + r]; }
};

Numbers numbers_of(std::string_view name, const Value& x) {
  const auto elements = elements_of(x);
  if (!elements || (!x.is_matrix() && !x.is_vector() && !x.is_scalar()))
    usage_error(name, "A matrix or a vector is expected.");
  const auto values = as_doubles(name, *elements);
  Numbers m;
  m.rows = x.is_matrix() ? x.matrix().rows : values->size();
  m.columns = x.is_matrix() ? x.matrix().columns : 1;
  m.cells.assign(values->values<double>().begin(), values->values<double>().end());
  return m;
}

Matrix matrix_of(const Numbers& m) {
  Vector values(Type::kDouble, m.cells.size());
  std::copy(m.cells.begin(), m.cells.end(), values.edit<double>().begin());
  return {.values = std::move(values), .rows = m.rows, .columns = m.columns};
}

Value transpose(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_matrix()) {
    const auto& m = x.matrix();
    Buffer<int64_t> cells(m.values.size());
    for (size_t r = 0; r < m.rows; ++r) {
      for (size_t c = 0; c < m.columns; ++c) cells[r * m.columns + c] = static_cast<int64_t>(c * m.rows + r);
    }
    Matrix result{.values = m.values.take(cells), .rows = m.columns, .columns = m.rows};
    result.row_labels = m.column_labels;
    result.column_labels = m.row_labels;
    return result;
  }
  if (x.is_dictionary()) {
    const auto& d = x.dictionary();
    std::vector<std::string> names;
    std::vector<Value> columns;
    for (size_t i = 0; i < d.size(); ++i) {
      names.push_back(cast_text(d.keys().scalar_at(i)));
      columns.push_back(d.values().at(i));
    }
    return assemble_table(std::move(names), columns);
  }
  if (x.is_table()) {
    const auto table = table_argument("transpose", x);
    std::vector<Value> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
    return Dictionary(Vector::of_strings(Type::kString, table.names()), Vector::tuple(std::move(columns)), true);
  }
  if (x.is_vector() && (x.vector().is_array() || x.is_tuple())) {
    // Rows of one length become columns of each position.
    const auto& rows = x.vector();
    if (rows.empty()) return x;
    const size_t width = data::size_of(rows.at(0));
    std::vector<Value> columns;
    for (size_t c = 0; c < width; ++c) {
      std::vector<Value> cells;
      for (size_t r = 0; r < rows.size(); ++r) {
        const auto row = elements_of(rows.at(r));
        if (!row || (*row)->size() != width) usage_error("transpose", "The rows must be of one length.");
        cells.push_back((*row)->at(c));
      }
      columns.emplace_back(vector_of(std::move(cells)));
    }
    return Vector::tuple(std::move(columns));
  }
  if (x.is_vector()) return Matrix{.values = x.vector(), .rows = 1, .columns = x.vector().size()};
  usage_error("transpose", "X must be a matrix, table, dictionary or tuple.");
}

Value reshape(CallContext&, std::span<Value> args) {
  const auto elements = elements_of(args[0]);
  if (!elements) usage_error("reshape", "X must be a vector or a matrix.");
  if (args.size() < 2 || args[1].is_missing()) return *elements;
  if (!args[1].is_pair()) usage_error("reshape", "dim must be rows:columns.");
  const auto both = as_longs("reshape", Shared<Vector>(args[1].pair().elements));
  const auto shape = both->values<int64_t>();
  const auto size = static_cast<int64_t>((*elements)->size());
  const int64_t rows = shape[0] == kNull<int64_t> ? size / std::max<int64_t>(shape[1], 1) : shape[0];
  const int64_t columns = shape[1] == kNull<int64_t> ? size / std::max<int64_t>(rows, 1) : shape[1];
  if (rows < 0 || columns < 0) usage_error("reshape", "dim must not be negative.");
  return reshape_to("reshape", args[0], static_cast<size_t>(rows), static_cast<size_t>(columns));
}

/// Matrix product; of two vectors the inner product.
Value dot(CallContext&, std::span<Value> args) {
  const bool whole = [&] {
    for (const auto& side : args) {
      if (!types::is_integral(side.type()) && side.type() != Type::kBool) return false;
    }
    return true;
  }();
  const Type type = whole ? Type::kLong : Type::kDouble;
  if (!args[0].is_matrix() && !args[1].is_matrix()) {
    if (args[0].is_scalar() != args[1].is_scalar()) return multiply(args[0], args[1]);
    const Value products = multiply(cast_to("dot", args[0], {type}), cast_to("dot", args[1], {type}));
    if (products.is_scalar()) return products;
    double sum = 0;
    int64_t total = 0;
    for (size_t i = 0; i < products.vector().size(); ++i) {
      const auto cell = products.vector().scalar_at(i);
      if (cell.is_null()) continue;
      if (whole)
        total += cell.as_int64();
      else
        sum += cell.as_double();
    }
    return whole ? Value::of_long(total) : Value::of_double(sum);
  }
  Numbers a = numbers_of("dot", args[0]);
  Numbers b = numbers_of("dot", args[1]);
  if (!args[0].is_matrix()) std::swap(a.rows, a.columns);
  if (a.columns != b.rows) refuse_lengths("dot", a.columns, b.rows);
  Numbers product{a.rows, b.columns, std::vector<double>(a.rows * b.columns)};
  for (size_t c = 0; c < b.columns; ++c) {
    for (size_t k = 0; k < a.columns; ++k) {
      const double factor = b.at(k, c);
      for (size_t r = 0; r < a.rows; ++r) product.at(r, c) += a.at(r, k) * factor;
    }
  }
  return cast_to("dot", matrix_of(product), {type});
}

Value diagonal(CallContext&, std::span<Value> args) {
  if (args[0].is_matrix()) {
    const auto& m = args[0].matrix();
    Buffer<int64_t> cells;
    for (size_t i = 0; i < std::min(m.rows, m.columns); ++i) cells.push_back(static_cast<int64_t>(i * m.rows + i));
    return m.values.take(cells);
  }
  const auto x = Arguments("diag", args).vector(0, "X");
  const size_t n = x->size();
  constexpr size_t kSideMax = 1 << 14;
  if (n > kSideMax) usage_error("diag", "The vector is too long.");
  Vector values =
      *converted("diag", Shared<Vector>(Vector::adopt(Type::kInt, Buffer<int32_t>(n * n, 0))), x->type(), x->scale());
  for (size_t i = 0; i < n; ++i) values.set(i * n + i, x->at(i));
  return Matrix{.values = std::move(values), .rows = n, .columns = n};
}

Value identity(CallContext&, std::span<Value> args) {
  const auto n = Arguments("eye", args).integer(0, "n");
  if (n < 0 || n > (1 << 14)) usage_error("eye", "n must be between 0 and 16384.");
  Numbers m{static_cast<size_t>(n), static_cast<size_t>(n), std::vector<double>(static_cast<size_t>(n * n))};
  for (size_t i = 0; i < m.rows; ++i) m.at(i, i) = 1;
  return matrix_of(m);
}

/// Solves a * x = b in place by elimination with row pivots; false when a is singular. `determinant` gets a's.
bool eliminate(Numbers& a, Numbers& b, double* determinant) {
  *determinant = 1;
  for (size_t k = 0; k < a.rows; ++k) {
    size_t pivot = k;
    for (size_t r = k + 1; r < a.rows; ++r) {
      if (std::fabs(a.at(r, k)) > std::fabs(a.at(pivot, k))) pivot = r;
    }
    if (a.at(pivot, k) == 0) {
      *determinant = 0;
      return false;
    }
    if (pivot != k) {
      *determinant = -*determinant;
      for (size_t c = 0; c < a.columns; ++c) std::swap(a.at(k, c), a.at(pivot, c));
      for (size_t c = 0; c < b.columns; ++c) std::swap(b.at(k, c), b.at(pivot, c));
    }
    *determinant *= a.at(k, k);
    for (size_t r = 0; r < a.rows; ++r) {
      const double factor = a.at(r, k) / a.at(k, k);
      if (r == k || factor == 0) continue;
      for (size_t c = k; c < a.columns; ++c) a.at(r, c) -= factor * a.at(k, c);
      for (size_t c = 0; c < b.columns; ++c) b.at(r, c) -= factor * b.at(k, c);
    }
  }
  for (size_t r = 0; r < a.rows; ++r) {
    for (size_t c = 0; c < b.columns; ++c) b.at(r, c) /= a.at(r, r);
  }
  return true;
}

Numbers square_matrix(std::string_view name, const Value& x) {
  auto m = numbers_of(name, x);
  if (m.rows != m.columns) usage_error(name, "X must be a square matrix.");
  return m;
}

Value solve(CallContext&, std::span<Value> args) {
  auto a = square_matrix("solve", args[0]);
  auto b = numbers_of("solve", args[1]);
  if (a.rows != b.rows) refuse_lengths("solve", a.rows, b.rows);
  double determinant = 0;
  if (!eliminate(a, b, &determinant)) throw ScriptError("solve: the matrix is singular.");
  const auto result = matrix_of(b);
  return args[1].is_matrix() ? Value(result) : Value(result.values);
}

Value invert(CallContext&, std::span<Value> args) {
  auto a = square_matrix("inverse", args[0]);
  Numbers b{a.rows, a.rows, std::vector<double>(a.rows * a.rows)};
  for (size_t i = 0; i < a.rows; ++i) b.at(i, i) = 1;
  double determinant = 0;
  if (!eliminate(a, b, &determinant)) throw ScriptError("inverse: the matrix is singular.");
  return matrix_of(b);
}

Value determinant(CallContext&, std::span<Value> args) {
  auto a = square_matrix("det", args[0]);
  for (auto& cell : a.cells) cell = cell == types::kNull<double> ? 0 : cell;
  Numbers none{a.rows, 0, {}};
  double result = 0;
  eliminate(a, none, &result);
  return Value::of_double(result);
}

Value cholesky(CallContext&, std::span<Value> args) {
  const auto a = square_matrix("cholesky", args[0]);
  Numbers l{a.rows, a.rows, std::vector<double>(a.rows * a.rows)};
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a.at(i, j);
      for (size_t k = 0; k < j; ++k) sum -= l.at(i, k) * l.at(j, k);
      if (i == j && sum <= 0) throw ScriptError("cholesky: the matrix is not positive definite.");
      l.at(i, j) = i == j ? std::sqrt(sum) : sum / l.at(j, j);
    }
  }
  return matrix_of(l);
}

Value concatenate(CallContext&, std::span<Value> args) {
  Arguments a("concatMatrix", args);
  const bool side_by_side = a.flag_or(1, "horizontal", true);
  if (!args[0].is_tuple()) usage_error("concatMatrix", "X must be a tuple of matrices.");
  const auto parts = args[0].vector();
  Value result;
  for (const auto& part : parts.values_any()) {
    if (!part.is_matrix()) usage_error("concatMatrix", "X must be a tuple of matrices.");
    if (result.is_void()) {
      result = part;
    } else if (side_by_side) {
      result = join(result, part);
    } else {
      const auto& top = result.matrix();
      const auto& bottom = part.matrix();
      if (top.columns != bottom.columns) refuse_lengths("concatMatrix", top.columns, bottom.columns);
      Vector values(top.values.type(), 0, top.values.scale());
      for (size_t c = 0; c < top.columns; ++c) {
        values.append(top.column(c));
        values.append(*converted("concatMatrix", Shared<Vector>(bottom.column(c)), values.type(), values.scale()));
      }
      result = Matrix{.values = std::move(values),
                      .rows = top.rows + bottom.rows,
                      .columns = top.columns,
                      .column_labels = top.column_labels};
    }
  }
  return result;
}

Value repeat_matrix(CallContext&, std::span<Value> args) {
  Arguments a("repmat", args);
  const auto down = a.integer(1, "rowRep"), across = a.integer(2, "colRep");
  if (!args[0].is_matrix() || down < 1 || across < 1)
    usage_error("repmat", "X must be a matrix, the repetitions positive.");
  const auto& m = args[0].matrix();
  constexpr uint64_t kCellsMax = uint64_t{1} << 32;
  if (static_cast<uint64_t>(down) * static_cast<uint64_t>(across) * std::max<uint64_t>(m.values.size(), 1) > kCellsMax)
    usage_error("repmat", "The result would be too large.");
  Buffer<int64_t> cells;
  for (int64_t k = 0; k < across; ++k) {
    for (size_t c = 0; c < m.columns; ++c) {
      for (int64_t j = 0; j < down; ++j) {
        for (size_t r = 0; r < m.rows; ++r) cells.push_back(static_cast<int64_t>(c * m.rows + r));
      }
    }
  }
  return Matrix{.values = m.values.take(cells),
                .rows = m.rows * static_cast<size_t>(down),
                .columns = m.columns * static_cast<size_t>(across)};
}

// --- panel -------------------------------------------------------------------------------------------------------

/// Sorted distinct labels and each row's position among them.
struct Labels {
  Vector labels;
  std::vector<int64_t> position_of_row;
};
Labels labels_of(const Shared<Vector>& keys, const Value& given) {
  const auto source = given.is_missing() || given.is_void() ? keys : elements_for("panel", given);
  const auto distinct = source->take(distinct_of("panel", *source).firsts);
  Labels result{given.is_missing() || given.is_void() ? distinct.take(order_of("panel", distinct, true)) : distinct,
                {}};
  const auto found = Finder("panel", result.labels).find(keys);
  result.position_of_row.assign(found.begin(), found.end());
  return result;
}

Value panel(CallContext&, std::span<Value> args) {
  Arguments a("panel", args);
  const auto row_keys = a.vector(0, "row"), column_keys = a.vector(1, "col");
  if (row_keys->size() != column_keys->size()) refuse_lengths("panel", row_keys->size(), column_keys->size());
  const auto rows = labels_of(row_keys, a.has(3) ? args[3] : Value::missing());
  const auto columns = labels_of(column_keys, a.has(4) ? args[4] : Value::missing());
  const auto spread = [&](const Value& metric) -> Value {
    const auto values = elements_for("panel", metric);
    if (values->size() != row_keys->size()) refuse_lengths("panel", row_keys->size(), values->size());
    Buffer<int64_t> cells(rows.labels.size() * columns.labels.size(), INT64_MAX);
    for (size_t i = 0; i < values->size(); ++i) {
      if (rows.position_of_row[i] < 0 || columns.position_of_row[i] < 0) continue;
      cells[static_cast<size_t>(columns.position_of_row[i]) * rows.labels.size() +
            static_cast<size_t>(rows.position_of_row[i])] = static_cast<int64_t>(i);
    }
    Matrix m{.values = values->take(cells), .rows = rows.labels.size(), .columns = columns.labels.size()};
    m.row_labels = Shared<Vector>(rows.labels);
    m.column_labels = Shared<Vector>(columns.labels);
    return m;
  };
  if (!args[2].is_tuple()) return spread(args[2]);
  std::vector<Value> parts;
  for (const auto& metric : args[2].vector().values_any()) parts.push_back(spread(metric));
  return Vector::tuple(std::move(parts));
}

Value mark_indexed(std::string_view name, std::span<Value> args, bool series) {
  if (!args[0].is_matrix()) usage_error(name, "X must be a matrix.");
  auto& m = args[0].edit_matrix();
  const bool on = Arguments(name, args).flag_or(1, "on", true);
  if (on && (!m.row_labels || (!series && !m.column_labels))) usage_error(name, "X must have labels.");
  (series ? m.is_indexed_series : m.is_indexed_matrix) = on;
  return args[0];
}

Value indexed_series(CallContext&, std::span<Value> args) {
  Arguments a("indexedSeries", args);
  const auto labels = a.vector(0, "index"), values = a.vector(1, "value");
  if (labels->size() != values->size()) refuse_lengths("indexedSeries", labels->size(), values->size());
  Matrix m{.values = *values, .rows = values->size(), .columns = 1};
  m.row_labels = labels;
  m.is_indexed_series = true;
  return m;
}

}  // namespace

void register_matrices(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto change = [&](Declaration d) {
    d.changes_first = true;
    declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  row({"transpose", "X", transpose, "Rows become columns; a dictionary becomes a table and back.",
       "transpose(1..4$2:2)", "matrix[[1,3],[2,4]]"});
  registry.add_alias("flip", "transpose");
  row({"reshape", "X, [dim]", reshape, "The elements in another shape; without one as a vector.",
       "reshape(1..4$2:2, 4:1)", "matrix[[1,2,3,4]]"});
  row({"dot", "X, Y", dot, "The matrix product; of two vectors the inner product.", "dot(1 2 3, 4 5 7)", "35"});
  row({"diag", "X", diagonal, "A diagonal matrix, or a matrix's diagonal.", "diag(3 4)", "matrix[[3,0],[0,4]]"});
  row({"eye", "n", identity, "The identity matrix.", "eye(2)", "matrix[[1,0],[0,1]]"});
  row({"solve", "A, B", solve, "The X with A ** X = B.", "solve(matrix(2.0 0, 0 4), 2 8)", "[1,2]"});
  row({"inverse", "X", invert, "The inverse.", "inverse(matrix(2.0 0, 0 4))", "matrix[[0.5,0],[0,0.25]]"});
  registry.add_alias("inv", "inverse");
  row({"det", "X", determinant, "The determinant; nulls count as 0.", "det(matrix(2.0 0, 0 4))", "8"});
  row({"cholesky", "X", cholesky, "The lower triangular L with L ** transpose(L) = X.", "cholesky(matrix(4.0 0, 0 9))",
       "matrix[[2,0],[0,3]]"});
  row({"concatMatrix", "X, [horizontal=true]", concatenate, "Matrices side by side or on top of one another.",
       "concatMatrix([matrix(1 2), matrix(3 4)])", "matrix[[1,2],[3,4]]"});
  row({"repmat", "X, rowRep, colRep", repeat_matrix, "A matrix repeated down and across.", "repmat(matrix(1 2), 1, 2)",
       "matrix[[1,2],[1,2]]"});
  row({"panel", "row, col, metrics, [rowLabel], [colLabel]", panel,
       "Values by row key and column key as a labelled matrix.", "panel(1 1 2, `a`b`a, 5 6 7)",
       "matrix[[5,7],[6,null]]"});
  change({"setIndexedMatrix!", "X, [on=true]",
          [](CallContext&, std::span<Value> args) { return mark_indexed("setIndexedMatrix!", args, false); },
          "Makes arithmetic align by labels.",
          "m = matrix(1 2); m.rename!(1 2, [`a]); m.setIndexedMatrix!(); typestr(m)", "\"FAST INT MATRIX\""});
  change({"setIndexedSeries!", "X, [on=true]",
          [](CallContext&, std::span<Value> args) { return mark_indexed("setIndexedSeries!", args, true); },
          "Makes arithmetic align by row labels.",
          "m = matrix(1 2); m.rename!(1 2, [`a]); m.setIndexedSeries!(); m + indexedSeries(2 3, 10 20)",
          "matrix[[null,12,null]]"});
  row({"indexedSeries", "index, value", indexed_series, "A labelled series that aligns by label.",
       "indexedSeries(1 2, 5 6) + indexedSeries(2 3, 10 20)", "matrix[[null,16,null]]"});
}

}  // namespace pelorus::functions
