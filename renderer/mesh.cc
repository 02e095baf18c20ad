#include "renderer/mesh.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace mirst {

Box3 BoundingBox(const std::vector<Vec3>& points) {
  Box3 box{points.front(), points.front()};
  for (const Vec3& v : points) {
    box.low = {std::fmin(box.low.x, v.x), std::fmin(box.low.y, v.y), std::fmin(box.low.z, v.z)};
    box.high = {std::fmax(box.high.x, v.x), std::fmax(box.high.y, v.y), std::fmax(box.high.z, v.z)};
  }
  return box;
}

void Weld(TriangleMesh& mesh) {
  std::vector<std::uint32_t> order(mesh.vertices.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto place = [&](std::uint32_t i) {
    return std::tie(mesh.vertices[i].x, mesh.vertices[i].y, mesh.vertices[i].z);
  };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b) || (place(a) == place(b) && a < b); });
  std::vector<std::uint32_t> first_there(order.size());  // of the vertices at one place, the first
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool again = i > 0 && place(order[i]) == place(order[i - 1]);
    first_there[order[i]] = again ? first_there[order[i - 1]] : order[i];
  }
  std::vector<std::uint32_t> new_index(order.size());
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    if (first_there[i] == i) {
      new_index[i] = kept;
      mesh.vertices[kept++] = mesh.vertices[i];
    } else {
      new_index[i] = new_index[first_there[i]];
    }
  }
  mesh.vertices.resize(kept);
  for (auto& triangle : mesh.triangles) {
    for (std::uint32_t& vertex : triangle) vertex = new_index[vertex];
  }
}

std::size_t DropDuplicates(TriangleMesh& mesh) {
  std::vector<std::uint32_t> order(mesh.triangles.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::array<std::uint32_t, 3>> corners = mesh.triangles;
  for (auto& triangle : corners) std::sort(triangle.begin(), triangle.end());
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return std::tie(corners[a], a) < std::tie(corners[b], b); });
  std::vector<bool> again(order.size(), false);
  for (std::size_t i = 1; i < order.size(); ++i) again[order[i]] = corners[order[i]] == corners[order[i - 1]];
  std::size_t kept = 0;
  for (std::size_t t = 0; t < again.size(); ++t) {
    if (again[t]) continue;
    mesh.triangles[kept] = mesh.triangles[t];
    mesh.part_of_triangle[kept++] = mesh.part_of_triangle[t];
  }
  mesh.triangles.resize(kept);
  mesh.part_of_triangle.resize(kept);
  return again.size() - kept;
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
