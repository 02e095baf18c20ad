#include "renderer/ray_caster.h"

#include <embree3/rtcore.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

void ThrowOnError(RTCDevice device, const char* doing) {
  const RTCError error = rtcGetDeviceError(device);
  if (error != RTC_ERROR_NONE) throw InternalError(fmt::format("Embree, {}: error {}", doing, static_cast<int>(error)));
}

// One device a process, never released. For watertight scenes Embree takes the builder that splits long thin triangles
// (struts, wires, tubes) only when told so by name; there is room for four pieces a triangle. Its option threads=1 is
// left out on purpose: with TBB it would limit the whole process to one thread for as long as the device lives.
RTCDevice Device() {
  static const RTCDevice device =
      rtcNewDevice("isa=sse2,tri_accel=bvh4.triangle4v,tri_builder=sah_fast_spatial,max_spatial_split_replications=4");
  if (device == nullptr) ThrowOnError(nullptr, "creating its device");
  return device;
}

constexpr std::size_t kPacket = 4;
using Lanes = std::array<int, kPacket>;  // -1: in use

void Load(const RayCaster::Ray* rays, const RayCaster::Hit* hits, RTCRayHit4& packet) {
  for (std::size_t i = 0; i < kPacket; ++i) {
    packet.ray.org_x[i] = static_cast<float>(rays[i].origin.x);
    packet.ray.org_y[i] = static_cast<float>(rays[i].origin.y);
    packet.ray.org_z[i] = static_cast<float>(rays[i].origin.z);
    packet.ray.dir_x[i] = static_cast<float>(rays[i].direction.x);
    packet.ray.dir_y[i] = static_cast<float>(rays[i].direction.y);
    packet.ray.dir_z[i] = static_cast<float>(rays[i].direction.z);
    packet.ray.tfar[i] = hits[i].distance;
    packet.hit.geomID[i] = RTC_INVALID_GEOMETRY_ID;
  }
}

}  // namespace

struct RayCaster::State {
  State() : scene(rtcNewScene(Device())) {}
  ~State() { rtcReleaseScene(scene); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  RTCScene scene;
  std::vector<std::uint32_t> triangles;
};

RayCaster::RayCaster(const TriangleMesh& mesh, std::vector<std::uint32_t> triangles)
    : state_(std::make_unique<State>()) {
  state_->triangles = std::move(triangles);
  const RTCDevice device = Device();
  const RTCGeometry geometry = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_TRIANGLE);
  auto* const vertices = static_cast<float*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 3 * sizeof(float), mesh.vertices.size()));
  auto* const indices = static_cast<unsigned*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 3 * sizeof(unsigned), state_->triangles.size()));
  if (vertices == nullptr || indices == nullptr) ThrowOnError(device, "reserving memory");
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    vertices[3 * i] = static_cast<float>(mesh.vertices[i].x);
    vertices[3 * i + 1] = static_cast<float>(mesh.vertices[i].y);
    vertices[3 * i + 2] = static_cast<float>(mesh.vertices[i].z);
  }
  for (std::size_t t = 0; t < state_->triangles.size(); ++t) {
    for (std::size_t k = 0; k < 3; ++k) indices[3 * t + k] = mesh.triangles[state_->triangles[t]][k];
  }
  rtcCommitGeometry(geometry);
  rtcAttachGeometry(state_->scene, geometry);
  rtcReleaseGeometry(geometry);
  rtcSetSceneFlags(state_->scene, RTC_SCENE_FLAG_ROBUST);  // no ray slips between two triangles of one edge
  const ThreadLimit one_thread(1);                         // the order within the structure is then always the same
  rtcCommitScene(state_->scene);
  ThrowOnError(device, "building its structure");
}

RayCaster::~RayCaster() = default;
RayCaster::RayCaster(RayCaster&&) noexcept = default;
RayCaster& RayCaster::operator=(RayCaster&&) noexcept = default;

const std::vector<std::uint32_t>& RayCaster::triangles() const { return state_->triangles; }

void RayCaster::Cast(std::span<const Ray> rays, std::span<Hit> hits, Course course) const {
  RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  context.flags =
      course == Course::kTogether ? RTC_INTERSECT_CONTEXT_FLAG_COHERENT : RTC_INTERSECT_CONTEXT_FLAG_INCOHERENT;
  RTCRayHit4 packet{};
  std::fill_n(packet.ray.mask, kPacket, ~0U);
  const auto trace = [&](const Ray* four_rays, Hit* four_hits, const Lanes& valid) {
    Load(four_rays, four_hits, packet);
    rtcIntersect4(valid.data(), state_->scene, &context, &packet);
    for (std::size_t i = 0; i < kPacket; ++i) {
      if (packet.hit.geomID[i] == RTC_INVALID_GEOMETRY_ID) continue;
      four_hits[i] = {state_->triangles[packet.hit.primID[i]], packet.ray.tfar[i]};
    }
  };
  alignas(16) constexpr Lanes kAll{-1, -1, -1, -1};
  const std::size_t whole = rays.size() / kPacket * kPacket, rest = rays.size() - whole;
  for (std::size_t first = 0; first < whole; first += kPacket) trace(&rays[first], &hits[first], kAll);
  if (rest == 0) return;
  alignas(16) Lanes valid{};
  std::array<Ray, kPacket> last_rays;
  std::array<Hit, kPacket> last_hits;
  last_rays.fill(rays.back());
  for (std::size_t i = 0; i < rest; ++i) {
    valid[i] = -1;
    last_rays[i] = rays[whole + i];
    last_hits[i] = hits[whole + i];
  }
  trace(last_rays.data(), last_hits.data(), valid);
  std::copy_n(last_hits.begin(), rest, hits.begin() + static_cast<std::ptrdiff_t>(whole));
}

}  // namespace mirst
