// The table of docs/embedding.md in small: what it claims of ten thousand embeddings over real backgrounds, on five
// hundred.
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/embedding_cases.h"
#include "bench/embedding_variants.h"
#include "tests/support/data_folder.h"

namespace mirst::bench {
namespace {

RandomKey KeyOf(std::uint32_t number) { return {.seed = 7, .sequence = number, .purpose = Purpose::kPlacement}; }

TEST(EmbeddingTable, EveryWrittenScrLiesWithinItsBoundOverRealBackgrounds) {
  const std::filesystem::path folder = test::DataFolder() / "backgrounds";
  MIRST_REQUIRE_PATH(folder);
  const std::vector<Clip> clips = ReadClips(folder, 2, 3);
  const std::vector<PooledTemplate> pool = RenderPool({1, 4, 9, 20, 42, 72});
  int written = 0, deep = 0, cold = 0, plain_outside = 0, without_leak_outside = 0;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const Embedding e = DrawEmbedding(clips, pool, KeyOf(i));
    if (!e.written) continue;
    ++written;
    deep += e.request.rule.zeros_are_background ? 1 : 0;
    cold += e.request.polarity < 0 ? 1 : 0;
    EXPECT_TRUE(e.within_bound()) << "embedding " << i << " on " << e.clip->background << ": SCR " << e.request.scr
                                  << " missed by " << e.error() << " with " << e.mask_px() << " px";
    RandomStream noise(KeyOf(i).For(Purpose::kTemporalNoise));
    const auto outside = [&](Variant variant) {
      const auto pair = Write(variant, e, noise);
      const double error = e.request.polarity * pair->measured.signed_scr() - e.request.scr;
      const double bound = 1 / (2.0 * pair->measured.target_px * pair->measured.sigma_background);
      return std::abs(error) > std::max(0.02 * e.request.scr, bound) + 1e-9 ? 1 : 0;
    };
    plain_outside += outside(Variant::kPlainRounding);
    without_leak_outside += outside(Variant::kNoLeakTerm);
  }
  EXPECT_GT(written, 450);
  EXPECT_GT(deep, 25);
  EXPECT_GT(cold, 150);
  // What the two parts are there for: without them one in twenty at the least is outside.
  EXPECT_GT(plain_outside, written / 20);
  EXPECT_GT(without_leak_outside, written / 20);
}

TEST(EmbeddingTable, AnEmbeddingDependsOnItsKeyAlone) {
  const std::filesystem::path folder = test::DataFolder() / "backgrounds";
  MIRST_REQUIRE_PATH(folder);
  const std::vector<Clip> clips = ReadClips(folder, 1, 2);
  const std::vector<PooledTemplate> pool = RenderPool({9});
  const Embedding first = DrawEmbedding(clips, pool, KeyOf(3));
  DrawEmbedding(clips, pool, KeyOf(4));
  const Embedding again = DrawEmbedding(clips, pool, KeyOf(3));
  ASSERT_TRUE(first.written && again.written);
  EXPECT_EQ(first.written->image, again.written->image);
  EXPECT_NE(first.written->image, DrawEmbedding(clips, pool, KeyOf(4)).written.value_or(EmbeddedTarget{}).image);
}

}  // namespace
}  // namespace mirst::bench
