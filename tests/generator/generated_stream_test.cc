#include "generator/generated_stream.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "generator/generate.h"

namespace mirst {
namespace {

GenerateOptions SmallOptions() {
  SetProgressStyle(ProgressStyle::kQuiet);
  GenerateOptions options;
  options.sequences = 5;
  options.frames = {8, 10};
  options.target.area_px = {1, 40};
  options.target.count = {1, 2};
  options.pairs = true;
  options.split = {.val_share = 0.25, .test_share = 0.25};
  options.backgrounds.procedural_sources = 4;
  options.backgrounds.procedural.width = 160;
  options.backgrounds.procedural.height = 120;
  options.backgrounds.procedural.frame_count = 12;
  return options;
}

TEST(GeneratedStream, GivesTheVerySamplesOfTheFilesForAnyNumberOfThreads) {
  const GenerateOptions options = SmallOptions();
  const TemporaryFolder folder;
  Generate(options, folder.path() / "set", Existing::kRefuse);
  const SampleStoreReader files(folder.path() / "set");
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    const GeneratedStream stream(options);
    ASSERT_EQ(stream.manifest().sequences, files.manifest().sequences);
    EXPECT_EQ(stream.manifest().config_json, files.manifest().config_json);
    for (const std::string_view split : kSplitNames) {
      std::vector<const ManifestSequence*> expected;
      for (const ManifestSequence& sequence : files.manifest().sequences) {
        if (sequence.split == split) expected.push_back(&sequence);
      }
      EXPECT_FALSE(expected.empty()) << split;
      std::size_t next = 0;
      stream.Run(split, [&](const Sample& sample) {
        ASSERT_LT(next, expected.size());
        const ManifestSequence& sequence = *expected[next++];
        EXPECT_EQ(sample.name, sequence.name);
        const std::vector<FrameAnnotation> annotations = files.ReadAnnotations(sequence);
        ASSERT_EQ(sample.frames.size(), annotations.size());
        for (std::size_t i = 0; i < annotations.size(); ++i) {
          const LabelledFrame &made = sample.frames[i], read = files.ReadLabelledFrame(sequence, annotations[i]);
          EXPECT_EQ(ToJsonLine(made.annotation), ToJsonLine(read.annotation));
          EXPECT_EQ(made.frame, read.frame);
          EXPECT_EQ(made.mask, read.mask);
          EXPECT_EQ(made.coverage, read.coverage);
          EXPECT_EQ(made.instance, read.instance);
          EXPECT_EQ(made.background, read.background);
        }
      });
      EXPECT_EQ(next, expected.size());
    }
  }
}

TEST(GeneratedStream, RunsAgainAndStopsWhenItsTakerFails) {
  const GeneratedStream stream(SmallOptions());
  const auto names = [&] {
    std::vector<std::string> all;
    stream.Run("train", [&](const Sample& sample) { all.push_back(sample.name); });
    return all;
  };
  EXPECT_EQ(names(), names());
  EXPECT_THROW(stream.Run("train", [](const Sample&) { throw BadInput("enough"); }), Error);
  stream.Run("no split", [](const Sample&) { FAIL(); });
}

}  // namespace
}  // namespace mirst
