#include "renderer/ray_caster.h"

#include <embree3/rtcore.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

void ThrowOnError(RTCDevice device, const char* doing) {
  const RTCError error = rtcGetDeviceError(device);
  if (error != RTC_ERROR_NONE) throw InternalError(fmt::format("Embree, {}: error {}", doing, static_cast<int>(error)));
}

// One device a process, never released. Its option threads=1 is left out on purpose: with TBB it would limit the whole
// process to one thread for as long as the device lives.
RTCDevice Device() {
  static const RTCDevice device = rtcNewDevice("isa=sse2");
  if (device == nullptr) ThrowOnError(nullptr, "creating its device");
  return device;
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
  rtcSetSceneBuildQuality(state_->scene, RTC_BUILD_QUALITY_HIGH);  // splits long thin triangles: struts, wires
  rtcSetSceneFlags(state_->scene, RTC_SCENE_FLAG_ROBUST);          // no ray slips between two triangles of one edge
  const ThreadLimit one_thread(1);  // the order within the structure is then always the same
  rtcCommitScene(state_->scene);
  ThrowOnError(device, "building its structure");
}

RayCaster::~RayCaster() = default;
RayCaster::RayCaster(RayCaster&&) noexcept = default;
RayCaster& RayCaster::operator=(RayCaster&&) noexcept = default;

const std::vector<std::uint32_t>& RayCaster::triangles() const { return state_->triangles; }

void RayCaster::Cast(std::span<const Ray> rays, std::span<Hit> hits) const {
  RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
  constexpr std::size_t kPacket = 4;
  RTCRayHit4 packet{};
  std::fill_n(packet.ray.mask, kPacket, ~0U);
  for (std::size_t first = 0; first < rays.size(); first += kPacket) {
    const std::size_t count = std::min(kPacket, rays.size() - first);
    alignas(16) int valid[kPacket];
    for (std::size_t i = 0; i < kPacket; ++i) {
      valid[i] = i < count ? -1 : 0;
      const Ray& ray = rays[first + std::min(i, count - 1)];
      packet.ray.org_x[i] = static_cast<float>(ray.origin.x);
      packet.ray.org_y[i] = static_cast<float>(ray.origin.y);
      packet.ray.org_z[i] = static_cast<float>(ray.origin.z);
      packet.ray.dir_x[i] = static_cast<float>(ray.direction.x);
      packet.ray.dir_y[i] = static_cast<float>(ray.direction.y);
      packet.ray.dir_z[i] = static_cast<float>(ray.direction.z);
      packet.ray.tfar[i] = hits[first + std::min(i, count - 1)].distance;
      packet.hit.geomID[i] = RTC_INVALID_GEOMETRY_ID;
    }
    rtcIntersect4(valid, state_->scene, &context, &packet);
    for (std::size_t i = 0; i < count; ++i) {
      if (packet.hit.geomID[i] == RTC_INVALID_GEOMETRY_ID) continue;
      hits[first + i] = {state_->triangles[packet.hit.primID[i]], packet.ray.tfar[i]};
    }
  }
}

}  // namespace mirst
