#include "fusion/optics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "core/error.h"
#include "core/units.h"
#include "fusion/psf.h"
#include "tests/support/golden_table.h"

namespace mirst {
namespace {

using test::GoldenRow;
using test::GoldenRows;
using test::Number;

const std::filesystem::path kPhysics = test::GoldenFolder() / "physics";

Optics Monochromatic(double wavelength_um, double f_number, double pitch_um) {
  return {
      .f_number = f_number, .band_low_um = wavelength_um, .band_high_um = wavelength_um, .pixel_pitch_um = pitch_um};
}

TEST(OpticsGolden, DiffractionMtf) {
  MIRST_REQUIRE_PATH(kPhysics);
  for (const GoldenRow& row : GoldenRows("mtf_diffraction")) {
    EXPECT_NEAR(DiffractionMtf(Number(row, "f_over_cutoff")), Number(row, "MTF"), 1e-10);
  }
}

TEST(OpticsGolden, MtfOfEachComponentAndTheirProduct) {
  MIRST_REQUIRE_PATH(kPhysics);
  for (const GoldenRow& row : GoldenRows("mtf_components")) {
    Optics optics = Monochromatic(Number(row, "lambda_um"), Number(row, "F_number"), Number(row, "pitch_um"));
    optics.defocus_um = 20 * optics.f_number;  // the disc of 20 um
    optics.jitter_px = 0.3;
    optics.smear_px = 0.8;
    const double f = Number(row, "f_cyc_per_px");
    const MtfValues mtf = MtfAt(optics, {f, 0});
    EXPECT_NEAR(mtf.diffraction, Number(row, "MTF_diffraction"), 1e-10);
    EXPECT_NEAR(mtf.detector, Number(row, "MTF_detector_100fill"), 1e-10);
    EXPECT_NEAR(mtf.defocus, Number(row, "MTF_defocus_disc20um"), 1e-10);
    EXPECT_NEAR(mtf.jitter, Number(row, "MTF_jitter_sigma0.3px"), 1e-10);
    EXPECT_NEAR(mtf.smear, Number(row, "MTF_linear_motion0.8px"), 1e-10);
    EXPECT_NEAR(mtf.diffraction * mtf.detector, Number(row, "MTF_diff_x_det"), 1e-10);
    EXPECT_NEAR(mtf.system, mtf.diffraction * mtf.detector * mtf.defocus * mtf.jitter * mtf.smear, 1e-15);
    EXPECT_NEAR(GaussianMtf(0.42 * SamplingRatio(optics), f), Number(row, "MTF_gauss_0.42lamF"), 1e-10);
  }
}

TEST(OpticsGolden, EnsquaredEnergy) {
  MIRST_REQUIRE_PATH(kPhysics);
  for (const GoldenRow& row : GoldenRows("ensquared_energy")) {
    const double q = Number(row, "Q_lambdaF_over_pitch");
    const EnsquaredEnergy energy = EnsquaredEnergyOf(Monochromatic(10 * q, 1, 10));
    EXPECT_NEAR(energy.centre, Number(row, "EE_airy_centre_1px"), 1e-6) << q;
    EXPECT_NEAR(energy.corner, Number(row, "EE_airy_corner_1px"), 1e-6) << q;
    EXPECT_NEAR(energy.phase_mean, Number(row, "EE_airy_phase_avg_1px"), 1e-6) << q;
    EXPECT_NEAR(energy.square_3, Number(row, "EE_airy_3x3"), 1e-6) << q;
    EXPECT_NEAR(energy.square_5, Number(row, "EE_airy_5x5"), 1e-6) << q;
    const double sigma = 0.42 * q, along = GaussianShare(-0.5, 0.5, 0, sigma), corner = GaussianShare(0, 1, 0, sigma);
    EXPECT_NEAR(along * along, Number(row, "EE_gauss0.42_centre_1px"), 1e-6);
    EXPECT_NEAR(corner * corner, Number(row, "EE_gauss0.42_corner_1px"), 1e-6);
    const double mean = GaussianShare(-0.5, 0.5, 0, sigma, 1);  // a motion by one pixel passes through all phases
    EXPECT_NEAR(mean * mean, Number(row, "EE_gauss0.42_phase_avg_1px"), 1e-6);
  }
}

TEST(OpticsGolden, AiryConstants) {
  MIRST_REQUIRE_PATH(kPhysics);
  std::map<std::string, double> value;
  for (const GoldenRow& row : GoldenRows("airy_constants")) value[row.at("quantity")] = Number(row, "value");
  const double zero = value.at("first_zero_radius_lamF");
  EXPECT_NEAR(AiryPattern(zero), 0, 1e-20);
  EXPECT_NEAR(AiryEnergyInCircle(zero), value.at("EE_first_zero"), 1e-6);
  EXPECT_NEAR(PsfFullWidth(Monochromatic(4, 2.5, 10)), value.at("FWHM_lamF"), 1e-6);
  for (const double radius : {0.25, 0.5, 1.0, 1.22, 2.0, 3.0}) {
    EXPECT_NEAR(AiryEnergyInCircle(radius), value.at(fmt::format("EE_circle_radius_{:g}_lamF", radius)), 1e-6);
  }
  EXPECT_NEAR(DiffractionSigmaPx(10, 1, 10), value.at("sigma_match_peak_unit_energy_lamF"), 1e-6);
}

TEST(OpticsGolden, AGaussiansPixels) {
  MIRST_REQUIRE_PATH(kPhysics);
  for (const GoldenRow& row : GoldenRows("gauss_pixel_3x3")) {
    const double sigma = Number(row, "sigma_px");
    for (int y = -1; y <= 1; ++y) {
      for (int x = -1; x <= 1; ++x) {
        const double share = GaussianShare(x - 0.5, x + 0.5, Number(row, "dx_px"), sigma) *
                             GaussianShare(y - 0.5, y + 0.5, Number(row, "dy_px"), sigma);
        EXPECT_NEAR(share, Number(row, fmt::format("w_{}_{}", x, y)), 1e-9);
      }
    }
  }
}

TEST(OpticsGolden, AGaussiansStreak) {
  MIRST_REQUIRE_PATH(kPhysics);
  for (const GoldenRow& row : GoldenRows("gauss_streak")) {
    const double sigma = Number(row, "sigma_px"), length = Number(row, "length_px");
    for (int x = -3; x <= 3; ++x) {
      EXPECT_NEAR(GaussianShare(x - 0.5, x + 0.5, 0, sigma, length), Number(row, fmt::format("wx_{}", x)), 1e-9);
    }
    EXPECT_NEAR(GaussianShare(-0.5, 0.5, 0, sigma, length) * GaussianShare(-0.5, 0.5, 0, sigma),
                Number(row, "centre_pixel_2d"), 1e-9);
  }
}

TEST(Optics, EnergyByFrequenciesEqualsEnergyInSpace) {
  // Two methods that share nothing: plane of frequencies against 1 - J0^2 - J1^2, over the whole range of Q.
  for (const double q : {0.05, 0.1, 0.37, 0.9, 1.7, 4.0, 12.0}) {
    const EnsquaredEnergy energy = EnsquaredEnergyOf(Monochromatic(5 * q, 1, 5));
    EXPECT_NEAR(energy.centre, AiryEnergyInSquare(1 / q), 1e-7) << q;
    EXPECT_NEAR(energy.corner, AiryEnergyInSquare(2 / q) / 4, 1e-7) << q;
    EXPECT_NEAR(energy.square_3, AiryEnergyInSquare(3 / q), 1e-7) << q;
    EXPECT_NEAR(energy.square_5, AiryEnergyInSquare(5 / q), 1e-7) << q;
  }
}

TEST(Optics, ABandIsTheMeanOfItsWavelengths) {
  Optics band{.f_number = 1.3, .band_low_um = 8, .band_high_um = 14, .pixel_pitch_um = 12};
  double mean_energy = 0, mean_mtf = 0;
  constexpr int kLines = 4000;  // midpoint rule
  for (int i = 0; i < kLines; ++i) {
    const double wavelength_um = 8 + 6 * (i + 0.5) / kLines;
    mean_energy += AiryEnergyInSquare(12 / (1.3 * wavelength_um)) / kLines;
    mean_mtf += DiffractionMtf(0.5 * wavelength_um * 1.3 / 12) / kLines;
  }
  EXPECT_NEAR(EnsquaredEnergyOf(band).centre, mean_energy, 1e-6);
  EXPECT_NEAR(MtfAt(band, {0.5, 0}).diffraction, mean_mtf, 1e-6);
  EXPECT_NEAR(MeanWavelengthUm(band), 11, 1e-12);
  // A 300 K source peaks near 9.7 um; a 1000 K one falls all over the band, and so weighs its short end more.
  band.source_temperature_k = 1000;
  EXPECT_LT(MeanWavelengthUm(band), 10.5);
  band.source_temperature_k = 1e5;  // Rayleigh and Jeans: lambda^-4, mean (3 / 2) (a^-2 - b^-2) / (a^-3 - b^-3)
  EXPECT_NEAR(MeanWavelengthUm(band), 1.5 * (1 / 64.0 - 1 / 196.0) / (1 / 512.0 - 1 / 2744.0), 0.01);
}

TEST(Optics, ThePsfIsTheTransformOfItsTransferFunction) {
  // Polar integral of the density against the cosine gives the MTF back (jitter makes the tail short enough for it).
  Optics optics = Monochromatic(4, 2, 15);
  optics.jitter_px = 0.35;
  optics.defocus_um = 25;
  constexpr double kStep = 0.02;
  const std::vector<double> profile = PsfProfile(optics, kStep, 3000);  // to 60 px: 1 % of an Airy pattern is beyond 11
  for (const double f : {0.2, 0.5, 0.9}) {
    double sum = 0;
    for (std::size_t i = 0; i < profile.size(); ++i) {
      const double r = kStep * static_cast<double>(i);
      sum += 2 * kPi * r * kStep * profile[i] * ::j0(2 * kPi * f * r);
    }
    const MtfValues mtf = MtfAt(optics, {f, 0});
    // What the cut at 60 px leaves out is below (1 - EE(60 px)) = 2 lambda F / (pi^2 60 px) = 1.8e-3, times |J0| < 0.2.
    EXPECT_NEAR(sum, mtf.diffraction * mtf.defocus * mtf.jitter, 4e-4) << f;
  }
}

TEST(Optics, EachBlurTakesEnergyFromTheMiddlePixel) {
  const Optics sharp = Monochromatic(4, 2, 15);
  const double best = EnsquaredEnergyOf(sharp).centre;
  const auto with = [&](const std::function<void(Optics&)>& change) {
    Optics optics = sharp;
    change(optics);
    return EnsquaredEnergyOf(optics).centre;
  };
  EXPECT_LT(with([](Optics& o) { o.defocus_um = -40; }), best - 0.01);
  EXPECT_LT(with([](Optics& o) { o.jitter_px = 0.3; }), best - 0.01);
  EXPECT_LT(with([](Optics& o) { o.smear_px = 0.8; }), best - 0.01);
  EXPECT_NEAR(with([](Optics& o) { o.defocus_um = -40; }), with([](Optics& o) { o.defocus_um = 40; }), 1e-14);
  EXPECT_LT(with([](Optics& o) { o.fill_factor = 0.5; }), best - 0.01);
}

TEST(Optics, AFillFactorLosesItsShareOfAPointOnAverage) {
  // A point anywhere in the array meets active area with the probability of the fill factor: 5 x 5 active squares about
  // a wide blob catch that share of what the full ones catch.
  Optics optics = Monochromatic(10, 1, 10);
  optics.jitter_px = 0.8;  // wide against the pixel: sums over pixels are then means (aliases below exp(-2 pi^2 0.64))
  const double full = EnsquaredEnergyOf(optics).square_5;
  optics.fill_factor = 0.6;
  EXPECT_NEAR(EnsquaredEnergyOf(optics).square_5 / full, 0.6, 0.01);
}

TEST(Optics, ImpossibleValuesAreRefused) {
  const auto refused = [](const std::function<void(Optics&)>& change) {
    Optics optics;
    change(optics);
    EXPECT_THROW(EnsquaredEnergyOf(optics), Error);
  };
  refused([](Optics& o) { o.f_number = 0; });
  refused([](Optics& o) { o.band_low_um = 15; });
  refused([](Optics& o) { o.pixel_pitch_um = std::nan(""); });
  refused([](Optics& o) { o.fill_factor = 1.1; });
  refused([](Optics& o) { o.jitter_px = -1; });
  EXPECT_THROW(GaussianShare(0, 1, 0, 0), Error);
}

}  // namespace
}  // namespace mirst
