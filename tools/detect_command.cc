// `mirst detect`: a trained network, or a model-driven method, on sequences of frames.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/sequence_source.h"
#include "detector/sequence_detector.h"
#include "tools/command.h"
#include "tools/detect_by_method.h"
#include "tools/detection_files.h"
#include "tools/method_options.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

struct DetectFlags : CommonFlags {
  fs::path weights;
  MethodRun method;  ///< input and output serve networks too
  DeviceChoice device = DeviceChoice::kAutomatic;
  std::optional<double> threshold;
};

#ifdef MIRST_WITH_TORCH

void CheckSource(const SourceInfo& info, int window) {
  if (info.frame_count < 2 && window > 1) {
    throw BadInput(
        fmt::format("{} has one frame, the detector looks at the motion over {}", info.path.string(), window));
  }
  if (std::min(info.width, info.height) < kLeastFramePx) {
    throw BadInput(fmt::format("the frames of {} are {} x {} px, the least that the detector takes is {} x {}",
                               info.path.string(), info.width, info.height, kLeastFramePx, kLeastFramePx));
  }
}

struct Totals {
  std::int64_t frames = 0, detections = 0;
  double seconds = 0;  // of the network
};

class Run {
 public:
  explicit Run(const DetectFlags& flags)
      : flags_(flags),
        detector_(LoadSequenceDetector(flags.weights, flags.device)),
        threshold_(flags.threshold ? std::log(*flags.threshold / (1 - *flags.threshold))
                                   : detector_->info().threshold) {}

  Totals All() {
    const auto sources = OpenSources(flags_.method.input);
    std::int64_t frames = 0;
    for (const auto& source : sources) {
      CheckSource(source->info(), detector_->info().window);
      frames += source->info().frame_count;
    }
    PrepareDetectionFolder(flags_.method.out, flags_.force);
    log_.open(flags_.method.out / kDetectionLog);
    log_ << "sequence,frame,detections,largest_score,milliseconds\n";
    Progress progress("detect", frames, "frames");
    for (const auto& source : sources) InContext(source->info().name, [&] { Sequence(*source, progress); });
    return totals_;
  }
  const SequenceDetectorInfo& info() const { return detector_->info(); }

 private:
  void Sequence(const SequenceSource& source, Progress& progress) {
    const SourceInfo& info = source.info();
    DetectionFiles files(flags_.method.out, info, flags_.method.scores ? KeepScores::kYes : KeepScores::kNo,
                         ScoreScale::kLogit);
    detector_->Begin();
    for (int index = 0; index < info.frame_count; ++index) {
      ThrowIfInterrupted();
      const Frame frame = source.Read(index, 1).front();
      const auto start = std::chrono::steady_clock::now();
      const Image<float> logits =
          InContext(fmt::format("frame {}", frame.name), [&] { return detector_->Next(frame.pixels); });
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const std::vector<Detection> detections =
          files.Add(frame, logits, ThresholdMask(logits, static_cast<float>(threshold_)));
      double largest = 0;
      for (const Detection& detection : detections) largest = std::max(largest, detection.score);
      log_ << fmt::format("\"{}\",{},{},{:.6f},{:.2f}\n", info.name, index, detections.size(), largest, 1000 * seconds);
      totals_.seconds += seconds;
      totals_.detections += static_cast<std::int64_t>(detections.size());
      ++totals_.frames;
      progress.Advance();
    }
    if (!log_.flush()) throw BadInput(fmt::format("cannot write {}", (flags_.method.out / kDetectionLog).string()));
    files.Finish({detector_->info().id, "", flags_.weights.filename().string(), detector_->info().steps, threshold_});
  }

  const DetectFlags& flags_;
  std::unique_ptr<SequenceDetector> detector_;
  double threshold_;
  std::ofstream log_;
  Totals totals_;
};

void DetectByNetwork(const DetectFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  Run run(flags);
  const Totals totals = run.All();
  if (flags.json) {
    PrintLine(Dump({{"event", "result"},
                    {"folder", flags.method.out.string()},
                    {"device", run.info().device},
                    {"frames", totals.frames},
                    {"detections", totals.detections},
                    {"network_s", totals.seconds}}));
    return;
  }
  PrintLine(fmt::format("{} detections in {} frames, {:.2f} frames/s in the network on {}; files in {}",
                        totals.detections, totals.frames, static_cast<double>(totals.frames) / totals.seconds,
                        run.info().device, flags.method.out.string()));
}
#endif

void Detect(const DetectFlags& flags) {
  if (!flags.method.method.empty()) {
    if (flags.threshold)
      throw UsageError("--threshold is a probability, of networks; with --method use --set segmentation.rule=fixed");
    DetectByMethod(flags.method, flags);
    return;
  }
  if (flags.print_config) {
    PrintLine(PrintOptions(ReadMethodOptions(flags), OptionsFormat::kYaml));
    return;
  }
  if (flags.weights.empty())
    throw UsageError("one of --weights FILE and --method NAME is required; see 'mirst detect --help'");
  if (!flags.method.response.empty() || flags.method.iterations > 0 || !flags.assignments.empty() ||
      !flags.config.empty())
    throw UsageError("--response, --iterations, --set and --method-config go with --method");
  if (flags.method.input.empty() || flags.method.out.empty())
    throw UsageError("--input and --out are required; see 'mirst detect --help'");
#ifdef MIRST_WITH_TORCH
  DetectByNetwork(flags);
#else
  throw BadInput(
      fmt::format("--weights {}: this build has no LibTorch and cannot run a trained network", flags.weights.string()));
#endif
}

}  // namespace

void AddDetectCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "detect",
      "Find targets in frames by a trained network or a classical method\n"
      "Writes mask/SEQUENCE/*.png, boxes/SEQUENCE.json, overlay/SEQUENCE.avi and detections.csv.\n"
      "Networks: frames of any size from 48 x 48 px; five frames are looked at, and for the first four of a sequence\n"
      "the first frame stands in for the missing. Methods: --response writes raw maps and the solver's iterations;\n"
      "windows of several frames lie side by side, the rest of a sequence is looked at in its last full window.");
  const auto flags = std::make_shared<DetectFlags>();
  auto* weights = command->add_option("--weights", flags->weights, "Checkpoint of mirst train, its .json beside it")
                      ->type_name("FILE");
  command
      ->add_option("--method", flags->method.method,
                   fmt::format("Classical method: {}", fmt::join(ModelDrivenMethods(), ", ")))
      ->check(CLI::IsMember(ModelDrivenMethods()).description(""))
      ->type_name("NAME")
      ->excludes(weights);
  command
      ->add_option("--input", flags->method.input,
                   "Sequence folder, folder of sequence folders, or video file; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command->add_option("--out", flags->method.out, "Folder for the files")->type_name("DIR");
  command
      ->add_option("--response", flags->method.response,
                   "With --method: folder for the raw responses, SEQUENCE/*.npy (float32), and responses.csv")
      ->type_name("DIR");
  command
      ->add_option("--iterations", flags->method.iterations,
                   "With --method: exactly so many iterations of the solver, not its own rules")
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""));
  AddMethodOptions(*command, *flags);
  command
      ->add_option("--threshold", flags->threshold,
                   "Probability above which a pixel is a target; default: the checkpoint's")
      ->type_name("P")
      ->check(CLI::Range(1e-6, 1 - 1e-6).description(""));
  AddDeviceOption(*command, flags->device);
  command->add_flag("--scores", flags->method.scores,
                    "Also write logits or responses, scores/SEQUENCE/*.npy (float32)");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input thermal/seq1 --out out/seq1\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input flight.mp4 --threshold 0.3 --out out/flight\n"
      "  mirst detect --method ipi --input thermal/seq1 --response out/ipi\n"
      "  mirst detect --method pstnn --set segmentation.rule=mean_std --input thermal/seq1 --out out/pstnn");
  command->callback([flags] { Detect(*flags); });
}

}  // namespace mirst
