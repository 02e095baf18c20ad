#include "metrics/noise3d.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/golden_table.h"

namespace mirst {
namespace {

using test::GoldenRows;
using test::Number;

TEST(Noise3d, AgreesWithTheReferenceCube) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "noise3d_cube.csv");
  std::vector<Image<float>> frames;
  const auto cube = GoldenRows("noise3d_cube");
  int height = 0, width = 0;
  for (const auto& row : cube) {
    height = std::max(height, static_cast<int>(Number(row, "v")) + 1);
    width = std::max(width, static_cast<int>(Number(row, "h")) + 1);
  }
  for (const auto& row : cube) {
    const auto t = static_cast<std::size_t>(Number(row, "t"));
    if (frames.size() <= t) frames.resize(t + 1, Image<float>(height, width));
    frames[t](static_cast<int>(Number(row, "v")), static_cast<int>(Number(row, "h"))) =
        static_cast<float>(Number(row, "U"));
  }
  Noise3d noise;
  for (const Image<float>& frame : frames) noise.Add(frame);

  const Noise3dComponents population = noise.Sigmas(), sample = noise.Sigmas(Noise3dEstimator::kSample),
                          anova = noise.AnovaVariances();
  int compared = 0;
  for (const auto& row : GoldenRows("noise3d_components")) {
    const std::string& name = row.at("component");
    const auto expect = [&](double Noise3dComponents::*component) {
      // The table has 14 digits; the decomposition loses a few of double's 16 where a component is a small difference.
      const auto near = [&](double value, const char* column) {
        EXPECT_NEAR(value, Number(row, column), 1e-10 * std::abs(Number(row, column))) << name << ' ' << column;
      };
      near(population.*component, "sigma_classic_ddof0");
      near(sample.*component, "sigma_classic_ddof1");
      near(anova.*component, "variance_anova_unbiased");
      ++compared;
    };
    if (name == "sigma_tvh") expect(&Noise3dComponents::tvh);
    if (name == "sigma_tv") expect(&Noise3dComponents::tv);
    if (name == "sigma_th") expect(&Noise3dComponents::th);
    if (name == "sigma_vh") expect(&Noise3dComponents::vh);
    if (name == "sigma_t") expect(&Noise3dComponents::t);
    if (name == "sigma_v") expect(&Noise3dComponents::v);
    if (name == "sigma_h") expect(&Noise3dComponents::h);
    if (name == "S_mean") {
      EXPECT_NEAR(noise.Mean(), Number(row, "sigma_classic_ddof0"), 1e-9);
    }
    if (name == "sigma_total") {
      EXPECT_NEAR(noise.Total(), Number(row, "sigma_classic_ddof0"), 1e-9);
      EXPECT_NEAR(noise.Total(Noise3dEstimator::kSample), Number(row, "sigma_classic_ddof1"), 1e-9);
    }
  }
  EXPECT_EQ(compared, 7);
}

TEST(Noise3d, RecoversTheComponentsThatWerePutIn) {
  constexpr int kFrames = 60, kHeight = 48, kWidth = 64;
  const Noise3dComponents made{2, 0.7, 0.9, 1.5, 1.1, 1.3, 0.6};
  const auto draw = [](std::uint32_t component, std::size_t count) {
    RandomStream random({.seed = 7, .sequence = component, .purpose = Purpose::kTest});
    std::vector<double> values(count);
    for (double& value : values) value = random.Normal();
    return values;
  };
  const auto tvh = draw(0, kFrames * kHeight * kWidth), tv = draw(1, kFrames * kHeight), th = draw(2, kFrames * kWidth),
             vh = draw(3, kHeight * kWidth), t = draw(4, kFrames), v = draw(5, kHeight), h = draw(6, kWidth);
  Noise3d noise;
  for (std::size_t k = 0; k < kFrames; ++k) {
    Image<float> frame(kHeight, kWidth);
    for (std::size_t y = 0; y < kHeight; ++y) {
      for (std::size_t x = 0; x < kWidth; ++x) {
        frame(static_cast<int>(y), static_cast<int>(x)) =
            static_cast<float>(100 + made.tvh * tvh[(k * kHeight + y) * kWidth + x] + made.tv * tv[k * kHeight + y] +
                               made.th * th[k * kWidth + x] + made.vh * vh[y * kWidth + x] + made.t * t[k] +
                               made.v * v[y] + made.h * h[x]);
      }
    }
    noise.Add(frame);
  }
  const Noise3dComponents found = noise.AnovaVariances();
  // A variance from n independent values has the relative standard error sqrt(2 / (n - 1)); three of them, and for the
  // one-axis components 5 % for what the others leave in it.
  const auto near = [](double variance, double sigma, double n) {
    EXPECT_NEAR(variance, sigma * sigma, sigma * sigma * (3 * std::sqrt(2 / (n - 1)) + 0.05));
  };
  near(found.tvh, made.tvh, kFrames * kHeight * kWidth);
  near(found.tv, made.tv, kFrames * kHeight);
  near(found.th, made.th, kFrames * kWidth);
  near(found.vh, made.vh, kHeight * kWidth);
  near(found.t, made.t, kFrames);
  near(found.v, made.v, kHeight);
  near(found.h, made.h, kWidth);
}

TEST(Noise3d, VariancesOfThePopulationSumToTheTotal) {
  RandomStream random({.seed = 8, .purpose = Purpose::kTest});
  Noise3d noise;
  for (int k = 0; k < 5; ++k) {
    Image<float> frame(7, 9);
    for (float& value : frame) value = static_cast<float>(random.Uniform(1000, 1001) + k);
    noise.Add(frame);
  }
  const Noise3dComponents s = noise.Sigmas();
  const double sum = s.tvh * s.tvh + s.tv * s.tv + s.th * s.th + s.vh * s.vh + s.t * s.t + s.v * s.v + s.h * s.h;
  EXPECT_NEAR(sum, noise.Total() * noise.Total(), 1e-12 * sum);
}

TEST(Noise3d, RefusesNoFramesAndFramesOfAnotherSize) {
  Noise3d noise;
  EXPECT_THROW(noise.Sigmas(), Error);
  noise.Add(Image<float>(4, 5));
  EXPECT_THROW(noise.Add(Image<float>(5, 4)), Error);
  EXPECT_THROW(noise.AnovaVariances(), Error);
}

}  // namespace
}  // namespace mirst
