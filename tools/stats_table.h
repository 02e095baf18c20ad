// The statistics of a data set as text for people, 80 columns wide.
#pragma once

#include <string>

#include "datasets/statistics.h"

namespace mirst {

/// Several lines, no line break at the end.
std::string StatisticsTable(const DataSetStatistics& statistics);

}  // namespace mirst
