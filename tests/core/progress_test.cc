#include "core/progress.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/parallel.h"

namespace mirst {
namespace {

/// Standard error of a job of `total` frames, of which `done` are done; the test's standard error is no terminal.
std::string ErrorOf(ProgressStyle style, const std::string& label, int done, int total) {
  SetProgressStyle(style);
  testing::internal::CaptureStderr();
  {
    Progress progress(label, total, "frames");
    for (int i = 0; i < done; ++i) progress.Advance();
  }
  SetProgressStyle(ProgressStyle::kAutomatic);
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, JsonLinesHoldTheLastState) {
  const std::string text = ErrorOf(ProgressStyle::kJson, "fusing \"été\\1\"\n", 7, 10);
  std::istringstream lines(text);
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) last = nlohmann::json::parse(line);
  EXPECT_EQ(last.at("event"), "progress");
  EXPECT_EQ(last.at("label"), "fusing \"été\\1\"\n");
  EXPECT_EQ(last.at("done"), 7);
  EXPECT_EQ(last.at("total"), 10);
  EXPECT_EQ(last.at("unit"), "frames");
  EXPECT_GT(last.at("rate"), 0);
  EXPECT_GE(last.at("eta_s"), 0);
}

TEST(Progress, ALabelThatIsNotUtf8StillGivesValidJson) {
  EXPECT_TRUE(nlohmann::json::accept(ErrorOf(ProgressStyle::kJson,
                                             "gr\xf6\xdf"
                                             "e",
                                             1, 1)));
}

TEST(Progress, QuietPrintsNothing) { EXPECT_EQ(ErrorOf(ProgressStyle::kQuiet, "fusing", 3, 3), ""); }

TEST(Progress, WithoutATerminalItPrintsPlainLines) {
  const std::string text = ErrorOf(ProgressStyle::kAutomatic, "fusing", 3, 3);
  EXPECT_TRUE(text.starts_with("fusing: 3/3 frames, ")) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Progress, CountsFromManyThreads) {
  SetProgressStyle(ProgressStyle::kJson);
  testing::internal::CaptureStderr();
  {
    Progress progress("count", 5000, "frames");
    ParallelFor(5000, [&](std::size_t) { progress.Advance(); });
  }
  SetProgressStyle(ProgressStyle::kAutomatic);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("\"done\":5000,"), std::string::npos);
}

}  // namespace
}  // namespace mirst
