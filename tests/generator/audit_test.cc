// The audit passes what generate writes and catches what was tampered with.
#include "generator/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "datasets/frame_io.h"
#include "generator/generate.h"
#include "generator/patch_forest.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    SetProgressStyle(ProgressStyle::kQuiet);
    options.sequences = 6;
    options.frames = {10, 10};
    options.target.area_px = {9, 40};
    options.scr.range = {1, 4};
    options.scr.placements = 40;
    options.scr.on_infeasible = OnInfeasible::kLower;
    options.backgrounds.procedural_sources = 3;
    options.backgrounds.procedural.width = 128;
    options.backgrounds.procedural.height = 96;
    options.backgrounds.procedural.frame_count = 12;
  }
  fs::path Make(const std::string& name) {
    Generate(options, folder.path() / name, Existing::kRefuse);
    return folder.path() / name;
  }
  AuditCheck Check(const fs::path& path, char id, const AuditOptions& audit = {}) const {
    for (const AuditCheck& check : Audit(SampleStoreReader(path), audit).checks) {
      if (check.id == id) return check;
    }
    throw InternalError("no such check");
  }
  // Changes the pixels of a written set behind its back: visit(image, coverage).
  template <class Change>
  void Tamper(const fs::path& path, const Change& change) const {
    const SampleStoreReader reader(path);
    for (const ManifestSequence& sequence : reader.manifest().sequences) {
      const auto annotations = reader.ReadAnnotations(sequence);
      for (const FrameAnnotation& annotation : annotations) {
        LabelledFrame frame = reader.ReadLabelledFrame(sequence, annotation);
        change(frame);
        WriteFileAtomically(path / "image" / sequence.name / annotation.frame,
                            EncodePng(CountsOf(frame.frame), frame.frame.bit_depth));
      }
    }
  }
  static double Value(const AuditCheck& check, const std::string& name) {
    for (const auto& [key, value] : check.numbers) {
      if (key == name) return value;
    }
    ADD_FAILURE() << "no number " << name;
    return 0;
  }

  TemporaryFolder folder;
  GenerateOptions options;
};

TEST_F(AuditTest, WhatGenerateWritesPasses) {
  const AuditReport report = Audit(SampleStoreReader(Make("set")), {});
  for (const AuditCheck& check : report.checks) {
    const bool needs_real = check.id == 'c' || check.id == 'f' || check.id == 'h';
    EXPECT_EQ(ToString(check.verdict), needs_real ? "skipped" : "pass") << check.id << " " << check.note;
  }
  EXPECT_FALSE(report.failed());
}

TEST_F(AuditTest, OneChangedPixelOutsideFailsA) {
  const fs::path path = Make("set");
  int changed = 0;
  Tamper(path, [&](LabelledFrame& frame) {
    if (changed++ == 0) frame.frame.pixels(0, 0) += 1;
  });
  const AuditCheck check = Check(path, 'a');
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_EQ(Value(check, "differing"), 1);
  EXPECT_EQ(Value(check, "largest_counts"), 1);
}

TEST_F(AuditTest, SmoothedTargetsFailE) {
  const fs::path path = Make("set");
  // The target's pixels become the mean of their 3 x 3 neighbours: a third of the noise is left.
  Tamper(path, [](LabelledFrame& frame) {
    const Image<float> old = frame.frame.pixels;
    for (int y = 1; y + 1 < old.height(); ++y) {
      for (int x = 1; x + 1 < old.width(); ++x) {
        if (frame.coverage(y, x) == 0) continue;
        float sum = 0;
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx) sum += old(y + dy, x + dx);
        }
        frame.frame.pixels(y, x) = std::floor(sum / 9 + 0.5F);
      }
    }
  });
  EXPECT_EQ(Check(path, 'e').verdict, Verdict::kFail);
}

TEST_F(AuditTest, PatchesAreWrittenARowEach) {
  options.camera.halo_share = 0.2;
  AuditOptions audit;
  audit.patches = true;
  std::istringstream table(Audit(SampleStoreReader(Make("set")), audit).patches);
  std::string header, row;
  std::getline(table, header);
  EXPECT_TRUE(header.starts_with("kind,group,area_px,polarity,scr,")) << header;
  int embedded = 0;
  while (std::getline(table, row)) {
    EXPECT_EQ(std::count(row.begin(), row.end(), ','), std::count(header.begin(), header.end(), ',')) << row;
    embedded += row.starts_with("embedded,");
  }
  EXPECT_GT(embedded, 10);  // of 60; SCRs from 1 on are not all segmented
}

TEST_F(AuditTest, TemplatesWithoutOpticsFailD) {
  options.camera.psf_sigma_px = 0;
  EXPECT_EQ(Check(Make("set"), 'd').verdict, Verdict::kFail);
}

TEST_F(AuditTest, BrightnessThatFollowsTheClutterFailsG) {
  options.sequences = 10;
  options.frames = {12, 12};
  options.scr.range = {1, 2.5};
  options.track.speed_px_per_frame = {2, 4};
  EXPECT_EQ(Check(Make("constant"), 'g').verdict, Verdict::kPass);
  options.scr.mode = ScrMode::kPerFrame;
  const AuditCheck check = Check(Make("per frame"), 'g');
  EXPECT_EQ(check.verdict, Verdict::kFail) << Value(check, "correlation_sigma_b");
}

TEST_F(AuditTest, RealTargetsWithoutBoxesAreRefused) {
  const fs::path path = Make("set");
  AuditOptions audit;
  audit.real = path / "image";
  EXPECT_THROW(Audit(SampleStoreReader(path), audit), Error);
}

TEST(HeldOutScores, TellSeparableCasesAndNotRandomOnes) {
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  std::vector<PatchCase> cases(200);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    cases[i].positive = i % 2 == 0;
    cases[i].fold = static_cast<int>(i / 2 % 5);
    for (float& value : cases[i].features) value = static_cast<float>(random.Normal());
    cases[i].features[7] += cases[i].positive ? 3.0F : 0.0F;
  }
  const auto right = [&](const std::vector<double>& scores) {
    int count = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) count += (scores[i] > 0.5) == cases[i].positive;
    return count;
  };
  EXPECT_GT(right(HeldOutScores(cases, 5)), 180);  // 3 sigma apart: 93 % of a single feature's best rule
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i].features[7] = static_cast<float>(random.Normal());
  EXPECT_LT(right(HeldOutScores(cases, 5)), 130);  // chance: 100 +- 7, and the forest's memory is not asked
  EXPECT_EQ(HeldOutScores(cases, 5), HeldOutScores(cases, 5));
}

TEST_F(AuditTest, DisplayedFramesHoldTheScrAndBothDomainsAreKept) {
  options.backgrounds.procedural.bit_depth = 14;
  options.sensor.enabled = true;
  options.sensor.netd_mk = 60;
  options.sensor.agc = GainControl::kPlateau;
  options.sensor.image = WrittenImage::kDisplayed;
  int held = 0;
  const SampleStoreReader reader(Make("set"));
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    EXPECT_EQ(sequence.bit_depth, 8);
    double mean = 0, requested = 0;
    const auto annotations = reader.ReadAnnotations(sequence);
    for (const FrameAnnotation& annotation : annotations) {
      const LabelledFrame frame = reader.ReadLabelledFrame(sequence, annotation);
      ASSERT_TRUE(frame.linear);
      EXPECT_EQ(frame.linear->bit_depth, 16);
      const Annotation& target = annotation.targets.at(0);
      EXPECT_TRUE(target.scr.contains("box20_linear"));
      mean += target.scr.at("box20") / sequence.frames;
      requested = target.scr_requested;
    }
    EXPECT_NEAR(mean, requested, 0.05 * requested);  // more is refused or lowered
    held += annotations[0].targets.at(0).FindFlag("lowered") == nullptr;
  }
  EXPECT_GE(held, 3);  // of 6: a plateau's curve ends at the background's brightest count, which limits hot targets
  EXPECT_EQ(Check(folder.path() / "set", 'a').verdict, Verdict::kSkipped);
}

TEST_F(AuditTest, EncodedDisplayedFramesKeepTheScrOfBothFormerStages) {
  options.backgrounds.procedural.bit_depth = 14;
  options.sequences = 2;
  options.sensor.enabled = true;
  options.sensor.agc = GainControl::kPercentile;
  options.sensor.image = WrittenImage::kDisplayed;
  options.scr.on_infeasible = OnInfeasible::kLower;
  options.codec.enabled = true;
  options.pairs = true;
  const SampleStoreReader reader(Make("set"));
  for (const FrameAnnotation& annotation : reader.ReadAnnotations(reader.manifest().sequences[0])) {
    const Annotation& target = annotation.targets.at(0);
    EXPECT_TRUE(target.scr.contains("box20_linear"));
    EXPECT_TRUE(target.scr.contains("box20_before_codec"));
  }
  for (const char id : {'a', 'e', 'g'})  // the codec changes pixels beside the targets, too
    EXPECT_EQ(Check(folder.path() / "set", id).verdict, Verdict::kSkipped) << id;
}

}  // namespace
}  // namespace mirst
