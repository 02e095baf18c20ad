#include "renderer/mesh.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "renderer/builtin_models.h"
#include "renderer/render_template.h"
#include "renderer/rotation.h"

namespace mirst {
namespace {

TriangleMesh Tetrahedron() {
  return {{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}}, {0, 0, 1, 1}, {"a", "b"}};
}

TEST(Mesh, AClosedTetrahedronHasNoOpenEdgeAndASixthOfTheCube) {
  EXPECT_EQ(CountOpenEdges(Tetrahedron()), 0u);
  EXPECT_DOUBLE_EQ(SignedVolume(Tetrahedron()), 1.0 / 6);
}

TEST(Mesh, AMissingOrTurnedTriangleOpensItsThreeEdges) {
  TriangleMesh mesh = Tetrahedron();
  mesh.triangles.pop_back();
  mesh.part_of_triangle.pop_back();
  EXPECT_EQ(CountOpenEdges(mesh), 3u);
  mesh = Tetrahedron();
  std::swap(mesh.triangles[2][0], mesh.triangles[2][1]);
  EXPECT_EQ(CountOpenEdges(mesh), 3u);
}

TEST(Mesh, CompactDropsWhatIsWithoutAreaOrNotKeptAndRenumbersTheRest) {
  TriangleMesh mesh = Tetrahedron();
  mesh.triangles.push_back({3, 3, 1});
  mesh.part_of_triangle.push_back(1);
  Compact(mesh, {false, true});
  EXPECT_EQ(mesh.triangles.size(), 2u);
  EXPECT_EQ(mesh.parts, std::vector<std::string>{"b"});
  EXPECT_EQ(mesh.part_of_triangle, (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(mesh.vertices.size(), 4u);
  EXPECT_EQ(mesh.Corner(1, 0), (Vec3{1, 0, 0}));
}

TEST(Rotation, EqualsTheLibrarysCosineAndIsExactAtRightAngles) {
  for (double degrees = -720; degrees <= 720; degrees += 0.37) {
    EXPECT_NEAR(CosSinOf(degrees).cos, std::cos(degrees * 3.14159265358979323846 / 180), 3e-15);  // the library's argument
    EXPECT_NEAR(CosSinOf(degrees).sin, std::sin(degrees * 3.14159265358979323846 / 180), 3e-15);  // is rounded by 1e-15
  }
  EXPECT_EQ(CosSinOf(90).cos, 0);
  EXPECT_EQ(CosSinOf(-90).sin, -1);
  EXPECT_EQ(CosSinOf(180).cos, -1);
  EXPECT_EQ(CosSinOf(270).sin, -1);
}

class BuiltinModel : public testing::TestWithParam<std::string> {};

TEST_P(BuiltinModel, IsClosedAndWoundOutwards) {
  const TriangleMesh mesh = BuildModel(GetParam());
  EXPECT_EQ(CountOpenEdges(mesh), 0u);
  // Each part consists of closed bodies: alone, it is closed too and holds a positive volume.
  for (std::size_t part = 0; part < mesh.parts.size(); ++part) {
    TriangleMesh alone = mesh;
    std::vector<bool> keep(mesh.parts.size(), false);
    keep[part] = true;
    Compact(alone, keep);
    EXPECT_EQ(CountOpenEdges(alone), 0u) << mesh.parts[part];
    EXPECT_GT(SignedVolume(alone), 0) << mesh.parts[part];
  }
}

TEST_P(BuiltinModel, MirrorsItsLeftInItsRight) {
  const Box3 box = BoundingBox(BuildModel(GetParam()));
  EXPECT_NEAR(box.low.y, -box.high.y, 1e-12);
}

TEST_P(BuiltinModel, HasPartsHotterThanItsSkin) {
  const TargetModel model = TargetModel::Load("builtin:" + GetParam());
  Surroundings around;
  const Template rendered = RenderTemplate(model, {{0, 0, 20}, 50 * model.length_m(), 100, 17}, around, 16);
  float coldest = 1e9F, hottest = 0;
  for (std::size_t i = 0; i < rendered.contrast.size(); ++i) {
    if (rendered.opacity.data()[i] == 0) continue;
    coldest = std::min(coldest, rendered.contrast.data()[i]);
    hottest = std::max(hottest, rendered.contrast.data()[i]);
  }
  EXPECT_GT(coldest, 0);
  EXPECT_GT(hottest, 1.15F * coldest);
}

INSTANTIATE_TEST_SUITE_P(All, BuiltinModel, testing::ValuesIn(BuiltinModels()), [](const auto& tested) {
  std::string name = tested.param;
  std::erase(name, '-');
  return name;
});

TEST(BuiltinModels, AnUnknownNameIsRefusedWithTheKnownOnes) {
  try {
    TargetModel::Load("builtin:zeppelin");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_NE(error.message().find("quadrotor"), std::string::npos);
  }
}

}  // namespace
}  // namespace mirst
