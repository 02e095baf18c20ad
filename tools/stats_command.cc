// `mirst stats`: what a data set holds, measured on its files.
#include <fmt/format.h>

#include <memory>

#include "core/log.h"
#include "datasets/statistics.h"
#include "datasets/statistics_files.h"
#include "tools/command.h"
#include "tools/stats_table.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Measure a data set on its files: target sizes, SCR, speeds, flags, splits.\n"
    "Prints a summary and writes stats.json, targets.csv (one row a target and frame), sequences.csv, and the\n"
    "distributions of target size and mean SCR as SVG and PNG with the gnuplot script and tables to restyle them.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst stats out/smoke                       summary; files in out/smoke/stats\n"
    "  mirst stats out/smoke --out report --force  replace older statistics in report/\n"
    "  mirst stats out/smoke --json | jq .all.scr.mscr_present.mean";

struct StatsFlags {
  CommonFlags common;
  std::filesystem::path folder;
  std::filesystem::path out;
};

void WarnOf(const DataSetStatistics& statistics) {
  for (const auto& [source, splits] : SourcesInSeveralSplits(statistics.sequences)) {
    LogWarning(
        fmt::format("the background source {} lies in the splits {} and {}", source, splits.front(), splits.back()));
  }
  const ScrAgreement agreement = CompareAnnotations(statistics);
  if (agreement.differing > 0) {
    LogWarning(fmt::format(
        "{} of {} annotated SCRs differ from the files by more than {} (largest: {:.3g} at {}): images, masks or "
        "annotations were changed after writing",
        agreement.differing, agreement.compared, kScrAgreementLimit, agreement.largest_difference, agreement.worst));
  }
}

void RunStats(const StatsFlags& flags) {
  const auto threads = ApplyCommonFlags(flags.common);
  const std::filesystem::path out = flags.out.empty() ? flags.folder / "stats" : flags.out;
  const SampleStoreReader reader(flags.folder);
  if (!flags.common.force) RequireNoStatistics(out);
  const DataSetStatistics statistics = MeasureDataSet(reader);
  const WrittenStatistics written = WriteStatistics(statistics, out);
  WarnOf(statistics);
  if (written.plot_failure) LogWarning(*written.plot_failure);
  PrintLine(flags.common.json ? StatisticsJson(statistics) : StatisticsTable(statistics));
  LogInfo(fmt::format("{} files written to {}", written.files.size(), out.string()));
}

}  // namespace

void AddStatsCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("stats", kDescription);
  const auto flags = std::make_shared<StatsFlags>();
  command->add_option("DIR", flags->folder, "Data set in the native layout")->required();
  command->add_option("--out", flags->out, "Folder for the files (default: DIR/stats)")->type_name("FOLDER");
  AddCommonFlags(*command, flags->common, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunStats(*flags); });
}

}  // namespace mirst
