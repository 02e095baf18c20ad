// What scoring a frame of 384 x 384 px costs beside decoding its mask from PNG, which any scoring of files must do once
// for the truth and once for the prediction (BM_DecodeMask). s_per_20000_frames is for one core.
#include <benchmark/benchmark.h>

#include "core/file.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "metrics/protocols.h"
#include "metrics/roc.h"

namespace mirst {
namespace {

constexpr int kExtentPx = 384;
constexpr double kFrames = 20000;

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
  WriteFileAtomically(folder.path() / "mask.png", EncodePng(scene.prediction));
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
  RocCurve roc(1 << 22);
  for (auto _ : state) roc.Add(scene.scores, scene.truth);
  State20000Frames(state);
}
BENCHMARK(BM_AddToRoc)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mirst
