#pragma once
// Real Schur forms with their eigenvalues in a wished order.

#include <eigen3/Eigen/Dense>

#include <complex>
#include <functional>

namespace pelorus::functions {

/// T quasi-triangular, Z orthogonal, both square and of one size: Z T Zᵀ is some matrix, and stays it.
struct SchurForm {
  Eigen::MatrixXd t;
  Eigen::MatrixXd z;
};

/// Gives each block of two a diagonal of equal elements; blocks with real eigenvalues become triangular.
void settle_blocks(SchurForm* form);

/// Moves the eigenvalues that are wanted to the front, in their order. Pairs of conjugate ones go together. Returns how
/// many there are. Cost: O(n³). Call settle_blocks() before.
int move_to_front(const std::function<bool(std::complex<double>)>& is_wanted, SchurForm* form);

}  // namespace pelorus::functions
