// Geometry against closed forms: areas and fluxes at every range, places off the axis, parts in motion.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "renderer/posed_target.h"
#include "renderer/render_template.h"
#include "renderer/sampling_lattice.h"
#include "renderer/target_data.h"
#include "renderer/target_samples.h"
#include "tests/support/golden_table.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {

using test::CellsPerTangent;
using test::CoveredCells;

constexpr int kSupersampling = 8;

// A black body of one temperature.
const std::string kHot = "parts: [{temperature_k: 350, emissivity: 1}]";

double Contrast() { return BandRadiance({8, 14}, 350) - BandRadiance({8, 14}, 270); }

double Flux(const Template& rendered) {  // sum of contrast over cells
  double sum = 0;
  for (const float value : rendered.contrast) sum += static_cast<double>(value);
  return sum;
}

// Lengths of a lattice of `rays` across a disc estimate its area with an error of rms 0.8 rays^(-3/2) of it (Kendall);
// the bounds below are four times that and more.
TEST(TargetFlux, OfASphereIsPiRSquaredLAtAnyPoseAndRange) {
  const double radius_m = 0.5;
  // An inscribed polyhedron: its outline's area lies below pi r^2 by up to (1 - sinc(2 pi / 96)) = 7e-4.
  const TargetModel sphere = test::LoadObj(test::ObjOfSphere(radius_m, 48, 96), kHot);
  RandomStream random(RandomKey{.seed = 21, .purpose = Purpose::kTest});
  for (const double range_m : {60.0, 300.0, 1e3, 3e3, 1e4, 1e5, 1e6, 1e7}) {
    for (int i = 0; i < 4; ++i) {
      const View view{
          {random.Uniform(-180, 180), random.Uniform(-90, 90), random.Uniform(-180, 180)}, range_m, 100, 17};
      const double tangent =
          radius_m / std::sqrt(range_m * range_m - radius_m * radius_m) * CellsPerTangent(view, kSupersampling);
      const double expected = kPi * tangent * tangent * Contrast();
      const Template rendered = RenderTemplate(sphere, view, {}, kSupersampling);
      EXPECT_NEAR(Flux(rendered) / expected, 1, 0.01) << range_m;
      EXPECT_NEAR(CoveredCells(rendered) * Contrast() / expected, 1, 0.01) << range_m;
    }
  }
}

TEST(TargetFlux, OfAnUnresolvedTargetQuartersWhenTheRangeDoubles) {
  const TargetModel model = TargetModel::Load("builtin:fixed-wing");
  const View near{.attitude = {10, 20, 30}, .range_m = 40e3};  // 2.9 m: 0.4 px, 3.4 cells
  double before = Flux(RenderTemplate(model, near, {}, kSupersampling));
  for (int i = 1; i < 8; ++i) {
    View view = near;
    view.range_m *= std::exp2(i);
    const double flux = Flux(RenderTemplate(model, view, {}, kSupersampling));
    EXPECT_NEAR(4 * flux / before, 1, 0.01) << view.range_m;  // the same rays but for their phase: 128 along the wing
    before = flux;
  }
}

TEST(TargetFlux, IsContinuousFromResolvedToUnresolved) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  double before = 0;
  for (double range_m = 8; range_m < 4e4; range_m *= 1.07) {  // 0.45 m: from 3300 cells to 0.7
    const Template rendered = RenderTemplate(model, {.attitude = {5, 25, 60}, .range_m = range_m}, {}, kSupersampling);
    const double flux = Flux(rendered) * range_m * range_m;
    // Thin arms and rotors are lattice samples where they are thinner than a ray's square.
    if (before > 0 && range_m > 20) {
      EXPECT_NEAR(flux / before, 1, 0.05) << range_m;
    }
    before = flux;
  }
}

TEST(TargetArea, FollowsTheGoldenSizes) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics");
  for (const test::GoldenRow& row : test::GoldenRows("size_perspective")) {
    const double side_m = std::sqrt(test::Number(row, "area_m2"));
    const TargetModel plate = test::LoadObj(test::ObjOfBoxes({{"plate", {}, {side_m, 1e-6 * side_m, side_m}}}), kHot);
    const View view{.attitude = {},
                    .range_m = test::Number(row, "range_m"),
                    .focal_length_mm = test::Number(row, "f_mm"),
                    .pixel_pitch_um = test::Number(row, "pitch_um")};
    // A plate along the lattice: each of its sides falls within half a subdivision, 1/128 of its length or less.
    const double area_px =
        CoveredCells(RenderTemplate(plate, view, {}, kSupersampling)) / (kSupersampling * kSupersampling);
    EXPECT_NEAR(area_px / test::Number(row, "area_px"), 1, 0.02);
  }
}

TEST(TargetRays, AreMoreOnlyInSquaresWhoseRaysAnOutlineParts) {
  View view;
  view.range_m = CellsPerTangent(view, kSupersampling);  // a metre is a cell
  const auto rays_for = [&](double beyond) {             // of a plate whose rims lie that far from the last row of rays
    const double x = 2 * (20 + beyond), z = 2 * (10 + beyond);
    const TargetModel plate =
        test::LoadObj(fmt::format("v 0 0 0\nv {0} 0 0\nv {0} 0 {1}\nv 0 0 {1}\nf 1 2 3 4\n", x, z), kHot);
    return SampleTarget(plate.data(), view, {}, kSupersampling).samples;
  };
  constexpr std::size_t kLattice = 41 * 21, kRim = 2 * 41 + 2 * 21 - 4;
  EXPECT_EQ(rays_for(0.3), kLattice + 4 * kRim);
  EXPECT_EQ(rays_for(0.45), kLattice);  // further rays reach 0.4 cells from the first
}

// Squares beside the target are told by its outlines alone.
TEST(TargetRays, WhoseSquareCountsAsEmptySeeNothing) {
  RandomStream random(RandomKey{.seed = 22, .purpose = Purpose::kTest});
  const auto check = [&](const TargetModel& model) {
    View view{.attitude = {random.Uniform(-180, 180), random.Uniform(-90, 90), random.Uniform(-180, 180)}};
    view.range_m = model.length_m() * CellsPerTangent(view, kSupersampling) / random.Uniform(64, 200);
    const PosedTarget target(model.data(), view, kSupersampling);
    if (SamplingDensity(target.box().largest_extent()).rays_per_cell != 1) return;  // else a square is no cell
    const SamplingLattice lattice(target.box(), 1);
    const TargetSamples samples = SampleTarget(model.data(), view, {}, kSupersampling);
    for (int row = 0; row < lattice.height(); ++row) {
      for (int column = 0; column < lattice.width(); ++column) {
        const Vec2 place = lattice.Place(column, row);
        std::vector<RayCaster::Hit> hit(1);
        target.CastStill(std::vector{place}, hit);
        if (hit.front().triangle == RayCaster::kNothing) continue;
        EXPECT_GT(samples.cover(row, column), 0) << model.data().name << ", row " << row << ", column " << column;
      }
    }
  };
  for (const std::string& name : BuiltinModels()) {
    const TargetModel model = TargetModel::Load("builtin:" + name);
    for (int i = 0; i < 4; ++i) check(model);
  }
}

TEST(OffAxis, ATargetShowsTheSideThatItsPlaceShows) {
  const TargetModel model = TargetModel::Load("builtin:boat");
  const double focal_mm = 20, pitch_um = 17, angle_deg = 30;
  const View on_axis{
      .attitude = {0, 0, 20 + angle_deg}, .range_m = 60, .focal_length_mm = focal_mm, .pixel_pitch_um = pitch_um};
  View beside = on_axis;
  beside.attitude.yaw_deg = 20;
  beside.off_axis_px = {std::tan(Radians(angle_deg)) * focal_mm * 1e3 / pitch_um, 0};
  // A flat detector sees a small solid angle enlarged by 1 / cos^3 of the angle off its axis.
  const double ratio =
      CoveredCells(RenderTemplate(model, beside, {}, 4)) / CoveredCells(RenderTemplate(model, on_axis, {}, 4));
  EXPECT_NEAR(ratio * std::pow(std::cos(Radians(angle_deg)), 3), 1,
              0.02);                         // 9 m at 60 m: the angle varies by 4 degrees
  beside.attitude.yaw_deg = 20 + angle_deg;  // not turned to the camera: another side, another area
  const double other =
      CoveredCells(RenderTemplate(model, beside, {}, 4)) / CoveredCells(RenderTemplate(model, on_axis, {}, 4));
  EXPECT_GT(std::abs(other * std::pow(std::cos(Radians(angle_deg)), 3) - 1), 0.05);
}

// A bar of 4 x 0.2 m on a hub, turning once a second about the vertical.
TargetModel TurningBar(const std::string& motion) {
  return test::LoadObj(test::ObjOfBoxes({{"bar", {}, {4, 0.2, 0.1}}, {"hub", {0, 0, -0.2}, {0.3, 0.3, 0.3}}}),
                       "motions: [" + motion + "]\n" + kHot);
}

const View kFromAbove{.attitude = {-90, 0, 0}, .range_m = 400};  // 118 cells a metre

TEST(Motion, APartTurnsAtItsRate) {
  const TargetModel turning = TurningBar("{part: '*bar*', rate_hz: 1}");
  const TargetModel across =
      test::LoadObj(test::ObjOfBoxes({{"bar", {}, {0.2, 4, 0.1}}, {"hub", {0, 0, -0.2}, {0.3, 0.3, 0.3}}}), kHot);
  View quarter = kFromAbove;
  quarter.time_s = 0.25;
  const Template turned = RenderTemplate(turning, quarter, {}, kSupersampling),
                 still = RenderTemplate(turning, kFromAbove, {}, kSupersampling);
  EXPECT_GT(still.opacity.width(), 4 * still.opacity.height());
  EXPECT_GT(turned.opacity.height(), 4 * turned.opacity.width());
  EXPECT_NEAR(CoveredCells(turned) / CoveredCells(RenderTemplate(across, kFromAbove, {}, kSupersampling)), 1, 0.01);
  View turns = quarter;
  turns.time_s = 1000.25;
  EXPECT_EQ(RenderTemplate(turning, turns, {}, kSupersampling).opacity, turned.opacity);
}

TEST(Motion, AnExposureOfAWholeTurnDrawsADisc) {
  const TargetModel turning =
      TurningBar("{part: '*bar*', rate_hz: 5, phase_deg: 23}");  // at rest not along the lattice
  View view = kFromAbove;
  view.integration_time_s = 0.2;
  const Template disc = RenderTemplate(turning, view, {}, kSupersampling);
  const Template still = RenderTemplate(turning, kFromAbove, {}, kSupersampling);
  // Area and flux stay, but for what the bar hides of the hub as it turns: 0.06 to 0.07 of 0.83 m^2.
  EXPECT_NEAR(CoveredCells(disc) / CoveredCells(still), 1, 0.01);
  EXPECT_NEAR(Flux(disc) / Flux(still), 1, 0.01);
  // At radius r the bar covers the share 2 asin(w / 2r) / pi of the circle; 60 steps of six degrees resolve it to one
  // of them at any one place, the circle's mean far better.
  const double cells_per_metre = CellsPerTangent(view, kSupersampling) / view.range_m;
  for (const double r : {0.8, 1.2, 1.7}) {
    double mean = 0;
    for (int i = 0; i < 720; ++i) {
      const double angle = kPi * i / 360;
      mean += static_cast<double>(disc.opacity(
                  static_cast<int>(std::lround(disc.anchor_cells.y + r * cells_per_metre * std::sin(angle))),
                  static_cast<int>(std::lround(disc.anchor_cells.x + r * cells_per_metre * std::cos(angle))))) /
              720;
    }
    EXPECT_NEAR(mean, 2 * std::asin(0.1 / r) / kPi, 0.1 * mean) << r;
  }
}

TEST(Motion, APartSwingsAboutItsPivot) {
  // Two wings of 2 m hinged at the middle, seen from behind, beat up and down by 30 degrees.
  const std::string wings =
      test::ObjOfBoxes({{"left", {0, 1, 0}, {0.4, 2, 0.02}}, {"right", {0, -1, 0}, {0.4, 2, 0.02}}});
  const TargetModel bird =
      test::LoadObj(wings,
                    "motions: [{part: '*left*', axis: [1, 0, 0], pivot: [0.5, 0, 0.5], rate_hz: 2, swing_deg: 30},"
                    " {part: '*right*', axis: [1, 0, 0], pivot: [0.5, 1, 0.5], rate_hz: 2, swing_deg: -30}]\n" +
                        kHot);
  View view{.attitude = {0, 0, 90}, .range_m = 400};
  const double cells_per_metre = CellsPerTangent(view, kSupersampling) / view.range_m;
  for (const auto& [time_s, height_m] : {std::pair(0.0, 0.0), std::pair(0.125, 1.0), std::pair(0.375, -1.0)}) {
    view.time_s = time_s;
    const Template rendered = RenderTemplate(bird, view, {}, kSupersampling);
    const double top_m = (rendered.anchor_cells.y - 1) / cells_per_metre;
    const double bottom_m = (rendered.anchor_cells.y - (rendered.opacity.height() - 2)) / cells_per_metre;
    EXPECT_NEAR(top_m, std::max(0.0, height_m), 0.05);
    EXPECT_NEAR(bottom_m, std::min(0.0, height_m), 0.05);
    EXPECT_NEAR(rendered.anchor_cells.x, 0.5 * (rendered.opacity.width() - 1), 1);  // both wings alike
  }
}

TEST(Motion, BuiltInTargetsMoveAndKeepWithinTheirRadius) {
  for (const char* name : {"quadrotor", "helicopter", "bird"}) {
    const TargetModel model = TargetModel::Load(std::string("builtin:") + name);
    const View view{.attitude = {-90, 0, 0}, .range_m = 200 * model.length_m()};
    View later = view;
    later.time_s = 0.0131;
    EXPECT_NE(RenderTemplate(model, view, {}, 4).opacity, RenderTemplate(model, later, {}, 4).opacity) << name;
  }
}

TEST(Motion, ImpossibleMotionsAreRefused) {
  for (const char* motion : {"{part: '*'}", "{rate_hz: 1e9}", "{rate_hz: 1, axis: [0, 0, 0]}",
                             "{rate_hz: 1, pivot: [1]}", "{rate_hz: 1, color: red}"}) {
    EXPECT_THROW(TurningBar(motion), Error) << motion;
  }
  View view = kFromAbove;
  view.integration_time_s = -1;
  EXPECT_THROW(RenderTemplate(TurningBar("{rate_hz: 1}"), view, {}, 4), Error);
  view = kFromAbove;
  view.off_axis_px = {1e9, 0};
  EXPECT_THROW(RenderTemplate(TurningBar("{rate_hz: 1}"), view, {}, 4), Error);
}

}  // namespace
}  // namespace mirst
