// The sensor chain: what is put in is what the three-dimensional noise analysis finds, and curves are the reference's.
#include "generator/sensor_chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/error.h"
#include "generator/options.h"
#include "generator/video_codec.h"
#include "metrics/noise3d.h"
#include "tests/support/dataset_fixtures.h"
#include "tests/support/golden_table.h"

namespace mirst {
namespace {

constexpr int kFrames = 24, kHeight = 40, kWidth = 48;

std::vector<Frame> FlatFrames(int frames = kFrames, float level = 8000) {
  std::vector<Frame> result(static_cast<std::size_t>(frames));
  for (Frame& frame : result) {
    frame.pixels = Image<float>(kHeight, kWidth, level);
    frame.bit_depth = 16;
  }
  return result;
}

Noise3d NoiseOf(const std::vector<Frame>& frames) {
  Noise3d noise;
  for (const Frame& frame : frames) noise.Add(frame.pixels);
  return noise;
}

SensorOptions Quiet() {
  SensorOptions options;
  options.enabled = true;
  return options;
}

TEST(SensorChain, TheNoiseAnalysisFindsEachComponentThatWasPutIn) {
  SensorOptions options = Quiet();
  options.counts_per_kelvin = 1000;  // 1 mK = 1 count: rounding (variance 1/12) does not matter beside 20 counts
  options.netd_mk = 40;
  options.row_noise_mk = 25;
  options.column_noise_mk = 30;
  options.pixel_pattern_mk = 50;
  options.frame_noise_mk = 35;
  options.row_pattern_mk = 45;
  options.column_pattern_mk = 55;
  std::vector<Frame> frames = FlatFrames();
  ExposeFrames(options, {.seed = 3}, frames);
  const Noise3dComponents found = NoiseOf(frames).AnovaVariances();
  const std::array<double, 7> variance = {found.tvh, found.tv, found.th, found.vh, found.t, found.v, found.h};
  const std::array<double, 7> put_in = {40, 25, 30, 50, 35, 45, 55};
  // Independent draws of a component: the number of its own values.
  const std::array<double, 7> draws = {
      kFrames * kHeight * kWidth, kFrames * kHeight, kFrames * kWidth, kHeight * kWidth, kFrames, kHeight, kWidth};
  for (std::size_t i = 0; i < put_in.size(); ++i) {
    // A variance of n draws has the relative error sqrt(2 / n); 4 of them, and the analysis' own error from the other
    // components (below 5 %).
    EXPECT_NEAR(variance[i] / (put_in[i] * put_in[i]), 1, 4 * std::sqrt(2 / draws[i]) + 0.05)
        << "component " << i << " of tvh, tv, th, vh, t, v, h";
  }
}

TEST(SensorChain, ShotNoiseGrowsWithTheSignalAndReadNoiseDoesNot) {
  SensorOptions options = Quiet();
  options.electrons_per_count = 10;
  options.read_noise_electrons = 200;
  for (const float level : {2000.0F, 12000.0F}) {
    std::vector<Frame> frames = FlatFrames(6, level);
    ExposeFrames(options, {.seed = 1}, frames);
    // Variance in counts^2: (electrons + read^2) / electrons_per_count^2, and 1/12 of rounding.
    const double expected = (static_cast<double>(level) * 10 + 200.0 * 200) / 100 + 1.0 / 12;
    const double found = std::pow(NoiseOf(frames).Total(), 2);
    EXPECT_NEAR(found / expected, 1, 4 * std::sqrt(2.0 / (6 * kHeight * kWidth)));  // 4 errors of a variance
  }
}

TEST(SensorChain, FlickerHasItsVarianceAndMemory) {
  SensorOptions options = Quiet();
  options.counts_per_kelvin = 1000;
  options.flicker_mk = 100;
  std::vector<Frame> frames = FlatFrames(17);
  ExposeFrames(options, {.seed = 9}, frames);
  const auto covariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i < frames[0].pixels.size(); ++i)
      sum += (static_cast<double>(frames[0].pixels.data()[i]) - 8000) *
             (static_cast<double>(frames[lag].pixels.data()[i]) - 8000);
    return sum / static_cast<double>(frames[0].pixels.size());
  };
  for (const std::size_t lag : {0U, 1U, 16U}) {
    double expected = 0;  // four equal processes with time constants 1, 4, 16, 64
    for (const double time : {1.0, 4.0, 16.0, 64.0}) expected += 2500 * std::exp(-static_cast<double>(lag) / time);
    // Standard error of a covariance of n pairs: at most 10000 sqrt(2 / n); 4 of them.
    EXPECT_NEAR(covariance(lag), expected, 4 * 10000 * std::sqrt(2.0 / (kHeight * kWidth))) << lag;
  }
}

TEST(SensorChain, GainAndOffsetAreALineAboutTheMeanAndTheConverterRounds) {
  SensorOptions options = Quiet();
  options.gain = 2;
  options.offset_counts = 100;
  options.adc_bits = 12;  // full scale 16384: 4 counts a step
  std::vector<Frame> frames = FlatFrames(2);
  frames[0].pixels(0, 0) = 8401;
  const double mean = 8000 + 401.0 / (2 * kHeight * kWidth);
  ExposeFrames(options, {}, frames);
  EXPECT_EQ(frames[1].pixels(0, 0), std::floor((mean + 2 * (8000 - mean) + 100) / 4 + 0.5));
  EXPECT_EQ(frames[0].pixels(0, 0), std::floor((mean + 2 * (8401 - mean) + 100) / 4 + 0.5));
  frames = FlatFrames(2, 16000);
  frames[0].pixels(0, 0) = 16383 + 9000;
  ExposeFrames(options, {}, frames);
  EXPECT_EQ(frames[0].pixels(0, 0), 4095);  // saturated
}

TEST(SensorChain, EqualKeysGiveEqualFramesAndOthersDoNot) {
  SensorOptions options = Quiet();
  options.netd_mk = options.flicker_mk = options.pixel_pattern_mk = 200;
  const auto make = [&](std::uint32_t sequence) {
    std::vector<Frame> frames = FlatFrames(3);
    ExposeFrames(options, {.seed = 3, .sequence = sequence}, frames);
    return frames;
  };
  EXPECT_EQ(make(1), make(1));
  EXPECT_NE(make(1), make(2));
}

TEST(SensorChain, RefusesFramesThatHavePassedOneAlready) {
  std::vector<Frame> frames = FlatFrames(2);
  for (Frame& frame : frames) frame.bit_depth = 8;
  EXPECT_NE(test::ErrorText(ErrorCode::kBadInput, [&] { ExposeFrames(Quiet(), {}, frames); }).find("8-bit ones carry"),
            std::string::npos);
}

TEST(GainControl, PlateauCurveIsTheReference) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "plateau_lut.csv");
  std::map<double, std::vector<test::GoldenRow>> tables;
  for (const test::GoldenRow& row : test::GoldenRows("plateau_lut"))
    tables[test::Number(row, "plateau")].push_back(row);
  ASSERT_FALSE(tables.empty());
  for (const auto& [plateau, rows] : tables) {
    std::vector<std::int64_t> histogram;
    for (const test::GoldenRow& row : rows) histogram.push_back(std::stoll(row.at("hist")));
    const DisplayCurve curve = PlateauCurve(histogram, plateau);
    for (std::size_t i = 0; i < rows.size(); ++i)
      EXPECT_EQ(curve[i], std::stoi(rows[i].at("lut_floor"))) << plateau << " " << i;
  }
}

TEST(GainControl, PercentileCurveSpansItsPercentiles) {
  SensorOptions options = Quiet();
  options.agc = GainControl::kPercentile;
  options.percentiles = {10, 90};
  std::vector<Frame> frames(1);
  frames[0].pixels = Image<float>(10, 10);
  for (std::size_t i = 0; i < 100; ++i) frames[0].pixels.data()[i] = static_cast<float>(1001 + i);  // 1001 ... 1100
  const DisplayCurve curve = MakeDisplayCurve(options, frames);
  EXPECT_EQ(curve[1010], 0);    // 10 % lie at or below it
  EXPECT_EQ(curve[1011], 3);    // 255 / 80 = 3.2
  EXPECT_EQ(curve[1090], 255);  // 90 %
  EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end()));
}

TEST(VideoCodec, LosslessAtZeroAndCoarserAbove) {
  std::vector<Image<float>> frames;
  for (std::uint32_t k = 0; k < 3; ++k) frames.push_back(test::AsFloat(test::NoiseImage(32, 48, 8, k)));
  CodecOptions options;
  options.crf = 0;
  EXPECT_EQ(PassThroughCodec(frames, options), frames);
  options.crf = 35;
  const auto coarse = PassThroughCodec(frames, options);
  EXPECT_NE(coarse, frames);
  EXPECT_EQ(PassThroughCodec(frames, options), coarse);
}

TEST(SensorOptions, FaultsAreNamed) {
  const auto text = [](const std::string& yaml) {
    return test::ErrorText(ErrorCode::kUsage, [&] { ReadOptions<GenerateOptions>(ConfigTree::FromText(yaml)); });
  };
  EXPECT_NE(text("sensor: {image: displayed}").find("displayed needs a gain control"), std::string::npos);
  EXPECT_NE(text("sensor: {read_noise_electrons: 5}").find("needs electrons_per_count"), std::string::npos);
}

}  // namespace
}  // namespace mirst
