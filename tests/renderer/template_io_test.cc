#include "renderer/template_io.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "renderer/pose_sheet.h"
#include "renderer/render_template.h"

namespace mirst {
namespace {

Template Rendered() {
  return RenderTemplate(TargetModel::Load("builtin:quadrotor"), {{1.1, -2.2, 33.3}, 120.7, 75.3, 12.1}, {{3.4, 5.1}, 280, 300}, 3);
}

TEST(TemplateFile, ReadsBackEveryFieldAndCellExactly) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "t\xC3\xA9st \xE2\x82\xAC.exr";
  Template rendered = Rendered();
  WriteTemplate(path, rendered);
  EXPECT_EQ(ReadTemplate(path), rendered);
  RandomStream random(RandomKey{.seed = 8});
  for (float& value : rendered.opacity) value = static_cast<float>(random.Uniform());
  for (float& value : rendered.contrast) value = static_cast<float>(1e-3 * random.Normal());
  rendered.anchor_cells = {-17.125, 0.1};
  rendered.unit = "counts";
  rendered.model = "";
  WriteTemplate(path, rendered);
  EXPECT_EQ(ReadTemplate(path), rendered);
}

TEST(TemplateFile, EqualTemplatesGiveEqualBytes) {
  const TemporaryFolder folder;
  WriteTemplate(folder.path() / "a.exr", Rendered());
  WriteTemplate(folder.path() / "b.exr", Rendered());
  EXPECT_EQ(ReadFile(folder.path() / "a.exr"), ReadFile(folder.path() / "b.exr"));
}

TEST(TemplateFile, EveryTruncationIsRefusedWithItsName) {
  const TemporaryFolder folder;
  WriteTemplate(folder.path() / "whole.exr", Rendered());
  const std::string bytes = ReadFile(folder.path() / "whole.exr");
  for (std::size_t length = 0; length < bytes.size(); length += length < 64 ? 1 : 23) {
    WriteFileAtomically(folder.path() / "cut.exr", bytes.substr(0, length));
    try {
      ReadTemplate(folder.path() / "cut.exr");
      ADD_FAILURE() << length << " of " << bytes.size() << " bytes were accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_NE(error.message().find("cut.exr"), std::string::npos);
      EXPECT_EQ(error.message().find('\n'), std::string::npos) << error.message();
    }
  }
}

TEST(TemplateFile, AChangedByteIsRefusedOrGivesAValidTemplate) {
  const TemporaryFolder folder;
  WriteTemplate(folder.path() / "whole.exr", Rendered());
  const std::string bytes = ReadFile(folder.path() / "whole.exr");
  int refused = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 11) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x5A);
    WriteFileAtomically(folder.path() / "changed.exr", changed);
    try {
      const Template read = ReadTemplate(folder.path() / "changed.exr");
      EXPECT_GE(read.supersampling, 1);
      EXPECT_EQ(read.opacity.size(), read.contrast.size());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

TEST(TemplateFile, ForeignFilesAreRefused) {
  const TemporaryFolder folder;
  WriteTemplate(folder.path() / "whole.exr", Rendered());
  const std::string bytes = ReadFile(folder.path() / "whole.exr");
  const auto refusal = [&](const std::string& content) {
    WriteFileAtomically(folder.path() / "foreign.exr", content);
    try {
      ReadTemplate(folder.path() / "foreign.exr");
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  const auto renamed = [&](std::string from, const std::string& to) {
    std::string copy = bytes;
    for (std::size_t at = copy.find(from); at != std::string::npos; at = copy.find(from, at)) copy.replace(at, to.size(), to);
    return copy;
  };
  EXPECT_NE(refusal(renamed("mirst_band", "other_band")).find("mirst_band"), std::string::npos);
  EXPECT_NE(refusal(renamed("opacity", "opacitz")).find("opacity"), std::string::npos);
  EXPECT_NE(refusal("\x89PNG\r\n").find("no usable template"), std::string::npos);
  EXPECT_THROW(ReadTemplate(folder.path() / "missing.exr"), Error);
}

TEST(PoseSheet, HasATileALabelAndOneGreyScaleForAll) {
  Template dark = Rendered(), bright = Rendered();
  for (float& value : dark.contrast) value *= -1;
  const PoseSheet sheet = DrawPoseSheet({dark, bright, dark}, 2, 64);
  ASSERT_EQ(sheet.tiles.size(), 3u);
  ASSERT_EQ(sheet.labels.size(), 3u);
  EXPECT_EQ(sheet.tiles[1].y, sheet.tiles[0].y);
  EXPECT_GT(sheet.tiles[2].y, sheet.tiles[0].y);
  EXPECT_NEAR(sheet.ContrastAt(0), sheet.low, 1e-9);
  EXPECT_NEAR(sheet.ContrastAt(1), sheet.high, 1e-9);
  EXPECT_DOUBLE_EQ(sheet.low, -sheet.high);
  for (const PixelBox& tile : sheet.tiles) {
    EXPECT_TRUE(sheet.pixels.box().Contains(tile));
    EXPECT_EQ(sheet.pixels(tile.y, tile.x), 128);  // no contrast lies in the middle of a symmetric scale
  }
  EXPECT_EQ(sheet.pixels(sheet.bar.y, sheet.bar.x), 0);
  EXPECT_EQ(sheet.pixels(sheet.bar.y, sheet.bar.right() - 1), 255);
}

}  // namespace
}  // namespace mirst
