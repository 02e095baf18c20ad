#include "renderer/mesh.h"

#include <map>
#include <tuple>
#include <utility>

namespace mirst {

Box3 BoundingBox(const TriangleMesh& mesh) {
  Box3 box{mesh.vertices.front(), mesh.vertices.front()};
  for (const Vec3& v : mesh.vertices) {
    box.low = {std::fmin(box.low.x, v.x), std::fmin(box.low.y, v.y), std::fmin(box.low.z, v.z)};
    box.high = {std::fmax(box.high.x, v.x), std::fmax(box.high.y, v.y), std::fmax(box.high.z, v.z)};
  }
  return box;
}

void Weld(TriangleMesh& mesh) {
  std::map<std::tuple<double, double, double>, std::uint32_t> index_of_place;
  std::vector<std::uint32_t> new_index;
  std::vector<Vec3> places;
  for (const Vec3& v : mesh.vertices) {
    const auto [it, is_new] = index_of_place.emplace(std::tuple(v.x, v.y, v.z), static_cast<std::uint32_t>(places.size()));
    if (is_new) places.push_back(v);
    new_index.push_back(it->second);
  }
  mesh.vertices = std::move(places);
  for (auto& triangle : mesh.triangles) {
    for (std::uint32_t& vertex : triangle) vertex = new_index[vertex];
  }
}

void Compact(TriangleMesh& mesh, const std::vector<bool>& keep) {
  constexpr std::uint32_t kUnused = ~std::uint32_t{0};
  std::vector<std::uint32_t> new_vertex(mesh.vertices.size(), kUnused), new_part(mesh.parts.size(), kUnused);
  std::size_t kept = 0;
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    const Vec3 a = mesh.Corner(t, 0), normal = Cross(mesh.Corner(t, 1) - a, mesh.Corner(t, 2) - a);
    if (!keep[mesh.part_of_triangle[t]] || normal == Vec3{}) continue;
    for (const std::uint32_t vertex : mesh.triangles[t]) new_vertex[vertex] = 0;
    new_part[mesh.part_of_triangle[t]] = 0;
    mesh.triangles[kept] = mesh.triangles[t];
    mesh.part_of_triangle[kept++] = mesh.part_of_triangle[t];
  }
  mesh.triangles.resize(kept);
  mesh.part_of_triangle.resize(kept);
  const auto renumber = [](auto& items, std::vector<std::uint32_t>& new_index) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (new_index[i] == kUnused) continue;
      new_index[i] = next;
      if (next != i) items[next] = std::move(items[i]);
      ++next;
    }
    items.resize(next);
  };
  renumber(mesh.vertices, new_vertex);
  renumber(mesh.parts, new_part);
  for (auto& triangle : mesh.triangles) {
    for (std::uint32_t& vertex : triangle) vertex = new_vertex[vertex];
  }
  for (std::uint32_t& part : mesh.part_of_triangle) part = new_part[part];
}

std::size_t CountOpenEdges(const TriangleMesh& mesh) {
  TriangleMesh welded = mesh;
  Weld(welded);
  // For each undirected edge: how often it is walked up and down.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<int, int>> edges;
  for (const auto& triangle : welded.triangles) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint32_t from = triangle[k], to = triangle[(k + 1) % 3];
      if (from < to) {
        ++edges[{from, to}].first;
      } else {
        ++edges[{to, from}].second;
      }
    }
  }
  std::size_t open = 0;
  for (const auto& edge : edges) open += edge.second != std::pair(1, 1);
  return open;
}

double SignedVolume(const TriangleMesh& mesh) {
  double sum = 0;
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    sum += Dot(mesh.Corner(t, 0), Cross(mesh.Corner(t, 1), mesh.Corner(t, 2)));
  }
  return sum / 6;
}

}  // namespace mirst
