// `mirst relabel`: other masks from the stored coverage.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/log.h"
#include "datasets/relabel.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Make the masks of a data set again from its coverage\n"
    "half_max: at least half of the target's largest coverage (what generate writes); coverage:T: at least T; "
    "energy:T:\n"
    "the fewest pixels that hold the share T. Boxes, areas and SCR follow; images stay. scr_requested still names "
    "what\n"
    "was asked for under the mask that the set was made with.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst relabel out/smoke --mask energy:0.9 --out out/smoke-energy\n"
    "  mirst relabel out/smoke --mask coverage:0.2 --in-place";

struct RelabelFlags : CommonFlags {
  std::filesystem::path folder, out;
  std::string mask;
  bool in_place = false;
};

void RunRelabel(const RelabelFlags& flags) {
  if (flags.out.empty() != flags.in_place) throw UsageError("give either --out FOLDER or --in-place");
  const auto threads = ApplyCommonFlags(flags);
  const RelabelRule rule = ParseRelabelRule(flags.mask);
  std::error_code ignored;
  if (!flags.in_place && std::filesystem::equivalent(flags.folder, flags.out, ignored))
    throw UsageError("--out names the data set itself; --in-place does that");
  const RelabelReport report = flags.in_place ? RelabelInPlace(flags.folder, rule)
                                              : RelabelDataSet(SampleStoreReader(flags.folder), rule, flags.out,
                                                               flags.force ? Existing::kReplace : Existing::kRefuse);
  const std::string folder = (flags.in_place ? flags.folder : flags.out).string();
  if (report.without_background > 0) {
    LogWarning(
        fmt::format("{} sequences without their background at hand keep scr_empty and scr_delta of the former "
                    "masks (flag \"former_mask\")",
                    report.without_background));
  }
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", folder},
                                         {"dataset_id", report.dataset_id},
                                         {"mask_convention", rule.Id()},
                                         {"frames", report.frames},
                                         {"targets", report.targets},
                                         {"former_px", report.former_px},
                                         {"px", report.px},
                                         {"sequences_without_background", report.without_background}};
    PrintLine(json.dump());
    return;
  }
  PrintLine(fmt::format("{}: {} targets in {} frames by {}, {} px of mask (before: {})", folder, report.targets,
                        report.frames, rule.Id(), report.px, report.former_px));
  PrintLine(fmt::format("data set id {}", report.dataset_id));
}

}  // namespace

void AddRelabelCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("relabel", kDescription);
  const auto flags = std::make_shared<RelabelFlags>();
  command->add_option("DIR", flags->folder, "Data set in the native layout")->required();
  command->add_option("--mask", flags->mask, "half_max, coverage:T or energy:T")->type_name("RULE")->required();
  command->add_option("--out", flags->out, "Folder of the new data set")->type_name("FOLDER");
  command->add_flag("--in-place", flags->in_place, "Replace the labels of DIR itself");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunRelabel(*flags); });
}

}  // namespace mirst
