// The solver against a second one that shares nothing with it: the composed image is measured directly, roots are
// bracketed by a scan outwards from 0 and bisected. 10,000 random targets, backgrounds, rules, limits and requests.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>

#include "fusion/fuse.h"
#include "fusion/psf.h"
#include "fusion/scene_estimate.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

struct Case {
  Image<float> background;
  Mask target, all;
  FusedTarget fused;
  Box20Rule domain;
  std::string id;
  double scr = 1;
  int polarity = 1;
};

std::uint32_t Draw(RandomStream& random, std::uint32_t count) { return random.Integer(count); }

Case RandomCase(RandomStream& random) {
  static const std::vector<std::string> kIds = {"box20", "box20",  "box20",  "guard3_10", "guard0_6",
                                                "bbox5", "bbox10", "bbox20", "global",    "peak"};
  Case c;
  const int bit_depth = Draw(random, 3) == 0 ? 16 : 8, height = 44, width = 50;
  c.domain = Box20Rule::ForBitDepth(bit_depth);
  c.id = kIds[Draw(random, static_cast<std::uint32_t>(kIds.size()))];
  c.polarity = Draw(random, 2) == 0 ? 1 : -1;
  c.scr = std::exp(random.Uniform(std::log(0.1), std::log(12)));

  // Backgrounds: textured, dark with zeros, bright near saturation, flat.
  const double top = bit_depth == 8 ? 255 : 9000;
  const std::uint32_t kind = Draw(random, 8);
  if (kind == 0) {
    c.background = Image<float>(height, width, static_cast<float>(std::floor(random.Uniform(0, top))));
  } else {
    const double low = kind == 1 ? 0 : kind == 2 ? 0.9 * top : 0.1 * top;
    c.background = test::RandomBackground(random, height, width, low, kind == 1 ? 0.03 * top : top);
  }
  const bool video = bit_depth == 8 && Draw(random, 4) == 0;
  const CountLimits limits = video ? CountLimits{16, 235} : CountLimits{0, bit_depth == 8 ? 255.0 : 16383.0};
  if (video) {
    for (float& value : c.background) value = std::clamp(value, 16.0F, 235.0F);
  }

  // Targets of 1 to 80 px, some with hot and cold parts.
  Template t = test::RandomTemplate(random, 2 + static_cast<int>(Draw(random, 78)), 8);
  if (Draw(random, 4) == 0) {
    for (int y = 0; y < t.contrast.height(); ++y) {
      for (int x = 0; x < t.contrast.width() / 3; ++x) t.contrast(y, x) *= -1.5F;
    }
  }
  t = ApplyGaussianPsf(t, random.Uniform(0.2, 1));
  const SensorTemplate sensor =
      Quantise(ResampleToSensor(t, {random.Uniform(10, width - 11), random.Uniform(10, height - 11)}), MeanContrast(t));
  c.target = Mask(height, width, 0);
  const Mask mask = HalfMaxMask(sensor.coverage);
  for (int y = 0; y < sensor.box.height; ++y) {
    for (int x = 0; x < sensor.box.width; ++x) c.target(sensor.box.y + y, sensor.box.x + x) = mask(y, x);
  }
  c.all = c.target;
  if (Draw(random, 3) == 0) {  // another target near
    const int ox = static_cast<int>(Draw(random, 40)), oy = static_cast<int>(Draw(random, 34));
    for (int y = oy; y < oy + 4; ++y) {
      for (int x = ox; x < ox + 5; ++x) c.all(y, x) = 255;
    }
  }
  const Image<float> scene = MedianScene(c.background, sensor.box, 3);
  const double level = SceneLevel(sensor, scene) + (Draw(random, 3) == 0 ? random.Uniform(-0.3, 0.3) * top : 0);
  c.fused = Fuse(c.background, sensor, scene, level, limits, ScrRule::Named(c.id, c.domain, c.polarity), &c.all);
  return c;
}

// polarity * signed SCR of the composed image: background, patch and two passes over the background set.
double DirectScr(const Case& c, double gain) {
  const Image<double> patch = Compose(c.fused, gain);
  TargetInImage seen(c.background, c.target, c.all);
  seen.patch = &patch;
  seen.patch_box = c.fused.box;
  return c.polarity * MeasureScr(seen, ScrRule::Named(c.id, c.domain, c.polarity)).signed_scr();
}

// The root of smallest magnitude that a scan sees. Cells grow with the gain, from a thousandth of the largest pixel
// slope's way across the counts.
std::optional<double> ScanAndBisect(const Case& c) {
  double slope = 0;
  for (const float m : c.fused.contrast) slope = std::max(slope, std::abs(static_cast<double>(m)));
  const CountLimits limits = c.fused.problem.limits;
  const double largest = 100 * (limits.high - limits.low) / slope;
  const auto excess = [&](double gain) { return DirectScr(c, gain) - c.scr; };
  const double at_zero = excess(0);
  std::array<double, 2> before = {at_zero, at_zero};
  constexpr int kCells = 90;
  double previous = 0;
  for (int k = 1; k <= kCells; ++k) {
    const double magnitude = largest * std::pow(1e-5, 1 - static_cast<double>(k) / kCells);
    std::optional<double> found;
    for (const int side : {0, 1}) {
      const double sign = side == 0 ? 1 : -1, value = excess(sign * magnitude);
      double& last = before[static_cast<std::size_t>(side)];
      if ((value >= 0) != (last >= 0)) {
        double a = sign * previous, b = sign * magnitude;
        const bool rising = value >= 0;
        for (int i = 0; i < 60; ++i) ((excess(0.5 * (a + b)) >= 0) == rising ? b : a) = 0.5 * (a + b);
        // Not across a jump, where a pixel clipped to zero leaves the background.
        if (std::abs(excess(b)) < 1e-6 * c.scr && Measure(c.fused.problem, b).sigma_background >= 1e-6 &&
            (!found || std::abs(b) < std::abs(*found)))
          found = b;
      }
      last = value;
    }
    if (found) return found;
    previous = magnitude;
  }
  return std::nullopt;
}

TEST(ScrSolverProof, NoMissAndNoWrongRootInTenThousandCases) {
  RandomStream random({.seed = 41, .purpose = Purpose::kTest});
  int solved = 0, refused = 0, peaks = 0, clipped = 0, cold = 0, against = 0;
  for (int i = 0; i < 10000; ++i) {
    const Case c = RandomCase(random);
    const auto gain = SolveGain(c.fused.problem, c.scr, c.polarity);
    const auto scanned = ScanAndBisect(c);
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << c.id << ", SCR " << c.scr << ", polarity "
                                    << c.polarity);
    if (!gain) {
      ++refused;
      EXPECT_FALSE(scanned) << "missed the root " << *scanned;
      continue;
    }
    ++solved;
    peaks += c.id == "peak" ? 1 : 0;
    clipped += ClippedShare(c.fused.problem, *gain) > 0 ? 1 : 0;
    cold += c.polarity < 0 ? 1 : 0;
    against += c.polarity * *gain < 0 ? 1 : 0;
    // The signed SCR has the polarity asked for and its value: 1e-9 (relative, or counts) of the solver and as much of
    // the two ways to sum squares.
    const double sigma = Measure(c.fused.problem, *gain).sigma_background;
    EXPECT_NEAR(DirectScr(c, *gain), c.scr, 2e-9 * c.scr + 2e-11 / sigma);
    if (scanned) {
      EXPECT_LE(std::abs(*gain), std::abs(*scanned) * (1 + 1e-6) + 1e-9) << "a smaller root is " << *scanned;
    }
  }
  // The cases are what they should be.
  EXPECT_GT(solved, 6000);
  EXPECT_GT(refused, 200);
  EXPECT_GT(peaks, 400);
  EXPECT_GT(clipped, 200);
  EXPECT_GT(cold, 2500);
  EXPECT_GT(against, 100);
  std::printf("solved %d (clipped %d, cold %d, peak %d, gain against the polarity %d), refused %d\n", solved, clipped,
              cold, peaks, against, refused);
}

}  // namespace
}  // namespace mirst
