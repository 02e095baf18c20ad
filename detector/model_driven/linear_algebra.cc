#include "detector/model_driven/linear_algebra.h"

// What LAPACKE's header shall take for complex numbers.
#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/error.h"

// Of GCC's OpenMP, which Debian's OpenBLAS is built with, whatever compiler builds this file.
extern "C" int omp_get_max_threads();
extern "C" void omp_set_num_threads(int);

namespace mirst {
namespace {

using Complex = std::complex<double>;

void Check(lapack_int info, const char* routine) {
  if (info != 0) throw InternalError(fmt::format("LAPACK's {} ended with {}", routine, info));
}

std::size_t Product(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

// One name for the real and the complex routine.
void Gram(const double* a, int rows, int columns, double* gram) {
  const bool left = rows <= columns;
  const int n = std::min(rows, columns);
  cblas_dsyrk(CblasColMajor, CblasLower, left ? CblasNoTrans : CblasTrans, n, left ? columns : rows, 1, a, rows, 0,
              gram, n);
}
void Gram(const Complex* a, int rows, int columns, Complex* gram) {
  const bool left = rows <= columns;
  const int n = std::min(rows, columns);
  cblas_zherk(CblasColMajor, CblasLower, left ? CblasNoTrans : CblasConjTrans, n, left ? columns : rows, 1, a, rows, 0,
              gram, n);
}
void Multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b,
              int ldb, double* c) {
  cblas_dgemm(CblasColMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, m);
}
void Multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const Complex* a, int lda, const Complex* b,
              int ldb, Complex* c) {
  const Complex one = 1, zero = 0;
  cblas_zgemm(CblasColMajor, ta, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, m);
}
void Tridiagonalise(int n, double* a, double* d, double* e, double* tau) {
  Check(LAPACKE_dsytrd(LAPACK_COL_MAJOR, 'L', n, a, n, d, e, tau), "dsytrd");
}
void Tridiagonalise(int n, Complex* a, double* d, double* e, Complex* tau) {
  Check(LAPACKE_zhetrd(LAPACK_COL_MAJOR, 'L', n, a, n, d, e, tau), "zhetrd");
}
void ApplyReflectors(int n, int count, const double* a, const double* tau, double* z) {
  Check(LAPACKE_dormtr(LAPACK_COL_MAJOR, 'L', 'L', 'N', n, count, a, n, tau, z, n), "dormtr");
}
void ApplyReflectors(int n, int count, const Complex* a, const Complex* tau, Complex* z) {
  Check(LAPACKE_zunmtr(LAPACK_COL_MAJOR, 'L', 'L', 'N', n, count, a, n, tau, z, n), "zunmtr");
}
void Decompose(char job, int m, int n, double* a, double* s, double* u, double* vt) {
  const int k = std::min(m, n);
  Check(LAPACKE_dgesdd(LAPACK_COL_MAJOR, job, m, n, a, m, s, u, m, vt, std::max(1, k)), "dgesdd");
}
void Decompose(char job, int m, int n, Complex* a, double* s, Complex* u, Complex* vt) {
  const int k = std::min(m, n);
  Check(LAPACKE_zgesdd(LAPACK_COL_MAJOR, job, m, n, a, m, s, u, m, vt, std::max(1, k)), "zgesdd");
}

// A Hermitian matrix: all eigenvalues first, then the eigenvectors that are asked for.
template <class Scalar>
class HermitianEigen {
 public:
  HermitianEigen(std::vector<Scalar> matrix, int n)
      : n_(n), matrix_(std::move(matrix)), d_(Size()), e_(Size()), tau_(Size()), values_(Size()) {
    Tridiagonalise(n, matrix_.data(), d_.data(), e_.data(), tau_.data());
    values_ = d_;
    std::vector<double> off = e_;
    Check(LAPACKE_dsterf(n, values_.data(), off.data()), "dsterf");
  }

  /// Square roots of the eigenvalues, largest first; rounding below zero counts as zero.
  std::vector<double> Roots() const {
    std::vector<double> roots(values_.rbegin(), values_.rend());
    for (double& root : roots) root = std::sqrt(std::max(root, 0.0));
    return roots;
  }
  /// Columns for the `count` largest eigenvalues, the largest first.
  std::vector<Scalar> Leading(int count) {
    std::vector<double> z(Product(n_, count)), w(Size());
    std::vector<lapack_int> support(2 * Size());
    lapack_int found = 0, try_rac = 1;
    Check(LAPACKE_dstemr(LAPACK_COL_MAJOR, 'V', 'I', n_, d_.data(), e_.data(), 0, 0, n_ - count + 1, n_, &found,
                         w.data(), z.data(), n_, count, support.data(), &try_rac),
          "dstemr");
    std::vector<Scalar> vectors(z.size());
    for (int j = 0; j < count; ++j)
      std::copy_n(z.begin() + static_cast<std::ptrdiff_t>(Product(n_, count - 1 - j)), n_,
                  vectors.begin() + static_cast<std::ptrdiff_t>(Product(n_, j)));
    ApplyReflectors(n_, count, matrix_.data(), tau_.data(), vectors.data());
    return vectors;
  }

 private:
  std::size_t Size() const { return static_cast<std::size_t>(n_); }

  int n_;
  std::vector<Scalar> matrix_;
  std::vector<double> d_, e_;
  std::vector<Scalar> tau_;
  std::vector<double> values_;  // smallest first
};

template <class Scalar>
void ShrinkLeadingOf(Scalar* a, int rows, int columns, const SingularValueRule& rule) {
  const bool left = rows <= columns;
  const int n = std::min(rows, columns);
  std::vector<Scalar> gram(Product(n, n));
  Gram(a, rows, columns, gram.data());
  HermitianEigen<Scalar> eigen(std::move(gram), n);
  const std::vector<double> values = eigen.Roots();
  std::vector<double> wanted = values;
  rule(wanted);
  const auto kept = std::find_if(wanted.rbegin(), wanted.rend(), [](double value) { return value > 0; });
  const int count = static_cast<int>(wanted.rend() - kept);
  if (count == 0) {
    std::fill_n(a, Product(rows, columns), Scalar{0});
    return;
  }
  const std::vector<Scalar> vectors = eigen.Leading(count);
  std::vector<Scalar> scaled = vectors;
  for (int j = 0; j < count; ++j) {
    const std::size_t i = static_cast<std::size_t>(j);
    const double factor = wanted[i] > 0 ? wanted[i] / values[i] : 0.0;
    for (int r = 0; r < n; ++r) scaled[Product(n, j) + static_cast<std::size_t>(r)] *= factor;
  }
  std::vector<Scalar> projected(Product(std::max(rows, columns), count));
  if (left) {  // scaled (vectors' a)
    Multiply(CblasConjTrans, CblasNoTrans, count, columns, rows, vectors.data(), n, a, rows, projected.data());
    Multiply(CblasNoTrans, CblasNoTrans, rows, columns, count, scaled.data(), n, projected.data(), count, a);
  } else {  // (a vectors) scaled'
    Multiply(CblasNoTrans, CblasNoTrans, rows, count, columns, a, rows, vectors.data(), n, projected.data());
    Multiply(CblasNoTrans, CblasConjTrans, rows, columns, count, projected.data(), rows, scaled.data(), n, a);
  }
}

template <class Scalar>
void ShrinkAllOf(Scalar* a, int rows, int columns, const SingularValueRule& rule) {
  const int k = std::min(rows, columns);
  std::vector<double> s(static_cast<std::size_t>(k));
  std::vector<Scalar> u(Product(rows, k)), vt(Product(k, columns));
  Decompose('S', rows, columns, a, s.data(), u.data(), vt.data());
  rule(s);
  for (int j = 0; j < k; ++j) {
    for (int r = 0; r < rows; ++r) u[Product(rows, j) + static_cast<std::size_t>(r)] *= s[static_cast<std::size_t>(j)];
  }
  Multiply(CblasNoTrans, CblasNoTrans, rows, columns, k, u.data(), rows, vt.data(), k, a);
}

template <class Scalar>
std::vector<double> SingularValuesOf(Scalar* a, int rows, int columns) {
  std::vector<double> s(static_cast<std::size_t>(std::min(rows, columns)));
  Scalar unused{};
  if (!s.empty()) Decompose('N', rows, columns, a, s.data(), &unused, &unused);
  return s;
}

std::mutex blas_threads_mutex;

}  // namespace

// OpenBLAS takes its number of threads from OpenMP's setting of the calling thread.
OneBlasThread::OneBlasThread() : threads_before_(omp_get_max_threads()) {
  if (threads_before_ == 1) return;
  const std::lock_guard lock(blas_threads_mutex);
  openblas_set_num_threads(1);
}
OneBlasThread::~OneBlasThread() { omp_set_num_threads(threads_before_); }

void ShrinkLeading(double* a, int rows, int columns, const SingularValueRule& rule) {
  ShrinkLeadingOf(a, rows, columns, rule);
}
void ShrinkLeading(Complex* a, int rows, int columns, const SingularValueRule& rule) {
  ShrinkLeadingOf(a, rows, columns, rule);
}
void ShrinkAll(double* a, int rows, int columns, const SingularValueRule& rule) { ShrinkAllOf(a, rows, columns, rule); }
void ShrinkAll(Complex* a, int rows, int columns, const SingularValueRule& rule) {
  ShrinkAllOf(a, rows, columns, rule);
}
std::vector<double> SingularValues(double* a, int rows, int columns) { return SingularValuesOf(a, rows, columns); }
std::vector<double> SingularValues(Complex* a, int rows, int columns) { return SingularValuesOf(a, rows, columns); }

std::vector<double> SingularValuesByGram(const double* a, int rows, int columns) {
  const int n = std::min(rows, columns);
  std::vector<double> gram(Product(n, n));
  Gram(a, rows, columns, gram.data());
  return HermitianEigen<double>(std::move(gram), n).Roots();
}

}  // namespace mirst
