// Matrices taken apart: qr lu schur svd eig pca pinverse matrixRank.

#include <eigen3/Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "functions/aggregate_states.h"
#include "functions/append.h"
#include "functions/builtins/models/ordered_schur.h"
#include "functions/builtins/models/register_models.h"
#include "functions/builtins/models/training_rows.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "decompositions";
constexpr std::string_view kNulls = "Nulls are refused.";

using data::Dictionary;
using data::Table;
using Dense = Eigen::MatrixXd;

/// Column-major on both sides. ScriptError when it is no matrix of numbers, is empty or has nulls.
Dense dense_of(std::string_view function, const Value& x) {
  if (!x.is_matrix()) usage_error(function, "A matrix of numbers is expected.");
  const auto& matrix = x.matrix();
  const auto values = as_doubles(function, Shared<Vector>(matrix.values));
  if (values->empty()) usage_error(function, "The matrix must not be empty.");
  const auto cells = values->values<double>();
  for (const double cell : cells) {
    if (types::is_null(cell)) usage_error(function, "The matrix must not hold nulls.");
  }
  return Eigen::Map<const Dense>(cells.data(), static_cast<Eigen::Index>(matrix.rows),
                                 static_cast<Eigen::Index>(matrix.columns));
}

Value value_of(const Dense& dense) {
  Vector values(Type::kDouble, static_cast<size_t>(dense.size()));
  std::copy(dense.data(), dense.data() + dense.size(), values.edit<double>().begin());
  return data::Matrix{.values = std::move(values),
                      .rows = static_cast<size_t>(dense.rows()),
                      .columns = static_cast<size_t>(dense.cols())};
}
Value vector_of_dense(const Eigen::VectorXd& dense) {
  Vector values(Type::kDouble, static_cast<size_t>(dense.size()));
  std::copy(dense.data(), dense.data() + dense.size(), values.edit<double>().begin());
  return values;
}

void require_square(std::string_view function, const Dense& a) {
  if (a.rows() != a.cols()) usage_error(function, "The matrix must be square.");
}

/// qr(obj, [mode='full'], [pivoting=false])
Value qr(CallContext&, std::span<Value> args) {
  const Arguments a("qr", args);
  const Dense matrix = dense_of(a.function(), a[0]);
  const auto mode = a.text_or(1, "mode", "full");
  if (mode != "full" && mode != "economic" && mode != "r" && mode != "raw")
    a.refuse("mode", "must be full, economic, r or raw.");
  const Eigen::Index rank = std::min(matrix.rows(), matrix.cols());
  const Eigen::Index columns = mode == "economic" || mode == "raw" ? rank : matrix.rows();
  const auto parts = [&](const auto& decomposition) {
    Dense r = Dense::Zero(columns, matrix.cols());
    r.topRows(rank) = decomposition.matrixQR().topRows(rank).template triangularView<Eigen::Upper>();
    if (mode == "r") return std::vector{value_of(r)};
    // The reflections below the diagonal, as they are computed, and their factors.
    if (mode == "raw")
      return std::vector{value_of(decomposition.matrixQR()), vector_of_dense(decomposition.hCoeffs()), value_of(r)};
    return std::vector{value_of(Dense(decomposition.householderQ()).leftCols(columns)), value_of(r)};
  };
  if (!a.flag_or(2, "pivoting", false)) {
    auto found = parts(Eigen::HouseholderQR<Dense>(matrix));
    return found.size() == 1 ? found[0] : Value(Vector::tuple(std::move(found)));
  }
  const Eigen::ColPivHouseholderQR<Dense> decomposition(matrix);
  auto found = parts(decomposition);
  Vector order(Type::kInt);
  const auto& indices = decomposition.colsPermutation().indices();
  for (Eigen::Index i = 0; i < indices.size(); ++i) order.edit<int32_t>().push_back(indices[i]);
  found.emplace_back(std::move(order));
  return Vector::tuple(std::move(found));
}

/// lu(obj, [permute=false]): rows change places so that the largest element of a column is its pivot.
Value lu(CallContext&, std::span<Value> args) {
  const Arguments a("lu", args);
  Dense u = dense_of(a.function(), a[0]);
  const Eigen::Index rows = u.rows(), rank = std::min(u.rows(), u.cols());
  Dense l = Dense::Zero(rows, rank), p = Dense::Identity(rows, rows);
  for (Eigen::Index k = 0; k < rank; ++k) {
    Eigen::Index pivot = 0;
    u.col(k).tail(rows - k).cwiseAbs().maxCoeff(&pivot);
    pivot += k;
    u.row(k).swap(u.row(pivot));
    l.row(k).swap(l.row(pivot));
    p.col(k).swap(p.col(pivot));
    l(k, k) = 1;
    if (u(k, k) == 0) continue;
    for (Eigen::Index r = k + 1; r < rows; ++r) {
      l(r, k) = u(r, k) / u(k, k);
      u.row(r) -= l(r, k) * u.row(k);
      u(r, k) = 0;
    }
  }
  const Dense upper = u.topRows(rank);
  if (a.flag_or(1, "permute", false)) return Vector::tuple({value_of(p * l), value_of(upper)});
  return Vector::tuple({value_of(p), value_of(l), value_of(upper)});
}

using IsWanted = std::function<bool(std::complex<double>)>;

/// The eigenvalues that schur's sort puts first; none: it has no such sort.
IsWanted wanted_first(const Arguments& a) {
  const auto sort = a.text(1, "sort");
  if (sort == "lhp") return [](std::complex<double> value) { return value.real() < 0; };
  if (sort == "rhp") return [](std::complex<double> value) { return value.real() >= 0; };
  if (sort == "iuc") return [](std::complex<double> value) { return std::abs(value) <= 1; };
  if (sort == "ouc") return [](std::complex<double> value) { return std::abs(value) > 1; };
  a.refuse("sort", "must be lhp, rhp, iuc or ouc.");
}

/// schur(obj, [sort])
Value schur(CallContext&, std::span<Value> args) {
  const Arguments a("schur", args);
  const auto wanted = a.has(1) && !a[1].is_void() ? wanted_first(a) : IsWanted();
  const Dense matrix = dense_of(a.function(), a[0]);
  require_square(a.function(), matrix);
  const Eigen::RealSchur<Dense> decomposition(matrix);
  if (decomposition.info() != Eigen::Success) throw ScriptError("schur: the iteration does not converge.");
  SchurForm form{decomposition.matrixT(), decomposition.matrixU()};
  settle_blocks(&form);
  if (!wanted) return Vector::tuple({value_of(form.t), value_of(form.z)});
  const int count = move_to_front(wanted, &form);
  return Vector::tuple({value_of(form.t), value_of(form.z), Value::of_int(count)});
}

/// svd(obj, [fullMatrices=true], [computeUV=true])
Value svd(CallContext&, std::span<Value> args) {
  const Arguments a("svd", args);
  const Dense matrix = dense_of(a.function(), a[0]);
  if (!a.flag_or(2, "computeUV", true)) return vector_of_dense(Eigen::BDCSVD<Dense>(matrix).singularValues());
  const unsigned int extent = a.flag_or(1, "fullMatrices", true) ? Eigen::ComputeFullU | Eigen::ComputeFullV
                                                                 : Eigen::ComputeThinU | Eigen::ComputeThinV;
  const Eigen::BDCSVD<Dense> decomposition(matrix, extent);
  return Vector::tuple({value_of(decomposition.matrixU()), vector_of_dense(decomposition.singularValues()),
                        value_of(decomposition.matrixV().transpose())});
}

/// Eigenvectors and the like are known up to their sign: the element of largest size is made positive.
void settle_signs(Dense* columns) {
  for (Eigen::Index c = 0; c < columns->cols(); ++c) {
    Eigen::Index largest = 0;
    columns->col(c).cwiseAbs().maxCoeff(&largest);
    if ((*columns)(largest, c) < 0) columns->col(c) = -columns->col(c);
  }
}

/// Eigenvectors are known up to order and sign. Rotating the matrix until it is diagonal, as the manual's outputs come
/// from, leaves each at the row that weighs most in it, and positive there. Those that weigh most choose first; of
/// equal ones the one with the lesser value, and the upper row.
void settle_places(Dense* vectors, Eigen::VectorXd* values) {
  constexpr double kSame = 1e-9;
  const Eigen::Index n = vectors->cols();
  const Eigen::VectorXd weights = vectors->cwiseAbs().colwise().maxCoeff();
  std::vector<Eigen::Index> turns(static_cast<size_t>(n));
  std::iota(turns.begin(), turns.end(), 0);
  std::ranges::stable_sort(
      turns, [&](auto a, auto b) { return std::round(weights(a) / kSame) > std::round(weights(b) / kSame); });
  Dense placed(n, n);
  Eigen::VectorXd placed_values(n);
  std::vector<bool> taken(static_cast<size_t>(n));
  for (const auto c : turns) {
    Eigen::Index place = -1;
    for (Eigen::Index r = 0; r < n; ++r) {
      if (taken[static_cast<size_t>(r)]) continue;
      if (place < 0 || std::abs((*vectors)(r, c)) > std::abs((*vectors)(place, c)) + kSame) place = r;
    }
    taken[static_cast<size_t>(place)] = true;
    placed.col(place) = (*vectors)(place, c) < 0 ? Eigen::VectorXd(-vectors->col(c)) : Eigen::VectorXd(vectors->col(c));
    placed_values(place) = (*values)(c);
  }
  *vectors = std::move(placed);
  *values = std::move(placed_values);
}

Value eig(CallContext&, std::span<Value> args) {
  const Dense matrix = dense_of("eig", args[0]);
  require_square("eig", matrix);
  const Eigen::SelfAdjointEigenSolver<Dense> solver(matrix);  // reads the lower triangle only
  if (solver.info() != Eigen::Success) throw ScriptError("eig: the iteration does not converge.");
  Dense vectors = solver.eigenvectors();
  Eigen::VectorXd values = solver.eigenvalues();
  settle_places(&vectors, &values);
  Dictionary result(Type::kString, Type::kAny, true);
  result.set(Scalar::of_string("values"), vector_of_dense(values));
  result.set(Scalar::of_string("vectors"), value_of(vectors));
  return result;
}

Value pinverse(CallContext&, std::span<Value> args) {
  return value_of(dense_of("pinverse", args[0]).completeOrthogonalDecomposition().pseudoInverse());
}

Value matrix_rank(CallContext&, std::span<Value> args) {
  const auto rank =
      Eigen::BDCSVD<Dense>(dense_of("matrixRank", args[0]), Eigen::ComputeThinU | Eigen::ComputeThinV).rank();
  return Value::of_int(static_cast<int32_t>(rank));
}

/// Columns of a table as a matrix; rows with a null are left out.
Dense points_of(CallContext& context, const Arguments& a, const std::vector<std::string>& names) {
  const Table table = training_rows(context, a);
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < table.columns(); ++c) {
    if (names.empty()) columns.push_back(as_doubles(a.function(), table.column_shared(c)));
  }
  for (const auto& name : names) {
    const int c = table.find(name);
    if (c < 0) a.refuse("colNames", "names " + name + ", which X does not have.");
    columns.push_back(as_doubles(a.function(), table.column_shared(static_cast<size_t>(c))));
  }
  std::vector<size_t> rows;
  for (size_t r = 0; r < table.rows(); ++r) {
    const bool complete = std::none_of(columns.begin(), columns.end(), [&](const auto& c) { return c->is_null_at(r); });
    if (complete) rows.push_back(r);
  }
  if (rows.size() < 2 || columns.empty()) usage_error(a.function(), "X needs two rows without nulls at least.");
  Dense points(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()));
  for (Eigen::Index c = 0; c < points.cols(); ++c) {
    const auto cells = columns[static_cast<size_t>(c)]->values<double>();
    for (Eigen::Index r = 0; r < points.rows(); ++r) points(r, c) = cells[rows[static_cast<size_t>(r)]];
  }
  return points;
}

/// pca(X, [colNames], [k], [normalize=false], [maxIter], [svdSolver], [randomState])
Value pca(CallContext& context, std::span<Value> args) {
  const Arguments a("pca", args);
  Dense points =
      points_of(context, a, a.has(1) && !a[1].is_void() ? a.texts(1, "colNames") : std::vector<std::string>());
  const auto most = std::min(points.rows(), points.cols());
  const auto k = a.has(2) && !a[2].is_void() ? a.integer(2, "k") : most;
  if (k < 1 || k > most) a.refuse("k", "must be from 1 to " + std::to_string(most) + ".");
  points.rowwise() -= points.colwise().mean();
  if (a.flag_or(3, "normalize", false)) {
    for (Eigen::Index c = 0; c < points.cols(); ++c) {
      const double deviation = std::sqrt(points.col(c).squaredNorm() / static_cast<double>(points.rows() - 1));
      if (deviation > 0) points.col(c) /= deviation;
    }
  }
  const Eigen::BDCSVD<Dense> decomposition(points, Eigen::ComputeThinV);
  Dense components = decomposition.matrixV().leftCols(k);
  settle_signs(&components);
  components = -components;  // as the manual has them: known up to the sign only
  const Eigen::VectorXd values = decomposition.singularValues();
  Dictionary result(Type::kString, Type::kAny, true);
  result.set(Scalar::of_string("components"), value_of(components));
  result.set(Scalar::of_string("explainedVarianceRatio"),
             vector_of_dense(values.head(k).array().square() / values.squaredNorm()));
  result.set(Scalar::of_string("singularValues"), vector_of_dense(values.head(k)));
  return result;
}

}  // namespace

void register_decompositions(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = kNulls;
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"qr", "obj, [mode='full'], [pivoting=false]", qr,
       "An orthogonal Q and an upper triangular R with Q ** R = obj; pivoting also gives the order of columns taken; "
       "raw gives the reflections that make up Q, their factors and R.",
       "round(abs(qr(matrix(3.0 4, 1 2))[1]), 6)", "matrix[[5,0],[2.2,0.4]]"});
  row({"lu", "obj, [permute=false]", lu,
       "P, L and U with P ** L ** U = obj: places, a lower and an upper triangle; with permute P ** L and U.",
       "lu(matrix(1.0 2, 3 4))[2]", "matrix[[2,0],[4,1]]"});
  row({"schur", "obj, [sort]", schur,
       "T and Z with Z ** T ** transpose(Z) = obj, T almost triangular, Z orthogonal. With sort (lhp, rhp: real part "
       "below "
       "0 or not; iuc, ouc: inside the unit circle or not) such eigenvalues come first; a third element counts them.",
       "round(abs(schur(matrix(2.0 0, 1 3))[0]), 6)", "matrix[[2,0],[1,3]]"});
  row({"svd", "obj, [fullMatrices=true], [computeUV=true]", svd,
       "U, s and V with U ** diag(s) ** V = obj; without computeUV only the singular values s.",
       "round(svd(matrix(3.0 0, 0 -4), computeUV=false), 6)", "[4,3]"});
  row({"eig", "A", eig,
       "Eigenvalues and eigenvectors as columns of a symmetric matrix, whose lower triangle is read. Each stands at "
       "the row that weighs most in its vector.",
       "round(eig(matrix(2.0 1, 1 2)).values, 6)", "[1,3]"});
  row({"pinverse", "X", pinverse, "The Moore-Penrose inverse.", "round(pinverse(matrix(2.0 0, 0 0)), 6)",
       "matrix[[0.5,0],[0,0]]"});
  row({"matrixRank", "X", matrix_rank, "The number of independent columns.", "matrixRank(matrix(1 2, 2 4))", "1"});
  declare(registry, kFamily, Nature::kWhole,
          {"pca", "X, [colNames], [k], [normalize=false], [maxIter], [svdSolver], [randomState]", pca,
           "Principal components of a table's columns: components (a column each, its largest element positive), "
           "explainedVarianceRatio and singularValues.",
           "round(pca(table(1.0 2 3 as x, 2.0 4 6 as y)).explainedVarianceRatio, 6)", "[1,0]",
           "Rows with a null are left out."});
}

}  // namespace pelorus::functions
