#pragma once
// Singular value decomposition whose signs are those that LAPACK's way of computing gives.

#include <eigen3/Eigen/Dense>

namespace pelorus::functions {

/// left ** diag(values) ** transpose(right); values descend.
struct SingularValues {
  Eigen::MatrixXd left, right;
  Eigen::VectorXd values;
};

/// `full`: square left and right; otherwise as many columns as there are values. No nulls, not empty.
SingularValues singular_values(const Eigen::MatrixXd& matrix, bool full);

}  // namespace pelorus::functions
