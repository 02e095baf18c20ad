#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/units.h"
#include "datasets/frame_io.h"
#include "datasets/procedural_scene.h"
#include "datasets/procedural_sensor.h"
#include "datasets/procedural_texture.h"
#include "datasets/sequence_source.h"
#include "tests/support/data_folder.h"

namespace mirst {
namespace {

using Scene = ProceduralOptions::Scene;
constexpr Scene kScenes[] = {Scene::kSky, Scene::kSea, Scene::kSkyline, Scene::kTreeLine};

RandomKey Key(std::uint32_t sequence) { return {.seed = 5, .sequence = sequence}; }

ProceduralOptions Small(Scene scene, int bit_depth = 8) {
  ProceduralOptions options;
  options.width = 96;
  options.height = 80;
  options.frame_count = 24;
  options.scene = scene;
  options.bit_depth = bit_depth;
  return options;
}

double MeanOf(const Image<float>& image) {
  double sum = 0;
  for (const float value : image) sum += static_cast<double>(value);
  return sum / static_cast<double>(image.size());
}

double RmsDifference(const Image<float>& a, const Image<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]);
    sum += d * d;
  }
  return std::sqrt(sum / static_cast<double>(a.size()));
}

// Slope of the log power over the log frequency between `low` and `high` cycles a pixel: 2-D transform of the central
// square under a Hann window, mean power in rings, least squares. The transform is the plain sum.
double SpectrumSlope(const Image<float>& image, double low, double high) {
  using Complex = std::complex<double>;
  const int n = std::min({image.width(), image.height(), 128});
  const auto size = static_cast<std::size_t>(n);
  const int x0 = (image.width() - n) / 2, y0 = (image.height() - n) / 2;
  std::vector<Complex> wave(size), half(size * size), full(size * size);
  for (int i = 0; i < n; ++i) wave[static_cast<std::size_t>(i)] = std::polar(1.0, -2 * kPi * i / n);
  const auto hann = [n](int i) { return 0.5 - 0.5 * std::cos(2 * kPi * (i + 0.5) / n); };
  double mean = 0;
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) mean += static_cast<double>(image(y0 + y, x0 + x)) / (static_cast<double>(n) * n);
  }
  for (int y = 0; y < n; ++y) {
    for (std::size_t k = 0; k < size; ++k) {
      Complex sum = 0;
      for (int x = 0; x < n; ++x) {
        const double value = (static_cast<double>(image(y0 + y, x0 + x)) - mean) * hann(x) * hann(y);
        sum += value * wave[k * static_cast<std::size_t>(x) % size];
      }
      half[static_cast<std::size_t>(y) * size + k] = sum;
    }
  }
  constexpr int kRings = 12;
  std::vector<double> power(kRings), count(kRings);
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t j = 0; j < size; ++j) {
      const double fx = static_cast<double>(std::min(k, size - k)) / n,
                   fy = static_cast<double>(std::min(j, size - j)) / n;
      const double f = std::sqrt(fx * fx + fy * fy);
      if (f < low || f >= high) continue;
      Complex sum = 0;
      for (std::size_t y = 0; y < size; ++y) sum += half[y * size + k] * wave[j * y % size];
      const auto ring = static_cast<std::size_t>(kRings * std::log(f / low) / std::log(high / low));
      power[ring] += std::norm(sum);
      count[ring] += 1;
    }
  }
  double sx = 0, sy = 0, sxx = 0, sxy = 0, s = 0;
  for (std::size_t ring = 0; ring < kRings; ++ring) {
    if (count[ring] == 0) continue;
    const double x = (static_cast<double>(ring) + 0.5) * std::log(high / low) / kRings,
                 y = std::log(power[ring] / count[ring]);
    sx += x, sy += y, sxx += x * x, sxy += x * y, s += 1;
  }
  return (s * sxy - sx * sy) / (s * sxx - sx * sx);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// ---- Textures -------------------------------------------------------------------------------------------------------

TEST(FractalTexture, FallsWithTheSlopeThatWasAskedFor) {
  // Expected power: the sum over the cells c = 64, 32, ... 2 px of c^slope (sinc(fx c) sinc(fy c))^8, a staircase. The
  // straight line through it from 0.03 to 0.12 cycles a pixel falls with 2.63 for 2.5, with 3.53 for 3.5.
  constexpr std::uint32_t kTextures = 24;
  for (const auto& [slope, expected] : {std::pair{2.5, 2.63}, std::pair{3.5, 3.53}}) {
    double mean = 0;
    for (std::uint32_t i = 0; i < kTextures; ++i) {
      RandomStream random(Key(i));
      mean -= SpectrumSlope(FractalTexture(128, 128, {64, 64, slope}, random), 0.03, 0.12) / kTextures;
    }
    // One texture's slope scatters by 0.25, the mean of 24 by 0.05: 4 of these, and 0.1 for the window, whose main lobe
    // (0.016) is half of the lowest frequency wide.
    EXPECT_NEAR(mean, expected, 0.3);
  }
}

TEST(FractalTexture, HasMeanZeroAndDeviationOne) {
  RandomStream random(Key(1));
  const Image<float> texture = FractalTexture(70, 90, {40, 10, 3}, random);
  EXPECT_NEAR(MeanOf(texture), 0, 1e-6);
  EXPECT_NEAR(RmsDifference(texture, Image<float>(70, 90)), 1, 1e-6);
}

TEST(SampleRow, ReproducesQuinticsBetweenTheirSamples) {
  Image<float> texture(16, 16);
  const auto quintic = [](double x, double y) {
    return 1e-4 * (x - 7) * (x - 6) * (x - 8) * (x - 9) * (x - 5.5) + 0.01 * y * y * y;
  };
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) texture(y, x) = static_cast<float>(quintic(x, y));
  }
  std::vector<float> out(4);
  SampleRow(texture, 7.3, 5.6, out);
  // Six points fix a polynomial of degree five; what is left is the rounding of values up to 40 to single precision.
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(static_cast<double>(out[static_cast<std::size_t>(i)]), quintic(5.6 + i, 7.3), 2e-5);
}

TEST(SampleRow, WrapsAroundBothWays) {
  RandomStream random(Key(2));
  const Image<float> texture = FractalTexture(20, 30, {10, 10, 3}, random);
  std::vector<float> here(40), there(40);
  SampleRow(texture, 3.25, 4.5, here);
  SampleRow(texture, 3.25 - 3 * 20, 4.5 + 7 * 30, there);
  EXPECT_EQ(here, there);
  EXPECT_EQ(here[0], here[30]);
}

TEST(BlurWithPsf, SpreadsAPointWithTheVarianceAskedFor) {
  for (const double sigma : {0.5, 0.85, 1.2}) {
    Image<float> image(17, 17);
    image(8, 8) = 1;
    BlurWithPsf(image, sigma);
    double sum = 0, variance_x = 0, variance_y = 0;
    for (int y = 0; y < 17; ++y) {
      for (int x = 0; x < 17; ++x) {
        const auto value = static_cast<double>(image(y, x));
        sum += value;
        variance_x += value * (x - 8) * (x - 8);
        variance_y += value * (y - 8) * (y - 8);
      }
    }
    EXPECT_NEAR(sum, 1, 1e-6);  // exact but for single precision
    EXPECT_NEAR(variance_x, sigma * sigma, 1e-5);
    EXPECT_NEAR(variance_y, sigma * sigma, 1e-5);
  }
}

TEST(SmoothPath, HasUnitVarianceAndNoJumps) {
  double squares = 0;
  constexpr int kFrames = 40000;
  for (int k = 0; k < kFrames; ++k) {
    const double value = SmoothPath(Key(3), 10, k);
    squares += value * value;
    // The slope of a cubic B-spline's curve is at most the largest difference of neighbouring knots, over their
    // distance: 1.4443 * 2 * 5 sigma / 10.
    if (k < 500) {
      EXPECT_LT(std::abs(SmoothPath(Key(3), 10, k + 1) - value), 1.45);
    }
  }
  // 4000 knots, correlated over two: the variance is known to sqrt(2 * 2 / 4000) = 3 %; 5 of these.
  EXPECT_NEAR(squares / kFrames, 1, 0.16);
}

// ---- Sources --------------------------------------------------------------------------------------------------------

TEST(ProceduralSource, GivesTheSameFramesInAnyOrderFromAnyThread) {
  for (const Scene scene : kScenes) {
    for (const int depth : {8, 14}) {
      const ProceduralOptions options = Small(scene, depth);
      const std::vector<Frame> all = OpenProceduralSource(options, Key(1))->Read(0, options.frame_count);
      const auto source = OpenProceduralSource(options, Key(1));
      std::vector<Frame> single(all.size());
      ParallelFor(all.size(), [&](std::size_t i) {
        const std::size_t index = all.size() - 1 - i;
        single[index] = source->Read(static_cast<int>(index), 1).at(0);
      });
      EXPECT_EQ(all, single);
    }
  }
}

TEST(ProceduralSource, DiffersFromKeyToKey) {
  for (const Scene scene : kScenes) {
    const auto first = OpenProceduralSource(Small(scene), Key(1)), second = OpenProceduralSource(Small(scene), Key(2));
    // Noise alone would make a difference of some counts; another world makes one of the order of its contrast.
    EXPECT_GT(RmsDifference(first->Read(0, 1)[0].pixels, second->Read(0, 1)[0].pixels), 15) << static_cast<int>(scene);
    EXPECT_NE(first->info().sha256, second->info().sha256);
  }
}

TEST(ProceduralSource, DrawsEveryKindOfSceneWhenMixed) {
  std::vector<int> drawn(5);
  for (std::uint32_t i = 0; i < 40; ++i)
    ++drawn[static_cast<std::size_t>(ProceduralScene(Small(Scene::kMixed), Key(i)).kind())];
  EXPECT_EQ(drawn[0], 0);
  for (std::size_t kind = 1; kind < 5; ++kind)
    EXPECT_GT(drawn[kind], 0) << kind;  // missed by chance: 4 * 0.75^40 = 4e-5
}

TEST(ProceduralSource, HoldsWholeCountsInsideTheRangeEvenUnderExtremeNoise) {
  for (const double netd_mk : {40.0, 10000.0}) {
    for (const int depth : {8, 14}) {
      const double low = depth == 8 ? 4 : 1, high = depth == 8 ? 245 : 16383;
      for (std::uint32_t i = 0; i < 8; ++i) {
        ProceduralOptions options = Small(Scene::kMixed, depth);
        options.netd_mk = netd_mk;
        const auto source = OpenProceduralSource(options, Key(i));
        EXPECT_EQ(source->info().bit_depth, depth == 8 ? 8 : 16);
        for (const Frame& frame : source->Read(0, 3)) {
          EXPECT_EQ(frame.quantity, Quantity::kCounts);
          EXPECT_EQ(frame.bit_depth, source->info().bit_depth);
          for (const float value : frame.pixels) {
            const auto count = static_cast<double>(value);
            ASSERT_TRUE(count >= low && count <= high && count == std::floor(count)) << count;
          }
        }
      }
    }
  }
}

TEST(ProceduralSource, NumbersTimesAndNamesFramesFromTheSource) {
  const auto source = OpenProceduralSource(Small(Scene::kSky), Key(3));
  EXPECT_EQ(source->info().name, "procedural-0003");
  EXPECT_EQ(source->info().kind, SourceKind::kProcedural);
  EXPECT_EQ(source->info().frame_count, 24);
  const std::vector<Frame> frames = source->Read(10, 2);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].index, 11);
  EXPECT_EQ(frames[1].name, "000011.png");
  EXPECT_DOUBLE_EQ(frames[1].time_s, 11 / 25.0);
  EXPECT_EQ(frames[1].pixels.box(), (PixelBox{0, 0, 96, 80}));
}

TEST(ProceduralSource, RefusesFramesOutsideItself) {
  const auto source = OpenProceduralSource(Small(Scene::kSky), Key(1));
  for (const auto& [first, count] : {std::pair{-1, 1}, std::pair{24, 1}, std::pair{20, 5}, std::pair{0, -1}}) {
    try {
      source->Read(first, count);
      FAIL() << first << " " << count;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInternal);
    }
  }
}

TEST(ProceduralSource, NamesEveryBadOption) {
  ProceduralOptions options;
  options.width = 10;
  options.frame_count = 1;
  options.bit_depth = 10;
  options.netd_mk = -1;
  try {
    OpenProceduralSource(options, Key(1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    for (const char* name : {"width", "frame_count", "bit_depth", "netd_mk"}) {
      EXPECT_NE(error.message().find(name), std::string::npos) << name << " in: " << error.message();
    }
  }
}

// ---- World and sensor -----------------------------------------------------------------------------------------------

TEST(ProceduralScene, StandsStillWithoutPan) {
  ProceduralOptions options = Small(Scene::kSkyline);
  options.pan_px_per_frame = 0;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const ProceduralScene scene(options, Key(i));
    EXPECT_EQ(scene.Camera(0), (Vec2{0, 0}));
    EXPECT_EQ(scene.Camera(20), (Vec2{0, 0}));
  }
}

TEST(ProceduralScene, MovesTheWorldByTheCamerasPath) {
  // The ground below a skyline stands still in the world: a later picture, sampled where the camera's path says, shows
  // the first one's ground again.
  ProceduralOptions options = Small(Scene::kSkyline);
  options.width = 160;
  options.height = 128;
  options.pan_px_per_frame = 2;
  int moved = 0;
  for (std::uint32_t i = 0; i < 10; ++i) {
    const ProceduralScene scene(options, Key(i));
    const Vec2 shift = scene.Camera(15) - scene.Camera(0);
    if (std::abs(shift.x) < 4 || std::abs(shift.x) > 60 || std::abs(shift.y) > 6) continue;
    ++moved;
    const Image<float> before = scene.Temperature(0), after = scene.Temperature(15);
    double followed = 0, ignored = 0;
    std::vector<float> line(60);
    const int left = shift.x > 0 ? 8 : 90;  // so that the part seen twice is compared
    for (int y = 119; y < 122; ++y) {       // below the lowest horizon, 0.9 of the height
      SampleRow(after, y - shift.y, left - shift.x + (shift.x > 0 ? 64 : -64), line);
      for (int x = 0; x < 60; ++x) {
        const auto seen = static_cast<double>(before(y, left + (shift.x > 0 ? 64 : -64) + x));
        followed += std::pow(static_cast<double>(line[static_cast<std::size_t>(x)]) - seen, 2);
        ignored += std::pow(static_cast<double>(after(y, left + (shift.x > 0 ? 64 : -64) + x)) - seen, 2);
      }
    }
    // Two interpolations of a picture with edges err at the edges; a world that did not move would not follow at all.
    EXPECT_LT(followed, 0.1 * ignored) << "key " << i << " shift " << shift.x << ", " << shift.y;
  }
  EXPECT_GE(moved, 3);
}

TEST(ThermalSensor, KeepsTheFixedPatternInPlaceWhileTheWorldMoves) {
  ProceduralOptions options = Small(Scene::kTreeLine, 14);
  options.netd_mk = 50;
  options.fixed_pattern_mk = 200;
  options.pan_px_per_frame = 2;
  const ProceduralScene scene(options, Key(4));
  const ThermalSensor sensor(options, Key(4), {scene.Temperature(0)});
  const auto source = OpenProceduralSource(options, Key(4));
  constexpr int kFrames = 24;
  Image<float> residual(options.height, options.width);
  const double gain = sensor.CountsPerKelvin(8192);
  double offset = 0;
  std::vector<double> sums(residual.size());
  for (const Frame& frame : source->Read(0, kFrames)) {
    const Image<float> world = scene.Temperature(frame.index);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += (static_cast<double>(frame.pixels.data()[i]) / gain - static_cast<double>(world.data()[i])) / kFrames;
    }
  }
  for (const double sum : sums) offset += sum / static_cast<double>(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) residual.data()[i] = static_cast<float>(sums[i] - offset);
  Image<float> pattern = sensor.fixed_pattern();
  const auto pattern_mean = static_cast<float>(MeanOf(pattern));
  for (float& value : pattern) value -= pattern_mean;
  // What is left is temporal noise and rounding, over the root of the frames: its deviation is known to
  // 1 / sqrt(2 * 7680) = 0.8 %; 5 of these.
  const double expected = std::sqrt((0.05 * 0.05 + 1 / (12 * gain * gain)) / kFrames);
  EXPECT_NEAR(RmsDifference(residual, pattern), expected, 0.04 * expected);
  // The pattern's deviation is the one asked for. 80 rows and 96 columns are few: their shares' variances are known to
  // sqrt(2 / 80) = 16 % and sqrt(2 / 96) = 14 %, the sum's to 0.1 * 16 % + 0.25 * 14 % = 5 %, its root's to 2.5 %.
  EXPECT_NEAR(RmsDifference(pattern, Image<float>(options.height, options.width)), 0.2, 0.2 * 4 * 0.025);
}

TEST(ThermalSensor, AddsTemporalNoiseOfTheNetdInRawCounts) {
  ProceduralOptions options = Small(Scene::kSea, 14);
  options.netd_mk = 120;
  const ProceduralScene scene(options, Key(6));
  const Image<float> world = scene.Temperature(0);
  const ThermalSensor sensor(options, Key(6), {world});
  // One world seen at many times differs by noise alone. Rounding adds 1/12 to the variance of either picture.
  double squares = 0, count = 0;
  for (int frame = 0; frame < 40; frame += 2) {
    const double rms = RmsDifference(sensor.Counts(world, frame), sensor.Counts(world, frame + 1));
    squares += rms * rms * static_cast<double>(world.size());
    count += static_cast<double>(world.size());
  }
  const double expected = 2 * (std::pow(0.12 * sensor.CountsPerKelvin(8192), 2) + 1.0 / 12);
  // Chi square of 153,600 degrees of freedom: relative deviation sqrt(2 / 153600) = 0.36 %; 5 of these.
  EXPECT_NEAR(squares / count, expected, 0.018 * expected);
  EXPECT_GE(sensor.CountsPerKelvin(8192), 20);
  EXPECT_LE(sensor.CountsPerKelvin(8192), 30);
}

TEST(ThermalSensor, AddsTemporalNoiseOfTheNetdThroughTheGainCurve) {
  for (std::uint32_t i = 0; i < 4; ++i) {
    ProceduralOptions options = Small(Scene::kMixed);
    options.fixed_pattern_mk = 0;
    const ProceduralScene scene(options, Key(i));
    const Image<float> world = scene.Temperature(0);
    options.netd_mk = 0;
    const Image<float> clean = ThermalSensor(options, Key(i), {world}).Counts(world, 0);
    // Noise of about two counts where the gain is largest: enough for rounding to act as noise of variance 1/12 in
    // either picture, little enough for the curve to be straight.
    const double gain = ThermalSensor(options, Key(i), {world}).CountsPerKelvin(18);
    options.netd_mk = 1000 * 2.5 / gain;
    const ThermalSensor sensor(options, Key(i), {world});
    double measured = 0, expected = 0, count = 0;
    for (int frame = 0; frame < 10; ++frame) {
      const Image<float> noisy = sensor.Counts(world, frame);
      for (std::size_t p = 0; p < clean.size(); ++p) {
        const auto before = static_cast<double>(clean.data()[p]);
        const double noise_counts = sensor.CountsPerKelvin(before) * options.netd_mk * 1e-3;
        if (before < 30 || before > 220 || noise_counts < 0.7) continue;
        measured += std::pow(static_cast<double>(noisy.data()[p]) - before, 2);
        expected += noise_counts * noise_counts + 1.0 / 6;
        count += 1;
      }
    }
    ASSERT_GT(count, 5000);
    // Chi square of > 5000 degrees of freedom, unequally weighted: 3 % at most, 3 of these, and 1 % for the curve.
    EXPECT_NEAR(measured / expected, 1, 0.1) << "key " << i;
  }
}

TEST(ProceduralSource, HasSpectraWithinWhatRealSequencesSpan) {
  const std::filesystem::path backgrounds = test::DataFolder() / "backgrounds";
  MIRST_REQUIRE_PATH(backgrounds);
  std::vector<double> real, made;
  for (const std::filesystem::path& folder : ListFolders(backgrounds)) {
    if (folder.filename().string().rfind("hdd-", 0) != 0) continue;
    std::vector<double> slopes;
    for (const int index : {10, 70}) {
      slopes.push_back(SpectrumSlope(ReadFrame(folder / fmt::format("{:06}.png", index)).pixels, 0.03, 0.25));
    }
    real.push_back((slopes[0] + slopes[1]) / 2);
  }
  ASSERT_GE(real.size(), 8U);
  const auto [flattest, steepest] =
      std::pair{*std::max_element(real.begin(), real.end()), *std::min_element(real.begin(), real.end())};
  for (std::uint32_t i = 0; i < 16; ++i) {
    made.push_back(SpectrumSlope(OpenProceduralSource({}, Key(i))->Read(30, 1)[0].pixels, 0.03, 0.25));
    EXPECT_LT(made.back(), flattest + 0.3) << "key " << i;
    EXPECT_GT(made.back(), steepest - 0.3) << "key " << i;
  }
  // The middle of both: a factor of 1.25 in slope.
  EXPECT_NEAR(Median(made) / Median(real), 1, 0.25);
}

}  // namespace
}  // namespace mirst
