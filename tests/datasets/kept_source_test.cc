#include "datasets/kept_source.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;

class KeptSourceTest : public testing::Test {
 protected:
  static constexpr int kFrames = 6, kFrameBytes = 2 * 10 * 12;

  KeptSourceTest() {
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      test::WriteBytes(folder_.path() / ("00" + std::to_string(i) + ".png"),
                       EncodePng(test::NoiseImage(10, 12, 16, i), 16));
    }
    plain_ = OpenFolderSource(folder_.path())->Read(0, kFrames);
  }
  std::unique_ptr<SequenceSource> Kept(int frames) {
    budget_ = std::make_shared<FrameBudget>(frames * kFrameBytes + kFrameBytes / 2);
    return KeepFrames(OpenFolderSource(folder_.path()), budget_);
  }

  TemporaryFolder folder_;
  std::vector<Frame> plain_;
  std::shared_ptr<FrameBudget> budget_;
};

TEST_F(KeptSourceTest, ReadsAsTheSourceDoesHoweverMuchItKeeps) {
  for (const int kept : {0, 1, 3, kFrames}) {
    const auto source = Kept(kept);
    EXPECT_EQ(source->info().sha256, OpenFolderSource(folder_.path())->info().sha256);
    for (const auto& [first, count] : {std::pair(2, 2), {0, 6}, {1, 4}, {5, 1}, {0, 6}}) {
      const std::vector<Frame> expected(plain_.begin() + first, plain_.begin() + first + count);
      EXPECT_EQ(source->Read(first, count), expected) << kept << " kept, from " << first;
    }
  }
}

TEST_F(KeptSourceTest, WhatIsKeptIsNotReadAgainAndTheRestIs) {
  const auto source = Kept(3);
  source->Read(0, kFrames);
  EXPECT_EQ(budget_->load(), kFrameBytes / 2);
  for (int i = 0; i < kFrames; ++i) fs::remove(folder_.path() / ("00" + std::to_string(i) + ".png"));
  EXPECT_EQ(source->Read(0, 3), std::vector<Frame>(plain_.begin(), plain_.begin() + 3));
  EXPECT_NE(test::ErrorText(ErrorCode::kBadInput, [&] { source->Read(3, 1); }), "");
}

TEST_F(KeptSourceTest, ThreadsThatReadTheSameFramesKeepEachOnce) {
  const auto source = Kept(kFrames);
  const ThreadLimit threads(4);
  ParallelFor(32, [&](std::size_t) { EXPECT_EQ(source->Read(0, kFrames), plain_); });
  EXPECT_EQ(budget_->load(), kFrameBytes / 2);
}

}  // namespace
}  // namespace mirst
