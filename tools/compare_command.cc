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
  bool everything = false;
};

constexpr std::size_t kColumnOfA = 6, kColumnOfB = 7;  // of CompareTable

std::string AsJson(const TextTable& table) {
  Json rows = Json::array();
  for (const std::vector<std::string>& cells : table.rows) {
    Json row = Json::object();
    for (std::size_t i = 0; i < cells.size(); ++i)
      row[i == kColumnOfA ? "a" : i == kColumnOfB ? "b" : table.columns[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return Dump(
      {{"title", table.title}, {"a", table.columns[kColumnOfA]}, {"b", table.columns[kColumnOfB]}, {"rows", rows}}, 1);
}

void RunCompare(const CompareFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  ScoredDetector a = ReadScores(flags.a), b = ReadScores(flags.b);
  if (a.name == b.name) a.name = "A " + a.name, b.name = "B " + b.name;
  const TextTable table =
      CompareTable(Contrasts(a, b, flags.everything ? CompareScope::kEverything : CompareScope::kMain), a.name, b.name);
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
      "Reads what `mirst evaluate --out` wrote. Differences B - A of each score: every protocol over all sequences, "
      "and\n"
      "P1 in the subsets by mean SCR, size, speed and class; 95 % intervals by paired bootstrap over background\n"
      "sources, none below 8 sources. Operating points are paired by where they come from.");
  const auto flags = std::make_shared<CompareFlags>();
  command->add_option("A", flags->a, "Folder of scores (its first detector), or FOLDER:DETECTOR")->required();
  command->add_option("B", flags->b, "The other, likewise")->required();
  command->add_flag("--everything", flags->everything,
                    "Every protocol in every subset and under every mask convention");
  command->add_option("--format", flags->format, "What is printed (default: table)")
      ->check(
          CLI::IsMember({"table", "json", "csv", "markdown", "latex"}).description("table|json|csv|markdown|latex"));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst compare out/scores:top_hat_5x5 out/scores:pstfnet\n"
      "  mirst compare out/scores:top_hat_5x5 out/scores:pstfnet --everything --format csv");
  command->callback([flags] { RunCompare(*flags); });
}

}  // namespace mirst
