// The seven model-driven methods on the frames of their reference outputs (MIRST_GOLDENS), on one thread and on two:
// seconds a frame by the clock (frame_s) and of processor time (cpu_s, which a busy machine disturbs less), beside the
// time of the authors' programs in Octave on one thread (octave_s, the least of the range measured), and the ratio of
// octave_s to frame_s. All are +-50 %: quote them with the load. OpenBLAS older than the processor falls back to slow
// kernels (OPENBLAS_VERBOSE=2 prints which); OPENBLAS_CORETYPE=Haswell or SkylakeX chooses.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "detector/model_driven/methods.h"

namespace mirst {
namespace {

std::vector<Image<float>> Frames(const std::string& name, int first, int count) {
  const char* goldens = std::getenv("MIRST_GOLDENS");
  const std::filesystem::path folder =
      std::filesystem::path(goldens != nullptr ? goldens : "../shared/goldens") / "model_driven" / "images";
  if (first == 0) return {ReadFrame(folder / (name + ".png")).pixels};
  std::vector<Image<float>> frames;
  for (int i = first; i < first + count; ++i)
    frames.push_back(ReadFrame(folder / fmt::format("{}_{:02}.png", name, i)).pixels);
  return frames;
}

void Respond(benchmark::State& state, const std::string& method, const std::string& name, int first, double octave_s) {
  const ThreadLimit threads(static_cast<int>(state.range(0)));
  const std::unique_ptr<ModelDrivenDetector> detector = MakeModelDrivenDetector(method);
  const std::vector<Image<float>> frames = Frames(name, first, detector->window_frames());
  const std::vector<ImageView<const float>> window(frames.begin(), frames.end());
  detector->Respond(window);  // plans and memory
  double seconds = 0;
  const std::clock_t cpu_start = std::clock();
  int iterations = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    iterations = detector->Respond(window).iterations;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  const double frames_done = static_cast<double>(state.iterations() * detector->window_frames());
  const double a_frame = seconds / frames_done;
  state.counters["frame_s"] = a_frame;
  state.counters["cpu_s"] = cpu_seconds / frames_done;
  state.counters["octave_s"] = octave_s;
  state.counters["ratio"] = octave_s / a_frame;
  state.counters["solver"] = iterations;
}

#define MIRST_METHOD(label, ...) \
  BENCHMARK_CAPTURE(Respond, label, __VA_ARGS__)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond)

MIRST_METHOD(top_hat_200x150, "top_hat", "pst2", 0, 0.011);
MIRST_METHOD(ipi_200x150, "ipi", "pst2", 0, 14.1);
MIRST_METHOD(ipi_256x200, "ipi", "pst1", 0, 54.6);
MIRST_METHOD(pstnn_200x150, "pstnn", "pst2", 0, 0.08);
MIRST_METHOD(pstnn_256x200, "pstnn", "pst1", 0, 0.32);
MIRST_METHOD(wslcm_200x150, "wslcm", "pst2", 0, 10.6);
MIRST_METHOD(wslcm_256x200, "wslcm", "pst1", 0, 20.3);
MIRST_METHOD(wsnm_stipt_256x200, "wsnm_stipt", "wsnm", 1, 0.13);
MIRST_METHOD(wsnm_stipt_256x256, "wsnm_stipt", "imnn", 2, 0.39);
MIRST_METHOD(asttv_ntla_250x200, "asttv_ntla", "asttv", 1, 9.6);
MIRST_METHOD(asttv_ntla_256x256, "asttv_ntla", "imnn", 2, 24.0);
MIRST_METHOD(imnn_lwec_256x256, "imnn_lwec", "imnn", 2, 151.0);

}  // namespace
}  // namespace mirst
