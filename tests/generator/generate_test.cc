// The whole way from options to files: what is in the files is what was asked for, whatever the machine did meanwhile.
#include "generator/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/frame_io.h"
#include "metrics/scr.h"
#include "renderer/atmosphere.h"
#include "tests/support/data_folder.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

class GenerateTest : public ::testing::Test {
 protected:
  GenerateTest() {
    SetProgressStyle(ProgressStyle::kQuiet);
    options.sequences = 4;
    options.frames = {10, 12};
    options.target.area_px = {1, 40};
    options.backgrounds.procedural_sources = 4;
    options.backgrounds.procedural.width = 160;
    options.backgrounds.procedural.height = 120;
    options.backgrounds.procedural.frame_count = 14;
  }
  GenerateReport Make(const std::string& name, Existing existing = Existing::kRefuse) {
    return Generate(options, folder.path() / name, existing);
  }
  std::map<std::string, std::string> FilesOf(const std::string& name) const {
    return SampleStoreReader(folder.path() / name).manifest().files;
  }

  TemporaryFolder folder;
  GenerateOptions options;
};

// Visits each frame of a data set with its sequence.
template <class Visitor>
void ForEachFrame(const SampleStoreReader& reader, Visitor&& visit) {
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    for (const FrameAnnotation& annotation : reader.ReadAnnotations(sequence)) {
      visit(sequence, reader.ReadLabelledFrame(sequence, annotation));
    }
  }
}

TEST_F(GenerateTest, SameBytesForAnyNumberOfThreads) {
  const auto id = [&](const std::string& name, int threads) {
    const ThreadLimit limit(threads);
    return Make(name, Existing::kRefuse).dataset_id;
  };
  const std::string alone = id("one", 1);
  EXPECT_EQ(id("three", 3), alone);
  EXPECT_EQ(FilesOf("one"), FilesOf("three"));
  options.seed = 1;
  EXPECT_NE(id("other seed", 2), alone);
}

TEST_F(GenerateTest, SequencesHaveTheMeanScrAskedFor) {
  options.sequences = 8;
  Make("set");
  const SampleStoreReader reader(folder.path() / "set");
  std::map<std::string, std::vector<double>> measured;
  std::map<std::string, double> requested, bound;
  ForEachFrame(reader, [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
    const Annotation& target = frame.annotation.targets.at(0);
    const ScrMeasurement m =
        MeasureBox20(frame.frame.pixels, frame.mask, frame.mask, Box20Rule::ForBitDepth(sequence.bit_depth));
    EXPECT_DOUBLE_EQ(m.scr, target.scr.at("box20"));
    EXPECT_EQ(CountPixels(frame.mask), target.area_px);
    EXPECT_EQ(BoundingBox(frame.mask), target.box);
    measured[sequence.name].push_back(m.scr);
    requested[sequence.name] = target.scr_requested;
    bound[sequence.name] = std::max(bound[sequence.name], 1 / (2.0 * m.target_px * m.sigma_background));
  });
  EXPECT_EQ(measured.size(), 8U);
  for (const auto& [name, values] : measured) {
    double mean = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    // Each frame carries the rounding of the frames before, so only the last one's is left.
    EXPECT_NEAR(mean, requested[name], bound[name] / static_cast<double>(values.size()) + 1e-6) << name;
  }
}

TEST_F(GenerateTest, TargetsHaveTheContrastAskedForInContrastMode) {
  options.backgrounds.procedural.bit_depth = 14;
  options.scr.mode = ScrMode::kContrast;
  options.scr.contrast_counts = {400, 800};
  options.pairs = true;
  const GenerateReport report = Make("set");
  EXPECT_FALSE(report.plan.scr);  // none was asked for
  const SampleStoreReader reader(folder.path() / "set");
  int compared = 0;
  ForEachFrame(reader, [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
    const Annotation& target = frame.annotation.targets.at(0);
    EXPECT_EQ(target.scr_requested, 0);
    EXPECT_EQ(target.FindFlag("quantised"), nullptr);
    if (target.FindFlag("clipped") != nullptr) return;
    // Sum of I - B = a (b0 - S) + g m; the templates' m and a have the same sum, so what is left is the scene's share.
    double light = 0, cells = 0;
    for (std::size_t i = 0; i < frame.coverage.size(); ++i) {
      light += static_cast<double>(frame.frame.pixels.data()[i]) - static_cast<double>(frame.background->data()[i]);
      cells += frame.coverage.data()[i] / 65535.0;
    }
    const auto json = nlohmann::json::parse(sequence.scenario_json).at("targets").at(0);
    const double asked = json.at("contrast_counts_requested").get<double>() * json.at("polarity").get<double>();
    EXPECT_GE(std::abs(asked), 400);
    EXPECT_LE(std::abs(asked), 800);
    // b0 is the sequence's mean scene, so the frame's own differs by what the path has crossed.
    EXPECT_NEAR(light / cells, asked, 0.1 * std::abs(asked) + 3 * target.sigma_b) << sequence.name;
    ++compared;
  });
  EXPECT_GE(compared, 20);
}

TEST_F(GenerateTest, TargetsOfAGivenContrastSaturateWhereTheDisplayDoes) {
  options.scr.mode = ScrMode::kContrast;
  options.scr.contrast_counts = {300, 600};
  options.camera.saturation_counts = 150;
  options.camera.count_limits = CountLimitRule::kFormat;
  options.target.hot_share = 1;
  options.target.area_px = {9, 40};
  options.pairs = true;
  Make("set");
  int saturated = 0, frames = 0;
  ForEachFrame(SampleStoreReader(folder.path() / "set"), [&](const ManifestSequence&, const LabelledFrame& frame) {
    const float limit = std::max(150.0F, *std::max_element(frame.background->begin(), frame.background->end()));
    const float brightest = *std::max_element(frame.frame.pixels.begin(), frame.frame.pixels.end());
    EXPECT_LE(brightest, limit);
    EXPECT_NE(frame.annotation.targets.at(0).FindFlag("clipped"), nullptr);
    saturated += brightest >= 150;
    ++frames;
  });
  EXPECT_EQ(saturated, frames);
}

TEST_F(GenerateTest, EveryFrameHasTheScrAskedForInPerFrameMode) {
  options.scr.mode = ScrMode::kPerFrame;
  options.scr.range = {1, 5};
  Make("set");
  int frames = 0;
  ForEachFrame(SampleStoreReader(folder.path() / "set"), [&](const ManifestSequence&, const LabelledFrame& frame) {
    const Annotation& target = frame.annotation.targets.at(0);
    if (target.FindFlag("clipped") != nullptr) return;
    const double bound = 1 / (2.0 * target.area_px * target.sigma_b);
    EXPECT_LE(std::abs(target.scr.at("box20") - target.scr_requested), bound + 1e-9);
    EXPECT_EQ(target.FindFlag("quantised") != nullptr, bound > 0.02 * target.scr_requested);
    EXPECT_EQ(target.polarity * target.scr_delta < 0.5 * target.scr_requested, target.FindFlag("weak") != nullptr);
    ++frames;
  });
  EXPECT_GE(frames, 38);
}

TEST_F(GenerateTest, EveryDefinitionCanBeTheControlledOne) {
  for (const std::string id : {"guard2_8", "bbox10", "global", "peak"}) {
    options.scr.id = id;
    options.scr.range =
        id == "global" ? SamplingLaw(0.3, 1.0) : SamplingLaw(1.0, 4.0);  // a whole frame's sigma is large
    Make(id);
    std::map<std::string, double> sum, frames, requested, worst;
    ForEachFrame(SampleStoreReader(folder.path() / id), [&](const ManifestSequence& sequence,
                                                            const LabelledFrame& frame) {
      const Annotation& target = frame.annotation.targets.at(0);
      EXPECT_EQ(target.scr_id, id);
      const ScrRule rule = ScrRule::Named(id, Box20Rule::ForBitDepth(sequence.bit_depth), target.polarity);
      const ScrMeasurement m = MeasureScr({frame.frame.pixels, frame.mask, frame.mask}, rule);
      EXPECT_DOUBLE_EQ(m.scr, target.scr.at(id));
      EXPECT_EQ(target.scr.count("box20"), 1U);
      EXPECT_GT(target.dprime.value(), 0);
      sum[sequence.name] += m.scr;
      frames[sequence.name] += 1;
      requested[sequence.name] = target.scr_requested;
      const double counts = id == "peak" ? 0.5 + 0.5 : 0.5 / m.target_px;  // peak: the pixel's and the leak's rounding
      worst[sequence.name] = std::max(worst[sequence.name], counts / m.sigma_background);
    });
    for (const auto& [name, total] : sum) {
      // Rounding carries over from frame to frame for means; for the peak every frame may be off by its own bound.
      const double bound = id == "peak" ? worst[name] : worst[name] / frames[name];
      EXPECT_NEAR(total / frames[name], requested[name], bound + 1e-6) << id << " " << name;
    }
  }
}

TEST_F(GenerateTest, RadiometricModeStartsAtTheScrAskedForAndKeepsTheGain) {
  options.scr.mode = ScrMode::kRadiometric;
  options.scr.range = {2, 5};
  options.target.area_px = {20, 40};
  options.track.range_ratio = 2;
  options.scene.atmosphere = Atmosphere::ProfileNames().front();
  Make("set");
  std::map<std::string, std::vector<Annotation>> targets;
  ForEachFrame(SampleStoreReader(folder.path() / "set"),
               [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
                 targets[sequence.name].push_back(frame.annotation.targets.at(0));
               });
  for (const auto& [name, path] : targets) {
    const Annotation &first = path.front(), &last = path.back();
    EXPECT_NEAR(first.scr_float.at("box20"), first.scr_requested, 1e-8 * first.scr_requested) << name;
    for (const Annotation& target : path) EXPECT_EQ(target.gain, first.gain) << name;
    // Twice as far away: a quarter of the area, give or take the rim of a mask of 5 to 10 px.
    EXPECT_NEAR(last.range_m, 2 * first.range_m, 1e-9 * first.range_m) << name;
    EXPECT_LT(last.area_px, 0.5 * first.area_px) << name;
  }
}

TEST_F(GenerateTest, OutsideTheTargetEveryPixelIsTheBackgrounds) {
  const std::string names[] = {"a", "b", "c"};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto source = OpenProceduralSource(options.backgrounds.procedural,
                                             {.seed = 9, .sequence = i, .purpose = Purpose::kProceduralScene});
    CreateFolder(folder.path() / "bg" / names[i]);
    for (const Frame& frame : source->Read(0, 14)) {
      WriteFileAtomically(folder.path() / "bg" / names[i] / frame.name, EncodePng(CountsOf(frame), 8));
    }
  }
  options.backgrounds.paths = {(folder.path() / "bg").string()};
  Make("set");
  std::int64_t changed = 0;
  ForEachFrame(SampleStoreReader(folder.path() / "set"),
               [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
                 const fs::path source = folder.path() / "bg" / sequence.background.source;
                 const auto files = ListFiles(source);
                 const auto index = static_cast<std::size_t>(sequence.background.first_frame + frame.frame.index);
                 const Frame background = ReadFrame(files.at(index));
                 const Image<float>& pixels = frame.frame.pixels;
                 for (int y = 0; y < pixels.height(); ++y) {
                   for (int x = 0; x < pixels.width(); ++x) {
                     if (pixels(y, x) == background.pixels(y, x)) continue;
                     ++changed;
                     // The support is a little larger than the 16-bit coverage: contrast has tails of its own, within
                     // its box.
                     bool near = false;
                     for (int dy = -3; dy <= 3 && !near; ++dy) {
                       for (int dx = -3; dx <= 3 && !near; ++dx) {
                         near = frame.coverage.box().Contains(x + dx, y + dy) && frame.coverage(y + dy, x + dx) > 0;
                       }
                     }
                     EXPECT_TRUE(near) << sequence.name << " " << frame.frame.index << " (" << x << ", " << y << ")";
                   }
                 }
               });
  EXPECT_GT(changed, 0);
}

TEST_F(GenerateTest, MaskIsHalfOfTheLargestCoverage) {
  Make("set");
  ForEachFrame(SampleStoreReader(folder.path() / "set"), [](const ManifestSequence&, const LabelledFrame& frame) {
    const int peak = *std::max_element(frame.coverage.begin(), frame.coverage.end());
    ASSERT_GT(peak, 0);
    for (std::size_t i = 0; i < frame.mask.size(); ++i) {
      EXPECT_EQ(frame.mask.data()[i] > 127, 2 * frame.coverage.data()[i] >= peak);
    }
  });
}

TEST_F(GenerateTest, NoBackgroundSourceLiesInTwoSplits) {
  options.sequences = 12;
  Make("set");
  std::map<std::string, std::set<std::string>> splits;
  std::set<std::string> used;
  const SampleStoreReader reader(folder.path() / "set");
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    splits[sequence.background.source].insert(sequence.split);
    used.insert(sequence.split);
  }
  for (const auto& [source, names] : splits) {
    EXPECT_EQ(names.size(), 1U) << source;
  }
  EXPECT_EQ(used.size(), 3U);
}

TEST_F(GenerateTest, KeepsAwayFromRealTargetsAndIgnoresThem) {
  MIRST_REQUIRE_PATH(test::DataFolder() / "backgrounds");
  const fs::path source = test::DataFolder() / "backgrounds" / "hdd-sea-horizon";
  options.backgrounds.paths = {source.string()};
  options.sequences = 6;
  options.frames = {20, 20};
  Make("set");
  const auto known = OpenFolderSource(source)->known_targets();
  int with_real = 0;
  ForEachFrame(SampleStoreReader(folder.path() / "set"),
               [&](const ManifestSequence& sequence, const LabelledFrame& frame) {
                 Mask expected(frame.mask.height(), frame.mask.width(), 0);
                 for (const KnownTarget& real : known) {
                   if (real.frame != sequence.background.first_frame + frame.frame.index) continue;
                   for (int y = real.box.y; y < real.box.bottom(); ++y) {
                     for (int x = real.box.x; x < real.box.right(); ++x) expected(y, x) = 255;
                   }
                   EXPECT_TRUE(Intersect(Grow(BoundingBox(frame.mask), options.avoid_margin_px), real.box).empty());
                 }
                 ASSERT_EQ(frame.ignore.has_value(), CountPixels(expected) > 0);
                 if (frame.ignore) {
                   EXPECT_EQ(*frame.ignore, expected);
                   ++with_real;
                 }
               });
  EXPECT_GT(with_real, 60);
}

TEST_F(GenerateTest, SixteenBitCountsStaySixteenBits) {
  options.backgrounds.procedural.bit_depth = 14;
  Make("set");
  ForEachFrame(SampleStoreReader(folder.path() / "set"),
               [](const ManifestSequence& sequence, const LabelledFrame& frame) {
                 EXPECT_EQ(sequence.bit_depth, 16);
                 EXPECT_EQ(frame.frame.bit_depth, 16);
                 EXPECT_GT(*std::max_element(frame.frame.pixels.begin(), frame.frame.pixels.end()), 300);
               });
}

TEST_F(GenerateTest, AnImpossibleScrIsRefusedWithTheLargestPossibleOneAndNothingIsWritten) {
  options.scr.range = {95, 95};
  options.scr.placements = 6;
  const std::string message = test::ErrorText(ErrorCode::kBadInput, [&] { Make("set"); });
  EXPECT_NE(message.find("SCR 95 cannot be reached"), std::string::npos) << message;
  EXPECT_NE(message.find("largest possible was"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path() / "set"));
}

TEST_F(GenerateTest, AnImpossibleScrIsLoweredAndFlaggedOnRequest) {
  options.scr.range = {95, 95};
  options.scr.placements = 6;
  options.scr.on_infeasible = OnInfeasible::kLower;
  EXPECT_EQ(Make("set").lowered, 4);
  ForEachFrame(SampleStoreReader(folder.path() / "set"), [](const ManifestSequence&, const LabelledFrame& frame) {
    const Annotation& target = frame.annotation.targets.at(0);
    ASSERT_NE(target.FindFlag("lowered"), nullptr);
    EXPECT_EQ(target.FindFlag("lowered")->value, 95);
    EXPECT_LT(target.scr_requested, 95);
  });
}

TEST_F(GenerateTest, UnfitBackgroundsAreRefusedWithTheReason) {
  options.frames = {15, 20};
  const std::string shorter = test::ErrorText(ErrorCode::kBadInput, [&] { Make("set"); });
  EXPECT_NE(shorter.find("has 14 frames, at least 15 are needed"), std::string::npos) << shorter;
  options.frames = {10, 12};
  options.target.area_px = {1, 4000};
  options.backgrounds.procedural.height = 96;
  const std::string smaller = test::ErrorText(ErrorCode::kBadInput, [&] { Make("set"); });
  EXPECT_NE(smaller.find("smaller than the largest template"), std::string::npos) << smaller;
  EXPECT_FALSE(fs::exists(folder.path() / "set"));
}

TEST_F(GenerateTest, TheManifestHoldsTheResolvedOptions) {
  options.seed = 77;
  Make("set");
  const Manifest manifest = SampleStoreReader(folder.path() / "set").manifest();
  EXPECT_EQ(manifest.seed, 77U);
  const auto config = nlohmann::json::parse(manifest.config_json);
  EXPECT_EQ(config.at("scr").at("mode"), "sequence_mean");
  EXPECT_EQ(config.at("scr").at("id"), "box20");
  EXPECT_EQ(config.at("scr").at("range"), nlohmann::json({0.5, 8}));
  EXPECT_EQ(ReadOptions<GenerateOptions>(ConfigTree::FromText(manifest.config_json)).frames.second, 12);
}

}  // namespace
}  // namespace mirst
