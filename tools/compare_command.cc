// `mirst compare`: two detectors on the same frames.
#include <fmt/format.h>

#include <memory>

#include "core/json.h"
#include "detector/comparison_files.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct CompareFlags : CommonFlags {
  std::string a, b, format = "table";
};

std::string AsJson(const TextTable& table) {
  Json rows = Json::array();
  for (const std::vector<std::string>& cells : table.rows) {
    Json row = Json::object();
    for (std::size_t i = 0; i < cells.size(); ++i) row[i == 2 ? "a" : i == 3 ? "b" : table.columns[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return Dump(
      {{"protocol", "P1"}, {"title", table.title}, {"a", table.columns[2]}, {"b", table.columns[3]}, {"rows", rows}},
      1);
}

void RunCompare(const CompareFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  ScoredDetector a = ReadScores(flags.a), b = ReadScores(flags.b);
  if (a.name == b.name) a.name = "A " + a.name, b.name = "B " + b.name;
  const TextTable table = CompareTable(Contrasts(a, b), a.name, b.name);
  std::string text = flags.json || flags.format == "json" ? AsJson(table) + "\n"
                     : flags.format == "csv"              ? Format(table, TableForm::kCsv)
                     : flags.format == "markdown"         ? Format(table, TableForm::kMarkdown)
                     : flags.format == "latex"            ? Format(table, TableForm::kLatex)
                                                          : Format(table, TableForm::kText);
  text.pop_back();
  PrintLine(text);
}

}  // namespace

void AddCompareCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "compare",
      "Compare two detectors on the same frames, with paired intervals\n"
      "Reads what `mirst evaluate --out` wrote. Differences B - A of each score under P1; 95 % intervals by paired\n"
      "bootstrap over background sources, none below 8 sources. Operating points are paired by where they come from.");
  const auto flags = std::make_shared<CompareFlags>();
  command->add_option("A", flags->a, "Folder of scores (its first detector), or FOLDER:DETECTOR")->required();
  command->add_option("B", flags->b, "The other, likewise")->required();
  command->add_option("--format", flags->format, "What is printed (default: table)")
      ->check(
          CLI::IsMember({"table", "json", "csv", "markdown", "latex"}).description("table|json|csv|markdown|latex"));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Example:\n"
      "  mirst compare out/scores:top_hat_5x5 out/scores:pstfnet");
  command->callback([flags] { RunCompare(*flags); });
}

}  // namespace mirst
