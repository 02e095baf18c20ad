// `mirst detect`: a trained network on sequences of frames.
#include <fmt/format.h>

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
#include "tools/detection_files.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

struct DetectFlags : CommonFlags {
  fs::path weights, out;
  std::vector<fs::path> input;
  DeviceChoice device = DeviceChoice::kAutomatic;
  std::optional<double> threshold;
  bool scores = false;
};

void CheckSource(const SourceInfo& info) {
  if (info.frame_count < 2) {
    throw BadInput(
        fmt::format("{} has one frame, the detector looks at the motion over {}", info.path.string(), kDetectorWindow));
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
    const auto sources = OpenSources(flags_.input);
    std::int64_t frames = 0;
    for (const auto& source : sources) {
      CheckSource(source->info());
      frames += source->info().frame_count;
    }
    PrepareDetectionFolder(flags_.out, flags_.force);
    log_.open(flags_.out / kDetectionLog);
    log_ << "sequence,frame,detections,largest_score,milliseconds\n";
    Progress progress("detect", frames, "frames");
    for (const auto& source : sources) InContext(source->info().name, [&] { Sequence(*source, progress); });
    return totals_;
  }
  const SequenceDetectorInfo& info() const { return detector_->info(); }

 private:
  void Sequence(const SequenceSource& source, Progress& progress) {
    const SourceInfo& info = source.info();
    DetectionFiles files(flags_.out, info, flags_.scores ? KeepScores::kYes : KeepScores::kNo);
    detector_->Begin();
    for (int index = 0; index < info.frame_count; ++index) {
      ThrowIfInterrupted();
      const Frame frame = source.Read(index, 1).front();
      const auto start = std::chrono::steady_clock::now();
      const Image<float> logits =
          InContext(fmt::format("frame {}", frame.name), [&] { return detector_->Next(frame.pixels); });
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const std::vector<Detection> detections = files.Add(frame, logits, static_cast<float>(threshold_));
      double largest = 0;
      for (const Detection& detection : detections) largest = std::max(largest, detection.score);
      log_ << fmt::format("\"{}\",{},{},{:.6f},{:.2f}\n", info.name, index, detections.size(), largest, 1000 * seconds);
      totals_.seconds += seconds;
      totals_.detections += static_cast<std::int64_t>(detections.size());
      ++totals_.frames;
      progress.Advance();
    }
    if (!log_.flush()) throw BadInput(fmt::format("cannot write {}", (flags_.out / kDetectionLog).string()));
    files.Finish(detector_->info(), flags_.weights.filename().string(), threshold_);
  }

  const DetectFlags& flags_;
  std::unique_ptr<SequenceDetector> detector_;
  double threshold_;
  std::ofstream log_;
  Totals totals_;
};

void Detect(const DetectFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  Run run(flags);
  const Totals totals = run.All();
  if (flags.json) {
    PrintLine(Dump({{"event", "result"},
                    {"folder", flags.out.string()},
                    {"device", run.info().device},
                    {"frames", totals.frames},
                    {"detections", totals.detections},
                    {"network_s", totals.seconds}}));
    return;
  }
  PrintLine(fmt::format("{} detections in {} frames, {:.2f} frames/s in the network on {}; files in {}",
                        totals.detections, totals.frames, static_cast<double>(totals.frames) / totals.seconds,
                        run.info().device, flags.out.string()));
}

}  // namespace

void AddDetectCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("detect",
                                             "Find targets in frames by a trained network\n"
                                             "Writes mask/SEQUENCE/*.png, boxes/SEQUENCE.json, overlay/SEQUENCE.avi "
                                             "and detections.csv. Frames may have any size from\n"
                                             "48 x 48 px. The network looks at five frames; for the first four of a "
                                             "sequence the first frame stands in for the missing.");
  const auto flags = std::make_shared<DetectFlags>();
  command->add_option("--weights", flags->weights, "Checkpoint of mirst train, its .json beside it")
      ->type_name("FILE")
      ->required();
  command->add_option("--input", flags->input, "Sequence folder, folder of sequence folders, or video file; repeatable")
      ->type_name("PATH")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--out", flags->out, "Folder for the files")->type_name("DIR")->required();
  command
      ->add_option("--threshold", flags->threshold,
                   "Probability above which a pixel is a target; default: the checkpoint's")
      ->type_name("P")
      ->check(CLI::Range(1e-6, 1 - 1e-6).description(""));
  command->add_option("--device", flags->device, "Where the network runs: auto, cpu or cuda (default: auto)")
      ->type_name("NAME")
      ->transform(
          CLI::CheckedTransformer(std::vector<std::pair<std::string, DeviceChoice>>{{"auto", DeviceChoice::kAutomatic},
                                                                                    {"cpu", DeviceChoice::kCpu},
                                                                                    {"cuda", DeviceChoice::kCuda}})
              .description(""));
  command->add_flag("--scores", flags->scores, "Also write the logits, scores/SEQUENCE/*.npy (float32)");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input thermal/seq1 --out out/seq1\n"
      "  mirst detect --weights out/pstfnet/best.safetensors --input flight.mp4 --threshold 0.3 --out out/flight");
  command->callback([flags] { Detect(*flags); });
}

}  // namespace mirst
