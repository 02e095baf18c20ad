// Models with the faults that files have: handled, or refused with one clear sentence.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "core/file.h"
#include "renderer/mesh_import.h"
#include "renderer/render_template.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;

const std::string kTetrahedron = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n";
const View kView{.attitude = {10, 20, 30}, .range_m = 50};

std::string RefusalOf(const std::string& obj) {
  try {
    test::LoadObj(obj);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(MeshFaults, WithoutFacesIsRefusedByName) {
  const std::string text = RefusalOf("v 0 0 0\nv 1 0 0\nv 0 1 0\n");
  EXPECT_NE(text.find("body.obj"), std::string::npos) << text;
}

TEST(MeshFaults, AVertexThatIsNoNumberIsRefusedByPart) {
  const std::string text = RefusalOf("o wing\nv 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3\n");
  EXPECT_NE(text.find("wing"), std::string::npos) << text;
  EXPECT_NE(text.find("no finite number"), std::string::npos) << text;
}

TEST(MeshFaults, AVertexThatIsNoNumberAndBelongsToNothingDoesNoHarm) {
  EXPECT_EQ(test::LoadObj(kTetrahedron + "v nan 0 0\n").length_m(), 1);
}

TEST(MeshFaults, DegenerateAndRepeatedTrianglesChangeNothing) {
  const Template clean = RenderTemplate(test::LoadObj(kTetrahedron), kView, {}, 4);
  const std::string faults = "f 1 1 2\nf 2 2 2\nf 1 3 2\nf 3 2 1\nf 1 2 3\nf 2 3 4\n";
  const TargetModel model = test::LoadObj(kTetrahedron + faults);
  EXPECT_EQ(model.parts().front().triangles, 4u);
  const Template rendered = RenderTemplate(model, kView, {}, 4);
  EXPECT_EQ(rendered.opacity, clean.opacity);
  EXPECT_EQ(rendered.contrast, clean.contrast);
}

TEST(MeshFaults, InvertedWindingChangesNothing) {
  const Template clean = RenderTemplate(test::LoadObj(kTetrahedron), kView, {}, 4);
  for (const char* faces :
       {"f 1 2 3\nf 1 4 2\nf 1 3 4\nf 2 4 3\n", "f 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"}) {  // all, and mixed
    const Template rendered =
        RenderTemplate(test::LoadObj("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n" + std::string(faces)), kView, {}, 4);
    EXPECT_EQ(rendered.opacity, clean.opacity);
    EXPECT_EQ(rendered.contrast, clean.contrast);
  }
}

TEST(MeshFaults, AnOpenShellIsSeenFromBothSides) {
  // Half a box: from behind one looks onto the inside of its far wall.
  const TargetModel sheet = test::LoadObj("v 0 0 0\nv 4 0 0\nv 4 0 1\nv 0 0 1\nv 0 1 0\nf 1 2 3 4\nf 1 2 5\n");
  const double front = test::CoveredCells(RenderTemplate(sheet, {.attitude = {}, .range_m = 80}, {}, 4));
  const double back = test::CoveredCells(RenderTemplate(sheet, {.attitude = {0, 0, 180}, .range_m = 80}, {}, 4));
  EXPECT_GT(front, 100);
  EXPECT_NEAR(front / back, 1, 0.05);  // a metre of depth at 80 m
}

TEST(MeshFaults, MissingMaterialsAreToldAndMissingTexturesAreNotNeeded) {
  const std::string with_library = "mtllib missing.mtl\nusemtl paint\n" + kTetrahedron;
  EXPECT_EQ(RenderTemplate(test::LoadObj(with_library), kView, {}, 4).opacity,
            RenderTemplate(test::LoadObj(kTetrahedron), kView, {}, 4).opacity);
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "body.mtl",
                      "newmtl paint\nmap_Kd nowhere/texture.png\nmap_Bump also_nowhere.jpg\n");
  WriteFileAtomically(folder.path() / "body.obj", "mtllib body.mtl\nusemtl paint\n" + kTetrahedron);
  const TargetModel model = TargetModel::Load((folder.path() / "body.obj").string());
  EXPECT_NE(model.parts().front().name.find("paint"), std::string::npos);
  ASSERT_EQ(model.warnings().size(), 1U);  // of the unit
  std::filesystem::remove(folder.path() / "body.mtl");
  const TargetModel without = TargetModel::Load((folder.path() / "body.obj").string());
  EXPECT_EQ(without.parts().front().name, model.parts().front().name);
  ASSERT_EQ(without.warnings().size(), 2U);
  EXPECT_NE(without.warnings().front().find("its material library body.mtl does not exist"), std::string::npos);
}

TEST(MeshFaults, AHeaderWithoutItsEndIsRefused) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "body.ply", "ply\nformat ascii 1.0\nelement vertex /rouerty float x\nproperty");
  EXPECT_THROW(TargetModel::Load((folder.path() / "body.ply").string()), Error);
}

TEST(MeshFaults, MoreItemsThanTheFileCanHoldAreRefusedBeforeMemoryIsTaken) {
  const TemporaryFolder folder;
  const std::pair<const char*, std::string> kFiles[] = {
      {"body.ply", "ply\nformat ascii 1.0\nelement vertex 900000000\nproperty float x\nend_header\n0\n"},
      {"body.off", "OFF\n# 7\n600000000 1 0\n0 0 0\n"},
      {"body.ac", "AC3Db\nMATERIAL \"\" rgb 1 1 1\nOBJECT poly\nnumvert 500000000\n0 0 0\n"},
      {"body.dae", "<COLLADA><float_array id=\"a\" count=\"1600000000\">0</float_array></COLLADA>"},
      {"body.gltf", "{\"accessors\": [{\"componentType\": 5126, \"count\" : 99999999999999999999}]}"}};
  for (const auto& [name, bytes] : kFiles) {
    WriteFileAtomically(folder.path() / name, bytes);
    try {
      TargetModel::Load((folder.path() / name).string());
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_NE(error.message().find("announces"), std::string::npos) << error.message();
    }
  }
}

TEST(MeshFaults, AUnitAThousandTimesOffIsToldWithTheBoxInMetres) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sports-car.obj";
  WriteFileAtomically(file, test::ObjOfBoxes({{"x", {}, {4500, 1800, 1400}}}));  // millimetres
  const TargetModel model = TargetModel::Load(file.string());
  EXPECT_NEAR(model.length_m(), 4.5, 1e-6);
  ASSERT_EQ(model.warnings().size(), 1u);
  EXPECT_NE(model.warnings()[0].find("millimetres"), std::string::npos);
  EXPECT_NE(model.warnings()[0].find("its box is now 4.5 x 1.8 x 1.4 m"), std::string::npos) << model.warnings()[0];
}

TEST(MeshFaults, AFineMeshIsWeldedAndKeepsItsShape) {
  // A hundred thousand triangles, each with vertices of its own as STL files have them.
  TriangleMesh soup;
  soup.parts = {"sheet"};
  constexpr std::uint32_t kSide = 224;
  for (std::uint32_t i = 0; i < kSide * kSide; ++i) {
    const double x = i % kSide, y = i / kSide;
    for (const auto& corners : {std::array{Vec3{x, y, 0}, Vec3{x + 1, y, 0}, Vec3{x, y + 1, 0}},
                                std::array{Vec3{x + 1, y + 1, 0}, Vec3{x, y + 1, 0}, Vec3{x + 1, y, 0}}}) {
      const auto first = static_cast<std::uint32_t>(soup.vertices.size());
      soup.vertices.insert(soup.vertices.end(), corners.begin(), corners.end());
      soup.triangles.push_back({first, first + 1, first + 2});
      soup.part_of_triangle.push_back(0);
    }
  }
  Weld(soup);
  EXPECT_EQ(soup.vertices.size(), (kSide + 1) * (kSide + 1));
  EXPECT_EQ(soup.Corner(0, 1), (Vec3{1, 0, 0}));
  EXPECT_EQ(DropDuplicates(soup), 0u);
  EXPECT_EQ(CountOpenEdges(soup), 4u * kSide);
}

}  // namespace
}  // namespace mirst
