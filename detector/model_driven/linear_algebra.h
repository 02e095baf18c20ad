// Singular values of dense matrices and functions of them, by OpenBLAS and LAPACK on one thread each: parallel work is
// the caller's (core/parallel.h), so that results do not depend on the number of threads. Matrices are column-major.
#pragma once

#include <complex>
#include <functional>
#include <vector>

namespace mirst {

/// While it lives, BLAS calls of this thread run on this thread alone. Every task that calls a function below holds
/// one.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  int threads_before_;
};

/// Meets the singular values, largest first, and replaces them by those wanted (>= 0).
using SingularValueRule = std::function<void(std::vector<double>& values)>;

/// U f(S) V' for a = U S V', a of `rows` x `columns`, in place.
///
/// ShrinkLeading works on the Gram matrix of the smaller side and rebuilds from the leading components alone: the rule
/// must give zero to all values behind the last that it keeps. A value s is known to about eps s_1^2 / s, which is
/// enough where what is kept lies above 1e-5 of the largest, and several times faster than a full decomposition.
void ShrinkLeading(double* a, int rows, int columns, const SingularValueRule& rule);
void ShrinkLeading(std::complex<double>* a, int rows, int columns, const SingularValueRule& rule);
/// Full decomposition: each value is known to eps s_1.
void ShrinkAll(double* a, int rows, int columns, const SingularValueRule& rule);
void ShrinkAll(std::complex<double>* a, int rows, int columns, const SingularValueRule& rule);

/// Largest first, each to eps s_1; `a` is destroyed.
std::vector<double> SingularValues(double* a, int rows, int columns);
std::vector<double> SingularValues(std::complex<double>* a, int rows, int columns);

/// By the Gram matrix of the smaller side, largest first.
std::vector<double> SingularValuesByGram(const double* a, int rows, int columns);

}  // namespace mirst
