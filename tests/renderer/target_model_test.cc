#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "core/random.h"
#include "renderer/material.h"
#include "renderer/mesh_import.h"
#include "renderer/render_template.h"
#include "tests/support/data_folder.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

// The one sentence of a refusal.
std::string Refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

const std::string kCube = test::ObjOfBoxes({{"cube", {5, 6, 7}, {2, 1, 0.5}}});

TEST(TargetModel, IsCentredOnItsBoxInMetres) {
  const TargetModel model = test::LoadObj(kCube);
  EXPECT_DOUBLE_EQ(model.size_x_m(), 2);
  EXPECT_DOUBLE_EQ(model.size_y_m(), 1);
  EXPECT_DOUBLE_EQ(model.size_z_m(), 0.5);
  EXPECT_NEAR(model.radius_m(), 0.5 * std::sqrt(4 + 1 + 0.25), 1e-12);
  EXPECT_EQ(model.name(), "body");
}

TEST(TargetModel, AxesUnitAndClassComeFromTheMapBeforeTheFile) {
  const TargetModel scaled =
      test::LoadObj(kCube, "targets: [{name: body, class: kite, up: -y, forward: +z, metres_per_unit: 0.1}]");
  EXPECT_DOUBLE_EQ(scaled.size_x_m(), 0.05);
  EXPECT_DOUBLE_EQ(scaled.size_y_m(), 0.2);
  EXPECT_DOUBLE_EQ(scaled.size_z_m(), 0.1);
  EXPECT_EQ(scaled.class_name(), "kite");
  EXPECT_TRUE(scaled.warnings().empty());
  EXPECT_DOUBLE_EQ(test::LoadObj(kCube, "targets: [{name: b*, length_m: 30}]").length_m(), 30);
}

TEST(TargetModel, ASidecarGoesBeforeTheMapAndTheMapBeforeTheDefaults) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "grey boat.obj", map = folder.path() / "map.yaml";
  WriteFileAtomically(file, kCube);
  WriteFileAtomically(map, "targets: [{length_m: 12}]\nparts: [{above_air_k: 1, emissivity: 0.5}]");
  WriteFileAtomically(folder.path() / "grey boat.mirst.yaml", "targets: [{length_m: 7}]");
  const TargetModel model = TargetModel::Load(file.string(), map);
  EXPECT_DOUBLE_EQ(model.length_m(), 7);
  EXPECT_EQ(model.class_name(), "boat");
  EXPECT_EQ(model.parts().front().emissivity, 0.5);
  EXPECT_DOUBLE_EQ(TargetModel::Load(file.string()).length_m(), 7);
}

TEST(TargetModel, AnUnlikelyLengthFindsItsUnitOrItsClassesLength) {
  const auto length_of = [](double extent, const std::string& name) {
    const TemporaryFolder folder;
    const fs::path file = folder.path() / (name + ".obj");
    WriteFileAtomically(file, test::ObjOfBoxes({{"x", {}, {extent, 0.4 * extent, 0.3 * extent}}}));
    const TargetModel model = TargetModel::Load(file.string());
    EXPECT_EQ(model.warnings().size(), 1u);
    return model.length_m();
  };
  EXPECT_NEAR(length_of(157.5, "sports-car"), 4.0005, 1e-4);  // inches, the only unit that makes a car of it
  EXPECT_NEAR(length_of(0.0004, "sports-car"), 4.5, 1e-6);    // no unit does
  EXPECT_NEAR(length_of(4.2, "sports-car"), 4.2, 1e-6);       // metres
  EXPECT_NEAR(length_of(3, "thing"), 3, 1e-6);                // no class: metres where that is between 0.05 and 500
  EXPECT_NEAR(length_of(3000, "thing"), 5, 1e-6);             // sqrt(0.05 * 500)
}

TEST(TargetModel, LongAndFlatBodiesFindTheirAxes) {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& name, Vec3 size) {
    const fs::path file = folder.path() / (name + ".obj");
    WriteFileAtomically(file, test::ObjOfBoxes({{"x", {}, size}}));
    return TargetModel::Load(file.string());
  };
  EXPECT_NEAR(load("missile", {0.3, 0.3, 3}).size_x_m(), 3, 1e-6);  // stands on its tail
  EXPECT_NEAR(load("small-boat", {3, 9, 2}).size_x_m(), 9, 1e-6);   // lies across
  EXPECT_NEAR(load("quadrotor", {0.5, 0.1, 0.5}).size_z_m(), 0.1, 1e-6);
}

TEST(TargetModel, TheFinTellsAnAircraftsTail) {
  // Fuselage along y, fin at its +y end, wings across: the nose must come to point along -y of the file.
  const std::string obj = test::ObjOfBoxes({{"fuselage", {0, 0, 0}, {1, 9, 1}},
                                            {"wing", {0, -0.5, 0}, {11, 1.5, 0.2}},
                                            {"fin", {0, 4.2, 1.2}, {0.1, 0.6, 1.6}}});
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "cessna.obj";
  WriteFileAtomically(file, obj);
  WriteFileAtomically(folder.path() / "cessna.mirst.yaml", "parts: [{part: fin*, temperature_k: 600, emissivity: 1}]");
  const TargetModel model = TargetModel::Load(file.string());
  EXPECT_NEAR(model.size_x_m(), 9, 1e-6);
  const Template side = RenderTemplate(model, {{}, 2000, 100, 17}, {}, 8);
  float hottest = 0;
  int hottest_x = 0;
  for (int y = 0; y < side.contrast.height(); ++y) {
    for (int x = 0; x < side.contrast.width(); ++x) {
      if (side.contrast(y, x) <= hottest) continue;
      hottest = side.contrast(y, x);
      hottest_x = x;
    }
  }
  EXPECT_LT(hottest_x, side.anchor_cells.x);  // seen from the right, nose to the right: the tail is left
}

TEST(TargetModel, MissingFilesAndFoldersAreRefused) {
  EXPECT_NE(Refusal([] { TargetModel::Load("no/such.obj"); }).find("no/such.obj"), std::string::npos);
  const TemporaryFolder folder;
  Refusal([&] { TargetModel::Load(folder.path().string()); });
  WriteFileAtomically(folder.path() / "a.obj", kCube);
  Refusal([&] { TargetModel::Load((folder.path() / "a.obj").string(), folder.path() / "missing.yaml"); });
}

TEST(TargetModel, RandomBytesEmptyAndCutFilesAreRefusedInEveryFormat) {
  const TemporaryFolder folder;
  RandomStream random(RandomKey{.seed = 3});
  std::string noise;
  for (int i = 0; i < 3000; ++i) noise.push_back(static_cast<char>(random.Integer(256)));
  for (const char* extension :
       {"obj", "stl", "dae", "3ds", "glb", "gltf", "ac", "ply", "fbx", "off", "x", "blend", "lwo", "xyz"}) {
    for (const std::string& bytes : {noise, std::string(), noise.substr(0, 7)}) {
      const fs::path file = folder.path() / fmt::format("broken.{}", extension);
      WriteFileAtomically(file, bytes);
      EXPECT_NE(Refusal([&] { TargetModel::Load(file.string()); }).find("broken."), std::string::npos) << extension;
    }
  }
}

TEST(TargetModel, MeshesWithoutTrianglesAreRefused) {
  Refusal([] { test::LoadObj("v 0 0 0\nv 1 0 0\nv 0 1 0\n"); });
  Refusal([] { test::LoadObj("v 0 0 0\nv 1 0 0\nv 0 1 0\nl 1 2 3\n"); });
  EXPECT_NE(Refusal([] { test::LoadObj("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n"); }).find("no triangles"),
            std::string::npos);
}

TEST(TargetModel, CoordinatesThatAreNoFiniteNumbersAreRefused) {
  for (const char* number : {"nan", "inf", "1e39"}) {
    Refusal([&] { test::LoadObj(fmt::format("v 0 0 0\nv 1 0 0\nv 0 {} 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n", number)); });
  }
}

TEST(TargetModel, ImpossibleMaterialsAreRefusedWithTheirLine) {
  for (const std::string rule :
       {"temperature_k: 0", "temperature_k: 5001", "temperature_k: -3", "temperature_k: .nan",
        "above_air_k: 1, emissivity: 1.01", "above_air_k: 1, emissivity: -0.1", "emissivity: 0.9",
        "temperature_k: 300, above_air_k: 3", "temperature_k: warm", "above_air_k: 1, colour: red",
        "above_air_k: 1, zone: {x: [0.5, 0.2]}", "above_air_k: 1, zone: {w: [0, 1]}"}) {
    const std::string text =
        Refusal([&] { test::LoadObj(kCube, "parts:\n  - {part: a, above_air_k: 2}\n  - {" + rule + "}\n"); });
    EXPECT_NE(text.find("map.yaml:3"), std::string::npos) << text;
  }
  for (const std::string map :
       {"targets: [{up: w}]", "targets: [{up: x, forward: -x}]", "targets: [{length_m: 0}]", "- 1", "parts: 3",
        "colours: []", "classes: {a: {shape: round}}", "targets: [", "classes: {a: 3}"}) {
    EXPECT_NE(Refusal([&] { test::LoadObj(kCube, map); }).find("map.yaml:1"), std::string::npos) << map;
  }
  Refusal([&] { test::LoadObj(kCube, "parts: [{ignore: true}]"); });
}

TEST(TargetModel, ARelativeTemperatureBelowAbsoluteZeroIsRefusedWhenRendered) {
  const TargetModel model = test::LoadObj(kCube, "parts: [{above_air_k: -300}]");
  EXPECT_NE(Refusal([&] { RenderTemplate(model, {{}, 500, 100, 17}, {}, 4); }).find("cube"), std::string::npos);
}

TEST(TargetModel, IgnoredPartsTakeNoPlace) {
  const std::string obj = test::ObjOfBoxes({{"hull", {}, {2, 1, 1}}, {"shadow", {0, 0, -3}, {8, 8, 0.1}}});
  const TargetModel model = test::LoadObj(obj);
  EXPECT_EQ(model.parts().size(), 1u);
  EXPECT_DOUBLE_EQ(model.length_m(), 2);
}

TEST(FindModels, TakesFilesFoldersAndBuiltinsInNaturalOrder) {
  const TemporaryFolder folder;
  CreateFolder(folder.path() / "sub");
  for (const char* name : {"m10.obj", "m2.STL", "readme.txt", "sub/m1.glb", "m2.mirst.yaml"}) {
    WriteFileAtomically(folder.path() / name, "x");
  }
  const auto in = [&](const char* name) { return (folder.path() / name).string(); };
  EXPECT_EQ(FindModels({"builtin:bird", folder.path()}),
            (std::vector<std::string>{"builtin:bird", in("m2.STL"), in("m10.obj"), in("sub/m1.glb")}));
  Refusal([&] { FindModels({folder.path() / "none"}); });
  CreateFolder(folder.path() / "empty");
  Refusal([&] { FindModels({folder.path() / "empty"}); });
}

TEST(SharedModels, EveryOneLoadsWithALikelyLengthAndIsSeenFromSixSides) {
  const fs::path folder = test::DataFolder() / "models";
  MIRST_REQUIRE_PATH(folder);
  const MaterialMap materials;
  for (const std::string& path : FindModels({folder})) {
    const TargetModel model = TargetModel::Load(path);
    const TargetKind kind = materials.KindOf(model.name());
    ASSERT_TRUE(kind.plausible_length_m) << path;
    EXPECT_GE(model.length_m(), kind.plausible_length_m->first) << path;
    EXPECT_LE(model.length_m(), kind.plausible_length_m->second) << path;
    const double range_m = 300 * model.length_m();
    for (const Attitude& attitude : {Attitude{}, Attitude{0, 0, 90}, Attitude{0, 0, 180}, Attitude{0, 0, -90},
                                     Attitude{90, 0, 0}, Attitude{-90, 0, 0}}) {
      const Template rendered = RenderTemplate(model, {attitude, range_m, 100, 17}, {}, 8);
      EXPECT_GE(test::CoveredCells(rendered), 20) << path;  // 157 cells long
      EXPECT_TRUE(rendered.opacity.box().Contains(static_cast<int>(rendered.anchor_cells.x),
                                                  static_cast<int>(rendered.anchor_cells.y)));
    }
    // Seen from above and below, a body covers the same cells, mirrored: the far side hides behind the near one.
    const double above = test::CoveredCells(RenderTemplate(model, {{90, 0, 0}, 100 * range_m, 10000, 17}, {}, 8));
    const double below = test::CoveredCells(RenderTemplate(model, {{-90, 0, 0}, 100 * range_m, 10000, 17}, {}, 8));
    EXPECT_NEAR(above / below, 1, 0.01)
        << path;  // parallax at 30,000 lengths moves no rim by a cell; rims fall differently
  }
}

TEST(SharedModels, UnitsOfTheTrapsInTheFolderAreFound) {
  const fs::path folder = test::DataFolder() / "models";
  MIRST_REQUIRE_PATH(folder);
  const auto load = [&](const char* file) { return TargetModel::Load((folder / file).string()); };
  EXPECT_NEAR(load("gazebo/hatchback-car.obj").length_m(), 157.5 * 0.0254, 0.01);  // inches
  EXPECT_NEAR(load("px4/omnicopter-uav.stl").length_m(), 0.3705, 1e-3);            // millimetres
  EXPECT_NEAR(load("px4/quadtailsitter-uav.dae").length_m(), 1.07, 1e-2);          // millimetres
  EXPECT_NEAR(load("px4/believer-uav.dae").size_z_m(), 0.3542, 1e-3);              // says y up, is z up
  EXPECT_NEAR(load("flightgear/c172-light-aircraft.ac").size_y_m(), 11.0, 1e-2);   // span; its file is too small
  EXPECT_NEAR(load("flightgear/lcm6-landing-craft.ac").size_x_m(), 17.1, 1e-2);    // its file is too large
  EXPECT_NEAR(load("flightgear/tanker-ship.ac").size_x_m(), 240.4, 0.1);
  EXPECT_NEAR(load("flightgear/rocket.ac").size_x_m(), 22.1, 0.01);  // stands on its tail in the file
}

}  // namespace
}  // namespace mirst
