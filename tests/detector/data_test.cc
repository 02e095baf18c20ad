#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/file.h"
#include "detector/data_loader.h"
#include "tests/support/training_set.h"

namespace mirst {
namespace {

using test::ErrorText;
using test::TrainingSequence;
using test::WriteTrainingSet;

SplitFrames Open(const std::filesystem::path& folder, TrainingSplit split = TrainingSplit::kTrain,
                 std::uintmax_t cache_bytes = std::uintmax_t{1} << 30) {
  return {std::make_shared<const SampleStoreReader>(folder), split, cache_bytes};
}

/// No transform but the crop's position.
TrainOptions PlainOptions(int crop_px) {
  TrainOptions options;
  options.data.crop_px = crop_px;
  options.data.batch = 3;
  options.augmentation = {.flip_probability = 0, .centre_crop_px = 1, .rotation_probability = 0};
  return options;
}

StoredFrame RampFrame(int height, int width) {
  StoredFrame frame;
  Image<std::uint16_t> counts(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) counts(y, x) = static_cast<std::uint16_t>(1000 * y + x);
  }
  frame.counts = std::move(counts);
  frame.mask = Mask(height, width);
  return frame;
}

std::vector<float> Cut(const StoredFrame& frame, const WindowTransform& transform, int size) {
  std::vector<float> sample(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  CutCounts(frame, transform, size, {}, sample.data());
  return sample;
}

TEST(WindowTransform, AShiftByWholePixelsCopiesTheFrame) {
  const StoredFrame frame = RampFrame(20, 30);
  const std::vector<float> sample = Cut(frame, {.centre_px = {7 + 3.5, 5 + 3.5}}, 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x)
      EXPECT_EQ(sample[static_cast<std::size_t>(8 * y + x)], static_cast<float>(1000 * (5 + y) + 7 + x));
  }
}

TEST(WindowTransform, AFlipMirrorsTheColumns) {
  const StoredFrame frame = RampFrame(20, 30);
  const std::vector<float> sample = Cut(frame, {.centre_px = {10.5, 8.5}, .flip = true}, 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x)
      EXPECT_EQ(sample[static_cast<std::size_t>(8 * y + x)], static_cast<float>(1000 * (5 + y) + 14 - x));
  }
}

TEST(WindowTransform, BeyondTheBorderTheMirrorImageGoesOn) {
  const StoredFrame frame = RampFrame(20, 30);
  const std::vector<float> sample = Cut(frame, {.centre_px = {3.5 - 2, 3.5}}, 8);  // columns -2 .. 5
  for (int x = 0; x < 8; ++x) EXPECT_EQ(sample[static_cast<std::size_t>(x)], static_cast<float>(std::abs(x - 2)));
}

TEST(WindowTransform, ScaleAndRotationMeetAPlaneExactly) {
  // Bilinear interpolation reproduces a plane; 1000 y + x, so float keeps about 1e-3 of 20000.
  const StoredFrame frame = RampFrame(20, 30);
  const WindowTransform transform{.centre_px = {14, 9}, .scale = 0.8, .rotation_deg = 30, .flip = true};
  const std::vector<float> sample = Cut(frame, transform, 8);
  const double c = 0.8 * std::sqrt(3) / 2, s = 0.8 * 0.5;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      const double u = 3.5 - x, v = y - 3.5;
      const double expected = 1000 * (9 + s * u + c * v) + 14 + c * u - s * v;
      EXPECT_NEAR(static_cast<double>(sample[static_cast<std::size_t>(8 * y + x)]), expected, 2e-3);
    }
  }
}

TEST(WindowTransform, MaskAndPixelsStayTogetherUnderEveryAugmentation) {
  // Counts 255 inside the mask, 0 outside. Where the nearest pixel is inside, its bilinear weight is at least 1/4;
  // where it is outside, at most 3/4 of the weight lies on other pixels.
  StoredFrame frame;
  frame.mask = Mask(96, 96);
  for (int y = 40; y < 47; ++y) {
    for (int x = 50; x < 55; ++x) frame.mask(y, x) = 255;
  }
  frame.counts = frame.mask;
  frame.targets = {{52, 43}};
  TrainOptions options;
  options.data.crop_px = 64;
  options.augmentation.rotation_probability = 0.8;
  int inside = 0;
  std::set<double> rotations;
  for (std::uint32_t i = 0; i < 200; ++i) {
    RandomStream random(RandomKey{.frame = i});
    const WindowTransform transform = DrawTransform(random, options.data, options.augmentation, frame);
    rotations.insert(transform.rotation_deg);
    const std::vector<float> counts = Cut(frame, transform, 64);
    std::vector<float> mask(counts.size());
    CutMask(frame.mask, transform, 64, mask.data());
    for (std::size_t p = 0; p < mask.size(); ++p) {
      if (mask[p] > 0) {
        ++inside;
        EXPECT_GE(counts[p], 255 * 0.25F - 1e-3F);
      } else {
        EXPECT_LE(counts[p], 255 * 0.75F + 1e-3F);
      }
    }
  }
  EXPECT_GT(inside, 150 * 35);
  EXPECT_GT(rotations.size(), 15U);
  EXPECT_GE(*rotations.begin(), -15);
  EXPECT_LE(*rotations.rbegin(), 14);
}

TEST(DrawTransform, CentredCropsHoldATargetInTheirMiddleHalf) {
  StoredFrame frame = RampFrame(200, 300);
  frame.targets = {{150.2, 99.7}};
  TrainOptions options = PlainOptions(64);
  options.data.centred_share = 1;
  for (std::uint32_t i = 0; i < 300; ++i) {
    RandomStream random(RandomKey{.frame = i});
    const WindowTransform transform = DrawTransform(random, options.data, options.augmentation, frame);
    // Half of the middle half is 16 px; the crop's place is a whole number, and its centre half a pixel off the middle.
    EXPECT_LE(std::abs(transform.centre_px.x - 150.2), 17);
    EXPECT_LE(std::abs(transform.centre_px.y - 99.7), 17);
  }
}

TEST(DrawTransform, CropsLieInsideTheFrameAlsoNearTargetsAtTheBorder) {
  StoredFrame frame = RampFrame(80, 70);
  frame.targets = {{1, 1}, {69, 79}};
  TrainOptions options = PlainOptions(64);
  std::set<double> columns;
  for (std::uint32_t i = 0; i < 300; ++i) {
    RandomStream random(RandomKey{.frame = i});
    const Vec2 centre = DrawTransform(random, options.data, options.augmentation, frame).centre_px;
    columns.insert(centre.x);
    EXPECT_GE(centre.x - 31.5, 0);
    EXPECT_LE(centre.x + 31.5, 69);
    EXPECT_GE(centre.y - 31.5, 0);
    EXPECT_LE(centre.y + 31.5, 79);
  }
  EXPECT_EQ(columns.size(), 7U);  // every place that there is
}

TEST(SampleOrder, EveryEpochIsAnotherPermutationAndEverySampleHasItsOwnStream) {
  SampleOrder order(3, 50), again(3, 50), other(4, 50);
  std::vector<std::vector<std::size_t>> epochs(2);
  std::set<std::pair<std::uint32_t, std::uint32_t>> streams;
  bool differs = false;
  for (std::vector<std::size_t>& epoch : epochs) {
    for (int i = 0; i < 50; ++i) {
      const SampleTicket ticket = order.Next();
      const SampleTicket same = again.Next();
      EXPECT_EQ(ticket.window, same.window);
      EXPECT_EQ(ticket.key, same.key);
      differs = differs || other.Next().window != ticket.window;
      epoch.push_back(ticket.window);
      streams.emplace(ticket.key.sequence, ticket.key.frame);
    }
  }
  EXPECT_TRUE(differs);
  EXPECT_EQ(streams.size(), 100U);
  EXPECT_NE(epochs[0], epochs[1]);
  std::vector<std::size_t> all(50);
  std::iota(all.begin(), all.end(), 0U);
  for (std::vector<std::size_t>& epoch : epochs) {
    std::sort(epoch.begin(), epoch.end());
    EXPECT_EQ(epoch, all);
  }
}

TEST(SplitFrames, MeasuresMeanAndSigmaOfItsOwnSplitOnly) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path(),
                   {{.name = "a", .frames = 5}, {.name = "b", .split = "val"}, {.name = "c", .frames = 6}});
  const SplitFrames frames = Open(folder.path());
  ASSERT_EQ(frames.sequences(), 2U);
  double sum = 0, squares = 0, count = 0;
  std::uint32_t stream = 0;
  for (const TrainingSequence& wanted :
       {TrainingSequence{.name = "a", .frames = 5}, TrainingSequence{.name = "c", .frames = 6}}) {
    for (const LabelledFrame& frame : MakeTrainingSample(wanted, stream).frames) {
      for (const float value : frame.frame.pixels) {
        sum += static_cast<double>(value);
        squares += static_cast<double>(value) * static_cast<double>(value);
        ++count;
      }
    }
    stream += 2;
  }
  EXPECT_NEAR(frames.mean(), sum / count, 1e-9);
  EXPECT_NEAR(frames.sigma(), std::sqrt(squares / count - sum / count * sum / count), 1e-9);
}

TEST(WindowsOf, TheFirstFourFramesOfEachSequenceGiveNone) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path(), {{.name = "a", .frames = 6}, {.name = "b", .frames = 4}, {.name = "c", .frames = 5}});
  const std::vector<Window> expected = {{0, 4}, {0, 5}, {2, 4}};
  EXPECT_EQ(WindowsOf(Open(folder.path())), expected);
}

TEST(BatchLoader, ASampleHoldsFiveFramesOldestFirstAndTheLastOnesMask) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path(), {{.name = "a", .frames = 5, .has_ignore = true}});
  const SplitFrames frames = Open(folder.path());
  BatchLoader loader(frames, PlainOptions(64));  // crop = frame: the sample is the window itself
  const Batch batch = loader.Next();
  ASSERT_EQ(batch.samples, 3);
  const Sample sample = test::MakeTrainingSample({.name = "a", .frames = 5, .has_ignore = true}, 0);
  constexpr std::size_t kPixels = 64 * 64;
  for (std::size_t place = 0; place < 3; ++place) {
    for (std::size_t p = 0; p < kPixels; ++p) {
      for (std::size_t t = 0; t < 5; ++t) {
        const double counts = static_cast<double>(sample.frames[t].frame.pixels.data()[p]);
        ASSERT_EQ(batch.frames[(place * 5 + t) * kPixels + p],
                  static_cast<float>((counts - frames.mean()) / frames.sigma()));
      }
      ASSERT_EQ(batch.masks[place * kPixels + p], sample.frames[4].mask.data()[p] > 0 ? 1.0F : 0.0F);
      ASSERT_EQ(batch.ignore[place * kPixels + p], p < 64 ? 1.0F : 0.0F);
    }
  }
}

TEST(BatchLoader, BatchesDependNeitherOnWorkersNorOnTheCache) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path(), {{.name = "a"}, {.name = "b", .has_ignore = true}, {.name = "c", .width = 80}});
  TrainOptions options;
  options.data.crop_px = 48;
  options.data.batch = 5;
  options.augmentation.centre_crop_px = 8;
  const SplitFrames cached = Open(folder.path()), decoded = Open(folder.path(), TrainingSplit::kTrain, 0),
                    partly = Open(folder.path(), TrainingSplit::kTrain, 10 * 64 * 64 * 2);
  BatchLoader first(cached, options);
  options.data.workers = 4;
  options.data.prefetch = 7;
  BatchLoader second(decoded, options), third(partly, options);
  for (int i = 0; i < 12; ++i) {
    const Batch a = first.Next();
    for (BatchLoader* other : {&second, &third}) {
      const Batch b = other->Next();
      ASSERT_EQ(a.frames, b.frames) << i;
      ASSERT_EQ(a.masks, b.masks) << i;
      ASSERT_EQ(a.ignore, b.ignore) << i;
    }
  }
}

TEST(BatchLoader, AllFiveFramesShareOneTransform) {
  const TemporaryFolder folder;
  Sample still = test::MakeTrainingSample({.name = "a", .frames = 5}, 0);
  for (LabelledFrame& frame : still.frames) frame.frame.pixels = still.frames[0].frame.pixels;
  {
    SampleStoreWriter writer(folder.path() / "still", Existing::kRefuse, 0);
    writer.WriteSequence(still);
    Manifest manifest;
    manifest.sequences = {test::EntryOf(still, "train")};
    writer.Finish(manifest);
  }
  const SplitFrames frames = Open(folder.path() / "still");
  TrainOptions options;
  options.data.crop_px = 48;
  options.augmentation.centre_crop_px = 20;
  options.augmentation.rotation_probability = 1;
  options.augmentation.negative_probability = 0.5;
  options.augmentation.largest_gain = 2;
  options.augmentation.largest_offset = 1;
  BatchLoader loader(frames, options);
  const Batch batch = loader.Next();
  constexpr std::size_t kPixels = 48 * 48;
  for (std::size_t place = 0; place < 16; ++place) {
    const float* sample = batch.frames.data() + place * 5 * kPixels;
    for (std::size_t t = 1; t < 5; ++t) EXPECT_TRUE(std::equal(sample, sample + kPixels, sample + t * kPixels));
  }
}

TEST(DrawScale, IsThatOfTheSplitWhereNothingIsAskedFor) {
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  for (int i = 0; i < 100; ++i) {
    const CountScale scale = DrawScale(random, {}, {.mean = 91.3, .sigma = 17.7});
    EXPECT_EQ(scale.mean, 91.3);
    EXPECT_EQ(scale.sigma, 17.7);
  }
}

TEST(DrawScale, MultipliesShiftsAndTurnsOverTheNormalisedCounts) {
  AugmentationOptions augmentation;
  augmentation.negative_probability = 0.5;
  augmentation.largest_gain = 2;
  augmentation.largest_offset = 0.75;
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  int negatives = 0, larger = 0;
  double least_gain = 9, most_gain = 0, least_offset = 9, most_offset = -9;
  for (int i = 0; i < 1000; ++i) {
    const CountScale scale = DrawScale(random, augmentation, {.mean = 100, .sigma = 10});
    const auto value = [&](double counts) { return (counts - scale.mean) / scale.sigma; };
    const double offset = value(100), gain = value(110) - offset;  // of counts 0 and 1 sigma above the mean
    negatives += gain < 0;
    larger += std::abs(gain) > 1;
    least_gain = std::min(least_gain, std::abs(gain));
    most_gain = std::max(most_gain, std::abs(gain));
    least_offset = std::min(least_offset, offset);
    most_offset = std::max(most_offset, offset);
  }
  EXPECT_NEAR(negatives, 500, 80);  // five standard deviations
  EXPECT_NEAR(larger, 500, 80);
  EXPECT_NEAR(least_gain, 0.5, 0.01);
  EXPECT_NEAR(most_gain, 2, 0.04);
  EXPECT_NEAR(least_offset, -0.75, 0.03);
  EXPECT_NEAR(most_offset, 0.75, 0.03);
  EXPECT_GE(least_gain, 0.5 - 1e-12);
  EXPECT_LE(most_gain, 2 + 1e-12);
}

TEST(TrainingData, BadInputIsOneSentenceThatNamesItsPlace) {
  const TemporaryFolder folder;
  const std::filesystem::path set = folder.path() / "set";
  const auto refusal = [&](const std::vector<TrainingSequence>& sequences,
                           TrainingSplit split = TrainingSplit::kTrain) {
    WriteTrainingSet(set, sequences);
    return ErrorText(ErrorCode::kBadInput, [&] { Open(set, split); });
  };
  const std::string at = set.string();
  EXPECT_EQ(refusal({}), at + " has no sequence in its train split");
  EXPECT_EQ(refusal({{.name = "a"}}, TrainingSplit::kValidation), at + " has no sequence in its val split");
  EXPECT_EQ(refusal({{.name = "a", .frames = 1}}),
            at + ": the longest sequence of the train split has 1 frame, a sample takes 5");
  EXPECT_EQ(refusal({{.name = "a", .height = 40}}),
            at + ": the frames of sequence a are 64 x 40 px, the least that the network takes is 48 x 48");
  EXPECT_EQ(refusal({{.name = "a"}, {.name = "b", .bit_depth = 16}}),
            at + ": sequence a has 8 bits and b has 16; one network takes one depth");

  WriteTrainingSet(set, {{.name = "a"}});
  std::filesystem::remove(set / "image/a/000002.png");  // a mask without image
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { Open(set); }).find("image/a/000002.png"), std::string::npos);
  WriteTrainingSet(set, {{.name = "a"}});
  std::filesystem::resize_file(set / "mask/a/000003.png", 60);
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { Open(set); }).find("mask/a/000003.png"), std::string::npos);

  WriteTrainingSet(set, {{.name = "a"}});
  const SplitFrames frames = Open(set);
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { BatchLoader(frames, TrainOptions{}); }),
            "data.crop_px is 128, the frames of sequence a are only 64 x 64 px");
}

TEST(BatchLoader, AFileThatGoesMissingDuringTrainingIsReportedByNext) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path(), {{.name = "a"}});
  const SplitFrames frames = Open(folder.path(), TrainingSplit::kTrain, 0);
  std::filesystem::remove_all(folder.path() / "image");
  BatchLoader loader(frames, PlainOptions(64));
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { loader.Next(); }).find("sequence a: "), std::string::npos);
}

}  // namespace
}  // namespace mirst
