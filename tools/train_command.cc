// `mirst train`: a detector on a data set.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "core/error.h"
#include "core/json.h"
#include "datasets/labelled_frames.h"
#include "detector/network_traits.h"
#include "detector/streamed_frames.h"
#include "detector/train_seeds.h"
#include "generator/generated_stream.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct TrainFlags : CommonFlags {
  std::filesystem::path data, stream, out;
  std::string arch, device;
  std::vector<std::uint64_t> seeds;
  bool resume = false;
};

/// The options' file; of a training to go on with, unless one is given, its own.
CommonFlags WithOwnConfig(const TrainFlags& flags) {
  CommonFlags common = flags;
  const std::string folder = flags.seeds.empty() ? "" : fmt::format("seed-{}", flags.seeds.front());
  const std::filesystem::path own = flags.out / folder / "config.yaml";
  std::error_code error;
  if (flags.resume && flags.config.empty() && std::filesystem::exists(own, error)) common.config = own;
  return common;
}

TrainOptions ResolveOptions(const TrainFlags& flags) {
  ConfigTree tree = LoadConfig(WithOwnConfig(flags));
  if (!flags.arch.empty()) tree.Assign("arch=" + flags.arch);
  if (!flags.device.empty()) tree.Assign("device=" + flags.device);
  return ReadOptions<TrainOptions>(tree);
}

/// The splits that a training sees of the data set that these options of `mirst generate` describe.
std::shared_ptr<const LabelledFrames> Stream(const std::filesystem::path& file, const TrainOptions& options) {
  const auto generate = ReadOptions<GenerateOptions>(ConfigTree::FromFile(file));
  return std::make_shared<StreamedFrames>(GeneratedStream(generate), static_cast<std::uintmax_t>(options.data.cache_mib)
                                                                         << 20);
}

Json ToJson(const std::optional<ValidationScore>& score) {
  if (!score) return nullptr;
  const auto number = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
  return {{"step", score->step},
          {"iou_seq", number(score->iou_seq)},
          {"niou", number(score->niou)},
          {"pd", number(score->pd)},
          {"fa", number(score->fa)}};
}

void Print(const TrainReport& report, const TrainFlags& flags) {
  if (flags.json) {
    PrintLine(Dump({{"event", "result"},
                    {"folder", flags.out.string()},
                    {"steps", report.steps},
                    {"planned_steps", report.planned_steps},
                    {"stopped_early", report.stopped_by != StopReason::kAllSteps},
                    {"stopped_by", NameOf(report.stopped_by)},
                    {"first_step", report.first_step},
                    {"samples_seen", report.samples_seen},
                    {"last_loss", report.last_loss},
                    {"seconds", report.seconds},
                    {"steps_per_second", report.steps_per_second},
                    {"loader_wait_share", report.loader_wait_share},
                    {"device", report.device},
                    {"processes", report.processes},
                    {"best", ToJson(report.best)},
                    {"last", ToJson(report.last)}}));
    return;
  }
  PrintLine(fmt::format("{} of {} steps, {} samples, {:.1f} s ({:.2f} steps/s without validation) on {}{}{}",
                        report.steps, report.planned_steps, report.samples_seen, report.seconds,
                        report.steps_per_second, report.device,
                        report.processes == 1 ? "" : fmt::format(" in {} processes", report.processes),
                        report.stopped_by == StopReason::kAllSteps ? "" : "; stopped by " + NameOf(report.stopped_by)));
  PrintLine(fmt::format("{:.1f} % of the steps' time went by waiting for samples", 100 * report.loader_wait_share));
  PrintLine(fmt::format("last loss {:.4f}", report.last_loss));
  if (report.best) {
    const auto percent = [](std::optional<double> value) {
      return value ? fmt::format("{:.2f} %", 100 * *value) : "-";
    };
    PrintLine(fmt::format("best at step {}: validation IoU {}, Pd {}, Fa {:.2f} x1e-6", report.best->step,
                          percent(report.best->iou_seq), percent(report.best->pd), 1e6 * report.best->fa.value_or(0)));
  }
  PrintLine(fmt::format("weights {}", (flags.out / (report.best ? "best.safetensors" : "last.safetensors")).string()));
}

void Print(const std::vector<SeedReport>& reports, const TrainFlags& flags) {
  const std::vector<SeedScore> scores = ScoresOf(reports);
  if (flags.json) {
    Json result = {{"event", "result"}, {"folder", flags.out.string()}, {"seeds", flags.seeds}};
    for (const SeedScore& score : scores) {
      const auto number = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
      result[score.id] = {{"mean", number(score.spread.mean)}, {"standard_deviation", number(score.spread.sigma)}};
    }
    PrintLine(Dump(result));
    return;
  }
  const auto text = [](std::optional<double> value, double unit) {
    return value ? fmt::format("{:.2f}", *value / unit) : std::string("-");
  };
  std::string head = fmt::format("{:<12}", "best of seed");
  for (const SeedReport& seed : reports) head += fmt::format("{:>10}", seed.seed);
  PrintLine(head + fmt::format("{:>10}{:>10}", "mean", "sigma"));
  for (const SeedScore& score : scores) {
    const bool is_fa = score.id == "fa";
    const double unit = is_fa ? 1e-6 : 0.01;
    std::string row = fmt::format("{:<12}", score.id + (is_fa ? ", 1e-6" : ", %"));
    for (const auto& value : score.values) row += fmt::format("{:>10}", text(value, unit));
    PrintLine(row + fmt::format("{:>10}{:>10}", text(score.spread.mean, unit), text(score.spread.sigma, unit)));
  }
}

void Run(const TrainFlags& flags) {
  const TrainOptions options = ResolveOptions(flags);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (flags.data.empty() == flags.stream.empty() || flags.out.empty()) {
    throw UsageError("--out DIR and one of --data DIR and --stream FILE are required; see 'mirst train --help'");
  }
  if (flags.force && flags.resume) throw UsageError("--force starts anew and --resume goes on; give one of them");
  const auto threads = ApplyCommonFlags(flags);
  const auto existing = flags.force    ? ExistingTraining::kReplace
                        : flags.resume ? ExistingTraining::kResume
                                       : ExistingTraining::kRefuse;
  const auto data = flags.stream.empty() ? OpenLabelledFrames(flags.data) : Stream(flags.stream, options);
  if (!flags.seeds.empty()) {
    const std::vector<SeedReport> reports = TrainSeeds(options, flags.seeds, data, flags.out, existing);
    if (reports.front().report.speaks) Print(reports, flags);
    return;
  }
  const TrainReport report = Train(options, data, flags.out, existing);
  if (report.speaks) Print(report, flags);
}

}  // namespace

void AddTrainCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "train",
      "Train a detector on a data set\n"
      "Writes best.safetensors (best on the val split), last.safetensors, each with a .json that tells options, data\n"
      "set and steps, train_log.csv, val_log.csv, config.yaml, and state.safetensors for --resume. The test split is\n"
      "never opened. With the same number of threads the same options give the same weights, killed and resumed or\n"
      "not.\n"
      "Several processes train together where torchrun, mpirun or srun has started them (RANK, WORLD_SIZE,\n"
      "MASTER_ADDR, MASTER_PORT or what stands for them): data.batch is shared among them.");
  const auto flags = std::make_shared<TrainFlags>();
  command->add_option("--data", flags->data, "Data set in the native layout or packed")->type_name("DIR");
  command
      ->add_option("--stream", flags->stream,
                   "In place of --data: options of `mirst generate`, whose samples are made in memory")
      ->type_name("FILE");
  command->add_option("--out", flags->out, "Folder for checkpoints and logs")->type_name("DIR");
  command->add_option("--arch", flags->arch, fmt::format("Network: {}", fmt::join(NetworkNames(), ", ")))
      ->type_name("NAME");
  command->add_option("--device", flags->device, "auto, cpu or cuda")->type_name("NAME");
  command->add_flag(
      "--resume", flags->resume,
      "Go on with the training in --out, with its own options unless --config is given; begin where there "
      "is none");
  command
      ->add_option("--seeds", flags->seeds,
                   "Train once for each of these seeds, into DIR/seed-N, and give mean and standard deviation")
      ->delimiter(',')
      ->type_name("N,N,...");
  AddCommonFlags(*command, *flags, WithOptions::kYes);
  command->footer(
      "Examples:\n"
      "  mirst train --config configs/train/pstfnet_smoke.yaml --data out/smoke --out out/pstfnet\n"
      "  mirst train --data out/set --set steps=20000 --set limit_minutes=60 --out out/pstfnet --force\n"
      "  mirst train --resume --data out/set --out out/pstfnet\n"
      "  mirst train --data out/set --out out/three --seeds 1,2,3\n"
      "  mirst train --arch rdian --data out/set --out out/rdian\n"
      "  mpirun -n 2 mirst train --threads 1 --data out/set --out out/pstfnet\n"
      "  mirst train --print-config          all options with their meaning, as YAML");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
