// Real targets taken out of movies whose scene is known.
#include "generator/excise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/wave_scene.h"

namespace mirst {
namespace {

constexpr int kHeight = 96, kWidth = 112, kFrames = 24;
constexpr double kNoise = 2;

struct Movie {
  std::vector<Frame> frames;
  std::vector<Image<float>> scenes;  // without noise and target
  std::vector<std::vector<PixelBox>> boxes;
};

// The camera pans by `pan`, a bright target of sigma 1.2 px crosses the picture at `velocity`.
Movie MakeMovie(Vec2 pan, Vec2 velocity) {
  const test::WaveScene scene(5, 5);
  Movie movie;
  for (int k = 0; k < kFrames; ++k) {
    const auto look = [&, k](Vec2 p) { return p + static_cast<double>(k) * pan; };
    Frame frame;
    frame.index = k;
    movie.scenes.push_back(scene.Look(kHeight, kWidth, look, 0, 0));
    frame.pixels = scene.Look(kHeight, kWidth, look, kNoise, static_cast<std::uint32_t>(k));
    const Vec2 at = Vec2{40, 45} + static_cast<double>(k) * velocity;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double r2 = (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y);
        const double value = static_cast<double>(frame.pixels(y, x)) + 90 * std::exp(-0.5 * r2 / 1.44);
        frame.pixels(y, x) = static_cast<float>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
      }
    }
    const int left = static_cast<int>(std::floor(at.x)) - 3, top = static_cast<int>(std::floor(at.y)) - 3;
    movie.boxes.push_back({{left, top, 8, 8}});
    movie.frames.push_back(std::move(frame));
  }
  return movie;
}

class Excise : public ::testing::TestWithParam<std::pair<Vec2, Vec2>> {};

TEST_P(Excise, LeavesTheSceneWithItsNoiseAndTouchesNothingElse) {
  const auto [pan, velocity] = GetParam();
  const Movie movie = MakeMovie(pan, velocity);
  std::vector<Frame> frames = movie.frames;
  auto boxes = movie.boxes;
  const Excision excision = ExciseTargets(frames, boxes);
  EXPECT_EQ(excision.excised, kFrames);
  EXPECT_EQ(excision.kept, 0);
  double sum = 0, squares = 0;
  int count = 0;
  for (std::size_t k = 0; k < frames.size(); ++k) {
    EXPECT_TRUE(boxes[k].empty());
    const PixelBox hole = Grow(movie.boxes[k][0], 2);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        if (!hole.Contains(x, y)) {
          ASSERT_EQ(frames[k].pixels(y, x), movie.frames[k].pixels(y, x));
          continue;
        }
        const double error = static_cast<double>(frames[k].pixels(y, x)) - static_cast<double>(movie.scenes[k](y, x));
        sum += error;
        squares += error * error;
        ++count;
      }
    }
  }
  // There were 90 counts at the peak. The scene's gradient is 0.29 * 5 = 1.4 counts/px rms; a shift is known to
  // 2 sqrt(2 / 750) = 0.1 px from its surroundings: 0.14 counts, of either sign.
  EXPECT_NEAR(sum / count, 0, 0.15);
  // Noise as everywhere (2, and 0.29 by rounding); the misses of scene and nearest frame, up to doubled with the noise,
  // and the interpolation's 0.017 * 5 add 0.35 at most: 2 %, but for the noise's own 1 / sqrt(2 * 3456) = 1 %.
  EXPECT_NEAR(std::sqrt(squares / count), std::hypot(kNoise, 0.29), 0.1 * kNoise);
}

INSTANTIATE_TEST_SUITE_P(StillAndPanning, Excise,
                         ::testing::Values(std::pair(Vec2{0, 0}, Vec2{1.5, 0.2}),
                                           std::pair(Vec2{1.5, -0.75}, Vec2{0, 0}),  // the camera follows it
                                           std::pair(Vec2{0.8, 0.4}, Vec2{1.2, 0.9})));

// Slow, and labelled in one frame of three: its neighbours show it where nobody says so. What is left of 90 counts in
// the median of some of them would stand out of noise of 2 counts.
TEST(ExciseTargets, NeverLeavesATargetThatNeighboursShowWithoutALabel) {
  Movie movie = MakeMovie({0, 0}, {0.4, 0});
  std::vector<Frame> frames = movie.frames;
  auto boxes = movie.boxes;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    if (k % 3 != 0) boxes[k].clear();
  }
  const auto labelled = boxes;
  const Excision excision = ExciseTargets(frames, boxes);
  EXPECT_EQ(excision.excised + excision.kept, kFrames / 3);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    if (labelled[k].empty() || !boxes[k].empty()) continue;  // no label, or kept with its label
    double most = 0;
    const PixelBox& box = labelled[k].front();
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x)
        most = std::max(most, static_cast<double>(frames[k].pixels(y, x)) - static_cast<double>(movie.scenes[k](y, x)));
    }
    EXPECT_LT(most, 8 * kNoise) << k;
  }
}

TEST(ExciseTargets, KeepsATargetThatNeverShowsWhatIsBehindIt) {
  const Movie movie = MakeMovie({0, 0}, {0, 0});  // it hovers
  std::vector<Frame> frames = movie.frames;
  auto boxes = movie.boxes;
  const Excision excision = ExciseTargets(frames, boxes);
  EXPECT_EQ(excision, (Excision{0, kFrames}));
  EXPECT_EQ(frames, movie.frames);
  EXPECT_EQ(boxes, movie.boxes);
}

}  // namespace
}  // namespace mirst
