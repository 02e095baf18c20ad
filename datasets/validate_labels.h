// The part of validation.h that holds what a frame's annotation says against its images.
#pragma once

#include <string>
#include <vector>

#include "core/annotation.h"
#include "core/image.h"
#include "datasets/validation.h"

namespace mirst {

/// Images of one frame as decoded; empty where there is none.
struct FrameImages {
  std::string file;  ///< of the image, relative to the set: where findings are reported
  int bit_depth = 8;
  Image<float> counts;
  Mask mask;
  Image<std::uint16_t> instance, coverage;
};

/// Boxes, areas, ids, centroids, coverage, SCR and flags of one frame of a native set.
std::vector<Finding> CheckLabels(const FrameImages& images, const FrameAnnotation& annotation);

/// One id: one class and one model in all frames, no jump of the centroid. `annotations` in order, `file` theirs.
std::vector<Finding> CheckTracks(const std::vector<FrameAnnotation>& annotations, const std::string& file);

}  // namespace mirst
