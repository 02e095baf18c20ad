// The frames of a data set as they were before its targets: from background/ where pairs were written, else from the
// sources that the manifest names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/sample_store.h"

namespace mirst {

struct BackgroundFrames {
  std::vector<Image<float>> frames;  ///< one a frame of the sequence, counts; empty where they are not at hand
  std::string origin;                ///< "background/", "source"; where there are none: the reason, a clause
};

/// A source counts only when its content hash is the manifest's. It is looked for below the roots of the manifest's
/// config (backgrounds.paths); procedural ones are made again. Where a sensor chain or a codec has changed the frames
/// afterwards, pairs alone will do. Throws kBadInput: a stored background or a source's frame cannot be read.
BackgroundFrames ReadBackgroundFrames(const SampleStoreReader& reader, const ManifestSequence& sequence,
                                      const std::vector<FrameAnnotation>& annotations);

}  // namespace mirst
