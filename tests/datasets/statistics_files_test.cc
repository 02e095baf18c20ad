#include "datasets/statistics_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "datasets/plot.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::ErrorText;

/// Sequences of 10 frames in one split each; sequence i holds 10 targets of area 3 i + 1 px and SCR i / 4.
DataSetStatistics MakeStatistics(int sequences, const std::string& mode = "per_frame") {
  DataSetStatistics statistics;
  statistics.dataset_id = "0123456789abcdef";
  statistics.scr_mode = mode;
  for (int i = 0; i < sequences; ++i) {
    ManifestSequence sequence;
    sequence.name = "s" + std::to_string(i);
    sequence.split = std::string(kSplitNames[static_cast<std::size_t>(i % 3)]);
    sequence.background.source = "source " + std::to_string(i);
    sequence.models = {{"builtin:quadrotor", ""}, {"a, b.obj", ""}};
    sequence.frames = 10;
    std::vector<TargetStatistics> targets;
    for (int frame = 0; frame < 10; ++frame) {
      TargetStatistics target;
      target.sequence = static_cast<std::size_t>(i);
      target.frame = "00000" + std::to_string(frame) + ".png";
      target.frame_index = frame;
      target.class_name = "say \"drone\"";
      target.area_px = 3 * i + 1;
      target.image_share = 0.001;
      target.scr_id = "box20";
      target.scr_requested = target.scr_measured = i / 4.0;
      target.scr_annotated = target.scr_measured;
      target.flags = {{"quantised", 0.5}, {"clipped", 0.25}};
      targets.push_back(target);
    }
    statistics.sequences.push_back(DescribeSequence(sequence, targets));
    statistics.targets.insert(statistics.targets.end(), targets.begin(), targets.end());
  }
  return statistics;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Sets an environment variable while it lives.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name), old_(std::getenv(name)) { ::setenv(name, value, 1); }
  ~Environment() { ::setenv(name_.c_str(), old_.c_str(), 1); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::string name_, old_;
};

TEST(StatisticsJson, GivesEveryShareWithItsCounts) {
  const auto json = nlohmann::json::parse(StatisticsJson(MakeStatistics(16)));
  const auto& all = json["all"];
  EXPECT_EQ(all["targets"], 160);
  EXPECT_EQ(all["scr"]["subsets"]["low"], (nlohmann::json{{"count", 12}, {"of", 16}, {"share", 0.75}}));
  EXPECT_EQ(all["flags"]["each"]["clipped"]["count"], 160);
  EXPECT_EQ(all["flags"]["any_but_quantised"]["share"], 1.0);
  // Areas 1, 4, 7, ..., 46 px in bins 1 | 2 | 3-4 | 5-9 | ...; the last bin has no end.
  EXPECT_EQ(all["size"]["area_histogram"][0]["count"], 10);
  EXPECT_EQ(all["size"]["area_histogram"][2],
            (nlohmann::json{{"from_px", 3}, {"to_px", 4}, {"count", 10}, {"of", 160}, {"share", 0.0625}}));
  EXPECT_TRUE(all["size"]["area_histogram"].back()["to_px"].is_null());
  EXPECT_EQ(json["splits"]["train"]["sequences"], 6);
  EXPECT_EQ(all["asked_against_measured"]["difference"]["count"],
            150);  // the first sequence asks for SCR 0: no request
}

TEST(StatisticsJson, OfASetWithoutTargetsHasCountsAndNoMeans) {
  DataSetStatistics statistics;
  ManifestSequence sequence;
  sequence.split = "train";
  sequence.frames = 5;
  statistics.sequences.push_back(DescribeSequence(sequence, {}));
  const auto json = nlohmann::json::parse(StatisticsJson(statistics));
  EXPECT_EQ(json["all"]["frames"], 5);
  EXPECT_EQ(json["all"]["size"]["area_px"], (nlohmann::json{{"count", 0}}));
  EXPECT_TRUE(json["all"]["polarity"]["hot"]["share"].is_null());
}

TEST(TargetsCsv, HasOneRowATargetAndAsManyCellsAsColumns) {
  const auto lines = Lines(TargetsCsv(MakeStatistics(5)));
  ASSERT_EQ(lines.size(), 51U);
  const auto commas = std::count(lines[0].begin(), lines[0].end(), ',');
  for (const std::string& line : lines) EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas) << line;
  EXPECT_NE(lines[11].find(R"("say ""drone""")"), std::string::npos);
  EXPECT_NE(lines[11].find("quantised=0.5;clipped=0.25"), std::string::npos);
}

TEST(TargetsCsv, ComparesAFrameWithItsRequestOnlyWhereTheFrameHasOne) {
  // Row of sequence 4: SCR asked, annotated, measured 1, difference 0, bound 0.02.
  EXPECT_NE(Lines(TargetsCsv(MakeStatistics(5)))[41].find(",1,1,1,0,0.02,"), std::string::npos);
  EXPECT_NE(Lines(TargetsCsv(MakeStatistics(5, "sequence_mean")))[41].find(",1,1,1,,,"), std::string::npos);
}

TEST(SequencesCsv, QuotesWhatHoldsAComma) {
  const auto lines = Lines(SequencesCsv(MakeStatistics(14)));
  ASSERT_EQ(lines.size(), 15U);
  EXPECT_EQ(lines[14], "s13,val,source 13,10,10,10,40,3.25,3.25,high,3.25,per_frame,\"builtin:quadrotor;a, b.obj\",,0,0");
}

TEST(DistributionPlotSources, NoBarBelongsToTwoClasses) {
  // 40 sequences of up to 118 px: bars of 3 px.
  const auto lines = Lines(DistributionPlotSources(MakeStatistics(40)).at("target_sizes.csv"));
  ASSERT_EQ(lines[0], "from_px,to_px,class,count,share_percent");
  EXPECT_EQ(lines[3], "7,9,point,10,2.5");
  EXPECT_EQ(lines[4], "10,12,spot,10,2.5");
  EXPECT_EQ(lines[27], "79,81,spot,10,2.5");
  EXPECT_EQ(lines[28], "82,84,extended,10,2.5");
  const auto scr = Lines(DistributionPlotSources(MakeStatistics(40)).at("mean_scr.csv"));
  EXPECT_EQ(scr[6], "2.5,3,low,2,5");
  EXPECT_EQ(scr[7], "3,3.5,high,2,5");
}

TEST(WriteStatistics, LeavesEveryFileAndNothingElse) {
  const TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path() / "with a blank" / "stats";
  const WrittenStatistics written = WriteStatistics(MakeStatistics(12), folder);
  EXPECT_EQ(written.plot_failure, std::nullopt);
  EXPECT_EQ(written.files.size(), PlotFileNames().size() + 4);
  EXPECT_EQ(ListFiles(folder).size(), PlotFileNames().size() + 4);
  EXPECT_FALSE(std::filesystem::exists(folder / ".partial"));
  EXPECT_EQ(ReadFile(folder / "overview.png").substr(1, 3), "PNG");
  EXPECT_NE(ReadFile(folder / "overview.svg").find("</svg>"), std::string::npos);
  for (const std::string picture : {"distributions", "target_sizes", "mean_scr"}) {
    EXPECT_EQ(ReadFile(folder / (picture + ".png")).substr(1, 3), "PNG");
    const std::string svg = ReadFile(folder / (picture + ".svg"));
    EXPECT_NE(svg.find("</svg>"), std::string::npos);
    EXPECT_NE(svg.find("median"), std::string::npos);
  }
}

TEST(WriteStatistics, WritesAllButThePicturesWithoutGnuplot) {
  const TemporaryFolder temporary;
  WriteStatistics(MakeStatistics(12), temporary.path());
  const Environment nothing_installed("PATH", temporary.path().c_str());
  const WrittenStatistics written = WriteStatistics(MakeStatistics(9), temporary.path());
  ASSERT_TRUE(written.plot_failure);
  EXPECT_NE(written.plot_failure->find("gnuplot-nox"), std::string::npos);
  EXPECT_EQ(written.files.size(), PlotFileNames().size() + 4 - 8);
  EXPECT_EQ(ListFiles(temporary.path()).size(),
            PlotFileNames().size() + 4 - 8);  // the older pictures show another set: they are gone
}

TEST(WriteStatistics, ReportsWhyGnuplotFailed) {
  const TemporaryFolder temporary;
  const std::filesystem::path fake = temporary.path() / "gnuplot";
  WriteFileAtomically(fake, "#!/bin/sh\necho 'unknown terminal type' >&2\nexit 1\n");
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  const Environment path("PATH", temporary.path().c_str());
  const WrittenStatistics written = WriteStatistics(MakeStatistics(9), temporary.path() / "stats");
  EXPECT_EQ(written.plot_failure, "no pictures: gnuplot failed: unknown terminal type");
}

TEST(WriteStatistics, DrawsNothingWithoutTargets) {
  const TemporaryFolder temporary;
  EXPECT_EQ(WriteStatistics(DataSetStatistics{}, temporary.path()).plot_failure,
            "no pictures: the data set shows no target");
}

TEST(WriteStatistics, OfEqualStatisticsGivesEqualBytes) {
  const TemporaryFolder a, b;
  WriteStatistics(MakeStatistics(12), a.path());
  WriteStatistics(MakeStatistics(12), b.path());
  for (const std::string name :
       {"stats.json", "targets.csv", "sequences.csv", "distributions.gp", "distributions.svg"}) {
    EXPECT_EQ(ReadFile(a.path() / name), ReadFile(b.path() / name)) << name;
  }
}

TEST(RequireNoStatistics, RefusesOlderStatisticsAndNothingElse) {
  const TemporaryFolder temporary;
  test::WriteBytes(temporary.path() / "notes.txt", "mine");
  RequireNoStatistics(temporary.path());
  RequireNoStatistics(temporary.path() / "absent");
  WriteStatistics(MakeStatistics(2), temporary.path());
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { RequireNoStatistics(temporary.path()); }).find("stats.json"),
            std::string::npos);
  EXPECT_EQ(ReadFile(temporary.path() / "notes.txt"), "mine");
}

}  // namespace
}  // namespace mirst
