// configs/schema: what editors and other programs check option files against.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/config.h"
#include "core/file.h"
#include "generator/options.h"
#include "tests/support/data_folder.h"

namespace mirst {
namespace {

TEST(OptionsSchema, FileSaysWhatTheStructSays) {
  const auto file = test::SourceFolder() / "configs" / "schema" / "generate.json";
  const std::string schema = PrintOptions(GenerateOptions{}, OptionsFormat::kJsonSchema);
  if (std::getenv("MIRST_UPDATE_SCHEMA") != nullptr) WriteFileAtomically(file, schema);
  EXPECT_EQ(ReadFile(file), schema) << "run this test with MIRST_UPDATE_SCHEMA=1 to rewrite " << file;
}

TEST(OptionsSchema, SmokeConfigReadsWithoutFault) {
  const auto options =
      ReadOptions<GenerateOptions>(ConfigTree::FromFile(test::SourceFolder() / "configs" / "smoke.yaml"));
  EXPECT_EQ(options.sequences, 12);
}

TEST(OptionsSchema, SaturatingCameraConfigReadsWithoutFault) {
  const auto options =
      ReadOptions<GenerateOptions>(ConfigTree::FromFile(test::SourceFolder() / "configs" / "saturating_camera.yaml"));
  EXPECT_EQ(options.scr.mode, ScrMode::kContrast);
  EXPECT_EQ(options.camera.saturation_counts, 240);
}

TEST(OptionsSchema, ShuMirstConfigReadsWithoutFault) {
  const auto options =
      ReadOptions<GenerateOptions>(ConfigTree::FromFile(test::SourceFolder() / "configs" / "shu_mirst.yaml"));
  EXPECT_TRUE(options.quota.enabled());
  EXPECT_NEAR(options.ScrLaw().ShareBelow(3), 0.65, 1e-12);
}

}  // namespace
}  // namespace mirst
