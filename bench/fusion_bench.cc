// What one target in one 640 x 512 16-bit frame costs from the rendered template to written counts and their SCR by
// every definition, stage by stage; goal of fuse + solve + measure: 60 us. The bound in the same run: reading the 41 x
// 41 window of box20 once (BM_ReadWindow).
#include <benchmark/benchmark.h>

#include "fusion/fuse.h"
#include "fusion/psf.h"
#include "fusion/scene_estimate.h"
#include "metrics/dprime.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

struct World {
  Image<float> background;
  Template target;
  SensorTemplate sensor;
  Image<float> scene;
  FusedTarget fused;
  PixelSums sums;
  Box20Rule rule = Box20Rule::ForBitDepth(16);
  CountLimits limits{0, 16383};

  World() {
    RandomStream random({.seed = 1, .purpose = Purpose::kTest});
    background = test::RandomBackground(random, 512, 640, 3000, 9000);
    target = ApplyGaussianPsf(test::RandomTemplate(random, 26, 8), 0.45);  // a mask of about 9 px
    sensor = Quantise(ResampleToSensor(target, {300.3, 200.7}), MeanContrast(target));
    sums = SumsOf(background);
    scene = MedianScene(background, sensor.box, 3);
    fused = Fuse(background, sensor, scene, SceneLevel(sensor, scene), limits, rule);
  }
};

const World& TheWorld() {
  static const World world;
  return world;
}

void BM_Resample(benchmark::State& state) {
  const World& w = TheWorld();
  for (auto _ : state) benchmark::DoNotOptimize(Quantise(ResampleToSensor(w.target, {300.3, 200.7}), 1.0));
}
void BM_SceneEstimate(benchmark::State& state) {
  const World& w = TheWorld();
  for (auto _ : state) benchmark::DoNotOptimize(MedianScene(w.background, w.sensor.box, 3));
}
void BM_FuseSolveMeasure(benchmark::State& state) {
  const World& w = TheWorld();
  Image<float> written = w.background;
  Mask mask(512, 640, 0);
  PixelBox mask_box = BoundingBox(w.fused.mask);
  mask_box.x += w.fused.box.x;
  mask_box.y += w.fused.box.y;
  for (auto _ : state) {
    const FusedTarget fused = Fuse(w.background, w.sensor, w.scene, 6000, w.limits, w.rule);
    const auto gain = SolveGain(fused.problem, 3, 1);
    const Image<std::uint16_t> counts = ComposeWritten(fused, *gain, 3.0, 1);
    for (int y = 0; y < fused.box.height; ++y) {
      std::copy(counts.row(y), counts.row(y) + fused.box.width, written.row(fused.box.y + y) + fused.box.x);
      std::copy(fused.mask.row(y), fused.mask.row(y) + fused.box.width, mask.row(fused.box.y + y) + fused.box.x);
    }
    const TargetInImage target(written, mask, mask, mask_box);
    const PixelSums global = GlobalSums(w.sums, w.background, target, {&fused.box, 1});
    TargetInImage seen = target;
    seen.global_sums = &global;
    benchmark::DoNotOptimize(MeasureEveryScr(seen, w.rule, 1));
  }
}
void BM_Detectability(benchmark::State& state) {
  const World& w = TheWorld();
  const Image<double> signal = Compose(w.fused, 100);
  for (auto _ : state) {
    const ClutterModel model = FitClutter(w.background, Grow(w.sensor.box, 17));
    benchmark::DoNotOptimize(Detectability(model, signal, w.sensor.box, 512, 640));
  }
}
void BM_ReadWindow(benchmark::State& state) {
  const World& w = TheWorld();
  const PixelBox window = Box20Window({299, 199, 3, 3}, 512, 640);
  for (auto _ : state) {
    double sum = 0;
    for (int y = window.y; y < window.bottom(); ++y) {
      for (int x = window.x; x < window.right(); ++x) sum += static_cast<double>(w.background(y, x));
    }
    benchmark::DoNotOptimize(sum);
  }
}

BENCHMARK(BM_Resample)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_SceneEstimate)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_FuseSolveMeasure)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Detectability)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_ReadWindow)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mirst
