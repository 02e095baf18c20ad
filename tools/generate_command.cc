// `mirst generate`: a labelled multi-frame data set from background sequences and 3-D models.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "generator/dry_run.h"
#include "generator/generate.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct GenerateFlags : CommonFlags {
  std::vector<std::string> backgrounds, models;
  std::filesystem::path out;
  bool pairs = false;
  bool resume = false;
  std::string shard = "0/1";
  bool dry_run = false;
};

GenerateOptions ResolveOptions(const GenerateFlags& flags) {
  GenerateOptions options = ReadOptions<GenerateOptions>(LoadConfig(flags));
  if (!flags.backgrounds.empty()) options.backgrounds.paths = flags.backgrounds;
  if (!flags.models.empty()) options.models.paths = flags.models;
  if (flags.pairs) options.pairs = true;
  return options;
}

void PrintWhatWasMade(const GenerateReport& report, const std::filesystem::path& folder) {
  const double seconds = report.plan_s + report.write_s;
  const std::string decoys = report.decoys > 0 ? fmt::format(" and {} decoys", report.decoys) : "";
  PrintLine(fmt::format("{} sequences, {} frames with {} targets{} from {} backgrounds and {} models in {}",
                        report.sequences, report.frames, report.targets, decoys, report.sources, report.models,
                        folder.string()));
  PrintLine(fmt::format("{:.1f} s ({:.1f} planning, {:.1f} writing), {:.1f} frames/s, {:.1f} placements tried a target",
                        seconds, report.plan_s, report.write_s, static_cast<double>(report.frames) / seconds,
                        report.mean_placements));
  PrintLine(fmt::format("{} templates rendered, {} taken from the cache", report.templates_rendered,
                        report.templates_reused));
}

void PlanOnly(const GenerateOptions& options, bool json) {
  const DryRunReport report = DryRun(options);
  if (json) {
    PrintLine(ToJson(report));
    return;
  }
  PrintLine(fmt::format("{} sequences, {} frames with {} targets from {} backgrounds and {} models",
                        report.plan.sequences, report.frames, report.plan.targets, report.sources, report.models));
  PrintLine(
      fmt::format("about {:.0f} MiB on disk and {:.0f} s to write ({} sequences were written for a trial), after "
                  "{:.0f} s of planning",
                  report.bytes / (1 << 20), report.write_s, report.probed, report.plan_s));
  PrintLine(ToText(report.plan));
}

void Run(const GenerateFlags& flags) {
  const GenerateOptions options = ResolveOptions(flags);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (flags.dry_run) {
    const auto threads = ApplyCommonFlags(flags);
    PlanOnly(options, flags.json);
    return;
  }
  if (flags.out.empty()) throw UsageError("--out DIR is required; see 'mirst generate --help'");
  const Shard shard = ParseShard(flags.shard);
  if (flags.force && (flags.resume || !shard.IsWhole()))
    throw UsageError("--force replaces what --resume and --shard go on with: give one of them, or remove the folder");
  const auto threads = ApplyCommonFlags(flags);
  const Existing existing = flags.force ? Existing::kReplace : flags.resume ? Existing::kResume : Existing::kRefuse;
  const GenerateReport report = Generate(options, flags.out, existing, shard);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", flags.out.string()},
                                         {"dataset_id", report.dataset_id},
                                         {"shard", ToString(shard)},
                                         {"found_sequences", report.found_sequences},
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
                                         {"write_s", report.write_s},
                                         {"plan", nlohmann::ordered_json::parse(ToJson(report.plan))}};
    PrintLine(json.dump());
    return;
  }
  if (report.found_sequences > 0) PrintLine(fmt::format("{} sequences were there already", report.found_sequences));
  if (report.sequences > 0) PrintWhatWasMade(report, flags.out);
  if (!report.dataset_id.empty()) {
    PrintLine(ToText(report.plan));
    PrintLine(fmt::format("data set id {}", report.dataset_id));
  } else {
    PrintLine(fmt::format("shard {} is whole; 'mirst merge {}' makes the data set when all are", ToString(shard),
                          flags.out.string()));
  }
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
  command->add_flag("--resume", flags->resume,
                    "go on with what an interrupted run of the same options and inputs has left; starts where there is "
                    "none");
  command
      ->add_option("--shard", flags->shard,
                   "make share i (from 0) of N of the sequences; auto: from SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX "
                   "(with auto/N) or an MPI rank; resumes always (docs/cluster.md)")
      ->type_name("i/N|auto|auto/N");
  command->add_flag("--dry-run", flags->dry_run,
                    "plan, make and measure in memory, write nothing: what can be met, size, time");
  AddCommonFlags(*command, *flags, WithOptions::kYes);
  command->footer(
      "Examples:\n"
      "  mirst generate --config configs/smoke.yaml --out out/smoke\n"
      "  mirst generate --backgrounds thermal/ --models drones/ --set scr.range=[1,5] --seed 7 --out out/mine\n"
      "  mirst generate --backgrounds thermal/ --pairs --set target.count=[1,4] --set target.grouping=crossing \\\n"
      "    --set occlusion.foreground=estimated --set decoys.birds=2 --out out/hard\n"
      "  mirst generate --config configs/smoke.yaml --out out/smoke --resume       after a crash or a kill\n"
      "  mirst generate --config configs/smoke.yaml --out out/smoke --shard 3/8    then: mirst merge out/smoke\n"
      "  mirst generate --config configs/shu_mirst.yaml --backgrounds thermal/ --dry-run\n"
      "  mirst generate --print-config          all options with their meaning, as YAML");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
