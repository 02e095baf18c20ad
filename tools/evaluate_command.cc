// `mirst evaluate`: detectors, or anybody's maps, against truth.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <set>

#include "core/error.h"
#include "core/log.h"
#include "detector/evaluation_files.h"
#include "tools/command.h"
#include "tools/method_options.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

constexpr const char* kDescription =
    "Score detectors against truth: IoU, Pd, Fa by protocol P1, ROC\n"
    "Scores trained networks (--weights), classical methods (--method) and maps made elsewhere (--pred) side by side.\n"
    "Masks: networks at their checkpoint's threshold (logit > 0), classical methods above half of each frame's\n"
    "largest score (the published tables' choice; --set segmentation.rule=... takes another), and both also at the "
    "threshold that leaves --fa false pixels on\n"
    "the validation split. Maps: PNG as value / largest value, or NPY; masks count as maps.";

struct EvaluateFlags : CommonFlags {
  fs::path data, truth, out;
  std::string split;
  std::vector<std::string> weights, methods, predictions;
  double threshold = 0.5;
  DeviceChoice device = DeviceChoice::kAutomatic;
  EvaluateOptions options;
};

Contender FromWeights(const std::string& weights, [[maybe_unused]] const EvaluateFlags& flags) {
#ifdef MIRST_WITH_TORCH
  std::unique_ptr<SequenceDetector> detector = LoadSequenceDetector(weights, flags.device, flags.threads);
  const SequenceDetectorInfo& info = detector->info();
  Contender contender{info.id,
                      TrainingRecord{weights, info.dataset_id, info.git_revision, info.steps, info.samples_seen},
                      nullptr,
                      {{static_cast<float>(info.threshold), "checkpoint"}}};
  contender.maps = MapsOf(std::move(detector));
  return contender;
#else
  throw BadInput(fmt::format("--weights {}: this build has no LibTorch and cannot run a trained network", weights));
#endif
}

Contender FromMethod(const std::string& method, const ModelDrivenOptions& options) {
  std::unique_ptr<ModelDrivenDetector> detector = MakeModelDrivenDetector(method, options);
  const std::string id(detector->id());
  const std::string origin = options.segmentation == SegmentationOptions{} ? "compatibility choice" : "options";
  return {id, {}, MapsOf(std::move(detector)), {{std::nullopt, origin, options.segmentation}}};
}

std::vector<Contender> Contenders(const EvaluateFlags& flags, const ModelDrivenOptions& options) {
  std::vector<Contender> contenders;
  for (const std::string& weights : flags.weights) contenders.push_back(FromWeights(weights, flags));
  for (const std::string& method : flags.methods) contenders.push_back(FromMethod(method, options));
  for (const std::string& folder : flags.predictions) {
    std::unique_ptr<MapSource> maps = MapsIn(folder);
    const std::string id = fs::canonical(folder).filename().string();
    contenders.push_back({id, {}, std::move(maps), {{static_cast<float>(flags.threshold), "--threshold"}}});
  }
  std::set<std::string> taken;  // ids name files
  for (Contender& contender : contenders) {
    const std::string id = contender.id;
    for (int number = 2; !taken.insert(contender.id).second; ++number) contender.id = fmt::format("{}-{}", id, number);
  }
  return contenders;
}

/// Thresholds need a data set with a validation split; without one, or where it is scored itself, there are none.
std::optional<TruthSet> Validation(const EvaluateFlags& flags, const TruthSet& truth) {
  if (flags.data.empty() || truth.split.empty() || truth.split == "val" ||
      (flags.weights.empty() && flags.methods.empty()))
    return std::nullopt;
  try {
    return OpenTruth(flags.data, "val");
  } catch (const Error& error) {
    LogWarning(fmt::format("no threshold from validation data: {}", error.what()));
    return std::nullopt;
  }
}

void Run(const EvaluateFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const ModelDrivenOptions options = ReadMethodOptions(flags);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (flags.data.empty() == flags.truth.empty())
    throw UsageError("one of --data DIR and --truth DIR is required; see 'mirst evaluate --help'");
  if (flags.weights.empty() && flags.methods.empty() && flags.predictions.empty()) {
    throw UsageError("nothing to score: give --weights FILE, --method NAME or --pred DIR; see 'mirst evaluate --help'");
  }
  if (!flags.out.empty() && !flags.force) RequireNoScores(flags.out);
  const fs::path& folder = flags.data.empty() ? flags.truth : flags.data;
  const bool native = fs::exists(folder / "manifest.json");
  if (!native && !flags.split.empty())
    throw BadInput(fmt::format("--split {}: {} is no data set in the native layout and has no splits", flags.split,
                               folder.string()));
  const TruthSet truth = OpenTruth(folder, flags.split.empty() && native && !flags.data.empty() ? "test" : flags.split);
  std::vector<Contender> contenders = Contenders(flags, options);
  const std::optional<TruthSet> validation = Validation(flags, truth);
  const EvaluationResult result =
      Evaluate(truth, validation ? &*validation : nullptr, std::move(contenders), flags.options);
  if (!flags.out.empty()) WriteEvaluation(result, flags.out);
  PrintLine(flags.json ? ScoresJson(result.scores) : ScoresTable(result.scores));
  if (!flags.out.empty()) LogInfo(fmt::format("scores, ROC and pictures written to {}", flags.out.string()));
}

}  // namespace

void AddEvaluateCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", kDescription);
  const auto flags = std::make_shared<EvaluateFlags>();
  command->add_option("--data", flags->data, "Data set whose images the detectors look at")->type_name("DIR");
  command->add_option("--truth", flags->truth, "Truth for --pred: data set, or folder with mask/<seq>/<frame>.png")
      ->type_name("DIR");
  command->add_option("--split", flags->split, "Sequences to score (default: test with --data, all with --truth)")
      ->check(CLI::IsMember({"train", "val", "test"}).description("train|val|test"));
  command->add_option("--weights", flags->weights, "Checkpoint of `mirst train`; repeatable")->type_name("FILE");
  command
      ->add_option("--method", flags->methods,
                   fmt::format("Classical method: {}; repeatable", fmt::join(ModelDrivenMethods(), ", ")))
      ->check(CLI::IsMember(ModelDrivenMethods()).description(""))
      ->type_name("NAME");
  AddMethodOptions(*command, *flags);
  command
      ->add_option("--pred", flags->predictions,
                   "Maps or masks <seq>/<frame>.png or .npy, one a frame of the truth; repeatable")
      ->type_name("DIR");
  command->add_option("--threshold", flags->threshold, "A target where a map of --pred exceeds this (default 0.5)")
      ->type_name("T");
  command
      ->add_option("--fa", flags->options.validation_false_px_rate,
                   "Share of false pixels on the validation split that fixes thresholds (default 1e-5)")
      ->type_name("RATE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  command->add_option("--device", flags->device, "Where networks run (default: auto)")
      ->transform(
          CLI::CheckedTransformer(std::vector<std::pair<std::string, DeviceChoice>>{{"auto", DeviceChoice::kAutomatic},
                                                                                    {"cpu", DeviceChoice::kCpu},
                                                                                    {"cuda", DeviceChoice::kCuda}})
              .description("auto|cpu|cuda"));
  command->add_option("--out", flags->out, "Folder for scores.json and, of each detector, sequences, ROC and pictures")
      ->type_name("FOLDER");
  command
      ->add_option("--pictures", flags->options.pictures, "Frames on a detector's picture, one a sequence (default 12)")
      ->type_name("N")
      ->check(CLI::Range(0, 120).description(""));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst evaluate --data out/smoke --method top_hat\n"
      "  mirst evaluate --data out/smoke --weights out/run/best.safetensors --method top_hat --out out/scores\n"
      "  mirst evaluate --data out/smoke --method pstnn --method ipi --set ipi.step_px=20\n"
      "  mirst evaluate --pred maps/ --truth out/smoke --split test");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
