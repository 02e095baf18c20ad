// What holds for every model-driven method: bad and borderline input, threads, windows along a sequence, masks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "detector/model_driven/fourier.h"
#include "detector/model_driven/linear_algebra.h"
#include "detector/model_driven/methods.h"
#include "detector/model_driven/sequence_responses.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::ErrorText;
using testing::HasSubstr;

Image<float> Noise(int height, int width, std::uint32_t frame, double mean = 100, double sigma = 4) {
  RandomStream random({.seed = 5, .frame = frame, .purpose = Purpose::kTest});
  Image<float> image(height, width);
  for (float& pixel : image) pixel = static_cast<float>(std::lround(mean + sigma * random.Normal()));
  return image;
}

Image<float> NoiseWithTarget(int height, int width, std::uint32_t frame, int y, int x) {
  Image<float> image = Noise(height, width, frame);
  for (int v = y - 1; v <= y + 1; ++v) {
    for (int u = x - 1; u <= x + 1; ++u) image(v, u) = 160;
  }
  return image;
}

Responses RespondTo(const ModelDrivenDetector& detector, const Image<float>& frame) {
  return detector.Respond(
      std::vector<ImageView<const float>>(static_cast<std::size_t>(detector.window_frames()), frame));
}

class EveryMethod : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<ModelDrivenDetector> detector_ = MakeModelDrivenDetector(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod, testing::ValuesIn(ModelDrivenMethods()),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(EveryMethod, AConstantFrameHasNoResponse) {
  for (const float level : {0.0F, 100.0F}) {
    const Responses responses = RespondTo(*detector_, Image<float>(70, 80, level));
    for (const Image<float>& map : responses.maps) {
      for (const float value : map) {
        ASSERT_TRUE(std::isfinite(value));
        // The solvers end at residuals of 1e-3 (PSTNN) to 1e-7 of the frame; what is left is spread over all parts.
        ASSERT_LE(value, level * 1e-4F);
      }
    }
  }
}

TEST_P(EveryMethod, ANumberThatIsNotFiniteIsNamedWithItsPlace) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Image<float> frame = Noise(70, 80, 0);
    frame(12, 34) = bad;
    EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { RespondTo(*detector_, frame); }), HasSubstr("row 12, column 34"));
  }
}

TEST_P(EveryMethod, AFrameSmallerThanAPatchIsRefusedOrAnswered) {
  for (const auto& [height, width] : {std::pair{1, 1}, std::pair{1, 30}, std::pair{14, 90}, std::pair{39, 60}}) {
    try {
      const Responses responses = RespondTo(*detector_, Noise(height, width, 0));
      for (const Image<float>& map : responses.maps) {
        EXPECT_EQ(map.height(), height);
        EXPECT_EQ(map.width(), width);
        for (const float value : map) ASSERT_TRUE(std::isfinite(value)) << height << " x " << width;
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.message(), HasSubstr("too small"));
    }
  }
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { RespondTo(*detector_, Image<float>()); }), "the frame has no pixels");
}

TEST_P(EveryMethod, ResponsesDoNotDependOnTheNumberOfThreads) {
  const Image<float> frame = NoiseWithTarget(70, 80, 0, 35, 40);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return RespondTo(*detector_, frame).maps;
  };
  EXPECT_EQ(with(1), with(4));
}

TEST_P(EveryMethod, ASequenceOfAnyLengthGetsAMapAFrame) {
  const int window = detector_->window_frames();
  for (const int count : {1, window, window + 1}) {
    std::vector<Image<float>> frames;
    for (int i = 0; i < count; ++i)
      frames.push_back(NoiseWithTarget(60, 70, static_cast<std::uint32_t>(i), 30, 20 + i));
    SequenceResponses responses(*detector_, frames);
    for (int i = 0; i < count; ++i) {
      const FrameResponse response = responses.Take(i);
      EXPECT_EQ(response.map.height(), 60);
      // What is left after whole windows is looked at in the sequence's last window.
      EXPECT_EQ(response.window, window == 1 ? i : i < window ? 0 : count - window);
    }
  }
}

TEST(SeveralFrames, HaveOneSize) {
  const Image<float> large = Noise(70, 80, 0), small = Noise(70, 79, 0);
  for (const std::string method : {"wsnm_stipt", "asttv_ntla", "imnn_lwec"}) {
    const std::unique_ptr<ModelDrivenDetector> detector = MakeModelDrivenDetector(method);
    std::vector<ImageView<const float>> window(static_cast<std::size_t>(detector->window_frames()), large);
    window.back() = small;
    EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { detector->Respond(window); }), HasSubstr("79 x 70")) << method;
  }
}

TEST(IterationCount, IsExactWhereAskedFor) {
  const Image<float> frame = NoiseWithTarget(70, 80, 0, 35, 40);
  for (const std::string method : {"ipi", "pstnn", "wsnm_stipt", "asttv_ntla", "imnn_lwec"}) {
    ModelDrivenOptions options;
    SetIterations(options, method, 7);
    EXPECT_EQ(RespondTo(*MakeModelDrivenDetector(method, options), frame).iterations, 7) << method;
  }
  ModelDrivenOptions options;
  EXPECT_EQ(ErrorText(ErrorCode::kUsage, [&] { SetIterations(options, "wslcm", 7); }),
            "wslcm does not iterate: --iterations has no meaning for it");
}

TEST(AsttvNtlaStart, TheLowRankStepIsAnIdentityAndTheStartHardlyMatters) {
  const std::vector<Image<float>> frames = {NoiseWithTarget(40, 44, 0, 20, 20), NoiseWithTarget(40, 44, 1, 20, 21),
                                            NoiseWithTarget(40, 44, 2, 20, 22)};
  const std::vector<ImageView<const float>> window(frames.begin(), frames.end());
  const AsttvNtlaResult plain = AsttvNtla(window);
  const auto difference = [&](const AsttvNtlaResult& other) {
    double largest = 0;
    for (std::size_t f = 0; f < 3; ++f) {
      for (std::size_t i = 0; i < other.targets[f].size(); ++i)
        largest = std::max(largest, std::abs(other.targets[f].data()[i] - plain.targets[f].data()[i]));
    }
    return largest;
  };
  AsttvNtlaOptions with_svd, from_frames;
  with_svd.svd_step = true;
  from_frames.start = AsttvNtlaOptions::Start::kFrames;
  EXPECT_LT(difference(AsttvNtla(window, with_svd)), 1e-6);
  EXPECT_LT(difference(AsttvNtla(window, from_frames)), 0.3);  // grey levels, of a target of 60
}

TEST(LinearAlgebra, BothWaysToShrinkAgreeAndKeepWhatTheRuleKeeps) {
  RandomStream random({.seed = 6, .purpose = Purpose::kTest});
  for (const auto& [rows, columns] : {std::pair{7, 5}, std::pair{5, 7}, std::pair{6, 6}, std::pair{1, 4}}) {
    std::vector<std::complex<double>> a(static_cast<std::size_t>(rows * columns));
    for (auto& value : a) value = {random.Normal(), random.Normal()};
    const auto soft = [](std::vector<double>& values) {
      for (double& value : values) value = std::max(value - 1.5, 0.0);
    };
    auto leading = a, full = a, values_of = a;
    const std::vector<double> before = SingularValues(values_of.data(), rows, columns);
    ShrinkLeading(leading.data(), rows, columns, soft);
    ShrinkAll(full.data(), rows, columns, soft);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LT(std::abs(leading[i] - full[i]), 1e-12);
    const std::vector<double> after = SingularValues(full.data(), rows, columns);
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], std::max(before[i] - 1.5, 0.0), 1e-12);
  }
}

TEST(Fourier, IsTheDefinitionForAnyLength) {
  for (const int length : {1, 2, 3, 4, 15, 22}) {
    RealFourier fourier = RealFourier::AlongSlowest(length, 2);
    std::vector<double> values;
    for (int i = 0; i < 2 * length; ++i) values.push_back(std::sin(1.0 + i * i));
    fourier.values() = values;
    fourier.Forward();
    for (int k = 0; k <= length / 2; ++k) {
      for (std::size_t column = 0; column < 2; ++column) {
        std::complex<double> sum = 0;
        for (int n = 0; n < length; ++n)
          sum += values[2 * static_cast<std::size_t>(n) + column] * std::polar(1.0, -2 * M_PI * k * n / length);
        EXPECT_LT(std::abs(fourier.spectrum()[2 * static_cast<std::size_t>(k) + column] - sum), 1e-12);
      }
    }
    fourier.Inverse();
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(fourier.values()[i], length * values[i], 1e-12);
  }
}

TEST(Segment, EachRuleFollowsItsDefinitionOnThePositivePart) {
  Image<float> scores(1, 5);
  for (const auto& [x, value] : {std::pair{0, 8.0F}, {1, 4.0F}, {2, 4.5F}, {3, -20.0F}}) scores(0, x) = value;
  const auto mask = [&](const SegmentationOptions& options) {
    std::string text;
    const Mask result = Segment(scores, options);
    for (int x = 0; x < 5; ++x) text += result(0, x) == 255 ? '1' : '0';
    return text;
  };
  EXPECT_EQ(mask({}), "10100");                 // > 4
  EXPECT_EQ(mask({.relative = 0.4}), "11100");  // > 3.2
  EXPECT_EQ(mask({.rule = SegmentationRule::kFixed, .threshold = 4.2}), "10100");
  EXPECT_EQ(mask({.rule = SegmentationRule::kFixed}), "11100");
  EXPECT_EQ(mask({.rule = SegmentationRule::kMeanStd, .k = 1}), "10000");    // 3.3 + 3.0
  EXPECT_EQ(mask({.rule = SegmentationRule::kMeanStd, .k = 0.2}), "11100");  // 3.3 + 0.6
  EXPECT_EQ(CountPixels(Segment(Image<float>(3, 3), {})), 0);
  EXPECT_EQ(CountPixels(Segment(Image<float>(3, 3), {.relative = 0})), 0);
}

TEST(ModelDrivenOptions, ReadWhatTheyPrintAndNameTheirFaults) {
  ModelDrivenOptions options;
  options.ipi.patch_px = 40;
  options.segmentation.rule = SegmentationRule::kMeanStd;
  EXPECT_EQ(ReadOptions<ModelDrivenOptions>(ConfigTree::FromText(PrintOptions(options, OptionsFormat::kYaml))),
            options);
  EXPECT_THAT(ErrorText(ErrorCode::kUsage,
                        [] { ReadOptions<ModelDrivenOptions>(ConfigTree::FromText("{wslcm: {largest_cell_px: 8}}")); }),
              HasSubstr("wslcm.largest_cell_px"));
  EXPECT_THAT(ErrorText(ErrorCode::kUsage, [] { MakeModelDrivenDetector("ipt"); }), HasSubstr("imnn_lwec"));
}

}  // namespace
}  // namespace mirst
