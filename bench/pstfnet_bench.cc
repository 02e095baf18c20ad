// PSTFNet at its native size, 5 x 384 x 384, on two threads: milliseconds a frame of the inference engines and of a
// training step, peak memory, and how near streaming comes to the sum of what each of its convolutions takes alone in
// the fastest form known here. `bench/pstfnet_pytorch.py --beside THIS` sets the figures beside eager PyTorch.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <limits>
#include <map>
#include <tuple>

#include "core/random.h"
#include "detector/hash_weights.h"
#include "detector/infer.h"
#include "detector/loss.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr int kThreads = 2;
constexpr int kSize = 384;

Pstfnet HashNetwork() {
  Pstfnet network;
  FillByHash(*network, StateOrder(*network), 1, 0.8);
  return network;
}

/// Linux counts the largest resident memory since the last reset.
void ResetPeakMemory() { std::ofstream("/proc/self/clear_refs") << "5"; }
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

Image<float> NoiseFrame(std::uint32_t index) {
  RandomStream random(RandomKey{.frame = index});
  Image<float> frame(kSize, kSize);
  for (float& pixel : frame) pixel = static_cast<float>(random.Uniform(60, 140));
  return frame;
}

/// Milliseconds of each run: the least on the wall, and processor time of all threads, which other programs on the same
/// cores change less (set OMP_WAIT_POLICY=passive, else it counts threads that wait for each other).
class Meter {
 public:
  template <class Run>
  void Measure(const Run& run) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    run();
    cpu_s_ += static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    least_s_ = std::min(least_s_, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    ++runs_;
  }
  void Report(benchmark::State& state) const {
    state.counters["least_ms"] = 1000 * least_s_;
    state.counters["cpu_ms"] = 1000 * cpu_s_ / runs_;
    state.counters["peak_mib"] = PeakMib();
  }

 private:
  double least_s_ = std::numeric_limits<double>::infinity(), cpu_s_ = 0;
  int runs_ = 0;
};

void Engine(benchmark::State& state, InferenceEngine engine) {
  torch::set_num_threads(kThreads);
  PstfnetStream stream(HashNetwork(), {100, 20}, torch::kCPU, engine);
  std::vector<Image<float>> frames;
  for (std::uint32_t i = 0; i < 5; ++i) frames.push_back(NoiseFrame(i));
  for (const Image<float>& frame : frames) {
    stream.Push(frame);
    stream.Logits();
  }
  ResetPeakMemory();
  std::size_t next = 0;
  Meter meter;
  for ([[maybe_unused]] auto _ : state) {
    meter.Measure([&] {
      stream.Push(frames[next++ % frames.size()]);
      benchmark::DoNotOptimize(stream.Logits());
    });
  }
  meter.Report(state);
}
BENCHMARK_CAPTURE(Engine, plain, InferenceEngine::kPlain)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);
BENCHMARK_CAPTURE(Engine, folded, InferenceEngine::kFolded)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(8);
BENCHMARK_CAPTURE(Engine, streaming, InferenceEngine::kStreaming)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(15);

void TrainStep(benchmark::State& state) {
  torch::set_num_threads(kThreads);
  Pstfnet network = HashNetwork();
  network->train();
  torch::optim::AdamW optimiser(network->parameters(), torch::optim::AdamWOptions(5e-4).weight_decay(1e-4));
  const Tensor frames = torch::randn({1, 3, 5, kSize, kSize});
  Tensor mask = torch::zeros({1, 1, kSize, kSize});
  mask.narrow(2, 190, 4).narrow(3, 190, 4).fill_(1);
  const auto step = [&] {
    optimiser.zero_grad();
    SoftIouLoss(network(frames), mask).backward();
    optimiser.step();
  };
  step();
  ResetPeakMemory();
  Meter meter;
  for ([[maybe_unused]] auto _ : state) meter.Measure(step);
  meter.Report(state);
}
BENCHMARK(TrainStep)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(2);

struct Shape {
  std::int64_t in, out, kernel, size;
  auto operator<=>(const Shape&) const = default;
  double Gmac() const { return 1e-9 * static_cast<double>(in * out * kernel * kernel * size * size); }
};

/// The convolutions that one more frame of a stream takes, and how often.
std::map<Shape, int> StreamedConvolutions() {
  std::map<Shape, int> layers;
  for (std::int64_t level = 0; level < 4; ++level) {
    const std::int64_t size = kSize >> level, c = 8 << level, q = c / 4;
    const auto add = [&](std::int64_t in, std::int64_t out, std::int64_t kernel, int count) {
      layers[{in, out, kernel, size}] += count;
    };
    const std::int64_t in = level == 0 ? 1 : c / 2;  // encoder: two blocks with spatial attention
    add(in, c, 3, 1);
    add(in, c, 1, 1);
    add(c, c, 3, 3);
    add(2, 1, 7, 2);
    add(c, 6 * q, 3, 1);  // PTAM: the first convolutions' taps, the progressive steps, the branches, both ends
    for (int gap = 0; gap < 5; ++gap) add(q, q, 2 * gap + 1, 5 - gap);
    add(2 * q, c, 3, 1);
    add(q, q, 3, 4 + 7 + 9);
    add(q, q, 1, 4);
    for (const auto& [frames, count] : {std::pair{2, 2}, {3, 3 + 2}, {4, 3}, {5, 1}}) add(frames * q, q, 1, count);
    add(6 * q, c, 3, 1);
    add(c, c, 1, 1);  // gate of the fusion
    if (level == 3) continue;
    add(3 * c, c, 3, 1);  // decoder
    add(3 * c, c, 1, 1);
    add(c, c, 3, 3);
  }
  layers[{8, 1, 1, kSize}] += 1;
  return layers;
}

/// Least milliseconds of three runs; the first one warms up.
template <class Run>
double LeastMs(const Run& run) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (i > 0) least = std::min(least, ms);
  }
  return least;
}

/// Each distinct convolution by itself: LibTorch's operator (oneDNN) on planes, on channels-last maps and on oneDNN's
/// own blocked layout, and this program's kernels. The counters are milliseconds summed over the layers of a frame.
void Layers(benchmark::State& state) {
  torch::set_num_threads(kThreads);
  const torch::NoGradGuard no_gradient;
  double best = 0, own = 0, libtorch = 0, gmac = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (const auto& [shape, count] : StreamedConvolutions()) {
      const ConvWeights conv{torch::randn({shape.out, shape.in, shape.kernel, shape.kernel}),
                             torch::randn({shape.out})};
      const Tensor x = torch::randn({1, shape.in, shape.size, shape.size});
      const std::int64_t padding = shape.kernel / 2;
      const DirectConvolution direct(conv);
      const double direct_ms = LeastMs([&] { direct({{x, {}}}); });
      const double planes_ms = LeastMs([&] { torch::conv2d(x, conv.weight, conv.bias, 1, padding); });
      const Tensor last = x.contiguous(torch::MemoryFormat::ChannelsLast),
                   last_weight = conv.weight.contiguous(torch::MemoryFormat::ChannelsLast);
      const double last_ms = LeastMs([&] { torch::conv2d(last, last_weight, conv.bias, 1, padding); });
      const std::vector<std::int64_t> pad{padding, padding}, ones{1, 1};
      const Tensor blocked = x.to_mkldnn(), bias = conv.bias.to_mkldnn(),
                   weight = torch::mkldnn_reorder_conv2d_weight(conv.weight.to_mkldnn(), pad, ones, ones, 1);
      const double blocked_ms = LeastMs([&] { torch::conv2d(blocked, weight, bias, ones, pad); });
      const double of_libtorch = std::min({planes_ms, last_ms, blocked_ms});
      best += count * std::min(direct_ms, of_libtorch);
      own += count * direct_ms;
      libtorch += count * of_libtorch;
      gmac += count * shape.Gmac();
    }
  }
  state.counters["best_ms"] = best;
  state.counters["own_ms"] = own;
  state.counters["libtorch_best_ms"] = libtorch;
  state.counters["gmac"] = gmac;
}
BENCHMARK(Layers)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

}  // namespace
}  // namespace mirst
