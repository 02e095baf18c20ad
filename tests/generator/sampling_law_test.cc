// The laws that sizes, SCR and speeds are drawn from.
#include "generator/sampling_law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "datasets/statistics_files.h"
#include "generator/options.h"

namespace mirst {
namespace {

std::vector<SamplingLaw> OneOfEachKind() {
  return {SamplingLaw(0.5, 8),
          SamplingLaw::Uniform(0.5, 8),
          SamplingLaw::LogUniform(1, 81),
          SamplingLaw::Normal(3, 1.5, 0.5, 8),
          SamplingLaw::LogNormal(9, 0.8, 1, 81),
          SamplingLaw::Histogram({0.5, 1, 3, 8}, {2, 0, 6}),
          SamplingLaw::List({4, 1, 9}),
          SamplingLaw::Percentiles({0, 0.25, 1}, {1, 2, 10})};
}

TEST(SamplingLaw, QuantilesAreThoseOfTheClosedForms) {
  EXPECT_DOUBLE_EQ(SamplingLaw::Uniform(2, 6).Quantile(0.25), 3);
  EXPECT_NEAR(SamplingLaw::LogUniform(1, 81).Quantile(0.5), 9, 1e-12);
  EXPECT_NEAR(SamplingLaw::Normal(3, 1, 0, 6).Quantile(0.5), 3, 1e-12);
  // 0.8413447460685429 of a normal law lie below one sigma; the cut at 7 sigma moves that by 1e-12.
  EXPECT_NEAR(SamplingLaw::Normal(10, 2, -4, 24).Quantile(0.8413447460685429), 12, 1e-10);
  EXPECT_NEAR(SamplingLaw::LogNormal(9, 0.5, 1e-2, 8100).Quantile(0.8413447460685429), 9 * std::exp(0.5), 1e-9);
  EXPECT_DOUBLE_EQ(SamplingLaw::Histogram({0, 1, 3}, {1, 3}).Quantile(0.25), 1);
  EXPECT_DOUBLE_EQ(SamplingLaw::Histogram({0, 1, 3}, {1, 3}).Quantile(0.625), 2);
  EXPECT_DOUBLE_EQ(SamplingLaw::Percentiles({0, 0.25, 1}, {1, 2, 10}).Quantile(0.625), 6);
}

TEST(SamplingLaw, ATruncatedTailIsTheIntegralOfItsDensity) {
  // Only the tail from 2 to 5 sigma above (and below) the mean is left.
  const auto share = [](double from, double to) {
    constexpr int kSteps = 20000;
    double sum = 0;
    for (int i = 0; i < kSteps; ++i) {
      const double z = from + (i + 0.5) * (to - from) / kSteps;
      sum += std::exp(-0.5 * z * z) * (to - from) / kSteps;
    }
    return sum;
  };
  const SamplingLaw above = SamplingLaw::Normal(0, 1, 2, 5), below = SamplingLaw::Normal(0, 1, -5, -2);
  for (const double u : {0.1, 0.5, 0.9}) {
    const double value = above.Quantile(u);
    EXPECT_NEAR(share(2, value) / share(2, 5), u, 1e-6);  // midpoint rule: (3 / 20000)^2 / 24 times a curvature of ~ 4
    EXPECT_NEAR(below.Quantile(1 - u), -value, 1e-9);
  }
}

TEST(SamplingLaw, ListTakesEachValueEquallyOften) {
  const SamplingLaw law = SamplingLaw::List({9, 1, 4, 4});
  std::vector<double> values;
  for (int i = 0; i < 8; ++i) values.push_back(law.Quantile((i + 0.5) / 8));
  EXPECT_EQ(values, (std::vector<double>{1, 1, 4, 4, 4, 4, 9, 9}));
}

TEST(SamplingLaw, QuantilesRiseWithinTheLimitsAndShareBelowInvertsThem) {
  for (const SamplingLaw& law : OneOfEachKind()) {
    double before = law.low();
    for (int i = 0; i < 200; ++i) {
      const double u = i / 200.0, value = law.Quantile(u);
      EXPECT_GE(value, before - 1e-12) << law.ToJson();
      EXPECT_LE(value, law.high() + 1e-12) << law.ToJson();
      before = value;
      if (law.kind() == SamplingLaw::Kind::kList) continue;  // steps have no inverse
      // Bisection leaves 2^-50 of u; the slope of Quantile and erfc's digits take some of that.
      EXPECT_NEAR(law.ShareBelow(value), u, 1e-9) << law.ToJson();
    }
    EXPECT_EQ(law.ShareBelow(law.low()), 0);
    EXPECT_EQ(law.ShareBelow(law.high() + 1), 1);
  }
}

TEST(SamplingLaw, JsonReadsBackToTheSameLaw) {
  for (const SamplingLaw& law : OneOfEachKind()) {
    std::vector<std::string> faults;
    EXPECT_EQ(SamplingLaw::Parse(law.ToJson(), SampledQuantity::kAreaPx, {0.1, 4000}, faults), law) << law.ToJson();
    EXPECT_TRUE(faults.empty()) << faults.front();
  }
}

TEST(SamplingLaw, PrintedOptionsReadBackToTheSameLaws) {
  GenerateOptions options;
  options.target.area_px = SamplingLaw::LogNormal(9, 0.8, 1, 81);
  options.track.speed_px_per_frame = SamplingLaw::List({0.5, 2});
  options.scr.range = SamplingLaw::Histogram({0.5, 3, 8}, {13, 7});
  const auto read = ReadOptions<GenerateOptions>(ConfigTree::FromText(PrintOptions(options, OptionsFormat::kYaml)));
  EXPECT_EQ(read.target.area_px, options.target.area_px);
  EXPECT_EQ(read.track.speed_px_per_frame, options.track.speed_px_per_frame);
  EXPECT_EQ(read.scr.range, options.scr.range);
}

TEST(SamplingLaw, APlainRangeOfTheScrHasItsLowShareBelowThree) {
  GenerateOptions options;
  options.scr.range = {0.5, 8};
  options.scr.low_share = 0.65;
  EXPECT_NEAR(options.ScrLaw().ShareBelow(3), 0.65, 1e-12);
  EXPECT_NEAR(options.ScrLaw().Quantile(0.325), 1.75, 1e-12);  // half of what is below
}

TEST(SamplingLaw, AsInTakesThePercentilesOfAnotherSet) {
  DataSetStatistics statistics;
  statistics.sequences.resize(101);
  for (int i = 0; i <= 100; ++i) {
    SequenceStatistics& sequence = statistics.sequences[static_cast<std::size_t>(i)];
    sequence.mscr_present = 1 + 0.04 * i;
    sequence.split = "train";
    TargetStatistics target;
    target.sequence = static_cast<std::size_t>(i);
    target.area_px = 1 + i;
    target.speed_px_per_frame = 0.02 * i;
    statistics.targets.push_back(target);
  }
  const TemporaryFolder folder;
  const auto file = folder.path() / "stats.json";
  WriteFileAtomically(file, StatisticsJson(statistics));
  const auto law_of = [&](SampledQuantity quantity, Range allowed) {
    std::vector<std::string> faults;
    const auto law = SamplingLaw::Parse("{\"as_in\": \"" + file.string() + "\"}", quantity, allowed, faults);
    EXPECT_TRUE(faults.empty()) << faults.front();
    return law;
  };
  // Evenly spaced values: linear between the percentiles is exact.
  EXPECT_NEAR(law_of(SampledQuantity::kAreaPx, {1, 4000}).Quantile(0.4), 41, 1e-9);
  EXPECT_NEAR(law_of(SampledQuantity::kScr, {0.05, 100}).Quantile(0.97), 4.88, 1e-9);
  EXPECT_NEAR(law_of(SampledQuantity::kSpeedPxPerFrame, {0, 50}).Quantile(0.6), 1.2, 1e-9);
  EXPECT_NEAR(law_of(SampledQuantity::kSpeedPxPerFrame, {0.5, 50}).low(), 0.5, 0);  // moved to what is allowed
}

TEST(SamplingLaw, EveryFaultIsNamedWithValueAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"7", "found 7, expected [low, high]"},
      {"{\"gauss\": [1, 2]}", "found the form 'gauss'"},
      {"[1, 2, 3]", "found 3 numbers"},
      {"[5, 2]", "low 5 exceeds high 2"},
      {"[0.5, 2000]", "found 2000, allowed: 0.1 to 100"},
      {"{\"log_uniform\": [1]}", "expected a list of 2 or more numbers"},
      {"{\"normal\": {\"mean\": 1, \"sigma\": 1}}", "expected the keys mean, sigma, min, max"},
      {"{\"normal\": {\"mean\": 1, \"sigma\": 0, \"min\": 1, \"max\": 2}}", "normal.sigma: found 0"},
      {"{\"normal\": {\"mean\": 1, \"sigma\": 1, \"min\": 50, \"max\": 60}}", "more than 6 sigma from 1"},
      {"{\"log_normal\": {\"median\": -1, \"sigma\": 1, \"min\": 1, \"max\": 2}}", "found median -1"},
      {"{\"histogram\": {\"edges\": [1, 2, 3], \"weights\": [1]}}", "found 3 edges and 1 weights"},
      {"{\"histogram\": {\"edges\": [1, 3, 2], \"weights\": [1, 1]}}", "expected rising numbers"},
      {"{\"histogram\": {\"edges\": [1, 2], \"weights\": [0]}}", "all are 0"},
      {"{\"list\": []}", "expected a list of 1 or more numbers"},
      {"{\"list\": [1, \"two\"]}", "expected a list"},
      {"{\"percentiles\": {\"shares\": [0, 0.5], \"values\": [1, 2]}}", "shares that rise from 0 to 1"},
      {"{\"as_in\": \"/no/such/stats.json\"}", "/no/such/stats.json"},
  };
  for (const auto& [json, expected] : cases) {
    std::vector<std::string> faults;
    SamplingLaw::Parse(json, SampledQuantity::kScr, {0.1, 100}, faults);
    ASSERT_EQ(faults.size(), 1U) << json;
    EXPECT_NE(faults.front().find(expected), std::string::npos) << faults.front();
  }
}

TEST(SamplingLaw, NoSetsStatisticsHoldAContrast) {
  std::vector<std::string> faults;
  SamplingLaw::Parse("{\"as_in\": \"stats.json\"}", SampledQuantity::kContrastCounts, {0.1, 65535}, faults);
  EXPECT_EQ(faults, std::vector<std::string>{"as_in: statistics hold no contrast, give another law"});
}

TEST(SamplingLaw, FaultsOfOptionsStandBesideAllOthers) {
  try {
    ReadOptions<GenerateOptions>(
        ConfigTree::FromText("scr: {range: {normal: 3}}\nsequences: 0\n"
                             "target: {area_px: [0, 5]}\n"
                             "quota: {area_edges_px: [4, 1], scr_edges: [1, 2]}\n",
                             "bad.yaml"));
    FAIL() << "read without a fault";
  } catch (const Error& error) {
    for (const char* part : {"scr.range (bad.yaml:1)", "sequences", "target.area_px", "found 0, allowed: 1 to 4000",
                             "quota.area_edges_px", "expected rising numbers"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << part << " in:\n" << error.what();
  }
}

}  // namespace
}  // namespace mirst
