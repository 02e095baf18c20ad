#include "tools/bench_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "detector/benchmark/job.h"
#include "detector/evaluation_files.h"
#include "tools/command.h"
#include "tools/contenders.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

DeviceChoice DeviceOf(const std::string& name) {
  return name == "cpu" ? DeviceChoice::kCpu : name == "cuda" ? DeviceChoice::kCuda : DeviceChoice::kAutomatic;
}

ModelDrivenOptions MethodOptions(const BenchmarkJob& job) {
  ConfigTree tree;
  for (const std::string& assignment : job.assignments) tree.Assign(assignment);
  return ReadOptions<ModelDrivenOptions>(tree);
}

/// Single pictures have no order: each becomes a sequence of one frame.
void PartFrames(TruthSet& truth) {
  std::vector<TruthSequence> pictures;
  for (const TruthSequence& sequence : truth.sequences) {
    for (std::size_t i = 0; i < sequence.frames.size(); ++i) {
      TruthSequence& picture = pictures.emplace_back();
      picture.name = sequence.frames[i].name;
      picture.frames = {sequence.frames[i]};
      if (!sequence.annotations.empty()) picture.annotations = {sequence.annotations[i]};
      if (sequence.boxes) picture.boxes = {{(*sequence.boxes)[i]}};
    }
  }
  truth.sequences = std::move(pictures);
}

void Score(const BenchmarkJob& job, int threads) {
  TruthSet truth = OpenTruth(job.data, job.split);
  if (job.single_frame) PartFrames(truth);
  std::optional<TruthSet> validation;
  if (job.validation) validation = OpenTruth(job.data, "val");
  std::vector<Contender> contenders;
  contenders.push_back(job.method.empty() ? FromWeights(job.weights, DeviceOf(job.device), threads)
                                          : FromMethod(job.method, MethodOptions(job)));
  contenders.front().id = job.detector;
  EvaluateOptions options;
  options.convention = ParseMaskConvention(job.masks);
  options.pictures = job.pictures;
  const EvaluationResult result = Evaluate(truth, validation ? &*validation : nullptr, std::move(contenders), options);
  WriteEvaluation(result, job.out);
  for (const DetectionPicture& picture : result.pictures.front()) {
    const fs::path folder = fs::path(job.out) / "examples" / picture.sequence;
    CreateFolder(folder);
    WriteFileAtomically(folder / (picture.frame + ".png"), EncodePng(picture.prediction));
  }
}

/// Largest resident memory since the program began, MiB: of this program alone, not of the one that started it.
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    double kib = 0;
    if (std::istringstream words(line.starts_with("VmHWM:") ? line.substr(6) : ""); words >> kib) return kib / 1024;
  }
  return 0;
}

/// Frames of the longest sequence of the set, at most so many.
std::vector<Image<float>> FramesToTime(const BenchmarkJob& job) {
  const TruthSet truth = OpenTruth(job.data, job.split);
  const TruthSequence& longest =
      *std::max_element(truth.sequences.begin(), truth.sequences.end(),
                        [](const auto& a, const auto& b) { return a.frames.size() < b.frames.size(); });
  std::vector<Image<float>> frames;
  for (const TruthFrame& frame : longest.frames) {
    if (std::ssize(frames) == job.speed_frames) break;
    frames.push_back(ReadTruth(frame, WithImage::kYes).counts);
  }
  return frames;
}

/// Calls task() for each piece of work and returns the milliseconds of each.
template <class Task>
double Timed(const Task& task) {
  const auto start = std::chrono::steady_clock::now();
  task();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Milliseconds a frame. The first window warms caches and buffers and does not count where there are others.
std::vector<double> TimeMethod(const BenchmarkJob& job, const std::vector<Image<float>>& frames) {
  const auto detector = MakeModelDrivenDetector(job.method, MethodOptions(job));
  const auto size = static_cast<std::size_t>(detector->window_frames());
  std::vector<double> times;
  for (std::size_t first = 0; first == 0 || first + size <= frames.size(); first += size) {
    std::vector<ImageView<const float>> window;
    for (std::size_t i = first; i < first + size; ++i) window.emplace_back(frames[std::min(i, frames.size() - 1)]);
    times.push_back(Timed([&] { detector->Respond(window); }) / static_cast<double>(size));
  }
  if (times.size() > 1) times.erase(times.begin());
  return times;
}

std::vector<double> TimeNetwork([[maybe_unused]] const BenchmarkJob& job,
                                [[maybe_unused]] const std::vector<Image<float>>& frames,
                                [[maybe_unused]] int threads) {
#ifdef MIRST_WITH_TORCH
  const auto detector = LoadSequenceDetector(job.weights, DeviceOf(job.device), threads);
  detector->Begin();
  std::vector<double> times;
  for (const Image<float>& frame : frames) times.push_back(Timed([&] { detector->Next(frame); }));
  const std::size_t warm = std::min<std::size_t>(times.size() - 1, kDetectorWindow);
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(warm));
  return times;
#else
  throw BadInput("this build has no LibTorch and cannot run a trained network");
#endif
}

void PrintSpeed(const BenchmarkJob& job, int threads) {
  const std::vector<Image<float>> frames = FramesToTime(job);
  std::vector<double> times = job.method.empty() ? TimeNetwork(job, frames, threads) : TimeMethod(job, frames);
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double share) {
    return times[static_cast<std::size_t>(std::lround(share * static_cast<double>(times.size() - 1)))];
  };
  SpeedRecord speed;
  speed.p50_ms = quantile(0.5);
  speed.p95_ms = quantile(0.95);
  speed.peak_mib = PeakMib();
  speed.frames = static_cast<int>(times.size());
  speed.width = frames.front().width();
  speed.height = frames.front().height();
  speed.threads = ThreadCount();
  speed.device = job.method.empty() ? job.device : "cpu";
  PrintLine(ToJson(speed));
}

}  // namespace

void RunBenchmarkJob(const fs::path& file, int threads) {
  const BenchmarkJob job = InContext(file.string(), [&] { return ParseBenchmarkJob(ReadFile(file)); });
  job.speed_frames > 0 ? PrintSpeed(job, threads) : Score(job, threads);
}

}  // namespace mirst
