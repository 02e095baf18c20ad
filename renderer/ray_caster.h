// The nearest triangle along a ray (Embree). The instruction set is pinned, so that the same rays hit the same triangles
// on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "renderer/mesh.h"

namespace mirst {

class RayCaster {
 public:
  /// Builds the search structure; `mesh` must have triangles. Coordinates are rounded to float. Throws kInternal.
  explicit RayCaster(const TriangleMesh& mesh);
  ~RayCaster();
  RayCaster(const RayCaster&) = delete;
  RayCaster& operator=(const RayCaster&) = delete;

  struct Hit {
    std::uint32_t triangle = 0;
    double distance = 0;  ///< in lengths of `direction`
  };
  /// Triangles are seen from both sides. `direction` need not have length one. Thread-safe.
  std::optional<Hit> Cast(Vec3 origin, Vec3 direction) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst
