// `mirst stats`: what a data set holds, measured on its files.
#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "datasets/compare_statistics.h"
#include "datasets/statistics.h"
#include "datasets/statistics_files.h"
#include "tools/command.h"
#include "tools/stats_table.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Measure a data set on its files: sizes, SCR under every definition, speeds, tracks, places, backgrounds.\n"
    "Takes the native layout, folders image(s)/ and mask(s)/ with or without sequences, and frames with a boxes.csv.\n"
    "Prints a summary and writes stats.json, targets.csv (one row a target and frame), frames.csv, sequences.csv, and\n"
    "the distributions as SVG and PNG with the gnuplot scripts and tables to restyle them. Plain folders, which are\n"
    "not mirst's own, are written to only with --out.\n"
    "With a second DIR it compares the two: for every quantity both means, the Wasserstein distance (in its unit and\n"
    "in standard deviations) and the overlap of the histograms; --out then receives comparison.json and .csv.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst stats out/smoke                       summary; files in out/smoke/stats\n"
    "  mirst stats out/smoke --out report --force  replace older statistics in report/\n"
    "  mirst stats data/sirst --out sirst-stats    a folder with images/ and masks/\n"
    "  mirst stats out/smoke data/sirst            how far the two lie apart\n"
    "  mirst stats out/smoke --json | jq .all.scr.mscr_present.mean";

struct StatsFlags {
  CommonFlags common;
  std::vector<std::filesystem::path> folders;
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

void StatsOfOne(const StatsFlags& flags) {
  const LabelledSet set(flags.folders.front());
  const bool is_native = set.layout() == SetLayout::kNative;
  const std::filesystem::path out = flags.out.empty() && is_native ? set.folder() / "stats" : flags.out;
  if (!out.empty() && !flags.common.force) RequireNoStatistics(out);
  const DataSetStatistics statistics = MeasureDataSet(set);
  WarnOf(statistics);
  if (!out.empty()) {
    const WrittenStatistics written = WriteStatistics(statistics, out);
    if (written.plot_failure) LogWarning(*written.plot_failure);
    LogInfo(fmt::format("{} files written to {}", written.files.size(), out.string()));
  }
  PrintLine(flags.common.json ? StatisticsJson(statistics) : StatisticsTable(statistics));
}

void StatsOfTwo(const StatsFlags& flags) {
  const std::filesystem::path json = flags.out / "comparison.json", csv = flags.out / "comparison.csv";
  if (!flags.out.empty()) {
    RequireNew(json, flags.common.force);
    RequireNew(csv, flags.common.force);
  }
  const LabelledSet set_a(flags.folders[0]), set_b(flags.folders[1]);
  const DataSetStatistics a = MeasureDataSet(set_a), b = MeasureDataSet(set_b);
  const std::vector<QuantityComparison> quantities = CompareSets(a, b);
  if (!flags.out.empty()) {
    CreateFolder(flags.out);
    WriteFileAtomically(json, ComparisonJson(a, b, quantities) + "\n");
    WriteFileAtomically(csv, ComparisonCsv(quantities));
  }
  PrintLine(flags.common.json ? ComparisonJson(a, b, quantities) : ComparisonTable(a, b, quantities));
}

void RunStats(const StatsFlags& flags) {
  const auto threads = ApplyCommonFlags(flags.common);
  flags.folders.size() == 1 ? StatsOfOne(flags) : StatsOfTwo(flags);
}

}  // namespace

void AddStatsCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("stats", kDescription);
  const auto flags = std::make_shared<StatsFlags>();
  command->add_option("DIR", flags->folders, "Data set; two of them are compared")->required()->expected(1, 2);
  command->add_option("--out", flags->out, "Folder for the files (default: DIR/stats of a native set)")
      ->type_name("FOLDER");
  AddCommonFlags(*command, flags->common, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunStats(*flags); });
}

}  // namespace mirst
