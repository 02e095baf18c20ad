#include "renderer/planck.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/units.h"
#include "tests/support/data_folder.h"

namespace mirst {
namespace {

TEST(Planck, BandRadianceAndSlopeEqualTheQuadratureOfThirtyDigits) {
  const auto path = test::GoldenFolder() / "physics" / "planck_band.csv";
  MIRST_REQUIRE_PATH(path);
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  int rows = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    double low = 0, high = 0, temperature = 0, radiance = 0, slope = 0;
    char comma = 0;
    fields >> low >> comma >> high >> comma >> temperature >> comma >> radiance >> comma >> slope;
    const Band band{low, high};
    EXPECT_NEAR(BandRadiance(band, temperature) / radiance, 1, 1e-12) << line;  // the table prints 14 digits
    EXPECT_NEAR(BandRadianceSlope(band, temperature) / slope, 1, 1e-12) << line;
    ++rows;
  }
  EXPECT_EQ(rows, 48);
}

TEST(Planck, TheWholeSpectrumIsTheStefanBoltzmannLaw) {
  // sigma T^4 / pi; 0.1 to 1000 um leave out less than 1e-6 of a 1000 K body (x = 0.0144: x^3 / 3 of pi^4 / 15).
  const double k = kBoltzmann_J_K, h = kPlanck_J_s, c = kLightSpeed_m_s;
  const double sigma = 2 * std::pow(kPi, 5) * std::pow(k, 4) / (15 * std::pow(h, 3) * c * c);
  EXPECT_NEAR(BandRadiance({0.1, 1000}, 1000) / (sigma * 1e12 / kPi), 1, 1e-6);
}

TEST(Planck, BandsAddUp) {
  for (const double temperature : {150.0, 300.0, 1200.0}) {
    const double parts =
        BandRadiance({3, 5}, temperature) + BandRadiance({5, 8}, temperature) + BandRadiance({8, 14}, temperature);
    EXPECT_NEAR(parts / BandRadiance({3, 14}, temperature), 1, 1e-12);
  }
}

TEST(Planck, NarrowBandsByQuadratureMeetTheSeries) {
  // A hundred narrow bands (quadrature) make up one broad band (series).
  double radiance = 0, slope = 0;
  for (int i = 0; i < 100; ++i) {
    const Band narrow{8 + 0.04 * i, 8.04 + 0.04 * i};
    radiance += BandRadiance(narrow, 300);
    slope += BandRadianceSlope(narrow, 300);
  }
  EXPECT_NEAR(radiance / BandRadiance({8, 12}, 300), 1, 1e-12);
  EXPECT_NEAR(slope / BandRadianceSlope({8, 12}, 300), 1, 1e-12);
}

TEST(Planck, ImpossibleTemperaturesAndBandsAreRefused) {
  for (const double temperature : {0.0, -3.0, 10000.1, std::nan("")})
    EXPECT_THROW(BandRadiance({8, 14}, temperature), Error);
  for (const Band& band : {Band{14, 8}, Band{8, 8}, Band{0.05, 8}, Band{8, 2000}})
    EXPECT_THROW(BandRadiance(band, 300), Error);
  EXPECT_GE(BandRadiance({0.1, 0.2}, 1), 0);  // far below any machine number, but no fault
}

TEST(Planck, BandsAreReadAsTheyArePrinted) {
  EXPECT_EQ(ToString(Band{8, 14}), "8-14 um");
  EXPECT_EQ(ParseBand("3.4-5.1"), (Band{3.4, 5.1}));
  EXPECT_EQ(ParseBand(ToString(Band{7.5, 13})), (Band{7.5, 13}));
  for (const char* text : {"", "8", "8-", "-8", "14-8", "8-14 nm", "8--14", "a-b", "8-nan"}) {
    EXPECT_THROW(ParseBand(text), Error) << text;
  }
}

}  // namespace
}  // namespace mirst
