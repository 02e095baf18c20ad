#include "tools/stats_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace mirst {
namespace {

constexpr std::size_t kColumns = 80, kChartColumns = 39, kLabelColumns = 18;

std::string Percent(std::int64_t count, std::int64_t total) {
  return total > 0 ? fmt::format("{:.1f} %", 100.0 * static_cast<double>(count) / static_cast<double>(total)) : "-";
}

/// A bar of `cells` character cells, in eighths of a cell, padded with blanks.
std::string Bar(double share_of_longest, std::size_t cells) {
  static constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths =
      static_cast<std::size_t>(std::lround(std::clamp(share_of_longest, 0.0, 1.0) * static_cast<double>(8 * cells)));
  const bool part = eighths % 8 != 0;
  std::string bar;
  for (std::size_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + std::string(kEighths[eighths % 8]) + std::string(cells - eighths / 8 - (part ? 1 : 0), ' ');
}

struct Chart {
  std::vector<std::string> labels;
  std::vector<std::int64_t> counts;
};

/// The bins of a histogram; `step` is 1 where the values are whole numbers.
Chart ChartOf(const Histogram& histogram, int step) {
  Chart chart{{}, histogram.counts};
  for (std::size_t i = 0; i < histogram.edges.size(); ++i) {
    const double from = histogram.edges[i];
    const bool last = i + 1 == histogram.edges.size();
    const double to = last ? from : histogram.edges[i + 1] - step;
    chart.labels.push_back(last         ? fmt::format("{}+", from)
                           : to == from ? fmt::format("{}", from)
                                        : fmt::format("{}-{}", from, to));
  }
  return chart;
}

/// One line of a chart, kChartColumns wide; blank below its last bin.
std::string ChartLine(const Chart& chart, std::size_t line) {
  if (line >= chart.counts.size()) return std::string(kChartColumns, ' ');
  std::int64_t longest = 1, total = 0;
  for (const std::int64_t count : chart.counts) {
    longest = std::max(longest, count);
    total += count;
  }
  const double share = static_cast<double>(chart.counts[line]) / static_cast<double>(longest);
  return fmt::format("{:>7} {} {:>8} ", chart.labels[line], Bar(share, kChartColumns - 18),
                     chart.counts[line] > 0 ? Percent(chart.counts[line], total) : "");
}

/// "label   text", the text wrapped at ", " and indented under itself.
std::string Row(std::string_view label, std::string_view text) {
  std::string row = fmt::format("{:<{}}", label, kLabelColumns);
  std::size_t column = kLabelColumns;
  while (!text.empty()) {
    const std::size_t comma = text.find(", ");
    const std::size_t length = comma == std::string_view::npos ? text.size() : comma + 2;
    if (column > kLabelColumns && column + length > kColumns) {
      row.erase(row.find_last_not_of(' ') + 1);
      row += "\n" + std::string(kLabelColumns, ' ');
      column = kLabelColumns;
    }
    row += text.substr(0, length);
    column += length;
    text.remove_prefix(length);
  }
  return row + "\n";
}

std::string SplitLine(std::string_view name, const GroupStatistics& g) {
  const auto mean = [](const Distribution& d) {
    return d.count > 0 ? fmt::format("{:.2f}", d.mean) : std::string("-");
  };
  return fmt::format("{:<7}{:>11}{:>9}{:>10}{:>13}{:>10}{:>10}{:>9}\n", name, g.sequences, g.sources, g.frames,
                     g.frames_with_target, g.targets, mean(g.area_px), mean(g.mscr_present));
}

std::string Splits(const DataSetStatistics& statistics, const GroupStatistics& all) {
  std::string text = fmt::format("{:<7}{:>11}{:>9}{:>10}{:>13}{:>10}{:>10}{:>9}\n", "", "sequences", "sources",
                                 "frames", "with target", "targets", "mean px", "mSCR");
  for (const std::string_view split : kSplitNames) {
    const GroupStatistics group = Summarise(statistics, split);
    if (group.sequences > 0) text += SplitLine(split, group);
  }
  text += SplitLine("all", all);
  const auto leaks = SourcesInSeveralSplits(statistics.sequences);
  return text + (leaks.empty()
                     ? "No background source lies in two splits.\n"
                     : fmt::format("Background sources in two splits: {}. Detectors can learn them by heart.\n",
                                   leaks.size()));
}

std::string Charts(const GroupStatistics& g) {
  const Chart sizes = ChartOf(g.area_histogram, 1), scr = ChartOf(g.mscr_histogram, 0);
  std::string text =
      fmt::format("{:<{}}  {}\n", "Mask area of the targets, px", kChartColumns, "Mean SCR of the sequences, box20");
  for (std::size_t line = 0; line < std::max(sizes.counts.size(), scr.counts.size()); ++line) {
    std::string row = ChartLine(sizes, line) + "  " + ChartLine(scr, line);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  const auto pair = [&](const std::string& left, const std::string& right) {
    text += fmt::format("{:<{}}  {}\n", left, kChartColumns, right);
  };
  pair(fmt::format("median {:.4g}, {:.4g} to {:.4g}", g.area_px.median, g.area_px.min, g.area_px.max),
       fmt::format("median {:.2f}, {:.2f} to {:.2f}", g.mscr_present.median, g.mscr_present.min, g.mscr_present.max));
  pair(fmt::format("up to {} px {}, above {} px {}", kPointMaxPx, Percent(g.point, g.targets), kSpotMaxPx,
                   Percent(g.extended, g.targets)),
       fmt::format("below {} {}, from {} {}", kLowScrLimit, Percent(g.low_sequences, g.mscr_present.count),
                   kLowScrLimit, Percent(g.high_sequences, g.mscr_present.count)));
  return text;
}

std::string Requests(const GroupStatistics& g, std::string_view scr_mode) {
  if (g.compared == 0) return "no request under box20 to compare with";
  const Distribution& d = g.absolute_difference;
  return fmt::format(
      "median |dS| {:.2g}, p95 {:.2g}, p99 {:.2g}, max {:.2g}, {} of {} {} above max(0.02 S, 1/(2 N sigma))", d.median,
      d.p95, d.p99, d.max, g.above_bound, g.compared, scr_mode == "per_frame" ? "targets" : "track means");
}

std::string Flags(const GroupStatistics& g) {
  if (g.flags.empty()) return "none";
  std::string text;
  for (const auto& [name, count] : g.flags) text += fmt::format("{} {}, ", name, Percent(count, g.targets));
  return text + fmt::format("any but quantised {}", Percent(g.flagged, g.targets));
}

std::string ByIds(const GroupStatistics& g) {
  std::string text;
  for (const auto& [id, scr] : g.scr_by_id)
    text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", id, scr.target.mean);
  return text;
}

std::string TargetsAFrame(const GroupStatistics& g) {
  std::string text;
  for (const auto& [targets, frames] : g.frames_by_targets)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", targets, Percent(frames, g.frames));
  return text;
}

std::string MedianAndRange(const Distribution& d) {
  return d.count == 0 ? std::string("unknown") : fmt::format("median {:.2f}, {:.2f} to {:.2f}", d.median, d.min, d.max);
}

std::string Agreement(const DataSetStatistics& statistics) {
  const ScrAgreement agreement = CompareAnnotations(statistics);
  if (agreement.compared == 0) return "name no box20 to compare with";
  if (agreement.largest_difference == 0) return "agree exactly with the files";
  if (agreement.differing == 0) return fmt::format("agree with the files within {:.1e}", agreement.largest_difference);
  return fmt::format("{} of {} differ from the files, by up to {:.3g}", agreement.differing, agreement.compared,
                     agreement.largest_difference);
}

}  // namespace

std::string StatisticsTable(const DataSetStatistics& statistics) {
  const GroupStatistics all = Summarise(statistics, "");
  std::string text = statistics.folder + "\n";
  text += statistics.layout == SetLayout::kNative
              ? fmt::format("data set {:.12}, seed {}, masks {}\n\n", statistics.dataset_id, statistics.seed,
                            statistics.mask_convention)
              : fmt::format("{}\n\n", NameOf(statistics.layout));
  text += Splits(statistics, all) + "\n";
  if (all.targets > 0) {
    text += Charts(all) + "\n";
    text += Row("SCR of a target", fmt::format("median {:.2f}, mean {:.2f}, p5 {:.2f}, p95 {:.2f}, max {:.2f}",
                                               all.scr.median, all.scr.mean, all.scr.p5, all.scr.p95, all.scr.max));
    text += Row("Mean SCR by id", ByIds(all));
    if (statistics.layout == SetLayout::kNative) {
      text += Row("Asked - measured", Requests(all, statistics.scr_mode));
      text += Row("Annotated SCRs", Agreement(statistics));
    }
    if (all.with_delta > 0) {
      text += Row("Contrast added", fmt::format("of the declared sign {}, and at least half of the SCR {}",
                                                Percent(all.delta_as_declared, all.with_delta),
                                                Percent(all.delta_at_least_half, all.with_delta)));
      text += Row("Without target", fmt::format("the same masks have SCR median {:.2f}, p95 {:.2f}",
                                                all.scr_empty.median, all.scr_empty.p95));
    }
    if (statistics.layout == SetLayout::kNative) text += Row("Flags", Flags(all));
    text +=
        Row("Polarity", fmt::format("hot {}, cold {}", Percent(all.hot, all.targets), Percent(all.cold, all.targets)));
    text += Row("Below 0.15 %",
                fmt::format("{} of the targets, by share of the image", Percent(all.spie_small, all.targets)));
    text += Row("Speed, px/frame", MedianAndRange(all.speed_px_per_frame));
    if (all.track_frames.count > 0) {
      text +=
          Row("Track, frames", fmt::format("{}, {} tracks", MedianAndRange(all.track_frames), all.track_frames.count));
    }
    text += Row("Targets a frame", TargetsAFrame(all));
  } else {
    text += "The data set shows no target.\n";
  }
  text += Row("Background", fmt::format("entropy {:.2f} bits, spectral slope {:.2f}, means over the sequences",
                                        all.entropy_bits.mean, all.spectral_slope.mean));
  text.pop_back();
  return text;
}

std::string ComparisonTable(const DataSetStatistics& a, const DataSetStatistics& b,
                            const std::vector<QuantityComparison>& quantities) {
  std::string text = fmt::format("A  {}\nB  {}\n\n{:<20}{:>9}{:>9}{:>10}{:>10}{:>10}{:>7}{:>9}\n", a.folder, b.folder,
                                 "", "count A", "count B", "mean A", "mean B", "distance", "in sd", "overlap");
  for (const QuantityComparison& q : quantities) {
    text += fmt::format("{:<20}{:>9}{:>9}{:>10.4g}{:>10.4g}{:>10.4g}{:>7.2f}{:>8.0f} %\n", q.name, q.a.count, q.b.count,
                        q.a.mean, q.b.mean, q.distance, q.in_deviations, 100 * q.overlap);
  }
  return text + "distance: Wasserstein's, in the unit of the quantity and in standard deviations of both sets together";
}

}  // namespace mirst
