// What `mirst stats` and `mirst validate` cost beside decoding the same files, which both must do: a native set of
// 20,000 frames of 160 x 128 px, 8 bit (200 sequences of 100; texture, noise and one target; image, mask and coverage,
// written to the temporary folder first). share_of_decode is the time over that of BM_Decode, peak_mib the largest
// resident size of the process so far: the benchmarks run in this order, so a later one adds what it needs more. One
// iteration each.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "datasets/statistics.h"
#include "datasets/validation.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr int kHeight = 128, kWidth = 160, kFrames = 100;

int Sequences() {
  const char* count = std::getenv("MIRST_BENCH_SEQUENCES");
  return count == nullptr ? 200 : std::atoi(count);
}

/// Smooth waves of the sequence's own, noise of one count, a blob of 3 x 3 px that moves by 1 px a frame.
Sample MakeSequence(int number) {
  const auto key = static_cast<std::uint32_t>(number);
  RandomStream random({.seed = 1, .sequence = key});
  const double a = random.Uniform(0.02, 0.3), b = random.Uniform(0.02, 0.3), c = random.Uniform(0, 6);
  Sample sample{std::to_string(1000 + number), {}, std::vector<LabelledFrame>(kFrames)};
  ParallelFor(kFrames, [&](std::size_t i) {
    const int index = static_cast<int>(i);
    RandomStream noise({.seed = 2, .sequence = key, .frame = static_cast<std::uint32_t>(index)});
    LabelledFrame& frame = sample.frames[i];
    const std::string name = std::to_string(100000 + index) + ".png";
    frame.frame = {Image<float>(kHeight, kWidth), Quantity::kCounts, 8, index, 0.04 * index, name};
    frame.mask = Mask(kHeight, kWidth);
    frame.coverage = Image<std::uint16_t>(kHeight, kWidth);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double wave = 30 * std::sin(a * x + c) * std::cos(b * y) + 10 * std::sin(a * b * x * y / 10);
        const bool is_target = std::abs(y - 64) <= 1 && std::abs(x - 30 - index) <= 1;
        const double value = 100 + wave + (is_target ? 40 : 0) + noise.Uniform(0, 3);
        frame.frame.pixels(y, x) = static_cast<float>(std::floor(value));
        if (is_target) frame.mask(y, x) = 255, frame.coverage(y, x) = 65535;
      }
    }
    Annotation target;
    target.class_name = "bird";
    target.box = {29 + index, 63, 3, 3};
    target.centroid_xy = {30.0 + index, 64};
    target.area_px = 9;
    target.scr_id = "box20";
    target.scr["box20"] = MeasureBox20(frame.frame.pixels, frame.mask, frame.mask, Box20Rule{}).scr;
    target.velocity_px_per_frame = {1, 0};
    frame.annotation = {name, index, frame.frame.time_s, {target}};
  });
  return sample;
}

const std::filesystem::path& DataSet() {
  static const TemporaryFolder folder("mirst-bench");
  static const bool is_written = [] {
    SetProgressStyle(ProgressStyle::kQuiet);
    SampleStoreWriter writer(folder.path() / "set", Existing::kRefuse, 0);
    Manifest manifest;
    for (int i = 0; i < Sequences(); ++i) {
      const Sample sample = MakeSequence(i);
      writer.WriteSequence(sample);
      ManifestSequence entry;
      entry.name = sample.name;
      entry.split = kSplitNames[static_cast<std::size_t>(i % 3)];
      entry.background.source = sample.name;
      entry.frames = kFrames;
      entry.width = kWidth;
      entry.height = kHeight;
      manifest.sequences.push_back(std::move(entry));
    }
    writer.Finish(std::move(manifest));
    return true;
  }();
  static const std::filesystem::path path = folder.path() / "set";
  benchmark::DoNotOptimize(is_written);
  return path;
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double decode_s = 0;

template <class Work>
void Measure(benchmark::State& state, Work work) {
  DataSet();
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (decode_s == 0) decode_s = seconds;
    state.counters["share_of_decode"] = seconds / decode_s;
    state.counters["frames_per_s"] = Sequences() * kFrames / seconds;
    state.counters["peak_mib"] = PeakMib();
  }
}

void BM_Decode(benchmark::State& state) {
  Measure(state, [] {
    const SetFiles set = ListSet(DataSet());
    ParallelFor(set.sequences.size(), [&](std::size_t i) {
      for (const auto& [kind, files] : set.sequences[i].kinds) {
        for (const auto& [stem, path] : files) benchmark::DoNotOptimize(ReadImage(path));
      }
    });
  });
}
BENCHMARK(BM_Decode)->Unit(benchmark::kSecond)->Iterations(1)->UseRealTime();

void BM_Stats(benchmark::State& state) {
  Measure(state, [] { benchmark::DoNotOptimize(MeasureDataSet(LabelledSet(DataSet()))); });
}
BENCHMARK(BM_Stats)->Unit(benchmark::kSecond)->Iterations(1)->UseRealTime();

void BM_Validate(benchmark::State& state) {
  Measure(state, [&] {
    const ValidationReport report = ValidateDataSet(DataSet());
    if (report.faults() > 0) state.SkipWithError("the set has faults");
  });
}
BENCHMARK(BM_Validate)->Unit(benchmark::kSecond)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace mirst
