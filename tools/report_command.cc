// `mirst report`: a data set, and what detectors found in it, as a page.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/report/report.h"

namespace mirst {
namespace {

struct ReportFlags : CommonFlags {
  ReportSources sources;
  std::filesystem::path out;
};

void RunReport(const ReportFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const WrittenReport written =
      WriteReport(flags.sources, flags.out, flags.force ? ExistingReport::kReplace : ExistingReport::kRefuse);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"file", written.page.string()},
                                         {"sequences", written.sequences},
                                         {"frames", written.frames}};
    PrintLine(json.dump());
  } else {
    PrintLine(written.page.string());
  }
}

}  // namespace

void AddReportCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "report",
      "Write a data set, and what detectors found in it, as a page\n"
      "The page opens in a browser from the disk, without network: distributions to zoom into, a table of sequences "
      "to\n"
      "sort and filter, a contact sheet with enlarged targets, a player with masks, boxes, tracks and SCR, "
      "provenance,\n"
      "and of detectors scores, ROC, Pd over SCR and size, hits and misses. Takes every set that 'mirst stats' takes.\n"
      "Frames are shown as 8-bit copies, stretched over the range that the page states.");
  const auto flags = std::make_shared<ReportFlags>();
  command->add_option("DIR", flags->sources.data, "Data set")->required();
  command->add_option("--out", flags->out, "Folder for index.html and data/")->type_name("FOLDER")->required();
  command
      ->add_option("--results", flags->sources.results,
                   "Scores of 'mirst evaluate --out' (the folder or its scores.json), or masks "
                   "[mask/]<sequence>/<frame>.png as of 'mirst detect --out', shown hit by hit in the player; several")
      ->type_name("DIR|FILE");
  command->add_option("--train", flags->sources.training, "Folder of 'mirst train': loss and validation scores")
      ->type_name("FOLDER");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst report out/smoke --out out/report\n"
      "  mirst report out/smoke --results out/scores out/found --train out/run --out out/report --force");
  command->callback([flags] { RunReport(*flags); });
}

}  // namespace mirst
