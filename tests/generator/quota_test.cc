// Quotas on size x SCR: how cells are shared out, and that the written set holds them.
#include "generator/quota.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "generator/dry_run.h"
#include "generator/generate.h"
#include "generator/plan_report.h"

namespace mirst {
namespace {

TEST(LargestRemainder, GivesTheLargestRemaindersOneMore) {
  // 7 x {0.5, 0.3, 0.2} = {3.5, 2.1, 1.4}
  EXPECT_EQ(LargestRemainder(std::vector<double>{5, 3, 2}, 7), (std::vector<int>{4, 2, 1}));
  EXPECT_EQ(LargestRemainder(std::vector<double>{1, 1, 1}, 5), (std::vector<int>{2, 2, 1}));
  EXPECT_EQ(LargestRemainder(std::vector<double>{0, 1}, 3), (std::vector<int>{0, 3}));
}

class AssignCellsTest : public ::testing::Test {
 protected:
  AssignCellsTest() {
    options.quota.area_edges_px = {1, 4, 9, 25, 81};
    options.quota.scr_edges = {0.5, 1, 2, 3, 5, 8};
  }
  std::vector<SequenceRequest> Draw(int sequences, int sources) {
    options.sequences = sequences;
    auto requests = DrawRequests(options, 3);
    AssignCells(options, sources, requests);
    return requests;
  }
  GenerateOptions options;
};

TEST_F(AssignCellsTest, EveryCellGetsItsQuotaForAnyNumberOfSequencesAndSources) {
  for (const auto& [sequences, sources] : {std::pair(1, 1), {7, 3}, {20, 20}, {56, 14}, {141, 14}}) {
    std::map<std::pair<double, double>, int> found;
    for (const SequenceRequest& request : Draw(sequences, sources)) {
      const TargetRequest& target = request.targets.front();
      ASSERT_TRUE(target.cell);
      EXPECT_TRUE(target.cell->HoldsArea(target.area_px));
      EXPECT_TRUE(target.cell->HoldsScr(target.scr));
      ++found[{target.cell->area_px.first, target.cell->scr.first}];
    }
    const auto counts = QuotaCounts(options, sequences);
    for (std::size_t a = 0; a < counts.size(); ++a) {
      for (std::size_t s = 0; s < counts[a].size(); ++s) {
        EXPECT_EQ((found[{options.quota.area_edges_px[a], options.quota.scr_edges[s]}]), counts[a][s])
            << sequences << " sequences, cell " << a << ", " << s;
      }
    }
  }
}

TEST_F(AssignCellsTest, WithoutWeightsTheQuotasAreTheSharesOfTheLaws) {
  options.target.area_px = {1, 81};  // log-uniform: a half below 9
  options.scr.range = {0.5, 8};
  options.scr.low_share = 0.65;
  int low = 0, small = 0;
  const auto counts = QuotaCounts(options, 1000);
  for (std::size_t a = 0; a < counts.size(); ++a) {
    for (std::size_t s = 0; s < counts[a].size(); ++s) {
      if (s < 3) low += counts[a][s];
      if (a < 2) small += counts[a][s];
    }
  }
  // Largest remainders differ from the exact share by less than 1 in each of at most 12 cells.
  EXPECT_NEAR(low, 650, 12);
  EXPECT_NEAR(small, 500, 12);
}

TEST_F(AssignCellsTest, WeightsOfCellsAreTakenAsTheyAre) {
  options.quota.area_edges_px = {1, 9, 81};
  options.quota.scr_edges = {1, 3, 5};
  options.quota.weights = {{1, 0}, {2, 3}};
  EXPECT_EQ(QuotaCounts(options, 12), (std::vector<std::vector<int>>{{2, 0}, {4, 6}}));
}

TEST_F(AssignCellsTest, EverySourceSeesItsShareOfEachScrBin) {
  constexpr int kSources = 14;
  const auto requests = Draw(140, kSources);
  std::map<double, int> all;
  std::map<std::pair<double, int>, int> by_source;
  for (const SequenceRequest& request : requests) {
    const double bin = request.targets.front().cell->scr.first;
    ++all[bin];
    ++by_source[{bin, request.index % kSources}];
  }
  for (const auto& [bin, count] : all) {
    for (int source = 0; source < kSources; ++source) {
      // A bin of c targets fills at least c / 14 - 2 rounds wholly and touches at most c / 14 + 2; a source has one
      // target a round.
      EXPECT_NEAR((by_source[{bin, source}]), count / static_cast<double>(kSources), 2) << bin << ", " << source;
    }
  }
}

TEST_F(AssignCellsTest, SourceAndCellAreNearlyIndependent) {
  constexpr int kSources = 14;
  std::vector<std::string> sources;
  std::vector<int> areas, scrs;
  for (const SequenceRequest& request : Draw(140, kSources)) {
    sources.push_back(std::to_string(request.index % kSources));
    areas.push_back(static_cast<int>(request.targets.front().cell->area_px.first));
    scrs.push_back(static_cast<int>(2 * request.targets.front().cell->scr.first));
  }
  // Chance alone would give sqrt(13 * 4 / (140 * 4)) = 0.30.
  EXPECT_LT(Associate(sources, areas).cramers_v, 0.2);
  EXPECT_LT(Associate(sources, scrs).cramers_v, 0.2);
}

TEST_F(AssignCellsTest, SecondTargetsShareTheQuota) {
  options.target.count = {1, 3};
  const auto requests = Draw(30, 5);
  std::size_t targets = 0;
  for (const SequenceRequest& request : requests) {
    for (const TargetRequest& target : request.targets) targets += target.cell ? 1U : 0U;
  }
  EXPECT_EQ(targets, 60U);  // 1, 2 and 3 in ten sequences each
}

TEST_F(AssignCellsTest, WithoutAQuotaNothingChanges) {
  options.quota = {};
  const auto requests = Draw(20, 4);
  EXPECT_TRUE(requests == DrawRequests(options, 3));
}

class QuotaRunTest : public ::testing::Test {
 protected:
  QuotaRunTest() {
    SetProgressStyle(ProgressStyle::kQuiet);
    options.sequences = 8;
    options.frames = {6, 8};
    options.target.area_px = {4, 40};
    options.scr.range = {1, 5};
    options.scr.low_share = 0.5;
    options.backgrounds.procedural_sources = 4;
    options.backgrounds.procedural.width = 160;
    options.backgrounds.procedural.height = 120;
    options.backgrounds.procedural.frame_count = 10;
    options.quota.area_edges_px = {4, 12, 40};
    options.quota.scr_edges = {1, 3, 5};
  }
  GenerateReport Make(const std::string& name) { return Generate(options, folder.path() / name, Existing::kRefuse); }

  TemporaryFolder folder;
  GenerateOptions options;
};

TEST_F(QuotaRunTest, TheWrittenLabelsFillEveryCellExactly) {
  const GenerateReport report = Make("set");
  const SampleStoreReader reader(folder.path() / "set");
  std::map<std::pair<bool, bool>, int> cells;  // (large, bright)
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    double area = 0, scr = 0;
    const auto frames = reader.ReadAnnotations(sequence);
    for (const FrameAnnotation& frame : frames) {
      area += frame.targets.front().area_px / static_cast<double>(frames.size());
      scr += frame.targets.front().scr.at("box20") / static_cast<double>(frames.size());
    }
    EXPECT_TRUE(area >= 4 && area < 40) << area;
    EXPECT_TRUE(scr >= 1 && scr < 5) << scr;
    ++cells[{area >= 12, scr >= 3}];
  }
  const auto counts = QuotaCounts(options, options.sequences);
  EXPECT_EQ((cells[{false, false}]), counts[0][0]);
  EXPECT_EQ((cells[{false, true}]), counts[0][1]);
  EXPECT_EQ((cells[{true, false}]), counts[1][0]);
  EXPECT_EQ((cells[{true, true}]), counts[1][1]);
  ASSERT_TRUE(report.plan.quota);
  EXPECT_EQ(report.plan.quota->realised, counts);
  EXPECT_EQ(report.plan.quota->Shortfall(), 0);
}

TEST_F(QuotaRunTest, TheSameSetForAnyNumberOfThreads) {
  options.sequences = 4;
  std::string one, several;
  {
    const ThreadLimit limit(1);
    one = Make("one").dataset_id;
  }
  {
    const ThreadLimit limit(4);
    several = Make("several").dataset_id;
  }
  EXPECT_EQ(one, several);
  EXPECT_EQ(ReadFile(folder.path() / "one" / "plan.json"), ReadFile(folder.path() / "several" / "plan.json"));
}

TEST_F(QuotaRunTest, ADryRunSaysWhatTheRealOneFinds) {
  const DryRunReport dry = DryRun(options);
  const GenerateReport real = Make("set");
  EXPECT_EQ(ToJson(dry.plan), ToJson(real.plan));
  EXPECT_EQ(ToJson(real.plan) + "\n", ReadFile(folder.path() / "set" / "plan.json"));
  EXPECT_EQ(dry.frames, real.frames);
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "set")) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  // Frames of one size and kind of scene; manifest and lists are not in the estimate.
  EXPECT_NEAR(dry.bytes, bytes, 0.3 * bytes);
}

TEST_F(QuotaRunTest, ACellThatCannotBeFilledIsReportedAsShortfall) {
  // A mask of less than 1.05 px on average would need the target on a pixel's centre in nearly every frame.
  options.sequences = 2;
  options.scr.placements = 4;
  options.scr.on_infeasible = OnInfeasible::kLower;
  options.target.area_px = {1, 40};
  options.quota.area_edges_px = {1, 1.05};
  options.quota.scr_edges = {1, 5};
  options.quota.corrections = 1;
  const DryRunReport dry = DryRun(options);
  ASSERT_TRUE(dry.plan.quota);
  EXPECT_TRUE(dry.plan.refused.empty());
  EXPECT_EQ(dry.plan.quota->Shortfall(), 2);
  EXPECT_EQ(dry.plan.quota->outside, 2);
}

TEST_F(QuotaRunTest, ADryRunNamesTheSequencesThatCannotBeMade) {
  options.quota = {};
  options.sequences = 4;
  options.scr.range = SamplingLaw::List({1.5, 1.5, 1.5, 95});
  options.scr.placements = 4;
  const DryRunReport dry = DryRun(options);
  EXPECT_EQ(dry.plan.sequences, 3);
  ASSERT_EQ(dry.plan.refused.size(), 1U);
  EXPECT_NE(dry.plan.refused.front().find("SCR 95 cannot be reached"), std::string::npos) << dry.plan.refused.front();
}

}  // namespace
}  // namespace mirst
