// Where the patch tensors of PSTNN and IMNN-LWEC are cut from a frame: at multiples of the step, and a last patch that
// ends at the frame's border.
#pragma once

#include <vector>

#include "core/image.h"
#include "detector/model_driven/tensor.h"

namespace mirst {

/// Starts of patches of `patch` px along `extent` px: 0, step, 2 step, ... while the last patch is not reached, and
/// extent - patch.
std::vector<int> PatchStarts(int extent, int patch, int step);

struct PatchCorner {
  int y = 0, x = 0;
};

/// Patches of the image at `corners`, each (row, column, slice), appended from slice `first` on.
void CutPatches(const Image<double>& image, const std::vector<PatchCorner>& corners, int first, Tensor& tensor);
/// Writes slices back in order; where patches overlap, the last one stays.
Image<double> JoinPatches(const Tensor& tensor, const std::vector<PatchCorner>& corners, int first, int height,
                          int width);

}  // namespace mirst
