// A target as it stands before the camera, step by step of the exposure: rays through places of the image, what they
// meet, and the outlines. For the renderer's own files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/geometry.h"
#include "renderer/mesh.h"
#include "renderer/motion.h"
#include "renderer/ray_caster.h"
#include "renderer/target_data.h"

namespace mirst {

/// A target's place before the camera. The camera's frame: x to the right of the image, y along the optical axis, z up.
struct Pose {
  Vec3 x, y, z;   ///< the body's axes
  Vec3 origin_m;  ///< the body's origin

  explicit Pose(const View& view);
  Vec3 CameraFromBody(Vec3 v) const { return v.x * x + v.y * y + v.z * z; }  ///< of directions
  Vec3 BodyFromCamera(Vec3 v) const { return {Dot(v, x), Dot(v, y), Dot(v, z)}; }
};

/// A box in the image, in cells.
struct CellBox {
  double left = std::numeric_limits<double>::infinity(), top = left;
  double right = -left, bottom = -left;
  void Add(Vec2 p);
  void Add(const CellBox& other);
  bool Contains(Vec2 p) const { return p.x >= left && p.x <= right && p.y >= top && p.y <= bottom; }
  double largest_extent() const { return std::fmax(right - left, bottom - top); }
};

/// Places of the image are in cells from the image of the target's origin, x to the right, y down.
class PosedTarget {
 public:
  /// Keeps a reference to `data`. Throws kBadInput as SampleTarget does, but for the size.
  PosedTarget(const TargetModel::Data& data, const View& view, int supersampling);

  /// What the target covers in the whole exposure, without the holes.
  const CellBox& box() const { return box_; }
  /// Whether something moves past there; never false where something does.
  bool MovesAt(Vec2 place) const {
    for (const CellBox& box : moving_boxes_) {
      if (box.Contains(place)) return true;
    }
    return false;
  }
  std::size_t steps() const { return steps_.size(); }
  /// Of rays a cell apart. In a view of few cells each of them sees several triangles.
  RayCaster::Course course() const {
    return box_.largest_extent() < 64 ? RayCaster::Course::kApart : RayCaster::Course::kTogether;
  }
  /// A cell's width at the target's origin.
  double cell_m() const { return cell_tangent_ * pose_.origin_m.y; }

  RayCaster::Ray RayThrough(Vec2 place) const {
    const Vec3 direction = ahead_ + (origin_cells_.x + place.x) * across_ + (origin_cells_.y + place.y) * down_;
    return {camera_ + start_m_ * direction, direction};
  }
  /// What the rays through `places` meet of what stands still; `hits` starts empty.
  void CastStill(std::span<const Vec2> places, std::span<RayCaster::Hit> hits) const;
  /// Lets what moves hide `hits`, as it stands in a step of the exposure.
  void CastMoving(std::size_t step, std::span<const Vec2> places, std::span<RayCaster::Hit> hits) const;

  /// Where the ray through `place` met the target in a step, and the surface's normal there, towards the camera; body
  /// frame. From the triangle's plane in double precision: the same on every machine, unlike Embree's distances.
  struct Surface {
    Vec3 point_m;
    Vec3 normal;
  };
  Surface SurfaceAt(Vec2 place, std::uint32_t triangle, std::size_t step) const;

  /// An edge between what faces the camera and what does not, or at the border of a part, hidden ones included.
  struct Outline {
    Vec2 from, to;
    double nearest = 0;  ///< of both ends, as hits count their distance
    std::uint32_t triangle = 0, neighbour = 0;
    bool border_alone = false;  ///< of a part, within what faces the camera or does not
  };
  /// Calls visit(const Outline&) for each, as of the exposure's first step.
  template <typename Visit>
  void ForEachOutline(const Visit& visit) const;

 private:
  struct Placed {
    const RigidBody* body;
    Turn turn, turn_back;
    CellBox box;
  };
  struct ImagePoint {
    Vec2 place;
    double distance;  // as hits count it
  };
  void PlaceMovingParts(const std::vector<double>& times);
  // Returns the box of the images.
  CellBox Project(const std::vector<Vec3>& points, std::vector<ImagePoint>& images) const;
  const Placed* PlaceOfBody(const RigidBody& body, std::size_t step) const;

  const TargetModel::Data& data_;
  Pose pose_;
  double cell_tangent_;
  Vec2 origin_cells_;
  double start_m_;
  const RayCaster* still_;  // none: everything moves
  Vec3 ahead_, across_, down_, camera_;
  std::vector<std::vector<Placed>> steps_;
  std::vector<std::vector<ImagePoint>> first_images_;  // of each body's vertices in the exposure's first step
  CellBox box_;
  std::vector<CellBox> moving_boxes_;  // one a moving body, of all steps
};

template <typename Visit>
void PosedTarget::ForEachOutline(const Visit& visit) const {
  std::vector<std::uint8_t> faces_eye(data_.mesh.triangles.size());
  std::vector<std::uint32_t> drawn;
  // Between two triangles of which both or none are seen from outside.
  const auto is_inner = [&](const SurfaceEdge& edge) {
    return (faces_eye[edge.triangle] == faces_eye[edge.neighbour]) != edge.same_sense;
  };
  for (std::size_t b = 0; b < data_.bodies.size(); ++b) {
    const RigidBody& body = data_.bodies[b];
    const Placed* const placed = PlaceOfBody(body, 0);
    const Vec3 eye = placed != nullptr ? placed->turn_back.Point(camera_) : camera_;
    for (const std::uint32_t t : body.caster.triangles()) {
      faces_eye[t] = Dot(data_.planes[t].normal, eye) > data_.planes[t].offset_m;
    }
    drawn.resize(body.edges.size());
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < body.edges.size(); ++i) {  // no branch: which ones are outlines is hard to foretell
      drawn[count] = i;
      count += static_cast<std::size_t>(!is_inner(body.edges[i]) | body.edges[i].between_parts);
    }
    const std::vector<ImagePoint>& images = first_images_[b];
    for (std::size_t i = 0; i < count; ++i) {
      const SurfaceEdge& edge = body.edges[drawn[i]];
      const ImagePoint &from = images[edge.from], &to = images[edge.to];
      visit(Outline{from.place, to.place, std::min(from.distance, to.distance), edge.triangle, edge.neighbour,
                    is_inner(edge)});
    }
  }
}

}  // namespace mirst
