#include "datasets/plot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "datasets/overview_plot.h"

namespace mirst {
namespace {

constexpr std::string_view kScript = "distributions.gp";
constexpr std::string_view kSizeTable = "target_sizes.csv";
constexpr std::string_view kScrTable = "mean_scr.csv";
constexpr std::array<std::string_view, 4> kPictures = {"distributions", "target_sizes", "mean_scr", "overview"};
constexpr std::array<std::string_view, 6> kOverviewTables = {"scr_by_id.csv",       "places.csv",       "speeds.csv",
                                                             "targets_a_frame.csv", "track_frames.csv", "spectrum.csv"};
/// More bars than this cannot be told apart in a column of a paper.
constexpr int kMaxBars = 40;

/// Bars of equal width from `first` on; what lies above the last bar is counted, not drawn.
struct Bars {
  double first = 0;
  double width = 1;
  std::vector<std::int64_t> counts;
  std::int64_t above = 0;
  double low(std::size_t i) const { return first + width * static_cast<double>(i); }
  double end() const { return low(counts.size()); }
};

/// The finest of `widths` with which all values fit into kMaxBars bars; the coarsest where none does.
Bars MakeBars(const std::vector<double>& values, double first, const std::vector<double>& widths) {
  const double max = values.empty() ? first : *std::max_element(values.begin(), values.end());
  const auto bars_needed = [&](double width) { return std::floor((max - first) / width) + 1; };
  const auto fits =
      std::find_if(widths.begin(), widths.end(), [&](double width) { return bars_needed(width) <= kMaxBars; });
  Bars bars{first, fits == widths.end() ? widths.back() : *fits, {}, 0};
  bars.counts.assign(static_cast<std::size_t>(std::min<double>(kMaxBars, bars_needed(bars.width))), 0);
  for (const double value : values) {
    const double i = std::floor((value - first) / bars.width);
    if (i < static_cast<double>(bars.counts.size())) {
      ++bars.counts[static_cast<std::size_t>(i)];
    } else {
      ++bars.above;
    }
  }
  return bars;
}

double PercentOf(std::int64_t count, std::int64_t total) {
  return total > 0 ? 100.0 * static_cast<double>(count) / static_cast<double>(total) : 0;
}

/// `step` as in a bin's last value: 1 for whole numbers.
std::string Table(const Bars& bars, std::string_view columns, double step, std::int64_t total,
                  std::string_view (*label)(double)) {
  std::string csv = fmt::format("{},class,count,share_percent\n", columns);
  for (std::size_t i = 0; i < bars.counts.size(); ++i) {
    csv += fmt::format("{},{},{},{},{}\n", bars.low(i), bars.low(i + 1) - step, label(bars.low(i)), bars.counts[i],
                       PercentOf(bars.counts[i], total));
  }
  return csv;
}

std::string_view SizeClass(double area_px) {
  return area_px <= kPointMaxPx ? "point" : area_px <= kSpotMaxPx ? "spot" : "extended";
}
std::string_view ScrSubset(double scr) { return scr < kLowScrLimit ? "low" : "high"; }

/// 12345 -> "12 345" (thin spaces, U+2009).
std::string Grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), "\u2009");
  return digits;
}

std::string Plural(std::int64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", Grouped(count), singular, count == 1 ? "" : "s");
}

struct Series {
  std::string_view class_name;  ///< in the table's third column
  std::string title;            ///< in the key
  std::string_view colour;      ///< variable of the script
};

struct Panel {
  std::string_view picture, letter;
  std::string title, x_label, y_label;
  Bars bars;
  double shift = 0;  ///< from a bar's edge to the axis: whole numbers are drawn half a px to the left
  std::int64_t total = 0;
  double median = 0;
  std::string median_title;
  std::vector<Series> series;
};

/// 1, 2 or 5 times a power of ten, so that five steps or fewer reach `highest`.
double TicStep(double highest) {
  const double power = std::pow(10.0, std::floor(std::log10(highest / 5)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power * 5 >= highest) return factor * power;
  }
  return 10 * power;
}

std::string Draw(const Panel& panel) {
  double highest = 1e-3;
  for (const std::int64_t count : panel.bars.counts) highest = std::max(highest, PercentOf(count, panel.total));
  const double step = TicStep(highest), last_tic = std::ceil(highest / step) * step;
  // The part of the height that bars may fill: the key's four lines above never hide one.
  constexpr double kBarHeight = 0.65;
  std::string text = fmt::format(
      "    if (both || picture eq '{0}') {{\n"
      "      set title (both ? '({1}) ' : '') . '{2}' textcolor rgb ink\n"
      "      set xlabel '{3}' textcolor rgb ink\n"
      "      set ylabel '{4}' offset -0.8 textcolor rgb ink\n"
      "      set xrange [{5:.6g}:{6:.6g}]\n"
      "      set yrange [0:{7:.6g}]\n"
      "      set ytics 0, {8:.6g}, {9:.6g} textcolor rgb ink\n"
      "      set arrow 1 from {10:.6g}, 0 to {10:.6g}, {9:.6g} nohead linewidth 2 linecolor rgb accent front\n"
      "      plot \\\n",
      panel.picture, panel.letter, panel.title, panel.x_label, panel.y_label, panel.bars.first - panel.shift,
      panel.bars.end() - panel.shift, last_tic / kBarHeight, step, last_tic, panel.median);
  for (const Series& series : panel.series) {
    text += fmt::format(
        "        '{}.csv' every ::1 using (($1 + $2) / 2):(of('{}')):({}) with boxes linecolor rgb {} title '{}', \\\n",
        panel.picture, series.class_name, panel.bars.width, series.colour, series.title);
  }
  text +=
      fmt::format("        NaN with lines linewidth 2 linecolor rgb accent title '{}'\n    }}\n", panel.median_title);
  return text;
}

Panel SizePanel(const GroupStatistics& group, Bars bars) {
  Panel panel{"target_sizes",
              "a",
              "",
              "Mask area (px)",
              "Share of targets (%)",
              std::move(bars),
              0.5,
              group.targets,
              group.area_px.median,
              fmt::format("median: {:.4g} px", group.area_px.median),
              {}};
  panel.title = fmt::format("Target size ({})", Plural(group.targets, "target"));
  if (panel.bars.above > 0) {
    panel.x_label += fmt::format(", {:.2g} % above {:.0f} px not shown", PercentOf(panel.bars.above, panel.total),
                                 panel.bars.end() - 1);
  }
  const auto add = [&](std::string_view name, std::string_view limits, std::string_view colour, std::int64_t count) {
    if (count > 0)
      panel.series.push_back(
          {name, fmt::format("{}, {} px: {:.1f} %", name, limits, PercentOf(count, group.targets)), colour});
  };
  add("point", fmt::format("≤ {}", kPointMaxPx), "dark", group.point);
  add("spot", fmt::format("{}–{}", kPointMaxPx + 1, kSpotMaxPx), "middle", group.spot);
  add("extended", fmt::format("> {}", kSpotMaxPx), "pale", group.extended);
  return panel;
}

Panel ScrPanel(const GroupStatistics& group, Bars bars) {
  Panel panel{"mean_scr",
              "b",
              "",
              "Mean SCR of a sequence (box20)",
              "Share of sequences (%)",
              std::move(bars),
              0,
              group.mscr_present.count,
              group.mscr_present.median,
              fmt::format("median: {:.2f}", group.mscr_present.median),
              {}};
  panel.title = fmt::format("Mean SCR ({})", Plural(panel.total, "sequence"));
  if (panel.bars.above > 0) {
    panel.x_label +=
        fmt::format(", {:.2g} % above {:.4g} not shown", PercentOf(panel.bars.above, panel.total), panel.bars.end());
  }
  const auto add = [&](std::string_view name, std::string_view relation, std::string_view colour, std::int64_t count) {
    if (count > 0)
      panel.series.push_back(
          {name, fmt::format("{}, {} {}: {:.1f} %", name, relation, kLowScrLimit, PercentOf(count, panel.total)),
           colour});
  };
  add("low", "<", "dark", group.low_sequences);
  add("high", "≥", "middle", group.high_sequences);
  return panel;
}

constexpr std::string_view kHead =
    R"gp(# Distribution of the targets' sizes and of the sequences' mean SCR. Draw again with: gnuplot distributions.gp
set encoding utf8
set datafile separator comma

# Colours keep their order of lightness in grey print.
dark = '#08306b'; middle = '#4292c6'; pale = '#9ecae1'; accent = '#d55e00'; ink = '#333333'

set border 1 front linewidth 1 linecolor rgb ink
set tics nomirror out scale 0.6 textcolor rgb ink
set ytics scale 0
set format '%h'
set grid ytics linetype 1 linecolor rgb '#e6e6e6' linewidth 0.8
set style fill solid 1.0 border rgb 'white'
set lmargin 9.5
set rmargin 2.5

# The heights of the bars of one class.
of(name) = stringcolumn(3) eq name ? column(5) : NaN

do for [picture in 'distributions target_sizes mean_scr'] {
  both = picture eq 'distributions'
  do for [kind in 'svg png'] {
    if (kind eq 'svg') { set terminal svg size (both ? 960 : 500), 400 font 'Arial,14' background rgb 'white' }
    if (kind eq 'png') { set terminal pngcairo size (both ? 1920 : 1000), 800 font 'Sans,20' linewidth 2 background rgb 'white' }
    # The two terminals differ in what they take for the height of a line.
    set key top right reverse Left samplen 1.6 spacing (kind eq 'svg' ? 0.95 : 1.25) textcolor rgb ink
    set output picture . '.' . kind
    if (both) { set multiplot layout 1,2 }
)gp";

constexpr std::string_view kTail = R"gp(    if (both) { unset multiplot }
    unset output
  }
}
)gp";

/// First line of what the child wrote on standard error that says something.
std::string FirstMessage(const std::filesystem::path& log) {
  const std::string text = ReadFile(log);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::size_t word = text.find_first_not_of(" \t^", begin);
    if (word < end) return text.substr(word, end - word);
    begin = end + 1;
  }
  return "it gave no reason";
}

/// Runs `gnuplot SCRIPT` in the folder.
std::optional<std::string> RunGnuplot(const std::filesystem::path& folder, std::string script) {
  const TemporaryFolder temporary("mirst-gnuplot");
  const std::filesystem::path log = temporary.path() / "log";
  std::string program = "gnuplot";
  std::array<char*, 3> arguments = {program.data(), script.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
    return fmt::format("no pictures: gnuplot cannot be run ({}); install gnuplot-nox for them", std::strerror(failure));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  return fmt::format("no pictures: gnuplot failed: {}", FirstMessage(log));
}

std::vector<double> PresentScr(const DataSetStatistics& statistics) {
  std::vector<double> values;
  for (const SequenceStatistics& s : statistics.sequences) {
    if (s.mscr_present) values.push_back(*s.mscr_present);
  }
  return values;
}

}  // namespace

std::map<std::string, std::string> DistributionPlotSources(const DataSetStatistics& statistics) {
  const GroupStatistics group = Summarise(statistics, "");
  std::vector<double> areas;
  for (const TargetStatistics& target : statistics.targets) areas.push_back(target.area_px);
  const std::vector<double> scr = PresentScr(statistics);
  // Widths that divide 9 and 81 px, and 3: no bar belongs to two classes. Few sequences do not fill narrow bars.
  const Bars size_bars = MakeBars(areas, 1, {1, 3, 9});
  const Bars scr_bars = MakeBars(scr, 0, scr.size() < 40 ? std::vector<double>{1} : std::vector<double>{0.5, 1});
  return {{std::string(kScript), std::string(kHead) + Draw(SizePanel(group, size_bars)) +
                                     Draw(ScrPanel(group, scr_bars)) + std::string(kTail)},
          {std::string(kSizeTable), Table(size_bars, "from_px,to_px", 1, std::ssize(areas), SizeClass)},
          {std::string(kScrTable), Table(scr_bars, "from,below", 0, std::ssize(scr), ScrSubset)}};
}

std::vector<std::string> PlotFileNames() {
  std::vector<std::string> names = {std::string(kScript), std::string(kSizeTable), std::string(kScrTable),
                                    std::string(kOverviewScript)};
  for (const std::string_view table : kOverviewTables) names.emplace_back(table);
  for (const std::string_view picture : kPictures) {
    for (const std::string_view kind : {".svg", ".png"}) names.push_back(std::string(picture) + std::string(kind));
  }
  return names;
}

std::optional<std::string> PlotDistributions(const DataSetStatistics& statistics, const std::filesystem::path& folder) {
  for (const auto& [name, content] : DistributionPlotSources(statistics)) WriteFileAtomically(folder / name, content);
  for (const auto& [name, content] : OverviewPlotSources(statistics)) WriteFileAtomically(folder / name, content);
  if (statistics.targets.empty()) return "no pictures: the data set shows no target";
  std::optional<std::string> failure = RunGnuplot(folder, std::string(kScript));
  if (!failure) failure = RunGnuplot(folder, std::string(kOverviewScript));
  if (failure) {  // half a picture is worse than none
    for (const std::string_view picture : kPictures) {
      for (const std::string_view kind : {".svg", ".png"}) {
        std::error_code ignored;
        std::filesystem::remove(folder / (std::string(picture) + std::string(kind)), ignored);
      }
    }
  }
  return failure;
}

}  // namespace mirst
