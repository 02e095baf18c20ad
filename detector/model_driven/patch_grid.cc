#include "detector/model_driven/patch_grid.h"

namespace mirst {

std::vector<int> PatchStarts(int extent, int patch, int step) {
  std::vector<int> starts;
  for (int start = 0; start < extent - patch; start += step) starts.push_back(start);
  starts.push_back(extent - patch);
  return starts;
}

void CutPatches(const Image<double>& image, const std::vector<PatchCorner>& corners, int first, Tensor& tensor) {
  for (const PatchCorner& corner : corners) {
    for (int r = 0; r < tensor.rows; ++r) {
      const double* source = image.row(corner.y + r) + corner.x;
      for (int c = 0; c < tensor.columns; ++c) tensor(r, c, first) = source[c];
    }
    ++first;
  }
}

Image<double> JoinPatches(const Tensor& tensor, const std::vector<PatchCorner>& corners, int first, int height,
                          int width) {
  Image<double> image(height, width);
  for (const PatchCorner& corner : corners) {
    for (int r = 0; r < tensor.rows; ++r) {
      double* target = image.row(corner.y + r) + corner.x;
      for (int c = 0; c < tensor.columns; ++c) target[c] = tensor(r, c, first);
    }
    ++first;
  }
  return image;
}

}  // namespace mirst
