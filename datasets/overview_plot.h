// The second picture of a data set, in six panels: SCR under every id, places, speeds, targets a frame, lengths of the
// tracks, spectrum of the backgrounds. plot.h has gnuplot draw it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "datasets/statistics.h"

namespace mirst {

inline constexpr std::string_view kOverviewScript = "overview.gp";

/// Script and tables by file name. A panel without values says so.
std::map<std::string, std::string> OverviewPlotSources(const DataSetStatistics& statistics);

}  // namespace mirst
