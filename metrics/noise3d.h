// Three-dimensional noise of an image sequence after D'Agostino and Webb (SPIE 1488, 1991): what fluctuates in time,
// along rows and along columns, and in every combination, as standard deviations in the sequence's own unit. A scene
// that is not uniform counts as fixed noise (vh, v, h), one that moves as temporal noise too.
#pragma once

#include <cstdint>
#include <vector>

#include "core/image.h"

namespace mirst {

/// One number for each component; t = frame, v = row, h = column. "tv" fluctuates from frame to frame and row to row,
/// and so on; "vh" is the fixed pattern of single pixels.
struct Noise3dComponents {
  double tvh = 0, tv = 0, th = 0, vh = 0, t = 0, v = 0, h = 0;
};

/// How the components are estimated from the reduced arrays.
enum class Noise3dEstimator {
  kPopulation,  ///< standard deviation of each array over all its elements: variances sum to the total variance
  kSample,      ///< the same divided by (elements - 1)
};

/// Takes frames one by one and keeps sums alone: memory of one frame and of a row and a column for each frame.
class Noise3d {
 public:
  /// `frame` has the shape (height, width) of the first. Throws kInternal otherwise.
  void Add(const Image<float>& frame);

  std::int64_t frames() const { return static_cast<std::int64_t>(row_means_.size()); }
  /// Mean over all values; the total standard deviation over all (population). Throw kInternal before the first frame.
  double Mean() const;
  double Total(Noise3dEstimator estimator = Noise3dEstimator::kPopulation) const;
  /// Standard deviations. Throws kInternal before the first frame, or for kSample where an array has one element.
  Noise3dComponents Sigmas(Noise3dEstimator estimator = Noise3dEstimator::kPopulation) const;
  /// Unbiased variances of the random-effects model (analysis of variance), which may come out below zero. Needs two
  /// frames, rows and columns, else throws kInternal.
  Noise3dComponents AnovaVariances() const;

 private:
  Noise3dComponents SumsOfSquares() const;  // of the reduced arrays, each element once

  int height_ = 0, width_ = 0;
  double offset_ = 0;  // the first pixel: sums of squares keep their digits
  std::vector<double> pixel_sums_;
  std::vector<std::vector<double>> row_means_, column_means_;  // by frame
  double square_sum_ = 0;
};

}  // namespace mirst
