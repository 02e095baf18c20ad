// Templates a second at 8 cells per pixel, on one core, for targets of 4, 16 and 64 pixels of length and for such whose
// box has 9 pixels of area; and, as the bound of the same run, how many rays Embree traces a second through the same
// target from the same side when nothing else is done. Counters: samples a template and a second, the raw rate, and the
// share of it that is reached. Squares beside the target count as rays on both sides, though a template tells them by
// the target's outlines, without one.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "renderer/posed_target.h"
#include "renderer/target_samples.h"

namespace mirst {
namespace {

constexpr int kSupersampling = 8;

const TargetModel& Model(const std::string& spec) {
  static std::map<std::string, TargetModel> models;
  if (!models.contains(spec)) models.emplace(spec, TargetModel::Load(spec));
  return models.at(spec);
}

View ViewOf(const TargetModel& model, double length_px) {
  View view{.attitude = {10, 15, 40}};
  view.range_m = model.length_m() * view.focal_length_mm * 1e3 / view.pixel_pitch_um / length_px;
  return view;
}

// From where the target's box in the image has that area.
View ViewOfArea(const TargetModel& model, double area_px) {
  View view = ViewOf(model, 64);
  for (int step = 0; step < 10; ++step) {
    const CellBox box = PosedTarget(model.data(), view, kSupersampling).box();
    const double cells = (box.right - box.left) * (box.bottom - box.top);
    view.range_m *= std::sqrt(cells / (kSupersampling * kSupersampling * area_px));
  }
  return view;
}

// Of processor time: what else the machine does counts neither here nor there.
double SecondsSince(std::clock_t start) { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

// One ray a cell of the target's box, row by row, and nothing else: many of them miss, which costs little.
class RawCast {
 public:
  RawCast(const TargetModel& model, const View& view)
      : caster_(model.data().at_rest ? *model.data().at_rest : model.data().bodies.front().caster) {
    const PosedTarget target(model.data(), view, kSupersampling);
    const CellBox& box = target.box();
    course_ = target.course();
    for (double y = box.top; y <= box.bottom; ++y) {
      for (double x = box.left; x <= box.right; ++x) rays_.push_back(target.RayThrough({x, y}));
    }
    hits_.resize(rays_.size());
  }
  // Casts for at least that long.
  void CastFor(double seconds) {
    const std::clock_t start = std::clock();
    double passed = 0;
    while (passed < seconds) {
      std::fill(hits_.begin(), hits_.end(), RayCaster::Hit{});
      caster_.Cast(rays_, hits_, course_);
      benchmark::DoNotOptimize(hits_.data());
      cast_ += static_cast<double>(rays_.size());
      passed = SecondsSince(start);
    }
    seconds_ += passed;
  }
  double RaysPerSecond() const { return cast_ / seconds_; }

 private:
  const RayCaster& caster_;
  std::vector<RayCaster::Ray> rays_;
  std::vector<RayCaster::Hit> hits_;
  RayCaster::Course course_;
  double cast_ = 0, seconds_ = 0;
};

// Template and bare rays take turns, so that what else the machine does meets both.
void Render(benchmark::State& state, const TargetModel& model, const View& view) {
  const ThreadLimit one_core(1);
  const auto samples = static_cast<double>(SampleTarget(model.data(), view, {}, kSupersampling).samples);
  RawCast raw(model, view);
  double seconds = 0;
  for (auto _ : state) {
    const std::clock_t start = std::clock();
    benchmark::DoNotOptimize(RenderTemplate(model, view, {}, kSupersampling));
    const double passed = SecondsSince(start);
    state.SetIterationTime(passed);
    seconds += passed;
    raw.CastFor(passed);
  }
  const double rate = samples * static_cast<double>(state.iterations()) / seconds;
  state.SetItemsProcessed(state.iterations());
  state.counters["samples"] = samples;
  state.counters["samples_per_s"] = rate;
  state.counters["raw_rays_per_s"] = raw.RaysPerSecond();
  state.counters["share_of_raw"] = rate / raw.RaysPerSecond();
}

void Register(const std::string& name, const std::string& spec) {
  benchmark::RegisterBenchmark(("BM_RenderSmall/" + name).c_str(),
                               [spec](benchmark::State& state) {
                                 Render(state, Model(spec),
                                        ViewOfArea(Model(spec), static_cast<double>(state.range(0))));
                               })
      ->ArgName("area_px")
      ->UseManualTime()
      ->Arg(9)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark(("BM_Render/" + name).c_str(),
                               [spec](benchmark::State& state) {
                                 Render(state, Model(spec), ViewOf(Model(spec), static_cast<double>(state.range(0))));
                               })
      ->ArgName("length_px")
      ->UseManualTime()
      ->Arg(4)
      ->Arg(16)
      ->Arg(64)
      ->Unit(benchmark::kMicrosecond);
}

const bool kRegistered = [] {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as the program does
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  for (const std::string& name : BuiltinModels()) Register("builtin:" + name, "builtin:" + name);
  // Models of the world outside: the folder that MIRST_DATA names.
  if (const char* const data = std::getenv("MIRST_DATA")) {
    for (const std::string& file : FindModels({std::filesystem::path(data) / "models"})) {
      Register(std::filesystem::path(file).stem().string(), file);
    }
  }
  return true;
}();

}  // namespace
}  // namespace mirst
