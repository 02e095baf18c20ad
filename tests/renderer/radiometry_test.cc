#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "core/units.h"
#include "renderer/atmosphere.h"
#include "renderer/emissivity.h"
#include "renderer/portable_math.h"
#include "renderer/surface_radiance.h"
#include "renderer/thermal.h"

namespace mirst {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Composite Simpson over the spectral law: a second method for band radiances.
double Simpson(const Band& band, int steps, const std::function<double(double)>& spectral) {
  double sum = spectral(band.low_um) + spectral(band.high_um);
  const double step = (band.high_um - band.low_um) / steps;
  for (int i = 1; i < steps; ++i) sum += (i % 2 == 1 ? 4 : 2) * spectral(band.low_um + i * step);
  return sum * step / 3;
}

TEST(Radiometry, EveryBandIsTheIntegralOfTheSpectralLaw) {
  RandomStream random(RandomKey{.seed = 31});
  for (int i = 0; i < 60; ++i) {
    const double low = 0.4 * std::pow(75, random.Uniform(0, 1)), width = std::pow(10, random.Uniform(-6, 0));
    const Band band{low, low * (1 + width)};
    const double t = 50 * std::pow(60, random.Uniform(0, 1));
    for (const Radiant radiant : {Radiant::kWatts, Radiant::kPhotons}) {
      const double radiance = Simpson(band, 4000, [&](double l) { return SpectralRadiance(l, t, radiant); });
      const double slope = Simpson(band, 4000, [&](double l) { return SpectralRadianceSlope(l, t, radiant); });
      if (radiance < 1e-200) continue;  // below the smallest numbers digits are lost
      // Simpson's error is (x dx)^4 / 180 with x up to 720 and a relative step of 1/4000 at most: 6e-6 at the worst,
      // 1e-9 for x < 100; the inputs' own rounding is worth 1e-16 / width.
      const double x = 14387.77 / (low * t), tolerance = 1e-12 + std::pow((x + 5) * width / 4000, 4) + 3e-16 / width;
      EXPECT_NEAR(BandRadiance(band, t, radiant) / radiance, 1, tolerance) << low << " " << width << " " << t;
      EXPECT_NEAR(BandRadianceSlope(band, t, radiant) / slope, 1, tolerance) << low << " " << width << " " << t;
    }
  }
}

TEST(Radiometry, SeriesAndQuadratureMeet) {
  // Bands of nearly the width at which the method changes, on both sides of it.
  for (const double t : {60.0, 300.0, 2500.0}) {
    for (const double low : {0.7, 3.0, 8.0, 25.0}) {
      const double x = 14387.768775039337 / (low * t);
      if (x <= 0.6) continue;
      const double high = low * x / (x - 0.5);
      for (const Radiant radiant : {Radiant::kWatts, Radiant::kPhotons}) {
        const double below = BandRadiance({low, high * (1 - 1e-9)}, t, radiant),
                     above = BandRadiance({low, high * (1 + 1e-9)}, t, radiant);
        const double spectral = SpectralRadiance(high, t, radiant) * 2e-9 * high;
        EXPECT_NEAR((above - below) / below, spectral / below, 1e-12) << low << " " << t;
      }
    }
  }
}

TEST(Radiometry, BrightnessTemperatureInvertsEveryBand) {
  for (const Band& band : {Band{0.4, 0.7}, Band{3, 5}, Band{4.2, 4.2001}, Band{8, 14}, Band{0.4, 30}, Band{29, 30}}) {
    for (const Radiant radiant : {Radiant::kWatts, Radiant::kPhotons}) {
      for (double t = 50; t <= 3000; t *= 1.07) {
        const double radiance = BandRadiance(band, t, radiant);
        if (radiance < 1e-300) continue;
        EXPECT_NEAR(BrightnessTemperature(band, radiance, radiant), t, 1e-8) << ToString(band);
      }
    }
  }
  EXPECT_NEAR(BrightnessTemperature({8, 12}, BandRadiance({8, 12}, kMaxTemperature_K)), kMaxTemperature_K, 1e-6);
  for (const double radiance : {0.0, -1.0, std::nan(""), kInfinity})
    EXPECT_THROW(BrightnessTemperature({8, 12}, radiance), Error);
}

TEST(PlanckTable, IsWithinAMillionthOverItsRange) {
  for (const Band& band : {Band{0.7, 0.9}, Band{3, 5}, Band{8, 12}, Band{8, 14}, Band{3, 3.01}, Band{20, 30}}) {
    for (const Radiant radiant : {Radiant::kWatts, Radiant::kPhotons}) {
      const PlanckTable table(band, 50, 3000, radiant);
      double worst = 0;
      for (double t = 50; t <= 3000; t *= 1.00037) {
        worst = std::max(worst, std::abs(table.Radiance(t) / BandRadiance(band, t, radiant) - 1));
      }
      EXPECT_LT(worst, 1e-6) << ToString(band);
      EXPECT_NEAR(table.Radiance(3000) / BandRadiance(band, 3000, radiant), 1, 1e-12);
      EXPECT_NEAR(table.Radiance(50) / BandRadiance(band, 50, radiant), 1,
                  1e-10);  // ln L of -400: rounding 400 times larger
      EXPECT_EQ(table.Radiance(3001), BandRadiance(band, 3001, radiant));
    }
  }
  EXPECT_THROW(PlanckTable({8, 12}, 300, 300), Error);
  EXPECT_THROW(PlanckTable({0.1, 0.2}, 50, 300), Error);
}

TEST(PortableMath, EqualsTheLibrarysFunctions) {
  RandomStream random(RandomKey{.seed = 32});
  for (int i = 0; i < 2000; ++i) {
    const double x = std::pow(10, random.Uniform(-12, 2.8)), y = random.Uniform(0, 3);
    EXPECT_NEAR(ExpOfMinus(x) / std::exp(-x), 1, 1e-14);
    EXPECT_NEAR(OneMinusExpOfMinus(x) / -std::expm1(-x), 1, 2e-15);
    EXPECT_NEAR(Log(x), std::log(x), 2e-15 * std::max(1.0, std::abs(std::log(x))));
    EXPECT_NEAR(Power(x, y) / std::pow(x, y), 1, 1e-13);
    const double angle = random.Uniform(0, 90);
    EXPECT_NEAR(DegreesOfCosine(std::cos(Radians(angle))), angle, 4e-6);
  }
  EXPECT_EQ(Power(0, 0.5), 0);
}

TEST(Fresnel, HasItsClosedFormsAndLimits) {
  const auto normal = [](double n, double k) { return ((n - 1) * (n - 1) + k * k) / ((n + 1) * (n + 1) + k * k); };
  for (const auto& [n, k] : {std::pair(1.5, 0.0), std::pair(0.2, 3.0), std::pair(20.0, 60.0), std::pair(1.0, 0.0)}) {
    EXPECT_NEAR(Fresnel(n, k, 1).unpolarised(), normal(n, k), 1e-15);
    EXPECT_NEAR(Fresnel(n, k, 0).unpolarised(), n == 1 && k == 0 ? Fresnel(n, k, 0).unpolarised() : 1, 1e-15);
  }
  EXPECT_NEAR(Fresnel(1.5, 0, std::cos(std::atan(1.5))).p, 0, 1e-30);  // Brewster's angle
  EXPECT_EQ(Fresnel(0.5, 0, 0.5).s, 1);                                // total reflection beyond 30 degrees
  EXPECT_THROW(Fresnel(0, 1, 1), Error);
}

TEST(Emissivity, OfATableIsLinearInTheAngle) {
  const Emissivity table = Emissivity::Table({0, 60, 90}, {0.9, 0.8, 0.2});
  for (const auto& [angle, expected] :
       {std::pair(0.0, 0.9), std::pair(30.0, 0.85), std::pair(60.0, 0.8), std::pair(75.0, 0.5), std::pair(90.0, 0.2)}) {
    EXPECT_NEAR(table.At(std::cos(Radians(angle))), expected, 2e-7);  // the angle to 4e-6 degrees, times 0.02 a degree
  }
  EXPECT_EQ(Emissivity::Table({45}, {0.4}).At(0.1), 0.4);
  EXPECT_THROW(Emissivity::Table({0, 0}, {0.1, 0.2}), Error);
  EXPECT_THROW(Emissivity::Table({0, 91}, {0.1, 0.2}), Error);
  EXPECT_THROW(Emissivity::Table({0}, {0.1, 0.2}), Error);
  EXPECT_THROW(Emissivity::Lambert(1.1), Error);
}

TEST(LeavingRadiance, InAnEnclosureOfOneTemperatureIsTheBlackBodys) {
  const double black = BandRadiance({8, 12}, 290);
  for (const double tilt : {-1.0, -0.3, 0.0, 0.7, 1.0}) {
    for (const double emissivity : {0.0, 0.4, 1.0})
      EXPECT_EQ(LeavingRadiance(emissivity, black, {black, black, 0}, tilt, 0), black);
  }
}

TEST(LeavingRadiance, WeighsSkyAndGroundByTheTilt) {
  EXPECT_EQ(LeavingRadiance(0, 0, {2, 8, 0}, 1, 0), 2);
  EXPECT_EQ(LeavingRadiance(0, 0, {2, 8, 0}, -1, 0), 8);
  EXPECT_EQ(LeavingRadiance(0, 0, {2, 8, 0}, 0, 0), 5);
  EXPECT_EQ(LeavingRadiance(0.5, 0, {0, 0, kPi}, 0, -0.5), 0);  // the sun behind the surface
  EXPECT_NEAR(LeavingRadiance(0.5, 0, {0, 0, kPi}, 0, 0.5), 0.25, 1e-15);
}

TEST(ClearSky, IsSwinbanks) { EXPECT_NEAR(ClearSkyTemperature(288.15), 0.0552 * std::pow(288.15, 1.5), 1e-10); }

TEST(StandardAtmosphere, HasTheTablesLayerBoundaries) {
  // U.S. Standard Atmosphere 1976, table of base values: pressures to the digits printed there.
  struct Base {
    double height_m, temperature_k, pressure_pa, relative;
  };
  for (const Base& base :
       {Base{0, 288.15, 101325, 1e-12}, Base{11000, 216.65, 22632, 1e-5}, Base{20000, 216.65, 5474.9, 1e-5},
        Base{32000, 228.65, 868.02, 1e-5}, Base{47000, 270.65, 110.91, 4e-5}, Base{51000, 270.65, 66.939, 4e-5},
        Base{71000, 214.65, 3.9564, 4e-5}}) {
    EXPECT_NEAR(StandardAtmosphere(base.height_m).temperature_k, base.temperature_k, 1e-9);
    EXPECT_NEAR(StandardAtmosphere(base.height_m).pressure_pa / base.pressure_pa, 1, base.relative) << base.height_m;
  }
  EXPECT_GT(StandardAtmosphere(-1000).pressure_pa, 101325);
  EXPECT_THROW(StandardAtmosphere(90000), Error);
  EXPECT_THROW(StandardAtmosphere(std::nan("")), Error);
}

TEST(SkinTemperature, HasItsLimits) {
  EXPECT_NEAR(SkinTemperature({300, 1e5, 0.9, 200, 0}), 300, 0.01);  // air flow alone
  EXPECT_NEAR(SkinTemperature({300, 0, 0.5, 200, 0}), 200, 1e-9);    // radiation alone
  EXPECT_NEAR(SkinTemperature({300, 0, 1, 0, 1000}), std::pow(1000 / kStefanBoltzmann_W_m2_K4, 0.25), 1e-9);
  EXPECT_NEAR(SkinTemperature({300, 20, 0, 3, 1000}), 350, 1e-9);  // no radiation
  EXPECT_NEAR(SkinTemperature({288.15, 33, 0.9, 288.15, 0}), 288.15, 1e-12);
  EXPECT_THROW(SkinTemperature({300, 0, 0, 300, 0}), Error);
  EXPECT_THROW(SkinTemperature({300, -1, 0.9, 300, 0}), Error);
}

TEST(SkinTemperature, ClosesItsBalanceEverywhere) {
  RandomStream random(RandomKey{.seed = 33});
  for (int i = 0; i < 500; ++i) {
    const SkinExchange skin{random.Uniform(150, 1200), std::pow(10, random.Uniform(-2, 4)), random.Uniform(0.01, 1),
                            random.Uniform(0, 400), random.Uniform(0, 1400)};
    const double t = SkinTemperature(skin), radiation = skin.emissivity * kStefanBoltzmann_W_m2_K4;
    const double gain = skin.convection_w_m2_k * (skin.recovery_temperature_k - t) + skin.absorbed_solar_w_m2 -
                        radiation * (std::pow(t, 4) - std::pow(skin.environment_temperature_k, 4));
    EXPECT_NEAR(gain / (skin.convection_w_m2_k + 4 * radiation * t * t * t), 0, 1e-9);  // kelvins
  }
}

TEST(Atmosphere, IsOneAtNoRangeAndFallsWithIt) {
  for (const Atmosphere& air : {Atmosphere(), Atmosphere::Uniform(0.2), Atmosphere::Profile("tropical", {3, 5}, 4.2),
                                Atmosphere::Profile("us76", {8, 12}, 0, 5.0), Atmosphere::Table({1, 4}, {0.5, 0.3})}) {
    EXPECT_EQ(air.Transmission(0), 1);
    double before = 1;
    for (double range_m = 1; range_m < 1e5; range_m *= 2) {
      EXPECT_LE(air.Transmission(range_m), before);
      before = air.Transmission(range_m);
    }
    EXPECT_THROW(air.Transmission(-1), Error);
  }
  EXPECT_EQ(Atmosphere().Transmission(1e9), 1);
}

TEST(Atmosphere, BetweenHeightsLiesBetweenThem) {
  for (const std::string& name : Atmosphere::ProfileNames()) {
    const auto tau = [&](double altitude_km) {
      return Atmosphere::Profile(name, {8, 12}, altitude_km).Transmission(5000);
    };
    EXPECT_LT(tau(0), tau(1));
    EXPECT_LT(tau(1), tau(3));
    EXPECT_LT(tau(3), tau(7));
    EXPECT_EQ(tau(10), tau(12));
    EXPECT_EQ(tau(-0.3), tau(0));
  }
}

TEST(Atmosphere, HazeMultipliesTheClearProfile) {
  const double clear = Atmosphere::Profile("us76", {3, 5}, 0, kInfinity).Transmission(7000);
  const double hazy = Atmosphere::Profile("us76", {3, 5}, 0, 8.0).Transmission(7000);
  EXPECT_NEAR(hazy / clear, std::exp(-7 * HazeExtinction(8, 4, HazeLaw::kKruse)), 1e-12);
  // LOWTRAN's own rural aerosol of 23 km stands between no aerosol and one of 15 km.
  const double rural = Atmosphere::Profile("us76", {3, 5}).Transmission(7000);
  EXPECT_LT(rural, clear);
  EXPECT_GT(rural, Atmosphere::Profile("us76", {3, 5}, 0, 15.0).Transmission(7000));
}

TEST(Atmosphere, TablesOfTheUsersAreReadInBothForms) {
  const TemporaryFolder folder;
  const auto csv = folder.path() / "t.csv", yaml = folder.path() / "t.yaml";
  WriteFileAtomically(csv, "range_km,tau\n1,0.8\r\n5,0.4\n");
  WriteFileAtomically(yaml, "range_km: [1, 5]\ntau: [0.8, 0.4]\n");
  for (const auto& path : {csv, yaml}) {
    const Atmosphere air = Atmosphere::FromFile(path);
    EXPECT_NEAR(air.Transmission(1000), 0.8, 1e-15);
    EXPECT_NEAR(air.Transmission(500), std::sqrt(0.8), 1e-14);
    EXPECT_NEAR(air.Transmission(3000), std::sqrt(0.8 * 0.4), 1e-14);
    EXPECT_NEAR(air.Transmission(9000), 0.2, 1e-14);  // on with the last slope
  }
  for (const char* text : {"", "range_km,tau\n", "1;0.5\n", "1,0.5\n1,0.4\n", "1,0\n", "1,0.5\n2,0.6\n", "0,1\n",
                           "1,1.1\n", "-1,0.5\n", "1,0.5x\n"}) {
    WriteFileAtomically(csv, text);
    EXPECT_THROW(Atmosphere::FromFile(csv), Error) << text;
  }
  WriteFileAtomically(yaml, "range_km: [1]\ntau: [0.5]\ncolour: red\n");
  EXPECT_THROW(Atmosphere::FromFile(yaml), Error);
}

TEST(Atmosphere, UnknownProfilesAndFarBandsAreRefused) {
  EXPECT_THROW(Atmosphere::Profile("mars", {8, 12}), Error);
  EXPECT_THROW(Atmosphere::Profile("us76", {1, 2}), Error);
  EXPECT_THROW(Atmosphere::Profile("us76", {3, 12}), Error);
  EXPECT_EQ(Atmosphere::Profile("us76", {7.5, 13.5}).fitted_band(), (Band{8, 14}));
  EXPECT_EQ(Atmosphere::Profile("us_standard_1976", {8, 12}).Transmission(5000),
            Atmosphere::Profile("us76", {8, 12}).Transmission(5000));
}

}  // namespace
}  // namespace mirst
