// Sequences with known faults, noise, blur, motion and targets: the inspection must find what was put in, and no more.
#include "datasets/inspection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/file.h"
#include "datasets/background_library.h"
#include "datasets/frame_io.h"
#include "datasets/inspection_files.h"
#include "tests/support/data_folder.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::ErrorText;

double Normal(std::uint32_t stream, std::vector<double>& cache, std::size_t i) {
  if (cache.empty()) {
    RandomStream random({.seed = 3, .sequence = stream, .purpose = Purpose::kTest});
    cache.resize(1 << 20);
    for (double& value : cache) value = random.Normal();
  }
  return cache[i % cache.size()];
}

/// Whole counts about `mean`, white noise of `sigma`.
std::vector<Image<float>> NoiseFrames(int frames, int height, int width, double mean, double sigma) {
  std::vector<double> cache;
  std::vector<Image<float>> sequence;
  std::size_t i = 0;
  for (int k = 0; k < frames; ++k) {
    Image<float> frame(height, width);
    for (float& value : frame)
      value = static_cast<float>(std::round(std::max(0.0, mean + sigma * Normal(1, cache, i++))));
    sequence.push_back(std::move(frame));
  }
  return sequence;
}

/// A smooth scene without end, seen from (x, y): 24 waves of `shortest_px` and more in fixed directions, about 16
/// counts in sigma. Waves of 30 px leave next to nothing in a top-hat of 11 px.
double Scene(double x, double y, double shortest_px) {
  double sum = 0;
  for (int wave = 0; wave < 24; ++wave) {
    const double angle = 2.399963 * wave, length = shortest_px + 2.0 * wave, phase = 1.7 * wave * wave;
    sum += std::cos(2 * std::numbers::pi / length * (x * std::cos(angle) + y * std::sin(angle)) + phase);
  }
  return 110 + 4.5 * sum;
}

Image<float> SceneFrame(int height, int width, Vec2 origin, double shortest_px = 30) {
  Image<float> frame(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      frame(y, x) = static_cast<float>(std::round(Scene(x + origin.x, y + origin.y, shortest_px)));
  }
  return frame;
}

void AddPoint(Image<float>& frame, Vec2 at, double peak) {
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      const double r2 = (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y);
      frame(y, x) = static_cast<float>(std::round(static_cast<double>(frame(y, x)) + peak * std::exp(-r2 / 2)));
    }
  }
}

TEST(Levels, SayWhatTheHistogramHolds) {
  Image<float> frame(2, 4);
  const float values[] = {0, 0, 10, 10, 20, 20, 255, 255};
  std::copy(std::begin(values), std::end(values), frame.begin());
  const LevelStatistics levels = MeasureLevels({&frame, 1}, 8);
  EXPECT_EQ(levels.min, 0);
  EXPECT_EQ(levels.max, 255);
  EXPECT_EQ(levels.distinct, 4);
  EXPECT_DOUBLE_EQ(levels.entropy_bits, 2);  // four equally frequent counts
  EXPECT_EQ(levels.ceiling, 255);
  EXPECT_DOUBLE_EQ(levels.saturated_share, 0.25);
  EXPECT_DOUBLE_EQ(levels.floor_share, 0.25);
  EXPECT_DOUBLE_EQ(levels.mean, 71.25);
}

TEST(Levels, TellClippedLumaFromATailThatEndsThere) {
  auto clipped = NoiseFrames(2, 128, 128, 130, 80), tail = NoiseFrames(2, 128, 128, 70, 16);
  for (auto& frame : clipped) {
    for (float& value : frame) value = std::clamp(value, 16.0f, 235.0f);
  }
  EXPECT_TRUE(MeasureLevels(clipped, 8).video_range);
  EXPECT_EQ(MeasureLevels(clipped, 8).ceiling, 235);
  EXPECT_FALSE(MeasureLevels(tail, 8).video_range);
  EXPECT_FALSE(MeasureLevels(clipped, 16).video_range);
}

TEST(Levels, TakeTheLeastCommonDepthOfRawCounts) {
  Image<float> frame(1, 1, 3000);
  EXPECT_EQ(MeasureLevels({&frame, 1}, 16).ceiling, 4095);
  frame(0, 0) = 16000;
  EXPECT_EQ(MeasureLevels({&frame, 1}, 16).ceiling, 16383);
}

TEST(Repeats, CountFrozenBlocksAndFramesExactly) {
  // 64 x 64 px: 64 blocks of 8, 16 of 16. Frozen: the upper left 32 x 32 px = 16 blocks of 8, 4 of 16.
  auto frames = NoiseFrames(3, 64, 64, 128, 20);
  for (int y = 0; y < 32; ++y) std::copy_n(frames[0].row(y), 32, frames[1].row(y));
  frames[2] = frames[1];
  const RepeatStatistics repeats = MeasureRepeats(frames);
  EXPECT_EQ(repeats.pairs, 2);
  EXPECT_EQ(repeats.repeated_frames, 1);
  EXPECT_DOUBLE_EQ(repeats.mean_block8_share, (0.25 + 1) / 2);
  EXPECT_DOUBLE_EQ(repeats.mean_block16_share, (0.25 + 1) / 2);
  // Elsewhere noise of sigma 20 repeats a pixel by chance: 1 / (2 sqrt(pi) 20) = 1.4 % of the other 3072, here 43 +- 7.
  EXPECT_NEAR(repeats.pixel_share[0], 0.25 + 0.75 * 0.0141, 0.75 * 4 * 0.0022);
  EXPECT_DOUBLE_EQ(repeats.pixel_share[1], 1);
}

TEST(DefectivePixels, AreFoundWhereTheyWerePutAndNowhereElse) {
  auto frames = NoiseFrames(40, 48, 64, 100, 3);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    frames[k](10, 12) = 101;
    frames[k](20, 30) = k % 3 == 0 ? 160.0f : 100.0f;
    frames[k](30, 50) += 40;
  }
  const std::vector<DefectivePixel> expected = {
      {12, 10, PixelDefect::kStuck}, {30, 20, PixelDefect::kBlinking}, {50, 30, PixelDefect::kOffset}};
  EXPECT_EQ(FindDefectivePixels(frames), expected);
}

TEST(DefectivePixels, AStarThatOpticsSpreadIsNone) {
  auto frames = NoiseFrames(40, 48, 64, 100, 3);
  for (Image<float>& frame : frames) AddPoint(frame, {30, 20}, 60);  // sigma 1 px
  EXPECT_TRUE(FindDefectivePixels(frames).empty());
}

TEST(Motion, FindsAShiftToATenthOfAPixel) {
  // Rounding to counts is noise of 0.29 counts against gradients of several counts/px over 10^4 px: 0.01 px at most;
  // the bilinear interpolation of waves of 12 px and more adds a few hundredths.
  for (const Vec2 shift : {Vec2{0, 0}, Vec2{3, -2}, Vec2{-0.4, 0.7}}) {
    const FrameShift found = RegisterFrames(SceneFrame(128, 160, shift, 12), SceneFrame(128, 160, {}, 12));
    EXPECT_TRUE(found.registered);
    EXPECT_NEAR(found.shift_px.x, shift.x, 0.1);
    EXPECT_NEAR(found.shift_px.y, shift.y, 0.1);
  }
}

TEST(Motion, FindsALargeShiftOfATexturedScene) {
  // Two windows of one picture of fine structure, which phase correlation lives on.
  const Image<float> world = NoiseFrames(1, 160, 200, 120, 25).front();
  const auto window = [&](int left, int top) {
    Image<float> part(120, 160);
    for (int y = 0; y < part.height(); ++y) std::copy_n(world.row(top + y) + left, part.width(), part.row(y));
    return part;
  };
  const FrameShift found = RegisterFrames(window(31, 6), window(10, 20));
  EXPECT_TRUE(found.registered);
  EXPECT_NEAR(found.shift_px.x, 21, 0.05);
  EXPECT_NEAR(found.shift_px.y, -14, 0.05);
}

TEST(Motion, SaysWhereFramesDoNotBelongTogether) {
  const auto noise = NoiseFrames(2, 96, 96, 100, 10);
  EXPECT_FALSE(RegisterFrames(noise[0], noise[1]).registered);
  EXPECT_FALSE(RegisterFrames(Image<float>(96, 96, 7), Image<float>(96, 96, 7)).registered);
  EXPECT_FALSE(RegisterFrames(SceneFrame(96, 96, {0, 0}, 12), SceneFrame(96, 96, {5000, 9000}, 12)).registered);
}

TEST(Motion, FollowsAPan) {
  std::vector<Image<float>> frames;
  for (int k = 0; k < 9; ++k) frames.push_back(SceneFrame(96, 128, {1.5 * k, -0.5 * k}));
  const MotionStatistics motion = MeasureMotion(frames);
  EXPECT_NEAR(motion.median_shift_px, std::hypot(1.5, 0.5), 0.1);
  EXPECT_NEAR(motion.travel_px, 8 * std::hypot(1.5, 0.5), 0.5);
  EXPECT_EQ(motion.failed_share, 0);
  EXPECT_NEAR(ScenePositions(motion).back().x, 12, 0.4);
  EXPECT_NEAR(ScenePositions(motion).back().y, -4, 0.4);
}

TEST(TemporalNoise, IsTheSigmaThatWasPutIn) {
  const auto frames = NoiseFrames(12, 96, 96, 100, 4);
  MotionStatistics still;
  still.shifts.resize(frames.size() - 1);
  // Rounding adds 1/12: 4.01. The mean of 8300 deviations has a standard error of 0.7 % a pair, the median of 11 pairs
  // less; whole counts move the nine tenths' end by up to half a count of 9, which changes their mean by 2 %.
  EXPECT_NEAR(TemporalNoise(frames, still), 4.01, 0.12);
}

TEST(Sharpness, IsTheBlurOfASlantedEdge) {
  for (const double sigma : {0.7, 1.0, 1.6}) {
    // Five slanted edges side by side, far enough apart not to touch.
    Image<float> frame(160, 240);
    for (int y = 0; y < frame.height(); ++y) {
      for (int x = 0; x < frame.width(); ++x) {
        double value = 60;
        for (int edge = 0; edge < 5; ++edge) {
          const double d = (x - 30 - 44 * edge) * std::cos(0.15) + (y - 80) * std::sin(0.15);
          value += (edge % 2 == 0 ? 50 : -50) * std::erfc(-d / (sigma * std::sqrt(2.0)));
        }
        frame(y, x) = static_cast<float>(std::round(value));
      }
    }
    const SharpnessStatistics sharpness = MeasureSharpness({&frame, 1}, 0);
    ASSERT_TRUE(sharpness.blur_sigma_px) << sharpness.edges;
    // Averaging distances into bins of a quarter px adds (1/4)^2 / 12 to the variance: 0.5 % at 0.7 px. The normal's
    // direction is estimated; an error of 1 degree widens 10 px of edge by 0.05 px rms.
    EXPECT_NEAR(*sharpness.blur_sigma_px, sigma, 0.06 * sigma);
    EXPECT_NEAR(*sharpness.psf_sigma_px, std::sqrt(sigma * sigma - 1.0 / 12), 0.08 * sigma);
  }
}

TEST(Sharpness, ClaimsNothingWithoutEdges) {
  const auto frames = NoiseFrames(3, 96, 96, 100, 3);
  EXPECT_FALSE(MeasureSharpness(frames, 3).blur_sigma_px);
}

TEST(Spectrum, OfWhiteNoiseIsFlatAtItsVariance) {
  const auto frames = NoiseFrames(12, 128, 160, 100, 6);
  const SpectrumStatistics spectrum = MeasureSpectrum(frames);
  EXPECT_NEAR(spectrum.slope, 0, 0.05);
  // Sigma 6 and rounding; the last bin averages thousands of values of relative sigma 1.
  EXPECT_NEAR(spectrum.power.back(), 36 + 1.0 / 12, 0.05 * 36);
}

TEST(Spectrum, FindsTheSlopeOfAScaleFreeScene) {
  // Waves of amplitude 1/f in 2-D density: power falls with f^-2 where waves are spread evenly over the plane.
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  constexpr int kSide = 128, kWaves = 4000;
  Image<float> frame(kSide, kSide);
  for (int wave = 0; wave < kWaves; ++wave) {
    const double fx = random.Uniform(-0.4, 0.4), fy = random.Uniform(-0.4, 0.4), f = std::hypot(fx, fy);
    if (f < 0.01) continue;
    const double phase = random.Uniform(0, 2 * std::numbers::pi), amplitude = 0.05 / f;
    // cos(a + b) by its parts: a sine a row and a column instead of one a pixel.
    std::vector<double> cx(kSide), sx(kSide);
    for (int x = 0; x < kSide; ++x) {
      cx[static_cast<std::size_t>(x)] = amplitude * std::cos(2 * std::numbers::pi * fx * x + phase);
      sx[static_cast<std::size_t>(x)] = amplitude * std::sin(2 * std::numbers::pi * fx * x + phase);
    }
    for (int y = 0; y < kSide; ++y) {
      const double c = std::cos(2 * std::numbers::pi * fy * y), s = std::sin(2 * std::numbers::pi * fy * y);
      for (int x = 0; x < kSide; ++x)
        frame(y, x) += static_cast<float>(c * cx[static_cast<std::size_t>(x)] - s * sx[static_cast<std::size_t>(x)]);
    }
  }
  // Some 40 waves and more fall into each bin used: the log of each has a sigma of 0.07 decades or less, over one
  // decade of frequency with 16 bins that is 0.1 in the slope.
  EXPECT_NEAR(MeasureSpectrum({&frame, 1}).slope, -2, 0.3);
}

TEST(Suspects, AMovingPointIsFoundInAPannedScene) {
  std::vector<Image<float>> frames;
  std::vector<Vec2> positions;
  constexpr int kFrames = 30;
  for (int k = 0; k < kFrames; ++k) {
    positions.push_back({0.8 * k, 0.3 * k});
    frames.push_back(SceneFrame(96, 128, positions.back()));
    AddPoint(frames.back(), {20 + 2.5 * k, 60 - 0.8 * k}, 45);
  }
  const auto suspects = FindSuspects(frames, positions, 0.3, 12);
  ASSERT_FALSE(suspects.empty());
  int found = 0;
  for (const SuspectBox& seen : suspects[0].boxes) {
    const double x = 20 + 2.5 * seen.frame, y = 60 - 0.8 * seen.frame;
    found += Grow(seen.box, 1).Contains(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y))) ? 1 : 0;
  }
  EXPECT_EQ(suspects[0].polarity, 1);
  EXPECT_GE(found, kFrames * 4 / 5);  // crossing a crest of the scene it may be missed
  EXPECT_NEAR(suspects[0].scene_travel_px, std::hypot(3.3, 0.5) * 0.8 * kFrames, 4);
  EXPECT_FALSE(suspects[0].fixed_to_sensor);
}

TEST(Suspects, AColdPointIsOneOfNegativePolarity) {
  std::vector<Image<float>> frames;
  for (int k = 0; k < 20; ++k) {
    frames.push_back(SceneFrame(96, 128, {}));
    AddPoint(frames.back(), {30.0 + 2 * k, 40}, -50);
  }
  const auto suspects = FindSuspects(frames, std::vector<Vec2>(20), 0.3, 12);
  ASSERT_FALSE(suspects.empty());
  EXPECT_EQ(suspects[0].polarity, -1);
}

TEST(Suspects, AnEmptySceneHasNone) {
  std::vector<Image<float>> frames;
  std::vector<Vec2> positions;
  for (int k = 0; k < 20; ++k) {
    positions.push_back({0.5 * k, 0});
    frames.push_back(SceneFrame(96, 128, positions.back()));
  }
  EXPECT_TRUE(FindSuspects(frames, positions, 0.3, 12).empty());
  EXPECT_TRUE(FindSuspects(NoiseFrames(20, 96, 128, 100, 5), std::vector<Vec2>(20), 5, 12).empty());
}

TEST(Suspects, ASpotThatStaysInThePictureWhileTheCameraPansBelongsToTheSensor) {
  std::vector<Image<float>> frames;
  std::vector<Vec2> positions;
  for (int k = 0; k < 30; ++k) {
    positions.push_back({1.2 * k, 0});
    frames.push_back(SceneFrame(96, 128, positions.back()));
    AddPoint(frames.back(), {70, 40}, 60);
  }
  const auto suspects = FindSuspects(frames, positions, 0.3, 12);
  ASSERT_FALSE(suspects.empty());
  EXPECT_TRUE(suspects[0].fixed_to_sensor);
}

/// A source of the frames that a test makes.
class MadeSource final : public SequenceSource {
 public:
  explicit MadeSource(std::vector<Image<float>> frames) : frames_(std::move(frames)) {
    info_.name = "made";
    info_.kind = SourceKind::kProcedural;
    info_.width = frames_.front().width();
    info_.height = frames_.front().height();
    info_.frame_count = static_cast<int>(frames_.size());
  }
  std::vector<Frame> Read(int first, int count) const override {
    std::vector<Frame> result;
    for (int k = first; k < first + count; ++k) {
      Frame frame;
      frame.pixels = frames_[static_cast<std::size_t>(k)];
      frame.index = k;
      result.push_back(frame);
    }
    return result;
  }

 private:
  std::vector<Image<float>> frames_;
};

std::vector<Image<float>> Pan(int frames, int height = 96, int width = 128) {
  std::vector<Image<float>> sequence;
  for (int k = 0; k < frames; ++k) sequence.push_back(SceneFrame(height, width, {0.7 * k, 0}));
  return sequence;
}

TEST(Inspection, AGoodSourceIsFitAndEachFaultIsNamed) {
  const InspectionOptions options;
  EXPECT_EQ(Inspect(MadeSource(Pan(24)), options).fitness, Fitness::kFit);

  const auto first_fault = [&](std::vector<Image<float>> frames) {
    const Inspection inspection = Inspect(MadeSource(std::move(frames)), options);
    EXPECT_EQ(inspection.fitness, Fitness::kUnfit);
    return inspection.faults.empty() ? "" : inspection.faults.front();
  };
  EXPECT_TRUE(first_fault(Pan(12)).starts_with("too short: 12 frames, at least 20")) << first_fault(Pan(12));
  EXPECT_TRUE(first_fault(Pan(24, 48, 128)).starts_with("too small: 128 x 48 px"));
  auto saturated = Pan(24);
  for (Image<float>& frame : saturated) {
    for (float& value : frame) value = value > 125 ? 255 : value;
  }
  EXPECT_TRUE(first_fault(saturated).starts_with("saturated: ")) << first_fault(saturated);
  auto frozen = Pan(24);
  for (std::size_t k = 0; k < frozen.size(); ++k) frozen[k] = frozen[k - k % 4];
  EXPECT_TRUE(first_fault(frozen).starts_with("frozen: 18 of 23 frames")) << first_fault(frozen);
  std::vector<Image<float>> cuts;
  for (int k = 0; k < 24; ++k) cuts.push_back(SceneFrame(96, 128, {700.0 * k * k, 300.0 * k}, 12));
  EXPECT_TRUE(first_fault(cuts).starts_with("no sequence of one scene")) << first_fault(cuts);
  EXPECT_TRUE(first_fault(std::vector<Image<float>>(24, Image<float>(96, 128, 7))).starts_with("flat: 1 different"));
}

TEST(Inspection, ASuspectAsksForAReviewAndAKnownTargetDoesNot) {
  auto frames = Pan(24);
  std::vector<KnownTarget> known;
  for (int k = 0; k < 24; ++k) {
    AddPoint(frames[static_cast<std::size_t>(k)], {20.0 + 3 * k, 50}, 60);
    known.push_back({k, "drone", {20 + 3 * k - 4, 46, 9, 9}});
  }
  MadeSource source(frames);
  const Inspection unknown = Inspect(source, {});
  EXPECT_EQ(unknown.fitness, Fitness::kReview);
  EXPECT_FALSE(unknown.suspects.empty());
  source.AddKnownTargets(known);
  const Inspection explained = Inspect(source, {});
  EXPECT_EQ(explained.fitness, Fitness::kFit);
  EXPECT_EQ(explained.known_boxes, 24);
  EXPECT_GE(explained.known_boxes_found, 22);
  const Image<Rgb> page = DrawInspection(unknown, source);
  EXPECT_EQ(page.width(), kPageWidth);
}

void WriteSequence(const std::filesystem::path& folder, const std::vector<Image<float>>& frames) {
  CreateFolder(folder);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    Frame frame;
    frame.pixels = frames[k];
    WriteFileAtomically(folder / (std::to_string(100 + k) + ".png"), EncodePng(CountsOf(frame), 8));
  }
}

TEST(BackgroundLibrary, OpensWhatIsFitAndTreatsReviewedSuspectsAsRealTargets) {
  const TemporaryFolder folder;
  auto with_target = Pan(24);
  for (int k = 0; k < 24; ++k) AddPoint(with_target[static_cast<std::size_t>(k)], {20.0 + 3 * k, 50}, 60);
  WriteSequence(folder.path() / "in" / "clean", Pan(24));
  WriteSequence(folder.path() / "in" / "short", Pan(12));
  WriteSequence(folder.path() / "in" / "target", with_target);
  WriteFileAtomically(folder.path() / "in" / "clean" / "README.md",
                      "# clean\nfree at 9 fps\nLicence: CC0 1.0, as told.\n");
  std::vector<Inspection> inspections;
  for (const auto& source : OpenSources({folder.path() / "in"})) inspections.push_back(Inspect(*source, {}));
  ASSERT_EQ(inspections.size(), 3u);
  EXPECT_EQ(inspections[0].licence, "CC0 1.0, as told.");
  EXPECT_EQ(inspections[0].frame_rate_hz, 9);
  EXPECT_EQ(inspections[0].frame_rate_from, "README");

  const auto file = folder.path() / "cards" / "library.json";
  CreateFolder(file.parent_path());
  WriteFileAtomically(file, LibraryJson(inspections, file.parent_path(), SuspectsAre::kOpen));
  const auto open = OpenLibrary(file);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0]->info().name, "clean");

  WriteFileAtomically(file, LibraryJson(inspections, file.parent_path(), SuspectsAre::kTargets));
  const auto accepted = OpenLibrary(file);
  ASSERT_EQ(accepted.size(), 2u);
  EXPECT_TRUE(accepted[0]->known_targets().empty());
  ASSERT_GE(accepted[1]->known_targets().size(), 22u);
  EXPECT_EQ(accepted[1]->known_targets().front().class_name, "suspect");

  WriteSequence(folder.path() / "in" / "clean", Pan(25));
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { OpenLibrary(file); }).find("frames have changed"), std::string::npos);
  WriteFileAtomically(file, "{\"schema_version\": 1, \"sources\": []}");
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { OpenLibrary(file); }).find("no source of the catalogue is fit"),
            std::string::npos);
}

TEST(Inspection, FindsFreezingVideoRangeAndTheAircraftOfARealSequence) {
  const auto folder = test::DataFolder() / "backgrounds" / "hdd-boatyard-static";
  MIRST_REQUIRE_PATH(folder);
  InspectionOptions options;
  options.most_frames = 24;
  const Inspection inspection = Inspect(*OpenFolderSource(folder), options);
  EXPECT_TRUE(inspection.levels.video_range);
  EXPECT_GT(inspection.repeats.mean_block8_share, 0.5);  // a still camera and H.264 at a low bit rate
  EXPECT_EQ(inspection.known_boxes, 24);
  EXPECT_GE(inspection.known_boxes_found, 22);
  EXPECT_EQ(inspection.licence.value_or("").substr(0, 7), "CC0 1.0");
}

}  // namespace
}  // namespace mirst
