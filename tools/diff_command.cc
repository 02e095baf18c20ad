// `mirst diff`: whether two data sets hold the same, whatever their layouts.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "datasets/layouts/diff.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Compare two data sets of any layouts: sequences, frames, pixels, masks, boxes, ids, labels\n"
    "Only what both layouts hold is compared; what is left out is said. Sequences of other names are paired in their\n"
    "order, frames by their place. The layouts are those of `mirst convert`.";

constexpr const char* kExamples =
    "Exit codes: 0 equal, 1 different (the worst place is named), 2 wrong command line, 3 no data set.\n\n"
    "Examples:\n"
    "  mirst diff out/smoke out/smoke-coco\n"
    "  mirst diff out/a out/b --tolerance 1 --json";

struct DiffFlags : CommonFlags {
  std::filesystem::path a, b;
  DiffOptions options;
};

void Print(const DiffFlags& flags, const DiffReport& report) {
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"equal", report.equal()},
                                         {"layouts", {report.layout_a, report.layout_b}},
                                         {"frames", report.frames},
                                         {"frames_that_differ",
                                          {{"pixels", report.pixels},
                                           {"masks", report.masks},
                                           {"boxes", report.boxes},
                                           {"ids", report.ids},
                                           {"classes", report.classes},
                                           {"ignore", report.ignored},
                                           {"labels", report.labels}}},
                                         {"largest", report.largest},
                                         {"worst", report.worst},
                                         {"structure", report.structure},
                                         {"notes", report.notes}};
    PrintLine(json.dump());
    return;
  }
  for (const std::string& note : report.notes) PrintLine(note);
  for (const std::string& difference : report.structure) PrintLine(difference);
  PrintLine(
      fmt::format("{} frames compared ({} and {}); frames that differ in pixels {}, masks {}, boxes {}, ids {}, "
                  "classes {}, ignore masks {}, labels {}",
                  report.frames, report.layout_a, report.layout_b, report.pixels, report.masks, report.boxes,
                  report.ids, report.classes, report.ignored, report.labels));
}

void RunDiff(const DiffFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const DiffReport report = DiffSets(flags.a, flags.b, flags.options);
  Print(flags, report);
  if (report.equal()) return;
  throw Error(ErrorCode::kDiffers,
              fmt::format("the sets differ: {}", report.worst.empty() ? report.structure.front() : report.worst));
}

}  // namespace

void AddDiffCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("diff", kDescription);
  const auto flags = std::make_shared<DiffFlags>();
  command->add_option("A", flags->a, "Data set")->required();
  command->add_option("B", flags->b, "Data set")->required();
  command->add_option("--from-a", flags->options.from_a, "Layout of A (default: found out)")->type_name("LAYOUT");
  command->add_option("--from-b", flags->options.from_b, "Layout of B (default: found out)")->type_name("LAYOUT");
  command->add_option("--tolerance", flags->options.tolerance, "Counts by which pixels may differ (default: 0)")
      ->type_name("COUNTS")
      ->check(CLI::NonNegativeNumber.description(""));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunDiff(*flags); });
}

}  // namespace mirst
