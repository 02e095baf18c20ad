#include "datasets/overview_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "datasets/texture.h"

namespace mirst {
namespace {

constexpr int kBars = 30;

constexpr std::string_view kHead =
    R"gp(# What a data set holds, in six panels. Draw again with: gnuplot overview.gp
set encoding utf8
set datafile separator comma

# Colours keep their order of lightness in grey print.
dark = '#08306b'; middle = '#4292c6'; accent = '#d55e00'; ink = '#333333'

set border 3 front linewidth 1 linecolor rgb ink
set tics nomirror out scale 0.6 textcolor rgb ink
set style fill solid 1.0 border rgb 'white'
set key off
set lmargin 9
set rmargin 3

do for [kind in 'svg png'] {
  if (kind eq 'svg') { set terminal svg size 1320, 760 font 'Arial,14' background rgb 'white' }
  if (kind eq 'png') { set terminal pngcairo size 2640, 1520 font 'Sans,20' linewidth 2 background rgb 'white' }
  set output 'overview.' . kind
  set multiplot layout 2,3
)gp";

/// Right end of the axis.
constexpr std::string_view kScrPanel = R"gp(
  set format '%h'
  set title '(a) SCR by definition (box: quartiles, bar: 5 to 95 %)' textcolor rgb ink
  set xlabel ''; set ylabel 'SCR of a target' textcolor rgb ink; set logscale y
  set xtics rotate by -30 noenhanced
  set xrange [-0.6:{0}]; set yrange [0.05:*]; set grid ytics linetype 1 linecolor rgb '#e6e6e6'
  set boxwidth 0.5
  plot 'scr_by_id.csv' every ::1 using 0:4:($3 > 0.05 ? $3 : 0.05):7:6:xtic(1) with candlesticks fillstyle solid border linecolor rgb ink fillcolor rgb middle whiskerbars, \
       'scr_by_id.csv' every ::1 using 0:5:5:5:5 with candlesticks fillstyle empty border linecolor rgb accent linewidth 2
  set xtics norotate autofreq enhanced; unset logscale
)gp";

/// Columns, rows, largest share.
constexpr std::string_view kPlacesPanel = R"gp(
  set title '(b) Where the targets lie (% of the targets in a cell)' textcolor rgb ink
  set xlabel 'Column of the image (share of the width)'; set ylabel 'Row (share of the height)'
  unset grid
  set xrange [0:1]; set yrange [1:0]
  set palette defined (0 '#f7fbff', 0.35 '#9ecae1', 0.7 '#4292c6', 1 '#08306b')
  set cbrange [0:*]
  plot 'places.csv' every ::1 using (($1 + 0.5) / {0}):(($2 + 0.5) / {1}):(0.5 / {0}):(0.5 / {1}):4 with boxxyerror fillcolor palette fillstyle solid noborder
  set autoscale
)gp";

/// In the place of a panel without values.
std::string EmptyPanel(std::string_view letter, std::string_view title) {
  return fmt::format(
      "\n  set title '({}) {}' textcolor rgb ink\n  set xlabel ''; set ylabel ''\n"
      "  set label 1 'not known' at graph 0.5, 0.5 center textcolor rgb ink\n"
      "  set xrange [0:1]; set yrange [0:1]\n  plot NaN\n  unset label 1\n",
      letter, title);
}

std::string HistogramPanel(std::string_view letter, std::string_view title, std::string_view table,
                           std::string_view x_label, std::string_view x_range, std::string_view y_label,
                           double median) {
  return fmt::format(
      "\n  set title '({}) {}' textcolor rgb ink\n  set xlabel '{}'; set ylabel '{}'\n  set xrange {}; set yrange "
      "[0:*]\n"
      "  set grid ytics linetype 1 linecolor rgb '#e6e6e6'\n"
      "  set arrow 1 from first {:.6g}, graph 0 to first {:.6g}, graph 0.93 nohead linewidth 2 linecolor rgb accent "
      "front\n"
      "  plot '{}' every ::1 using (($1 + $2) / 2):4:($2 - $1) with boxes linecolor rgb middle\n  unset arrow 1\n",
      letter, title, x_label, y_label, x_range, median, median, table);
}

constexpr std::string_view kSpectrumPanel = R"gp(
  set title '(f) Power spectrum of the backgrounds' textcolor rgb ink
  set xlabel 'Radial frequency (cycles/px)'; set ylabel 'Power (counts²)'
  set logscale xy; set format y '10^{%L}'; set xrange [0.005:0.5]; set yrange [*:*]
  set grid xtics ytics linetype 1 linecolor rgb '#e6e6e6'
  plot 'spectrum.csv' every ::1 using 1:($2 > 0 ? $2 : NaN) with lines linewidth 2 linecolor rgb dark
  unset logscale
)gp";

/// Equal bars from the least to the 99th percentile; what lies above belongs to the last. `least_width`: 1 for whole
/// numbers, whose bars begin half a step below them.
std::string HistogramTable(std::vector<double> values, double least_width) {
  std::string csv = "from,below,count,share_percent\n";
  if (values.empty()) return csv;
  std::sort(values.begin(), values.end());
  const double low = least_width > 0 ? values.front() - 0.5 : 0;
  const double high = Percentile(values, 99) + (least_width > 0 ? 0.5 : 0);
  double width = std::max(high - low, 1e-9) / kBars;
  if (least_width > 0) width = std::max(1.0, std::ceil(width));
  const int bars = least_width > 0 ? std::max(1, static_cast<int>(std::ceil((high - low) / width - 1e-9))) : kBars;
  std::vector<std::int64_t> counts(static_cast<std::size_t>(bars), 0);
  for (const double value : values) {
    const int bar = static_cast<int>((value - low) / width);
    ++counts[static_cast<std::size_t>(std::clamp(bar, 0, bars - 1))];
  }
  for (int i = 0; i < bars; ++i) {
    const std::int64_t count = counts[static_cast<std::size_t>(i)];
    csv += fmt::format("{},{},{},{}\n", low + i * width, low + (i + 1) * width, count,
                       100.0 * static_cast<double>(count) / static_cast<double>(values.size()));
  }
  return csv;
}

std::string ScrTable(const GroupStatistics& group) {
  std::string csv = "id,mean,p5,p25,median,p75,p95\n";
  for (const auto& [id, scr] : group.scr_by_id) {
    const Distribution& d = scr.target;
    csv += fmt::format("{},{},{},{},{},{},{}\n", id, d.mean, d.p5, d.p25, d.median, d.p75, d.p95);
  }
  return csv;
}

std::string PlacesTable(const GroupStatistics& group) {
  std::string csv = "column,row,count,share_percent\n";
  for (std::size_t i = 0; i < group.places.size(); ++i) {
    csv += fmt::format("{},{},{},{}\n", i % kPlaceColumns, i / kPlaceColumns, group.places[i],
                       100.0 * static_cast<double>(group.places[i]) / static_cast<double>(group.targets));
  }
  return csv;
}

std::string SpectrumTable(const GroupStatistics& group) {
  std::string csv = "cycles_per_px,power_counts2\n";
  for (std::size_t i = 0; i < group.spectrum.size(); ++i)
    csv += fmt::format("{},{}\n", (static_cast<double>(i) + 0.5) / (2 * kSpectrumBins), group.spectrum[i]);
  return csv;
}

std::string TargetsTable(const GroupStatistics& group) {
  std::string csv = "from,below,count,share_percent\n";
  for (const auto& [targets, frames] : group.frames_by_targets) {
    csv += fmt::format("{},{},{},{}\n", targets - 0.4, targets + 0.4, frames,
                       100.0 * static_cast<double>(frames) / static_cast<double>(group.frames));
  }
  return csv;
}

}  // namespace

std::map<std::string, std::string> OverviewPlotSources(const DataSetStatistics& statistics) {
  const GroupStatistics group = Summarise(statistics, "");
  std::vector<double> speeds;
  for (const TargetStatistics& target : statistics.targets) {
    if (target.speed_px_per_frame) speeds.push_back(*target.speed_px_per_frame);
  }
  const std::vector<double> tracks = TrackLengths(statistics, "");
  std::string script(kHead);
  script += group.scr_by_id.empty() ? EmptyPanel("a", "SCR by definition")
                                    : fmt::format(kScrPanel, static_cast<double>(group.scr_by_id.size()) - 0.4);
  script += fmt::format(kPlacesPanel, kPlaceColumns, kPlaceRows);
  script += speeds.empty() ? EmptyPanel("c", "Speed of the targets")
                           : HistogramPanel("c", "Speed of the targets", "speeds.csv", "Speed (px/frame)", "[0:*]",
                                            "Share of targets (%)", group.speed_px_per_frame.median);
  const auto frames = static_cast<double>(std::max<std::int64_t>(1, group.frames));
  script += HistogramPanel("d", "Targets in a frame (line: mean)", "targets_a_frame.csv", "Targets", "[-0.5:*]",
                           "Share of frames (%)", static_cast<double>(group.targets) / frames);
  script += tracks.empty() ? EmptyPanel("e", "Length of the tracks")
                           : HistogramPanel("e", "Length of the tracks", "track_frames.csv", "Frames", "[*:*]",
                                            "Share of tracks (%)", group.track_frames.median);
  const bool has_power =
      std::any_of(group.spectrum.begin(), group.spectrum.end(), [](double power) { return power > 0; });
  script += has_power ? std::string(kSpectrumPanel) : EmptyPanel("f", "Power spectrum of the backgrounds");
  script += "  unset multiplot\n  unset output\n}\n";
  return {{std::string(kOverviewScript), script},       {"scr_by_id.csv", ScrTable(group)},
          {"places.csv", PlacesTable(group)},           {"speeds.csv", HistogramTable(speeds, 0)},
          {"targets_a_frame.csv", TargetsTable(group)}, {"track_frames.csv", HistogramTable(tracks, 1)},
          {"spectrum.csv", SpectrumTable(group)}};
}

}  // namespace mirst
