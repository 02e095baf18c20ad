#include "fusion/scene_estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/random.h"
#include "fusion/fuse.h"
#include "fusion/match_shift.h"

namespace mirst {
namespace {

constexpr int kSide = 96;
constexpr std::size_t kMiddle = 4;
constexpr double kSigma = 3;

using Scene = std::function<double(double x, double y)>;

double Gradient(double x, double y) { return 300 + 0.8 * x - 0.5 * y; }
double Edge(double x, double) { return x < 47.3 ? 200 : 330; }
// Narrower than the median's window.
double Stripes(double x, double y) { return 300 + 40 * std::sin(1.1 * x + 0.4 * y) + 25 * std::sin(0.13 * x * y / 9); }

// Nine frames of a scene that moves by `pan` px a frame, with fresh white noise.
std::vector<Frame> Sequence(const Scene& scene, Vec2 pan, std::uint32_t number, double sigma = kSigma) {
  std::vector<Frame> frames(9);
  RandomStream random({.seed = 41, .sequence = number, .purpose = Purpose::kTest});
  for (std::size_t k = 0; k < frames.size(); ++k) {
    frames[k].pixels = Image<float>(kSide, kSide);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const auto t = static_cast<double>(k) - static_cast<double>(kMiddle);
        frames[k].pixels(y, x) = static_cast<float>(scene(x - t * pan.x, y - t * pan.y) + sigma * random.Normal());
      }
    }
  }
  return frames;
}

struct Residual {
  double variance = 0;     // of B - S, in units of the noise's
  double correlation = 0;  // of neighbours along x
};

// Over many boxes of 20 x 20.
Residual ResidualOf(SceneMethod method, const Scene& scene, Vec2 pan, int sequences) {
  const PixelBox box{38, 36, 20, 20};
  double squares = 0, products = 0;
  int count = 0, pairs = 0;
  for (int i = 0; i < sequences; ++i) {
    const std::vector<Frame> frames = Sequence(scene, pan, static_cast<std::uint32_t>(i));
    const Image<float> estimate = EstimateScene(method, frames, kMiddle, box, 3);
    const auto residual = [&](int y, int x) {
      return static_cast<double>(frames[kMiddle].pixels(box.y + y, box.x + x) - estimate(y, x)) / kSigma;
    };
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        squares += residual(y, x) * residual(y, x);
        ++count;
        if (x == 0) continue;
        products += residual(y, x - 1) * residual(y, x);
        ++pairs;
      }
    }
  }
  return {squares / count, products / pairs};
}

// What the median of n white pixels, itself one of them, leaves of the pixel: cov(B, S) = sigma^2 / n by symmetry (the
// mean is complete, so that cov(mean, median) = var(mean)), hence var(B - S) / sigma^2 = 1 + v - 2 / n with v the
// variance of the median of n standard normal numbers: 0.16610 for n = 9 (Harter's tables), pi / (2 n + 2 (pi / 2 - 1))
// = 0.03169 for n = 49.
constexpr double kMedianOf49 = 1 + 0.03169 - 2.0 / 49, kMedianOf9 = 1 + 0.16610 - 2.0 / 9;
// 60 sequences of 400 px: the ratio scatters by sqrt(2 / 24000) = 0.9 %; the product of neighbours by 1 / sqrt(22800) =
// 0.7 %. Four of these.
constexpr int kSequences = 60;
constexpr double kScatter = 0.037, kProductScatter = 0.027;

TEST(SceneEstimate, MedianLeavesNoiseOnAGradientAsTheClosedFormSays) {
  // The gradient spreads the window by 0.94 * 2 counts rms, which the median of a symmetric window does not see.
  EXPECT_NEAR(ResidualOf(SceneMethod::kMedian, Gradient, {}, kSequences).variance, kMedianOf49, kScatter);
}

TEST(SceneEstimate, TemporalLeavesNoiseOfAStillSceneAsTheClosedFormSays) {
  EXPECT_NEAR(ResidualOf(SceneMethod::kTemporal, Gradient, {}, kSequences).variance, kMedianOf9, kScatter);
  EXPECT_NEAR(ResidualOf(SceneMethod::kTemporal, Stripes, {}, kSequences).variance, kMedianOf9, kScatter);
}

TEST(SceneEstimate, NonLocalLeavesTheNoiseWhole) {
  // The pixel itself takes no part: 1 + 1 / (number of places), 361 at most. Places uphill and downhill stay in
  // balance.
  const Residual residual = ResidualOf(SceneMethod::kNonLocal, Gradient, {}, 12);
  EXPECT_NEAR(residual.variance, 1.005, kScatter * std::sqrt(5));
}

TEST(SceneEstimate, ResidualOfWhiteNoiseStaysWhite) {
  // Neighbours share most of their window: the products lose cov(B, S') + cov(B', S) - cov(S, S') = 2 / 49 - 0.03 for
  // the median, nothing for the temporal one.
  EXPECT_NEAR(ResidualOf(SceneMethod::kMedian, Gradient, {}, kSequences).correlation, -0.012, kProductScatter);
  EXPECT_NEAR(ResidualOf(SceneMethod::kTemporal, Gradient, {}, kSequences).correlation, 0, kProductScatter);
}

TEST(SceneEstimate, EveryMethodTakesAnEdgeOutOfTheResidual) {
  // The edge is 43 sigma high; no more than a twentieth of it may shine through, rms over the box's 20 columns.
  for (const SceneMethod method : {SceneMethod::kMedian, SceneMethod::kNonLocal, SceneMethod::kTemporal}) {
    EXPECT_LT(ResidualOf(method, Edge, {}, 6).variance, 1.25) << static_cast<int>(method);
  }
}

TEST(SceneEstimate, TemporalFollowsAMovingSceneThatIsTooFineForTheMedian) {
  // Whole, half and odd shifts; interpolation between cells leaves (1 - cos(1.17 / 2)) / 2 of the stripes at the most.
  for (const Vec2 pan : {Vec2{2, -1}, Vec2{1.5, 0.5}, Vec2{-5.25, 3.75}}) {
    EXPECT_LT(ResidualOf(SceneMethod::kTemporal, Stripes, pan, 6).variance, 1.6) << pan.x;
  }
  EXPECT_GT(ResidualOf(SceneMethod::kMedian, Stripes, {2, -1}, 6).variance, 20);
}

TEST(SceneEstimate, TemporalFallsBackToTheMedianWhereTheSceneIsLost) {
  // Every frame shows something else.
  std::vector<Frame> frames = Sequence(Stripes, {}, 1);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    if (k != kMiddle) frames[k] = Sequence(Edge, {}, static_cast<std::uint32_t>(10 + k))[k];
  }
  const PixelBox box{38, 36, 12, 9};
  const Image<float> median = MedianScene(frames[kMiddle].pixels, box, 3);
  EXPECT_EQ(TemporalScene(frames, kMiddle, box, 3), median);
  EXPECT_EQ(TemporalScene({&frames[kMiddle], 1}, 0, box, 3), median);
  EXPECT_EQ(EstimateScene(SceneMethod::kMedian, frames, kMiddle, box, 3), median);
}

TEST(SceneEstimate, TemporalLeavesRepeatedNoiseToTheMedian) {
  // The frames repeat all noise, or nine tenths of its variance: they are no second look.
  const PixelBox box{38, 36, 12, 9};
  for (const double fresh_share : {0.0, 0.1}) {
    std::vector<Frame> frames = Sequence(Gradient, {}, 8);
    const std::vector<Frame> fresh = Sequence([](double, double) { return 0.0; }, {}, 9);
    const Image<float> first = frames[0].pixels;
    for (std::size_t k = 0; k < frames.size(); ++k) {
      for (std::size_t i = 0; i < first.size(); ++i)
        frames[k].pixels.data()[i] =
            first.data()[i] + static_cast<float>(std::sqrt(fresh_share)) * fresh[k].pixels.data()[i];
    }
    EXPECT_EQ(TemporalScene(frames, kMiddle, box, 3), MedianScene(frames[kMiddle].pixels, box, 3));
  }
}

TEST(SceneEstimate, FrozenFramesGiveFrozenTargets) {
  // All frames equal bit for bit, as a codec repeats them: so must be what is written over them.
  std::vector<Frame> frames = Sequence(Stripes, {}, 2);
  for (Frame& frame : frames) {
    frame = frames[kMiddle];
    for (float& value : frame.pixels) value = std::floor(value);
  }
  SensorTemplate target;
  target.box = {40, 40, 9, 9};
  target.coverage = Image<std::uint16_t>(9, 9, 65535);
  target.contrast = Image<float>(9, 9, 1.0F);
  for (const SceneMethod method : {SceneMethod::kMedian, SceneMethod::kNonLocal, SceneMethod::kTemporal}) {
    std::vector<Image<std::uint16_t>> written;
    for (std::size_t k = 0; k < frames.size(); ++k) {
      const Image<float> scene = EstimateScene(method, frames, k, target.box, 3);
      const FusedTarget fused = Fuse(frames[k].pixels, target, scene, 310, {0, 65535}, Box20Rule::ForBitDepth(16));
      written.push_back(ComposeWritten(fused, 33.3, std::nullopt, 1));
    }
    for (const auto& patch : written) EXPECT_EQ(patch, written.front()) << static_cast<int>(method);
  }
}

TEST(SceneEstimate, FixedPatternOfAMovingCameraStaysInTheTemporalResidual) {
  // Columns of +10 or -10 counts at random that stand still while the scene passes by at 3 px a frame. Under the moved
  // frames S holds the majority of nine columns' signs, the pixel's own among them; own * majority is C(8, 4) / 2^8 =
  // 0.273 in the mean, and what S holds is missing in the residual.
  double product = 0, square = 0;
  for (std::uint32_t number = 0; number < 8; ++number) {
    std::vector<Frame> frames = Sequence(Stripes, {3, 0}, number, 0.5);
    RandomStream random({.seed = 42, .sequence = number, .purpose = Purpose::kTest});
    std::vector<double> pattern(kSide);
    for (double& value : pattern) value = random.Integer(2) == 0 ? 10 : -10;
    for (Frame& frame : frames) {
      for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) frame.pixels(y, x) += static_cast<float>(pattern[static_cast<std::size_t>(x)]);
      }
    }
    const PixelBox box{26, 36, 44, 8};
    const Image<float> estimate = TemporalScene(frames, kMiddle, box, 3);
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const double own = pattern[static_cast<std::size_t>(box.x + x)];
        product += own * static_cast<double>(frames[kMiddle].pixels(box.y + y, box.x + x) - estimate(y, x));
        square += own * own;
      }
    }
  }
  // 352 columns: the mean of products of two signs scatters by sqrt(1 - 0.273^2) / sqrt(352) = 0.051. Four of these.
  EXPECT_NEAR(product / square, 1 - 0.273, 0.2);
}

TEST(SceneEstimate, NoiseSigmaIsTheNoisesOnPlanesAndBesideAnEdge) {
  // The median of 8464 responses, correlated over 9 px: 1.17 / sqrt(8464 / 9) = 3.8 %; the edge shifts it by two of 92
  // columns. Two of these.
  for (const Scene& scene : {Scene(Gradient), Scene(Edge)}) {
    EXPECT_NEAR(NoiseSigma(Sequence(scene, {}, 5)[0].pixels, {0, 0, kSide, kSide}), kSigma, 0.08 * kSigma);
  }
  EXPECT_EQ(NoiseSigma(Image<float>(2, 2, 1.0F), {0, 0, 2, 2}), 0);
}

TEST(SceneEstimate, RefusesABoxOutsideThePicture) {
  const std::vector<Frame> frames = Sequence(Edge, {}, 6);
  for (const SceneMethod method : {SceneMethod::kMedian, SceneMethod::kNonLocal, SceneMethod::kTemporal}) {
    EXPECT_THROW(EstimateScene(method, frames, 0, {90, 3, 7, 7}, 3), Error);
    EXPECT_THROW(EstimateScene(method, frames, 0, {9, 3, 7, 7}, 51), Error);
    EXPECT_EQ(EstimateScene(method, frames, 0, {89, 0, 7, 7}, 3).width(), 7);
  }
}

TEST(MatchShift, FindsTheShiftToAQuarterPixel) {
  const Scene clouds = [](double x, double y) {
    return 300 + 40 * std::sin(0.31 * x + 0.12 * y) + 30 * std::sin(0.23 * y - 0.1 * x) + 20 * std::sin(0.55 * y);
  };
  const PixelBox window{30, 30, 36, 36};
  for (const Vec2 pan : {Vec2{0, 0}, Vec2{3, -2}, Vec2{0.5, 1.25}, Vec2{-6.75, 0.25}}) {
    const std::vector<Frame> frames = Sequence(clouds, pan, 7);
    const auto shift = MatchShift(frames[4].pixels, frames[5].pixels, window, {});
    ASSERT_TRUE(shift);
    EXPECT_NEAR(shift->x, pan.x, 0.25);
    EXPECT_NEAR(shift->y, pan.y, 0.25);
  }
}

TEST(MatchShift, KeepsTheGuessOnABareScene) {
  const Scene bare = [](double, double) { return 100.0; };
  const PixelBox window{30, 30, 36, 36};
  for (std::uint32_t number = 0; number < 20; ++number) {
    const std::vector<Frame> frames = Sequence(bare, {}, number);
    EXPECT_EQ(MatchShift(frames[0].pixels, frames[1].pixels, window, {2, -1}), (Vec2{2, -1}));
  }
}

}  // namespace
}  // namespace mirst
