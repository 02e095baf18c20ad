#include "renderer/ray_caster.h"

#include <embree3/rtcore.h>
#include <fmt/format.h>

#include <limits>

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
};

RayCaster::RayCaster(const TriangleMesh& mesh) : state_(std::make_unique<State>()) {
  const RTCDevice device = Device();
  const RTCGeometry geometry = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_TRIANGLE);
  auto* const vertices = static_cast<float*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 3 * sizeof(float), mesh.vertices.size()));
  auto* const indices = static_cast<unsigned*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 3 * sizeof(unsigned), mesh.triangles.size()));
  if (vertices == nullptr || indices == nullptr) ThrowOnError(device, "reserving memory");
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    vertices[3 * i] = static_cast<float>(mesh.vertices[i].x);
    vertices[3 * i + 1] = static_cast<float>(mesh.vertices[i].y);
    vertices[3 * i + 2] = static_cast<float>(mesh.vertices[i].z);
  }
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    for (std::size_t k = 0; k < 3; ++k) indices[3 * t + k] = mesh.triangles[t][k];
  }
  rtcCommitGeometry(geometry);
  rtcAttachGeometry(state_->scene, geometry);
  rtcReleaseGeometry(geometry);
  rtcSetSceneBuildQuality(state_->scene, RTC_BUILD_QUALITY_HIGH);  // splits long thin triangles: struts, wires
  rtcSetSceneFlags(state_->scene, RTC_SCENE_FLAG_ROBUST);          // no ray slips between two triangles of one edge
  const ThreadLimit one_thread(1);                                 // the order within the structure is then always the same
  rtcCommitScene(state_->scene);
  ThrowOnError(device, "building its structure");
}

RayCaster::~RayCaster() = default;

std::optional<RayCaster::Hit> RayCaster::Cast(Vec3 origin, Vec3 direction) const {
  RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  RTCRayHit query{};
  query.ray.org_x = static_cast<float>(origin.x);
  query.ray.org_y = static_cast<float>(origin.y);
  query.ray.org_z = static_cast<float>(origin.z);
  query.ray.dir_x = static_cast<float>(direction.x);
  query.ray.dir_y = static_cast<float>(direction.y);
  query.ray.dir_z = static_cast<float>(direction.z);
  query.ray.tfar = std::numeric_limits<float>::infinity();
  query.ray.mask = ~0U;
  query.hit.geomID = RTC_INVALID_GEOMETRY_ID;
  rtcIntersect1(state_->scene, &context, &query);
  if (query.hit.geomID == RTC_INVALID_GEOMETRY_ID) return std::nullopt;
  return Hit{query.hit.primID, static_cast<double>(query.ray.tfar)};
}

}  // namespace mirst
