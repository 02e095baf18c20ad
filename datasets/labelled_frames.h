// A finished data set opened for reading, whichever way its pixels are stored: PNG files (sample_store.h) or
// memory-mapped arrays (packed_store.h). The same set gives the same frames and labels either way.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/manifest.h"
#include "core/sample.h"

namespace mirst {

class LabelledFrames {
 public:
  virtual ~LabelledFrames() = default;

  virtual const Manifest& manifest() const = 0;
  virtual const std::filesystem::path& folder() const = 0;

  /// The labels of a sequence, one a frame in order. Throws kBadInput naming file and line.
  virtual std::vector<FrameAnnotation> ReadAnnotations(const ManifestSequence& sequence) const = 0;

  /// One frame with all its labels; from any thread. Throws kBadInput: pixels are missing or corrupt, sizes differ, the
  /// frame lies outside.
  virtual LabelledFrame ReadLabelledFrame(const ManifestSequence& sequence,
                                          const FrameAnnotation& annotation) const = 0;
};

/// The packed store where `folder` holds one, else the native layout. Throws kBadInput as their constructors do.
std::shared_ptr<const LabelledFrames> OpenLabelledFrames(const std::filesystem::path& folder);

}  // namespace mirst
