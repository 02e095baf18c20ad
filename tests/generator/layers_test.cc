// What hides targets, several targets, decoys and pairs: invariants of written data sets, and estimates against scenes
// of known structure.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/frame_io.h"
#include "datasets/statistics.h"
#include "datasets/truth_set.h"
#include "generator/decoys.h"
#include "generator/generate.h"
#include "generator/occlusion.h"
#include "metrics/scr.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

class LayersTest : public ::testing::Test {
 protected:
  LayersTest() {
    SetProgressStyle(ProgressStyle::kQuiet);
    options.sequences = 2;
    options.frames = {10, 10};
    options.target.area_px = {6, 30};
    options.scr.range = {2, 5};
    options.scr.on_infeasible = OnInfeasible::kLower;
    options.backgrounds.procedural_sources = 2;
    options.backgrounds.procedural.width = 160;
    options.backgrounds.procedural.height = 120;
    options.backgrounds.procedural.frame_count = 12;
  }
  std::string Make(const std::string& name) {
    return Generate(options, folder.path() / name, Existing::kRefuse).dataset_id;
  }
  SampleStoreReader Read(const std::string& name) const { return SampleStoreReader(folder.path() / name); }
  // The procedural frames of the fixture as a folder source, for layers that are given by name.
  fs::path WriteSource(const std::string& name) {
    const auto source =
        OpenProceduralSource(options.backgrounds.procedural, {.seed = 3, .purpose = Purpose::kProceduralScene});
    CreateFolder(folder.path() / "sources" / name);
    for (const Frame& frame : source->Read(0, 12)) {
      WriteFileAtomically(folder.path() / "sources" / name / frame.name, EncodePng(CountsOf(frame), 8));
    }
    return folder.path() / "sources" / name;
  }
  // A layer that hides the columns from `x` on.
  void WriteLayer(const std::string& source, int x) {
    Mask layer(120, 160, 255);
    for (int y = 0; y < layer.height(); ++y) std::fill(layer.row(y) + x, layer.row(y) + layer.width(), 0);
    CreateFolder(folder.path() / "layers");
    WriteFileAtomically(folder.path() / "layers" / (source + ".png"), EncodePng(layer));
    options.occlusion.layers = (folder.path() / "layers").string();
  }

  TemporaryFolder folder;
  GenerateOptions options;
};

template <class Visitor>
void ForEachFrame(const SampleStoreReader& reader, Visitor&& visit) {
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    for (const FrameAnnotation& annotation : reader.ReadAnnotations(sequence))
      visit(sequence, reader.ReadLabelledFrame(sequence, annotation));
  }
}

Mask OwnMask(const LabelledFrame& frame, int id) {
  Mask own(frame.mask.height(), frame.mask.width());
  std::transform(frame.instance->begin(), frame.instance->end(), own.begin(),
                 [id](std::uint16_t owner) -> std::uint8_t { return owner == id ? 255 : 0; });
  return own;
}

// ---- several targets

TEST_F(LayersTest, InstancesAreTheMaskAndEachTargetHasItsScrWithTheOthersLeftOut) {
  options.target.count = {3, 3};
  options.target.grouping = Grouping::kFormation;
  options.target.spacing_px = {6, 14};  // in each other's windows, some with overlapping supports
  options.target.area_px = {4, 12};
  Make("set");
  std::map<std::pair<std::string, int>, std::vector<double>> measured;
  std::map<std::pair<std::string, int>, double> requested, bound;
  ForEachFrame(Read("set"), [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
    ASSERT_EQ(frame.annotation.targets.size(), 3U);
    ASSERT_TRUE(frame.instance);
    for (std::size_t i = 0; i < frame.mask.size(); ++i)
      ASSERT_EQ(frame.mask.data()[i] > 127, frame.instance->data()[i] > 0);
    for (const Annotation& target : frame.annotation.targets) {
      const Mask own = OwnMask(frame, target.id);
      ASSERT_EQ(CountPixels(own), target.area_px);
      if (!target.seen()) continue;
      EXPECT_EQ(BoundingBox(own), target.box);
      const ScrMeasurement m =
          MeasureBox20(frame.frame.pixels, own, frame.mask, Box20Rule::ForBitDepth(sequence.bit_depth));
      EXPECT_DOUBLE_EQ(m.scr, target.scr.at("box20"));
      const std::pair key(sequence.name, target.id);
      measured[key].push_back(m.scr);
      requested[key] = target.scr_requested;
      bound[key] = std::max(bound[key], 1 / (2.0 * m.target_px * m.sigma_background));
    }
  });
  EXPECT_EQ(measured.size(), 6U);
  for (const auto& [key, values] : measured) {
    double mean = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    // Each frame carries the rounding of the frames before, so the last one's is left; the neighbours' light is held in
    // 24 bits: 2^-16 counts.
    EXPECT_NEAR(mean, requested[key], bound[key] / static_cast<double>(values.size()) + 1e-4)
        << key.first << " target " << key.second;
  }
  EXPECT_NO_THROW(MeasureDataSet(Read("set")));
}

TEST_F(LayersTest, CrossingTargetsComeAsNearAsAskedFor) {
  options.target.count = {2, 2};
  options.target.grouping = Grouping::kCrossing;
  options.target.spacing_px = {0, 2};
  Make("set");
  std::map<std::string, double> nearest;
  ForEachFrame(Read("set"), [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
    const auto& targets = frame.annotation.targets;
    const Vec2 apart = targets.at(0).centroid_xy - targets.at(1).centroid_xy;
    const double distance = std::hypot(apart.x, apart.y);
    const auto [entry, is_new] = nearest.emplace(sequence.name, distance);
    if (!is_new) entry->second = std::min(entry->second, distance);
  });
  // Paths are those of the origins; the flux's centroid lies within the target, 30 px across at most 11.
  for (const auto& [name, distance] : nearest) EXPECT_LE(distance, 2 + 11) << name;
  EXPECT_EQ(nearest.size(), 2U);
}

TEST_F(LayersTest, SameBytesForAnyNumberOfThreadsWithEverythingOn) {
  options.target.count = {1, 3};
  options.target.grouping = Grouping::kCrossing;
  options.pairs = true;
  options.occlusion.foreground = ForegroundRule::kEstimated;
  options.occlusion.cloud_opacity = 0.5;
  options.decoys = {.dead_pixels = 1, .blinking_pixels = 1, .glints = 1, .birds = 1};
  const auto id = [&](const std::string& name, int threads) {
    const ThreadLimit limit(threads);
    return Make(name);
  };
  EXPECT_EQ(id("one", 1), id("two", 2));
}

// ---- pairs

TEST_F(LayersTest, PairsDifferWhereTheTargetsAreAndNowhereElse) {
  options.pairs = true;
  options.target.count = {2, 2};
  options.decoys.birds = 1;
  Make("set");
  std::int64_t changed = 0, outside = 0;
  ForEachFrame(Read("set"), [&](const ManifestSequence&, const LabelledFrame& frame) {
    ASSERT_TRUE(frame.background);
    for (int y = 0; y < frame.mask.height(); ++y) {
      for (int x = 0; x < frame.mask.width(); ++x) {
        const bool differs = frame.frame.pixels(y, x) != (*frame.background)(y, x);
        changed += differs;
        // Contrast has tails of its own within the template's box, three pixels beyond 16-bit coverage at most.
        bool near = false;
        for (int dy = -3; dy <= 3 && differs && !near; ++dy) {
          for (int dx = -3; dx <= 3 && !near; ++dx)
            near = frame.coverage.box().Contains(x + dx, y + dy) && frame.coverage(y + dy, x + dx) > 0;
        }
        outside += differs && !near;
      }
    }
  });
  EXPECT_GT(changed, 0);
  EXPECT_EQ(outside, 0);
  for (const TruthSequence& sequence : OpenTruth(folder.path() / "set", "").sequences) {
    for (const TruthFrame& frame : sequence.frames) EXPECT_TRUE(fs::exists(frame.background));
  }
}

// ---- decoys

TEST_F(LayersTest, DecoysAreLabelledAndKeepTheirMarginToEveryMask) {
  options.decoys = {.dead_pixels = 2, .blinking_pixels = 2, .glints = 2, .cloud_edges = 1, .birds = 2, .margin_px = 5};
  options.pairs = true;
  Make("set");
  std::map<std::string, std::set<int>> shown;
  ForEachFrame(Read("set"), [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
    std::map<int, std::string> kinds;
    for (const Decoy& decoy : frame.annotation.decoys) {
      shown[decoy.kind].insert(decoy.id);
      EXPECT_NE(decoy.amplitude, 0) << sequence.name << " " << decoy.kind;
      const PixelBox near = Intersect(Grow(decoy.box, options.decoys.margin_px), frame.mask.box());
      for (int y = near.y; y < near.bottom(); ++y) {
        for (int x = near.x; x < near.right(); ++x)
          ASSERT_EQ(frame.mask(y, x), 0) << sequence.name << " " << decoy.kind;
      }
      // It is in the frame without targets, too.
      for (int y = decoy.box.y; y < decoy.box.bottom(); ++y) {
        for (int x = decoy.box.x; x < decoy.box.right(); ++x)
          EXPECT_EQ(frame.frame.pixels(y, x), (*frame.background)(y, x));
      }
    }
  });
  EXPECT_EQ(shown.at("dead_pixel").size(), 2U);
  EXPECT_EQ(shown.at("blinking_pixel").size(), 2U);
  EXPECT_EQ(shown.at("glint").size(), 2U);
  EXPECT_EQ(shown.at("cloud_edge").size(), 1U);
  EXPECT_EQ(shown.at("bird").size(), 2U);
}

TEST_F(LayersTest, DecoysAddTheirAmplitudeAndNothingElsewhere) {
  const fs::path source = WriteSource("a");
  std::vector<Frame> frames = OpenFolderSource(source)->Read(0, 12);
  const std::vector<Frame> before = frames;
  options.decoys = {.blinking_pixels = 1, .glints = 2, .birds = 1};
  const CountLimits limits{0, 255};
  const auto plans = DrawDecoys({.seed = 1, .purpose = Purpose::kTest}, frames, limits,
                                std::vector<std::vector<PixelBox>>(12), 0, options);
  ASSERT_EQ(plans.size(), 4U);
  const auto painted = PaintDecoys(plans, limits, options, frames);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    for (int y = 0; y < 120; ++y) {
      for (int x = 0; x < 160; ++x) {
        const bool inside = std::any_of(painted[k].supports.begin(), painted[k].supports.end(),
                                        [&](const PixelBox& box) { return box.Contains(x, y); });
        ASSERT_TRUE(inside || frames[k].pixels(y, x) == before[k].pixels(y, x)) << k << " " << x << " " << y;
      }
    }
    for (const Decoy& decoy : painted[k].labels) {
      float largest = 0;
      for (int y = decoy.box.y; y < decoy.box.bottom(); ++y) {
        for (int x = decoy.box.x; x < decoy.box.right(); ++x) {
          const float added = frames[k].pixels(y, x) - before[k].pixels(y, x);
          if (std::abs(added) > std::abs(largest)) largest = added;
        }
      }
      EXPECT_EQ(static_cast<double>(largest), decoy.amplitude) << decoy.kind;
    }
  }
}

// ---- occlusion

TEST_F(LayersTest, BehindAGivenLayerATargetHasNoPixelNoBoxAndVisibilityZero) {
  options.backgrounds.paths = {WriteSource("a").string()};
  WriteLayer("a", 80);
  options.occlusion.seen_share = {0.2, 0.9};
  options.pairs = true;
  options.track.speed_px_per_frame = {3, 4};
  options.sequences = 1;
  Make("set");
  int hidden = 0, seen = 0;
  ForEachFrame(Read("set"), [&](const ManifestSequence&, const LabelledFrame& frame) {
    const Annotation& target = frame.annotation.targets.at(0);
    EXPECT_EQ(target.seen(), target.visibility > 0);
    EXPECT_EQ(CountPixels(frame.mask), target.area_px);
    for (int y = 0; y < 120; ++y) {
      for (int x = 80; x < 160; ++x) ASSERT_EQ(frame.frame.pixels(y, x), (*frame.background)(y, x));
    }
    if (target.seen()) {
      ++seen;
      return;
    }
    ++hidden;
    EXPECT_TRUE(target.box.empty());
    EXPECT_TRUE(target.scr.empty());
    EXPECT_EQ(frame.frame.pixels, *frame.background);
  });
  EXPECT_GT(hidden, 0);
  EXPECT_GT(seen, 0);
  const DataSetStatistics statistics = MeasureDataSet(Read("set"));
  EXPECT_EQ(statistics.sequences.at(0).frames_with_target, seen);
  EXPECT_NEAR(*OpenTruth(folder.path() / "set", "").sequences.at(0).mean_scr, *statistics.sequences.at(0).mscr_present,
              1e-9);
}

TEST_F(LayersTest, LayersThatDoNotFitAreRefused) {
  options.backgrounds.paths = {WriteSource("a").string()};
  options.sequences = 1;
  options.occlusion.layers = (folder.path() / "layers").string();
  const std::string missing = test::ErrorText(ErrorCode::kBadInput, [&] { Make("set"); });
  EXPECT_NE(missing.find("a.png exists"), std::string::npos) << missing;
  CreateFolder(folder.path() / "layers");
  WriteFileAtomically(folder.path() / "layers" / "a.png", EncodePng(Mask(10, 20, 255)));
  const std::string size = test::ErrorText(ErrorCode::kBadInput, [&] { Make("set"); });
  EXPECT_NE(size.find("20 x 10 px, the frames of a are 160 x 120"), std::string::npos) << size;
}

// A smooth sky over a rough structure whose upper edge is known in each column.
struct StructuredScene {
  Image<float> pixels{120, 160};
  std::vector<int> top;

  StructuredScene() {
    RandomStream random({.seed = 8, .purpose = Purpose::kTest});
    for (int x = 0; x < pixels.width(); ++x) {
      top.push_back(70 + (x / 20) % 2 * 15);
      for (int y = 0; y < pixels.height(); ++y) {
        const double sky = 60 + 0.2 * y + random.Uniform(-1, 1), structure = 150 + random.Uniform(-30, 30);
        pixels(y, x) = static_cast<float>(std::floor(y < top.back() ? sky : structure));
      }
    }
    for (int y = 20; y < 24; ++y) std::fill_n(pixels.row(y) + 40, 6, 200.0F);  // a bird in the sky
  }
};

TEST(EstimateForeground, FindsTheEdgeOfWhatStandsOnTheGroundToAPixel) {
  const StructuredScene scene;
  const Mask foreground = EstimateForeground(scene.pixels, 6);
  for (int x = 0; x < foreground.width(); ++x) {
    int top = 0;
    while (top < foreground.height() && foreground(top, x) == 0) ++top;
    // Beside a step of the outline the texture's window sees both sides.
    if (x % 20 < 3 || x % 20 > 16) continue;
    EXPECT_NEAR(top, scene.top[static_cast<std::size_t>(x)], 1) << x;
  }
}

TEST(EstimateForeground, ASmoothSkyHasNone) {
  Image<float> sky(80, 100);
  RandomStream random({.seed = 9, .purpose = Purpose::kTest});
  for (int y = 0; y < sky.height(); ++y) {
    for (int x = 0; x < sky.width(); ++x)
      sky(y, x) = std::floor(static_cast<float>(100 + 0.3 * y + random.Uniform(-3, 3)));
  }
  EXPECT_EQ(CountPixels(EstimateForeground(sky, 6)), 0);
}

TEST(EstimateClouds, TransmissionIsLinearInBrightnessBetweenClearAndCloud) {
  // Three vertical bands, each wider than the 5 x 5 px mean: clear, half cloud, cloud.
  Image<float> sky(60, 150);
  for (int y = 0; y < sky.height(); ++y) {
    for (int x = 0; x < sky.width(); ++x) sky(y, x) = static_cast<float>(50 + 40 * (x / 50));
  }
  const Transmission layer = EstimateClouds(sky, Mask(60, 150), 0.8);
  EXPECT_EQ(layer(30, 25), 255);
  EXPECT_EQ(layer(30, 75), 153);  // 255 (1 - 0.8 / 2)
  EXPECT_EQ(layer(30, 125), 51);  // 255 (1 - 0.8)
}

}  // namespace
}  // namespace mirst
