// The nearest triangle along a ray (Embree). The instruction set is pinned, so that the same rays hit the same
// triangles on every machine.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "renderer/mesh.h"

namespace mirst {

class RayCaster {
 public:
  /// Builds the search structure over some of the mesh's triangles, at least one. Coordinates are rounded to float.
  /// Throws kInternal.
  RayCaster(const TriangleMesh& mesh, std::vector<std::uint32_t> triangles);
  ~RayCaster();
  RayCaster(RayCaster&&) noexcept;
  RayCaster& operator=(RayCaster&&) noexcept;

  struct Ray {
    Vec3 origin;
    Vec3 direction;  ///< of any length
  };
  static constexpr std::uint32_t kNothing = ~std::uint32_t{0};
  struct Hit {
    std::uint32_t triangle = kNothing;                        ///< of the mesh
    float distance = std::numeric_limits<float>::infinity();  ///< in lengths of `direction`
  };
  /// Whether neighbouring rays mostly meet the same triangles or part ways.
  enum class Course { kTogether, kApart };
  /// One hit a ray: kept when it is nearer than every triangle here, else replaced by the nearest. Triangles are seen
  /// from both sides. Neighbouring rays should come one after the other: they travel in packets of four. `course`
  /// decides about speed alone. Thread-safe.
  void Cast(std::span<const Ray> rays, std::span<Hit> hits, Course course) const;

  const std::vector<std::uint32_t>& triangles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst
