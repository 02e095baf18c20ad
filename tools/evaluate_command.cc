// `mirst evaluate`: detectors, or anybody's maps, against truth.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/error.h"
#include "core/log.h"
#include "detector/evaluation_files.h"
#include "metrics/score_tables.h"
#include "tools/benchmark_options.h"
#include "tools/command.h"
#include "tools/contenders.h"
#include "tools/method_options.h"
#include "tools/open_any_truth.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

constexpr const char* kDescription =
    "Score detectors against truth: IoU, Pd, Fa under every protocol, ROC\n"
    "Scores trained networks (--weights), classical methods (--method) and maps or boxes made elsewhere (--pred).\n"
    "Masks: networks at their checkpoint's threshold (logit > 0), classical methods above half of each frame's\n"
    "largest score (the published tables' choice; --set segmentation.rule=... takes another), and both also at the\n"
    "thresholds that leave --fa false pixels on the validation split. Maps: PNG as value / largest value, or floats as "
    "NPY, TIFF or EXR; masks count as maps.\n"
    "Boxes: <seq>.csv or <seq>.json.";

struct EvaluateFlags : CommonFlags {
  fs::path data, truth, out, benchmark;
  std::string layout, split, masks;
  std::vector<std::string> weights, methods, sequences, predictions, background_predictions, validation_predictions;
  std::string format = "table";
  double threshold = 0.5;
  DeviceChoice device = DeviceChoice::kAutomatic;
  std::optional<std::uint64_t> shuffle_seed;
  EvaluateOptions options;
};

std::vector<Contender> Contenders(const EvaluateFlags& flags, const ModelDrivenOptions& options) {
  std::vector<Contender> contenders;
  for (const std::string& weights : flags.weights) contenders.push_back(FromWeights(weights, flags.device, flags.threads, flags.shuffle_seed));
  for (const std::string& method : flags.methods) contenders.push_back(FromMethod(method, options));
  for (std::size_t i = 0; i < flags.predictions.size(); ++i) {
    const fs::path folder = flags.predictions[i];
    Contender contender{"", {}, nullptr, {{static_cast<float>(flags.threshold), "--threshold"}}};
    if (HoldsBoxes(folder)) {
      contender.boxes = folder;
    } else {
      contender.maps = MapsIn(folder);
      if (!flags.background_predictions.empty()) contender.background_maps = MapsIn(flags.background_predictions[i]);
      if (!flags.validation_predictions.empty()) contender.validation_maps = MapsIn(flags.validation_predictions[i]);
    }
    contender.id = fs::canonical(folder).filename().string();
    contenders.push_back(std::move(contender));
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
  const bool looks = !flags.data.empty() && (!flags.weights.empty() || !flags.methods.empty());
  if (truth.split.empty() || truth.split == "val" || (!looks && flags.validation_predictions.empty()))
    return std::nullopt;
  try {
    return OpenTruth(truth.folder, "val");
  } catch (const Error& error) {
    LogWarning(fmt::format("no threshold from validation data: {}", error.what()));
    return std::nullopt;
  }
}

std::string Printed(const Evaluation& scores, const std::string& format) {
  if (format == "json") return ScoresJson(scores);
  const TableForm form = format == "csv"        ? TableForm::kCsv
                         : format == "markdown" ? TableForm::kMarkdown
                         : format == "latex"    ? TableForm::kLatex
                                                : TableForm::kText;
  std::string text = form == TableForm::kText ? ScoresTable(scores) + "\n\n" : "";
  text += Format(ProtocolTable(scores), form) + "\n" + Format(IouTable(scores), form);
  text.pop_back();
  return text;
}

/// The benchmark's file with the flags laid over it.
BenchmarkOptions Benchmark(const EvaluateFlags& flags) {
  BenchmarkOptions options =
      ReadOptions<BenchmarkOptions>(flags.benchmark.empty() ? ConfigTree() : ConfigTree::FromFile(flags.benchmark));
  if (!flags.data.empty() || !flags.truth.empty()) options.data = flags.data.string();
  if (!flags.layout.empty()) options.layout = flags.layout;
  if (!flags.split.empty()) options.split = flags.split;
  if (!flags.masks.empty()) options.masks = flags.masks;
  if (!flags.sequences.empty()) options.sequences = flags.sequences;
  if (!flags.methods.empty() || !flags.weights.empty() || !flags.predictions.empty()) options.methods = flags.methods;
  return options;
}

/// Leaves the named sequences; all where none is named.
void Keep(const std::vector<std::string>& names, TruthSet& truth) {
  if (names.empty()) return;
  for (const std::string& name : names) {
    const bool is_there = std::any_of(truth.sequences.begin(), truth.sequences.end(),
                                      [&](const TruthSequence& sequence) { return sequence.name == name; });
    if (!is_there)
      throw BadInput(fmt::format("the sequence {} is not among the {} of the {}", name, truth.sequences.size(),
                                 truth.split.empty() ? "set" : "split " + truth.split));
  }
  std::erase_if(truth.sequences, [&](const TruthSequence& sequence) {
    return std::find(names.begin(), names.end(), sequence.name) == names.end();
  });
}

void Run(EvaluateFlags flags) {
  const auto threads = ApplyCommonFlags(flags);
  const ModelDrivenOptions method_options = ReadMethodOptions(flags);
  const BenchmarkOptions benchmark = Benchmark(flags);
  if (flags.print_config) {
    PrintLine(flags.benchmark.empty() ? PrintOptions(method_options, OptionsFormat::kYaml)
                                      : PrintOptions(benchmark, OptionsFormat::kYaml));
    return;
  }
  flags.data = benchmark.data;
  flags.split = benchmark.split;
  flags.methods = benchmark.methods;
  if (flags.data.empty() == flags.truth.empty())
    throw UsageError("one of --data DIR and --truth DIR is required; see 'mirst evaluate --help'");
  if (flags.shuffle_seed && flags.weights.empty()) {
    throw UsageError("--shuffle-frames is a control for networks: give --weights FILE");
  }
  if (flags.weights.empty() && flags.methods.empty() && flags.predictions.empty()) {
    throw UsageError("nothing to score: give --weights FILE, --method NAME or --pred DIR; see 'mirst evaluate --help'");
  }
  for (const auto* others : {&flags.background_predictions, &flags.validation_predictions}) {
    if (!others->empty() && others->size() != flags.predictions.size())
      throw UsageError("--pred-background and --pred-val name one folder for each --pred, in the same order");
  }
  flags.options.convention = ParseMaskConvention(benchmark.masks);
  if (!flags.out.empty() && !flags.force) RequireNoScores(flags.out);
  const fs::path& folder = flags.data.empty() ? flags.truth : flags.data;
  const bool native = fs::exists(folder / "manifest.json");
  if (!native && fs::exists(folder / "mask") && benchmark.layout.empty() && !flags.split.empty())
    throw BadInput(fmt::format("--split {}: {} is no data set in the native layout and has no splits", flags.split,
                               folder.string()));
  AnyTruth any =
      OpenAnyTruth(folder, benchmark.layout,
                   flags.split.empty() && native && !flags.data.empty() ? "test" : flags.split, !flags.data.empty());
  TruthSet& truth = any.truth;
  Keep(benchmark.sequences, truth);
  std::vector<Contender> contenders = Contenders(flags, method_options);
  const std::optional<TruthSet> validation = Validation(flags, truth);
  EvaluationResult result = Evaluate(truth, validation ? &*validation : nullptr, std::move(contenders), flags.options);
  result.scores.folder = folder.string();  // not that of a copy
  if (!flags.out.empty()) WriteEvaluation(result, flags.out);
  PrintLine(Printed(result.scores, flags.json ? "json" : flags.format));
  if (!flags.out.empty()) LogInfo(fmt::format("scores, ROC and pictures written to {}", flags.out.string()));
}

}  // namespace

void AddEvaluateCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", kDescription);
  const auto flags = std::make_shared<EvaluateFlags>();
  command->add_option("--data", flags->data, "Data set whose images the detectors look at")->type_name("DIR");
  command->add_option("--truth", flags->truth, "Truth for --pred: data set, or folder with mask/<seq>/<frame>.png")
      ->type_name("DIR");
  command->add_option("--config", flags->benchmark, "Read a benchmark (layout, split, methods) from this YAML file")
      ->type_name("FILE");
  command
      ->add_option("--layout", flags->layout,
                   "Layout of --data or --truth, a name of `mirst convert --help` (default: found out)")
      ->type_name("NAME");
  command->add_option("--sequence", flags->sequences, "Score this sequence of the split only; repeatable")
      ->type_name("NAME");
  command->add_option("--split", flags->split, "Sequences to score (default: test with --data, all with --truth)")
      ->check(CLI::IsMember({"train", "val", "test"}).description("train|val|test"));
  command->add_option("--weights", flags->weights, "Checkpoint of `mirst train`; repeatable")->type_name("FILE");
  command
      ->add_option("--method", flags->methods,
                   fmt::format("Classical method: {}; repeatable", fmt::join(ModelDrivenMethods(), ", ")))
      ->check(CLI::IsMember(ModelDrivenMethods()).description(""))
      ->type_name("NAME");
  AddMethodOptions(*command, *flags);
  command->get_option("--print-config")
      ->description("Print the methods' resolved options as YAML, with --config the benchmark's, and stop");
  command
      ->add_option(
          "--pred", flags->predictions,
          "Maps or masks <seq>/<frame>.png, .npy, .tif or .exr, one a frame of the truth, or boxes <seq>.csv or "
          "<seq>.json; repeatable")
      ->type_name("DIR");
  command
      ->add_option("--pred-background", flags->background_predictions,
                   "Maps of the same frames without targets, for the causal Pd; one for each --pred")
      ->type_name("DIR");
  command->add_option("--pred-val", flags->validation_predictions, "Maps of the validation split; one for each --pred")
      ->type_name("DIR");
  command
      ->add_option("--threshold", flags->threshold, "A target where a map or box of --pred exceeds this (default 0.5)")
      ->type_name("T");
  command
      ->add_option(
          "--fa", flags->options.validation_fa,
          "Share of false pixels on the validation split that fixes a threshold (default 1e-5 and 1e-6); repeatable")
      ->type_name("RATE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  command->add_option("--masks", flags->masks, "Second mask convention: coverage:T or energy:T (default energy:0.9)")
      ->type_name("ID");
  command->add_option("--format", flags->format, "What is printed (default: table)")
      ->check(
          CLI::IsMember({"table", "json", "csv", "markdown", "latex"}).description("table|json|csv|markdown|latex"));
  AddDeviceOption(*command, flags->device);
  command
      ->add_option("--shuffle-frames", flags->shuffle_seed,
                   "Control for --weights: show the frames of each sequence in a random order; what the networks find "
                   "then, they find without the order of time")
      ->type_name("SEED");
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
      "  mirst evaluate --pred maps/ --truth out/smoke --split test --format markdown\n"
      "  mirst evaluate --config configs/bench/nudt_mirsdt.yaml --data NUDT-MIRSDT --out out/nudt");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
