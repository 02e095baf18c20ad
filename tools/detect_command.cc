// `mirst detect`: a trained network, or a model-driven method, on sequences of frames.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>
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
#include "tools/stage_picture.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

struct DetectFlags : CommonFlags {
  fs::path weights;
  MethodRun method;  ///< input and output serve networks too
  DeviceChoice device = DeviceChoice::kAutomatic;
  std::optional<double> threshold;
  InferenceEngine engine = InferenceEngine::kStreaming;
  int tile_px = 0;
  bool latency = false;
  fs::path stages;  ///< folder of the decoder's maps; empty: none
  fs::path beside;  ///< a second network for them, such as the backbone alone
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
        detector_(LoadSequenceDetector(flags.weights, Setting(flags))),
        beside_(flags.beside.empty() ? nullptr : LoadSequenceDetector(flags.beside, Setting(flags))),
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
  /// Seconds of the network for each frame that had a full window behind it; it fills once a sequence.
  const std::vector<double>& latencies_s() const { return latencies_s_; }

 private:
  static DetectorRun Setting(const DetectFlags& flags) {
    return {.device = flags.device, .threads = 0, .engine = flags.engine, .tile_px = flags.tile_px};
  }

  void Sequence(const SequenceSource& source, Progress& progress) {
    const SourceInfo& info = source.info();
    DetectionFiles files(flags_.method.out, info, flags_.method.scores ? KeepScores::kYes : KeepScores::kNo,
                         ScoreScale::kLogit);
    detector_->Begin();
    if (beside_) beside_->Begin();
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
      if (!flags_.stages.empty()) Stages(info.name, frame, logits);
      totals_.seconds += seconds;
      if (index >= kDetectorWindow - 1) latencies_s_.push_back(seconds);
      totals_.detections += static_cast<std::int64_t>(detections.size());
      ++totals_.frames;
      progress.Advance();
    }
    if (!log_.flush()) throw BadInput(fmt::format("cannot write {}", (flags_.method.out / kDetectionLog).string()));
    files.Finish({detector_->info().id, "", flags_.weights.filename().string(), detector_->info().steps, threshold_});
  }

  void Stages(const std::string& sequence, const Frame& frame, const Image<float>& logits) {
    std::vector<StageRow> rows{{detector_->Stages(), logits}};
    if (beside_) {
      const Image<float> other = beside_->Next(frame.pixels);
      rows.push_back({beside_->Stages(), other});
    }
    WriteStagePicture(flags_.stages / sequence / (fs::path(frame.name).stem().string() + ".png"), frame.pixels, rows);
  }

  const DetectFlags& flags_;
  std::unique_ptr<SequenceDetector> detector_, beside_;
  double threshold_;
  std::ofstream log_;
  Totals totals_;
  std::vector<double> latencies_s_;
};

/// The least value that a share of all reaches or stays below (nearest rank), in milliseconds.
double PercentileMs(std::vector<double> values_s, double share) {
  std::sort(values_s.begin(), values_s.end());
  const double rank = std::ceil(share * static_cast<double>(values_s.size()));
  return 1000 * values_s[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

void DetectByNetwork(const DetectFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  Run run(flags);
  const Totals totals = run.All();
  const std::vector<double>& latencies_s = run.latencies_s();
  const bool latency = flags.latency && !latencies_s.empty();
  const double p50 = latency ? PercentileMs(latencies_s, 0.5) : 0, p95 = latency ? PercentileMs(latencies_s, 0.95) : 0,
               p99 = latency ? PercentileMs(latencies_s, 0.99) : 0;
  const double rate =
      latency ? static_cast<double>(latencies_s.size()) / std::accumulate(latencies_s.begin(), latencies_s.end(), 0.0)
              : 0;
  if (flags.json) {
    Json result{{"event", "result"},       {"folder", flags.method.out.string()}, {"device", run.info().device},
                {"frames", totals.frames}, {"detections", totals.detections},     {"network_s", totals.seconds}};
    if (latency) {
      result["latency_ms"] = {{"p50", p50}, {"p95", p95}, {"p99", p99}, {"frames", latencies_s.size()}};
      result["frames_per_s"] = rate;
    }
    PrintLine(Dump(result));
    return;
  }
  PrintLine(fmt::format("{} detections in {} frames, {:.2f} frames/s in the network on {}; files in {}",
                        totals.detections, totals.frames, static_cast<double>(totals.frames) / totals.seconds,
                        run.info().device, flags.method.out.string()));
  if (latency) {
    PrintLine(
        fmt::format("latency of {} frames with a full window: p50 {:.2f} ms, p95 {:.2f} ms, p99 {:.2f} ms; "
                    "{:.2f} frames/s",
                    latencies_s.size(), p50, p95, p99, rate));
  } else if (flags.latency) {
    PrintLine("latency: no sequence has the five frames of a full window");
  }
}
#endif

void Detect(const DetectFlags& flags) {
  if (!flags.method.method.empty()) {
    if (flags.latency || flags.tile_px > 0 || !flags.stages.empty() || !flags.beside.empty())
      throw UsageError("--latency, --tile, --dump-stages and --beside go with --weights");
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
  if (!flags.stages.empty() && (flags.engine != InferenceEngine::kStreaming || flags.tile_px > 0))
    throw UsageError("--dump-stages goes with --engine streaming and without --tile");
  if (!flags.beside.empty() && flags.stages.empty()) throw UsageError("--beside goes with --dump-stages");
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
  command->add_option("--engine", flags->engine, "How PSTFNet is computed: streaming (default), folded or plain")
      ->type_name("NAME")
      ->transform(CLI::CheckedTransformer(
                      std::vector<std::pair<std::string, InferenceEngine>>{{"plain", InferenceEngine::kPlain},
                                                                           {"folded", InferenceEngine::kFolded},
                                                                           {"streaming", InferenceEngine::kStreaming}})
                      .description(""));
  command
      ->add_option("--tile", flags->tile_px,
                   "Larger frames in overlapping tiles of N x N px. Exact for weights without cbam and msfm, which see "
                   "160 px around a pixel; else global attention sees a tile instead of the frame, and tiles overlap "
                   "by 256 px a side")
      ->type_name("N")
      ->check(CLI::Range(16, 16384).description(""));
  command->add_flag("--latency", flags->latency,
                    "Also print p50, p95 and p99 milliseconds a frame, and frames a second");
  command
      ->add_option(
          "--dump-stages", flags->stages,
          "Folder for pictures SEQUENCE/FRAME.png: the frame, decoder features at 1/4, 1/2 and full size (mean "
          "over channels, false colours over their own range), logits")
      ->type_name("DIR");
  command->add_option("--beside", flags->beside, "With --dump-stages: another checkpoint's features in a second row")
      ->type_name("FILE");
  command->add_flag("--scores", flags->method.scores,
                    "Also write logits or responses, scores/SEQUENCE/*.npy (float32)");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input thermal/seq1 --out out/seq1\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input flight.mp4 --threshold 0.3 --out out/flight\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input thermal/seq1 --out out/seq1 --latency\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --beside out/backbone/best.safetensors --input "
      "thermal/seq1 \\\n"
      "      --dump-stages out/stages --out out/seq1\n"
      "  mirst detect --method ipi --input thermal/seq1 --response out/ipi\n"
      "  mirst detect --method pstnn --set segmentation.rule=mean_std --input thermal/seq1 --out out/pstnn");
  command->callback([flags] { Detect(*flags); });
}

}  // namespace mirst
