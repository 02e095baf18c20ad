// What scoring a frame of 384 x 384 px costs beside decoding its mask from PNG, which any scoring of files must do once
// for the truth and once for the prediction (BM_DecodeMask), and a whole evaluation of 20,000 frames beside decoding
// their files alone, by mirst's reader and by OpenCV's, which also wrote them. s_per_20000_frames is for one core.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <opencv2/imgcodecs.hpp>

#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "datasets/npy.h"
#include "datasets/score_map.h"
#include "detector/evaluation.h"
#include "metrics/protocols.h"
#include "metrics/roc.h"

namespace mirst {
namespace {

constexpr int kExtentPx = 384;
constexpr double kFrames = 20000;

std::string PngOfOpenCv(Image<std::uint8_t> image) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", cv::Mat(image.height(), image.width(), CV_8UC1, image.data()), bytes);
  return {bytes.begin(), bytes.end()};
}

/// One target of 5 x 5 px; found a pixel beside, with `false_alarms` further blobs.
struct Scene {
  Mask truth{kExtentPx, kExtentPx}, prediction{kExtentPx, kExtentPx};
  Image<float> scores{kExtentPx, kExtentPx};
  explicit Scene(int false_alarms) {
    RandomStream random({.seed = 1, .purpose = Purpose::kTest});
    for (float& score : scores) score = static_cast<float>(random.Uniform(0, 0.5));
    const auto draw = [&](Mask& mask, int x, int y) {
      for (int row = y; row < y + 5; ++row) {
        for (int column = x; column < x + 5; ++column) mask(row, column) = 255;
      }
    };
    draw(truth, 200, 150);
    draw(prediction, 201, 150);
    for (int i = 0; i < false_alarms; ++i) {
      draw(prediction, static_cast<int>(random.Integer(379)), static_cast<int>(random.Integer(379)));
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (prediction.data()[i] > 127) scores.data()[i] += 0.5F;
    }
  }
};

void State20000Frames(benchmark::State& state) {
  state.counters["s_per_20000_frames"] =
      benchmark::Counter(1 / kFrames, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void BM_DecodeMask(benchmark::State& state) {
  const TemporaryFolder folder("mirst-bench");
  const Scene scene(3);
  WriteFileAtomically(folder.path() / "mask.png", PngOfOpenCv(scene.prediction));
  for (auto _ : state) benchmark::DoNotOptimize(ReadMask(folder.path() / "mask.png"));
  State20000Frames(state);
}
BENCHMARK(BM_DecodeMask)->Unit(benchmark::kMicrosecond);

void BM_ScoreP1(benchmark::State& state) {
  const Scene scene(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ScoreFrame(scene.prediction, scene.truth));
  State20000Frames(state);
}
BENCHMARK(BM_ScoreP1)->Arg(0)->Arg(3)->Arg(100)->Unit(benchmark::kMicrosecond);

void BM_ScoreAllProtocols(benchmark::State& state) {
  const Scene scene(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const CountedFrame frame = CountFrame(scene.prediction, scene.truth);
    benchmark::DoNotOptimize(ScoreProtocols(frame, ObjectsOf(frame.predictions, &scene.scores)));
  }
  State20000Frames(state);
}
BENCHMARK(BM_ScoreAllProtocols)->Arg(0)->Arg(3)->Arg(100)->Unit(benchmark::kMicrosecond);

/// The exact ROC over all frames so far, with its memory bound at work.
void BM_AddToRoc(benchmark::State& state) {
  const Scene scene(3);
  RocCurve roc(1 << 20);
  for (int i = 0; i < 200; ++i) roc.Add(scene.scores, scene.truth);
  for (auto _ : state) roc.Add(scene.scores, scene.truth);
  State20000Frames(state);
}
BENCHMARK(BM_AddToRoc)->Unit(benchmark::kMicrosecond);

enum class Maps { kMasks, kEightBits, kFloats };

/// A truth folder and a folder of predictions of it.
class Folders {
 public:
  explicit Folders(Maps maps) {
    for (const char* name : {"truth/mask/s", "maps/s"}) CreateFolder(folder_.path() / name);
    const Scene scene(3);
    Image<std::uint8_t> eight_bits(kExtentPx, kExtentPx);
    std::transform(scene.scores.begin(), scene.scores.end(), eight_bits.begin(),
                   [](float score) { return static_cast<std::uint8_t>(255 * score); });
    for (int i = 0; i < kFrames; ++i) {
      const std::string name = fmt::format("{:06}", i);
      const std::filesystem::path mask = folder_.path() / "truth/mask/s" / (name + ".png");
      const std::filesystem::path map = folder_.path() / "maps/s" / (name + (maps == Maps::kFloats ? ".npy" : ".png"));
      if (i == 0) {
        WriteFileAtomically(mask, PngOfOpenCv(scene.truth));
        WriteFileAtomically(map, maps == Maps::kFloats  ? NpyBytes(scene.scores)
                                 : maps == Maps::kMasks ? PngOfOpenCv(scene.prediction)
                                                        : PngOfOpenCv(eight_bits));
      } else {
        std::filesystem::create_hard_link(files_.front().first, mask);
        std::filesystem::create_hard_link(files_.front().second, map);
      }
      files_.emplace_back(mask, map);
    }
  }

  void Decode() const {
    ParallelFor(files_.size(), [&](std::size_t i) {
      benchmark::DoNotOptimize(ReadMask(files_[i].first));
      benchmark::DoNotOptimize(ReadScoreMap(files_[i].second));
    });
  }
  void DecodeByOpenCv() const {
    ParallelFor(files_.size(), [&](std::size_t i) {
      benchmark::DoNotOptimize(cv::imread(files_[i].first, cv::IMREAD_UNCHANGED));
      benchmark::DoNotOptimize(cv::imread(files_[i].second, cv::IMREAD_UNCHANGED));
    });
  }
  void Score() const {
    std::vector<Contender> contenders;
    contenders.push_back({"maps", {}, MapsIn(folder_.path() / "maps"), {{0.5F, "bench"}}});
    benchmark::DoNotOptimize(Evaluate(OpenTruth(folder_.path() / "truth", ""), nullptr, std::move(contenders), {}));
  }
  static constexpr int kFrames = 20000;

 private:
  TemporaryFolder folder_{"mirst-bench"};
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> files_;
};

/// `mirst evaluate --pred --truth` end to end on two threads: decoding, every protocol, ROC. `to_decoding` and
/// `to_opencv` are its processor time over that of decoding the same files alone, taken in turns; OpenCV has no NPY.
void BM_EvaluateFolder(benchmark::State& state, Maps maps) {
  SetProgressStyle(ProgressStyle::kQuiet);
  const ThreadLimit threads(2);
  const Folders folders(maps);
  double decoding_s = 0, opencv_s = 0, scoring_s = 0;
  const auto seconds = [](const auto& work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  for (auto _ : state) {
    decoding_s += seconds([&] { folders.Decode(); });
    if (maps != Maps::kFloats) opencv_s += seconds([&] { folders.DecodeByOpenCv(); });
    scoring_s += seconds([&] { folders.Score(); });
  }
  const double frames = static_cast<double>(state.iterations()) * Folders::kFrames;
  state.counters["decoding_us"] = 1e6 * decoding_s / frames;
  state.counters["evaluating_us"] = 1e6 * scoring_s / frames;
  state.counters["to_decoding"] = scoring_s / decoding_s;
  if (maps == Maps::kFloats) return;
  state.counters["opencv_us"] = 1e6 * opencv_s / frames;
  state.counters["to_opencv"] = scoring_s / opencv_s;
}
BENCHMARK_CAPTURE(BM_EvaluateFolder, masks, Maps::kMasks)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_EvaluateFolder, eight_bits, Maps::kEightBits)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_EvaluateFolder, floats, Maps::kFloats)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mirst
