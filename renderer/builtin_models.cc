#include "renderer/builtin_models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "renderer/render_template.h"
#include "renderer/rotation.h"

namespace mirst {
namespace {

using Ring = std::vector<Vec3>;

// A cross section of a wing: leading edge, chord towards the tail, greatest thickness.
struct WingSection {
  Vec3 leading_edge;
  double chord_m;
  double thickness_m;
};

// A cross section of a fuselage or hull at one x: half width, half height, middle's height.
struct BodySection {
  double x;
  double half_width;
  double half_height;
  double z = 0;
};

// Puts closed bodies together. All of them are lofts: rings of equally many points, joined one to the next and capped.
class Builder {
 public:
  void Loft(const std::string& part, const std::vector<Ring>& rings) {
    TriangleMesh body;
    for (const Ring& ring : rings) body.vertices.insert(body.vertices.end(), ring.begin(), ring.end());
    const auto points = static_cast<std::uint32_t>(rings.front().size());
    const auto ring_count = static_cast<std::uint32_t>(rings.size());
    for (std::uint32_t r = 0; r + 1 < ring_count; ++r) {
      for (std::uint32_t i = 0; i < points; ++i) {
        const std::uint32_t a = r * points + i, b = r * points + (i + 1) % points;
        body.triangles.push_back({a, b, b + points});
        body.triangles.push_back({a, b + points, a + points});
      }
    }
    AddCap(body, 0, points, false);
    AddCap(body, (ring_count - 1) * points, points, true);
    if (SignedVolume(body) < 0) {
      for (auto& triangle : body.triangles) std::swap(triangle[1], triangle[2]);
    }
    Append(part, body);
  }

  void Cylinder(const std::string& part, Vec3 from, Vec3 to, double radius_from, double radius_to) {
    Loft(part, {Circle(from, to - from, radius_from), Circle(to, to - from, radius_to)});
  }
  void Cylinder(const std::string& part, Vec3 from, Vec3 to, double radius) {
    Cylinder(part, from, to, radius, radius);
  }

  void Box(const std::string& part, Vec3 centre, Vec3 size) {
    const auto face = [&](double z) {
      const double x = 0.5 * size.x, y = 0.5 * size.y;
      return Ring{centre + Vec3{-x, -y, z}, centre + Vec3{x, -y, z}, centre + Vec3{x, y, z}, centre + Vec3{-x, y, z}};
    };
    Loft(part, {face(-0.5 * size.z), face(0.5 * size.z)});
  }

  // Elliptic sections, nose to tail or the other way.
  void Body(const std::string& part, const std::vector<BodySection>& sections) {
    std::vector<Ring> rings;
    for (const BodySection& section : sections) {
      Ring ring;
      for (int i = 0; i < kRingPoints; ++i) {
        const auto [c, s] = CosSinOf(360.0 * i / kRingPoints);
        ring.push_back({section.x, section.half_width * c, section.z + section.half_height * s});
      }
      rings.push_back(ring);
    }
    Loft(part, rings);
  }

  void Ellipsoid(const std::string& part, Vec3 centre, Vec3 radii) {
    std::vector<Ring> rings;
    constexpr int kRings = 10;
    for (int r = 0; r <= kRings; ++r) {
      const auto [along, across] = CosSinOf(180.0 * r / kRings);
      Ring ring;
      for (int i = 0; i < kRingPoints; ++i) {
        const auto [c, s] = CosSinOf(360.0 * i / kRingPoints);
        ring.push_back(centre + Vec3{radii.x * along, radii.y * across * c, radii.z * across * s});
      }
      rings.push_back(ring);
    }
    Loft(part, rings);
  }

  // Symmetric aerofoils; `normal` is the direction of their thickness.
  void Wing(const std::string& part, const std::vector<WingSection>& sections, Vec3 normal) {
    constexpr std::array<std::pair<double, double>, 6> kAerofoil{
        {{0, 0}, {0.1, 0.4}, {0.35, 0.5}, {1, 0.02}, {0.35, -0.5}, {0.1, -0.4}}};  // shares of chord and thickness
    std::vector<Ring> rings;
    for (const WingSection& section : sections) {
      Ring ring;
      for (const auto& point : kAerofoil) {
        ring.push_back(section.leading_edge - section.chord_m * point.first * Vec3{1, 0, 0} +
                       section.thickness_m * point.second * normal);
      }
      rings.push_back(ring);
    }
    Loft(part, rings);
  }

  // Sections from the middle (y = 0) to the left tip; the right half mirrors them.
  void WingPair(const std::string& part, std::vector<WingSection> left_half) {
    std::vector<WingSection> all(left_half.rbegin(), left_half.rend());
    for (WingSection& section : all) section.leading_edge.y *= -1;
    all.insert(all.end(), left_half.begin() + 1, left_half.end());
    Wing(part, all, {0, 0, 1});
  }

  TriangleMesh Take() {
    Compact(mesh_, std::vector<bool>(mesh_.parts.size(), true));
    return std::move(mesh_);
  }

 private:
  static constexpr int kRingPoints = 16;

  static Ring Circle(Vec3 centre, Vec3 axis, double radius) {
    const Vec3 across = std::abs(axis.z) < 0.9 * Length(axis) ? Vec3{0, 0, 1} : Vec3{1, 0, 0};
    Vec3 u = Cross(axis, across);
    u = (1 / Length(u)) * u;
    Vec3 v = Cross(axis, u);
    v = (1 / Length(v)) * v;
    Ring ring;
    for (int i = 0; i < kRingPoints; ++i) {
      const auto [c, s] = CosSinOf(360.0 * i / kRingPoints);
      ring.push_back(centre + radius * c * u + radius * s * v);
    }
    return ring;
  }

  static void AddCap(TriangleMesh& body, std::uint32_t first, std::uint32_t points, bool last) {
    Vec3 middle;
    for (std::uint32_t i = 0; i < points; ++i) middle = middle + (1.0 / points) * body.vertices[first + i];
    const auto centre = static_cast<std::uint32_t>(body.vertices.size());
    const Vec3 a = body.vertices[first], b = body.vertices[first + 1];
    body.vertices.push_back(a == b ? a : middle);  // a ring that is a point keeps that very point
    for (std::uint32_t i = 0; i < points; ++i) {
      const std::uint32_t from = first + i, to = first + (i + 1) % points;
      body.triangles.push_back(last ? std::array{centre, from, to} : std::array{centre, to, from});
    }
  }

  void Append(const std::string& part, const TriangleMesh& body) {
    const auto found = std::find(mesh_.parts.begin(), mesh_.parts.end(), part);
    const auto part_index = static_cast<std::uint32_t>(found - mesh_.parts.begin());
    if (found == mesh_.parts.end()) mesh_.parts.push_back(part);
    const auto first = static_cast<std::uint32_t>(mesh_.vertices.size());
    mesh_.vertices.insert(mesh_.vertices.end(), body.vertices.begin(), body.vertices.end());
    for (const auto& triangle : body.triangles) {
      mesh_.triangles.push_back({first + triangle[0], first + triangle[1], first + triangle[2]});
      mesh_.part_of_triangle.push_back(part_index);
    }
  }

  TriangleMesh mesh_;
};

// A camera quadrotor of 0.35 m between motors on the diagonal, rotors of 0.24 m.
TriangleMesh Quadrotor() {
  Builder b;
  int rotor = 0;
  b.Body("body", {{0.12, 0.02, 0.015, 0.01},
                  {0.09, 0.045, 0.03, 0.01},
                  {0, 0.055, 0.04, 0.01},
                  {-0.09, 0.045, 0.03, 0.01},
                  {-0.12, 0.025, 0.02, 0.01}});
  b.Box("battery", {-0.03, 0, 0.055}, {0.12, 0.06, 0.035});
  b.Ellipsoid("camera", {0.11, 0, -0.035}, {0.025, 0.025, 0.025});
  for (const double x : {0.125, -0.125}) {
    for (const double y : {0.125, -0.125}) {
      b.Cylinder("arm", {0.3 * x, 0.3 * y, 0.01}, {x, y, 0.02}, 0.012, 0.009);
      b.Cylinder("motor", {x, y, 0}, {x, y, 0.045}, 0.017);
      const double turn = x * y > 0 ? 1 : -1;  // blades of neighbours stand at right angles
      const Vec3 blade{0.085, 0.085 * turn, 0};
      b.Cylinder(fmt::format("rotor {}", ++rotor), Vec3{x, y, 0.05} - blade, Vec3{x, y, 0.05} + blade, 0.007);
      b.Cylinder("leg", {0.6 * x, 0.6 * y, 0}, {0.75 * x, 0.75 * y, -0.09}, 0.006);
    }
  }
  return b.Take();
}

// A pusher-propeller reconnaissance drone: 2.9 m span, 1.9 m long, piston engine at the tail of its pod, twin booms.
TriangleMesh FixedWing() {
  Builder b;
  b.Body("fuselage", {{0.95, 0.02, 0.02, 0},
                      {0.88, 0.08, 0.08, 0},
                      {0.6, 0.13, 0.14, 0},
                      {0, 0.14, 0.15, 0},
                      {-0.25, 0.1, 0.1, 0.02}});
  b.Cylinder("engine", {-0.2, 0, 0.03}, {-0.42, 0, 0.03}, 0.1, 0.07);
  b.Cylinder("exhaust", {-0.3, 0, -0.06}, {-0.44, 0, -0.12}, 0.022);
  b.Ellipsoid("sensor", {0.55, 0, -0.16}, {0.07, 0.07, 0.07});
  b.WingPair("wing", {{{0.28, 0, 0.12}, 0.42, 0.05}, {{0.2, 0.75, 0.14}, 0.33, 0.04}, {{0.1, 1.45, 0.19}, 0.2, 0.02}});
  for (const double side : {1.0, -1.0}) {
    b.Cylinder("boom", {0.15, 0.36 * side, 0.13}, {-0.95, 0.36 * side, 0.1}, 0.025, 0.018);
    b.Wing("fin", {{{-0.68, 0.36 * side, 0.1}, 0.27, 0.03}, {{-0.8, 0.36 * side, 0.42}, 0.15, 0.015}}, {0, 1, 0});
  }
  b.WingPair("tailplane", {{{-0.76, 0, 0.36}, 0.19, 0.02}, {{-0.76, 0.4, 0.36}, 0.19, 0.02}});
  b.Box("propeller", {-0.45, 0, 0.03}, {0.015, 0.05, 0.56});
  return b.Take();
}

// A light turbine helicopter: 9.5 m without its rotors, main rotor of 10.6 m, skids.
TriangleMesh Helicopter() {
  Builder b;
  b.Body("fuselage", {{3.1, 0.1, 0.1, -0.35},
                      {2.8, 0.5, 0.45, -0.25},
                      {2, 0.8, 0.8, 0},
                      {0.5, 0.9, 0.95, 0.05},
                      {-1, 0.75, 0.8, 0.15},
                      {-1.9, 0.3, 0.35, 0.35}});
  b.Body("windscreen", {{2.95, 0.3, 0.2, 0.05}, {2.2, 0.72, 0.45, 0.38}, {1.6, 0.5, 0.3, 0.62}});
  b.Cylinder("tail boom", {-1.6, 0, 0.4}, {-6.2, 0, 0.6}, 0.3, 0.13);
  b.Wing("fin", {{{-5.6, 0, 0.2}, 0.6, 0.08}, {{-6.1, 0, 1.7}, 0.45, 0.05}}, {0, 1, 0});
  b.WingPair("tailplane", {{{-4.9, 0, 0.55}, 0.45, 0.06}, {{-4.9, 1.1, 0.55}, 0.45, 0.06}});
  b.Body("engine cowling",
         {{0.9, 0.2, 0.15, 1.05}, {0.5, 0.5, 0.35, 1.15}, {-0.9, 0.5, 0.35, 1.15}, {-1.6, 0.2, 0.15, 0.95}});
  for (const double side : {1.0, -1.0}) {
    b.Cylinder("exhaust", {-0.7, 0.35 * side, 1.3}, {-1.25, 0.6 * side, 1.4}, 0.13, 0.15);
    b.Cylinder("skid", {1.9, side, -1.45}, {-1.4, side, -1.45}, 0.06);
    for (const double x : {1.2, -0.8}) b.Cylinder("skid", {x, 0.55 * side, -0.6}, {x, side, -1.45}, 0.05);
  }
  b.Cylinder("mast", {0, 0, 1.2}, {0, 0, 1.8}, 0.12);
  constexpr double kRadius_m = 5.3, kTailRadius_m = 0.95;
  for (const double angle_deg : {45.0, 135.0}) {  // two spars across the hub make four blades
    const auto [c, s] = CosSinOf(angle_deg);
    const Vec3 along{kRadius_m * c, kRadius_m * s, 0}, across{-0.16 * s, 0.16 * c, 0}, up{0, 0, 0.02}, hub{0, 0, 1.8};
    const auto ring = [&](const Vec3& end) {
      return Ring{end - across - up, end + across - up, end + across + up, end - across + up};
    };
    b.Loft("main rotor", {ring(hub - along), ring(hub + along)});
  }
  const Vec3 tail_hub{-6.25, 0.32, 0.75};
  b.Box("tail rotor", tail_hub, {0.14, 0.03, 2 * kTailRadius_m});
  b.Cylinder("tail shaft", {-6.25, 0, 0.75}, tail_hub, 0.05);
  return b.Take();
}

// A gull in a shallow glide: 1.3 m span.
TriangleMesh Bird() {
  Builder b;
  b.Body("body", {{0.2, 0.02, 0.02, 0.015},
                  {0.15, 0.045, 0.05, 0.01},
                  {0.05, 0.065, 0.07, 0},
                  {-0.08, 0.05, 0.055, 0.005},
                  {-0.2, 0.02, 0.02, 0.015}});
  b.Ellipsoid("head", {0.225, 0, 0.03}, {0.05, 0.036, 0.036});
  b.Cylinder("beak", {0.26, 0, 0.025}, {0.31, 0, 0.015}, 0.012, 0.003);
  for (const double side : {1.0, -1.0}) {
    b.Wing(side > 0 ? "left wing" : "right wing",
           {{{0.12, 0.01 * side, 0.035}, 0.19, 0.03},
            {{0.15, 0.24 * side, 0.12}, 0.17, 0.02},
            {{0.11, 0.4 * side, 0.13}, 0.13, 0.014},
            {{-0.03, 0.65 * side, 0.06}, 0.05, 0.006}},
           {0, 0, 1});
  }
  b.WingPair(
      "tail",
      {{{-0.14, 0, 0.015}, 0.19, 0.014}, {{-0.16, 0.025, 0.015}, 0.165, 0.012}, {{-0.27, 0.08, 0.015}, 0.045, 0.005}});
  return b.Take();
}

// A section of a planing hull, port chine up to the deck and down the starboard side.
Ring HullRing(double x, double half_beam, double keel_z, double deck_z) {
  const double chine_z = keel_z + 0.35 * (deck_z - keel_z);
  return {{x, 0, keel_z}, {x, -0.8 * half_beam, chine_z}, {x, -half_beam, deck_z},
          {x, 0, deck_z}, {x, half_beam, deck_z},         {x, 0.8 * half_beam, chine_z}};
}

// A patrol boat of 9 m with a cabin, two outboard engines and a mast; what lies above the water line.
TriangleMesh Boat() {
  Builder b;
  b.Loft("hull", {HullRing(-4, 1.35, -0.25, 0.75), HullRing(-1, 1.45, -0.25, 0.8), HullRing(2, 1.2, -0.2, 0.95),
                  HullRing(3.6, 0.65, 0.05, 1.15), HullRing(4.6, 0.05, 0.7, 1.3)});
  const auto cabin_level = [](double z, double rear, double front, double half_width) {
    return Ring{{rear, -half_width, z}, {front, -half_width, z}, {front, half_width, z}, {rear, half_width, z}};
  };
  b.Loft("cabin",
         {cabin_level(0.7, -1.5, 1.9, 0.95), cabin_level(1.5, -1.4, 1.5, 0.9), cabin_level(2.2, -1.3, 0.7, 0.8)});
  b.Box("windscreen", {1.2, 0, 1.75}, {0.5, 1.5, 0.3});
  b.Cylinder("mast", {-1, 0, 2.1}, {-1.2, 0, 3.6}, 0.06, 0.04);
  b.Cylinder("radar", {-1.1, -0.35, 3}, {-1.1, 0.35, 3}, 0.1);
  for (const double side : {0.45, -0.45}) {
    b.Box("engine", {-4.3, side, 0.95}, {0.55, 0.42, 0.75});
    b.Cylinder("exhaust", {-4.35, side, 0.65}, {-4.45, side, -0.2}, 0.14, 0.1);
  }
  return b.Take();
}

}  // namespace

std::vector<std::string> BuiltinModels() { return {"quadrotor", "fixed-wing", "helicopter", "bird", "boat"}; }

TriangleMesh BuildModel(std::string_view name) {
  if (name == "quadrotor") return Quadrotor();
  if (name == "fixed-wing") return FixedWing();
  if (name == "helicopter") return Helicopter();
  if (name == "bird") return Bird();
  if (name == "boat") return Boat();
  throw BadInput(fmt::format("no built-in model '{}'; there are {}", name, fmt::join(BuiltinModels(), ", ")));
}

}  // namespace mirst
