// `mirst train`: PSTFNet on a data set in the native layout.
#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "core/json.h"
#include "detector/train.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct TrainFlags : CommonFlags {
  std::filesystem::path data, out;
  std::string device;
};

TrainOptions ResolveOptions(const TrainFlags& flags) {
  ConfigTree tree = LoadConfig(flags);
  if (!flags.device.empty()) tree.Assign("device=" + flags.device);
  return ReadOptions<TrainOptions>(tree);
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
                    {"stopped_early", report.stopped_early},
                    {"samples_seen", report.samples_seen},
                    {"last_loss", report.last_loss},
                    {"seconds", report.seconds},
                    {"steps_per_second", report.steps_per_second},
                    {"device", report.device},
                    {"best", ToJson(report.best)},
                    {"last", ToJson(report.last)}}));
    return;
  }
  PrintLine(fmt::format("{} of {} steps, {} samples, {:.1f} s ({:.2f} steps/s without validation) on {}{}",
                        report.steps, report.planned_steps, report.samples_seen, report.seconds,
                        report.steps_per_second, report.device,
                        report.stopped_early ? "; stopped by limit_minutes" : ""));
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

void Run(const TrainFlags& flags) {
  const TrainOptions options = ResolveOptions(flags);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (flags.data.empty() || flags.out.empty()) {
    throw UsageError("--data DIR and --out DIR are required; see 'mirst train --help'");
  }
  const auto threads = ApplyCommonFlags(flags);
  Print(Train(options, flags.data, flags.out, flags.force ? ExistingTraining::kReplace : ExistingTraining::kRefuse),
        flags);
}

}  // namespace

void AddTrainCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("train",
                                             "Train the PSTFNet detector on a data set\n"
                                             "Writes best.safetensors (best on the val split), last.safetensors, each "
                                             "with a .json that tells options, data set and\n"
                                             "steps, and train_log.csv, val_log.csv, config.yaml. The test split is "
                                             "never opened. With the same number of threads\n"
                                             "the same options give the same weights.");
  const auto flags = std::make_shared<TrainFlags>();
  command->add_option("--data", flags->data, "Data set in the native layout")->type_name("DIR");
  command->add_option("--out", flags->out, "Folder for checkpoints and logs")->type_name("DIR");
  command->add_option("--device", flags->device, "auto, cpu or cuda")->type_name("NAME");
  AddCommonFlags(*command, *flags, WithOptions::kYes);
  command->footer(
      "Examples:\n"
      "  mirst train --config configs/train/pstfnet_smoke.yaml --data out/smoke --out out/pstfnet\n"
      "  mirst train --data out/set --set steps=20000 --set limit_minutes=60 --out out/pstfnet --force\n"
      "  mirst train --print-config          all options with their meaning, as YAML");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
