// `mirst report`: data set, training and scores as one HTML file.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tools/command.h"
#include "tools/html_report.h"

namespace mirst {
namespace {

struct ReportFlags : CommonFlags {
  ReportSources sources;
  std::filesystem::path out;
};

void RunReport(ReportFlags flags) {
  const auto threads = ApplyCommonFlags(flags);
  if (std::filesystem::exists(flags.out) && !flags.force)
    throw BadInput(fmt::format("{} exists; --force replaces it", flags.out.string()));
  if (flags.sources.stats.empty() && std::filesystem::exists(flags.sources.data / "stats" / "stats.json"))
    flags.sources.stats = flags.sources.data / "stats";
  const std::string html = HtmlReport(flags.sources);
  if (flags.out.has_parent_path()) CreateFolder(flags.out.parent_path());
  WriteFileAtomically(flags.out, html);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"}, {"file", flags.out.string()}, {"bytes", html.size()}};
    PrintLine(json.dump());
  } else {
    PrintLine(flags.out.string());
  }
}

}  // namespace

void AddReportCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "report",
      "Write data set, training and scores as one HTML page\n"
      "The page holds its pictures and needs no network: contact sheet, distributions, loss, scores, hits and misses.");
  const auto flags = std::make_shared<ReportFlags>();
  command->add_option("--data", flags->sources.data, "Data set in the native layout")->type_name("DIR")->required();
  command
      ->add_option("--stats", flags->sources.stats, "Folder of `mirst stats` (default: DIR/stats where there is one)")
      ->type_name("FOLDER");
  command->add_option("--train", flags->sources.train, "Folder of `mirst train`")->type_name("FOLDER");
  command->add_option("--scores", flags->sources.scores, "Folder of `mirst evaluate --out`")->type_name("FOLDER");
  command->add_option("--sequences", flags->sources.sequences, "Cards on the contact sheet at most (default 12)")
      ->type_name("N")
      ->check(CLI::Range(1, 120).description(""));
  command->add_option("--out", flags->out, "The page")->type_name("FILE")->required();
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Example:\n"
      "  mirst report --data out/smoke --train out/run --scores out/scores --out out/report.html");
  command->callback([flags] { RunReport(*flags); });
}

}  // namespace mirst
