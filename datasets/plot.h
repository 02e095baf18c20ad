// Pictures of a data set: the distribution of the targets' sizes and of the sequences' mean SCR, as two panels and each
// alone, and the panels of overview_plot.h, SVG and PNG. gnuplot draws them in a child process from a script and two
// tables that stay beside the pictures: edit distributions.gp and run `gnuplot distributions.gp` there to restyle them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "datasets/statistics.h"

namespace mirst {

/// Script and tables by file name: distributions.gp, target_sizes.csv, mean_scr.csv.
std::map<std::string, std::string> DistributionPlotSources(const DataSetStatistics& statistics);

/// Every file that PlotDistributions may write.
std::vector<std::string> PlotFileNames();

/// Writes the sources into `folder` and has gnuplot draw. Where there is nothing to draw, or gnuplot is missing or
/// fails, no picture exists and one sentence says why. Throws kBadInput when the sources cannot be written.
std::optional<std::string> PlotDistributions(const DataSetStatistics& statistics, const std::filesystem::path& folder);

}  // namespace mirst
