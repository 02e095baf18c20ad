#include "metrics/noise3d.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/golden_table.h"

namespace mirst {
namespace {

TEST(Noise3d, MatchesTheReferenceCube) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "noise3d_cube.csv");
  std::vector<Image<float>> frames;
  int rows = 0, columns = 0;
  for (const test::GoldenRow& row : test::GoldenRows("noise3d_cube")) {
    rows = std::max(rows, 1 + static_cast<int>(test::Number(row, "v")));
    columns = std::max(columns, 1 + static_cast<int>(test::Number(row, "h")));
  }
  for (const test::GoldenRow& row : test::GoldenRows("noise3d_cube")) {
    const auto t = static_cast<std::size_t>(test::Number(row, "t"));
    if (frames.size() <= t) frames.resize(t + 1, Image<float>(rows, columns));
    frames[t](static_cast<int>(test::Number(row, "v")), static_cast<int>(test::Number(row, "h"))) =
        static_cast<float>(test::Number(row, "U"));
  }
  const Noise3d noise = AnalyseNoise3d(frames);
  for (const test::GoldenRow& row : test::GoldenRows("noise3d_components")) {
    const std::string& name = row.at("component");
    const double sigma = test::Number(row, "sigma_classic_ddof0");
    if (name == "S_mean") {
      EXPECT_NEAR(noise.mean, sigma, 1e-10 * sigma);
    } else if (name == "sigma_total") {
      EXPECT_NEAR(std::sqrt(noise.total_variance), sigma, 1e-10 * sigma);
    } else {
      const auto it = std::find(kNoiseComponentNames.begin(), kNoiseComponentNames.end(), name.substr(6));
      ASSERT_NE(it, kNoiseComponentNames.end()) << name;
      const auto i = static_cast<std::size_t>(it - kNoiseComponentNames.begin());
      EXPECT_NEAR(noise.sigma[i], sigma, 1e-10 * sigma) << name;
      const double variance = test::Number(row, "variance_anova_unbiased");
      EXPECT_NEAR(noise.variance[i], variance, 1e-10 * std::abs(variance)) << name;
    }
  }
}

TEST(Noise3d, SquaresOfTheComponentsSumToTheTotal) {
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  std::vector<Image<float>> frames(5, Image<float>(7, 6));
  for (Image<float>& frame : frames) {
    for (float& value : frame) value = static_cast<float>(random.Normal());
  }
  const Noise3d noise = AnalyseNoise3d(frames);
  double sum = 0;
  for (const double sigma : noise.sigma) sum += sigma * sigma;
  EXPECT_NEAR(sum, noise.total_variance, 1e-12);  // the components are orthogonal; a few hundred roundings
}

TEST(Noise3d, RefusesWhatHasNoVariance) {
  EXPECT_THROW(AnalyseNoise3d({Image<float>(4, 4)}), Error);
  EXPECT_THROW(AnalyseNoise3d({Image<float>(4, 1), Image<float>(4, 1)}), Error);
  EXPECT_THROW(AnalyseNoise3d({Image<float>(4, 4), Image<float>(4, 5)}), Error);
}

}  // namespace
}  // namespace mirst
