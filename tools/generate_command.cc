// `mirst generate`: a labelled multi-frame data set from background sequences and 3-D models.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "generator/generate.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct GenerateFlags : CommonFlags {
  std::vector<std::string> backgrounds, models;
  std::filesystem::path out;
  bool pairs = false;
};

GenerateOptions ResolveOptions(const GenerateFlags& flags) {
  GenerateOptions options = ReadOptions<GenerateOptions>(LoadConfig(flags));
  if (!flags.backgrounds.empty()) options.backgrounds.paths = flags.backgrounds;
  if (!flags.models.empty()) options.models.paths = flags.models;
  if (flags.pairs) options.pairs = true;
  return options;
}

void Run(const GenerateFlags& flags) {
  const GenerateOptions options = ResolveOptions(flags);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (flags.out.empty()) throw UsageError("--out DIR is required; see 'mirst generate --help'");
  const auto threads = ApplyCommonFlags(flags);
  const GenerateReport report = Generate(options, flags.out, flags.force ? Existing::kReplace : Existing::kRefuse);
  const double seconds = report.plan_s + report.write_s;
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", flags.out.string()},
                                         {"dataset_id", report.dataset_id},
                                         {"sources", report.sources},
                                         {"models", report.models},
                                         {"sequences", report.sequences},
                                         {"frames", report.frames},
                                         {"targets", report.targets},
                                         {"decoys", report.decoys},
                                         {"lowered_targets", report.lowered},
                                         {"mean_placements", report.mean_placements},
                                         {"templates_rendered", report.templates_rendered},
                                         {"templates_reused", report.templates_reused},
                                         {"plan_s", report.plan_s},
                                         {"write_s", report.write_s}};
    PrintLine(json.dump());
    return;
  }
  const std::string decoys = report.decoys > 0 ? fmt::format(" and {} decoys", report.decoys) : "";
  PrintLine(fmt::format("{} sequences, {} frames with {} targets{} from {} backgrounds and {} models in {}",
                        report.sequences, report.frames, report.targets, decoys, report.sources, report.models,
                        flags.out.string()));
  PrintLine(fmt::format("{:.1f} s ({:.1f} planning, {:.1f} writing), {:.1f} frames/s, {:.1f} placements tried a target",
                        seconds, report.plan_s, report.write_s, static_cast<double>(report.frames) / seconds,
                        report.mean_placements));
  PrintLine(fmt::format("{} templates rendered, {} taken from the cache", report.templates_rendered,
                        report.templates_reused));
  if (report.lowered > 0)
    PrintLine(fmt::format("{} targets have a lower SCR than asked for (flag \"lowered\")", report.lowered));
  PrintLine(fmt::format("data set id {}", report.dataset_id));
}

}  // namespace

void AddGenerateCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("generate", "Make a labelled data set from backgrounds and 3-D models");
  const auto flags = std::make_shared<GenerateFlags>();
  command
      ->add_option("--backgrounds", flags->backgrounds,
                   "sequence folder, folder of sequence folders, or video file; repeatable; none: procedural stand-in")
      ->type_name("PATH");
  command
      ->add_option("--models", flags->models,
                   "model file, folder of models, or builtin:NAME; repeatable; none: the built-in ones that fly")
      ->type_name("PATH");
  command->add_option("--out", flags->out, "folder of the data set (docs/formats.md)")->type_name("DIR");
  command->add_flag("--pairs", flags->pairs, "write background/ too: each frame without its targets");
  AddCommonFlags(*command, *flags, WithOptions::kYes);
  command->footer(
      "Examples:\n"
      "  mirst generate --config configs/smoke.yaml --out out/smoke\n"
      "  mirst generate --backgrounds thermal/ --models drones/ --set scr.range=[1,5] --seed 7 --out out/mine\n"
      "  mirst generate --backgrounds thermal/ --pairs --set target.count=[1,4] --set target.grouping=crossing \\\n"
      "    --set occlusion.foreground=estimated --set decoys.birds=2 --out out/hard\n"
      "  mirst generate --print-config          all options with their meaning, as YAML");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
