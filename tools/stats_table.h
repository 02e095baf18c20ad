// The statistics of a data set as text for people, 80 columns wide.
#pragma once

#include <string>

#include "datasets/compare_statistics.h"
#include "datasets/statistics.h"

namespace mirst {

/// Several lines, no line break at the end.
std::string StatisticsTable(const DataSetStatistics& statistics);

/// Two sets, a row a quantity.
std::string ComparisonTable(const DataSetStatistics& a, const DataSetStatistics& b,
                            const std::vector<QuantityComparison>& quantities);

}  // namespace mirst
