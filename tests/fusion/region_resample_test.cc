#include "fusion/region_resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "fusion/psf.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

double Sum(const Image<double>& image) { return std::accumulate(image.begin(), image.end(), 0.0); }
double Sum(const Image<float>& image) { return std::accumulate(image.begin(), image.end(), 0.0); }

Template Square(int cells, int supersampling) {
  Template t;
  t.supersampling = supersampling;
  t.opacity = Image<float>(cells, cells, 1.0F);
  t.contrast = Image<float>(cells, cells, 3.0F);
  t.anchor_cells = {(cells - 1) / 2.0, (cells - 1) / 2.0};
  return t;
}

TEST(RegionResample, ConservesFluxAtEverySubpixelShift) {
  RandomStream random({.seed = 1, .purpose = Purpose::kTest});
  for (int i = 0; i < 500; ++i) {
    const int s = 1 + static_cast<int>(random.Integer(16));
    const Template t = test::RandomTemplate(random, 1 + static_cast<int>(random.Integer(60)), s);
    const Footprint f = ResampleToSensor(t, {random.Uniform(-5, 200), random.Uniform(-5, 200)});
    // A few thousand additions of doubles: 1e-12 relative.
    EXPECT_NEAR(Sum(f.opacity), Sum(t.opacity) / (s * s), 1e-12 * Sum(t.opacity));
    EXPECT_NEAR(Sum(f.contrast), Sum(t.contrast) / (s * s), 1e-12 * Sum(t.contrast));
  }
}

TEST(RegionResample, CoversASquareByItsExactOverlap) {
  // A square of side 2.5 px centred at (10.3, 20): columns cover [9.05, 11.55), rows [18.75, 21.25).
  const Footprint f = ResampleToSensor(Square(20, 8), {10.3, 20});
  const std::array<double, 4> columns = {0.45, 1, 1, 0.05};
  const std::array<double, 4> rows = {0.75, 1, 0.75, 0};
  const auto at = [&](int y, int x) { return f.opacity(y - f.box.y, x - f.box.x); };
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 4; ++x) {
      EXPECT_NEAR(at(19 + y, 9 + x), columns[static_cast<std::size_t>(x)] * rows[static_cast<std::size_t>(y)], 1e-12);
    }
  }
  EXPECT_NEAR(Sum(f.opacity), 2.5 * 2.5, 1e-12);
}

TEST(RegionResample, ConservesFluxAtEveryPhaseAndNonIntegerScale) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  for (int i = 0; i < 500; ++i) {
    const int s = 1 + static_cast<int>(random.Integer(16));
    const double scale = std::exp(random.Uniform(std::log(0.05), std::log(8)));
    const Template t = test::RandomTemplate(random, 1 + static_cast<int>(random.Integer(60)), s);
    const Footprint f = ResampleToSensor(t, {random.Uniform(-5, 200), random.Uniform(-5, 200)}, {1.3, -0.4}, 3, scale);
    const double expected = Sum(t.opacity) * scale * scale / (s * s);
    EXPECT_NEAR(Sum(f.opacity), expected, 1e-10 * expected);
    EXPECT_NEAR(Sum(f.contrast), Sum(t.contrast) * scale * scale / (s * s), 1e-10 * std::abs(Sum(t.contrast)) * scale);
    EXPECT_LE(*std::max_element(f.opacity.begin(), f.opacity.end()), 1 + 1e-12);
  }
}

TEST(RegionResample, CoversAScaledSquareByItsExactOverlap) {
  // 3 cells a px, 5 cells, scale 0.83: a square of side 5 / 3 * 0.83 px about any centre. Overlaps by the closed form.
  RandomStream random({.seed = 6, .purpose = Purpose::kTest});
  for (int i = 0; i < 200; ++i) {
    const Vec2 centre{random.Uniform(10, 20), random.Uniform(10, 20)};
    const double half = 0.5 * 5.0 / 3 * 0.83;
    const Footprint f = ResampleToSensor(Square(5, 3), centre, {}, 1, 0.83);
    const auto overlap = [half](double middle, int pixel) {
      return std::max(0.0, std::min(middle + half, pixel + 0.5) - std::max(middle - half, pixel - 0.5));
    };
    for (int y = 0; y < f.box.height; ++y) {
      for (int x = 0; x < f.box.width; ++x)
        EXPECT_NEAR(f.opacity(y, x), overlap(centre.x, f.box.x + x) * overlap(centre.y, f.box.y + y), 1e-12);
    }
  }
}

TEST(RegionResample, ScaleIsTheSameAsAnotherSupersampling) {
  RandomStream random({.seed = 7, .purpose = Purpose::kTest});
  Template t = test::RandomTemplate(random, 21, 8);
  const Footprint scaled = ResampleToSensor(t, {30.3, 20.9}, {}, 1, 2);
  t.supersampling = 4;
  const Footprint coarse = ResampleToSensor(t, {30.3, 20.9});
  EXPECT_EQ(scaled.box, coarse.box);
  EXPECT_EQ(scaled.opacity, coarse.opacity);
}

TEST(RegionResample, CentroidFollowsThePlacement) {
  const Template t = Square(9, 4);
  for (const Vec2 centre : {Vec2{10, 10}, Vec2{10.37, 9.81}, Vec2{0.001, 0.999}}) {
    const Footprint f = ResampleToSensor(t, centre);
    double sum = 0, mx = 0, my = 0;
    for (int y = 0; y < f.box.height; ++y) {
      for (int x = 0; x < f.box.width; ++x) {
        sum += f.opacity(y, x);
        mx += f.opacity(y, x) * (f.box.x + x);
        my += f.opacity(y, x) * (f.box.y + y);
      }
    }
    // Area sampling of a symmetric square moves the centroid by less than a pixel's rim; exactly 0 for uniform overlap
    // in one dimension: sum over pixels of u * overlap = integral of round(x), off by at most 1/8 px per rim and side.
    EXPECT_NEAR(mx / sum, centre.x, 0.06);
    EXPECT_NEAR(my / sum, centre.y, 0.06);
  }
}

TEST(RegionResample, ShiftByWholePixelsMovesTheBoxAndNothingElse) {
  RandomStream random({.seed = 2, .purpose = Purpose::kTest});
  const Template t = test::RandomTemplate(random, 21, 8);
  // Binary fractions, so that adding the shift loses no bit.
  const Footprint a = ResampleToSensor(t, {10.25, 11.375}), b = ResampleToSensor(t, {26.25, 43.375});
  EXPECT_EQ(a.box.x + 16, b.box.x);
  EXPECT_EQ(a.box.y + 32, b.box.y);
  EXPECT_EQ(a.opacity, b.opacity);
  EXPECT_EQ(a.contrast, b.contrast);
}

TEST(RegionResample, SmearIsTheMeanOfItsSubexposures) {
  RandomStream random({.seed = 3, .purpose = Purpose::kTest});
  const Template t = test::RandomTemplate(random, 10, 4);
  const Footprint smeared = ResampleToSensor(t, {30, 30}, {4, -2}, 2);
  const Footprint early = ResampleToSensor(t, {29, 30.5}), late = ResampleToSensor(t, {31, 29.5});
  for (int y = 0; y < smeared.box.height; ++y) {
    for (int x = 0; x < smeared.box.width; ++x) {
      double mean = 0;
      for (const Footprint* f : {&early, &late}) {
        const int row = smeared.box.y + y - f->box.y, column = smeared.box.x + x - f->box.x;
        if (f->opacity.box().Contains(column, row)) mean += 0.5 * f->opacity(row, column);
      }
      EXPECT_NEAR(smeared.opacity(y, x), mean, 1e-14);
    }
  }
}

TEST(SensorTemplate, RoundsToSixteenBitsAndKeepsTheFlux) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  for (int i = 0; i < 50; ++i) {
    const Template t =
        ApplyGaussianPsf(test::RandomTemplate(random, 8 + static_cast<int>(random.Integer(60)), 8, -2.5), 0.7);
    const double unit = MeanContrast(t);
    EXPECT_LT(unit, 0);
    const Footprint f = ResampleToSensor(t, {50.3, 40.8});
    const SensorTemplate sensor = Quantise(f, unit);
    double opacity = 0, contrast = 0;
    for (int y = 0; y < sensor.box.height; ++y) {
      for (int x = 0; x < sensor.box.width; ++x) {
        opacity += sensor.opacity(y, x);
        contrast += static_cast<double>(sensor.contrast(y, x));
      }
    }
    // n pixels, each rounded by at most half a step (and those below half a step dropped).
    const double n = static_cast<double>(f.opacity.size());
    EXPECT_NEAR(opacity, Sum(f.opacity), n * 0.5 / 65535);
    EXPECT_NEAR(contrast, Sum(f.contrast) / unit, n * 0.5 / 65536);
    EXPECT_NEAR(sensor.centroid_px.x, 50.3, 0.3);
    EXPECT_NEAR(sensor.centroid_px.y, 40.8, 0.3);
  }
}

TEST(HalfMaxMask, IsNeverEmptyForASubpixelTarget) {
  for (double phase = 0; phase < 1; phase += 0.05) {
    const Template t = ApplyGaussianPsf(Square(2, 8), 0.6);
    const SensorTemplate sensor = Quantise(ResampleToSensor(t, {20 + phase, 20 + phase}), MeanContrast(t));
    const auto area = CountPixels(HalfMaxMask(sensor.coverage));
    EXPECT_GE(area, 1);
    EXPECT_LE(area, 9);
  }
}

TEST(HalfMaxMask, EqualsHalfCoverageForAResolvedTarget) {
  const SensorTemplate sensor = Quantise(ResampleToSensor(Square(80, 8), {30.2, 30.4}), 3);
  const Mask mask = HalfMaxMask(sensor.coverage);
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) EXPECT_EQ(mask(y, x) > 127, sensor.opacity(y, x) >= 0.5 - 1e-5);
  }
}

TEST(GaussianPsf, KeepsTheEnergyAndHasTheVarianceAskedFor) {
  Template point = Square(1, 8);
  for (const double sigma_px : {0.3, 0.8, 2.0}) {
    const Template blurred = ApplyGaussianPsf(point, sigma_px);
    EXPECT_NEAR(Sum(blurred.opacity), 1, 1e-5);
    double variance = 0;
    for (int y = 0; y < blurred.opacity.height(); ++y) {
      for (int x = 0; x < blurred.opacity.width(); ++x) {
        variance += static_cast<double>(blurred.opacity(y, x)) * std::pow(x - blurred.anchor_cells.x, 2);
      }
    }
    // The integral over cells adds 1/12 cell^2; the cut at 4 sigma takes 0.11 %.
    const double expected = std::pow(8 * sigma_px, 2) + 1.0 / 12;
    EXPECT_NEAR(variance, expected, 0.002 * expected);
  }
}

TEST(GaussianPsf, DiffractionSigmaIsSqrt2OverPiLambdaF) {
  EXPECT_NEAR(DiffractionSigmaPx(10, 2, 20), 0.450158, 1e-6);
  EXPECT_THROW(DiffractionSigmaPx(10, 0, 20), Error);
}

TEST(RegionResample, RefusesWhatIsNoTemplate) {
  EXPECT_THROW(ResampleToSensor(Template{}, {1, 1}), Error);
  EXPECT_THROW(ResampleToSensor(Square(3, 2), {1, 1}, {}, 0), Error);
  for (const double scale : {0.0, -1.0, 0.001, 101.0, std::nan("")})
    EXPECT_THROW(ResampleToSensor(Square(3, 2), {1, 1}, {}, 1, scale), Error);
  for (const double fill_factor : {0.0, 1.01, std::nan("")}) {
    EXPECT_THROW(ResampleToSensor(Square(3, 2), {1, 1}, {}, 1, 1, fill_factor), Error);
  }
  EXPECT_THROW(Quantise(ResampleToSensor(Square(3, 2), {1, 1}), 0), Error);
}

TEST(FillFactor, AUniformSceneHasItsOwnValueWhateverThePixelsActiveShare) {
  const Template t = Square(80, 8);  // ten pixels
  for (const double fill_factor : {0.01, 0.5, 1.0}) {
    const Footprint f = ResampleToSensor(t, {20.3, 20.3}, {}, 1, 1, fill_factor);
    EXPECT_NEAR(f.opacity(f.box.height / 2, f.box.width / 2), 1, 1e-12) << fill_factor;
  }
}

TEST(FillFactor, ASmallTargetShowsWhereItIsActiveAndNotBetween) {
  // A square of a quarter pixel; the active square is half a pixel wide.
  const Template t = Square(2, 8);
  const auto sum = [&](Vec2 centre) {
    const Footprint f = ResampleToSensor(t, centre, {}, 1, 1, 0.25);
    return std::accumulate(f.opacity.begin(), f.opacity.end(), 0.0);
  };
  // Its anchor is not its middle; of all phases by sixteenths some lie wholly inside, some wholly between.
  double least = 1, most = 0, mean = 0;
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) {
      const double seen = sum({10 + x / 16.0, 10 + y / 16.0});
      least = std::min(least, seen);
      most = std::max(most, seen);
      mean += seen / 256;
    }
  }
  EXPECT_NEAR(least, 0, 1e-12);
  EXPECT_NEAR(most, 1.0 / 16 / 0.25, 1e-12);
  // Shares are linear between multiples of an eighth, so the mean over sixteenths is the mean over all phases: the
  // flux.
  EXPECT_NEAR(mean, 1.0 / 16, 1e-12);
}

}  // namespace
}  // namespace mirst
