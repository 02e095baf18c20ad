// The table of scene estimates of docs/embedding.md: an opaque flat disc at random places of real sequences, the same
// in two consecutive frames. What the picture shows inside it must have the noise of its surroundings, and repeat from
// frame to frame as they do. Deterministic by --seed.
//   scene_table --backgrounds $MIRST_DATA/backgrounds --places 60
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "bench/embedding_cases.h"
#include "bench/embedding_statistics.h"
#include "core/error.h"

namespace mirst::bench {
namespace {

constexpr int kRadius_px = 5, kClipLength = 10;
constexpr std::size_t kFrame = 4;  // with four neighbours before it, and behind the next one

SensorTemplate Disc(int x, int y) {
  SensorTemplate disc;
  const int side = 2 * kRadius_px + 1;
  disc.box = {x - kRadius_px, y - kRadius_px, side, side};
  disc.coverage = Image<std::uint16_t>(side, side, 0);
  disc.contrast = Image<float>(side, side, 0.0F);
  for (int v = -kRadius_px; v <= kRadius_px; ++v) {
    for (int u = -kRadius_px; u <= kRadius_px; ++u) {
      if (u * u + v * v > kRadius_px * kRadius_px) continue;
      disc.coverage(v + kRadius_px, u + kRadius_px) = 65535;
      disc.contrast(v + kRadius_px, u + kRadius_px) = 1;
    }
  }
  return disc;
}

/// Responses of |1 -2 1; -2 4 -2; 1 -2 1|, which a flat target does not reach: noise alone, or detail that shines
/// through.
struct Roughness {
  double squares = 0;
  int pixels = 0;
  double mean_square() const { return squares / pixels; }
};
Roughness RoughnessOf(const Image<float>& image, const SensorTemplate& disc, bool inside) {
  Roughness result;
  const PixelBox reach = Intersect(Grow(disc.box, inside ? 0 : 6), {1, 1, image.width() - 2, image.height() - 2});
  const double middle_x = disc.box.x + kRadius_px, middle_y = disc.box.y + kRadius_px;
  for (int y = reach.y; y < reach.bottom(); ++y) {
    for (int x = reach.x; x < reach.right(); ++x) {
      const double distance = std::hypot(x - middle_x, y - middle_y);
      if (inside ? distance > kRadius_px - 1.5 : distance < kRadius_px + 2) continue;
      const auto at = [&](int v, int u) { return static_cast<double>(image(y + v, x + u)); };
      const double response = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1) -
                              2 * (at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)) + 4 * at(0, 0);
      result.squares += response * response;
      ++result.pixels;
    }
  }
  return result;
}

/// Over all places of a background, for one estimate or for the background itself.
struct Tally {
  std::vector<double> noise_ratios, change_ratios;
  int in_interval = 0;
  FrameChange inside, around;
  double seconds = 0;  ///< of processor time

  void Add(const Image<float>& first, const Image<float>& second, const SensorTemplate& disc);
};

void Tally::Add(const Image<float>& first, const Image<float>& second, const SensorTemplate& disc) {
  const Roughness in = RoughnessOf(first, disc, true), out = RoughnessOf(first, disc, false);
  if (in.squares > 0 && out.squares > 0) {
    const double ratio = in.mean_square() / out.mean_square();
    noise_ratios.push_back(ratio);
    // Neighbouring responses are correlated, (1, -2/3, 1/6) along each axis: degrees of freedom = pixels / 3.78. The
    // logarithm of a ratio of two mean squares has the variance 2 / n + 2 / m, nearly.
    const double scatter = std::sqrt(2 * 3.78 / in.pixels + 2 * 3.78 / out.pixels);
    in_interval += std::abs(std::log(ratio)) <= 1.96 * scatter ? 1 : 0;
  }
  Mask mask(first.height(), first.width(), 0);
  for (int y = 0; y < disc.box.height; ++y) {
    for (int x = 0; x < disc.box.width; ++x) mask(disc.box.y + y, disc.box.x + x) = disc.coverage(y, x) > 0 ? 255 : 0;
  }
  const FrameChange change = ChangeInside(first, second, mask), ring = ChangeAround(first, second, disc.box);
  if (ring.squares > 0) change_ratios.push_back(change.mean_square() / ring.mean_square());
  for (const auto& [sum, part] : {std::pair{&inside, &change}, {&around, &ring}}) {
    sum->repeated += part->repeated;
    sum->pixels += part->pixels;
  }
}

/// A target of middle contrast, level and gain the same in both frames.
void AddEstimate(SceneMethod method, const Clip& clip, const SensorTemplate& disc, Tally& tally) {
  std::array<Image<float>, 2> frames;
  std::optional<double> level;
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    const Image<float>& background = clip.frames[kFrame + k].pixels;
    const std::clock_t start = std::clock();
    const Image<float> scene = EstimateScene(method, clip.frames, kFrame + k, disc.box, 3);
    tally.seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (!level) level = SceneLevel(disc, scene);
    const FusedTarget fused = Fuse(background, disc, scene, *level, clip.limits, clip.rule);
    const double towards_middle = *level < 0.5 * (clip.limits.low + clip.limits.high) ? 1 : -1;
    const Image<std::uint16_t> counts = ComposeWritten(fused, towards_middle * 20, std::nullopt, 1);
    frames[k] = background;
    for (int y = 0; y < disc.box.height; ++y) {
      for (int x = 0; x < disc.box.width; ++x)
        frames[k](disc.box.y + y, disc.box.x + x) = static_cast<float>(counts(y, x));
    }
  }
  tally.Add(frames[0], frames[1], disc);
}

void Print(const std::string& background, const std::string& estimate, const Tally& tally, int places) {
  fmt::print("| {} | {} | {:.2f} | {:.0f} | {:.1f} | {:.1f} | {:.2f} | {:.2f} |\n", background, estimate,
             Quantile(tally.noise_ratios, 0.5),
             100.0 * tally.in_interval / static_cast<double>(std::max<std::size_t>(1, tally.noise_ratios.size())),
             100 * tally.inside.repeated_share(), 100 * tally.around.repeated_share(),
             Quantile(tally.change_ratios, 0.5), 1e3 * tally.seconds / (2 * places));
}

void Run(const std::filesystem::path& backgrounds, int places, std::uint64_t seed) {
  fmt::print(
      "| background | estimate | noise inside / around | in 95 % interval, % | repeated inside % | around % | "
      "change inside / around | ms a target |\n|---|---|---|---|---|---|---|---|\n");
  std::uint32_t number = 0;
  for (const Clip& clip : ReadClips(backgrounds, 1, kClipLength)) {
    RandomStream random({.seed = seed, .sequence = number++, .purpose = Purpose::kPlacement});
    const int reach = kRadius_px + 8;
    const Image<float>&first = clip.frames[kFrame].pixels, &second = clip.frames[kFrame + 1].pixels;
    std::array<Tally, 4> tallies;
    for (int i = 0; i < places; ++i) {
      const SensorTemplate disc =
          Disc(reach + static_cast<int>(random.Integer(static_cast<std::uint32_t>(first.width() - 2 * reach))),
               reach + static_cast<int>(random.Integer(static_cast<std::uint32_t>(first.height() - 2 * reach))));
      AddEstimate(SceneMethod::kMedian, clip, disc, tallies[0]);
      AddEstimate(SceneMethod::kNonLocal, clip, disc, tallies[1]);
      AddEstimate(SceneMethod::kTemporal, clip, disc, tallies[2]);
      tallies[3].Add(first, second, disc);
    }
    Print(clip.background, "median", tallies[0], places);
    Print(clip.background, "nonlocal", tallies[1], places);
    Print(clip.background, "temporal", tallies[2], places);
    Print(clip.background, "(no target)", tallies[3], places);
  }
}

}  // namespace
}  // namespace mirst::bench

int main(int argc, char** argv) {
  std::filesystem::path backgrounds;
  int places = 60;
  std::uint64_t seed = 0;
  if (const char* data = std::getenv("MIRST_DATA")) backgrounds = std::filesystem::path(data) / "backgrounds";
  CLI::App program("What is seen inside an opaque target, by each estimate of the scene under it?");
  program.add_option("--backgrounds", backgrounds, "Folder of hdd-*, cptv16-* and tno-* (default $MIRST_DATA)");
  program.add_option("--places", places, "Places a background")->capture_default_str()->check(CLI::Range(1, 100000));
  program.add_option("--seed", seed, "Seed")->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  try {
    mirst::bench::Run(backgrounds, places, seed);
  } catch (const mirst::Error& error) {
    fmt::print(stderr, "scene_table: error: {}\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
