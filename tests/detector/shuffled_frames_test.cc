// The control that shows a network its frames in another order.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "detector/map_source.h"
#include "tests/support/training_set.h"

namespace mirst {
namespace {

/// Its map of a frame is the frame; it remembers what it was shown.
class Mirror final : public SequenceDetector {
 public:
  explicit Mirror(std::vector<Image<float>>& shown) : shown_(shown) {}
  const SequenceDetectorInfo& info() const override { return info_; }
  void Begin() override {}
  Image<float> Next(ImageView<const float> frame) override {
    Image<float> map(frame.height(), frame.width());
    for (int y = 0; y < frame.height(); ++y) std::copy_n(frame.row(y), frame.width(), map.row(y));
    shown_.push_back(map);
    return map;
  }

 private:
  SequenceDetectorInfo info_;
  std::vector<Image<float>>& shown_;
};

TEST(ShuffledFrames, EveryMapComesBackToItsFrameAndEachSeedShowsAnotherOrder) {
  const TemporaryFolder folder;
  test::WriteTrainingSet(folder.path(), {{.name = "a", .frames = 12}, {.name = "b", .frames = 12}});
  const TruthSet truth = OpenTruth(folder.path(), "");
  ASSERT_EQ(truth.sequences.size(), 2U);
  const auto run = [&](std::optional<std::uint64_t> seed, std::vector<Image<float>>& shown) {
    const auto maps = MapsOf(std::make_unique<Mirror>(shown), seed);
    EXPECT_EQ(maps->Notes().size(), seed ? 1U : 0U);
    std::vector<Image<float>> found;
    for (const TruthSequence& sequence : truth.sequences) {
      const auto opened = maps->Open(sequence);
      for (const std::size_t first : {std::size_t{0}, std::size_t{5}}) {  // in two blocks, as an evaluation asks
        for (Image<float>& map : opened->Read(first, first == 0 ? 5 : 7)) found.push_back(std::move(map));
      }
    }
    return found;
  };
  std::vector<Image<float>> in_order, one, same, other;
  const std::vector<Image<float>> expected = run(std::nullopt, in_order);
  EXPECT_EQ(in_order, expected);
  EXPECT_EQ(run(1, one), expected);
  EXPECT_EQ(run(1, same), expected);
  EXPECT_EQ(run(2, other), expected);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, in_order);
  EXPECT_NE(one, other);
  EXPECT_TRUE(std::is_permutation(one.begin(), one.begin() + 12, in_order.begin()));
  const auto place_of = [&](const std::vector<Image<float>>& shown, std::size_t sequence) {
    std::vector<std::ptrdiff_t> places;
    for (std::size_t i = 0; i < 12; ++i) {
      places.push_back(std::find(in_order.begin(), in_order.end(), shown[12 * sequence + i]) - in_order.begin() -
                       static_cast<std::ptrdiff_t>(12 * sequence));
    }
    return places;
  };
  EXPECT_NE(place_of(one, 0), place_of(one, 1));  // each sequence has an order of its own
}

}  // namespace
}  // namespace mirst
