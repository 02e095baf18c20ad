#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "renderer/emissivity.h"
#include "renderer/render_template.h"
#include "renderer/surface_radiance.h"
#include "renderer/thermal.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {

// A plate in the plane of nose and top, its sides to the left and right: at yaw 0 the camera looks along its normal.
const std::string kPlate = "o plate\nv -1 0 -1\nv 1 0 -1\nv 1 0 1\nv -1 0 1\nf 1 2 3 4\n";
const View kNear{{}, 200, 100, 17};

double Middle(const Template& rendered) {
  return static_cast<double>(rendered.contrast(rendered.contrast.height() / 2, rendered.contrast.width() / 2));
}

double Flux(const Template& rendered) {
  double sum = 0;
  for (const float value : rendered.contrast) sum += static_cast<double>(value);
  return sum;
}

const std::vector<std::string> kEmissivityModels{"0.3", "{mwir: 0.2, lwir: 0.9}", "{n: 1.5, k: 0.1}",
                                                 "{mwir: {n: 8, k: 20}, lwir: {n: 1.2, k: 0.05}}",
                                                 "{angles_deg: [0, 50, 90], values: [0.9, 0.7, 0.1]}"};

TEST(Enclosure, OfOneTemperatureShowsNothingWhateverTheSurface) {
  for (const std::string& emissivity : kEmissivityModels) {
    for (const char* temperature : {"temperature_k: 300", "above_air_k: 0", "recovery: turbulent"}) {
      const TargetModel body = test::LoadObj(test::ObjOfSphere(1, 8, 16),
                                             fmt::format("parts: [{{{}, emissivity: {}}}]", temperature, emissivity));
      for (const Band& band : {Band{3, 5}, Band{8, 14}}) {
        Surroundings around{band, 300, 300};
        around.mach = 0;
        around.atmosphere = Atmosphere::Profile("us76", band);
        for (const float value : RenderTemplate(body, kNear, around, 2).contrast) EXPECT_EQ(value, 0) << emissivity;
      }
    }
    // Where the temperature is solved, it is so to rounding, and its radiance to the table's 3e-8: of 33 W, 1e-6.
    const TargetModel solved = test::LoadObj(
        test::ObjOfSphere(1, 8, 16), fmt::format("parts: [{{convection_w_m2_k: 20, emissivity: {}}}]", emissivity));
    Surroundings around{{8, 12}, 300, 300};
    for (const float value : RenderTemplate(solved, kNear, around, 2).contrast)
      EXPECT_NEAR(static_cast<double>(value), 0, 2e-6) << emissivity;
  }
}

TEST(LambertPlate, HasOneRadianceAndAProjectedArea) {
  const TargetModel plate = test::LoadObj(kPlate, "parts: [{temperature_k: 350, emissivity: 0.9}]");
  const Template face = RenderTemplate(plate, kNear, {}, 8);
  for (const double yaw : {20.0, 45.0, 60.0, 75.0}) {
    const Template turned = RenderTemplate(plate, {{0, 0, yaw}, 200, 100, 17}, {}, 8);
    EXPECT_NEAR(Middle(turned) / Middle(face), 1, 2e-5);  // steps of 1 / 65535
    // 471 cells across: a rim of one cell is worth 1 / (471 cos(yaw)) of the area; perspective, (1 / 200)^2.
    EXPECT_NEAR(Flux(turned) / Flux(face), std::cos(Radians(yaw)), 1.5 / 471) << yaw;
  }
}

TEST(SmoothPlate, FollowsFresnel) {
  const TargetModel plate = test::LoadObj(kPlate, "parts: [{temperature_k: 350, emissivity: {n: 1.5, k: 0}}]");
  const Surroundings around{{8, 12}, 250, 250};
  const double full = BandRadiance({8, 12}, 350) - BandRadiance({8, 12}, 250);
  for (const double yaw : {0.0, 30.0, 60.0, 80.0}) {
    const double expected = 1 - Fresnel(1.5, 0, std::cos(Radians(yaw))).unpolarised();
    // The ray through the middle cell leaves the axis by at most a cell, 2e-5 rad.
    EXPECT_NEAR(Middle(RenderTemplate(plate, {{0, 0, yaw}, 200, 100, 17}, around, 8)) / full, expected, 1e-3) << yaw;
  }
}

TEST(Reflection, ShowsTheSkyAboveAndTheGroundBelow) {
  const TargetModel mirror = test::LoadObj(kPlate, "parts: [{temperature_k: 300, emissivity: 0}]");
  Surroundings around{{8, 12}, 288, 3};
  around.sky_temperature_k = 240;
  around.ground_temperature_k = 300;
  const double sky = BandRadiance({8, 12}, 240), ground = BandRadiance({8, 12}, 300), space = BandRadiance({8, 12}, 3);
  // Roll lifts the right side, which the camera sees, from the horizon to the zenith and down to the nadir.
  const auto seen = [&](double roll) {
    return Middle(RenderTemplate(mirror, {{roll, 0, 0}, 200, 100, 17}, around, 8)) + space;
  };
  for (const double roll : {-60.0, 0.0, 60.0}) {
    const double cos_tilt = -std::sin(Radians(roll));  // right side down: its normal turns to the ground
    EXPECT_NEAR(seen(roll), ground + 0.5 * (1 + cos_tilt) * (sky - ground), 1e-3) << roll;
  }
}

TEST(Sun, AddsItsDiffuseReflectionInMwirWhereItIsSeen) {
  const TargetModel plate = test::LoadObj(kPlate, "parts: [{temperature_k: 300, emissivity: 0.9}]");
  Surroundings around{{3, 5}, 300, 300};
  around.sun = Sun{180, 30, 0.8, 900};  // behind the camera
  const double expected = 0.1 / kPi * 0.8 * SolarIrradiance({3, 5}) * std::cos(Radians(30));
  EXPECT_NEAR(Middle(RenderTemplate(plate, kNear, around, 8)), expected, 1e-4);
  around.sun->azimuth_deg = 0;  // behind the target
  EXPECT_EQ(Middle(RenderTemplate(plate, kNear, around, 8)), 0);
  around.sun = Sun{180, -1, 0.8, 900};  // set
  EXPECT_EQ(Middle(RenderTemplate(plate, kNear, around, 8)), 0);
  around.sun = Sun{90, 0.001, 0.8, 900};  // to the right: along the plate
  EXPECT_NEAR(Middle(RenderTemplate(plate, kNear, around, 8)), 0, 1e-4);
}

TEST(Sun, CastsTheTargetsOwnShadow) {
  // A wall before the right half of the plate, seen by the sun but not by the camera, which looks past below it.
  const std::string boxes =
      test::ObjOfBoxes({{"plate", {0, 0, 0}, {2, 0.01, 2}}, {"screen", {0, -1.5, 1.6}, {1, 0.01, 1}}});
  const TargetModel body = test::LoadObj(boxes, "parts: [{temperature_k: 300, emissivity: 0.5}]");
  Surroundings around{{3, 5}, 300, 300};
  around.sun = Sun{180, 45, 1, 900};
  const Template rendered = RenderTemplate(body, kNear, around, 4);
  const double lit = 0.5 / kPi * SolarIrradiance({3, 5}) * std::cos(Radians(45));
  const auto at = [&](double x_m, double z_m) {
    const double cells_per_m = 100e3 / 17 * 4 / 200;
    // The model's middle is that of its box: z from -1 to 2.1, y from -1.505 to 0.005.
    return static_cast<double>(rendered.contrast(static_cast<int>(rendered.anchor_cells.y - (z_m - 0.55) * cells_per_m),
                                                 static_cast<int>(rendered.anchor_cells.x + x_m * cells_per_m)));
  };
  EXPECT_NEAR(at(0, -0.5), lit, 1e-4);
  EXPECT_NEAR(at(0.7, 0.3), lit, 1e-4);
  EXPECT_EQ(at(0, 0.3), 0);  // the screen's shadow: z from 1.1 - 1.5 to 2.1 - 1.5, x within 0.5
}

TEST(Skin, IsWarmerInTheSunAndByTheFlow) {
  const TargetModel plate =
      test::LoadObj(kPlate, "parts: [{convection_w_m2_k: 60, emissivity: 0.9, solar_absorptance: 0.3}]");
  Surroundings around{{8, 12}, StandardAtmosphere(11000).temperature_k, 200};
  around.mach = 0.8;
  around.sky_temperature_k = around.ground_temperature_k = 200;
  const auto seen = [&] {
    return BrightnessTemperature(
        {8, 12}, (Middle(RenderTemplate(plate, kNear, around, 8)) + 0.9 * BandRadiance({8, 12}, 200)) / 0.9);
  };
  const double recovery = RecoveryTemperature(around.air_temperature_k, 0.8, kTurbulentRecovery);
  EXPECT_NEAR(seen(), SkinTemperature({recovery, 60, 0.9, 200, 0}), 1e-3);
  around.sun = Sun{180, 60, 0, 1000};  // transmission 0 in the band: heats, but is not seen reflected
  EXPECT_NEAR(seen(), SkinTemperature({recovery, 60, 0.9, 200, 0.3 * 1000 * 0.5}), 1e-3);
}

TEST(Atmospheres, WeakenTheContrastAlone) {
  const TargetModel plate = test::LoadObj(kPlate, "parts: [{temperature_k: 350, emissivity: 0.9}]");
  Surroundings around{{8, 12}};
  const double clear = Middle(RenderTemplate(plate, kNear, around, 8));
  around.atmosphere = Atmosphere::Uniform(2);
  EXPECT_NEAR(Middle(RenderTemplate(plate, kNear, around, 8)) / clear, std::exp(-0.4), 1e-5);
}

TEST(Surroundings, OfImpossibleValuesAreRefused) {
  const TargetModel plate = test::LoadObj(kPlate, "parts: [{recovery: laminar, emissivity: 0.9}]");
  const auto refused = [&](const Surroundings& around) {
    EXPECT_THROW(RenderTemplate(plate, kNear, around, 2), Error);
  };
  Surroundings around;
  around.mach = -1;
  refused(around);
  around = {};
  around.mach = 9.9;  // a skin of 5300 K
  refused(around);
  around = {};
  around.sky_temperature_k = 0;
  refused(around);
  around = {};
  around.air_temperature_k = std::nan("");
  refused(around);
  for (const Sun& sun : {Sun{0, 91, 1, 900}, Sun{0, 45, 1.1, 900}, Sun{0, 45, 1, -1}, Sun{std::nan(""), 45, 1, 900}}) {
    around = {};
    around.sun = sun;
    refused(around);
  }
}

TEST(Parts, AreChosenByNodeMeshMaterialAndPlaceInMetres) {
  const std::string obj = test::ObjOfBoxes({{"bar", {}, {4, 1, 1}}});
  const auto temperature = [&](const std::string& rule) {
    return test::LoadObj(obj, "parts: [{" + rule + ", temperature_k: 400}, {temperature_k: 300}]")
        .parts()
        .front()
        .temperature_k;
  };
  EXPECT_EQ(temperature("node: bar"), 400);
  EXPECT_EQ(temperature("mesh: b*"), 400);
  EXPECT_EQ(temperature("material: bar"), 300);
  EXPECT_EQ(temperature("node: bar, mesh: hull"), 300);

  const TargetModel tip = test::LoadObj(obj,
                                        "parts: [{zone: {name: tip, x_m: [1, 9]}, temperature_k: 500, emissivity: 1}, "
                                        "{temperature_k: 300, emissivity: 1}]");
  const Template rendered = RenderTemplate(tip, {{}, 400, 100, 17}, {}, 8);
  const double hot = BandRadiance({8, 14}, 500) - BandRadiance({8, 14}, 270);
  double cells = 0, covered = 0;
  for (int y = 0; y < rendered.contrast.height(); ++y) {
    for (int x = 0; x < rendered.contrast.width(); ++x) {
      covered += static_cast<double>(rendered.opacity(y, x));
      cells += std::abs(static_cast<double>(rendered.contrast(y, x)) / hot - 1) < 0.01;
    }
  }
  EXPECT_NEAR(cells / covered, 0.25, 0.01);  // 471 columns
  const PartSummary zone = tip.parts().back();
  EXPECT_EQ(zone.name, "zone tip");
  EXPECT_EQ(zone.box.low.x, 1);
  EXPECT_EQ(zone.box.high.x, 2);
}

TEST(Parts, TakeTheirSurfaceByName) {
  const std::string obj = test::ObjOfBoxes({{"bar", {}, {4, 1, 1}}});
  const auto emissivity = [&](const std::string& yaml, const Band& band) {
    return test::LoadObj(obj, yaml).parts({band}).front().emissivity;
  };
  const std::string own =
      "surfaces: {tar: {emissivity: {mwir: 0.4, lwir: 0.8}}}\nparts: [{above_air_k: 1, made_of: tar}]";
  EXPECT_EQ(emissivity(own, {3, 5}), 0.4);
  EXPECT_EQ(emissivity(own, {8, 12}), 0.8);
  EXPECT_EQ(emissivity("parts: [{above_air_k: 1, made_of: rubber}]", {8, 12}), 0.95);  // built in
  EXPECT_EQ(emissivity("parts: [{above_air_k: 1, made_of: rubber, emissivity: 0.1}]", {8, 12}), 0.1);
  EXPECT_THROW(emissivity("parts: [{above_air_k: 1, made_of: gold dust}]", {8, 12}), Error);
  for (const char* fault :
       {"emissivity: {mwir: 0.5}", "emissivity: {n: 1, angles_deg: [0]}", "emissivity: {n: -1, k: 0}",
        "emissivity: {mwir: 2, lwir: 0.1}", "recovery: fast", "recovery: 1.2", "temperature_k: 300, recovery: laminar",
        "convection_w_m2_k: 0", "solar_absorptance: 2"}) {
    const std::string base = std::string(fault).find("temperature") == 0 || std::string(fault).find("convection") == 0
                                 ? ""
                                 : "above_air_k: 1, ";
    EXPECT_THROW(emissivity("parts: [{" + base + fault + "}]", {8, 12}), Error) << fault;
  }
}

}  // namespace
}  // namespace mirst
