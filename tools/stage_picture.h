// A picture of what a network's decoder sees: the frame, feature maps in false colours, logits; a row for each network.
#pragma once

#include <filesystem>
#include <vector>

#include "core/image.h"
#include "detector/sequence_detector.h"

namespace mirst {

struct StageRow {
  std::vector<StageMap> stages;  ///< coarsest first
  Image<float> logits;           ///< in the frame's size
};

/// Writes a PNG: in each row the frame in grey, then each map and the logits, enlarged to the frame's size (nearest
/// pixel) and stretched over their own range from blue over green to red. Throws kBadInput where the file cannot be
/// written.
void WriteStagePicture(const std::filesystem::path& path, ImageView<const float> frame,
                       const std::vector<StageRow>& rows);

}  // namespace mirst
