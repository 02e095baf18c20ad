#include "fusion/psf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "fusion/region_resample.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

const Optics kCamera{.f_number = 1.2, .band_low_um = 8, .band_high_um = 12, .pixel_pitch_um = 15};

double Sum(const Image<float>& image) {
  double sum = 0;
  for (const float value : image) sum += static_cast<double>(value);
  return sum;
}

Template Cell(int supersampling) {
  Template t;
  t.supersampling = supersampling;
  t.opacity = Image<float>(1, 1, 1.0F);
  t.contrast = Image<float>(1, 1, 2.0F);
  return t;
}

TEST(PsfKernel, HoldsTheEnergyThatItSays) {
  for (const int s : {1, 4, 8}) {
    const PsfKernel kernel = MakePsfKernel(kCamera, s);
    const double side = static_cast<double>(kernel.weights.width()) / s;
    double mean = 0;  // of the band, by the closed form
    for (int i = 0; i < 400; ++i) mean += AiryEnergyInSquare(side * 15 / (1.2 * (8 + 4 * (i + 0.5) / 400))) / 400;
    EXPECT_NEAR(kernel.energy, mean, 1e-5) << s;
    EXPECT_GT(kernel.energy, 0.985) << s;
    EXPECT_NEAR(std::accumulate(kernel.weights.begin(), kernel.weights.end(), 0.0), 1, 1e-12);
  }
}

TEST(PsfKernel, ItsPixelsHoldTheEnsquaredEnergy) {
  Optics optics = kCamera;
  optics.jitter_px = 0.2;
  optics.defocus_um = 12;
  const PsfKernel kernel = MakePsfKernel(optics, 8);
  const Template blurred = ApplyPsf(Cell(8), kernel);
  // A cell in place of a point: box of 1/8 px, which moves the shares by (1/8)^2 / 24 of their curvature, below 0.01.
  const EnsquaredEnergy energy = EnsquaredEnergyOf(optics);
  const auto peak = [&](Vec2 centre) {
    const Footprint seen = ResampleToSensor(blurred, centre);
    return *std::max_element(seen.opacity.begin(), seen.opacity.end()) * 64 * kernel.energy;
  };
  EXPECT_NEAR(peak({0, 0}), energy.centre, 0.01);
  EXPECT_NEAR(peak({0.5, 0.5}), energy.corner, 0.005);
}

TEST(WithHalo, IsTheMixtureOfTwoBlurs) {
  RandomStream random(RandomKey{.seed = 6, .purpose = Purpose::kTest});
  const Template target = test::RandomTemplate(random, 12, 4);
  const Template both = ApplyPsf(target, WithHalo(MakeGaussianKernel(0.5, 4), 0.3, 1.5));
  const Template core = ApplyGaussianPsf(target, 0.5), halo = ApplyGaussianPsf(target, 1.5);
  ASSERT_EQ(both.opacity.width(), halo.opacity.width());
  EXPECT_EQ(both.anchor_cells, halo.anchor_cells);
  const int margin = (halo.opacity.width() - core.opacity.width()) / 2;
  for (int y = 0; y < both.opacity.height(); ++y) {
    for (int x = 0; x < both.opacity.width(); ++x) {
      const bool in_core = core.opacity.box().Contains(x - margin, y - margin);
      const float expected = 0.3F * halo.opacity(y, x) + (in_core ? 0.7F * core.opacity(y - margin, x - margin) : 0.0F);
      ASSERT_NEAR(both.opacity(y, x), expected, 1e-6) << y << " " << x;
    }
  }
}

TEST(WithHalo, KeepsTheLensItselfWhereNothingIsScatteredAndRefusesNonsense) {
  const PsfKernel lens = MakePsfKernel(kCamera, 4);
  const PsfKernel same = WithHalo(lens, 0, 0.1);
  EXPECT_TRUE(std::equal(lens.weights.begin(), lens.weights.end(), same.weights.begin(), same.weights.end()));
  const PsfKernel wide = WithHalo(lens, 0.5, 10);
  EXPECT_GT(wide.weights.width(), lens.weights.width());
  EXPECT_NEAR(std::accumulate(wide.weights.begin(), wide.weights.end(), 0.0), 1, 1e-12);
  EXPECT_THROW(WithHalo(lens, 1, 1), Error);
  EXPECT_THROW(WithHalo(lens, 0.1, 0), Error);
  EXPECT_THROW(WithHalo(lens, 0.1, 21), Error);
  EXPECT_THROW(MakeGaussianKernel(0, 4), Error);
}

TEST(PsfKernel, EnergyIsKeptThroughOpticsAndResamplingAtEveryPhase) {
  RandomStream random(RandomKey{.seed = 5, .purpose = Purpose::kTest});
  const Template target = test::RandomTemplate(random, 24, 8);
  const Template blurred = ApplyPsf(target, MakePsfKernel(kCamera, 8, 0.9));
  // 1e5 cells rounded to float at 6e-8 of each.
  EXPECT_NEAR(Sum(blurred.contrast) / Sum(target.contrast), 1, 1e-6);
  EXPECT_NEAR(Sum(blurred.opacity) / Sum(target.opacity), 1, 1e-6);
  for (int i = 0; i < 10; ++i) {
    const Footprint seen =
        ResampleToSensor(blurred, {random.Uniform(-3, 3), random.Uniform(-3, 3)}, {random.Uniform(0, 2), 0.3}, 5);
    const double flux = std::accumulate(seen.contrast.begin(), seen.contrast.end(), 0.0);
    EXPECT_NEAR(flux / (Sum(target.contrast) / 64), 1, 1e-6);
  }
}

TEST(PsfKernel, IsSymmetricAndCentredOnTheTarget) {
  const PsfKernel kernel = MakePsfKernel(kCamera, 5, 0.8);
  const Image<double>& w = kernel.weights;
  const int n = w.width() - 1;
  EXPECT_EQ(n % 2, 0);
  for (int y = 0; y <= n; ++y) {
    for (int x = 0; x <= n; ++x) {
      EXPECT_EQ(w(y, x), w(x, y));
      EXPECT_EQ(w(y, x), w(n - y, x));
    }
  }
  const Template blurred = ApplyPsf(Cell(5), kernel);
  EXPECT_EQ(blurred.anchor_cells, (Vec2{0.5 * n, 0.5 * n}));
}

// Columns are summed several at a time and the last ones by themselves; which ones, the width decides.
TEST(GaussianPsf, GivesTheSameBitsWhereverTheTemplateEnds) {
  const int widest = 40, height = 7;
  const auto value = [](int y, int x) { return 1.0F / static_cast<float>(3 + 5 * y + 7 * x); };
  for (int width = 1; width < widest; ++width) {
    Template narrow, wide;
    narrow.supersampling = wide.supersampling = 8;
    narrow.opacity = narrow.contrast = Image<float>(height, width);
    wide.opacity = wide.contrast = Image<float>(height, widest, 0.0F);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        narrow.opacity(y, x) = wide.opacity(y, x) = value(y, x);
        narrow.contrast(y, x) = wide.contrast(y, x) = -value(x, y);
      }
    }
    const Template blurred = ApplyGaussianPsf(narrow, 0.408), whole = ApplyGaussianPsf(wide, 0.408);
    EXPECT_EQ(blurred.opacity, Crop(whole.opacity, blurred.opacity.box())) << "width " << width;
    EXPECT_EQ(blurred.contrast, Crop(whole.contrast, blurred.contrast.box())) << "width " << width;
  }
}

TEST(PsfKernel, ImpossibleRequestsAreRefused) {
  EXPECT_THROW(MakePsfKernel(kCamera, 0), Error);
  EXPECT_THROW(MakePsfKernel(kCamera, 8, 1), Error);
  EXPECT_THROW(ApplyPsf(Cell(4), MakePsfKernel(kCamera, 8, 0.6)), Error);
}

}  // namespace
}  // namespace mirst
