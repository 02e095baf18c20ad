// The t-SVD of a real tensor: a Fourier transform along the third mode, a singular value decomposition of every frontal
// slice of the half spectrum, and back; the other half follows by conjugation, and the result is real.
#pragma once

#include <complex>
#include <functional>
#include <memory>
#include <vector>

#include "detector/model_driven/tensor.h"

namespace mirst {

enum class SvdDriver {
  kLeading,  ///< ShrinkLeading: the rule keeps the leading values only
  kFull,     ///< ShrinkAll
};

/// What becomes of the highest frequency of an odd number of slices.
enum class HighestFrequency {
  kWhole,
  kHalf,  ///< enters with half its weight, as in the published code of IMNN-LWEC, which leaves its conjugate out
};

class TensorSvd {
 public:
  /// Meets the singular values of slice k of the half spectrum, largest first, and replaces them. Called for several
  /// slices at a time.
  using Rule = std::function<void(int k, std::vector<double>& values)>;

  TensorSvd(int rows, int columns, int slices, SvdDriver driver, HighestFrequency highest = HighestFrequency::kWhole);
  ~TensorSvd();
  TensorSvd(const TensorSvd&) = delete;
  TensorSvd& operator=(const TensorSvd&) = delete;

  int half_slices() const { return slices_ / 2 + 1; }
  /// Whether slice k of the spectrum enters with half its weight.
  bool IsHalved(int k) const { return halves_highest_ && k == slices_ / 2; }

  /// `tensor` with its singular values replaced, in place.
  void Shrink(std::vector<double>& tensor, const Rule& rule);
  /// Singular values of every slice of the half spectrum. Rows and columns that are zero in all slices cost nothing.
  std::vector<std::vector<double>> Values(const std::vector<double>& tensor);

 private:
  struct Plans;
  bool IsReal(int k) const { return k == 0 || 2 * k == slices_; }
  std::complex<double>* Slice(int k);

  int rows_, columns_, slices_;
  SvdDriver driver_;
  bool halves_highest_;
  std::unique_ptr<Plans> plans_;
};

}  // namespace mirst
