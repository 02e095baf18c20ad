// Two data sets side by side: how far apart their distributions lie, quantity by quantity.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "datasets/statistics.h"

namespace mirst {

struct QuantityComparison {
  std::string name;          ///< with its unit, "area_px"
  Distribution a, b;         ///< the quantity is left out where one of the sets does not know it
  double distance = 0;       ///< Wasserstein's, in the unit of the quantity
  double in_deviations = 0;  ///< the same divided by the standard deviation of both sets' values; 0 where that is 0
  double overlap = 0;        ///< of the histograms, 0 ... 1
};

/// Over targets: area, share of the image, SCR under every id, scr_empty, scr_delta, speed, polarity; over frames with
/// a target: targets; over tracks: length; over sequences: mean SCR, entropy, spectral slope.
std::vector<QuantityComparison> CompareSets(const DataSetStatistics& a, const DataSetStatistics& b);

/// The integral of |F - G| over the axis, F and G being the empirical distribution functions: what it takes to move one
/// onto the other. Throws kInternal where one is empty.
double WassersteinDistance(std::vector<double> a, std::vector<double> b);

/// Sum over bins of min(share of a, share of b). The bins: 32 equal ones from the 1st to the 99th percentile of all
/// values, the first and the last open; where these percentiles are equal, below, at and above. Throws kInternal where
/// one is empty.
double HistogramOverlap(std::span<const double> a, std::span<const double> b);

/// Indented JSON without a last line break.
std::string ComparisonJson(const DataSetStatistics& a, const DataSetStatistics& b,
                           std::span<const QuantityComparison> quantities);
/// One row a quantity.
std::string ComparisonCsv(std::span<const QuantityComparison> quantities);

}  // namespace mirst
