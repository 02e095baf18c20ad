#include "renderer/render_template.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {

using test::CellsPerTangent;
using test::CoveredCells;

const std::string kUnitCube = test::ObjOfBoxes({{"cube", {}, {1, 1, 1}}});

TEST(RenderTemplate, ASphereCoversItsDiscAtEveryRangeAndAttitude) {
  const double radius_m = 1;
  const TargetModel sphere = test::LoadObj(test::ObjOfSphere(radius_m, 64, 128));
  RandomStream random(RandomKey{.seed = 11});
  for (const double range_m : {100.0, 400.0, 1600.0}) {
    for (int i = 0; i < 5; ++i) {
      const Attitude attitude{random.Uniform(-180, 180), random.Uniform(-90, 90), random.Uniform(-180, 180)};
      const View view{attitude, range_m, 100, 17};
      const double rho = radius_m / std::sqrt(range_m * range_m - radius_m * radius_m) * CellsPerTangent(view, 8);
      // Lattice points in a disc of radius rho: unit squares about them lie within rho + sqrt(1/2) and cover the disc
      // of rho - sqrt(1/2) (Gauss). The polyhedron holds the sphere of cos(2 degrees) r.
      const double inner = std::cos(Radians(2)) * rho - std::sqrt(0.5), outer = rho + std::sqrt(0.5);
      const double cells = CoveredCells(RenderTemplate(sphere, view, {}, 8));
      EXPECT_GE(cells, kPi * inner * inner) << range_m;
      EXPECT_LE(cells, kPi * outer * outer) << range_m;
    }
  }
}

TEST(RenderTemplate, ACubeShowsItsNearFaceInPerspective) {
  const TargetModel cube = test::LoadObj(kUnitCube);
  const View view{{}, 20, 25, 17};
  const double side = 1 / 19.5 * CellsPerTangent(view, 4);  // the face is half a metre nearer than the origin
  const Template rendered = RenderTemplate(cube, view, {}, 4);
  EXPECT_NEAR(rendered.opacity.width() - 2, side, 2);  // cells of the rim are covered in part
  EXPECT_NEAR(rendered.opacity.height() - 2, side, 2);
  // Each rim falls within a quarter of a cell of its place: half a subdivision.
  EXPECT_NEAR(std::sqrt(CoveredCells(rendered)), side, 0.5);
  EXPECT_EQ(rendered.opacity(rendered.opacity.height() / 2, rendered.opacity.width() / 2), 1);
}

TEST(RenderTemplate, ACubeTurnedByHalfARightAngleIsAsWideAsItsDiagonal) {
  const TargetModel cube = test::LoadObj(kUnitCube);
  const View view{{0, 0, 45}, 20, 25, 17};
  const Template rendered = RenderTemplate(cube, view, {}, 4);
  EXPECT_NEAR(rendered.opacity.width() - 2, std::sqrt(2) / 20 * CellsPerTangent(view, 4),
              2);  // side edges at the origin's range
}

TEST(RenderTemplate, IsSurroundedByOneEmptyCellAndKeepsItsOrigin) {
  const Template rendered = RenderTemplate(test::LoadObj(kUnitCube), {{0, 0, 30}, 50, 25, 17}, {}, 4);
  const int w = rendered.opacity.width(), h = rendered.opacity.height();
  double inner_row = 0, border = 0;
  for (int x = 0; x < w; ++x) {
    border += static_cast<double>(rendered.opacity(0, x) + rendered.opacity(h - 1, x));
    inner_row += static_cast<double>(rendered.opacity(1, x));
  }
  for (int y = 0; y < h; ++y) border += static_cast<double>(rendered.opacity(y, 0) + rendered.opacity(y, w - 1));
  EXPECT_EQ(border, 0);
  EXPECT_GT(inner_row, 0);
  EXPECT_NEAR(rendered.anchor_cells.x, 0.5 * (w - 1), 1);  // the cube is symmetric about its origin
  EXPECT_NEAR(rendered.anchor_cells.y, 0.5 * (h - 1), 1);
  EXPECT_EQ(rendered.supersampling, 4);
  EXPECT_EQ(rendered.band, "8-14 um");
  EXPECT_EQ(rendered.range_m, 50);
  EXPECT_EQ(rendered.model, "body");
}

// Small cubes on the body's axes, each with a temperature of its own, on a cold core.
struct Marker {
  const char* name;
  Vec3 place;
  double temperature_k;
};
const std::vector<Marker> kMarkers{{"nose", {3, 0, 0}, 400},   {"tail", {-3, 0, 0}, 420}, {"left", {0, 3, 0}, 440},
                                   {"right", {0, -3, 0}, 460}, {"top", {0, 0, 3}, 480},   {"bottom", {0, 0, -3}, 500}};

TargetModel MarkedBody() {
  std::vector<test::ObjBox> boxes{{"core", {}, {0.2, 0.2, 0.2}}};
  std::string rules = "parts:\n  - {part: 'core*', temperature_k: 300, emissivity: 1}\n";
  for (const Marker& marker : kMarkers) {
    boxes.push_back({marker.name, marker.place, {0.5, 0.5, 0.5}});
    rules += fmt::format("  - {{part: '{}*', temperature_k: {}, emissivity: 1}}\n", marker.name, marker.temperature_k);
  }
  return test::LoadObj(test::ObjOfBoxes(boxes), rules);
}

// Mean place of the cells of one contrast, from the anchor, in cells; and how many there are.
struct Blob {
  double x = 0, y = 0;
  int cells = 0;
};

Blob BlobOf(const Template& rendered, double contrast) {
  Blob blob;
  for (int y = 0; y < rendered.contrast.height(); ++y) {
    for (int x = 0; x < rendered.contrast.width(); ++x) {
      if (std::abs(static_cast<double>(rendered.contrast(y, x)) - contrast) > 0.1)
        continue;  // steps are 0.01, markers 25 apart
      blob.x += x - rendered.anchor_cells.x;
      blob.y += y - rendered.anchor_cells.y;
      ++blob.cells;
    }
  }
  blob.x /= std::max(1, blob.cells);
  blob.y /= std::max(1, blob.cells);
  return blob;
}

double ContrastOf(double temperature_k, const Surroundings& around) {
  return BandRadiance(around.band, temperature_k) - BandRadiance(around.band, around.background_temperature_k);
}

TEST(Attitude, ZeroShowsTheRightSideWithTheNoseToTheRight) {
  const Surroundings around;
  const Template rendered = RenderTemplate(MarkedBody(), {{}, 100, 100, 17}, around, 2);
  const auto blob = [&](int i) {
    return BlobOf(rendered, ContrastOf(kMarkers[static_cast<std::size_t>(i)].temperature_k, around));
  };
  EXPECT_GT(blob(0).x, 250);  // nose right
  EXPECT_NEAR(blob(0).y, 0, 1);
  EXPECT_LT(blob(1).x, -250);   // tail left
  EXPECT_EQ(blob(2).cells, 0);  // the left side is hidden behind the right one
  EXPECT_GT(blob(3).cells, 0);
  EXPECT_LT(blob(4).y, -250);  // top up (rows go down)
  EXPECT_GT(blob(5).y, 250);
}

TEST(Attitude, EachAngleTurnsTheWayItsNameSays) {
  const Surroundings around;
  const TargetModel body = MarkedBody();
  const auto blob = [&](const Attitude& attitude, int i) {
    return BlobOf(RenderTemplate(body, {attitude, 100, 100, 17}, around, 2),
                  ContrastOf(kMarkers[static_cast<std::size_t>(i)].temperature_k, around));
  };
  EXPECT_LT(blob({0, 40, 0}, 0).y, -120);   // pitch: nose up
  EXPECT_GT(blob({40, 0, 0}, 3).y, 120);    // roll: right wing down
  EXPECT_EQ(blob({0, 0, 90}, 0).cells, 0);  // yaw: nose away from the camera, the tail hides it
  EXPECT_GT(blob({0, 0, 90}, 1).cells, 0);
  EXPECT_LT(blob({0, 0, 180}, 0).x, -250);  // and further round to the left
}

TEST(Attitude, EqualsYawThenPitchThenRollByAnIndependentLibrary) {
  const Surroundings around;
  const TargetModel body = MarkedBody();
  RandomStream random(RandomKey{.seed = 12});
  int seen = 0;
  for (int i = 0; i < 40; ++i) {
    const Attitude a{random.Uniform(-180, 180), random.Uniform(-90, 90), random.Uniform(-180, 180)};
    const View view{a, 200, 100, 17};
    const Template rendered = RenderTemplate(body, view, around, 2);
    const Eigen::Matrix3d turn = (Eigen::AngleAxisd(Radians(a.yaw_deg), Eigen::Vector3d::UnitZ()) *
                                  Eigen::AngleAxisd(-Radians(a.pitch_deg), Eigen::Vector3d::UnitY()) *
                                  Eigen::AngleAxisd(Radians(a.roll_deg), Eigen::Vector3d::UnitX()))
                                     .toRotationMatrix();
    for (const Marker& marker : kMarkers) {
      const Eigen::Vector3d v = turn * Eigen::Vector3d(marker.place.x, marker.place.y, marker.place.z);
      const Blob blob = BlobOf(rendered, ContrastOf(marker.temperature_k, around));
      if (blob.cells < 250)
        continue;  // hidden in part: a free face has (0.5 / 200 * 11765)^2 = 860 cells, oblique more
      ++seen;
      // The marker's half diagonal of 0.43 m is 25.5 cells; its silhouette's mean lies nearer to its centre than that.
      EXPECT_NEAR(blob.x, v.x() / (200 + v.y()) * CellsPerTangent(view, 2), 25.5) << marker.name;
      EXPECT_NEAR(blob.y, -v.z() / (200 + v.y()) * CellsPerTangent(view, 2), 25.5) << marker.name;
    }
  }
  EXPECT_GT(seen, 150);
}

TEST(Contrast, IsTheRadianceDifferenceWithItsSign) {
  const TargetModel hot = test::LoadObj(kUnitCube, "parts: [{temperature_k: 350, emissivity: 0.8}]");
  for (const double background_k : {250.0, 400.0}) {
    const Surroundings around{{3, 5}, 290, background_k};
    const Template rendered = RenderTemplate(hot, {{}, 100, 100, 17}, around, 2);
    const double expected =
        0.8 * BandRadiance({3, 5}, 350) + 0.2 * BandRadiance({3, 5}, 290) - BandRadiance({3, 5}, background_k);
    const auto middle =
        static_cast<double>(rendered.contrast(rendered.contrast.height() / 2, rendered.contrast.width() / 2));
    EXPECT_NEAR(middle / expected, 1, 1e-6);  // rounding to float
    EXPECT_EQ(middle > 0, background_k < 300);
  }
}

TEST(Contrast, VanishesInsideAnEnclosureOfOneTemperature) {
  // Kirchhoff: what a grey body emits less than a black one, it reflects of equal surroundings.
  for (const double emissivity : {0.0, 0.37, 1.0}) {
    const TargetModel body =
        test::LoadObj(kUnitCube, fmt::format("parts: [{{temperature_k: 291.3, emissivity: {}}}]", emissivity));
    const Template rendered = RenderTemplate(body, {{}, 100, 100, 17}, {{8, 12}, 291.3, 291.3}, 2);
    EXPECT_GT(CoveredCells(rendered), 0);
    for (const float value : rendered.contrast) EXPECT_EQ(value, 0);
  }
}

TEST(Contrast, HotZonesColourTheirPlaceOnTheBody) {
  const TargetModel body = test::LoadObj(test::ObjOfBoxes({{"bar", {}, {4, 1, 1}}}),
                                         "parts: [{zone: {name: tip, x: [0.75, 1]}, temperature_k: 500, emissivity: 1},"
                                         " {temperature_k: 300, emissivity: 1}]");
  const Surroundings around;
  const Template rendered = RenderTemplate(body, {{}, 400, 100, 17}, around, 8);
  const Blob tip = BlobOf(rendered, ContrastOf(500, around)), rest = BlobOf(rendered, ContrastOf(300, around));
  EXPECT_NEAR(tip.cells, rest.cells / 3.0, rendered.opacity.height());  // a quarter of the bar, to one column
  EXPECT_GT(tip.x, rest.x);
}

TEST(Contrast, ValuesAreMultiplesOfTheLargestOver65535) {
  const Template rendered = RenderTemplate(TargetModel::Load("builtin:quadrotor"), {{10, 20, 30}, 30, 100, 17}, {}, 8);
  float largest = 0;
  for (const float value : rendered.contrast) largest = std::max(largest, std::abs(value));
  for (const float value : rendered.contrast) {
    const double steps = static_cast<double>(value) / static_cast<double>(largest) * 65535;
    EXPECT_NEAR(steps, std::round(steps), 0.01);  // float's rounding, 65535 / 2^24
  }
}

TEST(RenderTemplate, DoesNotDependOnThreads) {
  const TargetModel model = TargetModel::Load("builtin:fixed-wing");
  const View view{{5, 10, 15}, 300, 100, 17};
  const auto rendered = [&](int threads) {
    const ThreadLimit limit(threads);
    return RenderTemplate(TargetModel::Load("builtin:fixed-wing"), view, {}, 8);
  };
  EXPECT_EQ(rendered(1), rendered(4));
  EXPECT_EQ(rendered(1), RenderTemplate(model, view, {}, 8));
}

TEST(RenderTemplate, LeavesTheProcessItsThreads) {
  const int before = ThreadCount();
  RenderTemplate(TargetModel::Load("builtin:bird"), {{}, 100, 100, 17}, {}, 8);
  EXPECT_EQ(ThreadCount(), before);
}

TEST(RenderTemplate, ImpossibleRequestsAreRefused) {
  const TargetModel cube = test::LoadObj(kUnitCube);
  const auto refused = [&](const View& view, int supersampling, const char* about) {
    try {
      RenderTemplate(cube, view, {}, supersampling);
      ADD_FAILURE() << about;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_NE(error.message().find(about), std::string::npos) << error.message();
    }
  };
  refused({{}, 0.8, 100, 17}, 4, "inside the target");
  refused({{}, 2, 1000, 17}, 8, "4096");
  refused({{}, -1, 100, 17}, 4, "range");
  refused({{}, 100, 0, 17}, 4, "focal length");
  refused({{}, 100, 100, std::nan("")}, 4, "pixel pitch");
  refused({{}, 100, 100, 17}, 65, "supersampling");
  refused({{}, 100, 100, 17}, 0, "supersampling");
  refused({{std::nan(""), 0, 0}, 100, 100, 17}, 4, "attitude");
  // Two separate bodies far away keep their area, whatever lies on the rays of the cells' centres.
  const TargetModel gap =
      test::LoadObj(test::ObjOfBoxes({{"a", {-1, 0, 0}, {0.1, 0.1, 0.1}}, {"b", {1, 0, 0}, {0.1, 0.1, 0.1}}}));
  EXPECT_NEAR(CoveredCells(RenderTemplate(gap, {{}, 50000, 100, 17}, {}, 4)) / (0.02 * std::pow(4e5 / 17 / 50000, 2)),
              1, 0.2);  // six rays a cube
}

TEST(RenderTemplate, TellsThatAFlatModelIsSeenEdgeOn) {
  const TargetModel plate = test::LoadObj("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n");
  try {
    RenderTemplate(plate, {{0, 0, 0}, 100}, {}, 8);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_NE(error.message().find("edge on"), std::string::npos) << error.message();
  }
  EXPECT_NO_THROW(RenderTemplate(plate, {{30, 0, 0}, 100}, {}, 8));
}

}  // namespace
}  // namespace mirst
